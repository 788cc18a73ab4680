"""Combinations (组合, 套利; spec/combinations.md): spread orders over two contracts.

Three things in the order of that page: a combination's definition and its limits, the checks of an
order, and its trades: on entry with its own book and with the legs' (`match`), afterwards with the
legs' (`follow`).
"""

from __future__ import annotations

from collections.abc import Iterator

from twinex.mirror import checks, codes
from twinex.mirror.book import Side
from twinex.mirror.codes import Refused
from twinex.mirror.market import Instrument, Market, Order, Position, Product
from twinex.mirror.matching import (
    book_trade,
    leave,
    meet_own,
    show_anew,
    show_rows,
    trade_price,
    trade_resting,
)
from twinex.mirror.messages import BLOCK, COMBINATION_DEFINE
from twinex.mirror.reference import NUMBER_MAX, TICKS_MAX, changed, value_sound

STEPS_MAX = 256  # of resting orders with the legs' books, in one command
_JUDGED_LATER = ("frozen_price", "row")  # what an order does not know of itself when it comes

Met = tuple[int, Order, Order]  # an implied price, and leg 1's and leg 2's orders that make it


class CombinationOrder(Order):
    """Section 15 beside section 9: an order of a combination, which counts in both its legs.

    `row` is its position row in leg 1 and `row_2` that in leg 2 (None where none are kept), frozen
    at `freeze_price_1` and `freeze_price_2`. `frozen_price` is its own price, as events show it.
    Only what it is in a leg (`legs`) ever fills.
    """

    __slots__ = ("freeze_price_1", "freeze_price_2", "row_2")

    freeze_price_1: int
    freeze_price_2: int
    row_2: Position | None

    def legs(self) -> tuple[Order, Order]:
        """What the order is in leg 1, and in leg 2 with the other side."""
        one, two = legs_of(self.instrument)
        first = self.in_leg(one, self.side, self.row, self.freeze_price_1)
        return first, self.in_leg(two, 1 - self.side, self.row_2, self.freeze_price_2)

    def in_leg(self, leg: Instrument, side: int, row: Position | None, frozen_price: int) -> Order:
        """An order of that leg which freezes, releases and fills as this one does there."""
        order = Order()
        order.order_id, order.member = self.order_id, self.member
        order.instrument, order.side, order.offset = leg, side, self.offset
        order.remaining, order.frozen_price, order.row = self.remaining, frozen_price, row
        return order

    def freeze(self, lots: int) -> None:
        """Count that many unfilled lots in both legs, or with lots < 0 no longer."""
        for leg in self.legs():
            leg.freeze(lots)


def legs_of(combination: Instrument) -> tuple[Instrument, Instrument]:
    """Leg 1, which a buy of the combination buys, and leg 2, which it sells."""
    assert combination.leg_1 is not None
    assert combination.leg_2 is not None
    return combination.leg_1, combination.leg_2


def define(market: Market, record: bytes) -> int:
    """combination_define."""
    leg_1, leg_2, number = COMBINATION_DEFINE.unpack_from(record, BLOCK)
    if not 1 <= number <= NUMBER_MAX:
        return Refused.REFERENCE_INVALID
    one, two = market.instruments.get(leg_1), market.instruments.get(leg_2)
    if one is None or two is None:
        return Refused.REFERENCE_UNKNOWN
    if one is two or one.leg_1 is not None or two.leg_1 is not None or not alike(one, two):
        return Refused.REFERENCE_INVALID
    lower, upper = one.lower_limit - two.upper_limit, one.upper_limit - two.lower_limit
    if not limits_sound(one.product, lower, upper):
        return Refused.REFERENCE_INVALID
    if number in market.instruments:
        return Refused.REFERENCE_IN_USE
    combination = Instrument(number, one.product, lower, upper)
    combination.leg_1, combination.leg_2 = one, two
    combination.last_price = one.last_price - two.last_price
    market.instruments[number] = combination
    market.combinations.append(combination)
    market.combinations.sort(key=lambda each: each.number)
    return changed(market, number, 43)


def alike(one: Instrument, two: Instrument) -> bool:
    """The products of both legs count prices, money and positions in the same way."""
    rules = ("tick", "multiplier", "offset_rule", "funds_checked")
    return all(getattr(one.product, rule) == getattr(two.product, rule) for rule in rules)


def limits_sound(product: Product, lower: int, upper: int) -> bool:
    """Limits of a combination: as of any instrument, but that they may lie below zero."""
    return (
        -checks.PRICE_MAX < lower < upper < checks.PRICE_MAX
        and (upper - lower) // product.tick < TICKS_MAX
        and value_sound(product, upper)
    )


