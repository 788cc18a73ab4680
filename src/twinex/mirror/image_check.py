"""What an image must keep: the values that fields may have, and what must hold between rows.

The rules are those of spec/state.md (What an image must keep), the bounds those of spec/phases.md
and spec/operator.md.
"""

from __future__ import annotations

from typing import Any

from twinex.mirror import codes, combinations, reference
from twinex.mirror.acts import RULES
from twinex.mirror.checks import PRICE_MAX
from twinex.mirror.image import SECTIONS
from twinex.mirror.market import COUNT_MAX, MONEY_MAX, Instrument, Market, Order, Quote, Stop

_INT64_MAX = 2**63 - 1
_VOLUMES = SECTIONS[7].row._fields[2:13]  # from long_today to opened
_FROZEN = SECTIONS[7].row._fields[6:12]
_OF_LEGS = ("previous_settlement", "open_interest", "requested_ns", "position_limit")
_RANGES = (  # the least and the greatest value of fields; a name means one thing in all sections
    (0, 1, "price_rule market_price_rule funds_checked active blocked halted ordered side"),
    (0, 1, "post_only"),
    (0, 2, "auction_rule limit_priority offset_rule state"),
    (0, 3, "kind hedge"),
    (0, 4, "self_trade_mode time_in_force"),
    (0, 8, "phase"),
    (1, 10**6, "number multiplier"),
    (1, 10**9, "tick quantity_step"),
    (0, PRICE_MAX - 1, "trail"),
    (0, COUNT_MAX, "entries_max cancels_max display_quantity minimum_quantity"),
    (0, COUNT_MAX, " ".join(_VOLUMES)),
    (1, COUNT_MAX, "quantity remaining shown"),
    (0, MONEY_MAX, "credit"),
    (0, _INT64_MAX, "used window_ns entries cancels requested_ns order_id"),
)
BOUNDS = {field: (low, high) for low, high, fields in _RANGES for field in fields.split()}
BOUNDS.update({field: (0, greatest) for field, greatest in RULES.values()})
NUMBERS = {"products": (1, reference.PRODUCT_MAX), "accounts": (1, reference.ACCOUNT_MAX)}


class ImageError(ValueError):
    """Bytes that are no state image: the message says what is wrong, and where."""


def require(holds: bool, what: str) -> None:
    """Refuse the image unless that holds."""
    if not holds:
        raise ImageError(what)


def check_market(market: Market) -> None:
    """Everything that must hold between rows; ImageError names what does not."""
    _check_day(market)
    for product in market.products.values():
        _check_product(product)
    for instrument in market.instruments.values():
        _check_limits(instrument)
        if instrument.leg_1:
            _check_combination(market, instrument)
        _check_book(instrument)
    for order in market.live():
        _check_order(market, order)
        if isinstance(order, Stop):  # one that was set off is read as an order
            _check_stop(order)
            _check_origin(market, order, (5,))
        else:
            _check_resting(market, order)
            _check_origin(market, order, (1, 5))
    _check_frozen(market)
    _check_positions(market)
    _check_quotes(market)


def _check_day(market: Market) -> None:
    if market.state == 0:
        require(market.first_sequence == 0, "a day that is not open has a first sequence")
        tables = (market.products, market.members, market.groups, market.commands)
        require(not any(tables), "a day that is not open has rows")
        return
    require(1 <= market.first_sequence <= market.sequence, "the first sequence is not of the day")
    rows = market.sequence - market.first_sequence + 1
    require(len(market.commands) == rows, f"{len(market.commands)} commands, not {rows}")
    counts = (rows, market.commands_count, market.events_count)
    require(counts == tuple(sorted(counts)), f"rows, commands and events of the day are {counts}")
    if market.state == 2:
        for product in market.products.values():
            ended = product.phase in (codes.CLOSED, codes.PROCESSING)
            require(ended, f"product {product.number} is in phase {product.phase} of an ended day")


def _check_product(product: Any) -> None:
    kinds, times = product.kinds_allowed, product.times_allowed
    sound = reference.kinds_sound(kinds) and reference.times_sound(times)
    require(sound, f"product {product.number}: it lacks limit orders, or those good for the day")
    sound = reference.quantities_sound(product)
    require(sound, f"product {product.number}: its least, greatest and step do not go together")


