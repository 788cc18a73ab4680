"""The sequencer's compiled loop: frames in, journal records and events out.

Every framed command gets its sequence, time, checksum and chain (`spec/journal.md`), is written
to the journal segment in place, and applied to the core. The loop stops when something is short,
says what, and is called again from where it stopped.
"""

from typing import NamedTuple

import numpy as np

from twinex.venue.clock import ticks
from twinex.venue.compiler import inlined, inner, kernel
from twinex.venue.core import state
from twinex.venue.core.dispatch import apply
from twinex.venue.core.lookahead import (
    fetch_ids,
    fetch_levels,
    fetch_neighbours,
    fetch_places,
    fetch_rows,
    fetch_tail,
)
from twinex.venue.core.room import shortage
from twinex.venue.core.state import tables_of
from twinex.venue.histogram import record as record_time
from twinex.venue.journal.checksum import TABLE, chain_next, crc32, crc32_of_three
from twinex.venue.tables import table, union_table
from twinex.venue.wire.schema import (
    FRAME,
    FRAME_HEADER_BYTES,
    HEADER_BYTES,
    RECORD,
    RECORD_HEADER_BYTES,
    union_view,
)

FRAME_LENGTH_MAX = 65_535 + HEADER_BYTES

TAIL = np.dtype(
    [
        ("position", "i8"),  # byte of the journal segment where the next record goes
        ("limit", "i8"),  # records end at or before this byte
        ("sequence", "i8"),  # of the last record
        ("time_ns", "i8"),
        ("term", "i8"),
        ("chain", "i8"),
    ]
)


class Journal(NamedTuple):
    """The journal's open end: its last record, and the memory of its current segment."""

    tail: np.ndarray  # one row of TAIL
    words: np.ndarray
    records: np.ndarray
    table: np.ndarray  # of the CRC


class Frames(NamedTuple):
    """Framed commands (`wire.messages.frame`), one after another."""

    words: np.ndarray
    frames: np.ndarray


def journal_over(octets: np.ndarray, position: int, limit: int, tail: np.ndarray) -> Journal:
    """The open end of a journal in segment memory `octets`."""
    tail[0]["position"], tail[0]["limit"] = position, limit
    return Journal(tail, octets.view(np.int64), union_view(octets, RECORD), TABLE)


def frames_over(octets: np.ndarray) -> Frames:
    """Framed commands in `octets` (uint8): a copy with the spare bytes that a union view needs."""
    length = len(octets) + FRAME.itemsize
    padded = np.zeros(length + (-length % 8), dtype=np.uint8)
    padded[: len(octets)] = octets
    return Frames(padded.view(np.int64), union_view(padded, FRAME))


@inner
def _journal_tables(journal):
    return Journal(
        table(journal.tail),
        table(journal.words),
        union_table(journal.records),
        table(journal.table),
    )


@inner
def _frame_tables(frames):
    return Frames(table(frames.words), union_table(frames.frames))


@inlined
def _write_record(journal, frames, place, record_length, clock_ns):
    """The frame at byte `place` as the next record, not yet committed; returns its body CRC."""
    tail = journal.tail[0]
    position = tail["position"]
    target = (position + RECORD_HEADER_BYTES) >> 3
    source = (place + FRAME_HEADER_BYTES) >> 3
    count = (record_length - RECORD_HEADER_BYTES) >> 3
    for word in range(count):
        journal.words[target + word] = frames.words[source + word]
    body_crc = crc32(frames.words, source, count, np.int64(0), journal.table)
    sequence, time_ns = tail["sequence"] + 1, max(tail["time_ns"] + 1, clock_ns)
    term, seat = np.int64(tail["term"]), np.int64(frames.frames[place >> 3]["seat"])
    crc = crc32_of_three(sequence, time_ns, term | seat << 32, body_crc, journal.table)
    record = journal.records[position >> 3]
    record["length"], record["crc"] = record_length, crc
    record["sequence"], record["time_ns"] = sequence, time_ns
    record["term"], record["seat"] = term, seat
    record["chain"] = chain_next(tail["chain"], crc)
    return body_crc


@inlined
def _advance(journal, record, record_length):
    tail = journal.tail[0]
    tail["position"] += record_length
    tail["sequence"] = record["sequence"]
    tail["time_ns"] = record["time_ns"]
    tail["chain"] = record["chain"]


