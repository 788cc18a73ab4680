"""`twinex umpire`: two systems over one recorded day, and the first difference in words."""

import gc
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Table

from twinex.commands.output import console, error_console, warm_up
from twinex.commands.place import require_day

if TYPE_CHECKING:
    from twinex.umpire.again import Tell
    from twinex.umpire.difference import Difference
    from twinex.umpire.replay import Verdict

app = typer.Typer(
    help="Hold two systems against one another, and say where they differ.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    epilog="Exit status 1 where there is a difference: the command, both answers, both states.",
)
Json = Annotated[
    bool, typer.Option("--json", help="Print one JSON object alone, for other programs.")
]
REPLAY_EPILOG = """
[bold]Examples[/bold]

twinex umpire replay days/20260706                     answers, and the states at the end

twinex umpire replay days/20260706 --images 100000     states behind every 100,000 commands too
"""
COMPARE_EPILOG = """
[bold]Examples[/bold]

twinex umpire compare days/20260706 copy/20260706      what two days published

twinex umpire compare one/state-000000090000.img other.img
"""


@app.command(epilog=REPLAY_EPILOG)
def replay(
    day: Annotated[
        Path, typer.Argument(metavar="DAY", help="The day's directory.", callback=require_day)
    ],
    images: Annotated[
        int,
        typer.Option(
            "--images",
            min=0,
            metavar="N",
            help="Compare state images behind every N commands.",
            show_default="at the end",
        ),
    ] = 0,
    so_far: Annotated[
        bool, typer.Option("--so-far", help="Take a day that goes on, up to what is committed.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Live through a recorded day on both systems, and compare them with what was published."""
    shown = console()
    verdict = replayed(day, error_console() if as_json else shown, images=images, so_far=so_far)
    if as_json:
        typer.echo(json.dumps(verdict.as_json()))
    else:
        _tell(shown, verdict)
    if verdict.difference is not None:
        raise typer.Exit(1)


def replayed(day: Path, shown: Console, *, images: int = 0, so_far: bool = False) -> "Verdict":
    """The verdict on a day, under a progress bar. Raises the errors of `Recorded` and `Replay`."""
    from twinex.readers.local_time import utc_offset_hours
    from twinex.umpire.recorded import Recorded
    from twinex.umpire.replay import Replay
    from twinex.umpire.systems import SYSTEMS

    recorded = Recorded(day, so_far=so_far)
    warm_up(shown)
    gc.disable()  # the mirror drops no rings of objects: searches for them cost a sixth of its time
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.completed:,.0f} of {task.total:,.0f} commands"),
    )
    with Progress(*columns, console=shown, transient=True, disable=not shown.is_terminal) as bar:
        run = Replay(
            recorded,
            SYSTEMS,
            images_every=images,
            utc_offset_hours=utc_offset_hours(day),
            tell=_teller(bar),
        )
        return run.run()


def _teller(bar: Progress) -> "Tell":
    task = bar.add_task("replaying", total=None)

    def tell(what: str, done: int, total: int) -> None:
        bar.update(task, description=what, completed=done, total=total)

    return tell


def _tell(shown: Console, verdict: "Verdict") -> None:
    """How the replay went; at a difference how far it came."""
    if verdict.difference is not None:
        shown.print(f"{verdict.agreed:,} of {verdict.commands:,} commands agree, then:\n")
        _print(shown, verdict.difference)
        return
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("system")
    for name in ("time", "commands/s"):
        table.add_column(name, justify="right")
    for name, seconds in verdict.seconds.items():
        rate = verdict.commands / max(seconds, 1e-9)
        table.add_row(name, f"{seconds:.2f} s", f"{rate:,.0f}")
    shown.print(
        f"{verdict.agreed:,} commands agree: {verdict.streams()} have the same "
        f"{verdict.events:,} events, {verdict.event_bytes:,} bytes",
        soft_wrap=True,
    )
    shown.print(verdict.states(), soft_wrap=True)
    shown.print(table)


@app.command(epilog=COMPARE_EPILOG)
def compare(
    one: Annotated[
        Path,
        typer.Argument(metavar="ONE", help="A day, a file of its events, or a state image."),
    ],
    other: Annotated[Path, typer.Argument(metavar="OTHER", help="Another of the same kind.")],
    as_json: Json = False,
) -> None:
    """Compare two recorded event streams, or two state images, and say where they part first."""
    from twinex.umpire.inputs import difference_between

    found, shown = difference_between(one, other, _offset(one)), console()
    if as_json:
        told: Any = found.as_json() if found else None
        typer.echo(json.dumps({"agree": found is None, "difference": told}))
    elif found is None:
        shown.print("the same, byte for byte")
    else:
        _print(shown, found)
    if found is not None:
        raise typer.Exit(1)


def _offset(path: Path) -> int:
    """What the market of a day adds to UTC; China's where the path is no day."""
    from twinex.readers.local_time import CHINA_HOURS, utc_offset_hours
    from twinex.umpire.recorded import is_day

    return utc_offset_hours(path) if is_day(path) else CHINA_HOURS


def _print(shown: Console, found: "Difference") -> None:
    from twinex.umpire.page import render

    shown.print(render(found), crop=False)
