"""Typed reading of a parsed TOML document, where every mistake knows its file and line.

A `Node` is one value with its place. A `Table` reads keys from layers, first layer first: a
product's own table, then its group, then the market's defaults.
"""

import difflib
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from twinex.venue.reference.dated import Dated
from twinex.venue.reference.locator import Path as KeyPath
from twinex.venue.reference.locator import locate
from twinex.venue.reference.mistakes import MarketError

QUANTITY_MAXIMUM = 10**9  # lots; spec/phases.md, bounds

T = TypeVar("T")
Reader = Callable[["Node"], T]


@dataclass(frozen=True)
class Source:
    """One file: the name that errors show, and the line of every key."""

    name: str
    lines: Mapping[KeyPath, int]

    def mistake(
        self, path: KeyPath, place: str, text: str, kind: type[MarketError] = MarketError
    ) -> MarketError:
        return kind(f"{self.where(path)}: {place}: {text}")

    def where(self, path: KeyPath) -> str:
        while path not in self.lines and path:
            path = path[:-1]
        return f"{self.name}:{self.lines.get(path, 1)}"


@dataclass(frozen=True)
class Node:
    """One value of the document, its path, and the words that name its place."""

    source: Source
    path: KeyPath
    place: str
    value: Any

    def mistake(self, text: str, kind: type[MarketError] = MarketError) -> MarketError:
        return self.source.mistake(self.path, self.place, text, kind)

    def expected(self, what: str) -> MarketError:
        return self.mistake(f"expected {what}, found {_shown(self.value)}")

    def text(self) -> str:
        if not isinstance(self.value, str) or not self.value:
            raise self.expected("a text")
        return self.value

    def integer(self, low: int, high: int) -> int:
        value = self.value
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise self.expected(f"an integer from {low} to {high}")
        return value

    def number(self) -> Decimal | None:
        if isinstance(self.value, bool) or not isinstance(self.value, int | Decimal):
            return None
        value = Decimal(self.value)
        return value if value.is_finite() else None

    def boolean(self) -> bool:
        if not isinstance(self.value, bool):
            raise self.expected("true or false")
        return self.value

    def day(self) -> date:
        if type(self.value) is not date:
            raise self.expected("a date such as 2026-01-31")
        return self.value

    def clock(self) -> time:
        if not isinstance(self.value, str):
            raise self.expected('a time such as "11:30"')
        return self.clock_of(self.value)

    def clock_of(self, text: str) -> time:
        try:
            hour, minute = (int(part) for part in text.split(":"))
            return time(hour, minute)
        except ValueError:
            raise self.expected('a time such as "11:30"') from None

    def choice(self, known: Iterable[str]) -> str:
        names = list(known)
        if self.value not in names:
            near = difflib.get_close_matches(str(self.value), names, n=1)
            hint = f" (did you mean {near[0]!r}?)" if near else ""
            raise self.mistake(
                f"expected one of {', '.join(names)}, found {_shown(self.value)}{hint}"
            )
        return str(self.value)

    def elements(self) -> "list[Node]":
        if not isinstance(self.value, list):
            raise self.expected("a list [ … ]")
        return [
            Node(self.source, (*self.path, i), f"{self.place}[{i}]", element)
            for i, element in enumerate(self.value)
        ]

    def table(self) -> "Table":
        if not isinstance(self.value, dict):
            raise self.expected("a table")
        return Table([self])


