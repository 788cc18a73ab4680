"""Round trips: what a writer wrote is what a reader and the independent builder see."""

import pytest
from journal_builder import SEGMENT, append, bodies, chain_of, event, head, records, write_journal

from twinex.venue.journal.day import Day
from twinex.venue.journal.errors import DayBusy, DayExists
from twinex.venue.journal.files import DayLock
from twinex.venue.journal.layout import EVENTS, HEAD_BYTES
from twinex.venue.journal.reader import EventReader, JournalReader
from twinex.venue.journal.recovery import verify
from twinex.venue.journal.segments import SegmentWriter
from twinex.venue.wire.schema import RECORD, union_view


def fill(day: Day, made: list[bytes], chain: int = 0) -> None:
    first = day.journal.head.first_sequence
    for place, one in enumerate(made):
        append(day.journal, one, first + place, chain)
        chain = chain_of(one)
    day.gate.publish(first + len(made) - 1, day.journal.stream_offset, 0)


def test_files_are_those_of_the_builder(tmp_path) -> None:
    made = records(bodies(2000))
    with Day.create(tmp_path / "a", trading_day=20240105, segment_bytes=SEGMENT) as day:
        fill(day, made)
        spare = SEGMENT - day.journal.limit
        segments = day.journal.head.number + 1
    assert segments > 2
    write_journal(tmp_path / "b", made, spare=spare)
    for number in range(segments):
        name = f"journal-{number:06d}.seg"
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


@pytest.mark.parametrize("where", ["files", "memory"])
def test_records_come_back(tmp_path, where) -> None:
    made = records(bodies(2000), first=500, chain=77)
    options = {"first_sequence": 500, "chain": 77, "segment_bytes": SEGMENT}
    if where == "files":
        day = Day.create(tmp_path, trading_day=1, **options)
    else:
        day = Day.in_memory(**options)
    fill(day, made, chain=77)
    source = tmp_path if where == "files" else day.journal
    found = list(JournalReader(source, gate=day.gate))
    assert [one.sequence for one in found] == list(range(500, 2500))
    assert [one.body for one in found] == bodies(2000)
    assert [one.chain % 2**64 for one in found] == [chain_of(one) for one in made]
    assert [one.seat for one in found] == [n % 4 for n in range(500, 2500)]
    assert {one.term for one in found} == {1}
    assert found[0].time_ns == 1_000_000 + 5 * 500
    assert found[0].message.name == "order_cancel"
    assert found[0].message.fields["client_id"] == 1
    day.close()


@pytest.mark.parametrize("first", [1, 2, 700, 1400, 1999, 2000])
def test_reading_from_any_sequence(tmp_path, first) -> None:
    made = records(bodies(2000))
    with Day.create(tmp_path, trading_day=1, segment_bytes=SEGMENT) as day:
        fill(day, made)
        content = b""
        reader = JournalReader(tmp_path, first)
        while block := reader.poll():
            content += block.content()
        assert content == b"".join(made[first - 1 :])


def test_every_record_of_a_block_can_be_seen_through_a_union(tmp_path) -> None:
    """Also where another writer has filled a segment to its last byte."""
    made = records(bodies(2000))
    write_journal(tmp_path, made)
    sequences = []
    reader = JournalReader(tmp_path, committed_only=False)
    while block := reader.poll():
        view = union_view(block.octets, RECORD)
        sequences += [int(view[place >> 3]["sequence"]) for place in block.places.tolist()]
    assert sequences == list(range(1, 2001))


def test_going_on_after_closing(tmp_path) -> None:
    made = records(bodies(1500))
    with Day.create(tmp_path, trading_day=1, segment_bytes=SEGMENT) as day:
        fill(day, made[:700])
    with Day.open(tmp_path) as day:
        place = day.place
        assert (place.next_sequence, place.records, day.cut_file) == (701, 700, None)
        assert place.chain % 2**64 == chain_of(made[699])
        assert place.last_time_ns == 1_000_000 + 5 * 700
        chain = chain_of(made[699])
        for number in range(700, 1500):
            append(day.journal, made[number], number + 1, chain)
            chain = chain_of(made[number])
    assert verify(tmp_path).is_whole
    found = [one.body for one in JournalReader(tmp_path, committed_only=False)]
    assert found == bodies(1500)


