"""A stream's messages as they go out: framed as in MoldUDP64, kept for who missed some."""

from collections.abc import Iterator

import numpy as np

from twinex.venue.compiler import kernel

_LENGTH_BYTES = 2  # in front of every message, big-endian
_CHUNK_BYTES = 1 << 20
_FRAMED_MIN = 18  # bytes: no message is shorter


@kernel
def _frame(octets, starts, count, end, framed, places, first):
    """Messages one after another, each behind its length, from place `first` on.

    `places[first + i]` says where message i begins, and already where the first one does.
    """
    position = places[first]
    for index in range(count):
        start = starts[index]
        stop = starts[index + 1] if index + 1 < count else end
        length = stop - start
        framed[position] = length >> 8
        framed[position + 1] = length & 0xFF
        for place in range(length):
            framed[position + 2 + place] = octets[start + place]
        position += 2 + length
        places[first + index + 1] = position


class _Chunk:
    """Framed messages from `first` on; number first + i lies at `places[i]` .. `places[i + 1]`."""

    def __init__(self, first: int, bytes_: int) -> None:
        self.first, self.count = first, 0
        self.framed = np.empty(bytes_, np.uint8)
        self.places = np.zeros(bytes_ // _FRAMED_MIN + 2, np.int64)

    @property
    def used(self) -> int:
        """Bytes."""
        return int(self.places[self.count])

    def content(self, start: int, stop: int) -> bytes:
        """Messages `start` to `stop` of it, counted from 0."""
        return self.framed[int(self.places[start]) : int(self.places[stop])].tobytes()


class Log:
    """The messages of one stream, numbered from 1. The oldest are forgotten beyond `kept_bytes`."""

    def __init__(self, kept_bytes: int = 1 << 28) -> None:
        self.kept_bytes = kept_bytes
        self.next_sequence = 1
        self._chunks = [_Chunk(1, _CHUNK_BYTES)]
        self._bytes = _CHUNK_BYTES

    @property
    def first_sequence(self) -> int:
        """Of the oldest message that is still here."""
        return self._chunks[0].first

    def append(self, octets: np.ndarray, starts: np.ndarray, count: int, end: int) -> None:
        """`count` messages, which begin at `starts` in `octets`; the last ends at `end`."""
        needed = end - int(starts[0]) + _LENGTH_BYTES * count
        chunk = self._chunks[-1]
        if chunk.used + needed > len(chunk.framed):
            chunk = self._new_chunk(max(needed, _CHUNK_BYTES))
        _frame(octets, starts, count, end, chunk.framed, chunk.places, chunk.count)
        chunk.count += count
        self.next_sequence += count

    def _new_chunk(self, bytes_: int) -> _Chunk:
        chunk = _Chunk(self.next_sequence, bytes_)
        self._chunks.append(chunk)
        self._bytes += bytes_
        while self._bytes > self.kept_bytes and len(self._chunks) > 2:
            self._bytes -= len(self._chunks.pop(0).framed)
        return chunk

    def read(self, sequence: int, count_max: int, bytes_max: int) -> tuple[int, bytes]:
        """How many messages from `sequence` on fit, and they, framed; (0, b"") if there is none.

        One is given even where it is longer than `bytes_max`; fewer may be given than fit.
        """
        if not self.first_sequence <= sequence < self.next_sequence:
            return 0, b""
        chunk = self._chunk_of(sequence)
        index = sequence - chunk.first
        places = chunk.places[index : chunk.count + 1]
        fit = int(np.searchsorted(places, places[0] + bytes_max, side="right")) - 1
        count = min(max(fit, 1), count_max, len(places) - 1)
        return count, chunk.content(index, index + count)

    def framed(self) -> Iterator[bytes]:
        """All that is here, piece by piece."""
        return (chunk.content(0, chunk.count) for chunk in self._chunks)

    def _chunk_of(self, sequence: int) -> _Chunk:
        low, high = 0, len(self._chunks) - 1
        while low < high:
            middle = (low + high + 1) // 2
            if self._chunks[middle].first <= sequence:
                low = middle
            else:
                high = middle - 1
        return self._chunks[low]
