"""Prices from text and back."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinex.client.prices import price, price_text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("4012.4", 40_124_000),
        ("-0.2", -2000),
        (Decimal("3.1416"), 31_416),
        (46, 460_000),
        ("1e3", 10_000_000),
        ("0", 0),
        (" 5 ", 50_000),
    ],
)
def test_price(text: str | int | Decimal, value: int) -> None:
    assert price(text) == value


@pytest.mark.parametrize("wrong", [4012.4, True, None, float("nan"), b"1"])
def test_what_is_not_exact_is_refused(wrong: object) -> None:
    with pytest.raises(TypeError, match=r"write price\('4012.4'\)"):
        price(wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", ["1.00001", "", "abc", "nan", "inf", "1e30", "1e-999999999"])
def test_what_is_no_price_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"is no price|finer"):
        price(wrong)


@given(st.integers(-(10**17), 10**17))
def test_there_and_back(value: int) -> None:
    assert price(price_text(value)) == value
