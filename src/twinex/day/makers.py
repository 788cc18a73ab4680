"""Market makers (做市商): several levels on both sides of what they think a contract is worth."""

import numpy as np
import numpy.typing as npt

from twinex.day.desk import Desk, Orders, limit_orders
from twinex.day.roster import MAKER
from twinex.day.valuation import Valuation, pick, whole_steps

Ints = npt.NDArray[np.int64]

LEVELS = 5
_LOTS = np.array([1, 1, 2, 2, 3, 4, 5, 8], dtype=np.int64)
_SKEW_LOTS = 40  # net lots that move a maker's quotes by one tick
_SKEW_TICKS_MAX = 6
_SHARE = 1024  # commands a refreshed pair takes, in these parts, as a running mean
_CANDIDATES = 3  # pairs looked at for one that is refreshed
_THIN = 6  # weight that every contract has for its makers, however seldom it trades


class Makers:
    """All makers at once. `quotes` holds client ids by [maker, slot, side, level]; 0 = none."""

    def __init__(self, desk: Desk, valuation: Valuation, random: np.random.Generator) -> None:
        self.desk = desk
        self.valuation = valuation
        self.random = random
        self.traders = desk.roster.rows(MAKER)
        self.quotes = np.zeros((len(self.traders), len(desk.listing), 2, LEVELS), dtype=np.int64)
        self._gap = self._gaps()
        self._quoted = np.zeros(self.quotes.shape[:2], dtype=np.int64)  # fair, when last refreshed
        self._duty = self._duties()
        self._commands_a_pair = 12 * _SHARE
        self._awaiting: tuple[Ints, ...] = ()

    def _gaps(self) -> Ints:
        """Ticks between levels: one where trading is dense, more where it is thin."""
        weight = self.valuation.weight
        gap = np.select([weight >= 100, weight >= 40, weight >= 8], [1, 2, 3], 4)
        return gap.astype(np.int64)

    def _duties(self) -> npt.NDArray[np.bool_]:
        """Who quotes what, [maker, slot]: all of them futures, every second one an option."""
        maker, slot = np.ogrid[: len(self.traders), : len(self.desk.listing)]
        duty: npt.NDArray[np.bool_] = ~self.valuation.is_option[None, :] | ((maker + slot) % 2 == 0)
        return duty

    def act(self, open_: npt.NDArray[np.bool_], count: int) -> tuple[Ints, Orders]:
        """Refresh quotes for about `count` commands: client ids to cancel, orders to enter."""
        pairs = max(1, count * _SHARE // self._commands_a_pair)
        chosen = self._neediest(open_, pairs)
        makers, slots = np.divmod(chosen, len(open_))
        self._quoted[makers, slots] = self.valuation.fair[slots]
        prices, wanted = self._targets(makers, slots)
        cancels, orders = self._replace(makers, slots, prices, wanted)
        if len(chosen):
            sent = (len(cancels) + len(orders.trader)) * _SHARE // len(chosen)
            self._commands_a_pair = max(_SHARE, (63 * self._commands_a_pair + sent) // 64)
        return cancels, orders

    def _neediest(self, open_: npt.NDArray[np.bool_], pairs: int) -> Ints:
        """Pairs (maker times slots + slot) whose quotes are worn most, of some drawn; ascending.

        What counts: how far fair has moved from them, and how many are gone.
        """
        count = len(open_)
        weight = (self._duty * (self.valuation.weight + _THIN)).ravel()
        drawn = pick(self.random, weight, np.tile(open_, len(self.traders)), _CANDIDATES * pairs)
        drawn = np.unique(drawn)
        makers, slots = np.divmod(drawn, count)
        moved = np.abs(self.valuation.fair[slots] - self._quoted[makers, slots])
        gone = LEVELS * 2 - self.desk.live(self.quotes[makers, slots]).sum(axis=(1, 2))
        worn = moved // (self.desk.listing.tick * self._gap)[slots] * 2 + gone
        drawn = drawn[worn > 0]
        most = np.argsort(-worn[worn > 0], kind="stable")[:pairs]
        return np.sort(drawn[most])

    def _targets(self, makers: Ints, slots: Ints) -> tuple[Ints, npt.NDArray[np.bool_]]:
        """Prices by [pair, side, level], and which of them lie inside the price limits."""
        listing = self.desk.listing
        step = (listing.tick * self._gap)[slots]
        net = self.desk.net(self.traders[makers], slots)
        skew = np.clip(-net // _SKEW_LOTS, -_SKEW_TICKS_MAX, _SKEW_TICKS_MAX)
        skew += self.random.integers(-1, 2, len(slots))
        middle = self.valuation.fair[slots] + skew * listing.tick[slots]
        # On a grid of steps: when fair moves a little, most quotes stand where they are wanted.
        best_bid = middle // step * step - np.where(self._gap[slots] == 1, step, 0)
        best_ask = -(-(middle + 1) // step) * step + np.where(self._gap[slots] == 1, step, 0)
        best = np.stack([best_bid, best_ask], axis=1)[:, :, None]
        away = np.array([-1, 1])[None, :, None] * np.arange(LEVELS)[None, None, :]
        prices = best + away * step[:, None, None]
        low, high = listing.lower[slots], listing.upper[slots]
        wanted = (prices >= low[:, None, None]) & (prices <= high[:, None, None])
        return prices, wanted

    def _replace(
        self, makers: Ints, slots: Ints, prices: Ints, wanted: npt.NDArray[np.bool_]
    ) -> tuple[Ints, Orders]:
        """Keep what stands at a wanted price; cancel the rest, enter what is missing."""
        quotes = self.quotes[makers, slots]
        live = (quotes > 0) & self.desk.live(quotes)
        standing = np.where(live, self.desk.rows["price"][quotes], 0)
        matches = (standing[..., :, None] == prices[..., None, :]) & live[..., :, None]
        matches &= wanted[..., None, :]
        kept, served = matches.any(axis=-1), matches.any(axis=-2)
        cancels = quotes[live & ~kept]
        missing = wanted & ~served
        # Kept quotes move to the level they now stand for.
        level = np.argmax(matches, axis=-2)
        moved = np.where(served, np.take_along_axis(quotes, level, axis=-1), 0)
        self.quotes[makers, slots] = moved
        pair, side, place = np.nonzero(missing)
        self._awaiting = (makers[pair], slots[pair], side, place)
        return cancels, self._orders(makers[pair], slots[pair], side, prices[missing])

    def placed(self, ids: Ints) -> None:
        """The client ids that the orders of the last `act` got."""
        self.quotes[self._awaiting] = ids

    def _orders(self, makers: Ints, slots: Ints, side: Ints, price: Ints) -> Orders:
        """Quotes close what the maker holds against them, once it is enough for all levels."""
        drawn = self.random.choice(_LOTS, len(slots))
        lots = whole_steps(drawn, self.desk.listing.quantity_step[slots])
        traders = self.traders[makers]
        offset = self.desk.offsets(traders, slots, side, lots + LEVELS * int(_LOTS[-1]))
        return limit_orders(traders, slots, side, price, lots, offset)
