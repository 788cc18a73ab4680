"""`twinex day`: simulate a trading day and report it."""

from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn

from twinex.commands.options import Durability, Keep
from twinex.commands.output import console, warm_up

if TYPE_CHECKING:
    from twinex.day.runner import DayRun, Moment, Outcome, Watch
    from twinex.day.settings import Settings
    from twinex.day.summary import Summary

_BAR_WIDTH = 12  # the line fits a terminal of 80 columns
EPILOG = """
[bold]Examples[/bold]

twinex day                              a day at CFFEX, kept in days/20260706

twinex day --seed 7 --commands 200000   a smaller, different one

twinex day --market shfe --no-keep      Shanghai futures, with their night

twinex day --show days/20260706         the report again
"""


def day(
    market: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="A market of markets/, or the path of a market file (.toml)."
        ),
    ] = "cffex",
    date: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            metavar="YYYY-MM-DD",
            help="The trading day.",
            show_default="2026-07-06",
        ),
    ] = None,
    seed: Annotated[
        int,
        typer.Option(min=0, metavar="N", help="The same seed makes the same day, byte for byte."),
    ] = 1,
    commands: Annotated[
        int,
        typer.Option(
            min=100, max=50_000_000, metavar="N", help="How many commands to send, about."
        ),
    ] = 1_500_000,
    directory: Annotated[
        Path, typer.Option(help="Where days are kept; this one in its own folder YYYYMMDD.")
    ] = Path("days"),
    durability: Durability = "memory",
    keep: Keep = True,
    show: Annotated[
        Path | None, typer.Option(help="Print the report of a day simulated before, and stop.")
    ] = None,
) -> None:
    """Simulate a whole trading day: call auctions, makers, takers and hedgers, the close."""
    from twinex.day import report, summary
    from twinex.day.settings import DEFAULT_DAY, Settings

    shown = console()
    if show is not None:
        report.show(summary.load(show), shown)
        return
    warm_up(shown)
    trading_day = date.date() if date else DEFAULT_DAY
    place = directory / f"{trading_day:%Y%m%d}" if keep else None
    settings = Settings(market, trading_day, seed, commands, place, durability)
    made = _simulate(settings, shown)
    report.show(made, shown)
    if place is not None:
        made["relived"] = _relived(place, shown)
        summary.write(made, place)
        report.show_relived(made, shown)
    if made["relived"] and made["relived"]["difference"]:
        raise typer.Exit(1)


def _simulate(settings: "Settings", shown: Console) -> "Summary":
    """Run the day under a progress bar, read its events back, write the summary beside them."""
    from twinex.day import summary
    from twinex.day.reading import statistics_of

    directory, outcome = settings.directory, _run(settings, shown)
    statistics = outcome.statistics
    if directory is not None:
        statistics = statistics_of(directory, outcome.opening.listing)
    made = summary.summarise(outcome, statistics)
    if directory is not None:
        summary.write(made, directory)
    return made


def _relived(directory: Path, shown: Console) -> dict[str, Any]:
    """The day once more on both systems, held against what was published: plain values."""
    from twinex.commands.umpire import replayed

    verdict = replayed(directory, shown)
    found = verdict.difference
    return {
        "agreed": verdict.agreed,
        "seconds": {name: round(seconds, 3) for name, seconds in verdict.seconds.items()},
        "state_hash": verdict.state_hash,
        "difference": f"{found.heading}: {found.headline}" if found else None,
    }


def _run(settings: "Settings", shown: Console) -> "Outcome":
    if not shown.is_terminal:
        return _whole(_ready(settings))
    columns = (
        SpinnerColumn(),
        TextColumn("[bold]{task.fields[clock]}[/]"),
        BarColumn(bar_width=_BAR_WIDTH),
        TextColumn("{task.fields[counts]}"),
    )
    with Progress(*columns, console=shown, transient=True) as progress:
        task = progress.add_task("", total=1000, clock="", counts="setting the market up")
        run = _ready(settings)
        return _whole(run, partial(_tell, progress, task, run))


def _ready(settings: "Settings") -> "DayRun":
    """A run whose settings are known to be right; only then an earlier day gives way to it."""
    from twinex.day.directory import claim
    from twinex.day.runner import DayRun

    run = DayRun(settings)
    if settings.directory is not None:
        claim(settings)
    return run


def _whole(run: "DayRun", watch: "Watch | None" = None) -> "Outcome":
    """The run to its end; Ctrl-C ends it earlier and says what is left of it."""
    try:
        return run.run(watch)
    except KeyboardInterrupt:
        directory = run.settings.directory
        kept = f"the journal up to there is in {directory}" if directory else "nothing is kept"
        raise KeyboardInterrupt(kept) from None


def _tell(progress: Progress, task: TaskID, run: "DayRun", moment: "Moment") -> None:
    """One moment of the run on its progress bar."""
    from twinex.show.figures import clock_text

    speed = moment.commands / max(moment.seconds, 0.001)
    progress.update(
        task,
        completed=moment.share,
        clock=clock_text(moment.time_ns, run.market.utc_offset_hours),
        counts=f"{moment.commands:,} commands  {speed:,.0f}/s  {moment.trades:,} trades  "
        f"{run.favourite} {moment.price}",
    )
