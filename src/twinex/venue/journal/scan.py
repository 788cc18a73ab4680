"""Compiled walks over segments: where records and events begin, and whether they are whole.

`words` is the int64 view of a segment's memory. A walk keeps its place in `state` (int64),
so it can stop at any message and go on later.
"""

import numpy as np

from twinex.venue.compiler import inner, kernel
from twinex.venue.journal.checksum import chain_next, crc32
from twinex.venue.journal.layout import RECORD_BYTES_MAX, RECORD_BYTES_MIN
from twinex.venue.wire.schema import EVENT, HEADER_BYTES, RECORD_HEADER_BYTES, SCHEMA_ID

# Slots of `state`. SEQUENCE: of the next record (walks of events: of the last event).
POSITION, SEQUENCE, CHAIN, TIME, TERM, COUNT, INDEX = range(7)
STATE_SLOTS = 7

# What a walk ended with. From FAILED on, the message at `state[POSITION]` is not whole.
BOUND = 0  # at `end`
UNUSED = 1  # a length of 0: the segment ends here
FULL = 2  # `places` is full, or `stop_sequence` comes next
FAILED = 10
BAD_LENGTH, BAD_CRC, BAD_SEQUENCE, BAD_CHAIN, BAD_TIME, BAD_TERM, BAD_HEADER = range(
    FAILED, FAILED + 7
)
REASONS = {
    BAD_LENGTH: "a length is impossible",
    BAD_CRC: "the checksum of the record is wrong",
    BAD_SEQUENCE: "its sequence (or an event's index) is not the next one",
    BAD_CHAIN: "the rolling hash of the record does not follow from the one before",
    BAD_TIME: "the time of the record is not later than the one before",
    BAD_TERM: "the term of the record is lower than the one before",
    BAD_HEADER: "there is no event of the schema",
}
TEARING = (BAD_LENGTH, BAD_CRC, BAD_SEQUENCE, BAD_CHAIN)  # what a torn write can do

_LOW = 0xFFFFFFFF
_STRETCH = 1 << 20


def offset_in_event(name: str) -> int:
    """Byte of field `name` behind an event's first."""
    fields = EVENT.fields
    assert fields is not None
    return int(fields[name][1])


_EVENT_SEQUENCE = offset_in_event("sequence") // 8
EVENT_INDEX = offset_in_event("index") // 8  # in words, its low half
assert offset_in_event("sequence") % 8 == 0
assert offset_in_event("index") % 8 == 0
_EVENT_BYTES_MIN = offset_in_event("index") + 8


@inner
def record_length(words: np.ndarray, position: int, end: int) -> int:
    """Length of the record at `position` if it is possible and ends by `end`, else 0."""
    if end - position < RECORD_BYTES_MIN:
        return 0
    length = words[position >> 3] & _LOW
    if length < RECORD_BYTES_MIN or length > RECORD_BYTES_MAX or length & 7:
        return 0
    return int(length) if length <= end - position else 0


@inner
def record_crc(words: np.ndarray, position: int, length: int, table: np.ndarray) -> int:
    """The checksum that the record at `position` should have (spec/journal.md, Record)."""
    start, count = position + RECORD_HEADER_BYTES, length - RECORD_HEADER_BYTES
    body = crc32(words, start >> 3, count >> 3, 0, table)
    return crc32(words, (position >> 3) + 1, 3, body, table)


@inner
def _check_record(words: np.ndarray, length: int, state: np.ndarray, table: np.ndarray) -> int:
    """Hold the record at the state's position against the record before; advance if it is whole."""
    position = state[POSITION]
    place = position >> 3
    crc = record_crc(words, position, length, table)
    if crc != (words[place] >> 32) & _LOW:
        return BAD_CRC
    if words[place + 1] != state[SEQUENCE]:
        return BAD_SEQUENCE
    chain = chain_next(state[CHAIN], crc)
    if chain != words[place + 4]:
        return BAD_CHAIN
    if words[place + 2] <= state[TIME]:
        return BAD_TIME
    term = words[place + 3] & _LOW
    if term < state[TERM] or term > 0x7FFFFFFF:
        return BAD_TERM
    state[POSITION] = position + length
    state[SEQUENCE] += 1
    state[CHAIN] = chain
    state[TIME] = words[place + 2]
    state[TERM] = term
    state[COUNT] += 1
    return BOUND


