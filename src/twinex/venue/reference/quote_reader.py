"""What a market file says of quotes and requests for them; bounds as in `spec/operator.md`."""

from twinex.venue.reference.market import DAY_SECONDS, TICKS_MAXIMUM, Quotes
from twinex.venue.reference.table import QUANTITY_MAXIMUM, Node, Table
from twinex.venue.wire.schema import ENUMS

_RULES = ENUMS["QuoteRule"]
_SECOND_NS = 1_000_000_000
_SECONDS = f"seconds from 0 to {DAY_SECONDS}, in whole ns"


def read_quotes(table: Table) -> Quotes:
    """The `quotes` of a product; an empty table takes none. Raises MarketError."""
    table.only("rule", "width_ticks", "minimum", "request_width_ticks", "request_interval")
    rule = table.find("rule")
    return Quotes(
        rule=_RULES[rule.choice(_RULES)] if rule else _RULES["none"],
        width_ticks=table.dated_count("width_ticks", TICKS_MAXIMUM),
        minimum=table.dated_count("minimum", QUANTITY_MAXIMUM),
        request_width_ticks=table.dated_count("request_width_ticks", TICKS_MAXIMUM),
        request_interval_ns=table.optional("request_interval", _nanoseconds, _SECONDS),
    )


def _nanoseconds(node: Node) -> int:
    seconds = node.number()
    if seconds is None or not 0 <= seconds <= DAY_SECONDS or seconds * _SECOND_NS % 1:
        raise node.expected(_SECONDS)
    return int(seconds * _SECOND_NS)
