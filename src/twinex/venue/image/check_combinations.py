"""Combinations of an image held against their legs, and their orders (`spec/combinations.md`)."""

import numpy as np

from twinex.venue.core.limits import LEGS, PRICE_MAX
from twinex.venue.image.claims import frozen_prices
from twinex.venue.image.image import Image
from twinex.venue.image.lookups import (
    are_combinations,
    are_in,
    hold,
    hold_of,
    products_of,
    rows_of,
)
from twinex.venue.wire import codes

_ALIKE = ("tick", "multiplier", "offset_rule", "funds_checked")  # of the products of two legs
_NOT_ITS_OWN = ("previous_settlement", "open_interest", "requested_ns", "position_limit")


def check_combinations(image: Image) -> None:
    """Instruments that have legs: what they are made of."""
    rows = image["instruments"]
    chosen = rows["leg_1"] != 0
    hold(image, "instruments", chosen == (rows["leg_2"] != 0), "a combination has two legs")
    combinations = rows[chosen]
    for name in ("leg_1", "leg_2"):
        defined = are_in(rows, combinations[name])
        hold_of(image, "instruments", chosen, defined, "legs are defined")
        apart = ~are_combinations(image, combinations[name])
        hold_of(image, "instruments", chosen, apart, "no leg is a combination")
    differ = combinations["leg_1"] != combinations["leg_2"]
    hold_of(image, "instruments", chosen, differ, "its legs are two contracts")
    _check_products(image, chosen, combinations)
    _check_limits(image, chosen, combinations)
    for name in _NOT_ITS_OWN:
        none = combinations[name] == 0
        hold_of(image, "instruments", chosen, none, f"a combination has no {name}")


def _legs(image: Image, combinations: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The rows of both legs."""
    rows = image["instruments"]
    return rows_of(rows, combinations["leg_1"]), rows_of(rows, combinations["leg_2"])


def _check_products(image: Image, chosen: np.ndarray, combinations: np.ndarray) -> None:
    """The product is leg 1's, and leg 2's is alike in what both must agree on."""
    one, two = _legs(image, combinations)
    same = combinations["product"] == one["product"]
    hold_of(image, "instruments", chosen, same, "a combination has its leg 1's product")
    product_1, product_2 = (rows_of(image["products"], leg["product"]) for leg in (one, two))
    for name in _ALIKE:
        alike = product_1[name] == product_2[name]
        hold_of(image, "instruments", chosen, alike, f"its legs have the same {name}")


def _check_limits(image: Image, chosen: np.ndarray, combinations: np.ndarray) -> None:
    one, two = _legs(image, combinations)
    follow = combinations["lower_limit"] == one["lower_limit"] - two["upper_limit"]
    follow &= combinations["upper_limit"] == one["upper_limit"] - two["lower_limit"]
    hold_of(image, "instruments", chosen, follow, "a combination's limits follow its legs'")


def check_combined(image: Image) -> None:
    """Their orders, which stand among the others, and what these are frozen at in the legs."""
    orders, rows = image["orders"], image["combined"]
    chosen = are_combinations(image, orders["instrument"])
    of_combinations = orders[chosen]
    same = np.array_equal(np.sort(of_combinations["order_id"]), rows["order_id"])
    hold(image, "combined", same, "its rows are those of the orders of combinations")
    plain = (of_combinations["time_in_force"] == codes.TIME_DAY) & (of_combinations["seat"] != 0)
    plain &= (of_combinations["display_quantity"] == 0) & (of_combinations["post_only"] == 0)
    plain &= of_combinations["order_id"] % LEGS == 0
    plain &= of_combinations["order_id"] // LEGS >= image.day["first_sequence"]
    hold_of(image, "orders", chosen, plain, "an order of a combination is a member's of the day")
    frozen = frozen_prices(image, of_combinations)
    tick = products_of(image, of_combinations)["tick"]
    for name in ("freeze_price_1", "freeze_price_2"):
        price = frozen[name]
        possible = (price > 0) & (price < PRICE_MAX) & (price % tick == 0)
        hold_of(image, "orders", chosen, possible, f"its {name} is a price of a contract")
    difference = frozen["freeze_price_1"] - frozen["freeze_price_2"]
    is_buy, price = of_combinations["side"] == codes.SIDE_BUY, of_combinations["price"]
    covers = np.where(is_buy, difference >= price, difference <= price)
    hold_of(image, "orders", chosen, covers, "its freeze prices cover its price")
