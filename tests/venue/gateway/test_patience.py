"""Time: heartbeats, who is silent, who reads slowly, who does not log in. Waited for, not timed."""

import contextlib
import queue
import threading
from collections.abc import Iterator

import pytest
from talk import Line, cancel, connected, login, packet, serving

from twinex.venue.gateway.rows import Patience
from twinex.venue.opening import OpenMarket, open_market


@pytest.fixture
def market() -> Iterator[OpenMarket]:
    with open_market("open", members=2) as opened:
        yield opened


def test_heartbeats_come_while_nothing_else_does(market: OpenMarket) -> None:
    with serving(market.venue, ("1",), patience=Patience(heartbeat=0.05, silent=0.5)) as served:
        line = connected(served, "1", sequence=0)
        last = line.last()
        assert last is not None
        assert line.heartbeats >= 3
        assert last.rest.startswith(b"SILENT: ")


def test_a_heartbeat_is_enough_and_silence_is_not(market: OpenMarket) -> None:
    """One answers each heartbeat, the other is silent: only that one is cut off."""
    seen: queue.Queue[tuple[str, str]] = queue.Queue()
    patience = Patience(heartbeat=0.1, silent=0.6)
    with serving(
        market.venue,
        ("1", "2"),
        patience=patience,
        on_session=lambda what, user, _: seen.put((what, user)),
    ) as served:
        connected(served, "1", sequence=0)
        line = connected(served, "2", sequence=0)
        enough = threading.Event()

        def beat() -> None:
            while not enough.is_set():
                line.send(packet("R"))
                line.socket.recv(3)

        thread = threading.Thread(target=beat)
        thread.start()
        ended = [seen.get(timeout=60) for _ in range(3)][-1]
        enough.set()
        thread.join()
        assert ended == ("SILENT", "1")
        assert served.kick("2").result() is True


def test_a_slow_reader_is_cut_off_and_goes_on_where_it_was(market: OpenMarket) -> None:
    ended, count = threading.Event(), 60_000
    with serving(
        market.venue,
        ("1", "2"),
        patience=Patience(slow=0.2),
        on_session=lambda what, *_: what == "SLOW_READER" and ended.set(),
    ) as served:
        slow = connected(served, "1", sequence=0, receive_bytes=4_096)
        first = slow.sequence
        slow.send(b"".join(packet("U", cancel(n + 1)) for n in range(count)))
        assert ended.wait(60)
        sequence, found = first, [0]
        while found[-1] < count + 1:  # however often it is cut off again
            slow.reset()
            slow = connected(served, "1", sequence=sequence)
            slow.may_break = True
            slow.command(cancel(count + 1))
            while found[-1] < count + 1 and (received := slow.next()):
                if received.kind == "S":
                    sequence = slow.sequence
                    found.append(received.message.fields["client_id"])
    assert found[:-1] == list(range(len(found) - 1)), "what was read of it, in order"
    assert len(found) > 10_000


@pytest.mark.parametrize("begun", [b"", b"\x00", login("1")[:-1]])
def test_who_does_not_log_in_is_closed(market: OpenMarket, begun: bytes) -> None:
    with serving(market.venue, ("1",), patience=Patience(login=0.1)) as served:
        line = Line(served.address, begun)
        assert line.next() is None
        assert served._door.counts.late == 1
        connected(served, "1")


def test_silent_strangers_do_not_keep_out_who_speaks(market: OpenMarket) -> None:
    """As many as there may be, and more: the oldest go."""
    with serving(market.venue, ("1",), patience=Patience(login=60)) as served:
        strangers = [Line(served.address, b"\x00") for _ in range(256)]
        for number in range(300):
            strangers.append(Line(served.address))
            with contextlib.suppress(OSError):  # it may have been sent away
                strangers[number].send(b"\x2f")
        connected(served, "1")
        counts = served._door.counts
        assert counts.turned_away + counts.garbage >= 300
        assert strangers[0].next() is None
