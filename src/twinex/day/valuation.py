"""Fair prices, deltas and activity of every contract, moving with the latent prices."""

import math
from datetime import date

import numpy as np
import numpy.typing as npt

from twinex.day.prices import Walk, option_delta, option_value, round_to
from twinex.readers.listing import Listing
from twinex.venue.wire import codes

Ints = npt.NDArray[np.int64]

_DAILY_BASIS_POINTS = {"IF": 110, "IH": 110, "IC": 130, "IM": 150}
_DAILY_BASIS_POINTS |= {"TS": 4, "TF": 10, "T": 16, "TL": 45}
_DAILY_DEFAULT = 100
_YEARLY_PERCENT = 18  # volatility the options are priced with
_FUTURE_WEIGHTS = (480, 200, 110, 60, 40)  # by month, nearest first
_OPTION_WEIGHTS = (64, 32, 16, 12, 8, 6)
_BOND_SHARE = 3  # bonds trade a third as often


class Valuation:
    """Prices in 1/10000 of the quote unit, one row a slot of the listing."""

    def __init__(self, listing: Listing, trading_day: date, seed: int) -> None:
        self.listing = listing
        self.is_option = listing.product_class == codes.CLASS_OPTION
        self._near = np.array([listing.nearest(n) for n in range(len(listing.families))])
        basis_points = [_DAILY_BASIS_POINTS.get(n, _DAILY_DEFAULT) for n in listing.families]
        start = listing.settlement[self._near]
        self.walk = Walk(start, np.array(basis_points, dtype=np.int64), seed)
        self._anchor = listing.settlement.copy()
        self._anchor[self.is_option] = [self._forward(s) for s in np.flatnonzero(self.is_option)]
        self._deviation = self._anchor * _YEARLY_PERCENT // 100 * self._root_of_time(trading_day)
        self._deviation = np.maximum(self._deviation // 10_000, 1)
        self.fair = self._fair()
        self.weight = self._weights()

    def _forward(self, slot: np.int64) -> int:
        """Settlement of the future an option hangs on: the same month, or the nearest to it."""
        listing = self.listing
        own = (listing.family == listing.family[slot]) & ~self.is_option
        slots = np.flatnonzero(own)
        if len(slots) == 0:
            return int(listing.settlement[slot])
        best = np.argmin(np.abs(listing.month[slots] - listing.month[slot]))
        return int(listing.settlement[slots[best]])

    def _root_of_time(self, trading_day: date) -> Ints:
        """Square root of the years to expiry, in 1/10000."""
        roots = []
        for expiry in self.listing.expiry_day.tolist():
            days = 30
            if expiry:
                last = date(expiry // 10_000, expiry // 100 % 100, expiry % 100)
                days = max(1, (last - trading_day).days)
            roots.append(math.isqrt(days * 10**8 // 365))
        return np.array(roots, dtype=np.int64)

    def advance(self, seconds: int) -> None:
        """Move the latent prices on, and the fair prices with them."""
        self.walk.advance(seconds)
        self.fair = self._fair()

    def _forwards(self) -> Ints:
        family = self.listing.family
        forwards: Ints = self._anchor * self.walk.price[family] // self.walk.start[family]
        return forwards

    def _fair(self) -> Ints:
        listing, option = self.listing, self.is_option
        value = self._forwards()
        value[option] = option_value(
            value[option], listing.strike[option], self._deviation[option], listing.call[option]
        )
        value = round_to(value, listing.tick)
        return np.clip(value, listing.lower, listing.upper)

    def delta(self) -> Ints:
        """Move of each contract for a move of its family's future, in 1/65536."""
        listing, option = self.listing, self.is_option
        delta = np.full(len(listing), 1 << 16, dtype=np.int64)
        delta[option] = option_delta(
            self._forwards()[option],
            listing.strike[option],
            self._deviation[option],
            listing.call[option],
        )
        return delta

    def _weights(self) -> Ints:
        """How often a contract is traded, as a share of the sum: near months and strikes most."""
        listing = self.listing
        weights = np.zeros(len(listing), dtype=np.int64)
        for slot in range(len(listing)):
            same = listing.product == listing.product[slot]
            rank = int(np.sum(np.unique(listing.month[same]) < listing.month[slot]))
            if self.is_option[slot]:
                away = abs(int(self._anchor[slot] - listing.strike[slot]))
                shape = 1 + 4 * away // int(self._deviation[slot])
                weights[slot] = max(1, _OPTION_WEIGHTS[min(rank, 5)] // shape)
            else:
                weights[slot] = _FUTURE_WEIGHTS[min(rank, 4)]
        weights[listing.strike == 0] //= np.where(self._bonds(), _BOND_SHARE, 1)[
            listing.strike == 0
        ]
        return weights

    def _bonds(self) -> npt.NDArray[np.bool_]:
        return np.array([name.startswith("T") for name in self.listing.product_names])


def pick(
    random: np.random.Generator, weight: Ints, open_: npt.NDArray[np.bool_], count: int
) -> Ints:
    """`count` slots drawn by weight among the open ones; none if none is open."""
    ends = np.cumsum(weight * open_)
    if count <= 0 or ends[-1] == 0:
        return np.zeros(0, dtype=np.int64)
    return np.searchsorted(ends, random.integers(0, ends[-1], count), side="right")


def whole_steps(lots: Ints, step: Ints) -> Ints:
    """`lots` rounded down to whole steps, at least one."""
    whole: Ints = np.maximum(lots // step, 1) * step
    return whole
