"""Printed numbers to exact integers: no float is ever computed with."""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation

import numpy as np
import polars as pl

from twinex.tape.columns import PRICE_UNITS
from twinex.tape.errors import TapeBroken

NS_PER_MS = 1_000_000
CHINA = "Asia/Shanghai"

# A float printed with 17 digits is off by less than this; a price off the tick by far more.
_PRINTING_ERROR = Decimal("1e-15")
_LARGEST = Decimal(1 << 53)


def price_units(text: str, tick: int) -> int:
    """A printed price in internal units, rounded to `tick` (units).

    Raises TapeBroken if it is no number, or further from the tick than printing a float explains.
    """
    try:
        ticks = Decimal(text) * PRICE_UNITS / tick
    except InvalidOperation:
        raise TapeBroken(f"{text!r} is no price") from None
    if not ticks.is_finite() or abs(ticks) >= _LARGEST:
        raise TapeBroken(f"{text!r} is no price: not finite, or too large")
    rounded = int(ticks.to_integral_value())
    if abs(ticks - rounded) > _PRINTING_ERROR * max(1, abs(rounded)):
        raise TapeBroken(f"price {text} is no multiple of the tick {price_text(tick)}")
    return rounded * tick


def price_column(printed: pl.Series, tick: int) -> np.ndarray:
    """A column of printed prices (String) in internal units, int64. Raises TapeBroken."""
    return _mapped(printed, lambda text: price_units(text, tick))


def money_column(printed: pl.Series) -> np.ndarray:
    """A column of printed money (String) in 1/10000 yuan, int64. Raises TapeBroken."""
    return _mapped(printed, lambda text: price_units(text, 1))


def _mapped(printed: pl.Series, convert: Callable[[str], int]) -> np.ndarray:
    """Each distinct text is converted once: a day has few distinct prices."""
    texts = printed.unique().to_list()
    if None in texts:
        raise TapeBroken(f"column {printed.name} has empty cells")
    values = [convert(text) for text in texts]
    return printed.replace_strict(texts, values, return_dtype=pl.Int64).to_numpy()


def price_text(units: int) -> str:
    """Internal units as people read them: 512100 -> 51.21."""
    return f"{(Decimal(int(units)) / PRICE_UNITS).normalize():f}"


def midnight_ns(day: int, zone: str) -> int:
    """ns since the epoch of local midnight of `day` (yyyymmdd) in an IANA time zone."""
    year, month, date = day // 10_000, day // 100 % 100, day % 100
    local = pl.Series([f"{year:04}-{month:02}-{date:02}"]).str.to_datetime(
        "%Y-%m-%d", time_unit="ns"
    )
    return int(local.dt.replace_time_zone(zone).dt.epoch("ns")[0])
