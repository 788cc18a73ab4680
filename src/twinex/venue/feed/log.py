"""A stream's messages as they go out: framed as in MoldUDP64, kept for who missed some."""

from collections.abc import Iterator

import numpy as np

from twinex.venue.compiler import kernel
from twinex.venue.tables import table

_LENGTH_BYTES = 2  # in front of every message, big-endian
_CHUNK_BYTES = 1 << 20
_PIECES = 256  # cut at a time
_FRAMED_MIN = 18  # bytes: no message is shorter


@kernel
def _frame(octets, starts, count, end, framed, places, first):
    """Messages one after another, each behind its length, from place `first` on.

    `octets` and `framed` are seen as uint16, for all lengths are even; places are in bytes.
    `places[first + i]` says where message i begins, and already where the first one does.
    """
    octets, framed, places = table(octets), table(framed), table(places)
    position = places[first]
    for index in range(count):
        start = starts[index]
        stop = starts[index + 1] if index + 1 < count else end
        length = stop - start
        here, source = position >> 1, start >> 1
        framed[here] = ((length & 0xFF) << 8) | (length >> 8)  # big-endian
        for place in range(length >> 1):
            framed[here + 1 + place] = octets[source + place]
        position += _LENGTH_BYTES + length
        places[first + index + 1] = position


@kernel
def _cut(places, start, stop, bytes_max, count_max, ends):
    """Fill `ends` with where pieces end that are as full as they get; how many there are."""
    count, begin = 0, start
    while begin < stop and count < len(ends):
        end = begin + 1
        while (
            end < stop and end - begin < count_max and places[end + 1] - places[begin] <= bytes_max
        ):
            end += 1
        ends[count] = end
        count += 1
        begin = end
    return count


class _Chunk:
    """Framed messages from `first` on; number first + i lies at `places[i]` .. `places[i + 1]`."""

    def __init__(self, first: int, bytes_: int) -> None:
        self.first, self.count = first, 0
        self.framed = np.empty(bytes_ + 1 & ~1, np.uint8)
        self.octets = memoryview(self.framed.data)
        self.places = np.zeros(bytes_ // _FRAMED_MIN + 2, np.int64)

    @property
    def used(self) -> int:
        """Bytes."""
        return int(self.places[self.count])


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
        halves, framed = octets.view(np.uint16), chunk.framed.view(np.uint16)
        _frame(halves, starts, count, end, framed, chunk.places, chunk.count)
        chunk.count += count
        self.next_sequence += count

    def _new_chunk(self, bytes_: int) -> _Chunk:
        chunk = _Chunk(self.next_sequence, bytes_)
        self._chunks.append(chunk)
        self._bytes += bytes_
        while self._bytes > self.kept_bytes and len(self._chunks) > 2:
            self._bytes -= len(self._chunks.pop(0).framed)
        return chunk

    def pieces(
        self, sequence: int, stop: int, bytes_max: int, count_max: int
    ) -> Iterator[tuple[int, int, memoryview]]:
        """The messages `sequence` to `stop` - 1 that are here, framed, in pieces filled up.

        (first message, how many, bytes); a message longer than `bytes_max` is a piece of its own.
        """
        ends = np.zeros(_PIECES, np.int64)
        while self.first_sequence <= sequence < min(stop, self.next_sequence):
            chunk = self._chunk_of(sequence)
            begin, last = sequence - chunk.first, min(stop - chunk.first, chunk.count)
            count = _cut(chunk.places, begin, last, bytes_max, count_max, ends)
            for end in ends[:count].tolist():
                start, behind = chunk.places[begin], chunk.places[end]
                yield chunk.first + begin, end - begin, chunk.octets[start:behind]
                begin = end
            sequence = chunk.first + begin

    def framed(self) -> Iterator[memoryview]:
        """All that is here, piece by piece."""
        return (chunk.octets[: chunk.used] for chunk in self._chunks)

    def _chunk_of(self, sequence: int) -> _Chunk:
        low, high = 0, len(self._chunks) - 1
        while low < high:
            middle = (low + high + 1) // 2
            if self._chunks[middle].first <= sequence:
                low = middle
            else:
                high = middle - 1
        return self._chunks[low]
