"""A book of a day on disk, live or recorded, at any moment of its event stream."""

from datetime import time
from pathlib import Path

import numpy as np
import numpy.typing as npt

from twinex.readers.ladder import Ladder
from twinex.readers.listing import ReadError, listing_of, slot_of
from twinex.readers.local_time import local_time_of
from twinex.show.figures import clock_text, decimals_of, price_text
from twinex.show.picture import Row
from twinex.venue.journal.gate import Gate
from twinex.venue.journal.reader import Block, EventReader
from twinex.venue.wire import codes
from twinex.venue.wire.schema import ENUMS, EVENT, EVENTS, union_view

_SECOND_NS = 1_000_000_000
_PHASE_NAMES = {value: name.replace("_", " ") for name, value in ENUMS["Phase"].items()}
_PRINTS_MAX = 60
_QUIET_NS = 60 * _SECOND_NS  # a replay passes over longer silences


class BookView:
    """Follows one contract of a day. Raises JournalError or ReadError for a day it cannot read."""

    def __init__(self, directory: Path, symbol: str | None) -> None:
        listing = listing_of(directory)
        slot = 0 if symbol is None else slot_of(symbol, listing)
        self.symbol = listing.symbols[slot]
        self._directory = directory
        self._clock = local_time_of(directory)
        self.offset = self._clock.utc_offset_hours
        self.ended = False
        combination = bool(listing.leg_1[slot])
        number = int(listing.instrument[slot])
        self.ladder = Ladder(number, _PRINTS_MAX, combination=combination)
        self._product = int(listing.product[slot])
        self._digits = decimals_of(int(listing.tick[slot]))
        self._reader = EventReader(directory)
        self._block: Block | None = None
        self._times: npt.NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self._next = 0
        self._clock_ns = 0

    def ended_on_disk(self) -> bool:
        """Is the day over, whatever has been read of it so far?"""
        return Gate.open(self._directory).read().ended

    def forward(self) -> None:
        """Everything that is released by now."""
        while self._fill():
            self._take(len(self._times))

    def forward_by(self, step_ns: int) -> bool:
        """So much of the day's time; False when there is nothing more."""
        if not self._fill():
            return False
        following = int(self._times[self._next])
        if following - self._clock_ns > _QUIET_NS:
            self._clock_ns = following
        self._clock_ns += step_ns
        self._until(self._clock_ns)
        return True

    def forward_to(self, clock: time) -> None:
        """To a time of day by the exchange's clock.

        Raises ReadError where the events begin later or end before.
        """
        self._clock_ns = self._clock.moment_ns(clock)
        self._until(self._clock_ns)
        if self._next == 0 or not self._fill():
            raise ReadError(f"the day's events do not reach from before {clock} to after it")

    def _until(self, time_ns: int) -> None:
        """Every event up to `time_ns`."""
        while self._fill():
            end = int(np.searchsorted(self._times, time_ns, side="right"))
            self._take(max(end, self._next))
            if self._next < len(self._times):
                return

    def _fill(self) -> bool:
        """True if an event is at hand."""
        if self._block is not None and self._next < len(self._times):
            return True
        self._block = self._reader.poll()
        if self._block is None:
            return False
        events = union_view(self._block.octets, EVENT)
        places = self._block.places >> 3
        self._times, self._next = events["time_ns"][places], 0
        self.ended |= bool((events["template_id"][places[-1:]] == EVENTS["day_ended"].id).any())
        return True

    def _take(self, end: int) -> None:
        """Give the ladder the events before place `end` of the block."""
        block = self._block
        assert block is not None, "events are taken from a block"
        if end <= self._next:
            return
        first = int(block.places[self._next])
        last = block.end if end == len(self._times) else int(block.places[end])
        self.ladder.add(block.octets[first:last], self._product)
        self._next = end

    def rows(self, depth: int) -> tuple[list[Row], list[Row]]:
        """Bids and asks for the picture, best first."""
        bids, asks = self.ladder.bids(depth), self.ladder.asks(depth)
        both = [[(self._text(p), q, n) for p, q, n in side] for side in (bids, asks)]
        return both[0], both[1]

    def title(self) -> str:
        """Symbol, time and phase."""
        phase = _PHASE_NAMES[self.ladder.phase]
        return f"{self.symbol}  {clock_text(self.ladder.time_ns, self.offset)}  {phase}"

    def footer(self) -> str:
        """Last price and volume, or the indicative price of an auction."""
        found = self.ladder.indication
        if found is not None and self.ladder.phase != codes.PHASE_CONTINUOUS:
            price, volume, surplus = found
            if price == 0:
                return "nothing crosses yet"
            return f"indicative {self._text(price)} for {volume} lots, surplus {surplus:+}"
        if self.ladder.volume == 0:
            return "no trades yet"
        last = "" if self.ladder.last is None else f"last {self._text(self.ladder.last)}  "
        return f"{last}{self.ladder.volume:,} lots traded"

    def prints(self) -> list[tuple[str, str, int, int]]:
        """The latest trades, newest first: time, price, lots, side of the incoming order."""
        return [
            (clock_text(one.time_ns, self.offset), self._text(one.price), one.quantity, one.side)
            for one in reversed(self.ladder.prints)
        ]

    def _text(self, price: int) -> str:
        return price_text(price, self._digits)
