"""What a market file says of all its members: rates, and what related accounts may do."""

from twinex.venue.reference.market import COUNT_MAXIMUM, DAY_SECONDS, Rates
from twinex.venue.reference.table import Table
from twinex.venue.wire.schema import ENUMS

_MODES = ENUMS["SelfTradeMode"]
_MILLISECOND_NS = 1_000_000


def read_rates(members: Table) -> Rates | None:
    """`members.rates`, or None where members are not held back. Raises MarketError."""
    node = members.find("rates")
    if node is None:
        return None
    table = node.table().only("window_ms", "entries", "cancels")
    window = table.need("window_ms", "milliseconds").integer(1, DAY_SECONDS * 1000)
    counts = {
        key: found.integer(0, COUNT_MAXIMUM) if (found := table.find(key)) else 0
        for key in ("entries", "cancels")
    }
    return Rates(window * _MILLISECOND_NS, counts["entries"], counts["cancels"])


def read_self_trade_mode(members: Table) -> int:
    """`members.self_trade_mode`, a code of `SelfTradeMode`; "allow" where a file says nothing."""
    node = members.find("self_trade_mode")
    return _MODES[node.choice(_MODES)] if node else _MODES["allow"]
