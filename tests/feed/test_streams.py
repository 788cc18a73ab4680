"""The messages of the three streams against the core's own books, over random days."""

import pytest

from feed.living import (
    apply,
    core_levels,
    core_queues,
    framed_from,
    live,
    queues_of,
    snapshot_of,
)
from twinex.client.feed_book import Market
from twinex.client.feed_schema import decode
from twinex.venue.feed.streams import L1, L2, L3

SEEDS = range(12)


@pytest.mark.parametrize("seed", SEEDS)
def test_order_by_order_every_queue_is_the_cores(seed: int) -> None:
    market, sequence = Market(), 1
    for living in live(seed, 400):
        log = living.streams.logs[L3]
        apply(market, framed_from(log, sequence))
        sequence = log.next_sequence
        assert market.whole
        assert queues_of(market) == core_queues(living.venue)


@pytest.mark.parametrize("seed", SEEDS)
def test_levels_and_tops_are_the_cores(seed: int) -> None:
    by_level, tops = Market(), Market()
    read = {L2: 1, L1: 1}
    for living in live(seed, 300, batch=5):
        for level, market in ((L2, by_level), (L1, tops)):
            apply(market, framed_from(living.streams.logs[level], read[level]))
            read[level] = living.streams.logs[level].next_sequence
        for number, book in by_level.books.items():
            for side, names in ((0, "bid"), (1, "ask")):
                levels = core_levels(living.venue, number, side)
                assert book.levels[side] == levels
                best = next(iter(levels.items()), (0, (0, 0)))
                top = tops.books[number].top
                told = top.get(f"{names}_price", 0), top.get(f"{names}_volume", 0)
                assert told == (best[0], best[1][0])


@pytest.mark.parametrize("seed", [1, 2])
def test_the_same_messages_however_the_events_are_cut(seed: int) -> None:
    logs = []
    for batch in (1, 13, 10_000):
        *_, last = live(seed, 300, batch=batch)
        logs.append([b"".join(log.framed()) for log in last.streams.logs])
    assert logs[0] == logs[1] == logs[2]


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_a_late_joiner_is_whole(seed: int) -> None:
    early, sequence, joined = Market(), 1, []
    for place, living in enumerate(live(seed, 300, batch=11)):
        log = living.streams.logs[L3]
        apply(early, framed_from(log, sequence))
        for market in joined:
            apply(market, framed_from(log, sequence))
        sequence = log.next_sequence
        if place % 9 == 8:
            joined.append(Market())
            messages = list(framed_from(snapshot_of(living.streams, L3)))
            apply(joined[-1], iter(messages))
            last = decode(messages[-1])
            assert last is not None
            assert last.fields["next_sequence"] == sequence
        for market in joined:
            assert queues_of(market) == queues_of(early)
            assert market.phases == {k: v for k, v in early.phases.items() if v}
