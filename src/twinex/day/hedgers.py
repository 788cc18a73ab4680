"""Hedgers (套保): they trade options, and futures against what the options weigh."""

import numpy as np
import numpy.typing as npt

from twinex.day.desk import Desk, Orders, concatenate, limit_orders
from twinex.day.prices import ONE
from twinex.day.roster import HEDGER
from twinex.day.valuation import Valuation, pick
from twinex.venue.wire import codes

Ints = npt.NDArray[np.int64]

_LOTS_MAX = 10


class Hedgers:
    """Each keeps the delta of its options near the opposite of its futures', family by family."""

    def __init__(self, desk: Desk, valuation: Valuation, random: np.random.Generator) -> None:
        self.desk = desk
        self.valuation = valuation
        self.random = random
        self.traders = desk.roster.rows(HEDGER)
        listing = desk.listing
        self._near = np.array([listing.nearest(n) for n in range(len(listing.families))])
        # What they came with was hedged elsewhere: only what they add has to be balanced.
        self._start = self._net()

    def act(self, open_: npt.NDArray[np.bool_], count: int) -> Orders:
        """Options for half of `count`, then futures against the imbalance there is."""
        return concatenate([self._options(open_, count // 2), self._futures(open_, count // 2)])

    def _options(self, open_: npt.NDArray[np.bool_], count: int) -> Orders:
        slots = pick(self.random, self.valuation.weight, open_ & self.valuation.is_option, count)
        traders = self.random.choice(self.traders, len(slots))
        side = self.random.integers(0, 2, len(slots))
        lots = self.random.integers(1, _LOTS_MAX + 1, len(slots))
        return self._limits(traders, slots, side, lots)

    def _net(self) -> Ints:
        """Long minus short lots, [hedger, slot]."""
        return self.desk.net(self.traders[:, None], np.arange(len(self.desk.listing))[None, :])

    def imbalance(self) -> Ints:
        """Lots of the nearest future that each [hedger, family] would have to sell."""
        listing = self.desk.listing
        net = self._net() - self._start
        value = net * self.valuation.delta() * listing.multiplier
        total = np.zeros((len(self.traders), len(self._near)), dtype=np.int64)
        for family in range(len(self._near)):
            total[:, family] = value[:, listing.family == family].sum(axis=1)
        one_lot = ONE * listing.multiplier[self._near]
        lots: Ints = (total + one_lot // 2) // one_lot
        return lots

    def _futures(self, open_: npt.NDArray[np.bool_], count: int) -> Orders:
        if count <= 0:
            nobody = np.zeros(0, dtype=np.int64)
            return self._limits(nobody, nobody, nobody, nobody)
        imbalance = self.imbalance()
        rows, families = np.nonzero(imbalance * open_[self._near])
        chosen = self.random.permutation(len(rows))[:count]
        rows, families = rows[chosen], families[chosen]
        lots = imbalance[rows, families]
        side = np.where(lots > 0, codes.SIDE_SELL, codes.SIDE_BUY)
        lots = np.minimum(np.abs(lots), _LOTS_MAX).astype(np.int64)
        return self._limits(self.traders[rows], self._near[families], side, lots)

    def _limits(self, traders: Ints, slots: Ints, side: Ints, lots: Ints) -> Orders:
        """Limit orders a little beyond fair that are filled or killed (FAK)."""
        listing = self.desk.listing
        ticks = self.random.integers(1, 6, len(slots))
        towards = np.where(side == codes.SIDE_BUY, ticks, -ticks)
        wanted = self.valuation.fair[slots] + towards * listing.tick[slots]
        price: Ints = np.clip(wanted, listing.lower[slots], listing.upper[slots])
        offset = self.desk.offsets(traders, slots, side, lots)
        orders = limit_orders(traders, slots, side, price, lots, offset)
        return orders._replace(time_in_force=np.full(len(slots), codes.TIME_FAK, dtype=np.int64))
