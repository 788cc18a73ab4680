"""Event lines about orders: how they fare, and what a command is answered."""

from vectorkit.builder import Builder, Maker
from vectorkit.parse import EventLine
from vectorkit.wire import ENUMS
from vectorkit.words import Words
from vectorkit.world import Command, decimal

_EARLY = ("TEMPLATE_UNKNOWN", "LENGTH_WRONG", "SEAT_UNKNOWN", "NOT_PERMITTED", "DAY_NOT_OPEN")
_WITH_REQUEST = ("member", "mass", "amended_away")
_NAMES_BOTH = ("order_enter", "stop_enter", "quote_enter", "quote_request", "mass_cancel")
_TERMS = (
    *("kind", "time_in_force", "offset", "hedge", "quantity", "price"),
    *("display_quantity", "good_till_day"),
)
_SOURCES = ENUMS["PriceSource"]
_SIDES = ENUMS["Side"]


def _accepted(build: Builder, line: EventLine, words: Words) -> None:
    order = build.comes_in(words)
    more = {key: int(order.fields.get(key, 0)) for key in (*_TERMS, "post_only", "operator_reason")}
    build.put(line, "order_accepted", build.identity(order) | more)


def _waits(build: Builder, line: EventLine, words: Words) -> None:
    order = build.order(words)
    more = {key: int(order.fields.get(key, 0)) for key in (*_TERMS, "stop_price", "trail")}
    if words.accept("at"):
        more["stop_price"] = decimal(words.next())
    build.put(line, "stop_accepted", build.identity(order) | more)


def _triggered(build: Builder, line: EventLine, words: Words) -> None:
    order = build.comes_in(words)
    fields = {"quantity": words.number(), "price": int(order.fields.get("price", 0))}
    words.next("at")
    fields["stop_price"] = decimal(words.next())
    build.put(line, "stop_triggered", build.identity(order) | fields)


def _rested(build: Builder, line: EventLine, words: Words) -> None:
    order = build.order(words)
    build.put(line, "order_rested", build.identity(order) | words.amount())


def _rests(build: Builder, line: EventLine, words: Words) -> None:
    _accepted(build, line, words)
    fields = build.incoming.fields
    quantity = int(fields.get("carried_remaining", fields["quantity"]))
    shown = min(int(fields.get("display_quantity", 0)) or quantity, quantity)
    amount = {"quantity": shown, "price": int(fields["price"])}
    build.put(line, "order_rested", build.identity(build.incoming) | amount)


def _refreshed(build: Builder, line: EventLine, words: Words) -> None:
    fields = build.identity(build.order(words)) | words.amount()
    build.put(line, "order_refreshed", fields | {"remaining": words.number("left")})


def _reduced(build: Builder, line: EventLine, words: Words) -> None:
    fields = build.identity(build.order(words)) | words.amount()
    fields["cancel_reason"] = ENUMS["CancelReason"]["self_trade"]
    build.put(line, "order_reduced", fields | {"remaining": words.number("left")})


def fill_fields(build: Builder, order: Command, source: str, left: int) -> dict[str, int]:
    fields = build.identity(order) | {"remaining": left, "price_source": _SOURCES[source]}
    for key in ("offset", "hedge"):
        fields[key] = int(order.fields.get(key, 0))
    role = "incoming" if order is build.incoming else "resting"
    fields["role"] = ENUMS["Role"]["auction" if source == "auction" else role]
    return fields


def _filled(build: Builder, line: EventLine, words: Words) -> None:
    order = build.order(words)
    amount = words.amount()
    left = words.number("left")
    source = words.next()
    build.put(line, "order_filled", fill_fields(build, order, source, left) | amount)


def _trade(build: Builder, line: EventLine, words: Words) -> None:
    amount = words.amount()
    _put_trade(build, line, words, amount, words.next())


