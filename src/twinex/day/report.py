"""The report of a simulated day, for a terminal."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from rich import box
from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from twinex.day.summary import Summary, trading_day_of
from twinex.show.figures import (
    bar,
    bytes_text,
    clock_text,
    money_text,
    nanoseconds_text,
    sparkline,
)
from twinex.show.picture import BUY_STYLE, SELL_STYLE, draw_book

_OPTIONS_SHOWN = 12
_PATH_WIDTH = 16
_BAR_WIDTH = 16


def show(summary: Summary, console: Console) -> None:
    """Print the whole report."""
    for part in render(summary):
        console.print(part)


def render(summary: Summary) -> Iterator[RenderableType]:
    """The parts of the report, from the top."""
    yield _headline(summary)
    contracts = summary["contracts"]
    options = [one for one in contracts if one["class"] == "option"]
    for name in ("future", "stock"):
        rows = [one for one in contracts if one["class"] == name]
        if rows:
            yield _contracts(f"{name.title()}s", rows)
    if options:
        busiest = sorted(options, key=lambda one: -int(one["lots"]))[:_OPTIONS_SHOWN]
        traded = sum(one["lots"] > 0 for one in options)
        title = f"Options: the busiest {len(busiest)} of {traded} traded, {len(options)} listed"
        yield _contracts(title, busiest)
    yield Columns(
        [
            _counts("Orders", summary["orders"]),
            _counts("Cancels", summary["cancels"]),
            _counts("Rejects", summary["rejects"]),
        ],
        padding=(0, 2),
    )
    offset = summary["utc_offset_hours"]
    yield Columns([_book(book, offset) for book in summary["books"]], padding=(0, 2))
    yield _service(summary)
    yield _where(summary)


def _headline(summary: Summary) -> Panel:
    day = trading_day_of(summary)
    run, people = summary["run"], summary["participants"]
    events = summary["events"]
    seconds = max(run["seconds"], 0.001)
    offset = summary["utc_offset_hours"]
    span = f"{clock_text(run['first_ns'], offset)} to {clock_text(run['last_ns'], offset)}"
    table = Table.grid(padding=(0, 3))
    for justify in ("right", "left", "right", "left"):
        table.add_column(justify=justify, style="bold" if justify == "right" else "")
    turnover = int(Decimal(summary["turnover_yuan"]) * 10_000)
    rejects = events.get("command_rejected", 0)
    accepted = events.get("order_accepted", 0)
    rows = [
        (f"{summary['commands']:,}", "commands", f"{sum(events.values()):,}", "events"),
        (f"{accepted:,}", "orders accepted", f"{events.get('trade', 0):,}", "trades"),
        (f"{summary['lots']:,}", "lots traded (one side)", money_text(turnover), "yuan turnover"),
        (f"{events.get('order_cancelled', 0):,}", "cancelled", f"{rejects:,}", "rejected"),
        (
            f"{people['members']}",
            "members",
            f"{sum(people.values()) - people['members']}",
            "trading codes",
        ),
        (
            f"{seconds:.1f} s",
            f"for {span}",
            f"{summary['commands'] / seconds:,.0f}",
            "commands a second, traders included",
        ),
    ]
    for row in rows:
        table.add_row(*row)
    title = f"{summary['market']}  {day:%A} {day.day} {day:%B %Y}  seed {summary['seed']}"
    return Panel(
        table, title=Text(title, style="bold"), box=box.HEAVY, expand=False, padding=(1, 2)
    )


def _contracts(title: str, rows: list[dict[str, Any]]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    table.add_column("contract", no_wrap=True)
    for name in ("settled", "open", "high", "low", "close", "change"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("the day", no_wrap=True, min_width=_PATH_WIDTH)
    for name in ("lots", "turnover", "open int.", "change"):
        table.add_column(name, justify="right", no_wrap=True)
    product = rows[0]["product"] if rows else ""
    for one in rows:
        if one["product"] != product and one["class"] != "option":
            table.add_section()
            product = one["product"]
        table.add_row(*_contract(one))
    return table


def _contract(one: dict[str, Any]) -> list[RenderableType]:
    style = _direction(one["change"])
    interest_change = one["open_interest"] - one["open_interest_before"]
    path = [int(Decimal(price) * 10_000) for price in one["path"]]
    return [
        one["symbol"],
        Text(one["settlement"], style="dim"),
        *(one[name] or "-" for name in ("open", "high", "low")),
        Text(one["close"] or "-", style=style),
        Text(one["change"] or "", style=style),
        Text(sparkline(path, _PATH_WIDTH), style=style),
        f"{one['lots']:,}",
        money_text(int(Decimal(one["turnover_yuan"]) * 10_000)),
        f"{one['open_interest']:,}",
        Text(f"{interest_change:+,}" if interest_change else "0", style="dim"),
    ]


def _direction(change: str | None) -> str:
    if not change or change[0] not in "+-":
        return ""
    return BUY_STYLE if change[0] == "+" else SELL_STYLE


def _counts(title: str, counts: dict[str, int]) -> Table:
    table = Table(
        title=title, title_justify="left", title_style="bold", box=None, show_header=False
    )
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True, style="cyan", width=_BAR_WIDTH)
    largest = max(counts.values(), default=0)
    for name, count in counts.items():
        table.add_row(name, f"{count:,}", bar(count, largest, _BAR_WIDTH))
    if not counts:
        table.add_row("none", "", "")
    return table


def _book(book: dict[str, Any], utc_offset_hours: int) -> Panel:
    at = clock_text(book["time_ns"], utc_offset_hours)
    bids, asks = ([(p, q, n) for p, q, n in book[side]] for side in ("bids", "asks"))
    return draw_book(f"{book['symbol']} at {at}", bids, asks)


def _service(summary: Summary) -> RenderableType:
    times = summary["service_time_ns"]
    if not times:
        return Text("service times were not measured", style="dim")
    text = Text("Service time of a command  ", style="bold")
    for name, value in times.items():
        text.append(f"{name} ", style="dim")
        text.append(f"{nanoseconds_text(value)}   ", style="not bold")
    return text


def _where(summary: Summary) -> RenderableType:
    directory = summary["directory"]
    if directory is None:
        return Text("Nothing was kept: give a --directory to keep the journal.", style="dim")
    files = summary["files"]
    sizes = f"journal {bytes_text(files['journal'])}, events {bytes_text(files['events'])}"
    lines = [
        Text.assemble(("The day is in ", "bold"), (directory, "bold cyan"), f"  ({sizes})"),
        *(
            Text.assemble("  ", (command.ljust(48), "cyan"), (what, "dim"))
            for command, what in (
                (f"twinex book --replay {directory}", "watch a book live through the day"),
                (f"twinex journal show {directory}", "read it command by command"),
                (f"twinex journal verify {directory}", "check every record, and replay it"),
                (f"twinex day --seed {summary['seed']}", "run exactly this day again"),
            )
        ),
    ]
    return Group(Text(), *lines)
