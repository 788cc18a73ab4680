"""The end: of a gateway, of a venue that fails. Everybody is told; nobody waits for ever."""

import os
import queue
import resource
import shutil
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from talk import Line, cancel, connected, login, open_descriptors, order, packet, serving, user

from twinex.venue.gateway.gateway import Gateway, GatewayClosed
from twinex.venue.gateway.users import User, Users, UsersInvalid
from twinex.venue.journal.errors import DirectoryVanished
from twinex.venue.journal.recovery import verify
from twinex.venue.opening import OpenMarket, open_market
from twinex.venue.venue import BadFrame, Venue, VenueError, VenueStopped
from twinex.venue.wire.messages import encode, frames


@pytest.fixture
def market() -> Iterator[OpenMarket]:
    with open_market("open", members=2) as opened:
        yield opened


@contextmanager
def failing(kind: type[BaseException], venue: Venue) -> Iterator[Gateway]:
    """A gateway whose `run` must raise that."""
    try:
        with serving(venue, ("1",)) as served:
            yield served
    except kind:
        return
    raise AssertionError(f"it did not stop by {kind.__name__}")


def _use_up_descriptors() -> list[int]:
    used: list[int] = []
    try:
        while True:
            used.append(os.dup(2))
    except OSError:
        return used


def _framed(*messages: bytes) -> np.ndarray:
    return np.frombuffer(frames(0, messages), np.uint8)


def test_who_is_there_when_the_server_ends_is_told(market: OpenMarket) -> None:
    with serving(market.venue, ("1",)) as served:
        line = connected(served, "1", sequence=0)
    last = line.last()
    assert last is not None
    assert last.rest == b"CLOSING: the server ends"


def test_a_gateway_runs_once(market: OpenMarket) -> None:
    with serving(market.venue, ("1",)) as served:
        with pytest.raises(GatewayClosed):
            served.run()
        connected(served, "1")
    with pytest.raises(GatewayClosed):
        served.run()
    market.venue.send(0, encode("phase_set", phase=6))


def test_what_is_asked_too_late_is_answered(market: OpenMarket) -> None:
    """Behind the end, and between the last turn and the end."""
    with serving(market.venue, ("1",)) as served:
        late: queue.Queue[Future[object]] = queue.Queue()

        def stop() -> None:
            served.stop()
            late.put(served.ask(lambda: served.ask(lambda: 1)))

        served.ask(stop).result()
    for future in (late.get(), served.ask(lambda: 1), served.submit(_framed()), served.kick("1")):
        with pytest.raises(GatewayClosed):
            future.result(60)
    number = os.dup(2)  # the bell's, most likely
    served.stop()
    os.close(number)


