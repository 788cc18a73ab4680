"""Receivers over real sockets: they join, lose packets, join late, and have every book right."""

import socket

import pytest

from feed.living import frames_of, queues_of
from feed.serving import GROUP, Lossy, Served, free_port, wait_for
from twinex.client.feed import Feed
from twinex.venue.feed.channel import Channel


def _follow_to_the_end(feed: Feed, served: Served) -> None:
    wait_for(lambda: feed.ended and served.lived.is_set(), lambda: feed.poll(0.05))


@pytest.mark.parametrize("seed", range(4))
def test_loss_doubling_and_overtaking_leave_every_book_right(seed: int) -> None:
    port = free_port()
    relay = Lossy(("127.0.0.1", port), seed, share=0.1)
    served = Served(frames_of(seed, 1500, end=False), {"L3": relay}, batch=10)
    with Feed(("127.0.0.1", port), recovery=served.recovery) as feed, served:
        _follow_to_the_end(feed, served)
        assert min(relay.lost, relay.doubled, relay.delayed) > 0
        assert feed.market.whole
        assert feed.next_sequence == served.log_ends[0]
        assert queues_of(feed.market) == served.queues != {}
        assert feed.counts.repairs > 0


def test_a_group_has_any_number_of_receivers_and_late_joiners() -> None:
    port = free_port()
    channel = Channel([(GROUP, port)])
    served = Served(frames_of(5, 1200, end=False), {"L3": channel}, pause_s=0.001)
    feeds: list[Feed] = []
    with served:
        try:
            for wanted in (0, 0, 300, 600):
                feeds.append(Feed((GROUP, port), recovery=served.recovery))
                wait_for(
                    lambda wanted=wanted: feeds[0].next_sequence >= wanted,
                    lambda: [feed.poll(0.01) for feed in feeds],
                )
            for feed in feeds:
                _follow_to_the_end(feed, served)
                assert queues_of(feed.market) == served.queues
        finally:
            for feed in feeds:
                feed.close()


def test_who_joins_when_all_is_over_is_whole_by_a_heartbeat_and_a_snapshot() -> None:
    port = free_port()
    served = Served(frames_of(6, 300, end=False), {"L3": Channel([("127.0.0.1", port)])})
    with served:
        served.lived.wait(60)
        with Feed(("127.0.0.1", port), recovery=served.recovery) as feed:
            wait_for(lambda: feed.counts.snapshots == 1, lambda: feed.poll(0.5))
            assert queues_of(feed.market) == served.queues


def test_strangers_on_tcp_are_cut_off_and_nobody_else_notices() -> None:
    served = Served(frames_of(7, 200, end=False), {})
    with served:
        served.lived.wait(60)
        for octets in (b"GET / HTTP/1.1\r\n\r\n  ", b"\xff" * 20, b"x"):
            with socket.create_connection(served.recovery, 5) as stranger:
                stranger.sendall(octets)
                stranger.shutdown(socket.SHUT_WR)
                assert stranger.recv(100) == b""
