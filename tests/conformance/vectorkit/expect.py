"""Event lines of a case as the fields that the events must have."""

from collections.abc import Callable

from vectorkit.commands import Command, World, decimal, number
from vectorkit.parse import EventLine, VectorError
from vectorkit.wire import ENUMS, TEMPLATES
from vectorkit.words import Expected, Words

_EARLY = ("TEMPLATE_UNKNOWN", "LENGTH_WRONG", "SEAT_UNKNOWN", "NOT_PERMITTED", "DAY_NOT_OPEN")
_WITH_REQUEST = ("member", "mass", "amended_away")
_ORDER = ("instrument", "account", "side")
_HOLDINGS = (
    *("long_today", "long_yesterday", "short_today", "short_yesterday"),
    *("long_frozen_today", "long_frozen", "short_frozen_today", "short_frozen"),
)
_SOURCES = ENUMS["PriceSource"]
_SIDES = ENUMS["Side"]


class Builder:
    """Reads the event lines of one command in turn."""

    def __init__(self, world: World, command: Command) -> None:
        self.world = world
        self.command = command
        self.events: list[Expected] = []

    def add(self, line: EventLine) -> None:
        """One line: one event, or the three of a short form. VectorError names file and line."""
        try:
            words = Words.of(line)
            maker = MAKERS.get(line.words[0])
            if maker is None:
                raise ValueError(f"no event {line.words[0]!r}; there are {', '.join(MAKERS)}")
            start = len(self.events)
            maker(self, line, words)
            if words.rest:
                raise ValueError(f"{' '.join(words.rest)!r} is left over")
            self._override(self.events[start:], words.extra)
        except (ValueError, KeyError, IndexError) as wrong:
            raise VectorError(f"{line.place}: {line}: {wrong}") from wrong

    def _override(self, events: list[Expected], extra: dict[str, str]) -> None:
        for event in events:
            spots = TEMPLATES[event.name].fields
            for key, text in extra.items():
                event.fields[key] = _integer(number(spots[key], text))

    def put(self, line: EventLine, name: str, fields: dict[str, int]) -> None:
        self.events.append(Expected(line, name, fields))

    def order(self, words: Words) -> Command:
        """The order named next, or the command's own (its target, if it cancels or amends)."""
        if words.rest and words.rest[0] in self.world.labels:
            return self.world.labels[words.next()]
        return self.own()

    def own(self) -> Command:
        command = self.command
        if command.name in ("order_cancel", "order_amend"):
            if command.target is None:
                raise ValueError("the order must be named")
            return command.target
        return command

    def identity(self, order: Command) -> dict[str, int]:
        """Order id, client id, instrument, account, member, seat and side of an order."""
        fields = {key: int(order.fields.get(key, 0)) for key in [*_ORDER, "client_id"]}
        return fields | {"order_id": order.order_id, "member": order.member, "seat": order.seat}

    def sender(self) -> dict[str, int]:
        """Client id, member and seat of the command."""
        client = int(self.command.fields.get("client_id", 0))
        return {"client_id": client, "member": self.command.member, "seat": self.command.seat}


def _integer(value: int | bytes) -> int:
    if not isinstance(value, int):
        raise ValueError("text cannot be compared")
    return value


def _accepted(build: Builder, line: EventLine, words: Words) -> None:
    order = build.own()
    keys = ("kind", "time_in_force", "offset", "hedge", "quantity", "price")
    more = {key: int(order.fields.get(key, 0)) for key in keys}
    build.put(line, "order_accepted", build.identity(order) | more)


def _rested(build: Builder, line: EventLine, words: Words) -> None:
    order = build.order(words)
    build.put(line, "order_rested", build.identity(order) | words.amount())


def _rests(build: Builder, line: EventLine, words: Words) -> None:
    order = build.own()
    _accepted(build, line, words)
    amount = {key: int(order.fields[key]) for key in ("quantity", "price")}
    build.put(line, "order_rested", build.identity(order) | amount)


def _fill_fields(build: Builder, order: Command, source: str, left: int) -> dict[str, int]:
    fields = build.identity(order) | {"remaining": left, "price_source": _SOURCES[source]}
    for key in ("offset", "hedge"):
        fields[key] = int(order.fields.get(key, 0))
    incoming = build.command if build.command.target is None else build.command.target
    role = "incoming" if order is incoming else "resting"
    fields["role"] = ENUMS["Role"]["auction" if source == "auction" else role]
    return fields


