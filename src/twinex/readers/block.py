"""A block of events as columns: offsets by template, and fields gathered without copying rows."""

from typing import Any, Self

import numpy as np
import numpy.typing as npt

from twinex.venue.events import scan
from twinex.venue.wire import codes
from twinex.venue.wire.schema import EVENT, TEMPLATES, union_view

Ints = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

_TEMPLATE_IDS = 256


class EventBlock:
    """Events one after another, as `Venue.submit` and `EventReader` give them.

    `place(name)` gives where the events of one template begin (in units of 8 bytes);
    `column(field, places)` gathers one field of them as int64. Load a new block with `load`: the
    buffer is kept, so a block lives until the next `load`. `ends`: its first and last event.
    """

    def __init__(self, capacity_bytes: int = 1 << 16) -> None:
        self._buffer = np.zeros(capacity_bytes + EVENT.itemsize, dtype=np.uint8)
        self._events = union_view(self._buffer, EVENT)
        self._places: dict[int, Ints] = {}
        self.ends: Ints = np.zeros(0, dtype=np.int64)
        self.count = 0

    def load(self, block: Bytes) -> Self:
        """Take the events of `block` (uint8, whole events)."""
        size = len(block)
        if size + EVENT.itemsize > len(self._buffer):
            self._buffer = np.zeros(2 * size + EVENT.itemsize, dtype=np.uint8)
            self._events = union_view(self._buffer, EVENT)
        self._buffer[:size] = block
        offsets, templates = scan(self._buffer[:size])
        self.count = len(offsets)
        places = np.asarray(offsets, dtype=np.int64) >> 3
        self.ends = places[[0, -1]] if self.count else places
        self._split(places, np.asarray(templates))
        return self

    def _split(self, places: Ints, templates: npt.NDArray[Any]) -> None:
        """Group the places by template; inside a template they stay in stream order."""
        order = np.argsort(templates, kind="stable")
        ends = np.cumsum(np.bincount(templates, minlength=_TEMPLATE_IDS))
        grouped = places[order]
        self._places = {
            template.id: grouped[ends[template.id - 1] : ends[template.id]]
            for template in TEMPLATES.values()
            if template.is_event
        }

    def place(self, name: str) -> Ints:
        """Where the events called `name` begin, in stream order."""
        return self._places[TEMPLATES[name].id]

    def priced_trades(self) -> Ints:
        """Where the trades begin that move a last price.

        Those between two orders of a combination do not (`spec/combinations.md`): their prices are
        derived.
        """
        places = self.place("trade")
        priced: Ints = places[self.column("price_source", places) != codes.SOURCE_COMBINATION]
        return priced

    def column(self, field: str, places: Ints) -> Ints:
        """One field of the events at `places`, as int64."""
        column: Ints = self._events[field][places].astype(np.int64)
        return column

    def of(self, name: str, field: str, value: int) -> Ints:
        """Places of the events called `name` whose `field` is `value`."""
        places = self.place(name)
        chosen: Ints = places[self._events[field][places] == value]
        return chosen
