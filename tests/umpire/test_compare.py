"""Two streams that part: always found, at the right command, however the streams come."""

import random

import pytest
from venue.image.rich_day import FIRST

from twinex.umpire.compare import Comparison, Parting, parting_of
from twinex.umpire.difference import Difference, difference_of
from twinex.umpire.messages import INDEX_BYTES, KEY_BYTES
from twinex.umpire.names import Names
from umpire.recordings import events, recording, with_byte

SIDES = ("venue", "mirror")


def _parted(one: bytes, other: bytes) -> Parting:
    parting = parting_of(one, other)
    assert parting is not None
    mirrored = parting_of(other, one)
    assert mirrored is not None
    assert (mirrored.sequence, mirrored.offset) == (parting.sequence, parting.offset)
    assert (mirrored.one, mirrored.other) == (parting.other, parting.one)
    return parting


def _told(one: bytes, other: bytes) -> Difference:
    return difference_of(SIDES, names=Names(), parting=_parted(one, other))


def _answer(least: int, start: int = 300) -> int:
    """The place of a command with so many events at least."""
    answers = recording().answers
    return next(at for at in range(start, len(answers)) if len(events(answers[at])) >= least)


def _without_index(octets: bytes) -> bytes:
    return octets[: KEY_BYTES - INDEX_BYTES] + octets[KEY_BYTES:]


def test_streams_that_are_the_same() -> None:
    stream = recording().stream
    assert parting_of(stream, stream) is None
    assert parting_of(b"", b"") is None


def test_any_byte_that_changes_is_found_at_its_command() -> None:
    draw, day = random.Random(21), recording()
    ends = [0]
    for answer in day.answers:
        ends.append(ends[-1] + len(answer))
    for _ in range(3_000):
        at = draw.randrange(len(day.answers))
        start, end = ends[at], ends[at + 1]
        place, flip = draw.randrange(start, end), 1 << draw.randrange(8)
        # A window of commands: the streams are the same before it.
        low, high = ends[max(0, at - 3)], ends[min(len(day.answers), at + 4)]
        one = day.stream[low:high]
        parting = _parted(one, with_byte(one, place - low, flip))
        assert (parting.sequence, flip) == (FIRST + at, flip), f"byte {place}"
        event = parting.one[parting.place]
        assert low + parting.offset <= place < low + parting.offset + len(event.body)


def test_any_byte_that_changes_is_told() -> None:
    draw, day = random.Random(22), recording()
    for _ in range(400):
        at = draw.randrange(len(day.answers))
        answer = day.answers[at]
        place = draw.randrange(len(answer))
        found = _told(answer, with_byte(answer, place, 1 << draw.randrange(8)))
        pair = found.answers[found.place]
        assert not pair.same
        assert all(one.one != one.other for one in pair.unlike)
        assert any(side in found.headline for side in SIDES)


@pytest.mark.parametrize("least", [2, 4, 6])
def test_a_missing_event(least: int) -> None:
    at = _answer(least)
    whole = events(recording().answers[at])
    following = recording().answers[at + 1]
    for left_out in range(len(whole)):
        kept = b"".join(one.body for place, one in enumerate(whole) if place != left_out)
        parting = _parted(recording().answers[at] + following, kept + following)
        last = left_out == len(whole) - 1
        assert (parting.sequence, parting.place) == (FIRST + at, left_out)
        found = _told(recording().answers[at] + following, kept + following)
        name = whole[left_out].name
        due = f"mirror leaves out event {left_out}, {name}"
        if last:
            end = "it goes on with the next command"
            due = f"mirror has no event {left_out}, {end}; venue has {name}"
        alike = not last and _without_index(whole[left_out + 1].body) == _without_index(
            whole[left_out].body
        )
        assert alike or found.headline == due
        assert [pair.same for pair in found.answers].count(False) == 1


def test_an_event_more() -> None:
    at = _answer(4)
    whole, following = events(recording().answers[at]), recording().answers[at + 1]
    more = b"".join(one.body for one in (*whole[:2], whole[1], *whole[2:]))
    found = _told(recording().answers[at] + following, more + following)
    assert found.sequence == FIRST + at
    assert [pair.one is None for pair in found.answers].count(True) == 1
    assert sum(pair.same for pair in found.answers) == len(whole)


def _counted(body: bytes, index: int) -> bytes:
    """The event with another index."""
    start = KEY_BYTES - INDEX_BYTES
    return body[:start] + index.to_bytes(INDEX_BYTES, "little") + body[KEY_BYTES:]


