"""What an image must keep: the values that fields may have, and what must hold between rows.

The rules are those of spec/state.md (What an image must keep), the bounds those of spec/phases.md
and spec/operator.md.
"""

from twinex.mirror.image import SECTIONS
from twinex.mirror.market import (
    COUNT_MAX,
    MONEY_MAX,
    Instrument,
    Market,
    Order,
    Position,
    Product,
    Quote,
    Stop,
    row_key,
)
from twinex.mirror.messages import (
    BUY,
    CLOSED,
    CONTINUOUS,
    DAY,
    GTC,
    GTD,
    LASTING,
    LIMIT,
    PROCESSING,
)

PRICE_END = 10**11
TICKS_END = 2**24
_SWITCH, _TWO, _HEDGE = (0, 1), (0, 2), (0, 3)
_SIZE, _MILLION, _ANY = (1, 10**9), (1, 10**6), (0, 2**63 - 1)
_LOTS, _SOME_LOTS = (0, COUNT_MAX), (1, COUNT_MAX)
_VOLUMES = SECTIONS[7].row._fields[2:13]  # from long_today to opened
_FROZEN = SECTIONS[7].row._fields[6:12]
_RANGES = (
    ("day", _TWO, "state"),
    ("products", (1, 62), "number"),
    ("products", (0, 8), "phase"),
    ("products", _SWITCH, "price_rule market_price_rule amend_allowed protection_allowed"),
    ("products", _SWITCH, "minimum_allowed funds_checked post_only_allowed self_trade_checked"),
    ("products", _TWO, "auction_rule limit_priority offset_rule stops_allowed"),
    ("products", (0, 3), "quote_rule"),
    ("products", (1, 15), "kinds_allowed"),
    ("products", (1, 31), "times_allowed"),
    ("products", _MILLION, "multiplier"),
    ("products", _SIZE, "tick quantity_minimum quantity_maximum_limit quantity_maximum_market"),
    ("products", _SIZE, "quantity_step"),
    ("products", _LOTS, "position_limit opening_cap"),
    ("products", (0, 10**9), "display_minimum quote_minimum"),
    ("products", (0, TICKS_END), "band_ticks quote_width_ticks request_width_ticks"),
    ("products", (0, 86_400 * 10**9), "request_interval_ns"),
    ("instruments", _MILLION, "number"),
    ("instruments", _LOTS, "position_limit"),
    ("instruments", _SWITCH, "halted"),
    ("instruments", _ANY, "requested_ns"),
    ("members", _MILLION, "number"),
    ("members", _SWITCH, "active blocked"),
    ("members", (0, MONEY_MAX), "credit"),
    ("members", _ANY, "used window_ns entries cancels"),
    ("members", _LOTS, "entries_max cancels_max"),
    ("seats", _MILLION, "number"),
    ("groups", _MILLION, "number"),
    ("groups", (0, 4), "self_trade_mode"),
    ("accounts", (1, 10**7), "number"),
    ("accounts", _SWITCH, "active blocked"),
    ("positions", _LOTS, " ".join(_VOLUMES)),
    ("positions", _HEDGE, "hedge"),
    ("positions", _SWITCH, "ordered"),
    ("orders", _ANY, "order_id"),
    ("orders", _SOME_LOTS, "remaining shown"),
    ("orders", _SWITCH, "side post_only"),
    ("orders", _HEDGE, "hedge"),
    ("stops", _SOME_LOTS, "remaining"),
    ("stops", _SWITCH, "side"),
    ("stops", (0, 3), "kind"),
    ("stops", (0, 4), "time_in_force"),
    ("stops", _HEDGE, "hedge"),
    ("stops", (0, PRICE_END - 1), "trail"),
    ("quotes", _HEDGE, "hedge"),
    ("trades", _SOME_LOTS, "quantity"),
    ("carried", _ANY, "order_id"),
)


def _bounds() -> dict[str, dict[str, tuple[int, int]]]:
    bounds: dict[str, dict[str, tuple[int, int]]] = {section.name: {} for section in SECTIONS}
    for name, between, fields in _RANGES:
        bounds[name].update(dict.fromkeys(fields.split(), between))
    return bounds


BOUNDS = _bounds()  # by section and field: the least and the greatest value


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
    for order in market.orders.values():
        _check_order(market, order)
        _check_resting(market, order)
        _check_origin(market, order, (1, 5))
    for stop in market.stops.values():
        _check_order(market, stop)
        _check_stop(stop)
        _check_origin(market, stop, (5,))
    _check_positions(market)
    _check_quotes(market)


