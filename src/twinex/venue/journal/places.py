"""Where in the event segments of a day a command's events end."""

from pathlib import Path

import numpy as np

from twinex.venue.journal import scan
from twinex.venue.journal.errors import MarkMismatch
from twinex.venue.journal.files import read_only, words_of
from twinex.venue.journal.layout import (
    EVENTS,
    HEAD_BYTES,
    HeadError,
    SegmentHead,
    segment_name,
    segment_numbers,
    unpack_head,
)


def find_event_place(directory: Path, stream_offset: int, sequence: int) -> tuple[SegmentHead, int]:
    """The segment that holds stream offset `stream_offset`, and the first segment's size.

    Every event from its head up to there is walked. Raises MarkMismatch unless the events of
    `sequence` end there.
    """
    numbers = segment_numbers(directory, EVENTS)
    if not numbers or numbers != list(range(len(numbers))):
        raise MarkMismatch(directory, "a segment of the event stream is missing")
    found, usual_bytes = None, 0
    for number in numbers:
        head, octets = _opened(directory, number)
        usual_bytes = usual_bytes or head.segment_bytes
        if head.stream_offset <= stream_offset:
            found = head, octets
    if found is None or not _ends_there(*found, stream_offset, sequence):
        reason = f"the events of {sequence} do not end at byte {stream_offset} of their stream"
        raise MarkMismatch(directory, reason)
    return found[0], usual_bytes


def _opened(directory: Path, number: int) -> tuple[SegmentHead, np.ndarray]:
    path = directory / segment_name(EVENTS, number)
    octets = read_only(path)
    try:
        head = unpack_head(np.zeros(0, np.uint8) if octets is None else octets, EVENTS, number)
    except HeadError as reason:
        raise MarkMismatch(directory, f"{path.name}: {reason}") from None
    assert octets is not None
    if len(octets) != head.segment_bytes:
        raise MarkMismatch(directory, f"{path.name} is not as long as its head says")
    return head, octets


def _ends_there(head: SegmentHead, octets: np.ndarray, stream_offset: int, sequence: int) -> bool:
    """Is there a whole event before the offset, the last of `sequence`, and none of it behind?"""
    words, end = words_of(octets), HEAD_BYTES + stream_offset - head.stream_offset
    if end > len(octets):
        return False
    if end == HEAD_BYTES:
        return head.first_sequence == sequence + 1
    state = np.zeros(scan.STATE_SLOTS, dtype=np.int64)
    first = int(words[HEAD_BYTES // 8 + scan.EVENT_INDEX]) & 0xFFFFFFFF
    state[scan.POSITION], state[scan.SEQUENCE] = HEAD_BYTES, head.first_sequence
    state[scan.INDEX] = first - 1  # a command's events may span two segments
    outcome = scan.scan_events(words, end, 0, state, np.zeros(0, dtype=np.int64))
    return bool(outcome == scan.BOUND and state[scan.SEQUENCE] == sequence)