@inlined
def _step(core, journal, frames, place, end, clock_ns):
    """Sequence and apply the frame at byte `place`; (what is short, length of the frame)."""
    nothing = np.int64(0)
    length = np.int64(frames.frames[place >> 3]["length"])
    frame_length = FRAME_HEADER_BYTES + ((length + 7) & ~np.int64(7))
    if length < HEADER_BYTES or length > FRAME_LENGTH_MAX or place + frame_length > end:
        return np.int64(state.BAD_FRAME), nothing
    record_length = frame_length - FRAME_HEADER_BYTES + RECORD_HEADER_BYTES
    tail = journal.tail[0]
    position = tail["position"]
    if position + record_length > tail["limit"]:
        return np.int64(state.SHORT_JOURNAL), nothing
    body_crc = _write_record(journal, frames, place, record_length, clock_ns)
    record = journal.records[position >> 3]
    short = shortage(core, record)
    if short != state.SHORT_NOTHING:
        return np.int64(short), nothing
    apply(core, journal.records, position >> 3, body_crc)
    _advance(journal, record, record_length)
    return np.int64(state.SHORT_NOTHING), frame_length


@inner
def _after(frames, place, end):
    """Where the frame behind the one at byte `place` begins; else `end`."""
    if place >= end:
        return end
    length = np.int64(frames.frames[place >> 3]["length"])
    return min(end, place + FRAME_HEADER_BYTES + ((length + 7) & ~np.int64(7)))


@inlined
def _look_ahead(
    core, commands, second, third, fourth, fifth, sixth, end, place, third_slot, slot, level
):
    """Ask for the rows of the frames or records that begin at these bytes, if before `end`.

    `place`: where the fourth's order is noted; `third_slot`, `slot`: orders of third and second;
    `level`: to which the first comes. Returns those of the next command.
    """
    fetch_tail(core, level)
    if second < end:
        level = fetch_levels(core, commands[second >> 3], slot)
    if third < end:
        fetch_neighbours(core, commands[third >> 3], third_slot)
    slot = third_slot
    if fourth < end:
        third_slot = fetch_rows(core, commands[fourth >> 3], place)
    if fifth < end:
        place = fetch_places(core, commands[fifth >> 3])
    if sixth < end:
        fetch_ids(core, commands[sixth >> 3])
    return place, third_slot, slot, level


@kernel
def sequence(core, journal, frames, start, end, clock_ns, service_times):
    """Sequence and apply the frames in bytes `start`..`end`; (what is short, byte reached).

    `service_times`: a histogram of clock ticks a command, or an empty array: then none are read.
    """
    core, journal, frames = tables_of(core), _journal_tables(journal), _frame_tables(frames)
    place = np.int64(start)
    measured = len(service_times) > 0
    before = ticks() if measured else np.int64(0)
    second = _after(frames, _after(frames, place, end), end)
    third = _after(frames, second, end)
    fourth = _after(frames, third, end)
    fifth = _after(frames, fourth, end)
    noted = third_slot = slot = level = np.int64(0)
    while place < end:
        sixth = _after(frames, fifth, end)
        noted, third_slot, slot, level = _look_ahead(
            core,
            frames.frames,
            second,
            third,
            fourth,
            fifth,
            sixth,
            end,
            noted,
            third_slot,
            slot,
            level,
        )
        short, length = _step(core, journal, frames, place, end, clock_ns)
        if short != state.SHORT_NOTHING:
            return short, place
        place, second, third, fourth, fifth = place + length, third, fourth, fifth, sixth
        if measured:
            now = ticks()
            record_time(service_times, now - before)
            before = now
    return np.int64(state.SHORT_NOTHING), place


@inner
def _behind(records, place, end):
    """Where the record behind the one at byte `place` begins; the last one's place if none does."""
    following = place + np.int64(records[place >> 3]["length"])
    return following if following < end else place


@kernel
def replay(core, words, records, crc_table, start, end):
    """Apply the verified records in bytes `start`..`end` again; (what is short, byte reached)."""
    core, records, crc_table = tables_of(core), union_table(records), table(crc_table)
    words, place = table(words), np.int64(start)
    second = _behind(records, _behind(records, place, end), end)
    third = _behind(records, second, end)
    fourth = _behind(records, third, end)
    fifth = _behind(records, fourth, end)
    noted = third_slot = slot = level = np.int64(0)
    while place < end:
        sixth = _behind(records, fifth, end)
        noted, third_slot, slot, level = _look_ahead(
            core, records, second, third, fourth, fifth, sixth, end, noted, third_slot, slot, level
        )
        record = records[place >> 3]
        length = np.int64(record["length"])
        assert length > RECORD_HEADER_BYTES
        short = shortage(core, record)
        if short != state.SHORT_NOTHING:
            return np.int64(short), place
        body, count = place + RECORD_HEADER_BYTES, length - RECORD_HEADER_BYTES
        body_crc = crc32(words, body >> 3, count >> 3, np.int64(0), crc_table)
        apply(core, records, place >> 3, body_crc)
        place += length
        second, third, fourth, fifth = third, fourth, fifth, sixth
    return np.int64(state.SHORT_NOTHING), place
