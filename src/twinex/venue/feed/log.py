"""A stream's messages as they go out: framed as in MoldUDP64, kept for who missed some."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from twinex.venue.compiler import kernel

_LENGTH_BYTES = 2  # in front of every message, big-endian


@kernel
def _frame(octets, starts, count, end, framed, places):
    """Messages one after another, each behind its length; `places` gets where each begins."""
    position = 0
    for index in range(count):
        start = starts[index]
        stop = starts[index + 1] if index + 1 < count else end
        places[index] = position
        length = stop - start
        framed[position] = length >> 8
        framed[position + 1] = length & 0xFF
        for place in range(length):
            framed[position + 2 + place] = octets[start + place]
        position += 2 + length
    return position


class _Chunk(NamedTuple):
    """Framed messages from `first` on; message first + i lies at `places[i]` .. `places[i + 1]`."""

    first: int
    framed: bytes
    places: np.ndarray


class Log:
    """The messages of one stream, numbered from 1. The oldest are forgotten beyond `kept_bytes`."""

    def __init__(self, kept_bytes: int = 1 << 28) -> None:
        self.kept_bytes = kept_bytes
        self.next_sequence = 1
        self._chunks: list[_Chunk] = []
        self._bytes = 0

    @property
    def first_sequence(self) -> int:
        """Of the oldest message that is still here."""
        return self._chunks[0].first if self._chunks else self.next_sequence

    def append(self, octets: np.ndarray, starts: np.ndarray, count: int, end: int) -> None:
        """`count` messages, which begin at `starts` in `octets`; the last ends at `end`."""
        framed = np.empty(end + _LENGTH_BYTES * count, np.uint8)
        places = np.zeros(count + 1, np.int64)
        places[count] = _frame(octets, starts, count, end, framed, places)
        self._chunks.append(_Chunk(self.next_sequence, framed.tobytes(), places))
        self.next_sequence += count
        self._bytes += len(framed)
        while self._bytes > self.kept_bytes and len(self._chunks) > 1:
            self._bytes -= len(self._chunks.pop(0).framed)

    def read(self, sequence: int, count_max: int, bytes_max: int) -> tuple[int, bytes]:
        """How many messages from `sequence` on fit, and they, framed; (0, b"") if there is none.

        Messages are of one chunk; one is given even where it is longer than `bytes_max`.
        """
        if not self.first_sequence <= sequence < self.next_sequence:
            return 0, b""
        chunk = self._chunk_of(sequence)
        index = sequence - chunk.first
        limit = int(chunk.places[index]) + bytes_max
        stop = int(np.searchsorted(chunk.places, limit, side="right")) - 1
        stop = min(max(stop, index + 1), index + count_max, len(chunk.places) - 1)
        return stop - index, chunk.framed[int(chunk.places[index]) : int(chunk.places[stop])]

    def _chunk_of(self, sequence: int) -> _Chunk:
        low, high = 0, len(self._chunks) - 1
        while low < high:
            middle = (low + high + 1) // 2
            if self._chunks[middle].first <= sequence:
                low = middle
            else:
                high = middle - 1
        return self._chunks[low]

    def framed(self) -> Iterator[bytes]:
        """All that is here, piece by piece."""
        return (chunk.framed for chunk in self._chunks)
