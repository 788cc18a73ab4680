"""`twinex journal show`: commands or events of a day, one a line."""

import time
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from twinex.commands.output import console
from twinex.commands.place import require_day

if TYPE_CHECKING:
    from twinex.readers.search import Search, Wanted
    from twinex.readers.wording import Wording
    from twinex.venue.journal.reader import Event, Record

EPILOG = """
[bold]Examples[/bold]

twinex journal show days/20260706 --from 14:57 --to 15:00 --kind phase_set

twinex journal show days/20260706 --events --instrument IF2607 --kind trade

twinex journal show days/20260706 --order 204800000            an order's life

twinex journal show days/20260706 --order 204800000 --events   and its events
"""
_STYLES = {
    "trade": "bold yellow",
    "trade_busted": "bold yellow",
    "trade_corrected": "bold yellow",
    "command_rejected": "bold red",
    "order_cancel": "bold blue",
    "order_cancelled": "bold blue",
    "mass_cancel": "bold blue",
    "operator_cancel": "bold blue",
    "phase_set": "bold magenta",
    "phase_changed": "bold magenta",
}
_SECOND_NS = 1_000_000_000
_PAUSE_SECONDS = 0.2
_PLACE = "a sequence or a time of day"


def show(
    day: Annotated[
        Path, typer.Argument(metavar="DAY", help="The day's directory.", callback=require_day)
    ],
    first: Annotated[
        str | None, typer.Option("--from", help=f"Where to start: {_PLACE}, e.g. 14:57.")
    ] = None,
    last: Annotated[str | None, typer.Option("--to", help=f"Where to stop: {_PLACE}.")] = None,
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many to show.")] = 40,
    events: Annotated[bool, typer.Option("--events", help="Events instead of commands.")] = False,
    kind: Annotated[
        list[str] | None,
        typer.Option("--kind", "-k", help="Only this message, e.g. trade; may be repeated."),
    ] = None,
    instrument: Annotated[
        str | None,
        typer.Option(
            "--instrument", "-i", help="Only this contract or combination, by its symbol."
        ),
    ] = None,
    order: Annotated[
        int | None, typer.Option(min=1, help="Only what concerns this order id.")
    ] = None,
    seat: Annotated[
        int | None, typer.Option(help="Only from this seat; 0 is the exchange.")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", "-a", help="Every field, those that are zero or usual too.")
    ] = False,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Wait for more while the day runs; no --count.")
    ] = False,
) -> None:
    """Read the journal command by command, or the event stream event by event.

    Times are the exchange's, prices in quote units, money in yuan.
    """
    from twinex.readers.search import Search
    from twinex.readers.wording import wording_of

    for name in kind or ():
        _check_kind(name, events)
    wanted = _wanted(day, first, last, tuple(kind or ()), instrument, order, seat, events)
    shown, wording, line = console(), wording_of(day, everything=everything), _liner(day)
    search = Search(day, wanted, events=events)
    nothing = True
    for item in _following(day, search) if follow else islice(search, count):
        _print(shown, *line(item, wording))
        nothing = False
    if nothing:
        shown.print("nothing like that is there")


def _wanted(
    day: Path,
    first: str | None,
    last: str | None,
    names: tuple[str, ...],
    symbol: str | None,
    order: int | None,
    seat: int | None,
    events: bool,
) -> "Wanted":
    from twinex.readers.listing import instrument_of
    from twinex.readers.search import Wanted, sequences_of_order

    limits = {**_limit(day, "first", first), **_limit(day, "last", last)}
    instrument = instrument_of(day, symbol) if symbol is not None else None
    concern = sequences_of_order(day, order) if order is not None and not events else None
    return Wanted(
        **limits,
        names=names,
        seat=seat,
        instrument=instrument,
        order_id=order if events else None,
        sequences=concern,
    )


def _limit(day: Path, end: str, text: str | None) -> dict[str, int]:
    """A limit of `Wanted` from what a person typed."""
    from twinex.readers.local_time import local_time_of

    if text is None:
        return {}
    if text.isdigit() and int(text) > 0:
        return {f"{end}_sequence": int(text)}
    for form in ("%H:%M:%S", "%H:%M"):
        try:
            clock = datetime.strptime(text, form).time()
        except ValueError:
            continue
        rest = 0 if end == "first" else _SECOND_NS - 1  # up to and with that second
        return {f"{end}_ns": local_time_of(day).moment_ns(clock) + rest}
    option = "--from" if end == "first" else "--to"
    raise typer.BadParameter(f"{text!r} is not {_PLACE} (HH:MM or HH:MM:SS)", param_hint=option)


def _following(day: Path, search: "Search") -> Iterator["Record | Event"]:
    """What is there, then what comes, until the day has ended or nothing more can match."""
    from twinex.venue.journal.gate import Gate

    gate = Gate.open(day)
    while True:
        over = gate.read().ended
        yield from search
        if over or search.over:
            return
        time.sleep(_PAUSE_SECONDS)


def _liner(day: Path) -> Any:
    """How a message of this day becomes a line: place, time, who, what."""
    from twinex.readers.local_time import utc_offset_hours
    from twinex.show.figures import clock_text
    from twinex.venue.journal.reader import Record

    offset = utc_offset_hours(day)

    def line(item: "Record | Event", wording: "Wording") -> tuple[Text, Text]:
        name, fields = _decoded(item)
        text = Text(f"{item.sequence:>9}")
        if not isinstance(item, Record):
            text.append(f".{item.index:<3}")
        text.append(f" {clock_text(item.time_ns, offset, fraction=True)} ", style="dim")
        if isinstance(item, Record):
            text.append("seat ", style="dim").append(f"{item.seat:<4} ")
        said = Text(name, style=_STYLES.get(name, "bold"))
        for key, value in wording.words(fields):
            said.append(f" {key} ", style="not bold dim").append(value, style="not bold default")
        return text, said

    return line


def _print(shown: Console, place: Text, said: Text) -> None:
    """One line for programs; for people, wrapped between words under its own beginning."""
    if not shown.is_terminal:
        shown.print(place + said, soft_wrap=True)
        return
    table = Table.grid()
    table.add_column(no_wrap=True)
    table.add_column()
    table.add_row(place, said)
    shown.print(table)


def _decoded(item: "Record | Event") -> tuple[str, dict[str, Any]]:
    """Name and fields; what a member sent that is no message is shown as bytes."""
    from twinex.venue.wire.messages import MessageError

    try:
        return item.message
    except MessageError:
        return "undecoded", {"bytes": item.body}


def _check_kind(name: str, events: bool) -> None:
    from twinex.venue.wire.schema import COMMANDS, EVENTS

    known = EVENTS if events else COMMANDS
    if name not in known:
        hint = " (leave --events away)" if events and name in COMMANDS else ""
        hint = " (add --events)" if not events and name in EVENTS else hint
        raise typer.BadParameter(f"{name!r}{hint}: choose one of {', '.join(known)}")
