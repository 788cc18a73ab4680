"""Bytes in front of the sequencer that are no frames, arrays that are no bytes, seats of nobody."""

import random
import struct
from pathlib import Path

import numpy as np
import pytest
from checkers.wire import REASON, encode, events_of, frame
from straight import Straight, fixed_clock, go_on, released, straight_day

from twinex.venue.core.check import check
from twinex.venue.venue import BadFrame, Venue, VenueError
from twinex.venue.wire.messages import frame_array


@pytest.fixture(scope="module")
def day() -> Straight:
    return straight_day(61, 300)


def _same_to_the_end(venue: Venue, day: Straight, before: bytes) -> None:
    """The venue is as if the bad bytes had never come."""
    after = [venue.submit(day.batch(s, s + 1)).tobytes() for s in range(venue.sequence, len(day))]
    assert before + b"".join(after) == day.events
    check(venue.core)


def test_arrays_that_are_no_bytes(day: Straight) -> None:
    venue = Venue(clock=fixed_clock)
    go_on(venue, day, stop=100)
    good = day.batch(100, 104)
    wrong = [
        good.tobytes(),
        list(good),
        None,
        good.view(np.int64),
        good.view(np.int8),
        good.astype(np.float64),
        good.reshape(-1, 8),
        np.zeros((), np.uint8),
        frame_array("order_cancel", 2),
    ]
    for each in wrong:
        with pytest.raises(BadFrame, match="one line of uint8"):
            venue.submit(each)
    _same_to_the_end(venue, day, day.until(100))


def test_released_events_cannot_be_written_to(day: Straight, tmp_path: Path) -> None:
    with Venue(tmp_path / "day", clock=fixed_clock) as venue:
        events = venue.submit(day.batch(0, 10))
        with pytest.raises(ValueError, match="read-only"):
            events[0] = 1
    assert released(tmp_path / "day") == events.tobytes()


def test_a_member_opens_no_day(tmp_path: Path) -> None:
    venue = Venue(tmp_path / "day", clock=fixed_clock)
    with pytest.raises(VenueError, match="begins with day_open of seat 0, not with day_open of"):
        venue.send(5, encode("day_open", trading_day=20260105))
    assert not (tmp_path / "day").exists()


def test_arrays_laid_out_otherwise(day: Straight) -> None:
    """Read-only, strided, reversed and unaligned arrays are bytes like any other."""
    venue = Venue(clock=fixed_clock)
    step = len(day) // 4
    parts = []
    for turn, start in enumerate(range(0, len(day), step)):
        good = day.batch(start, start + step)
        read_only = good.copy()
        read_only.flags.writeable = False
        unaligned = np.concatenate([np.zeros(3, np.uint8), good])[3:]
        odd = [read_only, np.repeat(good, 3)[::3], good[::-1].copy()[::-1], unaligned][turn % 4]
        parts.append(venue.submit(odd).tobytes())
    assert b"".join(parts) == day.events


def test_nothing_is_nothing(day: Straight, tmp_path: Path) -> None:
    nothing = np.zeros(0, np.uint8)
    for directory in (None, tmp_path / "day"):
        with Venue(directory, clock=fixed_clock) as venue:
            if directory is not None:
                with pytest.raises(VenueError, match="day_open"):
                    venue.submit(nothing)
            go_on(venue, day, stop=10)
            assert len(venue.submit(nothing)) == 0
            assert venue.sequence == 10
            _same_to_the_end(venue, day, day.until(10))


@pytest.mark.parametrize("first", [b"", b"1234567", bytes(8), bytes(64), b"\xff" * 64])
def test_garbage_before_the_day_opens(day: Straight, tmp_path: Path, first: bytes) -> None:
    directory = tmp_path / "day"
    with Venue(directory, clock=fixed_clock) as venue:
        for octets in (np.frombuffer(first, np.uint8), day.batch(1, 2)):
            with pytest.raises(VenueError, match="day_open"):
                venue.submit(octets)
        with pytest.raises(VenueError, match="day_open"):
            venue.send(0, first)
        assert not directory.exists()
        go_on(venue, day)
    assert released(directory) == day.events


def test_frames_cut_anywhere(day: Straight) -> None:
    """Whole frames before the cut are done, nothing behind; then the rest is sent again."""
    whole = day.batch(100, 103)
    ends = np.cumsum([0] + [len(day.batch(n, n + 1)) for n in range(100, 103)]).tolist()
    for cut in range(1, len(whole)):
        venue = Venue(clock=fixed_clock)
        go_on(venue, day, stop=100)
        done = sum(end <= cut for end in ends) - 1
        if cut in ends:
            venue.submit(whole[:cut])
        else:
            with pytest.raises(BadFrame, match=f"no frame at byte {ends[done]} of {cut}") as bad:
                venue.submit(whole[:cut])
            so_far, before = day.until(100 + done), day.until(100)
            assert bad.value.events.tobytes() == so_far[len(before) :]
        assert venue.sequence == 100 + done
        if cut % 5 == 0:
            _same_to_the_end(venue, day, day.until(100 + done))


def test_impossible_lengths(day: Straight) -> None:
    venue = Venue(clock=fixed_clock)
    go_on(venue, day, stop=100)
    for length in (0, 1, 7, 65_544, 65_545, 1 << 20, 2**31 - 1, 2**31, 2**32 - 8, 2**32 - 1):
        for room in (0, 8, 64, 65_600):
            with pytest.raises(BadFrame):
                venue.submit(np.frombuffer(struct.pack("<Ii", length, 1) + bytes(room), np.uint8))
    _same_to_the_end(venue, day, day.until(100))


def test_random_bytes(day: Straight) -> None:
    """No bytes bring the core out of order; frames that are found in them are answered."""
    source = random.Random(7)
    venue = Venue(clock=fixed_clock)
    go_on(venue, day, stop=200)
    for _ in range(3_000):
        octets = source.randbytes(source.choice((1, 8, 9, 40, 64, 200)))
        if source.random() < 0.7:
            octets = frame(source.choice((0, 1, 2, -5)), octets)
        try:
            list(events_of(venue.submit(np.frombuffer(octets, np.uint8)).tobytes()))
        except BadFrame:
            continue
    check(venue.core)


def test_messages_with_flipped_bytes(day: Straight) -> None:
    """A day of good commands, each sent again with some of its bytes changed."""
    source = random.Random(8)
    venue = Venue(clock=fixed_clock)
    for each in day.frames[:-1]:
        venue.submit(np.frombuffer(each, np.uint8))
        for _ in range(6):
            bad = bytearray(each)
            for _ in range(source.choice((1, 2, 8))):
                bad[source.randrange(8, len(bad))] = source.choice((0, 1, 127, 128, 255))
            template = int.from_bytes(bad[10:12], "little")
            if template not in (22, 29, 33) and not (template == 30 and bad[36] in (6, 7)):
                list(events_of(venue.submit(np.frombuffer(bytes(bad), np.uint8)).tobytes()))
    check(venue.core)


@pytest.mark.parametrize("seat", [-1, 7_000, 1_000_000, 1_000_001, 2**31 - 1, -(2**31)])
def test_seats_of_nobody(day: Straight, seat: int) -> None:
    venue = Venue(clock=fixed_clock)
    go_on(venue, day, stop=100)
    (answer,) = events_of(venue.send(seat, encode("order_cancel", client_id=1)))
    assert (answer.reject_reason, answer.seat) == (REASON.SEAT_UNKNOWN, seat)
    with pytest.raises(OverflowError):
        venue.send(2**31, encode("order_cancel", client_id=1))
    check(venue.core)
