"""A difference on a terminal: the command, both answers, both states around it."""

from collections.abc import Iterator, Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from twinex.umpire.answers import Pair, Told
from twinex.umpire.around import Line
from twinex.umpire.difference import Around, Difference
from twinex.umpire.rows import RowDifference

_STYLES = ("cyan", "magenta")  # of the two sides
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


def _title(found: Difference) -> Group:
    lines = Table.grid(padding=(0, 1, 0, 0))
    lines.add_row(Text("✗", style="bold red"), Text(found.headline, style="red"))
    for note in found.notes:
        lines.add_row("", Text(note, style=_QUIET))
    return Group(*([Text(found.heading, style=_HEAD)] if found.heading else []), lines)


def _command(told: Told) -> Table:
    """The fields of a command that say anything."""
    lines = Table.grid(padding=(0, 2, 0, 0))
    text = Text(told.name, style="bold")
    for name, value in told.fields.items():
        if _says(value):
            text.append(f" {name} ", style="not bold dim")
            text.append(_short(told.texts[name]), style="not bold")
    lines.add_row(Text("\ncommand", style=_HEAD), Text("\n").append(text))
    return lines


def _says(value: object) -> bool:
    if isinstance(value, bytes):
        return any(value)
    return bool(value) and not isinstance(value, list)


def _short(text: str) -> str:
    return text if len(text) <= _VALUE_WIDTH else f"{text[: _VALUE_WIDTH - 1]}…"


def _grid() -> Table:
    """Lines of one part: a mark, a label, who says it, what is said."""
    table = Table.grid(padding=(0, 1, 0, 0))
    for style in ("bold red", _QUIET, "", ""):
        table.add_column(style=style, no_wrap=True)
    table.columns[-1].no_wrap = False
    table.columns[-1].overflow = "fold"
    return table


def _part(title: str, remark: str, lines: Table) -> Group:
    heading = Text(f"\n{title}", style=_HEAD)
    return Group(heading.append(f"  {remark}" if remark else "", style=f"not bold {_QUIET}"), lines)


def _said(
    found: Difference, one: str | Text, other: str | Text
) -> Iterator[tuple[Text, str | Text]]:
    """What either side says, under its name and in its colour."""
    names = (Text(name, style=style) for name, style in zip(found.sides, _STYLES, strict=True))
    yield from zip(names, (one, other), strict=True)


def _answers(found: Difference) -> Group:
    """Event by event: what is the same is quiet, the first that differs is marked."""
    lines = _grid()
    first = max(0, found.place - _SAME_SHOWN)
    shown = found.answers[first : found.place + _EVENTS_SHOWN]
    for pair in shown:
        _add_pair(lines, pair, found)
    more = len(found.answers) - first - len(shown)
    before = f"{first:,} events before these are the same" if first else ""
    behind = f"{more:,} events more" if more > 0 else ""
    return _part("answers", ", ".join(filter(None, (before, behind))), lines)


def _add_pair(lines: Table, pair: Pair, found: Difference) -> None:
    mark = "✗" if pair.place == found.place else ""
    place = str(pair.place)
    if pair.same and pair.one is not None:
        lines.add_row(mark, place, Text(pair.one.name, style=_QUIET), Text(pair.one.words, _QUIET))
        return
    for name, told in _said(found, _event(pair.one, pair), _event(pair.other, pair)):
        lines.add_row(mark, place, name, told)
        mark = place = ""
    for unlike in pair.unlike if pair.place == found.place else ():
        text = Text(f"{pair.one.name if pair.one else ''} {unlike.field}  ", style=_QUIET)
        for side, value, style in zip(
            found.sides, (unlike.one, unlike.other), _STYLES, strict=True
        ):
            text.append(f"{side} ").append(f"{value}  ", style=f"bold not dim {style}")
        lines.add_row("", "", "", text)


def _event(told: Told | None, pair: Pair) -> Text:
    """An event on one side; its name where the other side has another kind."""
    if told is None:
        return Text("nothing", style="red")
    if told.name == "no event" or all(
        one and one.name == told.name for one in (pair.one, pair.other)
    ):
        return Text(told.words)
    return Text(f"{told.name}: {told.words}")


def _around(title: str, around: Around, found: Difference) -> Group:
    """Both states line by line; a line that both say alike stands once."""
    lines = _grid()
    if not around.one or not around.other:
        for line in around.one or around.other:
            lines.add_row("", line.label, "", line.text)
        return _part(title, f"of {found.sides[0 if around.one else 1]}", lines)
    for label, one, other in _aligned(around.one, around.other):
        if one == other:
            lines.add_row("", label, "", one)
            continue
        for name, said in _said(found, one or "none", other or "none"):
            lines.add_row("", label, name, said)
            label = ""
    return _part(title, "the same in both" if around.one == around.other else "", lines)


def _aligned(one: Sequence[Line], other: Sequence[Line]) -> Iterator[tuple[str, str, str]]:
    """Lines of one label together, in the order of the first that has them."""
    mine, theirs = ({line.label: line.text for line in lines} for lines in (one, other))
    for label in dict.fromkeys([*mine, *theirs]):
        yield label, mine.get(label, ""), theirs.get(label, "")


def _rows(found: Difference) -> Group:
    """The rows of the images that differ, field by field."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), collapse_padding=True)
    for name, style in zip(
        ("section", "row", "field", *found.sides), ("",) * 3 + _STYLES, strict=True
    ):
        table.add_column(name, header_style=f"not bold {style or _QUIET}", overflow="fold")
    before: RowDifference | None = None
    for row in found.rows:
        again = before is not None and (before.section, before.key) == (row.section, row.key)
        names = ("", "") if again else (row.section, row.key)
        table.add_row(*names, Text(row.field, style=_QUIET), _short(row.one), _short(row.other))
        before = row
    more = f"{found.rows_more:,} more are not shown" if found.rows_more else ""
    return _part("rows that differ", more, table)