def _filled(build: Builder, line: EventLine, words: Words) -> None:
    order = build.order(words)
    amount = words.amount()
    left = words.number("left")
    source = words.next()
    build.put(line, "order_filled", _fill_fields(build, order, source, left) | amount)


def _trade(build: Builder, line: EventLine, words: Words) -> None:
    amount = words.amount()
    _put_trade(build, line, words, amount, words.next())


def _put_trade(
    build: Builder, line: EventLine, words: Words, amount: dict[str, int], source: str
) -> None:
    """The trade between the two `order_filled` before it, which get its number."""
    first, second = build.events[-2:]
    trade_id = int(words.next().removeprefix("#"))
    sides = {event.fields["side"]: event.fields["order_id"] for event in (first, second)}
    fields = {
        "instrument": first.fields["instrument"],
        "buy_order_id": sides[_SIDES["buy"]],
        "sell_order_id": sides[_SIDES["sell"]],
        "open_interest": words.number("oi"),
        "side": _SIDES["none"] if source == "auction" else first.fields["side"],
        "turnover": amount["price"] * amount["quantity"] * _multiplier(build, first),
        "price_source": _SOURCES[source],
        "trade_id": trade_id,
    }
    first.fields["trade_id"] = second.fields["trade_id"] = trade_id
    build.put(line, "trade", fields | amount)


def _multiplier(build: Builder, fill: Expected) -> int:
    return build.world.multipliers[build.world.products[fill.fields["instrument"]]]


def _both(
    build: Builder, line: EventLine, words: Words, first: Command, second: Command, source: str
) -> None:
    """The three events of one fill: `10 @ P SOURCE left 0/2 #1 oi 10`."""
    amount = words.amount()
    source = source or words.next()
    lefts = words.pair("left", "/")
    for order, left in zip((first, second), lefts, strict=True):
        build.put(line, "order_filled", _fill_fields(build, order, source, left) | amount)
    _put_trade(build, line, words, amount, source)


def _fill(build: Builder, line: EventLine, words: Words) -> None:
    _both(build, line, words, build.own(), build.world.labels[words.next()], "")


def _pair(build: Builder, line: EventLine, words: Words) -> None:
    buyer, seller = (build.world.labels[words.next()] for _ in range(2))
    _both(build, line, words, buyer, seller, "auction")


def _cancelled(build: Builder, line: EventLine, words: Words) -> None:
    fields = build.identity(build.order(words)) | words.amount()
    reason = words.next()
    fields["cancel_reason"] = ENUMS["CancelReason"][reason]
    client = int(build.command.fields.get("client_id", 0))
    fields["request_id"] = client if reason in _WITH_REQUEST else 0
    build.put(line, "order_cancelled", fields)


def _amended(build: Builder, line: EventLine, words: Words) -> None:
    fields = build.identity(build.order(words)) | words.amount()
    fields["remaining"] = words.number("left")
    fields["priority_kept"] = {"kept": 1, "lost": 0}[words.next()]
    fields["request_id"] = int(build.command.fields["client_id"])
    build.put(line, "order_amended", fields)


def _rejected(build: Builder, line: EventLine, words: Words) -> None:
    reason = words.next()
    fields = {"reject_reason": ENUMS["RejectReason"][reason], "command": build.command.template}
    fields |= build.sender() | {"instrument": 0, "account": 0, "order_id": 0}
    if reason in _EARLY:
        fields["client_id"] = build.command.client_id
    elif build.command.seat != 0:
        fields |= _named(build, words, alive=reason != "ORDER_DONE")
    build.put(line, "command_rejected", fields)


def _named(build: Builder, words: Words, *, alive: bool) -> dict[str, int]:
    """Instrument, account and order of a member's refused command (risk.md, at its end)."""
    command = build.command.fields
    if build.command.name not in ("order_cancel", "order_amend"):
        return {key: int(command.get(key, 0)) for key in ("instrument", "account")}
    if not words.accept("of"):
        return {"order_id": int(command.get("order_id", 0))}
    target = build.identity(build.world.labels[words.next()])
    keys = ("instrument", "account", "order_id") if alive else ("order_id",)
    return {key: target[key] for key in keys}