def _check_day(market: Market) -> None:
    if market.state == 0:
        require(market.first_sequence == 0, "a day that is not open has a first sequence")
        require(not market.products and not market.members, "a day that is not open has rows")
        return
    require(1 <= market.first_sequence <= market.sequence, "the first sequence is not of the day")
    rows = market.sequence - market.first_sequence + 1
    require(len(market.commands) == rows, f"{len(market.commands)} commands, not {rows}")
    counts = (rows, market.commands_count, market.events_count)
    require(counts == tuple(sorted(counts)), f"rows, commands and events of the day are {counts}")
    if market.state == 2:
        for product in market.products.values():
            ended = product.phase in (CLOSED, PROCESSING)
            require(ended, f"product {product.number} is in phase {product.phase} of an ended day")


def _check_product(product: Product) -> None:
    name = f"product {product.number}"
    require(bool(product.kinds_allowed & product.times_allowed & 1), f"{name} lacks a basic kind")
    minimum, maximum = product.quantity_minimum, product.quantity_maximum_limit
    require(minimum <= maximum, f"{name}: quantity_minimum {minimum} exceeds {maximum}")
    step = product.quantity_step
    require(minimum % step == 0, f"{name}: quantity_minimum {minimum} is off the step {step}")


def _check_limits(instrument: Instrument) -> None:
    name, product = f"instrument {instrument.number}", instrument.product
    lower, upper, tick = instrument.lower_limit, instrument.upper_limit, product.tick
    least = -PRICE_END if instrument.leg_1 else 0
    require(least < lower < upper < PRICE_END, f"{name}: limits {lower} to {upper}")
    require(lower % tick == upper % tick == 0, f"{name}: limits {lower} to {upper} off the tick")
    require((upper - lower) // tick < TICKS_END, f"{name}: its limits are too many ticks apart")
    lots = max(product.quantity_maximum_limit, product.quantity_maximum_market)
    require(upper * product.multiplier * lots <= MONEY_MAX, f"{name}: its upper limit is too high")
    last, settled = instrument.last_price, instrument.previous_settlement
    require(last % tick == 0, f"{name}: last price {last} off the tick")
    require(abs(last) <= PRICE_END and (last >= 0 or least < 0), f"{name}: last price {last}")
    if not instrument.leg_1:
        require(0 < settled < PRICE_END, f"{name}: previous settlement {settled}")


def _check_combination(market: Market, spread: Instrument) -> None:
    name, one, two = f"combination {spread.number}", spread.leg_1, spread.leg_2
    assert one is not None, name
    assert two is not None, name
    require(one is not two and not one.leg_1 and not two.leg_1, f"{name}: its legs are no two")
    alike = all(
        getattr(one.product, rule) == getattr(two.product, rule)
        for rule in ("tick", "multiplier", "offset_rule", "funds_checked")
    )
    require(alike and spread.product is one.product, f"{name}: its legs' products do not go")
    lower, upper = one.lower_limit - two.upper_limit, one.upper_limit - two.lower_limit
    found = (spread.lower_limit, spread.upper_limit)
    require(found == (lower, upper), f"{name}: limits {found} do not follow its legs'")
    owned = (
        spread.previous_settlement,
        spread.open_interest,
        spread.requested_ns,
        spread.position_limit,
    )
    require(owned == (0, 0, 0, 0), f"{name}: it has figures that only its legs can have")


def _check_book(instrument: Instrument) -> None:
    buys, sells = instrument.sides
    bid, ask = buys.best(), sells.best()
    if bid and ask and instrument.product.phase == CONTINUOUS and not instrument.halted:
        crossed = bid.price >= ask.price
        require(not crossed, f"instrument {instrument.number}: its book is crossed in continuous")


def _check_order(market: Market, order: Order) -> None:
    """What holds of an order in a book and of a stop that waits."""
    name, instrument = f"order {order.order_id}", order.instrument
    product = instrument.product
    require(order.remaining <= order.quantity, f"{name}: more remains than its quantity")
    require(order.offset <= product.offset_rule, f"{name}: offset {order.offset} is not known")
    _check_price(name, instrument, order.frozen_price)
    if order.time_in_force == GTD:
        good = order.good_till_day >= market.trading_day
        require(good, f"{name}: it was good till {order.good_till_day}")
    else:
        require(order.good_till_day == 0, f"{name}: it has a good_till_day, and is no gtd")
    lasting = order.time_in_force in (GTD, GTC)
    require(market.state != 2 or lasting, f"{name}: it does not outlive its day")
    require(order.display_quantity >= 0, f"{name}: display_quantity {order.display_quantity}")
    if product.offset_rule:
        kept = order.row is not None and order.row.ordered == 1
        require(kept, f"{name}: no position row has met it")


def _check_resting(market: Market, order: Order) -> None:
    """An order in a book: what it shows, and what an order of a combination may not be."""
    name, display = f"order {order.order_id}", order.display_quantity
    require(order.time_in_force in LASTING, f"{name}: its time in force cannot rest")
    most = min(display or order.remaining, order.remaining)
    require(display > 0 or order.shown == most, f"{name}: it hides lots, and is no iceberg")
    require(order.shown <= most, f"{name}: it shows more than {most} lots")
    if order.instrument.leg_1:
        _check_spread_order(market, name, order)


def _check_price(name: str, instrument: Instrument, price: int) -> None:
    require(price % instrument.product.tick == 0, f"{name}: price {price} is off the tick")
    inside = instrument.lower_limit <= price <= instrument.upper_limit
    require(inside, f"{name}: price {price} is outside the limits")


def _check_stop(stop: Stop) -> None:
    name = f"stop {stop.order_id}"
    _check_price(name, stop.instrument, stop.stop_price)
    frozen = stop.price == stop.frozen_price or (stop.kind != LIMIT and stop.price == 0)
    require(frozen, f"{name}: it is not frozen at the price that it was sent with")
    require(stop.minimum_quantity >= 0, f"{name}: minimum_quantity {stop.minimum_quantity}")
    lasting = stop.time_in_force in LASTING
    require(lasting or not stop.display_quantity, f"{name}: it shows lots, and cannot rest")


def _check_spread_order(market: Market, name: str, order: Order) -> None:
    plain = (order.time_in_force, order.post_only, order.display_quantity) == (DAY, 0, 0)
    today = order.order_id >> 10 >= market.first_sequence and order.order_id % 1024 == 0
    require(plain and today, f"{name}: no order of a combination can be so")
    one, two = order.freeze_price_1, order.freeze_price_2
    tick = order.instrument.product.tick
    valid = all(price % tick == 0 and 0 < price < PRICE_END for price in (one, two))
    require(valid, f"{name}: it cannot be frozen in its legs at {one} and {two}")
    apart = one - two if order.side == BUY else two - one
    least = order.price if order.side == BUY else -order.price
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


def _check_positions(market: Market) -> None:
    """Frozen and opening volume of a row is that of its live orders; what is frozen is held."""
    live: dict[int, Position] = {}
    for order in list(market.orders.values()) + list(market.stops.values()):
        for row, side in _frozen_rows(order):
            key = row_key(row.account.number, row.instrument.number, row.hedge)
            counted = live.setdefault(key, Position(row.account, row.instrument, row.hedge))
            counted.freeze(side, order.offset, order.remaining)
    for key, row in market.positions.items():
        name = f"position {row.account.number}, {row.instrument.number}, {row.hedge}"
        require(row.instrument.product.offset_rule > 0, f"{name}: its product keeps no positions")
        counted = live.get(key) or Position(row.account, row.instrument, row.hedge)
        for field in _FROZEN:
            found, due = getattr(row, field), getattr(counted, field)
            require(found == due, f"{name}: {field} {found}, its live orders make {due}")
        held = all(row.closeable(side, offset) >= 0 for side in (0, 1) for offset in (1, 2))
        require(held, f"{name}: more is frozen than held")
        for today, before, opening in (
            (row.long_today, row.long_yesterday, row.opening_buys),
            (row.short_today, row.short_yesterday, row.opening_sells),
        ):
            require(today + before + opening <= COUNT_MAX, f"{name}: it can hold no so many lots")


def _frozen_rows(order: Order) -> list[tuple[Position, int]]:
    """The rows in which an order is frozen, each with the side that it has there."""
    rows = []
    if order.row is not None:
        rows.append((order.row, order.side))
        if order.instrument.leg_1:
            rows.append((order.row_2, 1 - order.side))
    return rows


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
    for order in market.orders.values():
        known = order.order_id % 1024 == 0 or order.order_id in legs
        require(known, f"order {order.order_id}: it is the leg of no quote")
