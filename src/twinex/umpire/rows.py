"""Where two state images differ: section, row, field, and the value in either.

Equal rows at both ends of a section are passed over as bytes; what lies between is paired by key.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from twinex.umpire.layout import SECTIONS
from twinex.umpire.names import Names
from twinex.umpire.schema import Fields
from twinex.umpire.state import Rows, State
from twinex.umpire.values import value_text

ABSENT = "not there"
_ROW = "row"
_CHUNK_ROWS = 1024

_Key = tuple[int, ...]


@dataclass(frozen=True)
class RowDifference:
    """One field of one row. `field` is "row" where only one image has the row at all."""

    section: str
    key: str
    field: str
    one: str
    other: str


def row_differences(one: State, other: State, names: Names) -> Iterator[RowDifference]:
    """All differences, in the order of sections and rows; at least one for images that differ."""
    for name in SECTIONS:
        if one[name].octets != other[name].octets:
            yield from _Section(one, other, name, names).differences()
    for name in ("", *SECTIONS):
        hashes = [state.hashes[name] if name else state.hash for state in (one, other)]
        faulty = any(name in state.faults for state in (one, other))
        if faulty and hashes[0] != hashes[1]:
            yield RowDifference("head", name or "state", "hash", hashes[0].hex(), hashes[1].hex())


class _Section:
    """One section of both images, whose bytes differ."""

    def __init__(self, one: State, other: State, name: str, names: Names) -> None:
        self.name, self.key, self.names = name, SECTIONS[name].key, names
        self.rows = one[name], other[name]
        self.orders = [state["orders"] for state in (one, other)] if name == "combined" else []

    def differences(self) -> Iterator[RowDifference]:
        one, other = self.rows
        start = _same_rows(one, other)
        tail = _same_rows(one, other, start, from_end=True)
        first = max(0, start - 1)  # a row that stands there twice has its like before it
        places = [range(first, len(rows) - tail) for rows in self.rows]
        mine, theirs = (
            {self._key(rows, at): rows.at(at) for at in span}
            for rows, span in zip(self.rows, places, strict=True)
        )
        found = False
        for key in sorted(mine.keys() | theirs.keys()):
            for difference in self._row(mine.get(key), theirs.get(key)):
                found = True
                yield difference
        yield from self._order(list(mine), list(theirs))
        if not found and list(mine) == list(theirs):
            yield from self._unnamed(places)

    def _key(self, rows: Rows, place: int) -> _Key:
        fields = rows.at(place)
        return tuple(fields[name] for name in self.key)

    def _row(self, mine: Fields | None, theirs: Fields | None) -> Iterator[RowDifference]:
        fields = mine or theirs
        assert fields is not None, "a key is that of a row"
        key = key_text(self.name, fields, self.names)
        if mine is None or theirs is None:
            said = [ABSENT if row is None else self._told(row) for row in (mine, theirs)]
            yield RowDifference(self.name, key, _ROW, *said)
            return
        for field, value in mine.items():
            if theirs[field] != value:
                said = [self._text(field, row) for row in (mine, theirs)]
                yield RowDifference(self.name, key, field, *said)

    def _text(self, field: str, row: Fields) -> str:
        if field == "number":
            return str(row[field])
        return value_text(field, row[field], self._beside(row), self.names)

    def _beside(self, row: Fields) -> Fields:
        """The row with what says on what tick its prices are."""
        if self.name == "instruments":
            return {**row, "instrument": row["number"]}
        if self.name == "combined":
            found = (each for rows in self.orders for each in rows)
            instruments = (e["instrument"] for e in found if e["order_id"] == row["order_id"])
            return {**row, "instrument": next(instruments, 0)}
        return row

    def _told(self, row: Fields) -> str:
        """The fields of a row that are not 0, but its key."""
        said = [
            f"{field} {self._text(field, row)}"
            for field, value in row.items()
            if value and field not in self.key
        ]
        return ", ".join(said) or "all 0"

    def _order(self, mine: list[_Key], theirs: list[_Key]) -> Iterator[RowDifference]:
        """The first row that both have and that stands elsewhere: places in queues, for orders."""
        both = set(mine) & set(theirs)
        pairs = zip(
            (key for key in mine if key in both),
            (key for key in theirs if key in both),
            strict=True,
        )
        for here, there in pairs:
            if here != there:
                keys = [self._named(key) for key in (here, there)]
                yield RowDifference(self.name, keys[0], "place", "next", f"behind {keys[1]}")
                return

    def _named(self, key: _Key) -> str:
        return key_text(self.name, dict(zip(self.key, key, strict=True)), self.names)

    def _unnamed(self, places: list[range]) -> Iterator[RowDifference]:
        """The first rows that differ in bytes that have no name, or stand there twice."""
        one, other = self.rows
        for mine, theirs in zip(*places, strict=False):
            raw = one.raw(mine), other.raw(theirs)
            if raw[0] != raw[1]:
                key = key_text(self.name, one.at(mine), self.names)
                yield RowDifference(self.name, key, "bytes", raw[0].hex(), raw[1].hex())
                return
        counts = [f"{len(rows)} rows" for rows in self.rows]
        yield RowDifference(self.name, "", "rows", *counts)


def key_text(section: str, fields: Fields, names: Names) -> str:
    """What a row is called: `order 9216`, `account 1003 in IF2607 for hedge`, `IF2607`."""
    if section == "instruments":
        return names.symbol(fields["number"])
    if section == "products":
        return names.product(fields["number"])
    if section == "day":
        return "day"
    if section in ("positions", "quotes"):
        kind = value_text("hedge", fields["hedge"], fields, names)
        return f"account {fields['account']} in {names.symbol(fields['instrument'])}, {kind}"
    key = SECTIONS[section].key[0]
    word = {"number": section.removesuffix("s"), "order_id": "order", "trade_id": "trade"}
    name = f"{word.get(key, key)} {fields[key]}"
    if fields.get("instrument"):
        name += f" in {value_text('instrument', fields['instrument'], fields, names)}"
    return name


def _same_rows(one: Rows, other: Rows, start: int = 0, *, from_end: bool = False) -> int:
    """How many rows are the same, from the front or (behind the first `start`) from the end."""
    count = min(len(one), len(other)) - start
    same, step = 0, _CHUNK_ROWS
    while step:
        spans = [_span(rows, same, step, from_end, start) for rows in (one, other)]
        if same + step <= count and spans[0] == spans[1]:
            same += step
        else:
            step //= 2
    return same


def _span(rows: Rows, same: int, step: int, from_end: bool, start: int) -> bytes:
    """`step` rows (or those there are) behind the `same` rows that are known to be the same."""
    first = len(rows) - same - step if from_end else start + same
    size = rows.section.row_bytes
    return rows.octets[max(first, 0) * size : (first + step) * size]


def first_of(differences: Iterator[RowDifference], count: int) -> tuple[list[RowDifference], int]:
    """The first `count` differences, and how many more there are."""
    shown = list(islice(differences, count))
    return shown, sum(1 for _ in differences)