def test_an_index_is_told_where_it_is_what_differs() -> None:
    at = _answer(4)
    answer = recording().answers[at]
    whole = events(answer)
    place = len(whole[0].body) + KEY_BYTES - INDEX_BYTES
    found = _told(answer, with_byte(answer, place, 8))
    assert found.headline == f"event 1, {whole[1].name}: index is venue 1, mirror 9"
    fewer = b"".join(_counted(one.body, index) for index, one in enumerate(whole[1:]))
    last = with_byte(fewer, len(fewer) - len(whole[-1].body) + 8 + 20)
    moved = _told(answer, last).answers[-1]
    assert moved.unlike
    assert "index" not in {one.field for one in moved.unlike}, "an event less moved it"


def test_a_missing_command() -> None:
    for at in (300, 500, len(recording().answers) - 1):
        answers = list(recording().answers)
        missed = answers.pop(at)
        found = _told(recording().stream, b"".join(answers))
        assert found.sequence == FIRST + at
        assert found.place == 0
        end = "its stream ends there" if at == len(answers) else "it goes on with the next command"
        due = f"mirror has no answer, {end}; venue has {events(missed)[0].name}"
        assert found.headline == due


def test_events_in_another_order() -> None:
    draw, judged = random.Random(23), 0
    for at, answer in enumerate(recording().answers):
        whole = events(answer)
        first, second = (draw.randrange(len(whole)) for _ in range(2))
        if whole[first].name == whole[second].name:
            continue
        swapped = list(whole)
        swapped[first], swapped[second] = swapped[second], swapped[first]
        found = _told(answer, b"".join(one.body for one in swapped))
        assert (found.sequence, found.place) == (FIRST + at, min(first, second))
        assert found.headline.startswith("the same events in another order")
        judged += 1
    assert judged > 100


def test_commands_in_another_order() -> None:
    answers = list(recording().answers)
    answers[400], answers[401] = answers[401], answers[400]
    assert _parted(recording().stream, b"".join(answers)).sequence == FIRST + 400


def test_streams_that_are_cut_off() -> None:
    draw, stream, day = random.Random(24), recording().stream, recording()
    ends = [sum(map(len, day.answers[:at])) for at in range(len(day.answers))]
    for _ in range(300):
        length = draw.randrange(len(stream))
        parting = _parted(stream, stream[:length])
        at = max(place for place, end in enumerate(ends) if end <= length)
        assert parting.sequence == FIRST + at
        whole = sum(len(one.body) for one in parting.other[: parting.place])
        if parting.other[parting.place :]:
            assert "bytes" in parting.other[parting.place].fault
        else:
            assert parting.ends == (False, True)
            assert ends[at] + whole == length


def test_a_longer_event() -> None:
    answer = recording().answers[600]
    longer = answer[:8] + bytes(8) + answer[8:]
    found = _told(answer, with_byte(longer, 0, longer[0] ^ (longer[0] + 8)))
    assert found.sequence == FIRST + 600
    assert "not" in found.headline
    assert "with a block of" in found.headline


def _pieces(stream: bytes, draw: random.Random) -> list[bytes]:
    """The stream cut between events, at random."""
    found, present = [], b""
    for event in events(stream):
        present += event.body
        if draw.random() < 0.2:
            found.append(present)
            present = b""
    return [*found, present]


def _as_it_comes(one: list[bytes], other: list[bytes], draw: random.Random) -> Parting | None:
    """Fed piece by piece, one stream ahead of the other now and then; all of it, at a parting."""
    comparison, found = Comparison(), None
    while one or other:
        fed = [part.pop(0) if part and draw.random() < 0.7 else b"" for part in (one, other)]
        found = comparison.feed(*fed) or found
    return (found and comparison.feed()) or comparison.finish()


def test_as_they_come_is_as_at_once() -> None:
    draw, answers = random.Random(25), recording().answers
    for _ in range(150):
        start = draw.randrange(len(answers) - 40)
        stream = b"".join(answers[start : start + 40])
        place = draw.randrange(len(stream))
        changed = with_byte(stream, place, 1 << draw.randrange(8))
        # Batches are of whole events: what is changed stays in the batch where it is.
        cuts = [len(piece) for piece in _pieces(stream, draw)]
        other, at = [], 0
        for size in cuts:
            other.append(changed[at : at + size])
            at += size
        assert _as_it_comes(_pieces(stream, draw), other, draw) == _parted(stream, changed)
        same = _as_it_comes(_pieces(stream, draw), _pieces(stream, draw), draw)
        assert same is None


def test_equal_batches_leave_nothing_behind() -> None:
    """What agreed is dropped but for the present command's batch: a day takes no memory."""
    comparison = Comparison()
    for answer in recording().answers:
        assert comparison.feed(answer, bytes(answer)) is None
        assert sum(map(len, comparison._kept)) == len(answer)
    assert comparison.agreed_bytes == len(recording().stream)
