"""`twinex journal`: look at a day's journal and event stream, check them, count and export them."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from twinex.commands.output import console, warm_up
from twinex.commands.place import require_day

if TYPE_CHECKING:
    from twinex.readers.wording import Wording
    from twinex.venue.journal.reader import Event, Record
    from twinex.venue.journal.recovery import Report

app = typer.Typer(
    help="Look at a day's journal and event stream.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    epilog="A day is a directory, for instance days/20260706 after `twinex day`.",
)
Day = Annotated[Path, typer.Argument(help="The day's directory.", callback=require_day)]

_MASK = (1 << 64) - 1


@app.command()
def show(
    day: Day,
    first: Annotated[
        int | None, typer.Option("--from", min=1, help="The sequence to start with.")
    ] = None,
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many to show.")] = 40,
    events: Annotated[bool, typer.Option("--events", help="Events instead of commands.")] = False,
    kind: Annotated[
        list[str] | None,
        typer.Option("--kind", "-k", help="Only this message, e.g. trade; may be repeated."),
    ] = None,
    seat: Annotated[
        int | None, typer.Option(help="Only from this seat; 0 is the exchange.")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", "-a", help="Every field, those that are zero or usual too.")
    ] = False,
) -> None:
    """Read the journal command by command, or the event stream event by event.

    Times are the exchange's, prices in quote units, money in yuan.
    """
    from itertools import islice

    from twinex.readers.local_time import utc_offset_hours
    from twinex.readers.wording import wording_of

    for name in kind or ():
        _check_kind(name, events)
    shown, offset = console(), utc_offset_hours(day)
    wording = wording_of(day, everything=everything)
    wanted = (
        one
        for one in _items(day, first, events)
        if (not kind or one[1] in kind) and (seat is None or _seat(one[0], one[2]) == seat)
    )
    nothing = True
    for item, name, fields in islice(wanted, count):
        shown.print(_line(item, name, fields, offset, wording), soft_wrap=True)
        nothing = False
    if nothing:
        shown.print("nothing like that is there")


def _line(
    item: "Record | Event", name: str, fields: dict[str, Any], offset: int, wording: "Wording"
) -> Text:
    """Place, time, who, what."""
    from twinex.show.figures import clock_text
    from twinex.venue.journal.reader import Record

    line = Text(f"{item.sequence:>9}")
    if not isinstance(item, Record):
        line.append(f".{item.index:<3}")
    line.append(f" {clock_text(item.time_ns, offset, fraction=True)} ", style="dim")
    if isinstance(item, Record):
        line.append("seat ", style="dim").append(f"{item.seat:<4} ")
    line.append(name, style="bold")
    for key, value in wording.words(fields):
        line.append(f" {key} ", style="dim").append(value)
    return line


def _items(
    day: Path, first: int | None, events: bool
) -> "Iterator[tuple[Record | Event, str, dict[str, Any]]]":
    from twinex.venue.journal.reader import EventReader, JournalReader
    from twinex.venue.wire.messages import MessageError

    reader = EventReader(day, first) if events else JournalReader(day, first)
    for item in reader:
        try:
            message = item.message
        except MessageError:
            yield item, "undecoded", {"bytes": item.body.hex()}
            continue
        yield item, message.name, message.fields


def _check_kind(name: str, events: bool) -> None:
    from twinex.venue.wire.schema import COMMANDS, EVENTS

    known = EVENTS if events else COMMANDS
    if name not in known:
        hint = " (leave --events away)" if events and name in COMMANDS else ""
        hint = " (add --events)" if not events and name in EVENTS else hint
        raise typer.BadParameter(f"{name!r}{hint}: choose one of {', '.join(known)}")


def _seat(item: "Record | Event", fields: dict[str, Any]) -> int:
    return int(getattr(item, "seat", fields.get("seat", -1)))


@app.command()
def verify(day: Day) -> None:
    """Check every record (length, checksum, sequence, chain), then replay it and compare events.

    Exit status 1 if either stream is torn or corrupt, or if the replay gives other events.
    """
    from twinex.venue.journal.recovery import verify as check

    shown = console()
    report = check(day)
    if not report.is_whole:
        shown.print(f"torn: {report.torn}" if report.torn else str(report.error), soft_wrap=True)
        raise typer.Exit(1)
    place = report.place
    shown.print(
        f"sequences {place.first_sequence} to {place.next_sequence - 1}: every record is whole, "
        f"chain {place.chain & _MASK:016x}"
    )
    warm_up(shown)
    difference = _replayed(day, report)
    shown.print(difference or "replayed: the same events, byte for byte", soft_wrap=True)
    if difference:
        raise typer.Exit(1)


def _replayed(day: Path, report: "Report") -> str:
    """What is wrong with the released events, in words, or ""."""
    from twinex.commands.replay import replay_differs
    from twinex.venue.journal.errors import JournalError

    try:
        return replay_differs(day, report)
    except JournalError as error:
        return str(error)


@app.command()
def stats(day: Day) -> None:
    """Count messages by template, and the busiest minutes."""
    from twinex.readers.local_time import utc_offset_hours
    from twinex.venue.journal.stats import collect

    shown = console()
    found = collect(day)
    shown.print(
        f"sequences {found.first_sequence} to {found.last_sequence}: {found.commands:,} commands "
        f"in {found.journal_bytes:,} bytes and {found.segments} segments, {found.events:,} events "
        f"in {found.event_bytes:,} bytes"
    )
    shown.print(_frame(found.templates))
    busiest = found.minutes.sort("commands", descending=True).head(10)
    shown.print(_frame(_in_local_time(busiest, utc_offset_hours(day))))


def _in_local_time(minutes: Any, offset: int) -> Any:
    """The column `minute` as text in exchange local time."""
    import polars as pl

    local = pl.col("minute").dt.offset_by(f"{offset}h").dt.strftime("%Y-%m-%d %H:%M")
    return minutes.with_columns(local)


def _frame(frame: Any) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    for name, kind in frame.schema.items():
        table.add_column(name, justify="right" if kind.is_numeric() else "left")
    for row in frame.iter_rows():
        table.add_row(*(f"{v:,}" if isinstance(v, int) else str(v) for v in row))
    return table


@app.command()
def export(
    day: Day,
    target: Annotated[
        Path | None, typer.Option("--to", help="Where to write.", show_default="DAY-parquet")
    ] = None,
) -> None:
    """Write commands and events as Parquet files, one for each kind of message."""
    from twinex.venue.journal.export import export_day

    shown = console()
    _print_files(shown, export_day(day, target or day.with_name(day.name + "-parquet")))


def _print_files(shown: Console, files: dict[Path, int]) -> None:
    for path, rows in files.items():
        shown.print(f"{rows:>12,}  {path}", soft_wrap=True)
