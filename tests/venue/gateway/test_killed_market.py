"""kill -9 of a venue with its gateway, in a burst of its members; another process takes over.

Children are forked from this warmed process. Under `disk` what was acknowledged is there after a
power failure too; a killed process loses nothing under `memory` either: pages are the kernel's.
"""

import os
import random
import signal
import traceback
from pathlib import Path

import pytest
from member import Member
from talk import order, serving, user

from twinex.venue.gateway.gateway import Gateway
from twinex.venue.gateway.users import Users
from twinex.venue.opening import open_market
from twinex.venue.venue import Venue

SEATS = (1, 2, 3)
SEGMENT = 1 << 20  # a few of them fill


def _users() -> Users:
    return Users([user(str(seat)) for seat in SEATS], key=b"the same in both processes")


def _serve(directory: Path, durability: str, told: int) -> None:
    """A child: the day, from its beginning or from where it was; its port through `told`."""
    try:
        if directory.exists():
            venue = Venue.reopen(directory, durability=durability)
        else:
            options = {"durability": durability, "segment_bytes": SEGMENT}
            venue = open_market("open", members=3, directory=directory, **options).venue
        gateway = Gateway(venue, _users())
        os.write(told, gateway.address[1].to_bytes(2, "big"))
        gateway.run()
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)


def _start(directory: Path, durability: str) -> tuple[int, tuple[str, int]]:
    told, telling = os.pipe()
    child = os.fork()
    if child == 0:
        _serve(directory, durability, telling)
    os.close(telling)
    port = os.read(told, 2)
    os.close(told)
    assert port, "the child failed: see its traceback"
    return child, ("127.0.0.1", int.from_bytes(port, "big"))


def _kill(child: int) -> None:
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


@pytest.mark.parametrize("durability", ["memory", "disk"])
def test_members_go_on_where_they_were(durability: str, tmp_path: Path) -> None:
    seed = int(os.environ.get("TWINEX_SEED", random.SystemRandom().randrange(10**9)))
    print(f"seed {seed}")
    source, directory = random.Random(seed), tmp_path / "day"
    with open_market("open", members=3) as market:
        with serving(market.venue, ("1",)):
            pass  # all is compiled before the first child
        orders = {
            seat: {n: order(market, n, account=2 * seat - 1) for n in range(1, 1_501)}
            for seat in SEATS
        }
    members = [Member(str(seat), orders[seat], random.Random(seed + seat)) for seat in SEATS]
    for _ in range(8):
        child, address = _start(directory, durability)
        try:
            for member in members:
                member.begin(address)
            bursts = [member.send(source.randint(1, 400)) for member in members]
            members[0].read(source.randint(0, bursts[0]))
        finally:
            _kill(child)
        for member in members:
            member.read(10**6)  # what had reached it
    child, address = _start(directory, durability)
    try:
        for member, due in zip(members, orders.values(), strict=True):
            member.finish(address)
            member.hold(address, due)
    finally:
        _kill(child)
