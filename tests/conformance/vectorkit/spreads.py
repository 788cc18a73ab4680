"""Event lines about orders of combinations: steps with the legs' books, and with their own."""

from vectorkit.answers import MAKERS as ANSWERS
from vectorkit.answers import fill_fields, put_trade_of
from vectorkit.builder import Builder, Maker
from vectorkit.parse import EventLine
from vectorkit.wire import ENUMS
from vectorkit.words import Expected, Words
from vectorkit.world import Command

_BUY, _SELL = (ENUMS["Side"][word] for word in ("buy", "sell"))
_OTHER = {_BUY: _SELL, _SELL: _BUY}


def _takes(build: Builder, line: EventLine, words: Words) -> None:
    """`takes c 2 @ 10 left 0`: what the two lines `leg` behind it give."""
    order = build.comes_in(words)
    amount = words.amount()
    fields = fill_fields(build, order, "combination", words.number("left"))
    build.put(line, "order_filled", fields | amount)
    build.step = build.events[-1:]


def _leg(build: Builder, line: EventLine, words: Words) -> None:
    """`leg a 2 @ 4010 sell left 0 #1 oi 2`: a resting order of a leg, and its trade."""
    order = build.world.labels[words.next()]
    amount = words.amount()
    source = words.next()
    fields = fill_fields(build, order, source, words.number("left"))
    build.put(line, "order_filled", fields | amount)
    given = build.events[-1]
    side = _OTHER[given.fields["side"]]
    parties = _parties(side, build.own(), order)
    fields = amount | parties | {"instrument": given.fields["instrument"]}
    given.fields["trade_id"] = put_trade_of(build, line, words, fields, source)
    _number(build.step, given.fields["trade_id"])


def _meets(build: Builder, line: EventLine, words: Words) -> None:
    """`meets c 2 @ 10 sell left 0/3`: two orders of the combination; two lines `through` follow."""
    orders = (build.own(), build.world.labels[words.next()])
    amount = words.amount()
    source = words.next()
    for order, left in zip(orders, words.pair("left", "/"), strict=True):
        build.put(line, "order_filled", fill_fields(build, order, source, left) | amount)
    build.step, build.met = build.events[-2:], orders[1]


def _through(build: Builder, line: EventLine, words: Words) -> None:
    """`through 1 2 @ 4010 #1 oi 2`: what the two orders of `meets` trade in that leg."""
    leg = words.number()
    own = build.own()
    combination, side = (int(own.fields.get(key, 0)) for key in ("instrument", "side"))
    first, second = build.world.legs[combination]
    side = {first: side, second: _OTHER[side]}[leg]
    fields = words.amount() | _parties(side, own, build.met) | {"instrument": leg}
    _number(build.step, put_trade_of(build, line, words, fields, "combination"))


def _parties(side: int, incoming: Command, other: Command) -> dict[str, int]:
    """The trade's side and orders where the incoming order is on that side."""
    buyer, seller = (incoming, other) if side == _BUY else (other, incoming)
    return {"side": side, "buy_order_id": buyer.order_id, "sell_order_id": seller.order_id}


def _number(step: list[Expected], trade_id: int) -> None:
    """The fills of a combination's orders bear the number of their first leg's trade."""
    for event in step:
        event.fields.setdefault("trade_id", trade_id)


def _steps(build: Builder, line: EventLine, words: Words) -> None:
    """`steps 256 c 1 @ 10 a 4000 b 3990 left 300/300/300 #1 oi 0`: so many steps, one like another.

    What is left, the number and the open interest are those before the first; `a` is an iceberg
    that shows as many lots as each step takes.
    """
    count, order, size = words.number(), words.next(), words.number()
    words.next("@")
    price, one, one_at, two, two_at = (words.next() for _ in range(5))
    words.next("left")
    lefts = [int(text) for text in words.next().split("/")]
    trade = int(words.next().removeprefix("#"))
    interest = words.number("oi")
    for _ in range(count):
        lefts, interest = [left - size for left in lefts], interest + size
        of_order, of_one, of_two = lefts
        _add(build, line, f"takes {order} {size} @ {price} left {of_order}")
        gives = f"{one} {size} @ {one_at} sell left {of_one}"
        _add(build, line, f"leg {gives} #{trade} oi {interest}")
        if of_one:
            _add(build, line, f"refreshed {one} {size} @ {one_at} left {of_one}")
        gives = f"{two} {size} @ {two_at} buy left {of_two}"
        _add(build, line, f"leg {gives} #{trade + 1} oi {interest}")
        trade += 2


def _add(build: Builder, line: EventLine, text: str) -> None:
    made = EventLine(line.place, tuple(text.split()))
    (ANSWERS | MAKERS)[made.words[0]](build, made, Words.of(made))


MAKERS: dict[str, Maker] = {
    "takes": _takes,
    "leg": _leg,
    "meets": _meets,
    "through": _through,
    "steps": _steps,
}
