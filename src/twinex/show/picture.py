"""A book drawn for a terminal: asks above, bids below, a bar for the lots of each price."""

from collections.abc import Sequence

from rich import box
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from twinex.show.figures import bar

Row = tuple[str, int, int]  # price, lots, orders

BUY_STYLE, SELL_STYLE = "red", "green"  # the colours of Chinese terminals: red rises
_BAR_WIDTH = 18


def draw_book(title: str, bids: Sequence[Row], asks: Sequence[Row], footer: str = "") -> Panel:
    """`bids` and `asks`, best first, as a panel."""
    table = Table(box=None, padding=(0, 1), show_edge=False, header_style="dim")
    table.add_column("bid lots", justify="right", width=_BAR_WIDTH)
    table.add_column("", justify="right", style=BUY_STYLE)
    table.add_column("price", justify="center", style="bold")
    table.add_column("", justify="left", style=SELL_STYLE)
    table.add_column("ask lots", justify="left", width=_BAR_WIDTH)
    largest = max((lots for _, lots, _ in (*bids, *asks)), default=0)
    for price, lots, orders in reversed(asks):
        drawn = Text(bar(lots, largest, _BAR_WIDTH), style=SELL_STYLE)
        table.add_row("", "", price, _lots(lots, orders), drawn)
    if not asks or not bids:
        missing = "no asks" if bids else "no bids" if asks else "empty"
        table.add_row("", "", Text(missing, style="dim"), "", "")
    for price, lots, orders in bids:
        drawn = Text(bar(lots, largest, _BAR_WIDTH), style=BUY_STYLE)
        table.add_row(drawn, _lots(lots, orders), price, "", "")
    return Panel(table, title=title, subtitle=footer or None, box=box.ROUNDED, expand=False)


def _lots(lots: int, orders: int) -> Text:
    text = Text(str(lots))
    if orders > 1:
        text.append(f" in {orders}", style="dim")
    return text
