"""Combinations of a market file: its mistakes, what a day lists, and that the core takes it."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from twinex.venue.reference import (
    Leg,
    MarketBoundsError,
    MarketError,
    combinations,
    day_header,
    listing,
    load_market,
    markets_directory,
    reference_commands,
)
from twinex.venue.venue import Venue
from twinex.venue.wire.messages import decode, decode_stream, frames

DAY = date(2026, 7, 6)
TRIAL = """
[[combinations]]
name = "TT"
listed = 1990-01-01
leg_1 = { product = "AA", month = 1 }
leg_2 = { product = "AA", month = 2 }
"""
STOCKS = """
[[combinations]]
name = "SS"
listed = 2026-07-07
leg_1 = { product = "S", symbol = "S3" }
leg_2 = { product = "S", symbol = "S1" }
"""
CROSS = """
[[combinations]]
name = "XX"
listed = 1990-01-01
leg_1 = { product = "AA", month = 3 }
leg_2 = { product = "DD", month = 1 }
"""
WriteOpen = Callable[..., Path]


@pytest.fixture
def write_open(tmp_path: Path) -> WriteOpen:
    """Writes the open market with each (old, new) replaced once, `more` behind it."""

    def write(*changes: tuple[str, str], more: str = "") -> Path:
        head, _, prices = (
            (markets_directory() / "open.toml").read_text().partition("[default_prices]")
        )
        text = f"{head}{more}\n[default_prices]{prices}"
        for old, new in changes:
            assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in the market"
            text = text.replace(old, new)
        path = tmp_path / "wide.toml"
        path.write_text(text)
        return path

    return write


def spreads_on(path: Path | str, day: date) -> dict[str, tuple[int, int, int]]:
    """Number and legs of a day's combinations, by symbol."""
    found = {}
    for message in reference_commands(load_market(path), day):
        kind, fields = decode(message)
        if kind == "combination_define":
            numbers = tuple(fields[name] for name in ("instrument", "leg_1", "leg_2"))
            found[fields["symbol"]] = numbers
    return found


def test_the_open_market_has_the_near_month_against_the_next() -> None:
    numbers = {one.symbol: one.number for one in listing(load_market("open"), DAY)}
    last = max(numbers.values())
    assert spreads_on("open", DAY) == {
        "SP AA2607&AA2608": (last + 1, numbers["AA2607"], numbers["AA2608"]),
        "SP BB2607&BB2608": (last + 2, numbers["BB2607"], numbers["BB2608"]),
    }
    after = spreads_on("open", date(2026, 7, 20))  # the third Friday was the 17th
    assert list(after) == ["SP AA2608&AA2609", "SP BB2608&BB2609"]


@pytest.mark.parametrize("name", ["cffex", "nasdaq", "shfe", "sse"])
def test_other_markets_have_none(name: str) -> None:
    assert load_market(name).combinations == ()


def test_limits_are_the_legs_crosswise() -> None:
    market = load_market("open")
    instruments = listing(market, DAY, {"BB2607": Decimal(3000), "BB2608": Decimal(4000)})
    spread = combinations(market, DAY, instruments)[1]
    assert (spread.leg_1.lower_limit, spread.leg_1.upper_limit) == (2700, 3300)
    assert (spread.leg_2.lower_limit, spread.leg_2.upper_limit) == (3600, 4400)
    assert (spread.lower_limit, spread.upper_limit) == (-1700, -300)


def test_stocks_are_named_by_symbol_and_a_combination_by_its_first_day(
    write_open: WriteOpen,
) -> None:
    path = write_open(more=STOCKS)
    rule = load_market(path).combinations[-1]
    assert (rule.leg_1, rule.leg_2) == (Leg("S", 0, "S3"), Leg("S", 0, "S1"))
    assert "SS S3&S1" not in spreads_on(path, DAY)
    assert "SS S3&S1" in spreads_on(path, date(2026, 7, 7))


