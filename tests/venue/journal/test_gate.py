"""The gate: its bytes, its two rules (never back, never half), read by another process."""

import struct
import subprocess
import sys
import threading

import numpy as np
import pytest

from twinex.venue.compiler import PLAIN, kernel
from twinex.venue.journal.errors import GateBroken
from twinex.venue.journal.files import DayLock
from twinex.venue.journal.gate import Gate, GateState, publish_words


@pytest.fixture
def gate(tmp_path):
    with DayLock(tmp_path) as lock:
        yield Gate.create(lock, first_sequence=41)


def test_bytes_are_those_of_the_spec(gate) -> None:
    assert gate.read() == GateState(40, 0, 0, False)
    gate.publish(50, 800, 960, ended=True)
    content = gate.path.read_bytes()
    assert len(content) == 4096
    assert content[:8] == b"TWNXGAT1"
    assert struct.unpack_from("<qqqqq", content, 0) == (0x31544147584E5754, 50, 800, 960, 1)
    assert struct.unpack_from("<q", content, 40)[0] % 2 == 0


def test_another_process_reads_what_is_published(gate) -> None:
    gate.publish(50, 800, 960)
    program = (
        "import sys; from twinex.venue.journal.gate import Gate; "
        "gate = Gate.open(sys.argv[1]); print(*gate.read()); sys.stdout.flush(); "
        "sys.stdin.readline(); print(*gate.read())"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(gate.path.parent)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as reader:
        assert reader.stdout.readline() == "50 800 960 False\n"
        gate.publish(51, 880, 1040)
        reader.stdin.write("\n")
        reader.stdin.close()
        assert reader.stdout.readline() == "51 880 1040 False\n"
    assert reader.returncode == 0


def test_the_gate_never_closes_again(gate) -> None:
    gate.publish(50, 800, 960)
    for places in ((49, 800, 960), (50, 799, 960), (50, 800, 959)):
        with pytest.raises(AssertionError):
            gate.publish(*places)
    assert gate.read() == GateState(50, 800, 960, False)


def test_a_writer_that_died_while_publishing(gate) -> None:
    gate.publish(50, 800, 960)
    gate.words[5] |= 1
    with pytest.raises(GateBroken, match="restart"):
        gate.read(patience_s=0)
    assert gate.committed_sequence() == 50
    again = Gate.open(gate.path.parent, writable=True)
    again.publish(51, 880, 1040)
    assert gate.read() == GateState(51, 880, 1040, False)


def test_a_reader_cannot_write(gate) -> None:
    reader = Gate.open(gate.path.parent)
    before = gate.path.read_bytes()
    reader.words[1] = 99
    assert gate.path.read_bytes() == before
    assert gate.read().sequence == 40


@kernel
def publish_many(words, count):
    for sequence in range(1, count + 1):
        publish_words(words, sequence, 3 * sequence, 5 * sequence, 0)
        for word in range(100, 200):  # as long as a small batch takes
            words[word] = words[word] ^ sequence


def test_readers_never_see_half_a_publication() -> None:
    """A compiled writer in a thread publishes (n, 3n, 5n); every state read is such a triple."""
    gate = Gate.in_memory(first_sequence=1)
    count = 1000 if PLAIN else 1_000_000
    publish_many(np.array(gate.words), 1)
    writer = threading.Thread(target=publish_many, args=(gate.words, count))
    writer.start()
    seen = set()
    while writer.is_alive():
        state = gate.read()
        assert (state.journal_offset, state.event_offset) == (
            3 * state.sequence,
            5 * state.sequence,
        )
        seen.add(state.sequence)
    writer.join()
    assert gate.read() == GateState(count, 3 * count, 5 * count, False)
    assert len(seen) > 1 or PLAIN