class Table:
    """Keys over one or more layers; each layer is a Node whose value is a dict."""

    def __init__(self, layers: list[Node]) -> None:
        for layer in layers:
            if not isinstance(layer.value, dict):
                raise layer.expected("a table")
        self.layers = layers

    def only(self, *known: str) -> "Table":
        """Refuses any key not in `known`, naming the nearest one."""
        for layer in self.layers:
            for key in layer.value:
                if key in known:
                    continue
                near = difflib.get_close_matches(key, known, n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
                path = (*layer.path, key)
                raise layer.source.mistake(path, layer.place, f"unknown key {key!r}; {hint}")
        return self

    def names(self) -> list[str]:
        return list(dict.fromkeys(key for layer in self.layers for key in layer.value))

    def find(self, key: str) -> Node | None:
        for layer in self.layers:
            if key in layer.value:
                return _child(layer, key)
        return None

    def need(self, key: str, what: str) -> Node:
        node = self.find(key)
        if node is None:
            raise self.layers[0].mistake(f"{key} is missing: expected {what}")
        return node

    def sub(self, key: str) -> "Table":
        """The table under `key`, merged over all layers that have one. Empty if none has."""
        layers = [_child(layer, key) for layer in self.layers if key in layer.value]
        top = self.layers[0]
        return Table(layers or [Node(top.source, top.path, _place(top.place, key), {})])

    def dated(self, key: str, read: Reader[T], what: str) -> Dated[T]:
        """`key = [{ from = 2020-01-01, value = … }, …]`; `read` takes the value's node."""
        return read_dated(self.need(key, f"a dated list of {what}"), value_of(read, what))

    def dated_or_none(self, key: str, read: Reader[T], what: str) -> Dated[T] | None:
        return self.dated(key, read, what) if self.find(key) is not None else None

    def dated_count(self, key: str, high: int) -> Dated[int]:
        """A dated list of integers from 0 to `high`, as `optional` reads it."""
        return self.optional(key, lambda node: node.integer(0, high), f"0 to {high}")

    def optional(self, key: str, read: Reader[int], what: str) -> Dated[int]:
        """A dated list, 0 on days before its first entry: a rule that came into being later."""
        found = self.dated_or_none(key, read, what)
        entries = found.entries if found else ()
        return Dated(found.where if found else f"no {key}", ((date.min, 0), *entries))


def value_of(read: Reader[T], what: str) -> Callable[[Table], T]:
    """Reads `value` of a dated entry that has no other key."""

    def entry(table: Table) -> T:
        return read(table.only("from", "value").need("value", what))

    return entry


def read_dated(node: Node, read: Callable[[Table], T]) -> Dated[T]:
    """A list of entries, each with `from`; `read` takes the rest. Days must rise."""
    if not isinstance(node.value, list):
        raise node.expected("a dated list such as [{ from = 2020-01-01, value = … }]")
    entries: list[tuple[date, T]] = []
    for element in node.elements():
        table = element.table()
        start = table.need("from", "the first day the value is in force").day()
        if entries and start <= entries[-1][0]:
            raise element.mistake(f"expected a day after {entries[-1][0]}, found {start}")
        entries.append((start, read(table)))
    if not entries:
        raise node.mistake("expected at least one { from = …, … }, found an empty list")
    return Dated(f"{node.source.where(node.path)}: {node.place}", tuple(entries))


def positive_decimal(node: Node) -> Decimal:
    value = node.number()
    if value is None or value <= 0:
        raise node.expected("a positive decimal")
    return value


def decimal_not_negative(node: Node) -> Decimal:
    value = node.number()
    if value is None or value < 0:
        raise node.expected("a decimal, zero or more")
    return value


def ratio(node: Node) -> Decimal:
    value = node.number()
    if value is None or not 0 < value < 1:
        raise node.expected("a ratio between 0 and 1, such as 0.10")
    return value


def lots(node: Node) -> int:
    return node.integer(1, QUANTITY_MAXIMUM)


def read_document(path: Path, name: str) -> tuple[Node, bytes]:
    """The parsed file as its root node, and its bytes. Raises MarketError with the line."""
    try:
        content = path.read_bytes()
        text = content.decode()
        parsed = tomllib.loads(text, parse_float=Decimal)
    except OSError as error:
        raise MarketError(f"{name}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise MarketError(f"{name}:{line}: expected UTF-8 text") from error
    except tomllib.TOMLDecodeError as error:
        raise MarketError(_syntax(name, text, str(error))) from error
    return Node(Source(name, locate(text)), (), "market", parsed), content


def _syntax(name: str, text: str, message: str) -> str:
    """tomllib's message, moved behind `file:line`, with the line itself."""
    what, _, place = message.partition(" (at ")
    digits = "".join(c if c.isdigit() else " " for c in place).split()
    lines = text.splitlines() or [""]
    number = min(int(digits[0]), len(lines)) if digits else len(lines)
    return f"{name}:{number}: not TOML: {what}: {lines[number - 1].strip()!r}"


def _child(layer: Node, key: str) -> Node:
    return Node(layer.source, (*layer.path, key), _place(layer.place, key), layer.value[key])


def _place(place: str, key: str) -> str:
    joint = "." if ": " in place else ": "
    return f"{place}{joint}{key}"


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | Decimal | date) else type(value).__name__
