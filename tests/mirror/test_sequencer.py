"""The mirror's sequencer: records as spec/journal.md has them, times that only rise, jumps."""

import os
import random
import struct
from zlib import crc32

from vectorkit.dumps import read_dumps

from twinex.mirror.records import RecordCutter, before, rolled
from twinex.mirror.sequencer import LeadersClock, Sequencer

SEED = int(os.environ.get("TWINEX_SEED", random.SystemRandom().randrange(10**9)))
HEADER = struct.Struct("<IIqqiiQ")
SECOND = 10**9


def test_records_are_those_of_the_vectors() -> None:
    """The six records of bytes.txt are one journal, worked by hand."""
    sequencer = Sequencer()
    dumps = [dump for dump in read_dumps() if dump.title.startswith("record ")]
    for dump in dumps:
        _, _, _, time_ns, term, seat, _ = HEADER.unpack_from(dump.content)
        sequencer.term = term
        made = sequencer.record(seat, dump.content[40:], time_ns)
        assert (dump.title, made.hex(" ")) == (dump.title, dump.content.hex(" "))
    assert len(dumps) == 6


def test_every_record_goes_on_from_the_one_before() -> None:
    print(f"seed {SEED}")
    draw = random.Random(SEED)
    sequencer = Sequencer(draw.randrange(1, 10**6), draw.getrandbits(64), 10**18, term=3)
    sequence, chain, time_ns = sequencer.sequence - 1, sequencer.chain, sequencer.time_ns
    for _ in range(2000):
        message = draw.randbytes(draw.randrange(8, 200))
        clock = time_ns + draw.randrange(-5, 5)
        record = sequencer.record(draw.randrange(99), message, clock)
        length, crc, found, stamped, term, _, marked = HEADER.unpack_from(record)
        assert length == len(record) == 40 + -(-len(message) // 8) * 8
        assert record[40:] == message.ljust(length - 40, b"\0")
        assert crc == crc32(record[8:32], crc32(record[40:]))
        assert (found, stamped, term) == (sequence + 1, max(time_ns + 1, clock), 3)
        assert marked == (chain ^ crc) * 0x9E3779B97F4A7C15 % 2**64
        assert before(record) == (sequence, chain)
        sequence, chain, time_ns = found, marked, stamped


def test_a_batch_of_one_reading_rises_by_a_nanosecond() -> None:
    sequencer = Sequencer(time_ns=500)
    records = [sequencer.record(1, bytes(8), 400) for _ in range(3)]
    records.append(sequencer.record(1, bytes(8), 900))
    assert [HEADER.unpack_from(record)[3] for record in records] == [501, 502, 503, 900]


def test_cutting_a_stream_does_not_depend_on_its_pieces() -> None:
    print(f"seed {SEED}")
    draw = random.Random(SEED)
    sequencer = Sequencer(7, 99)
    records = [sequencer.record(1, draw.randbytes(draw.randrange(8, 90)), 0) for _ in range(300)]
    stream, cutter, found = b"".join(records), RecordCutter(6, 99), []
    while stream:
        size = draw.choice((1, 7, 40, 100, 1000))
        found += cutter.cut(stream[:size])
        stream = stream[size:]
    assert found == records
    assert (cutter.rest, cutter.fault, cutter.sequence) == (b"", "", 306)


def test_a_record_without_a_message_is_none() -> None:
    head = HEADER.pack(40, 0, 1, 1, 1, 0, 0)
    crc = crc32(head[8:32])
    record = HEADER.pack(40, crc, 1, 1, 1, 0, rolled(0, crc))
    cutter = RecordCutter(0, 0)
    assert cutter.cut(record + bytes(8)) == []
    assert cutter.fault == "its length is 40"


class Clocks:
    """Two clocks set by hand."""

    def __init__(self) -> None:
        self.wall = self.steady = 10**18

    def leading(self) -> LeadersClock:
        return LeadersClock(lambda: self.wall, lambda: self.steady)

    def advance(self, wall: int, steady: int) -> None:
        self.wall += wall
        self.steady += steady


def test_a_clock_that_runs_with_the_steady_one_does_not_jump() -> None:
    clocks = Clocks()
    clock = clocks.leading()
    for wall, steady in ((SECOND, 0), (SECOND, 0), (60 * SECOND, 60 * SECOND), (0, 5 * SECOND)):
        clocks.advance(wall, steady)
        assert clock.read(clocks.wall) == clocks.wall
        assert clock.suspended == ""


def test_a_forward_jump_is_over_a_second_more_than_the_steady_clock() -> None:
    clocks = Clocks()
    clock = clocks.leading()
    clocks.advance(3 * SECOND + 1, 2 * SECOND)
    assert clock.read(0) == clocks.wall
    assert clock.suspended == f"forward jump of the clock by {SECOND + 1} ns"
    clocks.advance(1, 1)
    clock.read(0)
    assert clock.suspended, "it stays so until the operator resumes"
    clock.resume()
    assert clock.suspended == ""


def test_a_backward_jump_is_over_100_ms_before_the_journal() -> None:
    clocks = Clocks()
    clock = clocks.leading()
    clock.read(clocks.wall + SECOND // 10)
    assert clock.suspended == ""
    clock.read(clocks.wall + SECOND // 10 + 1)
    assert clock.suspended == "backward jump: 100000001 ns before the journal's time"
