"""Finding messages in a day's journal or event stream by what they say, a block at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from twinex.venue.journal.columns import entries_at, heads_of
from twinex.venue.journal.layout import EVENTS, JOURNAL
from twinex.venue.journal.reader import (
    Block,
    Event,
    EventReader,
    JournalReader,
    Record,
    event_at,
    record_at,
)
from twinex.venue.wire.schema import EVENT, RECORD, TEMPLATES, union_view

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_FOREVER = 1 << 62
_ORDER_FIELDS = ("order_id", "buy_order_id", "sell_order_id", "bid_order_id", "ask_order_id")
_LISTS = [one for one in TEMPLATES.values() if one.group is not None]


@dataclass(frozen=True)
class Wanted:
    """What a message has to be; what is not given does not matter.

    `names`: one of these messages. `seat`: who sent the command, or whose order it is about.
    `order_id`: events that name this order. `sequences`: one of these, ascending.
    """

    first_sequence: int = 0
    last_sequence: int = _FOREVER
    first_ns: int = 0
    last_ns: int = _FOREVER
    names: tuple[str, ...] = ()
    seat: int | None = None
    instrument: int | None = None
    order_id: int | None = None
    sequences: Ints | None = None


class Search:
    """The matching messages of a day, oldest first. Iterate again for what has come since."""

    def __init__(self, directory: Path, wanted: Wanted, *, events: bool) -> None:
        """Raises the errors of `JournalReader` and `EventReader`."""
        first = wanted.first_sequence or None
        self._reader = EventReader(directory, first) if events else JournalReader(directory, first)
        self._wanted = wanted
        self._events = events
        self.over = False  # everything that follows lies behind what is wanted

    def __iter__(self) -> Iterator[Record | Event]:
        take = event_at if self._events else record_at
        while not self.over and (block := self._reader.poll()):
            for place in self._matches(block).tolist():
                yield take(block.octets, place)

    def _matches(self, block: Block) -> Ints:
        wanted = self._wanted
        heads = heads_of(block, EVENTS if self._events else JOURNAL)
        sequence, time_ns = heads["sequence"], heads["time_ns"]
        self.over = bool(sequence[-1] > wanted.last_sequence or time_ns[-1] > wanted.last_ns)
        chosen = (sequence >= wanted.first_sequence) & (sequence <= wanted.last_sequence)
        chosen &= (time_ns >= wanted.first_ns) & (time_ns <= wanted.last_ns)
        if wanted.sequences is not None:
            chosen &= np.isin(sequence, wanted.sequences)
        if wanted.names:
            chosen &= np.isin(heads["template_id"], [TEMPLATES[one].id for one in wanted.names])
        places: Ints = block.places[chosen]
        return places[self._say(block, places)]

    def _say(self, block: Block, places: Ints) -> Flags:
        """Which of the messages have the field values that are wanted."""
        wanted = self._wanted
        rows = union_view(block.octets, EVENT if self._events else RECORD)
        chosen = np.ones(len(places), dtype=np.bool_)
        if wanted.seat is not None:
            chosen &= self._has(rows, places, "seat", wanted.seat)
        if wanted.instrument is not None:
            named = self._has(rows, places, "instrument", wanted.instrument)
            chosen &= named | self._lists(block, places, "instrument", wanted.instrument)
        if wanted.order_id is not None:
            each = [self._has(rows, places, name, wanted.order_id) for name in _ORDER_FIELDS]
            chosen &= np.logical_or.reduce(each)
        return chosen

    def _has(self, rows: npt.NDArray[np.void], places: Ints, field: str, value: int) -> Flags:
        """Fields of different messages share their bytes: only those that have it are compared."""
        names = rows.dtype.names or ()
        if field not in names:
            return np.zeros(len(places), dtype=np.bool_)
        equal: Flags = rows[field][places >> 3] == value
        if field == "seat" and not self._events:
            return equal
        having = [one.id for one in TEMPLATES.values() if field in (one.block.names or ())]
        return equal & np.isin(rows["template_id"][places >> 3], having)

    def _lists(self, block: Block, places: Ints, field: str, value: int) -> Flags:
        """Which of the messages have an entry with that value in their repeating group."""
        found = np.zeros(len(places), dtype=np.bool_)
        if self._events:
            return found
        ids = union_view(block.octets, RECORD)["template_id"][places >> 3]
        for template in _LISTS:
            for at in np.flatnonzero(ids == template.id).tolist():
                entries = entries_at(block.octets, int(places[at]), template)
                found[at] = entries is not None and bool((entries[field] == value).any())
        return found


def sequences_of_order(directory: Path, order_id: int) -> Ints:
    """Sequences of the commands whose events name an order: its own, fills, its end."""
    found = Search(directory, Wanted(order_id=order_id), events=True)
    return np.array(sorted({one.sequence for one in found}), dtype=np.int64)
