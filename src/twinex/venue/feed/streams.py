"""The feed's streams of one day: L3 (order by order), L2 (levels), L1 (best prices)."""

import numpy as np

from twinex.venue.feed.books import (
    Books,
    empty_books,
    with_instrument,
    with_levels,
    with_orders,
)
from twinex.venue.feed.definitions import Definitions, Listing
from twinex.venue.feed.ends import tell_changed
from twinex.venue.feed.log import Log
from twinex.venue.feed.output import Output, empty_output
from twinex.venue.feed.schema import MESSAGE_MAX
from twinex.venue.feed.snapshot import write_snapshot
from twinex.venue.feed.transform import (
    DEFINITION,
    DONE,
    OUTPUT_FULL,
    TABLES_FULL,
    settle,
    transform,
)
from twinex.venue.journal.reader import Block
from twinex.venue.wire.schema import COMMANDS, EVENT, union_view

L3, L2, L1 = range(3)
_OUTPUT_BYTES = 1 << 19
_PRODUCT = COMMANDS["product_define"].id
_COMBINATION = COMMANDS["combination_define"].id


class Streams:
    """Makes the messages of all three streams of committed events; the same whatever the blocks.

    `logs`: L3, L2 and L1. `add` takes blocks of events in stream order, from the day's first on;
    `settle` says that all so far are of whole commands (the reader is at the gate): what the last
    command changed is told then. `definitions` gives the command of a sequence (spec/feed.md).
    """

    def __init__(self, definitions: Definitions, *, kept_bytes: int = 1 << 28) -> None:
        self._definitions = definitions
        self.books: Books = empty_books()
        self.listing = Listing()
        self.logs = tuple(Log(kept_bytes) for _ in range(3))
        self._outputs: list[Output] = [empty_output(_OUTPUT_BYTES) for _ in range(3)]

    def add(self, block: Block) -> None:
        """Whole events, in stream order."""
        events, done, why = union_view(block.octets, EVENT), 0, OUTPUT_FULL
        while why != DONE:
            orders, levels, tops = self._outputs
            why, done = transform(self.books, orders, levels, tops, events, block.places, done)
            if why == OUTPUT_FULL:
                self._make_room()
            elif why == TABLES_FULL:
                self._grow()
            elif why == DEFINITION:
                self._define(events[int(block.places[done]) >> 3])
                done += 1
        self._take_whole()

    def settle(self) -> None:
        """The last command is whole."""
        while not settle(self.books, *self._outputs):
            self._make_room()
        self._take_whole()

    def snapshot(self, level: int, next_sequence: int, log: Log) -> None:
        """All that a late joiner of a stream needs, into an empty log (spec/feed.md).

        Its last message is `snapshot_ended` with `next_sequence`. Only between `settle` and `add`.
        """
        write_snapshot(self.books, self.listing, level, next_sequence, log)

    def tell_tops(self, log: Log, time_ns: int) -> None:
        """Best prices and figures of every instrument whose own changed since the last call.

        By the clock, unlike the streams: `time_ns` is in the messages. Only after `settle`.
        """
        output = empty_output(len(self.books.instruments) * MESSAGE_MAX)
        tell_changed(self.books, output, time_ns)
        place = output.place[0]
        if place["count"]:
            log.append(
                output.words.view(np.uint8),
                output.starts,
                int(place["count"]),
                int(place["position"]),
            )

    def _grow(self) -> None:
        if self.books.now[0]["orders_free"] == 0:
            self.books = with_orders(self.books, 2 * len(self.books.orders))
        if self.books.now[0]["levels_free"] == 0:
            self.books = with_levels(self.books, 2 * len(self.books.levels))

    def _define(self, event: np.void) -> None:
        command = self._definitions(int(event["sequence"])).fields
        kind, time_ns = int(event["changed_by"]), int(event["time_ns"])
        if kind == _PRODUCT:
            self.listing.product(self.books, command)
            return
        self.books = with_instrument(self.books, command["instrument"])
        define = self.listing.combination if kind == _COMBINATION else self.listing.instrument
        message = define(self.books, command, time_ns)
        for output in self._outputs:
            _write(output, message)

    def _make_room(self) -> None:
        """What is whole goes into the logs; where that frees too little, outputs are doubled."""
        self._take_whole()
        for level, output in enumerate(self._outputs):
            if 2 * int(output.place[0]["position"]) > int(output.place[0]["limit"]):
                self._outputs[level] = _doubled(output)
        touched = self.books.now[0]["levels_touched"] + self.books.now[0]["instruments_touched"]
        if touched:
            self._outputs = [_with_room(output, int(touched)) for output in self._outputs]

    def _take_whole(self) -> None:
        for output, log in zip(self._outputs, self.logs, strict=True):
            _drain(output, log)


def _write(output: Output, message: bytes) -> None:
    place = output.place[0]
    position, length = int(place["position"]), len(message)
    octets = output.words.view(np.uint8)
    octets[position : position + length] = np.frombuffer(message, np.uint8)
    output.starts[place["count"]] = position
    place["count"] += 1
    place["position"] += length


def _drain(output: Output, log: Log) -> None:
    """Messages of commands that have ended into the log; the rest to the front."""
    place = output.place[0]
    whole, count = int(place["whole"]), int(place["count"])
    if whole == 0:
        return
    position = int(place["position"])
    end = int(output.starts[whole]) if count > whole else position
    octets = output.words.view(np.uint8)
    log.append(octets, output.starts, whole, end)
    octets[: position - end] = octets[end:position].copy()
    output.starts[: count - whole] = output.starts[whole:count] - end
    place["position"], place["count"], place["whole"] = position - end, count - whole, 0


def _doubled(output: Output) -> Output:
    return _moved(output, 2 * int(output.place[0]["limit"]))


def _with_room(output: Output, messages: int) -> Output:
    """The same with room for so many messages of the longest kind, and some."""
    needed = int(output.place[0]["position"]) + (messages + 8) * MESSAGE_MAX
    return output if needed <= int(output.place[0]["limit"]) else _moved(output, 2 * needed)


def _moved(output: Output, bytes_: int) -> Output:
    made = empty_output(bytes_)
    made.words[: len(output.words)] = output.words
    made.starts[: len(output.starts)] = output.starts
    for name in ("position", "count", "whole"):
        made.place[name] = output.place[name]
    return made
