"""A small correct market file that tests change one line of."""

from collections.abc import Callable
from pathlib import Path

import pytest

MARKET = """\
name = "SMALL"
utc_offset_hours = 8
calendar = "china"

[sessions]
day = [{ from = 2020-01-01, day = ["09:25 auction_ordering", "09:30 continuous", "15:00 closed"] }]

[members]
rates = { window_ms = 500, entries = 40 }
self_trade_mode = "reduce"

[groups.futures]
product_class = "future"

[groups.futures.rules]
price_rule = "middle"
market_price_rule = "resting"
auction_rule = "nearest_settlement"
limit_priority = "closing_first"
offset_rule = "open_close"
kinds = ["limit", "market"]
times = ["day", "fak"]
amend = false
protection = false
minimum_volume = true
funds_checked = false
stops = "plain"
self_trade_prevention = true

[groups.futures.quotes]
rule = "two_sided"
width_ticks = [{ from = 2020-01-01, value = 100 }]
request_interval = [{ from = 2021-01-05, value = 0.5 }]

[groups.futures.quantities]
minimum = [{ from = 2020-01-01, value = 1 }]
maximum_limit = [
    { from = 2020-01-01, value = 20 },
    { from = 2021-01-05, value = 30 },
]
step = [{ from = 2020-01-01, value = 1 }]
display_minimum = [{ from = 2020-01-01, value = 3 }]

[[products]]
number = 1
name = "IF"
group = "futures"
listed = 2010-04-16
sessions = "day"
multiplier = 300
tick = [{ from = 2020-01-01, value = 0.2 }]
position_limit = [{ from = 2020-01-01, listing = 5000, delivery_month = 600 }]
opening_cap = [{ from = 2021-01-05, value = 500 }]

[products.limits]
basis = "settlement"
rounding = "inward"
ratio = [{ from = 2020-01-01, value = 0.10 }]
band_ticks = [{ from = 2020-01-01, value = 250 }]

[products.contracts]
nearest = 2
expiry = "third_friday"

[products.margin]
minimum_rate = 0.08
rates = [{ from = 2020-01-01, listing = 0.12, near_delivery_month = 0.15 }]

[products.fees]
open = [{ from = 2020-01-01, by_money = 0.000023 }]

[default_prices]
IF = 4000
"""

WriteMarket = Callable[..., Path]


@pytest.fixture
def write_market(tmp_path: Path) -> WriteMarket:
    """Writes the small market, with each (old, new) replaced once, and returns its path."""

    def write(*changes: tuple[str, str]) -> Path:
        text = MARKET
        for old, new in changes:
            assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in the market"
            text = text.replace(old, new)
        path = tmp_path / "small.toml"
        path.write_text(text)
        return path

    return write


def line_of(fragment: str) -> int:
    """Line of the small market that holds `fragment`."""
    lines = [n for n, line in enumerate(MARKET.splitlines(), start=1) if fragment in line]
    assert len(lines) == 1, f"{fragment!r} stands on lines {lines}"
    return lines[0]
