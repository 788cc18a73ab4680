"""What members send on a random day: orders, stops, quotes, cancels, amends, and rubbish."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from checkers.wire import HEAD, SCHEMA_ID, encode

if TYPE_CHECKING:
    from checkers.days import Command, RandomDay

_GOOD_TILL = (20260105, 20260106, 20260106, 20261231, 20261231, 20260104, 0)
_SIZES = ("bid_quantity", "ask_quantity")


def enter(day: RandomDay) -> Command:
    seat, member = day.sender()
    instrument = day.some_instrument()
    fields = terms(day, member, instrument)
    if fields["kind"] == 0 and fields["time_in_force"] in (0, 3, 4):
        day.entered[member].append((day.sequence + 1, fields["client_id"], instrument))
    return seat, encode("order_enter", **fields)


def terms(day: RandomDay, member: int, instrument: int) -> dict[str, int]:
    """The fields that order_enter and stop_enter share."""
    pick, draw = day.random.choice, day.random.random
    kind, time_in_force, offset = choice_of_product(day, instrument)
    side = pick((0, 1))
    minimum = pick((0, 0, 2, 5)) if time_in_force == 1 else 0
    if instrument in day.instruments and draw() < 0.9:
        minimum *= day.products[day.instruments[instrument]].minimum_allowed
    fields = {
        "client_id": day.new_id(member),
        "instrument": instrument,
        "account": day.account_of(member),
        "price": day.price(instrument, side) if kind == 0 or draw() < 0.2 else 0,
        "quantity": _whole(day, instrument, _quantity(day, kind)),
        "minimum_quantity": minimum if draw() < 0.99 else 1,
        "side": side,
        "kind": kind,
        "time_in_force": time_in_force,
        "offset": offset,
        "hedge": pick((0, 0, 0, 1)),
        "good_till_day": pick(_GOOD_TILL) if time_in_force == 3 else 0,
    }
    fields |= _rare_terms(day, instrument, kind == 0 and time_in_force in (0, 3, 4))
    if draw() < 0.003:
        fields["good_till_day"] = 20260105
    if draw() < 0.005:
        fields[pick(("side", "kind", "offset", "hedge", "post_only", "time_in_force"))] = 9
    return fields


def _rare_terms(day: RandomDay, instrument: int, rests: bool) -> dict[str, int]:
    """Icebergs and post-only orders, mostly where they are allowed."""
    draw = day.random.random
    rules = day.more_rules_of(instrument)
    fields = {}
    if draw() < (0.35 if rests and rules.get("display_minimum") else 0.01):
        fields["display_quantity"] = day.random.choice((1, 2, 2, 2, 4, 6, -1))
        fields["quantity"] = day.random.choice((2, 4, 6, 8, 12, 20))
    if draw() < (0.15 if rests and rules.get("post_only_allowed") else 0.01):
        fields["post_only"] = 1
    return fields


def _whole(day: RandomDay, instrument: int, lots: int) -> int:
    """Mostly in the product's steps."""
    if instrument not in day.instruments or day.random.random() < 0.05:
        return lots
    step = int(day.products[day.instruments[instrument]].quantity_step)
    return -(-lots // step) * step


def _quantity(day: RandomDay, kind: int) -> int:
    usual = (1, 2, 2, 3, 3, 5, 6) if kind == 0 else (1, 5, 10, 20, 20, 50)
    return day.random.choice((*usual, 8, day.random.randint(-1, 60)))


def choice_of_product(day: RandomDay, instrument: int) -> tuple[int, int, int]:
    """(kind, time in force, offset): mostly what the product allows."""
    pick = day.random.choice
    kind, time_in_force = pick((0, 0, 0, 0, 0, 0, 1, 2, 3)), pick((0, 0, 0, 0, 1, 2, 3, 4))
    offset = pick((0, 0, 0, 1, 1, 2))
    if instrument not in day.instruments or day.random.random() < 0.03:
        return kind, time_in_force, offset
    rules = day.products[day.instruments[instrument]]
    kind = kind if rules.kinds_allowed >> kind & 1 else 0
    time_in_force = time_in_force if rules.times_allowed >> time_in_force & 1 else 0
    return kind, time_in_force, min(offset, rules.offset_rule)


def _stop(day: RandomDay) -> Command:
    seat, member = day.sender()
    instrument = day.instrument_with("stops_allowed")
    fields = terms(day, member, instrument)
    fields |= stop_terms(day, instrument, fields["side"])
    if day.random.random() < 0.95:
        fields["post_only"] = 0
    day.entered[member].append((day.sequence + 1, fields["client_id"], instrument))
    return seat, encode("stop_enter", **fields)


def stop_terms(day: RandomDay, instrument: int, side: int) -> dict[str, int]:
    """A stop price just behind the middle, or a trail; rarely both, or wrong ones."""
    tick = day.tick_of(instrument)
    away = day.random.randint(0, 5)
    price = (1000 + away if side == 0 else 1000 - away) * tick
    draw = day.random.random()
    if draw < 0.35 and day.more_rules_of(instrument).get("stops_allowed") == 2:
        return {"trail": day.random.randint(1, 4) * tick}
    if 0.35 < draw < 0.4:
        odd = ((price, tick), (price + 1, 0), (0, -tick), (0, 1), (2**62, 0), (0, 2**62), (0, 0))
        stop_price, trail = day.random.choice(odd)
        return {"stop_price": stop_price, "trail": trail}
    return {"stop_price": price}


# -- quotes --------------------------------------------------------------------------------


def _quote(day: RandomDay) -> Command:
    seat, member = day.sender()
    client_id = day.new_id(member)
    fields = quote_terms(day, member)
    day.quoted[member].append((day.sequence + 1, client_id, fields["instrument"]))
    return seat, encode("quote_enter", client_id=client_id, **fields)


def _mass_quote(day: RandomDay) -> Command:
    seat, member = day.sender()
    client_id = day.new_id(member)
    count = day.random.choice((1, 2, 2, 3, 5)) if day.random.random() < 0.95 else 64
    entries = [quote_terms(day, member) for _ in range(count)]
    day.quoted[member].append((day.sequence + 1, client_id, entries[0]["instrument"]))
    return seat, encode("mass_quote", entries, client_id=client_id)


def quote_terms(day: RandomDay, member: int) -> dict[str, int]:
    """A quote: a new one, or the one before with other sizes, or nothing (withdrawn)."""
    pick, draw = day.random.choice, day.random.random
    hedge = pick((3, 3, 3, 0)) if draw() < 0.99 else 9
    key = (day.account_of(member), day.instrument_with("quote_rule"), hedge)
    sizes = {name: _whole(day, key[1], pick((1, 2, 4, 6))) for name in _SIZES}
    rule = day.more_rules_of(key[1]).get("quote_rule")
    if draw() < (0.95 if rule == 2 else 0.4):
        sizes["ask_quantity"] = sizes["bid_quantity"]
    if key in day.last_quotes and draw() < 0.4:
        fields = day.last_quotes[key] | sizes
    else:
        fields = _new_quote(day, key[1]) | sizes
    fields |= {"account": key[0], "instrument": key[1], "hedge": key[2]}
    day.last_quotes[key] = dict(fields)
    if draw() < 0.15:
        one_side = (("bid",), ("ask",)) if rule == 3 or draw() < 0.1 else ()
        for side in pick((*one_side, ("bid", "ask"))):
            fields |= {f"{side}_quantity": pick((0, 0, 0, 0, -1)), f"{side}_price": 0}
    return fields


def _new_quote(day: RandomDay, instrument: int) -> dict[str, int]:
    tick = day.tick_of(instrument)
    middle = 1000 + day.random.randint(-3, 3)
    below, above = day.random.randint(0, 4), day.random.randint(0, 4)
    fields = {"bid_price": (middle - below) * tick, "ask_price": (middle + above) * tick}
    if day.random.random() < 0.05:
        fields[day.random.choice(("bid_price", "ask_price"))] = day.price(instrument, 0)
    offsets = (0, 0, 0, 0, 1) if day.random.random() < 0.98 else (2, 3)
    if instrument in day.instruments and day.random.random() < 0.95:
        rule = day.products[day.instruments[instrument]].offset_rule
        offsets = tuple(min(offset, rule) for offset in offsets)
    return fields | {name: day.random.choice(offsets) for name in ("bid_offset", "ask_offset")}


def _request(day: RandomDay) -> Command:
    seat, member = day.sender()
    instrument = day.instrument_with("request_interval_ns")
    fields = {"instrument": instrument, "account": day.account_of(member)}
    return seat, encode("quote_request", client_id=day.new_id(member), **fields)


# -- later words on orders -----------------------------------------------------------------


def _target(day: RandomDay, member: int) -> tuple[dict[str, int], int]:
    """An order by its id or its client id, and its instrument; rarely one of somebody else."""
    draw = day.random.random()
    if draw < 0.03:
        odd = (-1, 1, -1024, 2**63 - 1024, -(2**63), 1 << 50)
        return {"order_id": day.random.choice(odd)}, 1
    if draw < 0.06:
        return {"target_client_id": day.random.choice((0, -1, 2**63 - 1, 7))}, 1
    if draw < 0.08 and day.first_sequence > 1:
        return {"order_id": day.random.randrange(1, day.first_sequence) * 1024}, 1
    whose = member if draw < 0.97 else day.random.choice(day.members)
    quote = draw < 0.16
    known = (day.quoted if quote else day.entered)[whose][-15:]
    if not known:
        return {"order_id": 1024}, 1
    sequence, client_id, instrument = day.random.choice(known)
    if day.random.random() < (0.7 if quote else 0.3):
        return {"target_client_id": client_id}, instrument
    leg = day.random.choice((0, 1, 2, 3)) if quote else 0
    return {"order_id": sequence * 1024 + leg}, instrument


def _cancel(day: RandomDay) -> Command:
    seat, member = day.sender()
    target, _ = _target(day, member)
    return seat, encode("order_cancel", client_id=day.new_id(member), **target)


def _amend(day: RandomDay) -> Command:
    seat, member = day.sender()
    target, instrument = _target(day, member)
    return seat, encode(
        "order_amend",
        client_id=day.new_id(member),
        new_price=day.price(instrument, day.random.choice((0, 1))),
        new_quantity=day.random.choice((1, 2, 3, 5, 8, 20, day.random.randint(-1, 60))),
        **target,
    )


def _mass(day: RandomDay) -> Command:
    seat, member = day.sender()
    pick = day.random.choice
    return seat, encode(
        "mass_cancel",
        client_id=day.new_id(member),
        instrument=pick((0, day.some_instrument())),
        product=pick((0, 0, 1, 2, 63)),
        account=pick((0, 0, *day.accounts)),
        mass_side=pick((0, 1, 2, 2, 3)),
        mass_scope=pick((0, 0, 1, 2, 3, 3, 4)),
    )


def _again(day: RandomDay) -> Command:
    """A member's command once more: the same bytes, or other ones under the same id."""
    if not day.sent:
        return enter(day)
    seat, message = day.random.choice(day.sent[-200:])
    if day.random.random() < 0.4 and len(message) >= 24:
        message = message[:-8] + bytes([day.random.randint(0, 2)]) + message[-7:]
    return seat, message


def _bad(day: RandomDay) -> Command:
    """What no sender should send: unknown templates, short blocks, strangers, wrong doors."""
    seat, member = day.sender()
    good = encode("order_cancel", client_id=day.new_id(member))
    quotes = encode("mass_quote", [quote_terms(day, member)], client_id=day.new_id(member))
    entry = quotes[24:]
    pick = day.random.choice
    unknown = pick((0, 9, 19, 44, 99, 101, 65535))
    heads = ((48, 0), (48, 2), (48, 65), (40, 1), (44, 1), (0, 1), (65528, 1), (48, 65535))
    return pick(
        (
            (seat, HEAD.pack(24, unknown, SCHEMA_ID, 0) + bytes(24)),
            (seat, HEAD.pack(24, 2, 1, 0) + good[8:]),
            (seat, HEAD.pack(pick((16, 0, 400, 65535)), 2, SCHEMA_ID, 0) + good[8:]),
            (seat, HEAD.pack(40, 2, SCHEMA_ID, 1) + good[8:] + bytes(16)),
            (seat, good[: pick((8, 15, 31))]),
            (pick((-1, 99, 2**31 - 1, -(2**31))), good),
            (0, good),
            (seat, encode("phase_set", product=1, phase=2)),
            (0, encode("day_open", trading_day=20260106)),
            (seat, HEAD.pack(2000, 2, SCHEMA_ID, 0) + good[8:] + bytes(1976)),
            (seat, quotes[:16] + HEAD.pack(*pick(heads), 0, 0) + entry),
            (seat, quotes[:16] + HEAD.pack(56, 1, 0, 0) + entry + bytes(8)),
            (seat, quotes[: pick((8, 16, 24, 64, 71))]),
            (seat, HEAD.pack(pick((12, 16)), 7, SCHEMA_ID, 0) + quotes[8:] + bytes(pick((0, 8)))),
            (0, quotes),
        )
    )


SHARES: tuple[tuple[float, Callable[[RandomDay], Command]], ...] = (
    (0.11, _cancel),
    (0.08, _amend),
    (0.006, _mass),
    (0.02, _again),
    (0.02, _bad),
    (0.07, _stop),
    (0.05, _quote),
    (0.012, _mass_quote),
    (0.012, _request),
)
