"""One fill: what it does to orders, holdings, credit and open interest, and its events."""

from checkers.answer import Answer, owner
from checkers.market import BUY, SELL, Deal, Instrument, Market, Order, hold
from checkers.wire import ENUMS, OFFSET

ROLE = ENUMS["Role"]


class Fills:
    """What the fills of one command touched: position rows in the order of their first fill, and
    the prices of each instrument."""

    def __init__(self, market: Market) -> None:
        self.market, self.touched = market, dict[tuple[int, int, int], Order]()
        self.prices: dict[int, list[int]] = {}

    def touch(self, order: Order) -> None:
        """An order fills: its row, or those of its legs."""
        for instrument, _, _ in self.market.parts(order, order.price):
            if self.market.row(order, instrument) is not None:
                self.touched.setdefault((order.account, instrument.number, order.hedge), order)

    def price(self, instrument: Instrument, price: int) -> None:
        """A trade that moves cp, and that stops are judged by."""
        instrument.last = price
        self.prices.setdefault(instrument.number, []).append(price)

    def end(self, answer: Answer) -> None:
        """The fills of a command are complete: its rows; its prices are the stops' business."""
        self.take_positions(answer)
        for number, found in self.prices.items():
            self.market.traded.setdefault(number, []).extend(found)

    def take_positions(self, answer: Answer) -> None:
        """The `position_changed` rows that must follow now."""
        for (account, instrument, hedge), order in self.touched.items():
            row = self.market.rows[account, instrument, hedge]
            answer.take(
                "position_changed",
                instrument=instrument,
                account=account,
                hedge=hedge,
                member=order.member,
                long_today=row.today[0],
                short_today=row.today[1],
                long_yesterday=row.yesterday[0],
                short_yesterday=row.yesterday[1],
                long_frozen=row.frozen[0],
                short_frozen=row.frozen[1],
                long_frozen_today=row.frozen_today[0],
                short_frozen_today=row.frozen_today[1],
            )
        self.touched.clear()


def take_trade(
    market: Market,
    answer: Answer,
    sides: tuple[Order, Order],
    reports: tuple[Order, Order],
    roles: dict[int, int],
    lots: int,
    at: tuple[int, int],
    fills: Fills,
) -> None:
    """Two reports and the trade of one fill; `at`: its price and source."""
    instrument = market.instruments[sides[0].instrument]
    for order in reports:
        take_filled(answer, order, lots, at, roles[order.id], fills)
    incoming = reports[0].side if roles[reports[0].id] == ROLE.incoming else 2
    take_deal(market, answer, instrument, reports, incoming, lots, at)
    fills.price(instrument, at[0])
    leave_if_filled(market, reports)


def take_filled(
    answer: Answer, order: Order, lots: int, at: tuple[int, int], role: int, fills: Fills
) -> None:
    """`order_filled` of one side of the trade that comes next."""
    fills.touch(order)
    order.remaining -= lots
    hold(order.remaining >= 0, "an order fills no more than its quantity", order)
    if role == ROLE.resting and order.display:
        order.visible -= lots
    answer.take(
        "order_filled",
        **owner(order),
        offset=order.offset,
        hedge=order.hedge,
        role=role,
        quantity=lots,
        price=at[0],
        price_source=at[1],
        trade_id=fills.market.trades + 1,
        remaining=order.remaining,
    )


def take_deal(
    market: Market,
    answer: Answer,
    instrument: Instrument,
    orders: tuple[Order, Order],
    incoming: int,
    lots: int,
    at: tuple[int, int],
) -> None:
    """`trade` of two orders in an instrument (a leg, if they are of combinations), and what it does
    to holdings, credit and open interest."""
    price, source = at
    market.trades += 1
    market.volume += lots
    market.deals[market.trades] = Deal(instrument.number, lots, price)
    ids, opens = [0, 0], 0
    for order in orders:
        market.fill(order, instrument, lots, price)
        ids[market.side_in(order, instrument)] = order.id
        opens += order.offset == OFFSET.open
    if instrument.product.offset_rule:
        instrument.open_interest += lots * (opens - 1)
    answer.take(
        "trade",
        instrument=instrument.number,
        buy_order_id=ids[BUY],
        sell_order_id=ids[SELL],
        turnover=price * instrument.product.multiplier * lots,
        open_interest=instrument.open_interest,
        side=incoming,
        quantity=lots,
        price=price,
        price_source=source,
        trade_id=market.trades,
    )


def leave_if_filled(market: Market, orders: tuple[Order, ...]) -> None:
    for order in orders:
        if order.remaining == 0:
            order.done = True
            if order.resting:
                market.instruments[order.instrument].leave(order)
