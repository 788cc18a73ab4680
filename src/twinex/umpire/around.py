"""What a state says of the place where a command touches it, as lines to read.

The instrument with its best levels, the queue at the touched price, what the account holds there,
its member's credit: enough to see why two systems answer otherwise.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from twinex.umpire.compare import Parting
from twinex.umpire.messages import Command, Event
from twinex.umpire.names import Names
from twinex.umpire.schema import Fields
from twinex.umpire.state import State
from twinex.umpire.values import money_text, price_text, value_text

_LEVELS = 3
_QUEUE_SHOWN = 6
_TARGETS = ("order_id", "carried_order_id")
_PRICES = ("new_price", "price", "bid_price", "stop_price")
_PRICES_MOST = 2  # whose queues are shown
_SIDES = ("bids", "asks")  # as side counts them


@dataclass(frozen=True)
class Touched:
    """What a command is about, as far as one can see; 0 where nothing is named."""

    instrument: int = 0
    prices: tuple[int, ...] = ()
    account: int = 0
    member: int = 0
    order_id: int = 0


@dataclass(frozen=True)
class Line:
    """One line of a state: what it tells of, and the words."""

    label: str
    text: str


def touched_by(command: Command | None, parting: Parting | None, before: State | None) -> Touched:
    """What a command touches: by its fields, those of its events, and of the order it names."""
    told = [command.fields] if command else []
    told += [event.fields for event in _telling(parting)]
    entries = [entry for fields in told for entry in fields.get("entries", [])]
    fields = _first_of([*told, *entries])
    prices = [each[name] for each in told for name in _PRICES if each.get(name)]
    found = Touched(
        instrument=fields.get("instrument", 0),
        prices=tuple(dict.fromkeys(prices))[:_PRICES_MOST],
        account=fields.get("account", 0),
        member=fields.get("member", 0),
        order_id=next((each[name] for each in told for name in _TARGETS if each.get(name)), 0),
    )
    return _completed(found, command, before) if before is not None else found


def _telling(parting: Parting | None) -> list[Event]:
    """The answers' events, those that differ first."""
    if parting is None:
        return []
    answers = parting.one, parting.other
    late = [event for answer in answers for event in answer[parting.place :]]
    return late + list(parting.one[: parting.place])


def _first_of(told: list[Fields]) -> Fields:
    """For each field the first value that is not 0."""
    found: Fields = {}
    for fields in told:
        for name, value in fields.items():
            if value and name not in found:
                found[name] = value
    return found


def _completed(found: Touched, command: Command | None, before: State) -> Touched:
    """What the state before knows of the seat and of the order that the command names."""
    owners = {row["number"]: row["member"] for row in before["accounts"]}
    member = found.member or owners.get(found.account, 0)
    if command is not None and command.seat:
        seats = {row["number"]: row["member"] for row in before["seats"]}
        member = seats.get(command.seat, member)
    client_id = command.fields.get("target_client_id", 0) if command else 0
    for row in (*before["orders"], *before["stops"]):
        own = client_id == row["client_id"] and owners.get(row["account"], 0) == member
        if row["order_id"] == found.order_id or (client_id and own):
            prices = found.prices or (row["price"],)
            order = {name: row[name] for name in ("instrument", "account", "order_id")}
            return replace(found, member=member, prices=prices, **order)
    return replace(found, member=member)


def lines_around(state: State, touched: Touched, names: Names) -> list[Line]:
    """What the state says there, a line each."""
    return [
        *_instrument(state, touched, names),
        *_held(state, touched, names),
        *_member(state, touched, names),
        _day(state),
    ]


def _instrument(state: State, touched: Touched, names: Names) -> Iterator[Line]:
    rows = (row for row in state["instruments"] if row["number"] == touched.instrument)
    for row in rows:
        yield Line(names.symbol(row["number"]), _trading(row, state, names))
        orders = [each for each in state["orders"] if each["instrument"] == row["number"]]
        digits = names.digits({"instrument": row["number"]})
        for side, label in enumerate(_SIDES):
            yield Line(label, _levels([one for one in orders if one["side"] == side], digits))
        yield from _queue(orders, touched, digits)
        yield from _stop(state, touched, names)


