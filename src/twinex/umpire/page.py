"""A difference on a terminal: the command, both answers, both states around it."""

from collections.abc import Iterator, Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from twinex.umpire.around import Line
from twinex.umpire.difference import Around, Difference, Pair, Told
from twinex.umpire.rows import RowDifference

_ONE, _OTHER = "cyan", "magenta"
_HEAD = "bold"
_QUIET = "dim"
_SAME_SHOWN = 3  # of the events before the first that differs
_EVENTS_SHOWN = 12
_VALUE_WIDTH = 48  # of a value in a table of rows


def render(found: Difference) -> RenderableType:
    """The whole difference; its parts stand under one another."""
    parts: list[RenderableType] = [_title(found)]
    if found.command is not None:
        parts.append(_command(found.command))
    if found.answers:
        parts.append(_answers(found))
    for label, around in (("state before", found.before), ("state after", found.after)):
        if around is not None and (around.one or around.other):
            parts.append(_around(label, around, found))
    if found.rows:
        parts.append(_rows(found))
    return Group(*parts)


def _title(found: Difference) -> Text:
    text = Text()
    if found.heading:
        text.append(f"{found.heading}\n", style=_HEAD)
    text.append("✗ ", style="bold red").append(found.headline, style="red")
    for note in found.notes:
        text.append(f"\n  {note}", style=_QUIET)
    return text


def _command(told: Told) -> Text:
    """The fields of a command that say anything."""
    text = Text("\ncommand  ", style=_HEAD).append(told.name, style="bold not dim")
    for name, value in told.fields.items():
        if _says(value):
            text.append(f" {name} ", style="not bold dim")
            text.append(_short(told.texts[name]), style="not bold")
    return text


def _says(value: object) -> bool:
    if isinstance(value, bytes):
        return any(value)
    return bool(value) and not isinstance(value, list)


def _short(text: str) -> str:
    return text if len(text) <= _VALUE_WIDTH else f"{text[: _VALUE_WIDTH - 1]}…"


def _table(title: str, *columns: str) -> Table:
    """A table whose last two columns are the sides'."""
    table = Table(
        title=f"\n{title}",
        title_justify="left",
        title_style=_HEAD,
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        collapse_padding=True,
    )
    for name in columns[:-2]:
        table.add_column(name, overflow="fold")
    for name, style in zip(columns[-2:], (_ONE, _OTHER), strict=True):
        table.add_column(name, header_style=f"bold {style}", overflow="fold", ratio=1)
    return table


def _answers(found: Difference) -> Table:
    """Event by event: what is the same is quiet, the first that differs shows its fields."""
    table = _table("answers", "", "", *found.sides)
    first = max(0, found.place - _SAME_SHOWN)
    if first:
        table.add_row("", "", Text(f"{first} events, the same", style=_QUIET), "")
    shown = found.answers[first : found.place + _EVENTS_SHOWN]
    for pair in shown:
        for row in _pair(pair, pair.place == found.place):
            table.add_row(*row)
    more = len(found.answers) - first - len(shown)
    if more > 0:
        table.add_row("", "", Text(f"{more} events more", style=_QUIET), "")
    return table


def _pair(pair: Pair, is_first: bool) -> Iterator[tuple[RenderableType, ...]]:
    mark = Text("✗", style="bold red") if is_first else Text("")
    number = Text(str(pair.place), style=_QUIET)
    if pair.same and pair.one is not None:
        yield number, mark, Text(_event(pair.one), style=_QUIET), Text("the same", style=_QUIET)
        return
    sides = [
        Text(_event(told)) if told else Text("nothing", style="red")
        for told in (pair.one, pair.other)
    ]
    yield number, mark, *sides
    for unlike in pair.unlike:
        sides = [Text(f"  {unlike.field} ", style=_QUIET) for _ in range(2)]
        for text, value in zip(sides, (unlike.one, unlike.other), strict=True):
            text.append(value, style="bold red" if is_first else "not dim")
        yield "", "", *sides


def _event(told: Told) -> str:
    return f"{told.name}  {told.words}"


def _around(title: str, around: Around, found: Difference) -> RenderableType:
    """Both states line by line; one column where they say the same."""
    if around.one == around.other or not around.one or not around.other:
        whose = "" if around.one == around.other else found.sides[0 if around.one else 1]
        heading = Text(f"\n{title}", style=_HEAD)
        heading.append(f"  {whose or 'the same in both'}", style=f"not bold {_QUIET}")
        return Group(heading, Padding(_lines(around.one or around.other), (0, 0, 0, 1)))
    table = _table(title, "", *found.sides)
    for label, one, other in _aligned(around.one, around.other):
        if one == other:
            table.add_row(
                Text(label, style=_QUIET), Text(one, style=_QUIET), Text("the same", style=_QUIET)
            )
        else:
            table.add_row(Text(label), Text(one or "none"), Text(other or "none"))
    return table


def _lines(lines: Sequence[Line]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style=_QUIET, no_wrap=True)
    table.add_column(overflow="fold")
    for line in lines:
        table.add_row(line.label, line.text)
    return table


def _aligned(one: Sequence[Line], other: Sequence[Line]) -> Iterator[tuple[str, str, str]]:
    """Lines of one label beside one another, in the order of the first that has them."""
    mine, theirs = ({line.label: line.text for line in lines} for lines in (one, other))
    for label in dict.fromkeys([*mine, *theirs]):
        yield label, mine.get(label, ""), theirs.get(label, "")


def _rows(found: Difference) -> Table:
    """The rows of the images that differ, field by field."""
    table = _table("rows that differ", "section", "row", "field", *found.sides)
    before: RowDifference | None = None
    for row in found.rows:
        again = before is not None and (before.section, before.key) == (row.section, row.key)
        names = ("", "") if again else (row.section, row.key)
        table.add_row(*names, Text(row.field, style=_QUIET), _short(row.one), _short(row.other))
        before = row
    if found.rows_more:
        table.add_row(f"{found.rows_more:,} more", "", "", "", "")
    return table
