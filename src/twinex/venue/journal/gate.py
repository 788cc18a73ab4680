"""The release gate: a mapped page that says how far the day is committed (`spec/journal.md`).

One process publishes, any number read. Compiled code publishes with `publish_words`.
"""

import os
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

from twinex.venue.compiler import inner, kernel
from twinex.venue.journal.atomics import load_acquire, store_release
from twinex.venue.journal.errors import GateBroken
from twinex.venue.journal.files import DayLock, Mapping, read_only, words_of, write_whole

GATE_NAME = "gate"
GATE_BYTES = 4096
_MAGIC = 0x31544147584E5754  # spec/journal.md: TWNXGAT1
_SEQUENCE, _JOURNAL, _EVENTS, _ENDED, _COUNTER = 1, 2, 3, 4, 5
_READS = 1000


class GateState(NamedTuple):
    """What the gate says, read at one moment.

    `sequence`: the last committed; `journal_offset` and `event_offset`: stream offsets up to which
    the journal is committed and events are released; `ended`: the day is over.
    """

    sequence: int
    journal_offset: int
    event_offset: int
    ended: bool


@inner
def publish_words(
    words: np.ndarray, sequence: int, journal_offset: int, event_offset: int, ended: int
) -> None:
    """Publish from compiled code. `words` is `Gate.words`; one thread at a time."""
    counter = load_acquire(words, _COUNTER) | 1
    store_release(words, _COUNTER, counter)
    store_release(words, _SEQUENCE, sequence)
    store_release(words, _JOURNAL, journal_offset)
    store_release(words, _EVENTS, event_offset)
    store_release(words, _ENDED, ended)
    store_release(words, _COUNTER, counter + 1)


@kernel
def _publish(
    words: np.ndarray, sequence: int, journal_offset: int, event_offset: int, ended: int
) -> None:
    publish_words(words, sequence, journal_offset, event_offset, ended)


@kernel
def _read(words: np.ndarray, found: np.ndarray, reads: int) -> bool:
    """Fill `found` (int64[4]) with the four values of one moment; False if none was found."""
    for _ in range(reads):
        before = load_acquire(words, _COUNTER)
        for field in range(4):
            found[field] = load_acquire(words, field + 1)
        if before & 1 == 0 and load_acquire(words, _COUNTER) == before:
            return True
    return False


class Gate:
    """A day's gate. `Gate.create` and `Gate.open` map the file, `Gate.in_memory` needs none."""

    def __init__(self, words: np.ndarray, path: Path) -> None:
        self.words, self.path = words, path
        self._found = np.zeros(4, dtype=np.int64)

    @classmethod
    def create(cls, lock: DayLock, first_sequence: int) -> "Gate":
        """A new gate that has let nothing through. Raises DiskFull, DirectoryVanished."""
        path = lock.directory / GATE_NAME
        write_whole(path, _fresh(first_sequence).tobytes())
        lock.sync_directory()
        return cls(words_of(Mapping(path).octets), path)

    @classmethod
    def open(cls, directory: Path | str, *, writable: bool = False) -> "Gate":
        """The gate of a day. Raises GateBroken. `writable` for the one process that publishes."""
        path = Path(directory) / GATE_NAME
        octets = read_only(path)
        if octets is None:
            raise GateBroken(path, "there is no gate file: the day was never opened here")
        if len(octets) != GATE_BYTES or words_of(octets)[0] != _MAGIC:
            raise GateBroken(path, "this is no gate file: remove it and open the day again")
        return cls(words_of(Mapping(path).octets if writable else octets), path)

    @classmethod
    def in_memory(cls, first_sequence: int = 1) -> "Gate":
        """A gate without a file."""
        return cls(_fresh(first_sequence), Path("(memory)"))

    def publish(
        self, sequence: int, journal_offset: int, event_offset: int, ended: bool = False
    ) -> None:
        """Let everything up to these three places through. What was let through stays so."""
        words = self.words
        assert sequence >= words[_SEQUENCE], "the gate never closes again"
        assert journal_offset >= words[_JOURNAL]
        assert event_offset >= words[_EVENTS]
        _publish(words, sequence, journal_offset, event_offset, int(ended))

    def require_reached(self, sequence: int, journal_offset: int, event_offset: int) -> None:
        """Raises GateBroken if more was let through than these places, where the day ends."""
        asked = {_SEQUENCE: sequence, _JOURNAL: journal_offset, _EVENTS: event_offset}
        for field, place in asked.items():
            if self.words[field] > place:
                found = f"word {field} says {self.words[field]}, but the journal makes {place} only"
                raise GateBroken(self.path, f"{found}: remove the gate and open the day again")

    def read(self, patience_s: float = 2.0) -> GateState:
        """The state of one moment. Raises GateBroken if a writer died while publishing.

        A publication takes nanoseconds, but its thread may lose the processor in the middle: only
        one that stays unfinished for `patience_s` seconds is given up.
        """
        if not _read(self.words, self._found, _READS):
            self._read_patiently(patience_s)
        sequence, journal_offset, event_offset, ended = self._found.tolist()
        return GateState(sequence, journal_offset, event_offset, bool(ended))

    def _read_patiently(self, patience_s: float) -> None:
        counter, since = int(self.words[_COUNTER]), time.monotonic()
        while not _read(self.words, self._found, _READS):
            if int(self.words[_COUNTER]) != counter:
                counter, since = int(self.words[_COUNTER]), time.monotonic()
            elif time.monotonic() - since >= patience_s:
                raise GateBroken(self.path, "its writer died while publishing: restart the venue")
            os.sched_yield()

    def committed_sequence(self) -> int:
        """The last committed sequence, even where a writer died while publishing.

        Each field is whole by itself and was true when it was stored.
        """
        return int(self.words[_SEQUENCE])


def _fresh(first_sequence: int) -> np.ndarray:
    words = np.zeros(GATE_BYTES // 8, dtype=np.int64)
    words[0] = _MAGIC
    words[_SEQUENCE] = first_sequence - 1
    return words
