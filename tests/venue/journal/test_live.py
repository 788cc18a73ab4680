"""A writer in another process, followed live through the gate, and killed in the middle."""

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from journal_builder import SEGMENT, bodies, records

from twinex.venue.journal.day import Day
from twinex.venue.journal.reader import EventReader, JournalReader
from twinex.venue.journal.recovery import verify

COUNT = 20_000
WRITER = """
import sys
from journal_builder import SEGMENT, append, bodies, chain_of, event, records
from twinex.venue.journal.day import Day

day = Day.create(sys.argv[1], trading_day=1, segment_bytes=SEGMENT)
chain, sequence = 0, 0
for one in records(bodies(int(sys.argv[2]))):
    sequence += 1
    journal, events = day.journal, day.events
    if journal.position + len(one) > journal.limit:
        journal.roll(sequence, chain - (1 << 64) if chain >> 63 else chain)
    for piece in range(0, len(one), 24):  # in pieces, so that a kill can come between
        start = journal.position + piece
        part = one[piece : piece + 24]
        journal.octets[start : start + len(part)] = memoryview(part)
    journal.position += len(one)
    chain = chain_of(one)
    append(events, event(sequence, 0), sequence)
    if sequence % 7 == 0:
        day.gate.publish(sequence, journal.stream_offset, events.stream_offset)
sys.stdin.readline()
"""


def start_writer(directory: Path) -> subprocess.Popen:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(directory), str(COUNT)],
        env=environment,
        stdin=subprocess.PIPE,
    )


def wait_for_gate(directory: Path, writer: subprocess.Popen) -> None:
    while not (directory / "journal-000000.seg").exists():
        assert writer.poll() is None, "the writer did not start"


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_followed_and_killed(tmp_path, seed) -> None:
    random_ = random.Random(seed)
    kill_at = random_.randrange(1, COUNT - 1000)
    print(f"seed {seed}: the writer is killed after sequence {kill_at} was seen")
    expected = bodies(COUNT)
    with start_writer(tmp_path) as writer:
        wait_for_gate(tmp_path, writer)
        journal, events = JournalReader(tmp_path), EventReader(tmp_path)
        found, seen = [], []
        while len(found) < kill_at:
            assert writer.poll() is None
            found += [one.body for one in journal]
            seen += [(one.sequence, one.index) for one in events]
        writer.send_signal(signal.SIGKILL)
    found += [one.body for one in journal]
    seen += [(one.sequence, one.index) for one in events]
    committed = len(found)
    assert committed >= kill_at
    assert found == expected[:committed]
    assert seen == [(sequence, 0) for sequence in range(1, committed + 1)]
    assert verify(tmp_path).error is None
    with Day.open(tmp_path) as day:
        whole = day.place.records
        assert committed <= whole <= committed + 8
        made = records(expected)
        assert day.place.position <= SEGMENT
        assert day.place.stream_offset == sum(map(len, made[:whole]))
        assert day.gate.read().sequence == committed
    stored = [one.body for one in JournalReader(tmp_path, committed_only=False)]
    assert stored == expected[:whole]


def test_a_day_can_be_opened_as_soon_as_its_writer_is_dead(tmp_path) -> None:
    with start_writer(tmp_path) as writer:
        wait_for_gate(tmp_path, writer)
        reader = JournalReader(tmp_path)
        while reader.poll() is None:
            assert writer.poll() is None
        writer.kill()
    Day.open(tmp_path).close()
