"""Two recordings side by side: days, files of events, state images; their difference in words."""

from collections.abc import Iterator
from pathlib import Path

from twinex.umpire.compare import Comparison, Parting
from twinex.umpire.difference import Difference, Moment, difference_of
from twinex.umpire.layout import MAGIC
from twinex.umpire.messages import Command, command_of
from twinex.umpire.names import CHINA_HOURS, Names
from twinex.umpire.recorded import Recorded, is_day
from twinex.umpire.schema import HEADER, SCHEMA
from twinex.umpire.state import NotAnImage, State, read_state

_SEGMENT = b"TWXEVNT1"
_HEADER_BYTES = 40  # of a record


class InputError(Exception):
    """Recordings that cannot be compared; the text says what to name instead."""


def difference_between(
    one: Path, other: Path, utc_offset_hours: int = CHINA_HOURS
) -> Difference | None:
    """The first difference between two recordings of one kind; None if they are the same.

    Raises InputError, NotAnImage, and the errors of `venue.journal` and of `Recorded`.
    """
    kinds = {path: _kind(path) for path in (one, other)}
    if kinds[one] != kinds[other]:
        said = " and ".join(f"{path} is {kind}" for path, kind in kinds.items())
        raise InputError(f"{said}: name two of a kind")
    sides, names = _sides(one, other), Names(utc_offset_hours)
    if kinds[one] == "a state image":
        return _between_images(one, other, sides, names)
    return _between_streams(one, other, sides, names)


def _kind(path: Path) -> str:
    if path.is_dir():
        if not is_day(path):
            raise InputError(f"{path} is a directory and no day: name a day or a file")
        return "a stream of events"
    if not path.exists():
        raise InputError(f"{path}: no such file or directory")
    with path.open("rb") as file:
        begins = file.read(len(MAGIC))
    if begins == _SEGMENT:
        raise InputError(f"{path} is one segment of a day: name the day, {path.parent}")
    if begins == MAGIC:
        return "a state image"
    if begins and (len(begins) < HEADER.size or HEADER.unpack(begins)[2] != SCHEMA.id):
        raise InputError(f"{path} begins neither as a state image nor as a stream of events")
    return "a stream of events"


def _sides(one: Path, other: Path) -> tuple[str, str]:
    """What the two are called: by their last names, where these differ."""
    if one.name != other.name:
        return one.name, other.name
    return str(one), str(other)


# -- streams ---------------------------------------------------------------------------------------


def _between_streams(
    one: Path, other: Path, sides: tuple[str, str], names: Names
) -> Difference | None:
    parting = _parting(_batches(one), _batches(other))
    if parting is None:
        return None
    commands = [_command(path, parting.sequence, names) for path in (one, other)]
    notes = []
    if all(commands) and commands[0] != commands[1]:
        notes.append("the journals have other commands there, or at other times")
    command = commands[0] or commands[1]
    return difference_of(sides, names=names, parting=parting, command=command, notes=notes)


def _parting(one: Iterator[bytes], other: Iterator[bytes]) -> Parting | None:
    """Where two streams part that come in batches of whole events."""
    comparison, going_on = Comparison(), True
    while going_on:
        batches = next(one, b""), next(other, b"")
        going_on = any(batches)
        parting = comparison.feed(*batches)
        if parting is not None:
            behind = next(one, b""), next(other, b"")  # the rest of the answers
            return comparison.feed(*behind)
    return comparison.finish()


def _batches(path: Path) -> Iterator[bytes]:
    if path.is_dir():
        yield from Recorded(path, so_far=True).published().batches()
    else:
        yield path.read_bytes()


def _command(path: Path, sequence: int, names: Names) -> Command | None:
    """The command of a day, whose names are learned up to it."""
    if not path.is_dir():
        return None
    day = Recorded(path, so_far=True)
    _learn(day, sequence, names)
    record = day.record(sequence)
    return command_of(record) if record is not None else None


def _learn(day: Recorded, sequence: int, names: Names) -> None:
    for batch in day.batches([sequence]):
        for record in batch:
            names.learn(record[_HEADER_BYTES:])
        if command_of(batch[-1]).sequence >= sequence:
            return


# -- images ----------------------------------------------------------------------------------------


def _between_images(
    one: Path, other: Path, sides: tuple[str, str], names: Names
) -> Difference | None:
    images = [path.read_bytes() for path in (one, other)]
    if images[0] == images[1]:
        return None
    states = [_state(path, octets) for path, octets in zip((one, other), images, strict=True)]
    for path, state in zip((one, other), states, strict=True):
        names.learn_state(state)
        if is_day(path.parent):
            _learn(Recorded(path.parent, so_far=True), state.day["sequence"], names)
    notes = [
        f"{side} stands behind {state.day['sequence']:,}, hash {state.hash.hex()[:16]}"
        f"{', not that of its rows' if state.faults else ''}"
        for side, state in zip(sides, states, strict=True)
    ]
    return difference_of(sides, names=names, after=Moment(*states), notes=notes)


def _state(path: Path, octets: bytes) -> State:
    try:
        return read_state(octets)
    except NotAnImage as error:
        raise NotAnImage(f"{path} is no state image: {error}") from None
