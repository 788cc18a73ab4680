"""Bytes that are nearly right, at sessions and at the door: each is answered or cut off by name.

What is due is found apart, packet by packet in plain Python, from the bytes that were sent.
"""

import contextlib
import gc
import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from talk import Line, cancel, connected, login, packet, serving, user

from twinex.venue.gateway.gateway import Gateway
from twinex.venue.gateway.users import Users
from twinex.venue.opening import open_market
from twinex.venue.wire import codes
from twinex.venue.wire.messages import encode
from twinex.venue.wire.schema import COMMANDS

DAY = 20260706
MESSAGES = [encode(name) for name in COMMANDS]
PACKETS = [packet("U", message) for message in MESSAGES] + [
    packet("R"),
    packet("+", b"to whom it may concern"),
    packet("U", cancel(1) + bytes(8_100)),
    packet("U", bytes(8)),
]
KILOBYTES_MORE = 64_000  # of what the allocator keeps; a buffer a packet would be gigabytes


def _mutated(source: random.Random, octets: bytes) -> bytes:
    """Nearly the same: mostly the message changes, at times the packet around it."""
    changed, draw = bytearray(octets), source.random()
    if draw < 0.6 and len(changed) > 3:
        for _ in range(source.randint(1, 4)):
            changed[source.randrange(3, len(changed))] = source.choice((0, 1, 255, 128, 7))
    elif draw < 0.61:
        changed[source.randrange(2)] ^= 1 << source.randrange(8)
    elif draw < 0.615:
        changed[2] = source.randrange(256)
    elif draw < 0.62:
        return packet("U", octets[3 : 3 + source.randrange(12)])
    return bytes(changed)


def _due(octets: bytes, listens: bool) -> tuple[int, str]:
    """How many commands those bytes bring, and the reason of the cut-off; "" where none is due."""
    place = commands = 0
    while len(octets) - place >= 2:
        length = int.from_bytes(octets[place : place + 2], "big")
        if not 0 < length <= 8_192:
            return commands, "PACKET_INVALID"
        if len(octets) - place < 2 + length:
            break
        kind, rest = octets[place + 2 : place + 3], octets[place + 3 : place + 2 + length]
        if kind == b"U" and (listens or len(rest) < 8):
            return commands, "LISTENS_ONLY" if listens else "MESSAGE_SHORT"
        if kind == b"O" and not rest:
            break
        if kind not in b"U+R" or (kind == b"R" and rest):
            return commands, "PACKET_INVALID"
        commands += kind == b"U"
        place += 2 + length
    return commands, ""


def _sessions(served: Gateway, users: Users, source: random.Random, count: int) -> Iterator[int]:
    """Sessions with so many packets in all; how many commands each brought."""
    while count > 0:
        size = min(count, source.randint(1, 400))
        octets = b"".join(_mutated(source, source.choice(PACKETS)) for _ in range(size))
        octets += source.choice((b"", packet("O"), b"\x00\x30"))
        name = source.choice(("1", "1", "1", "2", "D1"))
        found = users.find(name)
        assert found is not None
        line = Line(served.address, login(name, users.token(found, DAY), 0))
        line.begin()
        with contextlib.suppress(OSError):  # it may have been cut off meanwhile
            line.send(octets)
            line.socket.shutdown(1)
        commands, reason = _due(octets, name == "D1")
        last = line.last()
        line.close()
        said = last.rest.partition(b":")[0].decode() if last and last.kind == "+" else ""
        assert said == reason
        yield commands
        count -= size


def _anonymous_kilobytes() -> int:
    """Memory of this process that is no file's."""
    gc.collect()
    status = Path("/proc/self/status").read_text()
    return int(status.split("RssAnon:")[1].split()[0])


def _hold_sessions(directory: Path, seed: int, count: int) -> None:
    print(f"seed {seed}")
    source, users = random.Random(seed), Users([user("1"), user("2"), user("D1")])
    with (
        open_market("open", members=2, directory=directory, segment_bytes=1 << 22) as market,
        serving(market.venue, (), users=users) as served,
    ):
        before = market.venue.sequence
        commands = sum(_sessions(served, users, source, count))
        assert market.venue.sequence - before == commands
        line = connected(served, "1", sequence=0)
        line.command(bytes(8))
        line.until("command_rejected", reject_reason=codes.REJECT_TEMPLATE_UNKNOWN)


def _seed() -> int:
    return int(os.environ.get("TWINEX_SEED", random.SystemRandom().randrange(10**9)))


def test_a_hundred_thousand_packets(tmp_path: Path) -> None:
    """Two days of fifty thousand: the second needs no memory that the first did not."""
    _hold_sessions(tmp_path / "first", _seed(), 50_000)
    before = _anonymous_kilobytes()
    _hold_sessions(tmp_path / "second", _seed(), 50_000)
    assert _anonymous_kilobytes() - before < KILOBYTES_MORE


@pytest.mark.soak
def test_ten_million_packets(tmp_path: Path) -> None:
    before, base = 0, _seed()
    for number in range(50):
        directory = tmp_path / str(number)
        _hold_sessions(directory, base + number, 200_000)
        for file in directory.iterdir():
            file.unlink()
        before = before or _anonymous_kilobytes()
        assert _anonymous_kilobytes() - before < KILOBYTES_MORE


def test_login_requests_that_are_nearly_right() -> None:
    """A session that is asked for, a refusal, or the end of the connection; then a right one."""
    seed = _seed()
    print(f"seed {seed}")
    source, users = random.Random(seed), Users([user("1"), user("D1")])
    with open_market("open", members=1) as market, serving(market.venue, (), users=users) as served:
        found = users.find("1")
        assert found is not None
        right = login("1", users.token(found, DAY))
        seen: set[str] = set()
        for _ in range(3_000):
            octets = bytearray(right)
            for _ in range(source.choice((0, 1, 1, 2))):
                octets[source.randrange(len(octets))] = source.choice((*b" 0 1 9 A D", 0, 200))
            line = Line(served.address, bytes(octets) + packet("U", bytes(8)))
            answer = line.next()
            if octets[:3] != right[:3]:
                assert answer is None
            else:
                assert answer is not None
                assert answer.kind in "AJ+"
            seen.add(answer.kind if answer else "")
            line.close()
        assert seen == {"", "A", "J", "+"}
        Line(served.address, right).begin()