def moved_limits(
    market: Market, leg: Instrument, lower: int, upper: int
) -> list[tuple[Instrument, int, int]]:
    """The limits of each combination of a leg, in ascending number, by these limits of the leg."""
    moved = []
    for combination in market.combinations:
        one, two = legs_of(combination)
        if leg is one:
            moved.append((combination, lower - two.upper_limit, upper - two.lower_limit))
        elif leg is two:
            moved.append((combination, one.lower_limit - upper, one.upper_limit - lower))
    return moved


def enter(market: Market, sent: Order) -> int:
    """order_enter in a combination, behind check 12; the reject reason, 0 where it was done."""
    order = CombinationOrder()
    for name in Order.__slots__:
        if name not in _JUDGED_LATER:
            setattr(order, name, getattr(sent, name))
    reason = judge(order) or judge_holdings(market, order)
    if reason:
        return market.refuse(
            1, order.seat, reason, order.member.number, order.client_id, order.instrument.number,
            order.account.number,
        )  # fmt: skip
    for row in rows_of(order):
        market.keep_row(row)
        row.ordered = 1
    order.freeze(order.remaining)
    market.orders_accepted += 1
    market.events.accepted(order, order.kind, order.price)
    match(market, order)
    if order.remaining:
        leave(market, order, 0)
    return 0


def judge(order: Order) -> int:
    """[13 to 27 of risk.md] What a combination takes, and both its legs do at present."""
    one, two = legs_of(order.instrument)
    return (
        checks.permission(order.account, one.product, order.offset)
        or checks.permission(order.account, two.product, order.offset)
        or judge_terms(order, one.product)
        or judge_phases(order.instrument)
        or checks.price(order)
        or checks.quantity(order, one.product)
        or checks.quantity(order, two.product)
    )


def judge_terms(order: Order, product: Product) -> int:
    """[14 to 17c] A limit order for the day or at once, with nothing beside."""
    if order.kind != codes.LIMIT:
        return Refused.KIND_UNSUPPORTED
    time = order.time_in_force
    if time not in (codes.DAY, codes.FAK) or not product.times_allowed >> time & 1:
        return Refused.TIME_IN_FORCE_UNSUPPORTED
    if checks.offset_known(order.offset, product):
        return Refused.OFFSET_UNSUPPORTED
    if order.minimum_quantity:
        return Refused.MINIMUM_INVALID
    if order.post_only:
        return Refused.POST_ONLY_UNSUPPORTED
    if order.display_quantity:
        return Refused.DISPLAY_INVALID
    return Refused.GOOD_TILL_INVALID if order.good_till_day else 0


def judge_phases(combination: Instrument) -> int:
    """[18 to 20] Both products take orders, nothing is halted, both are in `continuous`."""
    one, two = legs_of(combination)
    if not {one.product.phase, two.product.phase} <= set(checks.ENTRY_PHASES):
        return Refused.PHASE_NO_ENTRY
    if combination.halted or one.halted or two.halted:
        return Refused.HALTED
    return 0 if is_open(combination) else Refused.NOT_IN_AUCTION


def judge_holdings(market: Market, order: CombinationOrder) -> int:
    """[28 to 30] Leg 1, then leg 2 with leg 1's value counted. The order is given its rows and the
    prices at which it is frozen: the bought leg's upper limit, the sold one's lower."""
    one, two = legs_of(order.instrument)
    bought, sold = (one, two) if order.side == codes.BUY else (two, one)
    prices = {bought: bought.upper_limit, sold: sold.lower_limit}
    order.freeze_price_1, order.freeze_price_2 = prices[one], prices[two]
    order.frozen_price = order.price
    order.row = order.row_2 = None
    if one.product.offset_rule:
        order.row = market.row_of(order.account, one, order.hedge)
        order.row_2 = market.row_of(order.account, two, order.hedge)
    first, second = order.legs()
    reason = checks.holdings(first)
    if not reason:
        first.freeze(first.remaining)
        reason = checks.holdings(second)
        first.freeze(-first.remaining)
    return reason


def rows_of(order: CombinationOrder) -> Iterator[Position]:
    """Its position rows, leg 1's first; none where the products keep none."""
    for row in (order.row, order.row_2):
        if row is not None:
            yield row


def is_open(combination: Instrument) -> bool:
    """Orders of the combination may trade: both products are in `continuous`, nothing is halted."""
    one, two = legs_of(combination)
    if one.product.phase != codes.CONTINUOUS or two.product.phase != codes.CONTINUOUS:
        return False
    return not (combination.halted or one.halted or two.halted)


def implied(order: Order) -> Met | None:
    """The implied price for an order and who makes it; None where there is none, or it does not
    reach the order's own price."""
    one, two = legs_of(order.instrument)
    first, second = one.sides[1 - order.side].best(), two.sides[order.side].best()
    if first is None or second is None or related(order, first) or related(order, second):
        return None
    price = first.price - second.price
    return (price, first, second) if allows(order, price) else None


