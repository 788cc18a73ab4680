"""`twinex tape`: recorded markets, described, played and compared."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

from twinex.commands.options import Durability, Keep
from twinex.commands.output import console, warm_up

if TYPE_CHECKING:
    from twinex.tape.check import Result
    from twinex.tape.kinds import Recording
    from twinex.tape.venue_player import Moment, Watch

app = typer.Typer(
    help="Recorded markets: look at them, play them, compare.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    epilog="A tape is a Shanghai orders or trades file (either stands for both), a LOBSTER zip, or "
    "a CTP tick file. Start with [bold]twinex tape info FILE[/bold].",
)
Files = Annotated[list[Path], typer.Argument(help="One or more tapes.")]

INFO_EPILOG = """
[bold]Examples[/bold]

twinex tape info sse/605580_20230711_orders.csv.gz

twinex tape info lobster/*.zip cffex/*.csv.gz
"""
PLAY_EPILOG = """
[bold]Examples[/bold]

twinex tape play sse/605580_20230711_orders.csv.gz    a stock's day

twinex tape play lobster/*.zip --no-keep              nothing on disk

twinex book --replay days/605580-20230711             watch it again
"""
CHECK_EPILOG = """
[bold]Examples[/bold]

twinex tape check sse/605580_20230711_orders.csv.gz    a stock's day

twinex tape check sse/*.csv.gz lobster/*.zip cffex/*.csv.gz
"""


@app.command(epilog=INFO_EPILOG)
def info(files: Files) -> None:
    """Say what a tape is: its kind, symbol, day, counts, times and prices."""
    from twinex.tape.info import info as describe

    shown = console()
    for place, path in enumerate(files):
        if place:
            shown.print()
        for line in describe(path).lines():
            shown.print(line)


@app.command(epilog=PLAY_EPILOG)
def play(
    files: Files,
    directory: Annotated[
        Path, typer.Option(help="Where days are kept; each tape in its own SYMBOL-YYYYMMDD.")
    ] = Path("days"),
    durability: Durability = "memory",
    keep: Keep = True,
) -> None:
    """Play a tape's orders into a journaled day of the venue, and report it.

    A tick file holds no orders: it is named and passed over.
    """
    from twinex.tape.kinds import recordings
    from twinex.tape.script import NothingToPlay

    shown = console()
    found = recordings(files)
    warm_up(shown)
    for recording in found:
        try:
            _play(recording, directory if keep else None, durability, shown)
        except NothingToPlay as nothing:
            shown.print(str(nothing), soft_wrap=True, markup=False)


def _play(recording: "Recording", days: Path | None, durability: str, shown: Console) -> None:
    from twinex.tape.keeping import claim
    from twinex.tape.report import render
    from twinex.tape.script import script_of
    from twinex.tape.venue_player import VenuePlayer

    with _watched(shown) as watch:
        stage, commands = script_of(recording)
        directory = claim(days, stage) if days is not None else None
        played = VenuePlayer(stage, commands, directory, durability).run(watch=watch)
    for part in render(played, directory):
        shown.print(part)


@app.command(epilog=CHECK_EPILOG)
def check(files: Files) -> None:
    """Play tapes and compare with what the exchange published.

    Shanghai: every trade, phase by phase; auction prices; deletes.

    LOBSTER: the published levels after every message; executions.

    CTP ticks: price limits and settlement price, recomputed.

    A line a phase, N of N; the first difference in words, exit status 1.
    """
    from twinex.tape.kinds import recordings

    shown = console()
    found = recordings(files)
    warm_up(shown)
    equal = True
    for recording in found:
        started = time.perf_counter()
        with _watched(shown) as watch:
            title, result = _compared(recording, watch)
        _print(shown, title, result, time.perf_counter() - started)
        equal = equal and result.ok
    if not equal:
        raise typer.Exit(1)


def _compared(recording: "Recording", watch: "Watch") -> "tuple[str, Result]":
    from twinex.tape import comparison, lobster, shanghai, tick_comparison
    from twinex.tape.kinds import Kind

    if recording.kind is Kind.SHANGHAI_ORDERS:
        stock = shanghai.read_day(*recording.paths)
        title = f"{stock.symbol} {stock.trading_day}, Shanghai order by order"
        return title, comparison.check_shanghai(stock, watch)
    if recording.kind is Kind.LOBSTER:
        book = lobster.read_day(*recording.paths)
        title = f"{book.symbol} {book.trading_day}, LOBSTER"
        return title, comparison.check_lobster(book, watch=watch)
    day, contract = tick_comparison.read_ticks(*recording.paths)
    title = f"{day.symbol} {day.trading_day}, ticks of {day.exchange}"
    return title, tick_comparison.check_ticks(day, contract)


def _print(shown: Console, title: str, result: "Result", seconds: float) -> None:
    verdict = "[green]equal[/]" if result.ok else "[bold red]differs[/]"
    shown.print(f"[bold]{title}[/]: {verdict}  [dim]{seconds:.1f} s[/]")
    for place, line in enumerate(result.lines):
        style = "red" if place in result.wrong else None
        shown.print(f"  {line}", style=style, markup=False, soft_wrap=True)


@contextmanager
def _watched(shown: Console) -> Iterator["Watch"]:
    """A progress bar while a tape is read and played, and what tells it."""
    columns = (
        SpinnerColumn(),
        BarColumn(bar_width=40),
        TextColumn("{task.fields[counts]}"),
    )
    progress = Progress(*columns, console=shown, transient=True, disable=not shown.is_terminal)
    with progress:
        task = progress.add_task("", total=None, counts="reading the tape")

        def watch(moment: "Moment") -> None:
            speed = moment.sent / max(moment.seconds, 0.001)
            progress.update(
                task,
                total=moment.total,
                completed=moment.sent,
                counts=f"{moment.sent:,} of {moment.total:,} commands  {moment.trades:,} trades  "
                f"{moment.rejects:,} rejects  {speed:,.0f}/s",
            )

        yield watch
