"""`twinex book`: a ladder in the terminal, fed from the event stream of a day."""

import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from twinex.commands.output import console

if TYPE_CHECKING:
    from twinex.readers.book_view import BookView

EPILOG = """
[bold]Examples[/bold]

twinex book days/20260706                          follow a day while it runs

twinex book --replay days/20260706 --speed 120     two minutes of the day a second

twinex book days/20260706 -i IO2607-C-4600 --at 10:30:00
"""
_FRAME_SECONDS = 0.1
_SECOND_NS = 1_000_000_000


def book(
    day: Annotated[
        Path | None, typer.Argument(help="A day's directory: the running one, or a recorded one.")
    ] = None,
    replay: Annotated[
        Path | None, typer.Option(help="Play this day's directory from its start instead.")
    ] = None,
    instrument: Annotated[
        str | None,
        typer.Option("--instrument", "-i", help="A contract's symbol; the first one if not given."),
    ] = None,
    depth: Annotated[int, typer.Option(min=1, max=50, help="Prices on each side.")] = 10,
    speed: Annotated[
        int, typer.Option(min=1, help="With --replay: so many seconds of the day in one second.")
    ] = 60,
    at: Annotated[
        datetime | None,
        typer.Option(formats=["%H:%M:%S"], help="Print the book as it stood then, and stop."),
    ] = None,
    once: Annotated[
        bool, typer.Option("--once", help="Print the book as it is, and stop.")
    ] = False,
) -> None:
    """Show a contract's order book, as the day's event stream tells it."""
    from twinex.readers.book_view import BookView
    from twinex.readers.listing import ReadError

    directory = replay or day
    if directory is None:
        raise ReadError("name a day's directory, for instance: twinex book --replay days/20260706")
    view = BookView(directory, instrument)
    shown = console()
    if at is not None:
        clock = (at.hour * 60 + at.minute) * 60 + at.second
        view.forward_to_clock(clock)
        shown.print(_picture(view, depth))
    elif once:
        view.forward()
        shown.print(_picture(view, depth))
    else:
        frames = _replayed(view, speed) if replay else _followed(view)
        with Live(console=shown, auto_refresh=False, transient=False) as live:
            for _ in frames:
                live.update(_picture(view, depth), refresh=True)


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


def _picture(view: "BookView", depth: int) -> RenderableType:
    from twinex.show.picture import draw_book

    bids, asks = view.rows(depth)
    return Group(draw_book(view.title(), bids, asks, view.footer()), _tape(view))


def _tape(view: "BookView") -> RenderableType:
    from twinex.show.picture import BUY_STYLE, SELL_STYLE

    table = Table.grid(padding=(0, 2))
    styles = {0: BUY_STYLE, 1: SELL_STYLE}
    for clock, price, lots, side in view.prints():
        style = styles.get(side, "")
        table.add_row(
            Text(clock, style="dim"), Text(price, style=style), Text(f"{lots}", style=style)
        )
    return table
