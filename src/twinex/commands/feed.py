"""`twinex feed`: market data of a day to a multicast group, and a look at what arrives."""

import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.live import Live
from rich.table import Table

from twinex.commands.output import console
from twinex.commands.place import require_day

if TYPE_CHECKING:
    from twinex.client.feed_book import Book

EPILOG = """
[bold]Examples[/bold]

twinex feed run days/20260706           all streams, of a running day or after it

twinex feed book 1                      an instrument's book as it arrives, until Ctrl-C
"""
GROUP, PORT, RECOVERY_PORT = "239.10.10.3", 30_003, 30_010
_STREAMS = ("L3", "L2", "L1", "I1")  # at PORT, PORT + 1, ...
_STEP_SECONDS = 0.001
_LOOK_SECONDS = 0.25

Group = Annotated[str, typer.Option(help="The multicast group.")]
Port = Annotated[int, typer.Option(help="UDP port of L3; L2, L1, I1 have the next ones.")]
Recovery = Annotated[str, typer.Option(metavar="HOST:PORT", help="Where TCP recovery is.")]

app = typer.Typer(help="Market data over MoldUDP64.", no_args_is_help=True, epilog=EPILOG)


class FeedCommandError(Exception):
    """What was asked for is not there; the text says what to change."""


@app.command()
def run(
    day: Annotated[
        Path, typer.Argument(metavar="DAY", help="The day's directory.", callback=require_day)
    ],
    group: Group = GROUP,
    port: Port = PORT,
    recovery: Recovery = f"127.0.0.1:{RECOVERY_PORT}",
    interface: Annotated[
        str, typer.Option(help="The address of this machine where packets leave.")
    ] = "127.0.0.1",
    ttl: Annotated[int, typer.Option(min=0, max=255, help="Routers they may pass.")] = 0,
) -> None:
    """Publish a day's committed events, from the first on, as they are released; until Ctrl-C."""
    from twinex.venue.feed.channel import Channel
    from twinex.venue.feed.publisher import Publisher

    channels = {
        stream: Channel([(group, port + place)], interface=interface, ttl=ttl)
        for place, stream in enumerate(_STREAMS)
    }
    stopping: list[int] = []
    for wanted in (signal.SIGINT, signal.SIGTERM):
        signal.signal(wanted, lambda number, _: stopping.append(number))
    with Publisher.of_day(day, channels, recovery=_address(recovery)) as publisher:
        ports = ", ".join(f"{name} {port + place}" for place, name in enumerate(_STREAMS))
        console().print(f"{day} to {group}: {ports}; recovery at {recovery}. Ctrl-C stops.")
        while not stopping:
            publisher.step(timeout_s=_STEP_SECONDS)


@app.command()
def book(
    instrument: Annotated[int, typer.Argument(help="Its number.")],
    group: Group = GROUP,
    port: Port = PORT,
    recovery: Recovery = f"127.0.0.1:{RECOVERY_PORT}",
    depth: Annotated[int, typer.Option(min=1, max=40, help="Levels of each side.")] = 5,
    once: Annotated[bool, typer.Option("--once", help="One look, when the book is whole.")] = False,
) -> None:
    """Receive L3, rebuild every book, show one of them."""
    from twinex.client.feed import Feed

    shown = console()
    with (
        Feed((group, port), recovery=_address(recovery)) as feed,
        Live(console=shown, auto_refresh=False) as live,
    ):
        looked = 0.0
        while not feed.ended:
            feed.poll(timeout_s=_LOOK_SECONDS)
            if time.monotonic() - looked < _LOOK_SECONDS:
                continue
            looked = time.monotonic()
            found = feed.market.books.get(instrument)
            if found is None:
                if feed.market.books:
                    some = ", ".join(map(str, sorted(feed.market.books)[:5]))
                    raise FeedCommandError(f"no instrument {instrument}: {some} … are there")
                continue
            live.update(_ladder(instrument, found, depth), refresh=True)
            if once:
                return


def _ladder(instrument: int, found: "Book", depth: int) -> Table:
    """Sells above buys, the best of both in the middle; prices in 1/10000."""
    table = Table(
        box=None,
        title=f"instrument {instrument}: last {found.last_price}, volume {found.volume:,}",
        title_justify="left",
    )
    for name in ("orders", "buys", "price", "sells", "orders"):
        table.add_column(name, justify="right")
    for price, lots, orders in reversed(found.depth(1, depth)):
        table.add_row("", "", f"{price:,}", f"{lots:,}", f"{orders:,}", style="red")
    for price, lots, orders in found.depth(0, depth):
        table.add_row(f"{orders:,}", f"{lots:,}", f"{price:,}", "", "", style="green")
    return table


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal():
        raise FeedCommandError(f"{text!r}: an address and a port, as 127.0.0.1:30010")
    return host, int(port)
