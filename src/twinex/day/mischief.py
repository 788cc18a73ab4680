"""Orders that must be refused: a small share of every step, one kind of mistake after another."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from twinex.day.desk import Desk
from twinex.day.roster import BARRED, TAKER
from twinex.day.valuation import Valuation, pick
from twinex.venue.wire import codes
from twinex.venue.wire.messages import frame_array

Ints = npt.NDArray[np.int64]
Frames = npt.NDArray[np.void]


class Mischief:
    """Sends what a market has to refuse, with the reasons in `spec/rejects.md`."""

    def __init__(self, desk: Desk, valuation: Valuation, random: np.random.Generator) -> None:
        self.desk = desk
        self.valuation = valuation
        self.random = random
        self._takers = desk.roster.rows(TAKER)
        self._barred = desk.roster.rows(BARRED)
        self._spoilers: list[Callable[[Any, Ints], None]] = [
            self._off_tick,
            self._above,
            self._below,
            self._too_many,
            self._none_at_all,
            self._no_instrument,
            self._no_account,
            self._wrong_side,
            self._close_today,
            self._closes_nothing,
            self._minimum_without_fak,
            self._market_with_price,
            self._reused_id,
            self._no_id,
            self._by_barred,
        ]

    def act(self, open_: npt.NDArray[np.bool_], count: int) -> Frames:
        """`count` spoilt entries for contracts in `open_`."""
        desk, listing = self.desk, self.desk.listing
        slots = pick(self.random, self.valuation.weight, open_, count)
        traders = self.random.choice(self._takers, len(slots))
        frames = frame_array("order_enter", len(slots))
        frames["seat"] = desk.roster.seat[traders]
        frames["client_id"] = desk.new_ids(len(slots))
        frames["instrument"] = listing.instrument[slots]
        frames["account"] = desk.roster.account[traders]
        frames["price"] = self.valuation.fair[slots]
        frames["quantity"] = 1
        frames["hedge"] = desk.roster.hedge[traders]
        which = self.random.integers(0, len(self._spoilers), len(slots))
        for number, spoil in enumerate(self._spoilers):
            rows = np.flatnonzero(which == number)
            if len(rows):
                part = frames[rows]
                spoil(part, slots[rows])
                frames[rows] = part
        return frames

    def dead_cancels(self, count: int) -> Frames:
        """Cancels of orders that are done already, or never were."""
        ids = self.random.integers(1, self.desk.next_id, count)
        return self.desk.cancel(ids[~self.desk.live(ids)])

    def amends(self, count: int) -> Frames:
        """Amends of live orders."""
        ids = np.unique(self.random.integers(1, self.desk.next_id, 8 * count + 1))
        ids = ids[self.desk.live(ids)][:count]
        rows = self.desk.rows[ids]
        frames = frame_array("order_amend", len(ids))
        frames["seat"] = self.desk.roster.seat[rows["trader"]]
        frames["client_id"] = self.desk.new_ids(len(ids))
        frames["target_client_id"] = ids
        frames["new_price"] = rows["price"]
        frames["new_quantity"] = 1
        return frames

    def _off_tick(self, part: Any, slots: Ints) -> None:
        part["price"] += 1

    def _above(self, part: Any, slots: Ints) -> None:
        part["price"] = self.desk.listing.upper[slots] + self.desk.listing.tick[slots]

    def _below(self, part: Any, slots: Ints) -> None:
        part["price"] = self.desk.listing.lower[slots] - self.desk.listing.tick[slots]

    def _too_many(self, part: Any, slots: Ints) -> None:
        part["quantity"] = self.desk.listing.quantity_limit[slots] + 1

    def _none_at_all(self, part: Any, slots: Ints) -> None:
        part["quantity"] = 0

    def _no_instrument(self, part: Any, slots: Ints) -> None:
        part["instrument"] = 999_999

    def _no_account(self, part: Any, slots: Ints) -> None:
        part["account"] = self.desk.roster.account[self._barred[-1]]

    def _wrong_side(self, part: Any, slots: Ints) -> None:
        part["side"] = 7

    def _close_today(self, part: Any, slots: Ints) -> None:
        part["offset"] = codes.OFFSET_CLOSE_TODAY

    def _closes_nothing(self, part: Any, slots: Ints) -> None:
        part["offset"] = codes.OFFSET_CLOSE
        part["hedge"] = codes.HEDGE_ARBITRAGE

    def _minimum_without_fak(self, part: Any, slots: Ints) -> None:
        part["minimum_quantity"] = 1

    def _market_with_price(self, part: Any, slots: Ints) -> None:
        part["kind"] = codes.KIND_MARKET
        part["time_in_force"] = codes.TIME_FAK

    def _reused_id(self, part: Any, slots: Ints) -> None:
        """An id that its member has used before, now with another body."""
        desk = self.desk
        ids = self.random.integers(1, desk.next_id, len(slots))
        part["seat"] = desk.roster.seat[desk.rows["trader"][ids]]
        part["client_id"] = ids

    def _no_id(self, part: Any, slots: Ints) -> None:
        part["client_id"] = 0

    def _by_barred(self, part: Any, slots: Ints) -> None:
        rows = self.random.choice(self._barred, len(slots))
        roster = self.desk.roster
        part["seat"] = roster.seat[rows]
        part["account"] = roster.account[rows]
        part["hedge"] = roster.hedge[rows]
