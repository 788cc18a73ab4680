"""Two event streams side by side: where they part, and what either answers there.

    comparison = Comparison()
    comparison.feed(events_of_one, events_of_other)    # as they come; None while they agree
    comparison.finish()                                # no more will come

Batches that are the same cost a comparison of bytes; nothing of them is decoded.
"""

from dataclasses import dataclass

from twinex.umpire.messages import (
    INDEX_BYTES,
    KEY_BYTES,
    SEQUENCE_AT,
    SEQUENCE_BYTES,
    Event,
    event_at,
    event_bytes,
    events_of,
)

_INDEX = slice(KEY_BYTES - INDEX_BYTES, KEY_BYTES)
_NO_INDEX = bytes(INDEX_BYTES)


@dataclass(frozen=True)
class Parting:
    """Where two streams part.

    `sequence`: the command whose answers differ. `offset`: where in both streams the first event
    that differs begins. `place`: which of the answers' events that is. `one`, `other`: the answers,
    as far as they have come; `ends`: whether the stream ends there.
    """

    sequence: int
    offset: int
    place: int
    one: tuple[Event, ...]
    other: tuple[Event, ...]
    ends: tuple[bool, bool]


class Comparison:
    """Compares two event streams as they come, in batches of whole events.

    A batch of one stream need not end where the other's does. A command's events must not be cut
    off from its sequence: the first batch begins with a command's first event.
    """

    def __init__(self) -> None:
        self.agreed_bytes = 0
        self._one = self._other = b""  # what the other stream has not come to yet
        self._kept: list[bytes] = []  # agreed, from a command's first event on

    def feed(self, one: bytes = b"", other: bytes = b"") -> Parting | None:
        """Take what has come of either stream. Returns where they part, None while they agree."""
        if not self._one and not self._other and one == other:
            self._agree(one)
            return None
        self._one += one
        self._other += other
        size = min(len(self._one), len(self._other))
        if self._one[:size] != self._other[:size]:
            return self._parting()
        self._agree(self._one[:size])
        self._one, self._other = self._one[size:], self._other[size:]
        return None

    def finish(self) -> Parting | None:
        """Both streams have ended: returns where the longer one goes on, None if neither does."""
        return self._parting() if self._one or self._other else None

    def _agree(self, batch: bytes) -> None:
        if not batch:
            return
        self.agreed_bytes += len(batch)
        if batch[_INDEX] == _NO_INDEX:
            self._kept.clear()
        self._kept.append(batch)

    def _parting(self) -> Parting:
        kept = b"".join(self._kept)
        begun, one, other = self.agreed_bytes - len(kept), kept + self._one, kept + self._other
        place = start = 0
        last: Event | None = None
        first = _first_difference(one, other)
        while place + event_bytes(one, place) <= first:
            event = event_at(one, place)
            if event.index == 0:
                start = place
            last = event
            place += len(event.body)
        theirs = _event(one, place), _event(other, place)
        sequence = _command(last, *theirs)
        if last is None or sequence != last.sequence:
            start = place
        agreed = tuple(events_of(one[start:place]))
        answers = [agreed + tuple(_answer(octets, place, sequence)) for octets in (one, other)]
        ends = (place == len(one), place == len(other))
        return Parting(sequence, begun + place, len(agreed), answers[0], answers[1], ends)


def parting_of(one: bytes, other: bytes) -> Parting | None:
    """Where two whole streams part; None if they are the same."""
    comparison = Comparison()
    return comparison.feed(one, other) or comparison.finish()


def _first_difference(one: bytes, other: bytes) -> int:
    """The first byte in which they differ; the shorter one's length if it begins the other."""
    low, high = 0, min(len(one), len(other))
    while low < high:  # the bytes before `low` are the same
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _event(octets: bytes, place: int) -> Event | None:
    """The event that begins at byte `place`; None at the end."""
    return event_at(octets, place) if place < len(octets) else None


def _command(last: Event | None, one: Event | None, other: Event | None) -> int:
    """The command whose answers differ.

    The next event is another one of the last event's command, or the first of the next: every
    command makes at least one. Which of the two streams is wrong is not for us to say, but a
    sequence that cannot come next names no command.
    """
    pair = [event for event in (one, other) if event]
    found = [event.sequence for event in pair if _may_follow(last, event)]
    if last is not None and len(pair) == len({_but_sequence(event) for event in pair}):
        found += [event.sequence for event in pair if event.sequence == last.sequence]
    if found:
        return min(found)
    if last is not None:
        return last.sequence + 1
    return max((event.sequence for event in pair), default=0)


def _but_sequence(event: Event) -> bytes:
    """The event without its sequence: two that are the same then are one event, told wrongly."""
    return event.body[:SEQUENCE_AT] + event.body[SEQUENCE_AT + SEQUENCE_BYTES :]


def _may_follow(last: Event | None, event: Event) -> bool:
    if last is None:
        return event.index == 0
    sequence, index = event.sequence, event.index
    return (sequence, index) in ((last.sequence, last.index + 1), (last.sequence + 1, 0))


def _answer(octets: bytes, place: int, sequence: int) -> list[Event]:
    """What a stream answers to the command from byte `place` on, what is wrong there included."""
    found: list[Event] = []
    for event in events_of(octets[place:]):
        goes_on = event.sequence > sequence and event.index == 0
        if event.sequence != sequence and (found or goes_on):
            break
        found.append(event)
        if event.fault:
            break
    return found
