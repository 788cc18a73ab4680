"""Blocks of events, seen as columns: for readers, reports and research."""

from typing import NamedTuple

import numpy as np

from twinex.venue.compiler import kernel
from twinex.venue.wire.schema import EVENT, EVENTS, HEADER_BYTES, union_view


@kernel
def _walk(words, start, offsets, templates):
    """Fill `offsets` and `templates`, unless they are empty; returns how many events there are."""
    place = start >> 3
    count = 0
    while place < len(words):
        head = words[place]
        if head == 0:
            break
        if count < len(offsets):
            offsets[count] = place << 3
            templates[count] = (head >> 16) & 0xFFFF
        count += 1
        place += (HEADER_BYTES + (head & 0xFFFF)) >> 3
    return count


def scan(block: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(offsets in bytes, template ids) of the events in `block` (uint8), both int64."""
    words = np.ascontiguousarray(block).view(np.int64)
    none = np.zeros(0, dtype=np.int64)
    count = int(_walk(words, 0, none, none))
    offsets, templates = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
    _walk(words, 0, offsets, templates)
    return offsets, templates


class Events(NamedTuple):
    """A block of events with its index; `of` gives the rows of one message."""

    rows: np.ndarray  # union array: element i begins at byte 8*i
    offsets: np.ndarray
    templates: np.ndarray

    def of(self, name: str) -> np.ndarray:
        """All events of one message, as union rows (a copy)."""
        places = self.offsets[self.templates == EVENTS[name].id] >> 3
        return self.rows[places]

    def all(self) -> np.ndarray:
        """All events in order, as union rows (a copy)."""
        return self.rows[self.offsets >> 3]


def events_of(block: np.ndarray) -> Events:
    """Index a block of events (uint8), for instance what `Venue.submit` returns."""
    offsets, templates = scan(block)
    padded = np.zeros(len(block) + EVENT.itemsize, dtype=np.uint8)
    padded[: len(block)] = block
    return Events(union_view(padded, EVENT), offsets, templates)
