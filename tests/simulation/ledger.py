"""The part of the invariants that counts: lots of orders and trades, money, positions, interest."""

from collections import defaultdict
from dataclasses import dataclass

from checkers.wire import ENUMS

from simulation.queues import BUY, OPEN, SELL, Contract, Order

_LEGS = 1024
_ROLE = ENUMS["Role"]


class Violated(AssertionError):  # noqa: N818
    """Events that break an invariant; `sequence`: of the command that they answer."""

    def __init__(self, sequence: int, text: str) -> None:
        super().__init__(text)
        self.sequence = sequence


@dataclass(slots=True)
class Deal:
    """A trade of the day, as it may be voided or corrected."""

    instrument: int
    quantity: int
    price: int
    busted: bool = False


class Ledger:
    """Lives of orders, and what fills do to volume, money, positions and open interest."""

    def __init__(self) -> None:
        self.sequence = 0
        self.contracts: dict[int, Contract] = {}
        self.orders: dict[int, Order] = {}
        self.accepted = self.last_trade = self.volume = 0
        # (instrument, quantity, price, source) of the trades of this command
        self.traded: list[tuple[int, int, int, int]] = []
        self._entered: list[Order] = []  # by this command: to rest, wait or be done
        self._owed: dict[int, int] = defaultdict(int)  # order -> lots filled, not yet traded
        self._cost = 0  # what the fills of this command cost, sellers counted negative
        self._deals: dict[int, Deal] = {}
        self._rows: dict[tuple[int, int, int], tuple[int, int]] = {}  # as told last
        self._moved: dict[tuple[int, int, int], list[int]] = {}  # by fills since

    def hold(self, is_true: bool, rule: str, *about: object) -> None:
        """Raises Violated."""
        if not is_true:
            raise Violated(self.sequence, f"{rule}: {', '.join(map(str, about))}")

    def alive(self, order_id: int) -> Order:
        order = self.orders.get(order_id)
        if order is None or order.done:
            self.hold(False, "nothing is said of an order that is not alive", order_id)
        assert order is not None
        return order

    def settle(self) -> None:
        """What must be even when a command is over."""
        for order in self._entered:
            done = order.done or order.resting or order.waiting
            self.hold(done, "what enters rests, waits or is done", order)
        if self._owed:
            odd = {order: lots for order, lots in self._owed.items() if lots}
            self.hold(not odd, "an order's fills are its trades", odd)
            self.hold(self._cost == 0, "what buyers pay sellers get", self._cost)
            self.hold(not self._moved, "a filled row is told", self._moved)
            self._owed.clear()
        self._entered.clear()
        self.traded.clear()

    # -- lives -------------------------------------------------------------------------------

    def order_accepted(
        self,
        order_id: int,
        instrument: int,
        account: int,
        side: int,
        offset: int,
        hedge: int,
        quantity: int,
        display_quantity: int,
    ) -> None:
        self.hold(order_id not in self.orders, "an order id is used once", order_id)
        is_carried = order_id // _LEGS != self.sequence
        order = Order(
            order_id,
            instrument,
            account,
            side,
            offset,
            hedge,
            quantity,
            None if is_carried else quantity,
            display_quantity,
        )
        self.orders[order_id] = order
        self.accepted += 1
        self._entered.append(order)

    def stop_accepted(
        self,
        order_id: int,
        instrument: int,
        account: int,
        side: int,
        offset: int,
        hedge: int,
        quantity: int,
        display_quantity: int,
    ) -> None:
        named = (order_id, instrument, account, side, offset, hedge, quantity, display_quantity)
        self.order_accepted(*named)
        self.orders[order_id].waiting = True

    def stop_triggered(self, order_id: int, quantity: int) -> None:
        order = self.alive(order_id)
        self.hold(order.waiting, "a stop that waits is set off", order)
        self.hold(order.remaining in (None, quantity), "all its lots enter", order, quantity)
        order.remaining, order.waiting = quantity, False
        self._entered.append(order)

    def order_cancelled(self, order_id: int, quantity: int) -> None:
        order = self.alive(order_id)
        self.hold(
            order.remaining in (None, quantity), "all that is left is cancelled", order, quantity
        )
        if order.resting:
            self.contracts[order.instrument].leave(order)
        order.done, order.waiting = True, False

    def order_reduced(self, order_id: int, quantity: int, remaining: int) -> None:
        order = self.alive(order_id)
        left = None if order.remaining is None else order.remaining - quantity
        self.hold(left in (None, remaining) and remaining > 0, "a reduced order", order, quantity)
        order.total, order.remaining = order.total - quantity, remaining
        order.shown = min(order.shown, remaining)

    def order_amended(
        self, order_id: int, priority_kept: int, quantity: int, price: int, remaining: int
    ) -> None:
        order = self.alive(order_id)
        self.hold(order.resting, "an order is amended while it rests", order)
        if order.remaining is not None:
            filled = order.total - order.remaining
            self.hold(quantity - remaining == filled, "an amend fills nothing", order, quantity)
        before, order.remaining, order.total = order.remaining, remaining, quantity
        if priority_kept:
            is_smaller = before is None or remaining <= before
            self.hold(is_smaller and price == order.price, "who grows queues anew", order)
            order.shown = min(order.shown, remaining)
            return
        self.contracts[order.instrument].leave(order)
        self._entered.append(order)

    # -- fills -------------------------------------------------------------------------------

    def order_filled(
        self, order_id: int, instrument: int, role: int, quantity: int, price: int, remaining: int
    ) -> None:
        order = self.alive(order_id)
        self.hold(quantity > 0 and not order.waiting, "a fill has lots", order, quantity)
        left = remaining if order.remaining is None else order.remaining - quantity
        self.hold(left == remaining >= 0, "a fill takes its lots off", order, quantity, remaining)
        self.hold(instrument == order.instrument, "an order trades in its instrument", order)
        contract = self.contracts[instrument]
        order.remaining = remaining
        if order.resting:
            self._fill_resting(contract, order, role, quantity, price)
        else:
            self.hold(role == _ROLE.incoming, "who does not rest comes in", order, role)
        if remaining == 0:
            order.done = True
        self._owed[order_id] += quantity if contract.legs is None else 2 * quantity
        sign = 1 if order.side == BUY else -1
        self._cost += sign * price * quantity * contract.multiplier
        self._move_rows(contract, order, quantity)

    def _fill_resting(
        self, contract: Contract, order: Order, role: int, quantity: int, price: int
    ) -> None:
        """In its turn, at its price or better, out of what it shows."""
        is_auction = role == _ROLE.auction
        known = role == _ROLE.resting or is_auction or contract.legs is not None
        self.hold(known, "only a combination's order rests and comes in", order, role)
        self.hold(contract.is_next(order), "nobody stands before who is filled", order)
        is_fair = price <= order.price if order.side == BUY else price >= order.price
        self.hold(is_fair, "nobody pays more than his price", order, price)
        assert order.remaining is not None
        if is_auction:
            order.shown = min(order.display or order.remaining, order.remaining)
        else:
            self.hold(quantity <= order.shown, "a fill takes what is shown", order, quantity)
            order.shown -= quantity
        if order.remaining == 0:
            contract.leave(order)

    def _move_rows(self, contract: Contract, order: Order, quantity: int) -> None:
        """What a fill does to holdings: of a combination's order in both legs."""
        parts = contract.legs or (contract,)
        for part, side in zip(parts, (order.side, 1 - order.side), strict=False):
            if part.keeps_positions:
                row = self._moved.setdefault((order.account, part.number, order.hedge), [0, 0])
                if order.offset == OPEN:
                    row[side] += quantity
                else:
                    row[1 - side] -= quantity

    def trade(
        self,
        instrument: int,
        trade_id: int,
        buy_order_id: int,
        sell_order_id: int,
        price_source: int,
        quantity: int,
        price: int,
        turnover: int,
        open_interest: int,
    ) -> None:
        self.hold(trade_id == self.last_trade + 1, "trade ids have no gaps", trade_id)
        contract = self.contracts[instrument]
        due = price * quantity * contract.multiplier
        self.hold(turnover == due, "turnover is price x multiplier x lots", turnover, due)
        self.last_trade, self.volume = trade_id, self.volume + quantity
        for side, order_id in ((BUY, buy_order_id), (SELL, sell_order_id)):
            order = self.orders[order_id]
            self.hold(self._side_in(order, contract) == side, "a trade has a buyer and a seller")
            self._owed[order_id] -= quantity
        if contract.keeps_positions:
            opens = self.orders[buy_order_id].offset == OPEN
            closes = self.orders[sell_order_id].offset != OPEN
            contract.open_interest += quantity * (opens - closes)
        self.hold(open_interest == contract.open_interest, "open interest", open_interest)
        self._deals[trade_id] = Deal(instrument, quantity, price)
        self.traded.append((instrument, quantity, price, price_source))

    def _side_in(self, order: Order, contract: Contract) -> int | None:
        """What an order does in a contract, its own or a leg; None where it has no part in it."""
        if order.instrument == contract.number:
            return order.side
        legs = self.contracts[order.instrument].legs
        if legs is None or contract not in legs:
            return None
        return order.side if contract is legs[0] else 1 - order.side

    def position_changed(
        self,
        account: int,
        instrument: int,
        hedge: int,
        long_today: int,
        long_yesterday: int,
        short_today: int,
        short_yesterday: int,
    ) -> None:
        key = (account, instrument, hedge)
        holdings = (long_today, long_yesterday, short_today, short_yesterday)
        self.hold(min(holdings) >= 0, "no holding is below zero", key, holdings)
        moved = self._moved.pop(key, None)
        self.hold(moved is not None, "a row is told after a fill only, once", key)
        assert moved is not None
        now = (long_today + long_yesterday, short_today + short_yesterday)
        before = self._rows.get(key)
        if before is not None:
            due = (before[0] + moved[0], before[1] + moved[1])
            self.hold(now == due, "positions move by fills", key, now, due)
        self._rows[key] = now

    # -- what the exchange does to trades ----------------------------------------------------

    def trade_busted(self, trade_id: int, instrument: int, quantity: int, price: int) -> None:
        self._deal(trade_id, instrument, quantity, price).busted = True

    def trade_corrected(
        self, trade_id: int, instrument: int, quantity: int, price: int, old_price: int
    ) -> None:
        self._deal(trade_id, instrument, quantity, old_price).price = price

    def _deal(self, trade_id: int, instrument: int, quantity: int, price: int) -> Deal:
        """The trade as it stands: both sides' money goes back in full, and at no other price."""
        deal = self._deals.get(trade_id)
        if deal is None or deal.busted:
            self.hold(False, "a trade is voided once", trade_id)
        assert deal is not None
        stands = (deal.instrument, deal.quantity, deal.price)
        self.hold(stands == (instrument, quantity, price), "a trade as it stands", stands, price)
        return deal
