"""Two answers side by side: every event in words, and what differs in one line."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest

from twinex.umpire.compare import Parting
from twinex.umpire.messages import INDEX_BYTES, KEY_BYTES, Event
from twinex.umpire.names import Names
from twinex.umpire.schema import Fields
from twinex.umpire.sentences import sentence
from twinex.umpire.values import value_text

_UNNAMED = "bytes"
_ALIGNED_MOST = 400  # events: finding what is the same takes the square of their number

Sides = tuple[str, str]  # what the two are called


@dataclass(frozen=True)
class Told:
    """A command, or an event: its name, in words, and its fields as values and in words."""

    name: str
    words: str
    fields: Fields
    texts: dict[str, str]


@dataclass(frozen=True)
class Unlike:
    """A field of an event that two systems tell otherwise."""

    field: str
    one: str
    other: str


@dataclass(frozen=True)
class Pair:
    """What either system answers in one place; None where it has no event there."""

    place: int
    one: Told | None
    other: Told | None
    same: bool
    unlike: tuple[Unlike, ...] = ()


def tell(name: str, fields: Fields, names: Names, beside: Fields) -> Told:
    """Message in words; `beside` gives the instrument where it names none itself."""
    known = {**fields, **{name: value for name, value in beside.items() if not fields.get(name)}}
    texts = {field: value_text(field, value, known, names) for field, value in fields.items()}
    return Told(name, sentence(name, known, names), fields, texts)


def pairs_of(parting: Parting, names: Names) -> tuple[Pair, ...]:
    """The answers event by event; behind the first difference, what is the same stands together."""
    first = parting.place
    agreed = [(event, event, True) for event in parting.one[:first]]
    rest = _aligned(parting.one[first:], parting.other[first:])
    pairs = []
    for place, (mine, theirs, same) in enumerate([*agreed, *rest]):
        unlike: Sequence[Unlike] = ()
        if mine is not None and theirs is not None and not same:
            unlike = _unlike(mine, theirs, names, shifted=place > first)
        told = [_event(event, names) for event in (mine, theirs)]
        pairs.append(Pair(place, told[0], told[1], same, tuple(unlike)))
    return tuple(pairs)


def _aligned(
    one: Sequence[Event], other: Sequence[Event]
) -> Iterator[tuple[Event | None, Event | None, bool]]:
    """Two answers, of which the first events differ, side by side, and which of them are the same.

    An event that only one has stands alone; what follows it is the same though its index is not.
    """
    bare = [[_without_index(event) for event in events] for events in (one, other)]
    together = bool(one and other and bare[0][0] == bare[1][0])  # nothing but the index differs
    if together or max(len(one), len(other)) > _ALIGNED_MOST:
        for mine, theirs in zip_longest(one, other):
            same = mine is not None and theirs is not None and mine.body == theirs.body
            yield mine, theirs, same
        return
    for step, *ends in SequenceMatcher(a=bare[0], b=bare[1], autojunk=False).get_opcodes():
        for mine, theirs in zip_longest(one[ends[0] : ends[1]], other[ends[2] : ends[3]]):
            yield mine, theirs, step == "equal"


def _without_index(event: Event) -> bytes:
    start = KEY_BYTES - INDEX_BYTES
    return event.body[:start] + event.body[KEY_BYTES:]


def _event(event: Event | None, names: Names) -> Told | None:
    if event is None:
        return None
    if event.fault:
        return Told("no event", event.fault, {"body": event.body}, {"body": event.body.hex()})
    return tell(event.name, event.fields, names, {})


def _unlike(mine: Event, theirs: Event, names: Names, *, shifted: bool) -> list[Unlike]:
    """The fields that differ of two events of one kind; of others there is no such thing.

    `shifted`: an earlier event moved them, so that their index says nothing.
    """
    if mine.fault or theirs.fault or mine.name != theirs.name:
        return []
    fields, others = mine.fields, theirs.fields
    found = [
        Unlike(name, _text(name, fields, names), _text(name, others, names))
        for name, value in fields.items()
        if others[name] != value and not (shifted and name == "index")
    ]
    return found or [Unlike(_UNNAMED, *_unnamed(mine.body, theirs.body))]


def _text(name: str, fields: Fields, names: Names) -> str:
    return value_text(name, fields[name], fields, names)


def _unnamed(mine: bytes, theirs: bytes) -> tuple[str, str]:
    """The first byte without a name that differs, with its place."""
    place = next(at for at, pair in enumerate(zip(mine, theirs, strict=True)) if len(set(pair)) > 1)
    return f"{mine[place]:02x} at byte {place}", f"{theirs[place]:02x} at byte {place}"


def answers_headline(sides: Sides, pairs: Sequence[Pair], parting: Parting) -> str:
    """How two answers differ, in one line."""
    pair = pairs[parting.place]
    reordered = _reordered(sides, pairs, parting)
    if reordered:
        return reordered
    if pair.one is None or pair.other is None:
        return _missing(sides, pair, parting)
    at = f"event {pair.place}"
    if pair.unlike:
        said = [
            f"{one.field} is {sides[0]} {one.one}, {sides[1]} {one.other}" for one in pair.unlike
        ]
        return f"{at}, {pair.one.name}: {'; '.join(said)}"
    said = [_kind(told) for told in (pair.one, pair.other)]
    return f"{at} is {sides[0]} {said[0]}, {sides[1]} {said[1]}"


def _kind(told: Told) -> str:
    return f"{told.name} ({told.words})" if told.name == "no event" else told.name


def _missing(sides: Sides, pair: Pair, parting: Parting) -> str:
    """One system has no event where the other has one."""
    lacks = 0 if pair.one is None else 1
    there = pair.other if pair.one is None else pair.one
    assert there is not None, "one of a pair is there"
    if len((parting.one, parting.other)[lacks]) > parting.place:
        return f"{sides[lacks]} leaves out event {parting.place}, {there.name}"
    what = "no answer" if parting.place == 0 else f"no event {parting.place}"
    end = "its stream ends there" if parting.ends[lacks] else "it goes on with the next command"
    return f"{sides[lacks]} has {what}, {end}; {sides[1 - lacks]} has {there.name}"


def _reordered(sides: Sides, pairs: Sequence[Pair], parting: Parting) -> str:
    """Said where both answers have the same events but in another order."""
    bare = [[_without_index(event) for event in answer] for answer in (parting.one, parting.other)]
    if bare[0] == bare[1] or sorted(bare[0]) != sorted(bare[1]):
        return ""
    late = pairs[parting.place :]
    one = next(pair.one.words for pair in late if pair.one)
    other = next(pair.other.words for pair in late if pair.other)
    return (
        f"the same events in another order: event {parting.place} is {sides[0]} “{one}”, "
        f"{sides[1]} “{other}”"
    )