def test_a_leg_that_is_not_listed_yet_leaves_it_out(write_open: WriteOpen) -> None:
    path = write_open(('name = "BB"\n', 'name = "BB"\nlisted = 2026-07-07\n'))
    assert list(spreads_on(path, DAY)) == ["SP AA2607&AA2608"]
    assert len(spreads_on(path, date(2026, 7, 7))) == 2


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("month = 2", "month = 1", "leg_2: expected another leg than leg_1"),
        ("month = 2", "month = 4", "leg_2.month: expected an integer from 1 to 3, found 4"),
        ("month = 2", "month = 0", "leg_2.month: expected an integer from 1 to 3, found 0"),
        ("month = 1", "mont = 1", "leg_1: unknown key 'mont'; did you mean 'month'"),
        (", month = 2", "", "leg_2: month is missing: expected a place among"),
        ('"AA", month = 1', '"AB", month = 1', "leg_1.product: expected one of AA, .* found .AB."),
        ('"AA", month = 1', '"OO", month = 1', "leg_1.product: expected a product that is no opt"),
        ('"AA", month = 1', '"S", symbol = "S9"', "leg_1.symbol: expected one of S1, S2, S3, fou"),
        ('"AA", month = 1', '"S", month = 1', "leg_1: unknown key 'month'"),
        ('"AA", month = 1', '"BB", month = 1', "expected legs of one tick: BB and AA differ"),
        ('{ product = "AA", month = 1 }', '"AA"', "leg_1: expected a table, found .AA."),
        ('name = "TT"', "", "name is missing: expected what its symbols begin with"),
        ('name = "TT"', 'name = ""', "name: expected a text"),
        ('name = "TT"', f'name = "{"P" * 19}"', "name: expected a name 1 bytes shorter, for symb"),
        ("listed = 1990-01-01", "", "listed is missing: expected the first trading day"),
        ("listed = 1990-01-01", "list = 1990-01-01", "unknown key 'list'; did you mean 'listed'"),
    ],
)
def test_mistakes_are_named(write_open: WriteOpen, old: str, new: str, found: str) -> None:
    path = write_open(more=TRIAL.replace(old, new))
    with pytest.raises(MarketError, match=rf"wide\.toml:\d+: market: combinations\[2\].*{found}"):
        load_market(path)


def test_combinations_are_a_list(write_open: WriteOpen) -> None:
    path = write_open()
    head, _, rest = path.read_text().partition("[[combinations]]")
    prices = rest.partition("[default_prices]")[2]
    path.write_text(f"{head}[combinations]\nname = 1\n[default_prices]{prices}")
    with pytest.raises(MarketError, match="market: combinations: expected a list"):
        load_market(path)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("", ""),
        ("multiplier = 1000", "multiplier"),
        ('rules.offset_rule = "today_yesterday"', "offset_rule"),
        ("rules.funds_checked = false", "funds_checked"),
        ("tick = [{ from = 1990-01-01, value = 0.2 }, { from = 2030-01-01, value = 1 }]", "tick"),
    ],
)
def test_legs_of_two_products_are_alike(write_open: WriteOpen, change: str, what: str) -> None:
    """DD is made as AA, but for `change`."""
    tick = "tick = [{ from = 1990-01-01, value = 0.2 }]"
    own = change if change.startswith("tick") else f"{change}\n{tick}"
    path = write_open(("tick = [{ from = 1990-01-01, value = 0.01 }]\n\n[[products]] # as Sh",
                       f"{own}\n\n[[products]] # as Sh"), more=CROSS)  # fmt: skip
    if what:
        with pytest.raises(MarketError, match=f"expected legs of one {what}: AA and DD differ"):
            load_market(path)
    else:
        assert "XX AA2609&DD2607" in spreads_on(path, DAY)


def test_the_same_legs_twice_under_one_name(write_open: WriteOpen) -> None:
    twice = TRIAL.replace("TT", "SP")
    with pytest.raises(MarketError, match=r"SP of these legs: already defined at .*wide.toml:\d+"):
        load_market(write_open(more=twice))
    other = load_market(write_open(more=TRIAL))
    assert [one.name for one in other.combinations] == ["SP", "SP", "TT"]


def test_limits_too_far_apart_are_named(write_open: WriteOpen) -> None:
    path = write_open(more=STOCKS.replace("2026-07-07", "1990-01-01"))
    market, prices = load_market(path), {"S1": Decimal(600_000), "S3": Decimal(600_000)}
    instruments = listing(market, DAY, prices)
    with pytest.raises(MarketBoundsError, match=r"wide.toml:\d+: SS S3&S1: .* ticks above the"):
        combinations(market, DAY, instruments)


@pytest.mark.parametrize("more", ["", STOCKS])
def test_the_core_takes_what_the_file_says(write_open: WriteOpen, more: str) -> None:
    market, day = load_market(write_open(more=more)), date(2026, 7, 7)
    messages = [day_header(market, day), *reference_commands(market, day)]
    with Venue() as venue:
        events = venue.submit(np.frombuffer(frames(0, messages), dtype=np.uint8))
        names = [event.name for event in decode_stream(events)]
    assert len(names) == len(messages)
    assert set(names) == {"day_opened", "reference_changed", "rule_changed"}