def _check_limits(instrument: Instrument) -> None:
    name, tick = f"instrument {instrument.number}", instrument.product.tick
    judge = combinations.limits_sound if instrument.leg_1 else reference.limits_sound
    sound = judge(instrument.product, instrument.lower_limit, instrument.upper_limit)
    found = f"{instrument.lower_limit} to {instrument.upper_limit}"
    require(sound, f"{name}: limits {found} are off the tick or out of bounds")
    last, settled = instrument.last_price, instrument.previous_settlement
    least = -PRICE_MAX if instrument.leg_1 else 0
    sound = least <= last <= PRICE_MAX and last % tick == 0
    require(sound, f"{name}: last price {last} is off the tick or out of bounds")
    if not instrument.leg_1:
        require(0 < settled < PRICE_MAX, f"{name}: previous settlement {settled}")


def _check_combination(market: Market, spread: Instrument) -> None:
    name, one, two = f"combination {spread.number}", spread.leg_1, spread.leg_2
    assert one is not None, name
    assert two is not None, name
    require(one is not two and not one.leg_1 and not two.leg_1, f"{name}: its legs are no two")
    sound = combinations.alike(one, two) and spread.product is one.product
    require(sound, f"{name}: its legs' products do not go together")
    lower, upper = one.lower_limit - two.upper_limit, one.upper_limit - two.lower_limit
    found = (spread.lower_limit, spread.upper_limit)
    require(found == (lower, upper), f"{name}: limits {found} do not follow its legs'")
    owned = any(getattr(spread, field) for field in _OF_LEGS)
    require(not owned, f"{name}: it has figures that only its legs can have")


def _check_book(instrument: Instrument) -> None:
    buys, sells = instrument.sides
    bid, ask = buys.best(), sells.best()
    if bid and ask and instrument.product.phase == codes.CONTINUOUS and not instrument.halted:
        crossed = bid.price >= ask.price
        require(not crossed, f"instrument {instrument.number}: its book is crossed in continuous")


def _check_order(market: Market, order: Order) -> None:
    """What holds of an order in a book and of a stop that waits."""
    name, instrument = f"order {order.order_id}", order.instrument
    product = instrument.product
    require(order.remaining <= order.quantity, f"{name}: more remains than its quantity")
    require(order.offset <= product.offset_rule, f"{name}: offset {order.offset} is not known")
    _check_price(name, instrument, order.frozen_price)
    if order.time_in_force == codes.GTD:
        good = order.good_till_day >= market.trading_day
        require(good, f"{name}: it was good till {order.good_till_day}")
    else:
        require(order.good_till_day == 0, f"{name}: it has a good_till_day, and is no gtd")
    lasting = order.time_in_force in (codes.GTD, codes.GTC)
    require(market.state != 2 or lasting, f"{name}: it does not outlive its day")
    if product.offset_rule:
        kept = order.row is not None and order.row.ordered == 1
        require(kept, f"{name}: no position row has met it")


def _check_resting(market: Market, order: Order) -> None:
    """An order in a book: what it shows, and what an order of a combination may not be."""
    name, display = f"order {order.order_id}", order.display_quantity
    require(order.time_in_force in codes.LASTING, f"{name}: its time in force cannot rest")
    most = min(display or order.remaining, order.remaining)
    require(display > 0 or order.shown == most, f"{name}: it hides lots, and is no iceberg")
    require(order.shown <= most, f"{name}: it shows more than {most} lots")
    if isinstance(order, combinations.CombinationOrder):
        _check_spread_order(market, name, order)


def _check_price(name: str, instrument: Instrument, price: int) -> None:
    require(price % instrument.product.tick == 0, f"{name}: price {price} is off the tick")
    inside = instrument.lower_limit <= price <= instrument.upper_limit
    require(inside, f"{name}: price {price} is outside the limits")


def _check_stop(stop: Stop) -> None:
    name = f"stop {stop.order_id}"
    _check_price(name, stop.instrument, stop.stop_price)
    require(stop.trail % stop.instrument.product.tick == 0, f"{name}: trail {stop.trail}")
    frozen = stop.price == stop.frozen_price or (stop.kind != codes.LIMIT and stop.price == 0)
    require(frozen, f"{name}: it is not frozen at the price that it was sent with")
    lasting = stop.time_in_force in codes.LASTING
    require(lasting or not stop.display_quantity, f"{name}: it shows lots, and cannot rest")


