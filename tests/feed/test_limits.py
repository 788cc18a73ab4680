"""Where room runs out, what is old is forgotten, and what arrives is nonsense."""

import socket

import pytest

from feed.living import Living, core_queues, fixed_clock, frames_of, live, queues_of, submit
from feed.serving import free_port
from feed.test_publisher import both
from feed.test_wire import Recorder
from twinex.client.feed import Feed
from twinex.client.feed_schema import FeedError, decode, unpack
from twinex.venue.feed import log, streams
from twinex.venue.feed.books import empty_books
from twinex.venue.feed.channel import Channel
from twinex.venue.feed.publisher import Publisher
from twinex.venue.venue import Venue


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_tables_and_outputs_that_grow_make_the_same_messages(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    *_, roomy = live(seed, 400, batch=100)
    monkeypatch.setattr(streams, "_OUTPUT_BYTES", 256)
    monkeypatch.setattr(streams, "empty_books", lambda: empty_books(2, 2, 2))
    *_, narrow = live(seed, 400, batch=100)
    for one, other in zip(roomy.streams.logs, narrow.streams.logs, strict=True):
        assert b"".join(one.framed()) == b"".join(other.framed())


class Mute(Channel):
    """Loses everything while `is_mute`."""

    is_mute = False

    def send(self, packet: bytes) -> None:
        if not self.is_mute:
            super().send(packet)


def test_who_missed_what_is_forgotten_begins_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "_CHUNK_BYTES", 2048)
    frames, port = frames_of(9, 900, end=False), free_port()
    with Venue(clock=fixed_clock) as venue:
        living, channel = Living(venue, kept_bytes=8192), Mute([("127.0.0.1", port)])
        with (
            Publisher(living.events, living.streams, {"L3": channel}) as publisher,
            Feed(("127.0.0.1", port), recovery=publisher.recovery.address) as feed,
        ):
            submit(venue, frames[:300])
            both(publisher, feed)
            channel.is_mute = True
            for start in range(300, 890, 10):
                submit(venue, frames[start : start + 10])
                publisher.step()
            channel.is_mute = False
            assert living.streams.logs[0].first_sequence > feed.next_sequence
            submit(venue, frames[890:])
            both(publisher, feed)
            assert feed.counts.snapshots == 2
            assert queues_of(feed.market) == core_queues(venue)


def test_nonsense_is_passed_over_and_counted() -> None:
    port, frames = free_port(), frames_of(10, 200, end=False)
    with Venue(clock=fixed_clock) as venue:
        living = Living(venue)
        channels = {"L3": Channel([("127.0.0.1", port)])}
        with (
            Publisher(living.events, living.streams, channels) as publisher,
            Feed(("127.0.0.1", port), recovery=publisher.recovery.address) as feed,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger,
        ):
            for octets in (b"", b"x", bytes(20), b"L320260105" + b"\xff" * 30):
                stranger.sendto(octets, ("127.0.0.1", port))
            submit(venue, frames)
            both(publisher, feed)
            assert feed.counts.broken == 4
            assert queues_of(feed.market) == core_queues(venue)


def test_bytes_cut_anywhere_are_named_errors() -> None:
    recorder = Recorder()
    with Venue(clock=fixed_clock) as venue:
        living = Living(venue)
        with Publisher(living.events, living.streams, {"L3": recorder}) as publisher:
            submit(venue, frames_of(11, 50))
            publisher.step()
    packet = recorder.packets[0]
    for length in range(len(packet)):
        with pytest.raises(FeedError):
            unpack(packet[:length])
    message = unpack(packet).messages[0]
    for length in range(len(message)):
        with pytest.raises(FeedError):
            decode(message[:length])
    assert decode(message[:2] + b"\xfe\xff" + message[4:]) is None  # of a later version