def _repeated(build: Builder, line: EventLine, words: Words) -> None:
    reason = words.next()
    words.next("first")
    first = build.world.labels[words.next()]
    fields = {"reject_reason": ENUMS["RejectReason"][reason], "command": build.command.template}
    fields |= build.sender() | {"first_seen": first.sequence, "instrument": 0, "account": 0}
    if build.command.name in ("order_enter", "mass_cancel"):
        fields |= _named(build, words, alive=True)
    fields["order_id"] = 0
    if words.accept("order"):
        target = build.identity(build.world.labels[words.next()])
        keys = ("instrument", "account", "order_id") if words.accept("alive") else ("order_id",)
        fields |= {key: target[key] for key in keys}
    build.put(line, "command_repeated", fields)


def _position(build: Builder, line: EventLine, words: Words) -> None:
    name = words.next()
    account = build.world.seats[name][1] if name in build.world.seats else int(name)
    fields = dict.fromkeys(_HOLDINGS, 0) | {"account": account, "instrument": 1, "hedge": 0}
    fields["member"] = build.world.owners[account]
    for side in ("long", "short"):
        if words.rest and words.rest[0] == side:
            today, yesterday = words.pair(side, "+")
            fields |= {f"{side}_today": today, f"{side}_yesterday": yesterday}
    if words.accept("frozen"):
        for side in ("long", "short"):
            today, other = words.next().split("+")
            fields |= {f"{side}_frozen_today": int(today), f"{side}_frozen": int(other)}
    build.put(line, "position_changed", fields)


def _auction(name: str) -> "Maker":
    def make(build: Builder, line: EventLine, words: Words) -> None:
        fields = {"instrument": words.number(), "auction_price": decimal(words.next())}
        fields["auction_volume"] = words.number("volume")
        fields["surplus"] = words.number("surplus")
        build.put(line, name, fields)

    return make


def _phase(build: Builder, line: EventLine, words: Words) -> None:
    fields = {"product": words.number(), "phase": ENUMS["Phase"][words.next()]}
    build.put(line, "phase_changed", fields)


def _halt(build: Builder, line: EventLine, words: Words) -> None:
    fields = {"instrument": words.number(), "halted": {"on": 1, "off": 0}[words.next()]}
    build.put(line, "halt_changed", fields)


def _limits(build: Builder, line: EventLine, words: Words) -> None:
    fields = {"instrument": words.number(), "lower_limit": decimal(words.next())}
    fields["upper_limit"] = decimal(words.next())
    build.put(line, "limits_changed", fields)


def _reference(build: Builder, line: EventLine, words: Words) -> None:
    fields = {"number": words.number(), "changed_by": build.command.template}
    build.put(line, "reference_changed", fields)


def _mass_cancelled(build: Builder, line: EventLine, words: Words) -> None:
    keys = ("instrument", "account", "product")
    sent = {key: int(build.command.fields.get(key, 0)) for key in keys}
    build.put(line, "mass_cancelled", build.sender() | sent | {"count": words.number()})


def _day_opened(build: Builder, line: EventLine, words: Words) -> None:
    build.put(line, "day_opened", {"trading_day": words.number()})


def _day_ended(build: Builder, line: EventLine, words: Words) -> None:
    keys = ("orders", "trades", "volume", "rejects")
    build.put(line, "day_ended", {key: words.number(key) for key in keys})


Maker = Callable[[Builder, EventLine, Words], None]
MAKERS: dict[str, Maker] = {
    "accepted": _accepted,
    "rested": _rested,
    "rests": _rests,
    "filled": _filled,
    "trade": _trade,
    "fill": _fill,
    "pair": _pair,
    "cancelled": _cancelled,
    "amended": _amended,
    "rejected": _rejected,
    "repeated": _repeated,
    "position": _position,
    "matched": _auction("auction_matched"),
    "indicated": _auction("auction_indicated"),
    "phase": _phase,
    "halt": _halt,
    "limits": _limits,
    "reference": _reference,
    "mass_cancelled": _mass_cancelled,
    "day_opened": _day_opened,
    "day_ended": _day_ended,
}


def expected(world: World, command: Command) -> list[Expected]:
    """The events that must answer `command`, in order."""
    build = Builder(world, command)
    for line in command.row.events:
        build.add(line)
    return build.events