def allows(order: Order, price: int) -> bool:
    """The order may trade at that price."""
    return price <= order.price if order.side == codes.BUY else price >= order.price


def related(order: Order, resting: Order) -> bool:
    """A leg's order of the own group, where the leg's product prevents that they trade."""
    group = checks.minding_group(resting)
    return group is not None and order.account.group is group


def match(market: Market, order: CombinationOrder) -> None:
    """On entry: the better of the combination's best level and the implied price, its own where
    both are equal, again and again while the order's price allows it."""
    own = order.instrument.sides[1 - order.side]
    group = checks.minding_group(order)
    while order.remaining:
        resting = own.best()
        if resting is not None and not allows(order, resting.price):
            resting = None
        met = implied(order)
        if met is not None and (resting is None or own.sign * (met[0] - resting.price) > 0):
            take(market, order, met)
        elif resting is None:
            return
        elif group is not None and resting.account.group is group:
            meet_own(market, order, resting, group)
        else:
            meet(market, order, resting)


def follow(market: Market) -> None:
    """Afterwards: resting orders trade with legs that have come within reach, over and over until
    none does or the command has made its steps; then their position rows."""
    trading = True
    while trading:
        trading = False
        for combination in market.combinations:
            if is_open(combination):
                for side in combination.sides:
                    trading |= follow_side(market, side)
    show_rows(market)


def follow_side(market: Market, side: Side) -> bool:
    """The best order of one side trades while the implied price reaches it; True if one did."""
    traded = False
    while market.steps < STEPS_MAX:
        order = side.best()
        met = implied(order) if order is not None else None
        if met is None:
            break
        take(market, order, met)
        market.steps += 1
        traded = True
    return traded


def take(market: Market, order: CombinationOrder, met: Met) -> None:
    """One step with the legs' books, at the implied price: all of both legs or none of either."""
    price, first, second = met
    lots = min(order.remaining, first.shown, second.shown)
    leg_1, leg_2 = order.legs()
    fill(market, order, lots, price, codes.BY_COMBINATION, codes.INCOMING)
    for leg, other in ((leg_1, first), (leg_2, second)):
        source = codes.BY_BUY if other.side == codes.BUY else codes.BY_SELL
        trade_id = book_trade(market, leg.instrument, leg, other, lots, other.price)
        trade_resting(market, leg, other, lots, other.price, source, trade_id)
    settle_resting(market, order, lots)


def meet(market: Market, order: CombinationOrder, resting: CombinationOrder) -> None:
    """One step with the own book. Each leg trades too; that moves no last price of a leg, sets off
    no stop and moves no trailing one."""
    price, source = trade_price(order, resting)
    lots = min(order.remaining, resting.remaining)
    leg_1, leg_2 = order.legs()
    other_1, other_2 = resting.legs()
    price_1, price_2 = leg_prices(order.instrument, price)
    fill(market, order, lots, price, source, codes.INCOMING)
    fill(market, resting, lots, price, source, codes.RESTING)
    for leg, other, leg_price in ((leg_1, other_1, price_1), (leg_2, other_2, price_2)):
        trade_id = book_trade(market, leg.instrument, leg, other, lots, leg_price)
        buy, sell = (leg, other) if leg.side == codes.BUY else (other, leg)
        market.events.trade(
            leg.instrument, buy, sell, leg.side, codes.BY_COMBINATION, lots, leg_price, trade_id
        )
    settle_resting(market, resting, lots)


def fill(
    market: Market, order: CombinationOrder, lots: int, price: int, source: int, role: int
) -> None:
    """Lots of the combination's order fill: its report names leg 1's trade, which comes next, and
    its rows of leg 1 and of leg 2 are touched before anyone else's."""
    order.instrument.last_price = price
    order.remaining -= lots
    assert order.remaining >= 0
    market.events.filled(order, lots, price, source, role, len(market.trades) + 1)
    for row in rows_of(order):
        market.touched[row] = None


def settle_resting(market: Market, order: CombinationOrder, lots: int) -> None:
    """What a fill leaves of an order in the combination's book; an incoming one shows nothing."""
    if order.shown:
        order.shown -= lots
        if order.shown == 0:
            show_anew(market, order)


def leg_prices(combination: Instrument, price: int) -> tuple[int, int]:
    """Of a trade with the own book: leg 2 at its last price, moved as little as both legs' limits
    ask for, leg 1 at the combination's price above that."""
    one, two = legs_of(combination)
    low = max(two.lower_limit, one.lower_limit - price)
    high = min(two.upper_limit, one.upper_limit - price)
    assert low <= high, "limits of a combination are those of its legs"
    second = min(max(two.last_price, low), high)
    return price + second, second
