"""A tape's commands played into a system, the venue where no other is named, at the tape's times.

    played = VenuePlayer(shanghai_stage(day), day.commands).run()
    played.events     # all event bytes of the day, for `outcome`

Commands of one instant go to the sequencer as one batch, so that the journal's times are the tape's
(and 1 ns apart where the tape's are equal). The market's phases come by its own schedule: the tape
is not asked when an auction ends, nor at what price.
"""

import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np

from twinex.tape.commands import frames
from twinex.tape.errors import TapeBroken
from twinex.tape.stage import ACCOUNT, INSTRUMENT, SEAT, Stage
from twinex.venue.core.view import Depth
from twinex.venue.venue import Statistics, Venue
from twinex.venue.wire import codes
from twinex.venue.wire.messages import encode
from twinex.venue.wire.messages import frames as framed

_BEFORE_NS = 600_000_000_000  # reference data come ten minutes before the first phase
_AFTER_NS = 60_000_000_000
_WATCHED = 500  # batches between two looks
_SPARE_COMMANDS = 1000
SHOWN_DEPTH = 10


@dataclass(frozen=True)
class Moment:
    """How far a play is. `sent` of `total` commands; `seconds` are real ones."""

    time_ns: int
    sent: int
    total: int
    trades: int
    rejects: int
    seconds: float


@dataclass(frozen=True)
class Played:
    """What a play leaves behind.

    `events`: uint8, every event of the day. `books`: int64 (stops, depth, 4), ask price, ask lots,
    bid price, bid lots after each stop that was asked for. `last_book` as it stood when the market
    closed, at `closed_ns`. `service_ns`: a command's time in the core, median and 99th percentile.
    """

    stage: Stage
    statistics: Statistics
    events: np.ndarray
    books: np.ndarray
    last_book: Depth
    closed_ns: int
    sent: int
    seconds: float
    service_ns: tuple[int, int]


Watch = Callable[[Moment], None]


class System(Protocol):
    """What a player drives: the venue, or what answers as it does."""

    def submit(self, octets: np.ndarray, /) -> np.ndarray: ...

    def reserve(self, *, commands: int, orders: int) -> None: ...

    def book(self, instrument: int, depth: int, /) -> Depth: ...

    def statistics(self) -> Statistics: ...

    def day_end_message(self, events_crc: int, /) -> bytes: ...

    def service_time_ns(self, *shares: float) -> list[float]: ...

    def __enter__(self) -> Self: ...

    def __exit__(self, kind: Any, error: Any, trace: Any, /) -> None: ...


