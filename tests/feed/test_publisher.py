"""A publisher over a day's directory: the same sessions from another process or system."""

import threading
from collections.abc import Iterable
from pathlib import Path

import pytest

from feed.living import (
    Living,
    core_queues,
    fixed_clock,
    framed_from,
    frames_of,
    queues_of,
    submit,
)
from feed.serving import free_port, wait_for
from feed.test_wire import Recorder
from twinex.client.feed import Feed
from twinex.client.feed_schema import END_OF_SESSION, decode, unpack
from twinex.venue.feed.channel import Channel
from twinex.venue.feed.publisher import INTERVAL_NS, Publisher
from twinex.venue.feed.streams import L1
from twinex.venue.venue import Venue


def _bytes_of(publisher: Publisher) -> list[bytes]:
    return [b"".join(log.framed()) for log in publisher.streams.logs]


def test_a_publisher_that_comes_later_makes_the_same_streams(tmp_path: Path) -> None:
    frames = frames_of(1, 400)
    with Venue(tmp_path / "day", clock=fixed_clock, segment_bytes=1 << 16) as venue:
        submit(venue, frames[:1])
        with Publisher.of_day(tmp_path / "day", {}) as first:
            for start in range(1, len(frames), 30):
                submit(venue, frames[start : start + 30])
                first.step()
            with Publisher.of_day(tmp_path / "day", {}) as second:
                second.step()
                assert _bytes_of(second) == _bytes_of(first)


def test_what_another_has_sent_is_not_sent_again(tmp_path: Path) -> None:
    frames = frames_of(2, 300)
    with Venue(tmp_path / "day", clock=fixed_clock) as venue:
        submit(venue, frames[:200])
        first, second = Recorder(), Recorder()
        with Publisher.of_day(tmp_path / "day", {"L3": first}) as publisher:
            publisher.step()
        with Publisher.of_day(tmp_path / "day", {"L3": second}, resume=True) as publisher:
            publisher.step()
            submit(venue, frames[200:])
            publisher.step()
    sent = [unpack(packet) for packet in first.packets + second.packets]
    sequence = 1
    for packet in sent:
        assert packet.sequence == sequence
        sequence += len(packet.messages)
    assert sent[-1].count == END_OF_SESSION
    last = decode(sent[-2].messages[-1])
    assert last is not None
    assert last.name == "day_ended"


def test_a_receiver_goes_on_when_another_publisher_takes_over(tmp_path: Path) -> None:
    frames, port, tcp = frames_of(3, 600, end=False), free_port(), ("127.0.0.1", free_port())
    with Venue(tmp_path / "day", clock=fixed_clock) as venue:
        submit(venue, frames[:300])
        with Feed(("127.0.0.1", port), recovery=tcp, patience_s=0) as feed:
            with _publisher(tmp_path, port, tcp) as first:
                both(first, feed)
                joined = feed.next_sequence
            submit(venue, frames[300:400])  # nobody publishes
            with _publisher(tmp_path, port, tcp, resume=True) as second:
                second.step()
                submit(venue, frames[400:])
                both(second, feed)
                assert feed.next_sequence == second.streams.logs[0].next_sequence > joined
                assert queues_of(feed.market) == core_queues(venue)
                assert feed.counts.snapshots == 1


def _publisher(path: Path, port: int, tcp: tuple[str, int], **options: bool) -> Publisher:
    channel = Channel([("127.0.0.1", port)])
    return Publisher.of_day(path / "day", {"L3": channel}, recovery=tcp, **options)


def both(publisher: Publisher, feed: Feed) -> None:
    """Both turn about until the receiver has all."""
    stop = threading.Event()

    def serve() -> None:
        while not stop.is_set():
            publisher.step(0.005)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        log = publisher.streams.logs[0]
        wait_for(
            lambda: feed.is_current and feed.next_sequence == log.next_sequence,
            lambda: feed.poll(0.05),
        )
    finally:
        stop.set()
        thread.join()


def _tops(messages: Iterable[bytes]) -> dict[int, dict[str, int]]:
    """The last `top_changed` of each instrument, without its time."""
    found = {}
    for message in map(decode, messages):
        assert message is not None
        if message.name == "top_changed":
            found[message.fields["instrument"]] = {**message.fields, "time_ns": 0, "flags": 0}
    return found


def test_best_prices_by_the_clock_are_those_told_last() -> None:
    now, frames = [0], frames_of(4, 300, end=False)
    with Venue(clock=fixed_clock) as venue:
        living, recorder = Living(venue), Recorder()
        channels = {"I1": recorder}
        with Publisher(living.events, living.streams, channels, clock=lambda: now[0]) as publisher:
            for start in range(0, len(frames), 10):
                submit(venue, frames[start : start + 10])
                now[0] += INTERVAL_NS // 5
                publisher.step()
            now[0] += INTERVAL_NS
            publisher.step()
        by_clock = [unpack(packet) for packet in recorder.packets]
        told = _tops(message for packet in by_clock for message in packet.messages)
        assert told == _tops(framed_from(living.streams.logs[L1])) != {}
        assert sum(packet.count > 0 for packet in by_clock) <= len(frames) // 50 + 2


@pytest.mark.parametrize("name", ["L4", ""])
def test_streams_that_there_are_not(name: str) -> None:
    with Venue(clock=fixed_clock) as venue:
        living = Living(venue)
        with pytest.raises(ValueError, match="there are L3, L2, L1, I1"):
            Publisher(living.events, living.streams, {name: Recorder()})