def _trading(row: Fields, state: State, names: Names) -> str:
    """How an instrument trades."""
    beside = {"instrument": row["number"]}

    def say(name: str) -> str:
        return value_text(name, row[name], beside, names)

    phases = {each["number"]: each["phase"] for each in state["products"]}
    phase = value_text("phase", phases.get(row["product"], 0), {}, names)
    halted = ", halted" if row["halted"] else ""
    return (
        f"{phase}{halted}, last {say('last_price')}, limits {say('lower_limit')} to "
        f"{say('upper_limit')}, open interest {row['open_interest']}"
    )


def _levels(orders: list[Fields], digits: int) -> str:
    """The best levels of one side, whose orders come best first: `4 @ 4001.0 (2 orders)`."""
    levels: dict[int, list[int]] = {}
    for order in orders:
        levels.setdefault(order["price"], []).append(order["shown"])
    best = list(levels.items())[:_LEVELS]
    said = [f"{sum(lots)} @ {price_text(price, digits)} ({len(lots)})" for price, lots in best]
    more = f", {len(levels) - _LEVELS} levels more" if len(levels) > _LEVELS else ""
    return ", ".join(said) + more if said else "none"


def _queue(orders: list[Fields], touched: Touched, digits: int) -> Iterator[Line]:
    """The orders at the touched prices, in their places."""
    for price in touched.prices:
        for side, label in enumerate(_SIDES):
            queue = [one for one in orders if (one["side"], one["price"]) == (side, price)]
            said = [_queued(order) for order in queue[:_QUEUE_SHOWN]]
            more = f", {len(queue) - _QUEUE_SHOWN} more" if len(queue) > _QUEUE_SHOWN else ""
            if queue:
                yield Line(f"{label} @ {price_text(price, digits)}", ", ".join(said) + more)


def _queued(order: Fields) -> str:
    lots = str(order["remaining"])
    if order["shown"] != order["remaining"]:
        lots = f"{order['shown']} of {lots}"
    return f"{order['order_id']}: {lots} of {order['account']}"


def _stop(state: State, touched: Touched, names: Names) -> Iterator[Line]:
    waiting = [row for row in state["stops"] if row["instrument"] == touched.instrument]
    if waiting:
        yield Line("stops", f"{len(waiting)} wait")
    for row in waiting:
        if row["order_id"] == touched.order_id:
            at = value_text("stop_price", row["stop_price"], row, names)
            yield Line(f"stop {row['order_id']}", f"{row['remaining']} lots at {at}")


def _held(state: State, touched: Touched, names: Names) -> Iterator[Line]:
    """The position rows of the account in the instrument."""
    place = touched.account, touched.instrument
    for row in state["positions"]:
        if (row["account"], row["instrument"]) == place:
            kind = value_text("hedge", row["hedge"], row, names)
            yield Line(f"account {row['account']}, {kind}", _position(row))


def _position(row: Fields) -> str:
    """What is held on either side; what is frozen or opening, if anything is."""
    said = []
    for side in ("long", "short"):
        frozen = row[f"{side}_frozen"], row[f"{side}_frozen_today"]
        more = f" (frozen {frozen[0]}, {frozen[1]} of today)" if any(frozen) else ""
        said.append(f"{side} {row[f'{side}_today']} today {row[f'{side}_yesterday']} before{more}")
    if row["opening_buys"] or row["opening_sells"]:
        said.append(f"opening orders {row['opening_buys']} buy {row['opening_sells']} sell")
    return ", ".join(said)


def _member(state: State, touched: Touched, names: Names) -> Iterator[Line]:
    for row in state["members"]:
        if row["number"] == touched.member:
            blocked = ", blocked" if row["blocked"] else ""
            counted = f", {row['entries']} entries and {row['cancels']} cancels in the window"
            rates = counted if row["window_ns"] else ""
            credit, used = money_text(row["credit"]), money_text(row["used"])
            yield Line(f"member {row['number']}", f"credit {credit}, used {used}{rates}{blocked}")


def _day(state: State) -> Line:
    day = state.day
    counts = f"{day['orders']} orders, {day['trades']} trades, {day['rejects']} rejects"
    return Line("state", f"{state.hash.hex()[:16]} behind {day['sequence']}, {counts}")