@kernel
def scan_records(
    words: np.ndarray,
    end: int,
    stop_sequence: int,
    state: np.ndarray,
    places: np.ndarray,
    table: np.ndarray,
) -> int:
    """Walk whole records from `state` on, up to byte `end`; what it ended with.

    Stops in front of `stop_sequence` (0: never). `places` gets the positions of the records walked;
    with an empty `places` they are only counted in `state[COUNT]`.
    """
    found = 0
    while state[POSITION] < end:
        position = state[POSITION]
        if stop_sequence != 0 and state[SEQUENCE] >= stop_sequence:
            return FULL
        if len(places) > 0 and found == len(places):
            return FULL
        if words[position >> 3] & _LOW == 0:
            return UNUSED
        length = record_length(words, position, end)
        if length == 0:
            return BAD_LENGTH
        outcome = _check_record(words, length, state, table)
        if outcome != BOUND:
            return outcome
        if len(places) > 0:
            places[found] = position
            found += 1
    return BOUND


@kernel
def find_record(words: np.ndarray, start: int, sequence: int, table: np.ndarray) -> int:
    """Position of the first whole record from `start` on with `sequence` or a later one, or -1.

    "Whole" by its length and checksum alone: used behind a record that is not.
    """
    end = len(words) << 3
    for position in range(start, end, 8):
        place = position >> 3
        if words[place] == 0:
            continue
        length = record_length(words, position, end)
        if length == 0 or words[place + 1] < sequence:
            continue
        if record_crc(words, position, length, table) == (words[place] >> 32) & _LOW:
            return position
    return -1


def used_end(octets: np.ndarray, start: int) -> int:
    """One past the last byte from `start` on that is not zero; `start` if all are."""
    end = len(octets)
    while end > start:
        begin = max(start, end - _STRETCH)
        used = np.flatnonzero(octets[begin:end])
        if len(used):
            return begin + int(used[-1]) + 1
        end = begin
    return start


@kernel
def scan_events(
    words: np.ndarray, end: int, stop_sequence: int, state: np.ndarray, places: np.ndarray
) -> int:
    """Walk events from `state` on, up to byte `end`; what it ended with.

    Each event is the next of the last one's command (index + 1) or the first of the next command.
    `stop_sequence` and `places` as in `scan_records`; `state[SEQUENCE]` and `state[INDEX]` are
    those of the last event walked.
    """
    found = 0
    while state[POSITION] < end:
        position = state[POSITION]
        place = position >> 3
        if len(places) > 0 and found == len(places):
            return FULL
        if words[place] == 0:
            return UNUSED
        length = HEADER_BYTES + (words[place] & 0xFFFF)
        if length & 7 or length < _EVENT_BYTES_MIN or length > end - position:
            return BAD_LENGTH
        if (words[place] >> 32) & 0xFFFF != SCHEMA_ID:
            return BAD_HEADER
        sequence = words[place + _EVENT_SEQUENCE]
        index = words[place + EVENT_INDEX] & _LOW
        if stop_sequence != 0 and sequence >= stop_sequence:
            return FULL
        same = sequence == state[SEQUENCE] and index == state[INDEX] + 1
        following = sequence == state[SEQUENCE] + 1 and index == 0
        if not (same or following):
            return BAD_SEQUENCE
        if len(places) > 0:
            places[found] = position
            found += 1
        state[POSITION] = position + length
        state[SEQUENCE] = sequence
        state[INDEX] = index
        state[COUNT] += 1
    return BOUND
