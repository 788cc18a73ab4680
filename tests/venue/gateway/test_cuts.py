"""Connections that break: every order is there once, every stream whole, nothing stays open."""

import os
import random
import select
import threading
from collections import Counter

from member import Member
from talk import (
    Line,
    cancel,
    connected,
    login,
    open_descriptors,
    order,
    packet,
    serving,
    user,
)

from twinex.venue.gateway.gateway import Gateway
from twinex.venue.gateway.users import Users
from twinex.venue.opening import open_market
from twinex.venue.wire.messages import encode

DAY = 20260706


def _seeded() -> random.Random:
    seed = int(os.environ.get("TWINEX_SEED", random.SystemRandom().randrange(10**9)))
    print(f"seed {seed}")
    return random.Random(seed)


def _live(gateway: Gateway, member: Member, raised: list[BaseException]) -> None:
    """Cut, come again, send again; and again."""
    try:
        for _ in range(50):
            member.begin(gateway.address)
            whole = member.send(member.source.randint(0, 60))
            member.read(member.source.randint(0, whole))
            member.cut()
        member.finish(gateway.address)
    except BaseException as error:
        raised.append(error)


def test_every_order_is_done_once_however_often_connections_are_cut() -> None:
    source = _seeded()
    with open_market("open", members=3) as market, serving(market.venue, ("1", "2", "3")) as served:
        orders = [
            {n: order(market, n, account=2 * seat - 1) for n in range(1, 501)} for seat in (1, 2, 3)
        ]
        members = [
            Member(str(seat), orders[seat - 1], random.Random(source.random()))
            for seat in (1, 2, 3)
        ]
        raised: list[BaseException] = []
        threads = [
            threading.Thread(target=_live, args=(served, member, raised)) for member in members
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if raised:
            raise raised[0]
        for member, due in zip(members, orders, strict=True):
            member.hold(served.address, due)


def test_a_thousand_reconnects_of_fifty_users() -> None:
    """Some wait for their answer, some do not; in the end each user has one session."""
    source, before = _seeded(), open_descriptors()
    seen: Counter[str] = Counter()
    users = Users(user(str(seat)) for seat in range(1, 51))
    with open_market("open", members=50) as market:
        with serving(
            market.venue, (), users=users, on_session=lambda what, *_: seen.update([what])
        ) as served:
            for _ in range(1_000):
                name = str(source.randint(1, 50))
                found = users.find(name)
                assert found is not None
                line = Line(served.address, login(name, users.token(found, DAY), 0))
                if source.random() < 0.5:
                    line.begin()
                    line.command(cancel(1))
                source.choice((line.reset, line.close, lambda: None))()
            lines = [connected(served, str(seat), sequence=0) for seat in range(1, 51)]
            for line in lines:
                line.command(cancel(2))
                line.until("command_rejected", client_id=2)
            assert served.ask(lambda: len(served._seats._taken)).result() == 50
        assert seen["LOGIN"] == sum(seen.values()) - seen["LOGIN"], "each login ends once"
    for line in lines:
        line.close()
    from talk import OPEN

    for line in OPEN:
        line.close()
    assert open_descriptors() == before


def test_who_sends_and_leaves_is_heard_to_the_end() -> None:
    """More than a turn of commands, then a logout or half a connection; both are answered."""
    with open_market("open", members=2) as market, serving(market.venue, ("1", "2")) as served:
        for number, goodbye in enumerate((packet("O"), b"", packet("U", bytes(3)))):
            line = connected(served, "1", sequence=0)
            first = 1_000 * number
            octets = b"".join(packet("U", cancel(first + n + 1)) for n in range(500))
            go_on = threading.Event()
            served.ask(go_on.wait)  # all of it is there before any of it is read
            line.send(octets + goodbye)
            if not goodbye:
                line.socket.shutdown(1)
            go_on.set()
            found = []
            while received := line.next():
                if received.kind == "S":
                    found.append(received.message.fields["client_id"])
            assert found == list(range(first + 1, first + 501))


def test_who_is_held_and_goes_is_gone() -> None:
    """A connection over its limit that is reset: its session ends and the loop sleeps again."""
    users, ended = Users([user("1", messages_per_s=1), user("2")]), threading.Event()
    with (
        open_market("open", members=2) as market,
        serving(
            market.venue,
            (),
            users=users,
            on_session=lambda what, *_: what == "LOST" and ended.set(),
        ) as served,
    ):
        line = connected(served, "1", sequence=0)
        line.send(packet("U", cancel(1)) + packet("U", cancel(2)) + packet("U", cancel(3)))
        line.until("command_rejected", client_id=1)
        turns = int(served._all.loop[0]["turns"])
        line.reset()
        assert ended.wait(60)
        assert int(served._all.loop[0]["turns"]) - turns < 20_000, "a loop that spins: a million"
        other = connected(served, "2", sequence=0)
        other.command(cancel(1))
        other.until("command_rejected")


def test_sessions_that_fill_every_batch_do_not_keep_others_out() -> None:
    """Ninety send what four batches hold, five say little. Turns are counted, in the journal."""
    names = tuple(str(seat) for seat in range(1, 96))
    with open_market("open", members=95) as market:
        users = Users(user(name) for name in names)
        with serving(market.venue, (), users=users) as served:
            tokens = [users.token(found, DAY) for name in names if (found := users.find(name))]
            lines = [
                Line(served.address, login(name, token, 0))
                for name, token in zip(names, tokens, strict=True)
            ]
            for line in lines:
                line.begin()
            begin, go_on = market.venue.sequence, threading.Event()
            served.ask(go_on.wait)
            long = packet("U", encode("order_cancel", client_id=0) + bytes(840)) * 150
            for number, line in enumerate(lines):
                line.send(packet("U", cancel(1)) if number % 19 == 18 else long)
            for taken in list(served._seats._taken.values()):
                assert select.select([taken.connection], [], [], 60)[0], "its bytes are there"
            go_on.set()
            places = [line.until("command_rejected").fields["sequence"] for line in lines[18::19]]
            assert max(places) - begin < 6_000, "of 13,505"


def test_a_session_that_sends_without_end_leaves_others_their_turns() -> None:
    """It never reads; the other's two hundred questions are answered one by one."""
    done = threading.Event()

    def flood(line: Line) -> None:
        octets = b"".join(packet("U", cancel(n + 1)) + packet("R") for n in range(500))
        try:
            while not done.is_set():
                line.send(octets)
        except OSError:
            pass

    with open_market("open", members=2) as market, serving(market.venue, ("1", "2")) as served:
        line = connected(served, "1", sequence=0)
        thread = threading.Thread(target=flood, args=(line,))
        thread.start()
        try:
            other = connected(served, "2", sequence=0)
            for number in range(200):
                other.command(cancel(number + 1))
                other.until("command_rejected", client_id=number + 1)
        finally:
            done.set()
            line.socket.shutdown(2)
            thread.join()


def test_two_who_read_all_again_and_one_who_trades() -> None:
    with open_market("open", members=25) as market:
        names = tuple(str(seat) for seat in range(1, 25))
        users = Users(user(name) for name in (*names, "D1"))
        with serving(market.venue, (), users=users) as served:
            line = connected(served, "1", sequence=0)
            line.send(b"".join(packet("U", cancel(n + 1)) for n in range(20_000)))
            line.until("command_rejected", client_id=20_000)
            other = connected(served, "2", sequence=0)
            copy = connected(served, "D1")
            line = connected(served, "1")
            for number in range(100):
                other.command(cancel(number + 1))
                other.until("command_rejected", client_id=number + 1)
            for each in (copy, line):
                for number in range(20_000):
                    assert each.until("command_rejected").fields["client_id"] == number + 1
