"""Traders who take liquidity: speculators of every habit, and holders who close what they held."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from twinex.day.desk import Desk, Orders, chosen, limit_orders
from twinex.day.roster import HOLDER, TAKER
from twinex.day.valuation import Valuation, pick, whole_steps
from twinex.venue.wire import codes

Ints = npt.NDArray[np.int64]

_LOTS = np.array([1, 1, 1, 1, 1, 2, 2, 2, 3, 3, 4, 5, 5, 8, 10], dtype=np.int64)
_RECENT = 200_000  # client ids looked back for orders to cancel


@dataclass(frozen=True)
class Habit:
    """One way of ordering. `eager`: ticks the limit price goes beyond fair, from and to."""

    share: int
    kind: int
    time_in_force: int
    eager: tuple[int, int] = (0, 0)
    minimum: bool = False


HABITS = (
    Habit(34, codes.KIND_LIMIT, codes.TIME_DAY, (-7, 1)),
    Habit(16, codes.KIND_LIMIT, codes.TIME_DAY, (1, 6)),
    Habit(12, codes.KIND_LIMIT, codes.TIME_FAK, (0, 6)),
    Habit(4, codes.KIND_LIMIT, codes.TIME_FAK, (0, 6), minimum=True),
    Habit(6, codes.KIND_LIMIT, codes.TIME_FOK, (0, 6)),
    Habit(8, codes.KIND_MARKET, codes.TIME_FAK),
    Habit(2, codes.KIND_MARKET, codes.TIME_DAY),
    Habit(5, codes.KIND_BEST, codes.TIME_FAK),
    Habit(4, codes.KIND_BEST, codes.TIME_DAY),
    Habit(5, codes.KIND_FIVE_LEVELS, codes.TIME_FAK),
    Habit(4, codes.KIND_FIVE_LEVELS, codes.TIME_DAY),
)


class Takers:
    """Speculators (投机): they follow the price, some ahead of it, some behind."""

    def __init__(self, desk: Desk, valuation: Valuation, random: np.random.Generator) -> None:
        self.desk = desk
        self.valuation = valuation
        self.random = random
        self.traders = desk.roster.rows(TAKER)
        self.holders = desk.roster.rows(HOLDER)
        self._ends = np.cumsum([habit.share for habit in HABITS])
        self._kind = np.array([habit.kind for habit in HABITS])
        self._time = np.array([habit.time_in_force for habit in HABITS])
        self._eager_from = np.array([habit.eager[0] for habit in HABITS])
        self._eager_span = np.array([habit.eager[1] - habit.eager[0] + 1 for habit in HABITS])
        self._minimum = np.array([habit.minimum for habit in HABITS])

    def act(self, open_: npt.NDArray[np.bool_], count: int) -> Orders:
        """About `count` orders in contracts that trade continuously."""
        slots = pick(self.random, self.valuation.weight, open_, count)
        count = len(slots)
        traders = self.random.choice(self.traders, count)
        habit = self._habits(slots)
        minimum = self._minimum[habit] & (self.desk.listing.minimum_allowed[slots] > 0)
        side = self._sides(slots)
        quantity = self._lots(slots, self._kind[habit] != codes.KIND_LIMIT)
        eager = self._eager_from[habit] + self.random.integers(0, self._eager_span[habit])
        price = self._prices(slots, side, eager)
        orders = Orders(
            traders,
            slots,
            side,
            self._kind[habit],
            self._time[habit],
            self._offsets(traders, slots, side, quantity),
            np.where(self._kind[habit] == codes.KIND_LIMIT, price, 0),
            quantity,
            np.where(minimum, (quantity + 1) // 2, 0),
        )
        return self._permitted(orders)

    def _permitted(self, orders: Orders) -> Orders:
        """Without those who have opened all that they may today."""
        may_open = self.desk.may_open(orders.trader, orders.slot, orders.quantity)
        return chosen(orders, (orders.offset != codes.OFFSET_OPEN) | may_open)

    def _habits(self, slots: Ints) -> Ints:
        """A row of HABITS for each contract; the first one where its market takes no such order."""
        draws = self.random.integers(0, self._ends[-1], len(slots))
        habit = np.searchsorted(self._ends, draws, side="right")
        listing = self.desk.listing
        allowed = listing.kinds_allowed[slots] >> self._kind[habit]
        allowed &= listing.times_allowed[slots] >> self._time[habit]
        return np.where(allowed & 1, habit, 0)

    def _sides(self, slots: Ints) -> Ints:
        """Buyers where the last price lags behind what the contract is worth, mostly."""
        last = self.desk.last_price[slots]
        lag = np.where(last > 0, self.valuation.fair[slots] - last, 0)
        ticks = np.clip(lag // self.desk.listing.tick[slots], -3, 3)
        sides: Ints = (self.random.integers(0, 16, len(slots)) >= 8 + ticks).astype(np.int64)
        return sides

    def _prices(self, slots: Ints, side: Ints, eager_ticks: Ints) -> Ints:
        listing = self.desk.listing
        towards = np.where(side == codes.SIDE_BUY, eager_ticks, -eager_ticks)
        prices = self.valuation.fair[slots] + towards * listing.tick[slots]
        inside: Ints = np.clip(prices, listing.lower[slots], listing.upper[slots])
        return inside

    def _lots(self, slots: Ints, market: npt.NDArray[np.bool_]) -> Ints:
        listing = self.desk.listing
        most = np.where(market, listing.quantity_market[slots], listing.quantity_limit[slots])
        lots = np.minimum(self.random.choice(_LOTS, len(slots)), most)
        return whole_steps(lots, listing.quantity_step[slots])

    def _offsets(self, traders: Ints, slots: Ints, side: Ints, quantity: Ints) -> Ints:
        """Who holds enough against an order closes it, two times in three."""
        willing = self.random.integers(0, 3, len(slots)) > 0
        offsets = self.desk.offsets(traders, slots, side, quantity)
        return np.where(willing, offsets, codes.OFFSET_OPEN)

    def auction(self, open_: npt.NDArray[np.bool_], count: int) -> Orders:
        """Limit orders on both sides of fair, many of them crossing, for a call auction."""
        slots = pick(self.random, self.valuation.weight, open_, count)
        traders = self.random.choice(self.traders, len(slots))
        side = self.random.integers(0, 2, len(slots))
        eager = self.random.integers(-8, 13, len(slots))
        no_market = np.zeros(len(slots), dtype=np.bool_)
        quantity = self._lots(slots, no_market)
        offset = self._offsets(traders, slots, side, quantity)
        prices = self._prices(slots, side, eager)
        return self._permitted(limit_orders(traders, slots, side, prices, quantity, offset))

    def close_out(self, open_: npt.NDArray[np.bool_], count: int) -> Orders:
        """Holders close overnight positions, a few lots at a time."""
        held = (self.desk.held - self.desk.frozen)[self.holders, :, :, 0]
        rows, slots, hands = np.nonzero(held * open_[None, :, None] > 0)
        if len(rows) == 0 or count <= 0:
            rows = slots = hands = np.zeros(0, dtype=np.int64)
        else:
            drawn = np.unique(self.random.integers(0, len(rows), count))
            rows, slots, hands = rows[drawn], slots[drawn], hands[drawn]
        traders, side = self.holders[rows], 1 - hands
        quantity = np.minimum(
            self._lots(slots, np.zeros(len(slots), dtype=np.bool_)), held[rows, slots, hands]
        )
        eager = self.random.integers(-1, 5, len(slots))
        return limit_orders(
            traders,
            slots,
            side,
            self._prices(slots, side, eager),
            quantity,
            codes.OFFSET_CLOSE,
        )

    def give_up(self, count: int, cancellable: npt.NDArray[np.bool_]) -> Ints:
        """Client ids of resting orders (not quotes) to cancel, from the recent ones."""
        first = max(1, self.desk.next_id - _RECENT)
        ids = np.unique(self.random.integers(first, self.desk.next_id, 4 * count))
        rows = self.desk.rows[ids]
        own = self.desk.roster.role[rows["trader"]] == TAKER
        found: Ints = ids[rows["resting"] & own & cancellable[rows["slot"]]]
        return found[:count]
