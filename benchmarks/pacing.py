"""Commands at their due times against handlers that only wait, block by block in one run.

Each block is an even open-loop schedule: a command that starts late has waited. `_venue_block`
sends frames through the venue, one at a time. `_empty_block` waits as long as the venue's mean
service instead: what it shows is the machine's own delay, whatever the handler. `_writing_block`
waits as long, but first writes as many bytes as the venue does into memory that was touched before,
as the venue's was: what it shows beyond the empty handler is what the machine asks for memory.
Intervals longer than `STALL_NS` are counted apart: a waiting handler has nothing to be slow with.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from twinex.venue import histogram
from twinex.venue.clock import ns_per_tick, ticks
from twinex.venue.sequencer import Frames, sequence
from twinex.venue.venue import Venue

STALL_NS = 5_000
PAGE_BYTES = 4096


class Times(NamedTuple):
    """Of one handler: histograms of ticks from due time to done, and of service alone."""

    latencies: np.ndarray
    services: np.ndarray
    total: np.ndarray  # ticks of service below `stall`, and how many they were

    @classmethod
    def none(cls) -> "Times":
        return cls(histogram.empty(), histogram.empty(), np.zeros(2, dtype=np.int64))


@njit(nogil=True)
def _note(times, due, started, ended, stall):
    histogram.record(times.latencies, ended - due)
    histogram.record(times.services, ended - started)
    if ended - started < stall:
        times.total[0] += ended - started
        times.total[1] += 1


@njit(nogil=True)
def _venue_block(core, journal, frames, starts, ticks_a_command, times, stall):
    """Every frame at its due time; what was short (0 = nothing)."""
    none = np.zeros(0, dtype=np.int64)
    begun = ticks() + 1000
    for number in range(len(starts) - 1):
        due = begun + np.int64(number * ticks_a_command)
        started = ticks()
        while started < due:
            started = ticks()
        short, _ = sequence(core, journal, frames, starts[number], starts[number + 1], 1, none)
        if short != 0:
            return short
        _note(times, due, started, ticks(), stall)
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


@njit(nogil=True)
def _writing_block(words, each, count, mean, ticks_a_command, times, stall):
    """As many commands that write `each` of `words` in turn, then wait for the rest of `mean`."""
    begun = ticks() + 1000
    for number in range(count):
        due = begun + np.int64(number * ticks_a_command)
        started = ticks()
        while started < due:
            started = ticks()
        for word in range(number * each, (number + 1) * each):
            words[word] = started
        ended = ticks()
        while ended < started + mean:
            ended = ticks()
        _note(times, due, started, ended, stall)


class Pace:
    """An offered rate, and the times at it of the venue and of the two handlers that wait.

    `bytes_a_command`: what the venue writes into journal and events.
    """

    def __init__(self, offered_per_s: int, bytes_a_command: int) -> None:
        self._tick = ns_per_tick()
        self._interval = 1e9 / offered_per_s / self._tick
        self._stall = int(STALL_NS / self._tick)
        self._words = bytes_a_command >> 3
        self.venue, self.empty, self.writing = Times.none(), Times.none(), Times.none()

    def run(self, venue: Venue, frames: Frames, starts: np.ndarray, block: int) -> None:
        """All frames, `block` at a time, each block followed by one of either handler."""
        memory = np.zeros(len(starts) * self._words, dtype=np.int64)
        memory[:: PAGE_BYTES >> 3] |= 0
        for first in range(0, len(starts) - 1, block):
            part = starts[first : first + block + 1]
            short = _venue_block(
                venue.core, venue.journal, frames, part, self._interval, self.venue, self._stall
            )
            assert short == 0, f"the paced run stopped: {short}"
            mean = int(self.venue.total[0] // max(1, self.venue.total[1]))
            count, interval, stall = len(part) - 1, self._interval, self._stall
            _empty_block(count, mean, interval, self.empty, stall)
            words = memory[first * self._words :]
            _writing_block(words, self._words, count, mean, interval, self.writing, stall)

    def latency_ns(self, share: float) -> tuple[float, float, float]:
        """Quantile from due time: the venue's, the empty and the writing handler's."""
        first, second, third = (
            histogram.quantile(times.latencies, share) * self._tick
            for times in (self.venue, self.empty, self.writing)
        )
        return first, second, third

    def service_ns(self, share: float) -> float:
        """Quantile of the venue's service times, stalls left out."""
        kept = self.venue.services.copy()
        kept[[histogram.value_at(place) >= self._stall for place in range(len(kept))]] = 0
        return histogram.quantile(kept, share) * self._tick

    def stalls(self) -> tuple[int, int, int]:
        """Commands during which the venue, the empty and the writing handler were away."""
        first, second, third = (
            int(times.services.sum() - times.total[1])
            for times in (self.venue, self.empty, self.writing)
        )
        return first, second, third
