"""Commands at their due times against a handler that only waits, block by block in one run.

Each block is an even open-loop schedule: a command that starts late has waited. `_venue_block`
sends frames through the venue, one at a time; `_empty_block` waits as long as the venue's mean
service instead: what it shows is the machine's own delay, whatever the handler. An interval in
which either was away for longer than `STALL_NS` is counted apart: the waiting handler has nothing
to be slow with. Of the venue's it is counted, too, in how many a new page of the frames, the
journal or the events begins: that is where a virtual machine's host may have to find memory.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from twinex.venue import histogram
from twinex.venue.clock import ns_per_tick, ticks
from twinex.venue.sequencer import Frames, sequence
from twinex.venue.venue import Venue

STALL_NS = 5_000
PAGE_BITS = np.array([12, 21], dtype=np.int64)  # 4 KB, and the huge ones of 2 MB


class Times(NamedTuple):
    """Of one handler: histograms of ticks from due time to done, and of service alone."""

    latencies: np.ndarray
    services: np.ndarray
    total: np.ndarray  # ticks of service below `stall`, and how many they were
    pages: np.ndarray  # stalls in which a page began, small and huge; commands in which one did

    @classmethod
    def none(cls) -> "Times":
        pages = np.zeros((2, len(PAGE_BITS)), dtype=np.int64)
        return cls(histogram.empty(), histogram.empty(), np.zeros(2, dtype=np.int64), pages)


@njit(nogil=True)
def _note(times, due, started, ended, stall):
    histogram.record(times.latencies, ended - due)
    histogram.record(times.services, ended - started)
    if ended - started < stall:
        times.total[0] += ended - started
        times.total[1] += 1


@njit(nogil=True)
def _note_pages(times, before, after, is_stall):
    """Has one of the addresses `before` (frames, journal, events) left its page at `after`?"""
    for kind in range(len(PAGE_BITS)):
        bits = PAGE_BITS[kind]
        if ((before - 1) >> bits != (after - 1) >> bits).any():
            times.pages[0, kind] += is_stall
            times.pages[1, kind] += 1


@njit(nogil=True)
def _venue_block(core, journal, frames, starts, memory, ticks_a_command, times, stall):
    """Every frame at its due time; what was short (0 = nothing).

    `memory`: addresses where frames, journal segment and event segment begin.
    """
    none, before, after = np.zeros(0, dtype=np.int64), memory.copy(), memory.copy()
    begun = ticks() + 1000
    for number in range(len(starts) - 1):
        due = begun + np.int64(number * ticks_a_command)
        started = ticks()
        while started < due:
            started = ticks()
        short, _ = sequence(core, journal, frames, starts[number], starts[number + 1], 1, none)
        if short != 0:
            return short
        ended = ticks()
        _note(times, due, started, ended, stall)
        after[0] = memory[0] + starts[number + 1]
        after[1] = memory[1] + journal.tail[0]["position"]
        after[2] = memory[2] + (core.now[0]["event_position"] << 3)
        if number > 0:
            _note_pages(times, before, after, np.int64(ended - started >= stall))
        before[:] = after
    return 0


@njit(nogil=True)
def _empty_block(count, mean, ticks_a_command, times, stall):
    """As many commands that only wait for `mean` ticks."""
    begun = ticks() + 1000
    for number in range(count):
        due = begun + np.int64(number * ticks_a_command)
        started = ticks()
        while started < due:
            started = ticks()
        ended = started
        while ended < started + mean:
            ended = ticks()
        _note(times, due, started, ended, stall)


class Pace:
    """An offered rate, and the venue's and the empty handler's times at it."""

    def __init__(self, offered_per_s: int) -> None:
        self._tick = ns_per_tick()
        self._interval = 1e9 / offered_per_s / self._tick
        self._stall = int(STALL_NS / self._tick)
        self.venue, self.empty = Times.none(), Times.none()

    def run(self, venue: Venue, frames: Frames, starts: np.ndarray, block: int) -> None:
        """All frames, `block` at a time, each block followed by one of the empty handler."""
        places = (frames.words, venue.day.journal.octets, venue.day.events.octets)
        memory = np.array([place.ctypes.data for place in places], dtype=np.int64)
        for first in range(0, len(starts) - 1, block):
            part = starts[first : first + block + 1]
            short = _venue_block(
                venue.core,
                venue.journal,
                frames,
                part,
                memory,
                self._interval,
                self.venue,
                self._stall,
            )
            assert short == 0, f"the paced run stopped: {short}"
            mean = int(self.venue.total[0] // max(1, self.venue.total[1]))
            _empty_block(len(part) - 1, mean, self._interval, self.empty, self._stall)

    def latency_ns(self, share: float) -> tuple[float, float]:
        """Quantile from due time: the venue's and the empty handler's."""
        return (
            histogram.quantile(self.venue.latencies, share) * self._tick,
            histogram.quantile(self.empty.latencies, share) * self._tick,
        )

    def service_ns(self, share: float) -> float:
        """Quantile of the venue's service times, stalls left out."""
        kept = self.venue.services.copy()
        kept[[histogram.value_at(place) >= self._stall for place in range(len(kept))]] = 0
        return histogram.quantile(kept, share) * self._tick

    def stalls(self) -> tuple[int, int]:
        """Commands during which the venue, and waits during which the empty handler, was away."""
        counts = (int(times.services.sum() - times.total[1]) for times in (self.venue, self.empty))
        return next(counts), next(counts)