def _put_trade(
    build: Builder, line: EventLine, words: Words, amount: dict[str, int], source: str
) -> None:
    """The trade between the two `order_filled` before it, which get its number."""
    first, second = build.events[-2:]
    sides = {event.fields["side"]: event.fields["order_id"] for event in (first, second)}
    fields = {
        "instrument": first.fields["instrument"],
        "buy_order_id": sides[_SIDES["buy"]],
        "sell_order_id": sides[_SIDES["sell"]],
        "side": _SIDES["none"] if source == "auction" else first.fields["side"],
    }
    number = put_trade_of(build, line, words, fields | amount, source)
    first.fields["trade_id"] = second.fields["trade_id"] = number


def put_trade_of(
    build: Builder, line: EventLine, words: Words, fields: dict[str, int], source: str
) -> int:
    """The trade whose parties and amount are known, numbered as the line says: `#1 oi 2`."""
    number = int(words.next().removeprefix("#"))
    rest = {
        "open_interest": words.number("oi"),
        "turnover": fields["price"] * fields["quantity"] * _multiplier(build, fields),
        "price_source": _SOURCES[source],
        "trade_id": number,
    }
    build.put(line, "trade", fields | rest)
    return number


def _multiplier(build: Builder, fields: dict[str, int]) -> int:
    return build.world.multipliers[build.world.products[fields["instrument"]]]


def _both(
    build: Builder, line: EventLine, words: Words, first: Command, second: Command, source: str
) -> None:
    """The three events of one fill: `10 @ P SOURCE left 0/2 #1 oi 10`."""
    amount = words.amount()
    source = source or words.next()
    lefts = words.pair("left", "/")
    for order, left in zip((first, second), lefts, strict=True):
        build.put(line, "order_filled", fill_fields(build, order, source, left) | amount)
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
    by_exchange = build.sent("operator_reason")["operator_reason"]
    fields["operator_reason"] = by_exchange if reason == "operator" else 0
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
    elif build.command.order is not None:
        fields |= _for_account(build, build.command.order)
    elif build.command.seat != 0:
        fields |= _named(build, words, alive=reason != "ORDER_DONE")
    build.put(line, "command_rejected", fields)


def _for_account(build: Builder, order: Command) -> dict[str, int]:
    """Of a refused order_carry or forced_close (risk.md, at its end)."""
    keys = ("client_id", "instrument", "account", "member", "seat", "order_id")
    identity = build.identity(order)
    if order.name == "forced_close":
        identity["order_id"] = 0
    return {key: identity[key] for key in keys}


def _named(build: Builder, words: Words, *, alive: bool) -> dict[str, int]:
    """Instrument, account and order of a member's refused command (risk.md, at its end)."""
    command = build.command
    if words.accept("entry"):
        entry = command.entries[words.number()]
        return {key: int(entry[key]) for key in ("instrument", "account")}
    if command.name in _NAMES_BOTH:
        return build.sent("instrument", "account")
    if not words.accept("of"):
        return build.sent("order_id")
    target = build.identity(build.world.labels[words.next()])
    keys = ("instrument", "account", "order_id") if alive else ("order_id",)
    return {key: target[key] for key in keys}


def _repeated(build: Builder, line: EventLine, words: Words) -> None:
    reason = words.next()
    words.next("first")
    first = build.world.labels[words.next()]
    fields = {"reject_reason": ENUMS["RejectReason"][reason], "command": build.command.template}
    fields |= build.sender() | {"first_seen": first.sequence, "instrument": 0, "account": 0}
    if build.command.name in _NAMES_BOTH:
        fields |= _named(build, words, alive=True)
    fields["order_id"] = 0
    if words.accept("order"):
        target = build.identity(build.world.labels[words.next()])
        keys = ("instrument", "account", "order_id") if words.accept("alive") else ("order_id",)
        fields |= {key: target[key] for key in keys}
    build.put(line, "command_repeated", fields)


MAKERS: dict[str, Maker] = {
    "accepted": _accepted,
    "waits": _waits,
    "triggered": _triggered,
    "rested": _rested,
    "rests": _rests,
    "refreshed": _refreshed,
    "reduced": _reduced,
    "filled": _filled,
    "trade": _trade,
    "fill": _fill,
    "pair": _pair,
    "cancelled": _cancelled,
    "amended": _amended,
    "rejected": _rejected,
    "repeated": _repeated,
}
