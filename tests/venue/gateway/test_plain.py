"""The gateway with the compiler switched off: as plain Python it makes the same bytes."""

import os
import subprocess
import sys
from pathlib import Path

from talk import connected, serving

from twinex.venue.venue import Venue

_SESSION = """
import sys
from talk import cancel, connected, packet, serving
from twinex.venue import compiler
from twinex.venue.venue import Venue
from twinex.venue.warm import _reference
from twinex.venue.wire.messages import encode

assert compiler.PLAIN
with Venue(sys.argv[1], segment_bytes=1 << 20) as venue:
    for message in _reference():
        venue.send(0, message)
    with serving(venue, ("1", "2")) as served:
        one, two = connected(served, "1"), connected(served, "2")
        order = {"instrument": 1, "quantity": 1, "price": 10_000, "client_id": 1}
        one.command(encode("order_enter", account=1, side=0, **order))
        one.until("order_rested")
        two.command(encode("order_enter", account=2, side=1, **order))
        two.until("order_filled")
        two.send(packet("U", cancel(2)) + packet("R") + packet("+", b"well"))
        two.send(packet("U", cancel(3)))
        two.until("command_rejected", client_id=3)
        two.send(bytes(2))
        assert two.last().rest.startswith(b"PACKET_INVALID: ")
        one = connected(served, "1")
        found = []
        for octets in one.messages():
            found.append(octets)
            if len(found) == int(sys.argv[2]):
                break
        sys.stdout.write(b"".join(found).hex())
"""
_MESSAGES = 5  # of seat 1: the day, a phase, accepted, rested, filled


def test_a_session_in_plain_python(tmp_path: Path) -> None:
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", _SESSION, str(tmp_path / "day"), str(_MESSAGES)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    with Venue.reopen(tmp_path / "day") as venue, serving(venue, ("1",)) as served:
        stream = connected(served, "1").messages()
        assert b"".join(next(stream) for _ in range(_MESSAGES)).hex() == done.stdout
