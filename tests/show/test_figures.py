"""Numbers as people read them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinex.show import figures


@pytest.mark.parametrize(
    ("tick", "digits"), [(1, 4), (10, 3), (50, 3), (100, 2), (2_000, 1), (10_000, 0), (50_000, 0)]
)
def test_decimals_of(tick: int, digits: int) -> None:
    assert figures.decimals_of(tick) == digits


@pytest.mark.parametrize(
    ("price", "digits", "text"),
    [
        (46_002_000, 1, "4600.2"),
        (1_081_550, 3, "108.155"),
        (780_000_000, 0, "78000"),
        (-2_000, 1, "-0.2"),
        (5, 4, "0.0005"),
        (0, 2, "0.00"),
    ],
)
def test_price_text(price: int, digits: int, text: str) -> None:
    assert figures.price_text(price, digits) == text


@given(st.integers(-(10**12), 10**12))
def test_a_price_can_be_read_back(price: int) -> None:
    whole, part = figures.price_text(price, 4).lstrip("-").split(".")
    assert (int(whole) * 10_000 + int(part)) * (-1 if price < 0 else 1) == price


@pytest.mark.parametrize(
    ("change", "base", "text"),
    [(12, 1_000, "+1.20%"), (-5, 1_000, "-0.50%"), (0, 7, "0.00%"), (1, 10**9, "0.00%"),
     (1, 3, "+33.33%"), (2, 3, "+66.67%"), (-1, 3, "-33.33%"), (1, 0, "")],
)  # fmt: skip
def test_percent_text(change: int, base: int, text: str) -> None:
    assert figures.percent_text(change, base) == text


@pytest.mark.parametrize(
    ("units", "text"),
    [
        (0, "0"),
        (78_900_000, "7,890"),
        (9_999_999_999, "999,999"),
        (4_567_891_234_567, "456.7 m"),
        (12_345_678_900_000, "1.23 bn"),
        (98_765_432_100_000_000, "9,876.54 bn"),
    ],
)
def test_money_text(units: int, text: str) -> None:
    assert figures.money_text(units) == text


@pytest.mark.parametrize(
    ("ns", "text"),
    [(0, "0 ns"), (850, "850 ns"), (12_345, "12.3 µs"), (4_100_000, "4.1 ms"), (10**9, "1.0 s")],
)
def test_nanoseconds_text(ns: int, text: str) -> None:
    assert figures.nanoseconds_text(ns) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [(12, "12 bytes"), (1_500, "1.5 kB"), (67_108_864, "67.1 MB"), (2_000_000_000, "2.0 GB")],
)
def test_bytes_text(count: int, text: str) -> None:
    assert figures.bytes_text(count) == text


def test_clock_text() -> None:
    noon = 1_783_310_400 * 10**9  # 2026-07-06 04:00 UTC
    assert figures.clock_text(noon, 8) == "12:00:00"
    assert figures.clock_text(noon + 61_001_999_999, 8, fraction=True) == "12:01:01.001"
    assert figures.clock_text(noon, -4) == "00:00:00"
    assert figures.clock_text(noon, -5) == "23:00:00"


def test_sparkline() -> None:
    assert figures.sparkline([], 8) == ""
    assert figures.sparkline([5, 5, 5], 8) == "▄▄▄"
    assert figures.sparkline([0, 7], 8) == "▁█"
    assert figures.sparkline(list(range(8)), 8) == "▁▂▃▄▅▆▇█"
    assert figures.sparkline(list(range(800)), 8) == "▁▂▃▄▅▆▇█"


@given(st.lists(st.integers(-(10**9), 10**9), max_size=50), st.integers(1, 20))
def test_sparklines_are_as_wide_as_asked_at_most(values: list[int], width: int) -> None:
    assert len(figures.sparkline(values, width)) == min(width, len(values))


def test_bar() -> None:
    assert figures.bar(8, 8, 4) == "████"
    assert figures.bar(4, 8, 4) == "██"
    assert figures.bar(1, 32, 4) == "▏"
    assert figures.bar(1, 10**6, 4) == "▏", "what is there is seen"
    assert figures.bar(0, 8, 4) == ""
    assert figures.bar(0, 0, 4) == ""


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(1, 40))
def test_bars_grow_and_stay_inside(one: int, other: int, width: int) -> None:
    largest = max(one, other)
    bars = [figures.bar(value, largest, width) for value in sorted((one, other))]
    assert len(bars[0]) <= len(bars[1]) <= width
