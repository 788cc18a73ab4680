"""`twinex roll`: the next trading day, opened from the state in which a day has ended."""

from collections import Counter
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from twinex.commands.options import Durability
from twinex.commands.output import console, warm_up
from twinex.commands.place import require_day

if TYPE_CHECKING:
    from twinex.venue.opening import OpenMarket

EPILOG = """
[bold]Examples[/bold]

twinex roll days/20260706 --date 2026-07-07                opens days/20260707

twinex roll days/20260706 --date 2026-07-07 --market my.toml
"""


class RollError(Exception):
    """The day to roll from says too little; the text says what is missing."""


def roll(
    day: Annotated[
        Path,
        typer.Argument(metavar="DAY", help="The ended day's directory.", callback=require_day),
    ],
    trading_day: Annotated[
        datetime,
        typer.Option("--date", formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="The new day."),
    ],
    market: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="A market of markets/, or the path of a market file (.toml).",
            show_default="the ended day's",
        ),
    ] = None,
    directory: Annotated[
        Path | None,
        typer.Option(
            help="Where days are kept; the new one in its own folder YYYYMMDD.",
            show_default="beside the ended day",
        ),
    ] = None,
    durability: Durability = "memory",
) -> None:
    """Open the next day: positions, lasting orders and stops, open interests, members and accounts.

    The new day is left before trading, and closed: `Venue.reopen` goes on with it.
    """
    from twinex.venue.opening import open_market, overnight
    from twinex.venue.wire import codes

    shown = console()
    warm_up(shown)
    night, new = overnight(day), trading_day.date()
    place = (directory or day.resolve().parent) / f"{new:%Y%m%d}"
    opened = open_market(
        market or _market_of(day),
        new,
        phase=codes.PHASE_BEFORE_TRADING,
        rolled_from=night,
        directory=place,
        durability=durability,
    )
    with opened:
        numbers = {symbol: one.number for symbol, one in opened.instruments.items()}
        _tell(shown, opened, place, new)
    for symbol, count in sorted(night.left_out(numbers).items()):
        shown.print(f"positions and orders left out: {count} in {symbol}, not listed any more")
    for reason, count in sorted(_refused(place).items()):
        shown.print(f"orders that the new day refuses: {count}, {reason}")


def _tell(shown: Console, opened: "OpenMarket", place: Path, new: date) -> None:
    image = opened.venue.image()
    held = sum(len(image[name]) for name in ("orders", "stops"))
    shown.print(
        f"{place}: {new:%Y-%m-%d} stands at sequence {image.sequence}, with "
        f"{len(opened.instruments):,} contracts, {len(image['positions']):,} positions and "
        f"{held:,} orders of the day before",
        soft_wrap=True,
    )


def _market_of(day: Path) -> str:
    """The market that the day's header names. Raises RollError."""
    from twinex.venue.journal.reader import JournalReader
    from twinex.venue.reference import load_market, market_names

    header = next(iter(JournalReader(day)), None)
    name = header.message.fields.get("market", "") if header else ""
    for file in market_names():
        if load_market(file).name == name:
            return file
    raise RollError(f"{day}: its market {name!r} is none of markets/: name its file (--market)")


def _refused(day: Path) -> Counter[str]:
    """Orders carried that the new day refused, by reason."""
    from twinex.venue.journal.reader import EventReader
    from twinex.venue.wire import codes
    from twinex.venue.wire.schema import ENUMS

    reasons = {code: name for name, code in ENUMS["RejectReason"].items()}
    found: Counter[str] = Counter()
    for event in EventReader(day):
        name, fields = event.message
        if name == "command_rejected" and fields["command"] == codes.ORDER_CARRY:
            found[reasons[fields["reject_reason"]]] += 1
    return found
