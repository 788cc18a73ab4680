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
    percent_text,
    sparkline,
)
from twinex.show.picture import BUY_STYLE, SELL_STYLE, draw_book

_OPTIONS_SHOWN = 12
_GAP = 2
_LEFT = {"contract", "the day"}
_MISSED_LEAST_LAST = ("settled", "added", "the day", "turnover", "open", "change")
_PATH_WIDTH = 16
_BAR_WIDTH = 16
_UNBROKEN: dict[str, Any] = {"no_wrap": True, "overflow": "ignore"}  # lines to copy from


def show(summary: Summary, console: Console) -> None:
    """Print the whole report, as wide as the console."""
    for part in render(summary, console.width):
        console.print(part, crop=False)


def show_relived(summary: Summary, shown: Console) -> None:
    """What both systems made of the day, below a report that was shown before they did."""
    shown.print(_relived(summary["relived"], summary["commands"]))


def render(summary: Summary, width: int) -> Iterator[RenderableType]:
    """The parts of the report, from the top, for so many columns."""
    yield _headline(summary)
    yield _pace(summary)
    yield from _all_contracts(summary, width)
    yield _people(summary["people"])
    share = percent_text(sum(summary["rejects"].values()), summary["commands"]).lstrip("+")
    yield Columns(
        [
            _counts("Orders accepted", summary["orders"]),
            _counts("Cancels", summary["cancels"]),
            _counts(f"Rejects: {share} of all commands", summary["rejects"]),
        ],
        padding=(1, 2),
    )
    offset = summary["utc_offset_hours"]
    yield Columns([_book(book, offset) for book in summary["books"]], padding=(0, 2))
    yield _service(summary)
    yield _where(summary)
    if summary["relived"]:
        yield _relived(summary["relived"], summary["commands"])


def _headline(summary: Summary) -> Panel:
    day = trading_day_of(summary)
    run, people = summary["run"], summary["people"]
    events = summary["events"]
    seconds = max(run["seconds"], 0.001)
    offset = summary["utc_offset_hours"]
    first, last = (clock_text(run[name], offset)[:5] for name in ("first_ns", "last_ns"))
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
            f"{summary['members']}",
            "members",
            f"{sum(one['codes'] for one in people)}",
            "trading codes",
        ),
        (
            f"{seconds:.1f} s",
            f"for {first} to {last}",
            f"{summary['commands'] / seconds:,.0f}",
            "commands/s, traders included",
        ),
    ]
    for row in rows:
        table.add_row(*row)
    title = f"{summary['market']}  {day:%A} {day.day} {day:%B %Y}  seed {summary['seed']}"
    return Panel(
        table, title=Text(title, style="bold"), box=box.HEAVY, expand=False, padding=(1, 2)
    )


def _pace(summary: Summary) -> Text:
    """Lots traded through the day."""
    lots = summary["lots_in_five_minutes"]
    text = Text("Lots in five minutes  ", style="bold")
    text.append(sparkline([0, *lots], len(lots) + 1)[1:], style="cyan")
    return text.append(f"  busiest {max(lots, default=0):,}", style="dim")


def _all_contracts(summary: Summary, width: int) -> Iterator[Table]:
    contracts = summary["contracts"]
    options = [one for one in contracts if one["class"] == "option"]
    for name in ("future", "stock"):
        rows = [one for one in contracts if one["class"] == name]
        if rows:
            yield _contracts(f"{name.title()}s", rows, width)
    if options:
        busiest = sorted(options, key=lambda one: -int(one["lots"]))[:_OPTIONS_SHOWN]
        traded = sum(one["lots"] > 0 for one in options)
        title = f"Options: the busiest {len(busiest)} of {traded} traded, {len(options)} listed"
        yield _contracts(title, busiest, width)


def _contracts(title: str, rows: list[dict[str, Any]], width: int) -> Table:
    """One row a contract, with as many columns as there is room for."""
    cells = [_contract(one) for one in rows]
    names = _fitting(cells, width)
    table = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        collapse_padding=True,
    )
    for name in names:
        table.add_column(name, justify="left" if name in _LEFT else "right", no_wrap=True)
    for one, row, before in zip(rows, cells, [rows[0], *rows], strict=False):
        if one["product"] != before["product"] and one["class"] != "option":
            table.add_section()
        table.add_row(*(row[name] for name in names))
    return table


