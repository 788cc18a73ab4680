"""`twinex top`: a running venue at a glance: sessions, rates, what the door turns away."""

import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from twinex.commands.output import console

EPILOG = """
[bold]Examples[/bold]

twinex top days/20260706                until Ctrl-C

twinex top days/20260706 --once         one look, for a script
"""
_RATES = {"commands": "commands", "events": "events", "trades": "trades", "rejects": "rejects"}
_BYTES = {"bytes_in": "bytes in", "bytes_out": "bytes out"}
_SESSIONS_SHOWN = 12


def top(
    day: Annotated[Path, typer.Argument(help="The directory of the day that runs.")],
    every: Annotated[float, typer.Option(min=0.1, help="Seconds between two looks.")] = 1.0,
    once: Annotated[bool, typer.Option("--once", help="One look, a second long.")] = False,
) -> None:
    """Watch a running venue: what it has done, what it does a second, who is there."""
    from twinex.venue.gateway.control import ask

    shown = console()
    before, then = ask(day, {"do": "status"}), time.monotonic()
    with Live(console=shown, auto_refresh=False, transient=False) as live:
        while True:
            time.sleep(every)
            status, now = ask(day, {"do": "status"}), time.monotonic()
            live.update(page(status, before, now - then), refresh=True)
            if once:
                return
            before, then = status, now


def page(status: dict[str, Any], before: dict[str, Any], seconds: float) -> Group:
    """What is shown: counts of the day, rates since `before`, sessions, the door, alarms."""
    title = f"{status['address']}   day {status['trading_day']}   sequence {status['sequence']:,}"
    counts = Table(box=None, pad_edge=False)
    counts.add_column("")
    counts.add_column("of the day", justify="right")
    counts.add_column("a second", justify="right")
    for key, name in {**_RATES, **_BYTES}.items():
        rate = (status[key] - before[key]) / seconds
        counts.add_row(name, f"{status[key]:,}", f"{rate:,.0f}")
    batches = status["batches"] - before["batches"]
    each = (status["commands"] - before["commands"]) / batches if batches else 0
    counts.add_row("live orders", f"{status['live_orders']:,}", "")
    counts.add_row("commands a batch", "", f"{each:.1f}")
    return Group(Text(title, style="bold"), counts, *_people(status), *_alarms(status))


def _people(status: dict[str, Any]) -> list[Text]:
    sessions, door = status["sessions"], status["door"]
    some = [f"{user} ({address})" for user, address in list(sessions.items())[:_SESSIONS_SHOWN]]
    more = len(sessions) - len(some)
    here = ", ".join(some) + (f" and {more} more" if more > 0 else "")
    told = ", ".join(f"{name.replace('_', ' ')} {count:,}" for name, count in door.items())
    return [Text(f"{len(sessions)} sessions: {here or 'nobody'}"), Text(f"door: {told}")]


def _alarms(status: dict[str, Any]) -> list[Text]:
    return [Text(f"alarm: {text}", style="bold red") for text in status["alarms"]]
