"""A random day lived in a venue, and the feed that follows it."""

import random
from collections import defaultdict
from collections.abc import Iterator

import numpy as np
from checkers.days import RandomDay
from checkers.wire import frame

from twinex.client.feed_book import Market
from twinex.client.feed_schema import blocks_of, decode
from twinex.venue.feed.definitions import JournalDefinitions
from twinex.venue.feed.log import Log
from twinex.venue.feed.streams import Streams
from twinex.venue.journal.reader import EventReader, JournalReader
from twinex.venue.venue import Venue

Queues = dict[tuple[int, int, int], list[tuple[int, int]]]  # (instrument, side, price): id, lots


def fixed_clock() -> int:
    return 1_700_000_000_000_000_000


class Living:
    """A venue in memory, and the streams of its events."""

    def __init__(self, venue: Venue, kept_bytes: int = 1 << 28) -> None:
        self.venue = venue
        day = venue.day
        self.events = EventReader(day.events, gate=day.gate)
        journal = JournalReader(day.journal, gate=day.gate)
        self.streams = Streams(JournalDefinitions(journal), kept_bytes=kept_bytes)

    def follow(self) -> None:
        """All that is committed, into the streams."""
        while block := self.events.poll():
            self.streams.add(block)
        self.streams.settle()


def frames_of(seed: int, count: int, *, end: bool = True, **options: float) -> list[bytes]:
    """The day of `seed` as frames."""
    setup, commands = RandomDay(random.Random(seed), **options).write(count, end=end)
    return [frame(seat, message) for seat, message in [*setup, *commands]]


def submit(venue: Venue, frames: list[bytes]) -> None:
    venue.submit(np.frombuffer(b"".join(frames), dtype=np.uint8))


def live(seed: int, count: int, batch: int = 7, **options: float) -> Iterator[Living]:
    """The day of `seed`, `batch` commands at a time; the feed has followed when it is given."""
    frames = frames_of(seed, count, **options)
    with Venue(clock=fixed_clock, segment_bytes=1 << 16) as venue:
        living = Living(venue)
        for start in range(0, len(frames), batch):
            submit(venue, frames[start : start + batch])
            living.follow()
            yield living


def snapshot_of(streams: Streams, level: int) -> Log:
    """What a joiner of that stream gets now."""
    log = Log()
    streams.snapshot(level, streams.logs[level].next_sequence, log)
    return log


def framed_from(log: Log, sequence: int = 1) -> Iterator[bytes]:
    """The messages of a log from `sequence` on."""
    for first, count, octets in log.pieces(sequence, log.next_sequence, 50_000, 1000):
        assert first == sequence
        yield from blocks_of(bytes(octets))
        sequence += count


def apply(market: Market, messages: Iterator[bytes]) -> None:
    for octets in messages:
        message = decode(octets)
        assert message is not None
        market.apply(message)


def queues_of(market: Market) -> Queues:
    """Every queue as a receiver has it."""
    return {
        (number, side, price): [(order.order_id, order.quantity) for order in queue]
        for number, book in market.books.items()
        for side in (0, 1)
        for price, queue in book.queues[side].items()
    }


def core_queues(venue: Venue) -> Queues:
    """Every queue as the core's state image has it."""
    queues: Queues = defaultdict(list)
    for row in venue.image()["orders"]:
        key = int(row["instrument"]), int(row["side"]), int(row["price"])
        queues[key].append((int(row["order_id"]), int(row["shown"])))
    return dict(queues)


def core_levels(venue: Venue, number: int, side: int) -> dict[int, tuple[int, int]]:
    """A side of a book: price to (lots shown, orders)."""
    return {level.price: level[1:] for level in venue.book(number, 1000)[side]}
