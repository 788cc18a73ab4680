"""A sequencer of the simulation's own: frames in, whole journal records out (spec/journal.md).

Neither system under test numbers a command here: both get these bytes. Times rise by 1 ns, and leap
now and then as a function of the sequence, so that windows and intervals end; the same frames make
the same records, whatever the batches.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import NamedTuple

import numpy as np
from checkers.wire import frame
from numba import njit

from simulation.served import bounds

HEADER_BYTES = 40
START_NS = 1_700_000_000_000_000_000
LEAP_EVERY = 61  # commands
LEAP_NS = 150
_FACTOR, _MASK = 0x9E3779B97F4A7C15, (1 << 64) - 1
_POLYNOMIAL = 0xEDB88320


def _crc_table() -> np.ndarray:
    table = np.arange(256, dtype=np.int64)
    for _ in range(8):
        table = np.where(table & 1, (table >> 1) ^ _POLYNOMIAL, table >> 1)
    return table


_TABLE = _crc_table()


class Batch(NamedTuple):
    """Whole records, one behind the other (uint8), and where each begins; their end stands last."""

    records: np.ndarray
    starts: np.ndarray

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def first_sequence(self) -> int:
        return int(self.records[8:16].view(np.int64)[0])

    def __getitem__(self, place: int) -> bytes:
        """One record."""
        return self.records[self.starts[place] : self.starts[place + 1]].tobytes()

    def __iter__(self) -> Iterator[bytes]:
        octets, bounds = self.records.tobytes(), self.starts.tolist()
        return (octets[start:end] for start, end in pairwise(bounds))

    def part(self, start: int, stop: int) -> "Batch":
        """The records from place `start` up to place `stop`."""
        first, last = int(self.starts[start]), int(self.starts[stop])
        return Batch(self.records[first:last], self.starts[start : stop + 1] - first)


@dataclass
class Journal:
    """The journal's end: what the next record goes on from."""

    first_sequence: int = 1
    chain: int = 0
    time_ns: int = START_NS
    term: int = 1

    def __post_init__(self) -> None:
        self.sequence = self.first_sequence - 1

    def write(self, frames: np.ndarray) -> Batch:
        """Records of whole frames (uint8, length · seat · message · padding)."""
        words = np.ascontiguousarray(frames).view(np.int64)
        starts = np.zeros(len(words) + 1, np.int64)
        count = int(_count(words, starts))
        made = np.zeros(len(words) + 4 * count, np.int64)
        bounds = np.zeros(count + 1, np.int64)
        crcs = np.zeros(count, np.int64)
        at = (self.sequence, self.time_ns, self.term)
        self.time_ns = int(_number(words, starts[:count], made, bounds, crcs, _TABLE, *at))
        self.sequence += count
        chains = list(accumulate(crcs.tolist(), _chain_next, initial=self.chain))
        made[(bounds[:-1] >> 3) + 4] = np.array(chains[1:], np.uint64).view(np.int64)
        self.chain = chains[-1]
        return Batch(made.view(np.uint8), bounds)

    def write_commands(self, commands: Sequence[tuple[int, bytes]]) -> Batch:
        """Records of (seat, message)."""
        return self.write(frames_of(commands))


def frames_of(commands: Sequence[tuple[int, bytes]]) -> np.ndarray:
    """(seat, message) as frames, one behind the other (uint8)."""
    return np.frombuffer(b"".join(frame(*each) for each in commands), np.uint8)


def frame_starts(frames: np.ndarray) -> np.ndarray:
    """Byte at which each frame begins; the end of all stands last."""
    words = np.ascontiguousarray(frames).view(np.int64)
    starts = np.zeros(len(words) + 1, np.int64)
    count = int(_count(words, starts))
    return np.append(starts[:count] * 8, len(frames))


def batch_of(octets: bytes) -> Batch:
    """Whole records, as they lie one behind the other."""
    found = bounds(octets)
    starts = np.array([start for start, _ in found] + [len(octets)], np.int64)
    return Batch(np.frombuffer(octets, np.uint8), starts)


def commands_of(batch: Batch) -> list[tuple[int, bytes]]:
    """(seat, message) of each record, its padding included."""
    return [
        (int.from_bytes(record[28:32], "little", signed=True), record[HEADER_BYTES:])
        for record in batch
    ]


def _chain_next(chain: int, crc: int) -> int:
    return (chain ^ crc) * _FACTOR & _MASK


@njit(cache=True)
def _count(words, starts):
    """Fill `starts` with the words at which frames begin; how many there are."""
    place = count = 0
    while place < len(words):
        starts[count] = place
        count += 1
        place += 1 + (((words[place] & 0xFFFFFFFF) + 7) >> 3)
    return count


@njit(cache=True)
def _crc(words, start, end, register, table):
    """The CRC register after words `start`..`end`, eight bytes each."""
    for place in range(start, end):
        word = words[place]
        for _ in range(8):
            register = table[(register ^ word) & 0xFF] ^ (register >> 8)
            word >>= 8
    return register


@njit(cache=True)
def _number(words, starts, made, bounds, crcs, table, sequence, time_ns, term):
    """Write one record for each frame, but for its chain; the time of the last."""
    ones, position = np.int64(0xFFFFFFFF), 0
    for row in range(len(starts)):
        start = starts[row]
        head = words[start]
        count = ((head & ones) + 7) >> 3
        sequence += 1
        time_ns += 1 + (LEAP_NS if sequence % LEAP_EVERY == 0 else 0)
        made[position + 5 : position + 5 + count] = words[start + 1 : start + 1 + count]
        body = _crc(made, position + 5, position + 5 + count, ones, table) ^ ones
        made[position + 1], made[position + 2] = sequence, time_ns
        made[position + 3] = term | (head >> 32) << 32
        crc = _crc(made, position + 1, position + 4, body ^ ones, table) ^ ones
        crcs[row] = crc
        made[position] = (8 * (5 + count)) | crc << 32
        bounds[row] = 8 * position
        position += 5 + count
    bounds[len(starts)] = 8 * position
    return time_ns
