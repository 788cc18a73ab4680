"""The report of a played tape, for a terminal."""

from collections.abc import Iterator
from pathlib import Path

from rich import box
from rich.console import RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from twinex.show.figures import bytes_text, clock_text, decimals_of, nanoseconds_text, price_text
from twinex.show.picture import Row, draw_book
from twinex.tape.columns import PHASE_WORDS, PRICE_UNITS
from twinex.tape.outcome import Outcome
from twinex.tape.stage import calendar_date
from twinex.tape.venue_player import Played
from twinex.venue.core.view import Level


def render(played: Played, directory: Path | None) -> Iterator[RenderableType]:
    """The parts of the report, from the top. `directory`: where the day is kept, if it is."""
    outcome = Outcome(played.events)
    yield _headline(played, outcome)
    yield _book(played)
    yield _where(played, directory)


def _headline(played: Played, outcome: Outcome) -> Panel:
    counts, stage = played.statistics, played.stage
    table = Table.grid(padding=(0, 3))
    for justify in ("right", "left", "right", "left"):
        table.add_column(justify=justify, style="bold" if justify == "right" else "")
    speed = played.sent / max(played.seconds, 0.001)
    median, late = (nanoseconds_text(time) for time in played.service_ns)
    for row in (
        (f"{counts.commands:,}", "commands", f"{counts.events:,}", "events"),
        (f"{counts.trades:,}", "trades", bytes_text(len(played.events)), "of event bytes"),
        (f"{counts.volume:,}", "shares traded", f"{counts.rejects:,}", "rejected"),
        (f"{played.seconds:.2f} s", "real time", f"{speed:,.0f}", "commands/s"),
        (median, "a command in the core", late, "99th percentile"),
    ):
        table.add_row(*row)
    for auction in outcome.auctions():
        words = f"{PHASE_WORDS[auction.phase]}: {auction.volume:,} shares"
        table.add_row(_price(played, auction.price) if auction.price else "none", words)
    for reason, count in outcome.refused().most_common():
        table.add_row(f"{count:,}", reason)
    title = f"{stage.symbol}  {calendar_date(stage.trading_day)}  {stage.market.name}"
    return Panel(table, title=title, box=box.ROUNDED, expand=False)


def _price(played: Played, price: int) -> str:
    tick = played.stage.instrument.product.tick.on(calendar_date(played.stage.trading_day))
    return price_text(price, decimals_of(int(tick * PRICE_UNITS)))


def _book(played: Played) -> Panel:
    def rows(side: list[Level]) -> list[Row]:
        return [(_price(played, one.price), one.quantity, one.orders) for one in side]

    clock = clock_text(played.closed_ns, played.stage.market.utc_offset_hours)
    title = f"{played.stage.symbol}  {clock}  as the market closed"
    book = played.last_book
    return draw_book(title, rows(book.bids), rows(book.asks))


def _where(played: Played, directory: Path | None) -> Text:
    if directory is None:
        return Text("nothing is kept on disk (--no-keep)", style="dim")
    symbol = played.stage.symbol
    return Text.from_markup(
        f"[bold]journal[/]  {directory}\n"
        f"[dim]twinex journal verify {directory}\n"
        f"twinex book --replay {directory} -i {symbol}[/]"
    )
