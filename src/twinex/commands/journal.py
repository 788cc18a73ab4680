"""`twinex journal`: look at a day's journal and event stream, check them, count and export them."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from twinex.commands import show
from twinex.commands.output import console, warm_up
from twinex.commands.place import require_day

app = typer.Typer(
    help="Look at a day's journal and event stream.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    epilog="A day is a directory, for instance days/20260706 after `twinex day`.",
)
Day = Annotated[
    Path, typer.Argument(metavar="DAY", help="The day's directory.", callback=require_day)
]

_MASK = (1 << 64) - 1


app.command(epilog=show.EPILOG)(show.show)


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
    wrong = _replayed(day)
    shown.print(wrong or "replayed: the same events, byte for byte", soft_wrap=True)
    if wrong:
        raise typer.Exit(1)


def _replayed(day: Path) -> str:
    """What is wrong with the released events, in words, or ""."""
    from twinex.readers.local_time import utc_offset_hours
    from twinex.umpire.recorded import Recorded
    from twinex.umpire.replay import Replay
    from twinex.umpire.systems import VenueSystem
    from twinex.venue.journal.errors import JournalError

    try:
        recorded, offset = Recorded(day, so_far=True), utc_offset_hours(day)
        verdict = Replay(recorded, {"replayed": VenueSystem}, utc_offset_hours=offset).run()
    except JournalError as error:
        return str(error)
    found = verdict.difference
    return f"{found.heading}\n{found.headline}" if found else ""


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