def test_a_question_that_is_taken_back_or_fails_is_nobodys_harm(market: OpenMarket) -> None:
    go_on = threading.Event()
    with serving(market.venue, ("1",)) as served:
        served.ask(go_on.wait)
        taken_back, failed = served.ask(lambda: 1), served.ask(lambda: 1 // 0)
        assert taken_back.cancel()
        go_on.set()
        with pytest.raises(ZeroDivisionError):
            failed.result()
        assert served.ask(lambda: 2).result() == 2


def test_a_bad_frame_behind_commands_that_are_done(market: OpenMarket) -> None:
    """Their events reach the streams; the next command's too."""
    with serving(market.venue, ("1",)) as served:
        line = connected(served, "1", sequence=0)
        bad = np.concatenate([_framed(encode("phase_set", phase=6)), np.ones(8, np.uint8)])
        with pytest.raises(BadFrame):
            served.submit(bad).result()
        line.until("phase_changed", phase=6)
        line.command(cancel(1))
        line.until("command_rejected", client_id=1)


def test_a_venue_that_a_question_stopped_serves_no_more(market: OpenMarket) -> None:
    """Nothing is released behind the command at which it stopped."""
    released = market.venue.day.gate
    with failing(VenueStopped, market.venue) as served:
        line = connected(served, "1", sequence=0)

        def fail() -> None:
            market.venue.stop(OSError("the disk is gone"))
            line.command(order(market, 1))

        before = released.read()
        served.ask(fail).result()
        last = line.last()
    assert last is not None
    assert last.rest.startswith(b"CLOSING: ")
    assert released.read() == before


def test_a_disk_that_is_gone_stops_the_market_and_everybody_is_told(tmp_path: Path) -> None:
    day = tmp_path / "day"
    opened = open_market("open", members=2, directory=day, durability="disk")
    with opened as market, failing(DirectoryVanished, market.venue) as served:
        line = connected(served, "1", sequence=0)
        line.command(order(market, 1))
        line.until("order_rested")
        shutil.rmtree(day)
        line.command(order(market, 2))
        answers = []
        while found := line.next():
            answers.append(found)
        with pytest.raises(VenueStopped):
            market.venue.send(0, encode("phase_set", phase=6))
    assert [each.kind for each in answers if each.kind == "S"] == []
    assert answers[-1].rest.startswith(b"CLOSING: ")


def test_a_broken_invariant_stops_the_market_and_everybody_is_told(market: OpenMarket) -> None:
    """More bytes in the batch than frames: what the sequencer refuses to believe."""
    with failing(AssertionError, market.venue) as served:
        line = connected(served, "1", sequence=0)
        lines = served._all.lines

        def break_it() -> None:
            lines.state[0]["batch_end"] += 8
            lines.words[0] = 1

        served.ask(break_it)
        last = line.last()
    assert last is not None
    assert last.rest.startswith(b"CLOSING: ")


@pytest.mark.parametrize("durability", ["memory", "disk"])
def test_a_day_that_is_closed_behind_the_gateway_has_it_all(
    durability: str, tmp_path: Path
) -> None:
    """Journal and events, and an image that was written while it served."""
    day = tmp_path / "day"
    with open_market("open", members=2, directory=day, durability=durability) as market:
        venue = market.venue
        with serving(venue, ("1",)) as served:
            line = connected(served, "1", sequence=0)
            for number in range(20):
                line.command(order(market, number + 1))
                line.until("order_rested")
                if number == 10:
                    served.ask(venue.write_image).result()
        sequence = venue.sequence
    report = verify(day)
    assert report.is_whole
    assert report.place.next_sequence == sequence + 1
    for images in (True, False):
        with Venue.reopen(day, images=images) as venue, serving(venue, ("1",)) as served:
            assert venue.restart is not None
            assert (venue.restart.image is not None) == images
            line = connected(served, "1")
            for number in range(20):
                line.until("order_rested", client_id=number + 1)


def test_a_day_that_is_not_open(tmp_path: Path) -> None:
    before = open_descriptors()
    with Venue(tmp_path / "day") as venue, pytest.raises(VenueError, match="day_open"):
        Gateway(venue, Users([]))
    assert open_descriptors() == before
    with Venue() as venue, serving(venue, ("1",)) as served:
        line = Line(served.address, login("1"))
        assert line.next() == ("+", b"NOT_OPEN: the market's day is not open")
        assert line.next() == ("J", b"S")


def test_a_log_that_fails_is_an_alarm(market: OpenMarket) -> None:
    def broken(*_: str) -> None:
        raise BrokenPipeError("nobody reads the log")

    with serving(market.venue, ("1",), on_session=broken) as served:
        line = connected(served, "1", sequence=0)
        line.command(cancel(1))
        line.until("command_rejected")
    assert "BrokenPipeError" in market.venue.watch.alarms[-1]


def test_nothing_stays_open(market: OpenMarket) -> None:
    """Guests that nobody received, passwords that nobody checked, sessions, strangers."""
    before = open_descriptors()
    with serving(market.venue, ("1", "2")) as served:
        lines = [connected(served, "1"), Line(served.address), Line(served.address, b"\x00")]
        go_on = threading.Event()
        served.ask(go_on.wait)
        lines += [Line(served.address, login("2")) for _ in range(20)]
        while served._guests.empty():
            os.sched_yield()
        served.stop()
        go_on.set()
    for line in lines:
        line.close()
    assert open_descriptors() == before


def test_a_queue_of_guesses_costs_ten(market: OpenMarket) -> None:
    """A hundred at once, from one address: the failures of those in front count."""
    with serving(market.venue, ("1",)) as served:
        lines = [Line(served.address, login("1", "guess")) for _ in range(100)]
        assert [line.next() for line in lines] == [("J", b"A")] * 100
        counts = served._door.counts
        assert (counts.refused, counts.checked) == (100, 10)


def test_no_descriptors_left(market: OpenMarket) -> None:
    """Who comes waits in the queue until there is one."""
    with serving(market.venue, ("1",)) as served:
        waiting = socket.socket()
        waiting.settimeout(60)
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        highest = max(int(each) for each in os.listdir("/proc/self/fd"))
        spare: list[int] = []
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 1, hard))
            spare = _use_up_descriptors()
            waiting.connect(served.address)
            waiting.sendall(login("1"))
            while not served._door._listens_from:
                os.sched_yield()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            for fd in spare:
                os.close(fd)
        assert waiting.recv(3) == b"\x00\x1fA"
        waiting.close()


@pytest.mark.parametrize(
    "wrong",
    [{"name": "07"}, {"name": "0"}, {"name": "D0"}, {"name": "٧"}, {"name": "1000000"}]
    + [{"password_hash": each} for each in ("", "abc", "zz$00", "00$" + 63 * "0")]
    + [{"messages_per_s": each} for each in (-1, 1 << 63)],
)
def test_no_user(wrong: dict[str, object]) -> None:
    good = {"name": "7", "password_hash": "00$" + 64 * "0", "messages_per_s": 0}
    User(**good)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="user"):
        User(**good | wrong)  # type: ignore[arg-type]


def test_a_users_file_with_a_password_that_is_no_hash(tmp_path: Path) -> None:
    path = tmp_path / "users.toml"
    path.write_text('[user.7]\npassword = "secret"\n')
    with pytest.raises(UsersInvalid, match="user 7"):
        Users.read(path)


def test_last_words_arrive_though_much_was_left_unread(market: OpenMarket) -> None:
    """A connection closed with unread bytes in it is reset, and what was said last is lost."""
    with serving(market.venue, (), users=Users([user("1"), user("2")])) as served:
        go_on = threading.Event()
        line = connected(served, "1", sequence=0)
        line.send(packet("U", bytes(3)) + bytes(100_000))
        last = line.last()
        assert last is not None
        assert last.rest.startswith(b"MESSAGE_SHORT: ")
        for _ in range(5):
            line = connected(served, "1", sequence=0)
            served.ask(go_on.wait)
            line.send(packet("R") * 50_000)
            kicked = served.kick("1")
            go_on.set()
            assert kicked.result() is True
            octets = b""
            while more := line.socket.recv(1 << 16):  # to its end: a reset would raise
                octets += more
            assert b"KICKED: " in octets