def test_events_round_trip_and_only_what_is_released(tmp_path) -> None:
    keys = [(sequence, index) for sequence in range(1, 800) for index in range(sequence % 3 + 1)]
    with Day.create(tmp_path, trading_day=1, segment_bytes=SEGMENT) as day:
        ends = {}
        for sequence, index in keys:
            append(day.events, event(sequence, index), sequence)
            ends[sequence] = day.events.stream_offset
        assert day.events.head.number > 1
        reader = EventReader(tmp_path)
        assert reader.poll() is None
        day.gate.publish(100, 0, ends[100])
        found = [(one.sequence, one.index) for one in reader]
        assert found == [key for key in keys if key[0] <= 100]
        day.gate.publish(799, 0, ends[799])
        found += [(one.sequence, one.index) for one in reader]
        assert found == keys
        for first in (1, 2, 400, 555, 799):
            found = [(one.sequence, one.index) for one in EventReader(tmp_path, first)]
            assert found == [key for key in keys if key[0] >= first]


def test_a_commands_events_may_span_segments(tmp_path) -> None:
    with Day.create(tmp_path, trading_day=1, segment_bytes=SEGMENT) as day:
        for index in range(3000):
            append(day.events, event(1, index), 1)
        append(day.events, event(2, 0), 2)
        assert day.events.head.number >= 3
        day.gate.publish(2, 0, day.events.stream_offset)
        assert [one.index for one in EventReader(tmp_path, 1)] == [*range(3000), 0]
        assert [one.sequence for one in EventReader(tmp_path, 2)] == [2]


def test_events_are_written_again_in_place(tmp_path) -> None:
    stream = [event(sequence, 0) for sequence in range(1, 1500)]
    with Day.create(tmp_path, trading_day=1, segment_bytes=SEGMENT) as day:
        for place, one in enumerate(stream):
            append(day.events, one, place + 1)
        released = day.events.stream_offset
        day.gate.publish(0, 0, released)
    before = {path.name: path.read_bytes() for path in tmp_path.glob("events-*.seg")}
    reader = EventReader(tmp_path)
    first = reader.poll()
    assert first is not None
    with Day.open(tmp_path) as day:
        for place, one in enumerate(stream):
            append(day.events, one, place + 1)
        day.events.trim()
        append(day.events, event(1500, 0), 1500)
        day.gate.publish(0, 0, day.events.stream_offset)
        rest = [one.sequence for one in reader]
    assert rest == list(range(1 + len(first.places), 1501))
    after = {path.name: path.read_bytes() for path in tmp_path.glob("events-*.seg")}
    last = max(before)
    assert {name: after[name] for name in before if name != last} == {
        name: before[name] for name in before if name != last
    }


def test_events_beyond_the_journal_are_trimmed(tmp_path) -> None:
    stream = [event(sequence, 0) for sequence in range(1, 1500)]
    with Day.create(tmp_path, trading_day=1, segment_bytes=SEGMENT) as day:
        for place, one in enumerate(stream):
            append(day.events, one, place + 1)
    with Day.open(tmp_path) as day:
        append(day.events, stream[0], 1)
        day.events.trim()
    content = (tmp_path / "events-000000.seg").read_bytes()
    assert content[HEAD_BYTES:] == stream[0].ljust(SEGMENT - HEAD_BYTES, b"\0")
    assert [path.name for path in tmp_path.glob("events-*")] == ["events-000000.seg"]


