"""From one day to the next: the reference data and carried orders that open it (orders.md).

opening(watch.market, first_sequence)      # list of (0, message), up to order_carry
"""

from collections.abc import Iterator
from types import SimpleNamespace

from checkers.market import BUY, SELL, Instrument, Market, Order, Row
from checkers.wire import BY_NAME, ENUMS, encode

RULES = vars(ENUMS["Rule"])


def opening(market: Market, first_sequence: int, trading_day: int) -> list[tuple[int, bytes]]:
    """Everything as the day before left it; orders in the order in which they stand."""
    messages = [encode("day_open", trading_day=trading_day, first_sequence=first_sequence)]
    for product in market.products.values():
        messages += _product(product)
    contracts = [number for number, each in sorted(market.instruments.items()) if not each.legs]
    messages += [_instrument(market, number) for number in contracts]
    messages += [_combination(each) for each in market.combinations()]
    messages += [_copied("member_define", each) for each in market.members.values()]
    for seat, member in market.seats.items():
        messages.append(encode("seat_define", seat_number=seat, member=member))
    for group, mode in market.groups.items():
        messages.append(encode("group_define", group=group, self_trade_mode=mode))
    messages += [_copied("account_define", each) for each in market.accounts.values()]
    messages += [_position(key, row) for key, row in sorted(market.rows.items()) if _holds(row)]
    messages += [_carry(order) for order in standing(market)]
    return [(0, message) for message in messages]


def standing(market: Market) -> Iterator[Order]:
    """Resting orders by contract, side, price and queue; then waiting stops by id."""
    for _, instrument in sorted(market.instruments.items()):
        for side in (BUY, SELL):
            for price in instrument.prices(side):
                yield from instrument.book[side][price]
    yield from (order for order in market.live() if order.waiting)


def _copied(template: str, thing: SimpleNamespace) -> bytes:
    names = BY_NAME[template][1].names
    return encode(template, **{name: getattr(thing, name) for name in names})


def _product(product: SimpleNamespace) -> Iterator[bytes]:
    yield _copied("product_define", product)
    known = BY_NAME["product_define"][1].names
    for name, number in RULES.items():
        if name not in known and getattr(product, name):
            value = getattr(product, name)
            yield encode("rule_set", product=product.product, rule=number, value=value)


def _instrument(market: Market, number: int) -> bytes:
    row = market.instruments[number]
    return encode(
        "instrument_define",
        instrument=number,
        product_of=row.product.product,
        lower_limit=row.lower,
        upper_limit=row.upper,
        previous_settlement=row.settlement,
        previous_close=row.last,
        instrument_position_limit=row.position_limit,
        open_interest=row.open_interest,
    )


def _combination(combination: Instrument) -> bytes:
    one, two = (leg.number for leg in combination.legs)
    return encode("combination_define", instrument=combination.number, leg_1=one, leg_2=two)


def _holds(row: Row) -> bool:
    return any(row.today) or any(row.yesterday)


def _position(key: tuple[int, int, int], row: Row) -> bytes:
    account, instrument, hedge = key
    held = [row.today[side] + row.yesterday[side] for side in (0, 1)]
    names = {"account": account, "instrument": instrument, "position_hedge": hedge}
    return encode("position_set", long_yesterday=held[0], short_yesterday=held[1], **names)


def _carry(order: Order) -> bytes:
    stop = {"stop_price": order.stop_price, "trail": order.trail} if order.waiting else {}
    return encode(
        "order_carry",
        client_id=order.client_id,
        instrument=order.instrument,
        account=order.account,
        price=order.sent if order.waiting else order.price,
        quantity=order.quantity,
        minimum_quantity=order.minimum,
        side=order.side,
        kind=order.kind,
        time_in_force=order.time_in_force,
        offset=order.offset,
        hedge=order.hedge,
        post_only=order.post_only,
        display_quantity=order.display,
        good_till_day=order.good_till_day,
        carried_order_id=order.id,
        carried_remaining=order.remaining,
        carried_seat=order.seat,
        **stop,
    )