class VenuePlayer:
    """One play. `run` may be called once."""

    def __init__(
        self,
        stage: Stage,
        commands: np.ndarray,
        directory: Path | None = None,
        durability: str = "memory",
        system: Callable[..., System] = Venue,
    ) -> None:
        """`commands`: columns.COMMAND in tape order. Without a directory nothing is kept on disk.

        `system` is made with the arguments of `Venue`.

        Raises TapeBroken if the tape's times run backwards.
        """
        back = np.flatnonzero(np.diff(commands["time_ns"]) < 0)
        if len(back):
            raise TapeBroken(f"times run backwards after command {back[0]} of the tape")
        self.stage = stage
        self.frames = frames(commands, SEAT, INSTRUMENT, ACCOUNT)
        self.directory, self.durability, self.system = directory, durability, system
        self.now_ns = stage.schedule[0][0] - _BEFORE_NS
        self._sent = 0
        self._events: list[bytes] = []
        self._last_book, self._closed_ns = Depth([], []), 0

    def run(
        self, stops: np.ndarray | None = None, depth: int = 10, watch: Watch | None = None
    ) -> Played:
        """The whole day. `stops`: after how many commands to note the book, ascending."""
        self._started, self._watch = time.perf_counter(), watch
        self._stops = np.zeros(0, dtype=np.int64) if stops is None else stops
        self._books = np.zeros((len(self._stops), depth, 4), dtype=np.int64)
        self._noted = 0
        self._cuts = self._batch_ends()
        with self.system(
            self.directory,
            durability=self.durability,
            clock=lambda: self.now_ns,
            keep=False,
            measure=True,
        ) as self._system:
            self._live_through()
            return self._played()

    def _batch_ends(self) -> np.ndarray:
        """Commands of one time are one batch, cut where the book is noted."""
        instants = np.flatnonzero(np.diff(self.frames.times_ns)) + 1
        return np.union1d(np.append(instants, len(self.frames.times_ns)), self._stops)

    def _live_through(self) -> None:
        expected = len(self.frames.times_ns) + _SPARE_COMMANDS
        self._system.reserve(commands=expected, orders=expected)
        self._submit(np.frombuffer(framed(0, self.stage.opening), dtype=np.uint8))
        for at_ns, product, phase in self.stage.schedule:
            self._send_until(int(np.searchsorted(self.frames.times_ns, at_ns)))
            self._enter(at_ns, product, phase)
        self._send_until(len(self.frames.times_ns))
        self._end()

    def _send_until(self, end: int) -> None:
        """The tape's commands before place `end`, which ends a batch."""
        first, last = np.searchsorted(self._cuts, [self._sent, end], side="right")
        self._note()
        for place, cut in enumerate(self._cuts[first:last].tolist()):
            start, self.now_ns = self._sent, int(self.frames.times_ns[self._sent])
            offsets = self.frames.offsets
            self._submit(self.frames.data[offsets[start] : offsets[cut]])
            self._sent = cut
            self._note()
            if place % _WATCHED == 0:
                self._show()
        assert self._sent == end

    def _note(self) -> None:
        """Note the book if a stop is reached; stops at one place have one book."""
        while self._noted < len(self._stops) and self._stops[self._noted] <= self._sent:
            here = self._noted
            if here and self._stops[here - 1] == self._stops[here]:
                self._books[here] = self._books[here - 1]
            else:
                book = self._system.book(INSTRUMENT, self._books.shape[1])
                for column, side in ((0, book.asks), (2, book.bids)):
                    if side:
                        rows = np.array(side, dtype=np.int64)
                        self._books[here, : len(side), column : column + 2] = rows[:, :2]
            self._noted += 1

    def _enter(self, at_ns: int, product: int, phase: int) -> None:
        """A phase of the market's schedule begins."""
        self.now_ns = at_ns
        if phase == codes.PHASE_CLOSED:
            self._last_book = self._system.book(INSTRUMENT, SHOWN_DEPTH)
            self._closed_ns = at_ns
        self._send(encode("phase_set", product=product, phase=phase))

    def _end(self) -> None:
        self.now_ns += _AFTER_NS
        crc = 0
        for part in self._events:
            crc = zlib.crc32(part, crc)
        self._send(self._system.day_end_message(crc))

    def _send(self, message: bytes) -> None:
        self._submit(np.frombuffer(framed(0, [message]), dtype=np.uint8))

    def _submit(self, batch: np.ndarray) -> None:
        self._events.append(self._system.submit(batch).tobytes())

    def _show(self) -> None:
        if self._watch is None:
            return
        counts = self._system.statistics()
        seconds = time.perf_counter() - self._started
        total = len(self.frames.times_ns)
        self._watch(Moment(self.now_ns, self._sent, total, counts.trades, counts.rejects, seconds))

    def _played(self) -> Played:
        seconds = time.perf_counter() - self._started
        median, late = self._system.service_time_ns(0.5, 0.99)
        return Played(
            stage=self.stage,
            statistics=self._system.statistics(),
            events=np.frombuffer(b"".join(self._events), dtype=np.uint8),
            books=self._books,
            last_book=self._last_book,
            closed_ns=self._closed_ns,
            sent=self._sent,
            seconds=seconds,
            service_ns=(round(median), round(late)),
        )