def test_head_is_the_builders(tmp_path) -> None:
    with Day.create(
        tmp_path, trading_day=20240105, first_sequence=9, chain=-2, segment_bytes=SEGMENT
    ):
        found = (tmp_path / "journal-000000.seg").read_bytes()[:HEAD_BYTES]
        assert found == head(b"TWXJRNL1", 0, SEGMENT, 9, 2**64 - 2, 20240105, 0)
        found = (tmp_path / "events-000000.seg").read_bytes()[:HEAD_BYTES]
        assert found == head(b"TWXEVNT1", 0, SEGMENT, 9, 0, 20240105, 0)


def test_a_second_writer_is_refused(tmp_path) -> None:
    day = Day.create(tmp_path, trading_day=1, segment_bytes=SEGMENT)
    with pytest.raises(DayBusy, match="stop that one first"):
        Day.open(tmp_path)
    with pytest.raises(DayBusy):
        Day.create(tmp_path, trading_day=1, segment_bytes=SEGMENT)
    day.close()
    with pytest.raises(DayExists):
        Day.create(tmp_path, trading_day=1, segment_bytes=SEGMENT)
    Day.open(tmp_path).close()


def test_prepare_makes_the_next_segment_ahead(tmp_path) -> None:
    made = records(bodies(1500))
    with Day.create(tmp_path, trading_day=1, segment_bytes=SEGMENT) as day:
        day.journal.prepare()
        assert (tmp_path / "journal-000001.seg.new").stat().st_size == SEGMENT
        fill(day, made)
    assert not list(tmp_path.glob("*.new"))
    assert verify(tmp_path).is_whole


@pytest.mark.parametrize("size", [0, 4096, 8192, SEGMENT + 1])
def test_impossible_segment_sizes(tmp_path, size) -> None:
    with DayLock(tmp_path) as lock, pytest.raises(ValueError, match="segment_bytes"):
        SegmentWriter.create(lock, EVENTS, trading_day=1, first_sequence=1, segment_bytes=size)


def test_a_message_given_up_leaves_nothing_behind(tmp_path) -> None:
    """A record written at `position` but not kept, then a roll: the segment ends in zeros."""
    made = records(bodies(20))
    with Day.create(tmp_path, trading_day=1, segment_bytes=SEGMENT) as day:
        fill(day, made[:10])
        start = day.journal.position
        day.journal.octets[start : start + len(made[12])] = memoryview(made[12])
        day.journal.roll(11, chain_of(made[9]) - 2**64 * (chain_of(made[9]) >> 63))
        fill_rest = made[10:]
        chain = chain_of(made[9])
        for place, one in enumerate(fill_rest):
            append(day.journal, one, 11 + place, chain)
            chain = chain_of(one)
        day.journal.octets[day.journal.position] = 1
    assert verify(tmp_path).is_whole
    assert len(list(JournalReader(tmp_path, committed_only=False))) == 20


@pytest.mark.parametrize("before", [0, 5])
def test_one_command_with_more_events_than_a_segment_holds(tmp_path, before) -> None:
    """The run goes into one segment, larger by it; the next one has the usual size again."""
    run = [event(before + 1, index) for index in range(2000)]
    size = sum(map(len, run))
    with Day.create(tmp_path, trading_day=1, segment_bytes=SEGMENT) as day:
        for sequence in range(1, before + 1):
            append(day.events, event(sequence, 0), sequence)
        assert size > day.events.limit - HEAD_BYTES
        day.events.roll(before + 1, least=size)
        assert size <= day.events.limit - HEAD_BYTES
        for one in run:
            append(day.events, one, before + 1)
        assert day.events.limit - day.events.position > SEGMENT // 2, "a usual segment's room"
        sequence = before + 1
        while day.events.head.number < 2:
            sequence += 1
            append(day.events, event(sequence, 0), sequence)
        day.gate.publish(sequence, 0, day.events.stream_offset)
        assert len(day.events.octets) == SEGMENT
        keys = [(one.sequence, one.index) for one in EventReader(tmp_path)]
    expected = [(sequence, 0) for sequence in range(1, before + 1)]
    expected += [(before + 1, index) for index in range(2000)]
    expected += [(later, 0) for later in range(before + 2, sequence + 1)]
    assert keys == expected
