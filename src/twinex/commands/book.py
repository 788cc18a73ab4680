"""`twinex book`: a ladder in the terminal, fed from the event stream of a day."""

import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from twinex.commands.output import console
from twinex.commands.place import require_day

if TYPE_CHECKING:
    from twinex.readers.book_view import BookView

EPILOG = """
[bold]Examples[/bold]

twinex book                                        the newest day in days/

twinex book days/20260706 -i IO2607-C-4600         one option, through the day

twinex book days/20260706 --from 14:50 --speed 10  the last minutes, slowly

twinex book days/20260706 --at 10:30               one picture
"""
_FRAME_SECONDS = 0.1
_SECOND_NS = 1_000_000_000
_FRAME_LINES = 7  # borders, headings, and the lines around the picture
_PRINTS_MAX = 10
_SIDE_BY_SIDE = 100  # columns from which the trades stand beside the ladder
_CLOCKS = ["%H:%M:%S", "%H:%M"]


def book(
    day: Annotated[
        Path | None,
        typer.Argument(
            metavar="DAY",
            help="A day's directory.",
            callback=require_day,
            show_default="the newest in days/",
        ),
    ] = None,
    instrument: Annotated[
        str | None,
        typer.Option(
            "--instrument",
            "-i",
            help="The symbol of a contract or a combination; the first one if not given.",
        ),
    ] = None,
    depth: Annotated[
        int | None,
        typer.Option(min=1, max=50, help="Prices on each side.", show_default="what fits"),
    ] = None,
    speed: Annotated[int, typer.Option(min=1, help="Seconds of the day in one second.")] = 60,
    start: Annotated[
        datetime | None,
        typer.Option("--from", formats=_CLOCKS, help="Play from this time of day on."),
    ] = None,
    at: Annotated[
        datetime | None,
        typer.Option(formats=_CLOCKS, help="Print the book as it stood then, and stop."),
    ] = None,
    once: Annotated[
        bool, typer.Option("--once", help="Print the book as it is, and stop.")
    ] = False,
    replay: Annotated[
        bool, typer.Option("--replay", help="Play a day that is still running from its start.")
    ] = False,
) -> None:
    """Show a contract's order book live, as the day's event stream tells it.

    A day that is over is played from its start; one that runs is followed. Ctrl-C leaves.
    """
    from twinex.readers.book_view import BookView

    view = BookView(day or _newest(Path("days")), instrument)
    shown = console()
    if at is not None:
        view.forward_to(at.time())
    elif once:
        view.forward()
    else:
        if start is not None:
            view.forward_to(start.time())
        over = view.ended_on_disk()
        frames = _replayed(view, speed) if over or replay or start else _followed(view)
        with suppress(KeyboardInterrupt), Live(console=shown, auto_refresh=False) as live:
            for _ in frames:
                live.update(_picture(view, depth, shown), refresh=True)
        return
    shown.print(_picture(view, depth or 10, shown))


def _newest(directory: Path) -> Path:
    """The day in `directory` that was written last. Raises ReadError where there is none."""
    from twinex.readers.listing import ReadError
    from twinex.venue.journal.gate import GATE_NAME

    gates = [path for path in directory.glob(f"*/{GATE_NAME}") if path.is_file()]
    if not gates:
        raise ReadError(f"there is no day in {directory.resolve()}: name one, or run twinex day")
    return max(gates, key=lambda path: path.stat().st_mtime).parent


def _followed(view: "BookView") -> Iterator[None]:
    """A frame whenever something happened, until the day has ended."""
    while True:
        view.forward()
        yield
        if view.ended:
            return
        time.sleep(_FRAME_SECONDS)


def _replayed(view: "BookView", speed: int) -> Iterator[None]:
    """A frame for each step of the played clock; quiet times (nights, lunch) are passed over."""
    step = int(speed * _FRAME_SECONDS * _SECOND_NS)
    while view.forward_by(step):
        yield
        time.sleep(_FRAME_SECONDS)
    yield


def _picture(view: "BookView", depth: int | None, shown: Console) -> RenderableType:
    """Ladder and last trades, side by side, or one below the other where the window is narrow."""
    from rich.columns import Columns

    from twinex.show.picture import draw_book

    wanted = depth or max(2, (shown.height - _FRAME_LINES) // 2)
    bids, asks = view.rows(wanted)
    lines = len(bids) + len(asks)
    ladder = draw_book(view.title(), bids, asks, view.footer())
    trades = _trades(view, max(lines, _PRINTS_MAX) if depth is None else _PRINTS_MAX)
    side_by_side = shown.width >= _SIDE_BY_SIDE
    return Columns([ladder, trades]) if side_by_side else ladder


def _trades(view: "BookView", lines: int) -> RenderableType:
    from twinex.show.picture import BUY_STYLE, SELL_STYLE

    styles = {0: BUY_STYLE, 1: SELL_STYLE}
    rows = [Text(" trades", style="dim")]
    for clock, price, lots, side in view.prints()[:lines]:
        row = Text(f" {clock} ", style="dim")
        rows.append(row.append(f" {price:>9} {lots:>4}", style=styles.get(side, "")))
    return Group(*rows)