def _fitting(cells: list[dict[str, Text]], width: int) -> list[str]:
    """The columns to show: all, less what can be missed most easily until the rest fits."""
    sizes = {name: max(len(name), *(len(row[name]) for row in cells)) + _GAP for name in cells[0]}
    for name in _MISSED_LEAST_LAST:
        if sum(sizes.values()) + _GAP <= width:
            break
        del sizes[name]
    return list(sizes)


def _contract(one: dict[str, Any]) -> dict[str, Text]:
    """A contract's columns, by their headings."""
    style = _direction(one["change"])
    added = one["open_interest"] - one["open_interest_before"]
    path = [int(Decimal(price) * 10_000) for price in one["path"]]
    prices = {name: Text(one[name] or "-") for name in ("open", "high", "low")}
    return {
        "contract": Text(one["symbol"]),
        "settled": Text(one["settlement"], style="dim"),
        **prices,
        "close": Text(one["close"] or "-", style=style),
        "change": Text(one["change"] or "", style=style),
        "the day": Text(sparkline(path, _PATH_WIDTH), style=style),
        "lots": Text(f"{one['lots']:,}"),
        "turnover": Text(money_text(int(Decimal(one["turnover_yuan"]) * 10_000))),
        "open int.": Text(f"{one['open_interest']:,}"),
        "added": Text(f"{added:+,}" if added else "0", style="dim"),
    }


def _direction(change: str | None) -> str:
    if not change or change[0] not in "+-":
        return ""
    return BUY_STYLE if change[0] == "+" else SELL_STYLE


def _people(rows: list[dict[str, Any]]) -> Table:
    """Who traded; a trade is filled on both sides, so the shares are of twice the volume."""
    table = Table(
        title="Who traded",
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        collapse_padding=True,
    )
    table.add_column("", no_wrap=True)
    for name in ("codes", "orders", "fills", "lots", "share"):
        table.add_column(name, justify="right", no_wrap=True)
    filled = sum(one["lots"] for one in rows)
    for one in rows:
        share = percent_text(one["lots"], filled).lstrip("+")
        counts = (f"{one[name]:,}" for name in ("codes", "orders", "fills", "lots"))
        table.add_row(one["role"], *counts, share)
    return table


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
    text = Text("Service time  ", style="bold")
    for name, value in times.items():
        text.append(f"{name} ", style="dim")
        text.append(f"{nanoseconds_text(value)}   ", style="not bold")
    return text


def _relived(found: dict[str, Any], commands: int) -> Text:
    """What the second system made of the day."""
    text = Text("\nLived again   ", style="bold")
    for name, seconds in found["seconds"].items():
        rate = round(found["agreed"] / max(seconds, 0.001))
        text.append(f"{name} ", style="dim")
        text.append(f"{seconds:.1f} s, {rate:,}/s   ", style="not bold")
    if found["difference"] is None:
        text.append(
            f"\n{commands:,} commands agree: the same events, the same state, byte for byte",
            style="not bold green",
        )
        return text
    text.append(f"\n{found['agreed']:,} of {commands:,} commands agree, then ", style="not bold")
    return text.append(found["difference"], style="bold red")


def _where(summary: Summary) -> RenderableType:
    directory = summary["directory"]
    if directory is None:
        return Text("Nothing was kept on disk: leave --no-keep away to keep the day.", style="dim")
    files = summary["files"]
    sizes = f"journal {bytes_text(files['journal'])}, events {bytes_text(files['events'])}"
    commands = {
        f"twinex book {directory}": "watch a book through the day",
        f"twinex journal show {directory}": "read it command by command",
        f"twinex umpire replay {directory}": "live through it on both systems",
        summary["again"]: "run exactly this day again",
    }
    widest = max(map(len, commands))
    lines = [
        Text.assemble(
            ("The day is in ", "bold"), (directory, "bold cyan"), f"  ({sizes})", **_UNBROKEN
        ),
        *(
            Text.assemble("  ", (command.ljust(widest), "cyan"), "  ", (what, "dim"), **_UNBROKEN)
            for command, what in commands.items()
        ),
    ]
    return Group(Text(), *lines)
