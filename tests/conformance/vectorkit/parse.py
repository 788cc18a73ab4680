"""The text of `spec/vectors/*.txt` as cases and rows; `spec/vectors/README.md` is the grammar.

This module knows lines only. What a row means as bytes is in `commands`, what an event line means
in `expect`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from vectorkit.wire import SPEC

VECTORS = SPEC / "vectors"


class VectorError(ValueError):
    """A vector file that cannot be read; the message begins with file and line."""


@dataclass(frozen=True)
class Place:
    """Where a line stands."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True)
class EventLine:
    """One expected event, as written."""

    place: Place
    words: tuple[str, ...]

    def __str__(self) -> str:
        return " ".join(self.words)


@dataclass
class Row:
    """One command, as written, and the events expected of it."""

    place: Place
    label: str
    seat: str
    words: tuple[str, ...]
    events: list[EventLine] = field(default_factory=list)

    def __str__(self) -> str:
        return " ".join((self.seat, *self.words))


@dataclass
class Setup:
    """A named beginning: seats (name -> number, account) and commands of the exchange."""

    name: str
    seats: dict[str, tuple[int, int]] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)

    @property
    def first_sequence(self) -> int:
        """Of the day, as its `day_open` says."""
        words = [word.partition("=") for row in self.rows[:1] for word in row.words]
        return next((int(text) for key, _, text in words if key == "first_sequence"), 1)


@dataclass
class Case:
    """One case: its setup, with its changes applied, and its rows."""

    place: Place
    title: str
    cites: str
    setup: Setup
    rows: list[Row] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"{Path(self.place.file).stem}: {self.title}"


_TITLE = re.compile(r"== (.+?)\s+\[(.+)\]$")
_SETUP = re.compile(r"setup (\w+)(?: from (\w+))?$")
_SEAT = re.compile(r"seat (\w+) (\d+) account (\d+)$")
_ROW = re.compile(r">\s+(?:(\w+):\s+)?(\S+)\s+(.+)$")


class Reader:
    """Reads files in turn; setups are known to every file read after theirs."""

    def __init__(self) -> None:
        self.setups: dict[str, Setup] = {}
        self.cases: list[Case] = []
        self._case: Case | None = None
        self._setup: Setup | None = None

    def read(self, file: str, text: str) -> None:
        """All lines of one file. VectorError names file and line."""
        self._case = self._setup = None
        for number, line in enumerate(text.splitlines(), 1):
            bare = line.strip()
            if bare and not bare.startswith("#"):
                self._line(Place(file, number), line.rstrip(), bare)

    def _line(self, place: Place, line: str, bare: str) -> None:
        if line.startswith(" "):
            self._last_row(place).events.append(EventLine(place, tuple(bare.split())))
        elif bare.startswith("> "):
            self._rows(place).append(_row(place, bare))
        elif bare.startswith("== "):
            self._begin_case(place, bare)
        elif bare.startswith("given ") and self._case is not None:
            self._case.setup = self._copy(place, bare[6:].strip())
        elif bare.startswith("but "):
            _change(place, self._target(place), bare.split()[1:])
        elif bare.startswith("setup "):
            self._begin_setup(place, bare)
        elif bare.startswith("seat "):
            self._add_seat(place, bare)
        else:
            raise VectorError(f"{place}: no line of this kind is known: {bare!r}")

    def _begin_case(self, place: Place, bare: str) -> None:
        found = _TITLE.match(bare)
        if found is None:
            raise VectorError(f"{place}: a case begins '== title   [what it rests on]'")
        self._setup = None
        self._case = Case(place, found[1], found[2], Setup("none"))
        self.cases.append(self._case)

    def _begin_setup(self, place: Place, bare: str) -> None:
        found = _SETUP.match(bare)
        if found is None:
            raise VectorError(f"{place}: a setup begins 'setup NAME' or 'setup NAME from OTHER'")
        self._setup = self._copy(place, found[2]) if found[2] else Setup(found[1])
        self._setup.name = found[1]
        self.setups[found[1]] = self._setup

    def _add_seat(self, place: Place, bare: str) -> None:
        found = _SEAT.match(bare)
        if found is None or self._setup is None:
            raise VectorError(f"{place}: a seat is 'seat NAME number account NUMBER', in a setup")
        self._setup.seats[found[1]] = (int(found[2]), int(found[3]))

    def _copy(self, place: Place, name: str) -> Setup:
        if name not in self.setups:
            raise VectorError(f"{place}: no setup {name!r}; there are {', '.join(self.setups)}")
        old = self.setups[name]
        return Setup(name, dict(old.seats), [replace(row, events=[]) for row in old.rows])

    def _target(self, place: Place) -> Setup:
        target = self._setup if self._setup is not None else self._case and self._case.setup
        if not target:
            raise VectorError(f"{place}: 'but' needs a setup before it")
        return target

    def _rows(self, place: Place) -> list[Row]:
        if self._setup is not None:
            return self._setup.rows
        if self._case is None:
            raise VectorError(f"{place}: a command outside a case or a setup")
        return self._case.rows

    def _last_row(self, place: Place) -> Row:
        if self._case is None or not self._case.rows:
            raise VectorError(f"{place}: an event without a command before it")
        return self._case.rows[-1]


def _row(place: Place, bare: str) -> Row:
    command, _, events = bare.partition("=>")
    found = _ROW.match(command.rstrip())
    if found is None:
        raise VectorError(f"{place}: a command is '> label: SEAT verb ...'")
    lines = [EventLine(place, tuple(part.split())) for part in events.split(";") if part.strip()]
    return Row(place, found[1] or "", found[2], tuple(found[3].split()), lines)


def _change(place: Place, setup: Setup, words: list[str]) -> None:
    """`but product_define 1 tick=10`: the row of that name whose first field has that value."""
    for index, row in enumerate(setup.rows):
        if row.words[0] == words[0] and row.words[1].partition("=")[2] == words[1]:
            names = {word.partition("=")[0] for word in words[2:]}
            kept = tuple(word for word in row.words if word.partition("=")[0] not in names)
            setup.rows[index] = replace(row, words=kept + tuple(words[2:]))
            return
    raise VectorError(f"{place}: the setup has no command '{words[0]} {words[1]}'")


def read_all() -> list[Case]:
    """Every case of `spec/vectors/*.txt`; files of bytes hold none (`dumps`)."""
    reader = Reader()
    files = sorted(
        (path for path in VECTORS.glob("*.txt") if not path.name.endswith("bytes.txt")),
        key=lambda path: (path.name != "setups.txt", path.name),
    )
    for path in files:
        reader.read(path.name, path.read_text(encoding="utf-8"))
    _check(reader.cases)
    return reader.cases


def _check(cases: list[Case]) -> None:
    for earlier, case in _repeated(cases):
        raise VectorError(f"{case.place}: the title of {earlier.place} again: {case.title!r}")
    for case in cases:
        for row in case.rows:
            if not row.events:
                raise VectorError(f"{row.place}: a command makes at least one event")


def _repeated(cases: list[Case]) -> Iterator[tuple[Case, Case]]:
    seen: dict[str, Case] = {}
    for case in cases:
        if case.name in seen:
            yield seen[case.name], case
        seen[case.name] = case
