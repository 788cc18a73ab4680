"""What the live orders of an image hold: each in its instrument, those of combinations in two."""

import numpy as np

from twinex.venue.image.image import Image
from twinex.venue.image.lookups import are_combinations, rows_of

CLAIM = np.dtype(
    [
        ("price", "i8"),  # at which it is frozen
        ("remaining", "i8"),
        ("instrument", "i4"),
        ("account", "i4"),
        ("side", "u1"),
        ("offset", "u1"),
        ("hedge", "u1"),
    ]
)


def claims(image: Image) -> np.ndarray:
    """A row (`CLAIM`) for each order and stop, for each order of a combination one in either leg.

    Orders and section `combined` must fit together (`check_combinations`).
    """
    orders, stops = image["orders"], image["stops"]
    combined = are_combinations(image, orders["instrument"])
    single, double = orders[~combined], orders[combined]
    legs = rows_of(image["instruments"], double["instrument"])
    frozen = frozen_prices(image, double)
    parts = [
        _claims(single, single["price"]),
        _claims(stops, stops["freeze_price"]),
        _claims(double, frozen["freeze_price_1"], legs["leg_1"]),
        _claims(double, frozen["freeze_price_2"], legs["leg_2"]),
    ]
    parts[-1]["side"] = 1 - double["side"]
    return np.concatenate(parts)


def frozen_prices(image: Image, orders: np.ndarray) -> np.ndarray:
    """The row of section `combined` of each of these orders, which are all in it."""
    rows = image["combined"]
    return rows[np.searchsorted(rows["order_id"], orders["order_id"])]


def _claims(rows: np.ndarray, price: np.ndarray, number: np.ndarray | None = None) -> np.ndarray:
    made = np.zeros(len(rows), CLAIM)
    for name in ("remaining", "instrument", "account", "side", "offset", "hedge"):
        made[name] = rows[name]
    made["price"] = price
    if number is not None:
        made["instrument"] = number
    return made