def _check_spread_order(market: Market, name: str, order: combinations.CombinationOrder) -> None:
    plain = (order.time_in_force, order.post_only, order.display_quantity) == (codes.DAY, 0, 0)
    today = order.order_id >> 10 >= market.first_sequence and order.order_id % 1024 == 0
    require(plain and today, f"{name}: no order of a combination can be so")
    one, two = order.freeze_price_1, order.freeze_price_2
    tick = order.instrument.product.tick
    valid = all(price % tick == 0 and 0 < price < PRICE_MAX for price in (one, two))
    require(valid, f"{name}: it cannot be frozen in its legs at {one} and {two}")
    apart = one - two if order.side == codes.BUY else two - one
    least = order.price if order.side == codes.BUY else -order.price
    require(apart >= least, f"{name}: frozen at {one} and {two}, less than its price asks for")


def _check_origin(market: Market, order: Order, makers: tuple[int, ...]) -> None:
    """An order stands for a command of today, or came over night; its owner can be told.

    `makers` are the commands that make such an order where it is no leg of a quote.
    """
    name, member = f"order {order.order_id}", order.member.number
    sequence, leg = order.order_id >> 10, order.order_id % 1024
    place = sequence - market.first_sequence
    require(place < len(market.commands), f"{name}: no command can have made it yet")
    require(order.seat in market.seats or order.seat == 0, f"{name}: there is no such seat")
    if place < 0:
        came = market.carried.get(order.order_id) == member and order.seat != 0
        require(came, f"{name}: it did not come over night for member {member}")
        return
    row = market.commands[place]
    if row is None:
        forced = (order.client_id, order.seat, leg) == (0, 0, 0) and 1 in makers
        require(forced, f"{name}: its command used no client id")
        return
    client_id, _, owner, quote, command, refused = row
    told = (client_id, owner, refused) == (order.client_id, member, 0)
    require(told and order.seat != 0, f"{name}: its command is another member's, or was refused")
    if leg == 0:
        made = command in makers
    elif command == 6:
        made = leg <= 2 and isinstance(quote, Quote)
    else:
        made = command == 7 and quote == 1 and leg <= 128
    require(made, f"{name}: its command cannot have made it")


def _check_frozen(market: Market) -> None:
    """Live orders, counted afresh, freeze what rows say; credit holds the value of opening ones.

    A market that is refused here is left half counted: nobody may use it.
    """
    said = [(row, f, getattr(row, f)) for row in market.positions.values() for f in _FROZEN]
    for row, field, _ in said:
        setattr(row, field, 0)
    used = {number: member.used for number, member in market.members.items()}
    for member in market.members.values():
        member.used = 0
    for order in market.live():
        order.freeze(order.remaining)
    for row, field, figure in said:
        counted = getattr(row, field)
        name = f"position {row.account.number}, {row.instrument.number}, {row.hedge}"
        require(counted == figure, f"{name}: {field} {figure}, its live orders make {counted}")
    for number, member in market.members.items():
        least, member.used = member.used, used[number]
        require(least <= member.used, f"member {number}: used {member.used}, live are {least}")


def _check_positions(market: Market) -> None:
    """What is frozen is held, and no side of a row can come to hold more than it can count."""
    for row in market.positions.values():
        name = f"position {row.account.number}, {row.instrument.number}, {row.hedge}"
        require(row.instrument.product.offset_rule > 0, f"{name}: its product keeps no positions")
        held = all(row.closeable(side, offset) >= 0 for side in (0, 1) for offset in (1, 2))
        require(held, f"{name}: more is frozen than held")
        for today, before, opening in (
            (row.long_today, row.long_yesterday, row.opening_buys),
            (row.short_today, row.short_yesterday, row.opening_sells),
        ):
            require(today + before + opening <= COUNT_MAX, f"{name}: it can hold no so many lots")


def _check_quotes(market: Market) -> None:
    """Every leg stands in its quote, and every quote names its own."""
    legs = {}
    for quote in market.quotes.values():
        name = f"quote {quote.account.number}, {quote.instrument.number}, {quote.hedge}"
        for side, leg in enumerate(quote.legs):
            if leg is not None:
                legs[leg.order_id] = leg
                key = (leg.account, leg.instrument, leg.hedge, leg.side)
                own = key == (quote.account, quote.instrument, quote.hedge, side)
                require(own and leg.order_id % 1024 > 0, f"{name}: {leg.order_id} is no leg of it")
    for order in market.live():
        known = order.order_id % 1024 == 0 or order.order_id in legs
        require(known, f"order {order.order_id}: it is the leg of no quote")
