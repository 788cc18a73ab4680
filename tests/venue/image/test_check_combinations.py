"""Images whose combinations do not fit their legs, or their orders: each refused by name."""

from typing import Any

import numpy as np
import pytest
from living import copied, fixed_clock, octets_of
from rich_day import COMBINATIONS, FIRST, LIMITS, TICK, RichDay

from twinex.venue.image.check import check_image
from twinex.venue.image.errors import InconsistentImage
from twinex.venue.image.image import Image
from twinex.venue.venue import Venue
from twinex.venue.wire import codes

SEED = 2  # its day has orders of combinations alive, on both sides
ONE, OTHER = 50, 20
LEG_1, LEG_2 = COMBINATIONS[ONE]
WIDTH = LIMITS["upper_limit"] - LIMITS["lower_limit"]


@pytest.fixture(scope="module")
def image() -> Image:
    with Venue(clock=fixed_clock, first_sequence=FIRST) as venue:
        venue.submit(octets_of(RichDay(SEED).frames(1_200, end=False)))
        made = venue.image()
    assert {ONE, OTHER} < set(made["instruments"]["number"].tolist())
    sides = made["orders"]["side"][_of_combinations(made)]
    assert set(sides.tolist()) == {codes.SIDE_BUY, codes.SIDE_SELL}
    return made


def _of_combinations(image: Image) -> np.ndarray:
    found: np.ndarray = np.isin(image["orders"]["instrument"], list(COMBINATIONS))
    return found


def _refusal(image: Image, section: str, place: int, changes: dict[str, Any]) -> str:
    """Why an image is refused in which one row has other values."""
    rows = copied(image[section])
    for name, value in changes.items():
        rows[name][place] = value
    return _reason({**image.sections, section: rows})


def _reason(sections: dict[str, np.ndarray]) -> str:
    with pytest.raises(InconsistentImage) as caught:
        check_image(Image(sections))
    return caught.value.reason


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"leg_2": 0}, "a combination has two legs"),
        ({"leg_2": 99}, "legs are defined"),
        ({"leg_1": -7}, "legs are defined"),
        ({"leg_2": OTHER}, "no leg is a combination"),
        ({"leg_1": ONE}, "no leg is a combination"),
        ({"leg_2": LEG_1}, "its legs are two contracts"),
        ({"product": 1}, "a combination has its leg 1's product"),
        ({"leg_2": 14}, "its legs have the same offset_rule"),
        ({"lower_limit": -WIDTH - TICK}, "a combination's limits follow its legs'"),
        ({"upper_limit": 1_000 * TICK}, "a combination's limits follow its legs'"),
        ({"lower_limit": -(10**11)}, "limits are inside their bounds, on the tick"),
        ({"previous_settlement": TICK}, "a combination has no previous_settlement"),
        ({"open_interest": 1}, "a combination has no open_interest"),
        ({"requested_ns": 1}, "a combination has no requested_ns"),
        ({"position_limit": 1}, "a combination has no position_limit"),
    ],
)
def test_definitions(image: Image, changes: dict[str, int], reason: str) -> None:
    place = int(np.flatnonzero(image["instruments"]["number"] == ONE)[0])
    found = _refusal(image, "instruments", place, changes)
    assert found.startswith(f"section 'instruments': {reason}, row {place}"), found


def test_limits_below_nothing_are_a_combinations_alone(image: Image) -> None:
    place = int(np.flatnonzero(image["instruments"]["number"] == LEG_1)[0])
    found = _refusal(image, "instruments", place, {"lower_limit": -TICK})
    assert "limits are inside their bounds" in found
    found = _refusal(image, "instruments", place, {"leg_2": LEG_2})
    assert "a combination has two legs" in found


def test_legs_that_move_alone(image: Image) -> None:
    """The limits of a contract without its combinations'."""
    place = int(np.flatnonzero(image["instruments"]["number"] == LEG_2)[0])
    upper = int(image["instruments"]["upper_limit"][place]) + TICK
    found = _refusal(image, "instruments", place, {"upper_limit": upper})
    assert "a combination's limits follow its legs'" in found


@pytest.mark.parametrize(
    "changes",
    [
        {"time_in_force": codes.TIME_GTC},
        {"display_quantity": 9},
        {"post_only": 1},
        {"seat": 0},
        {"order_id": FIRST * 1024 + 1},
        {"order_id": (FIRST - 1) * 1024},
    ],
)
def test_orders_that_no_combination_takes(image: Image, changes: dict[str, int]) -> None:
    place = int(np.flatnonzero(_of_combinations(image))[0])
    orders, combined = copied(image["orders"]), copied(image["combined"])
    at = np.flatnonzero(combined["order_id"] == orders["order_id"][place])
    for name, value in changes.items():
        orders[name][place] = value
        if name in (combined.dtype.names or ()):
            combined[name][at] = value
    combined = combined[np.argsort(combined["order_id"])]
    found = _reason({**image.sections, "orders": orders, "combined": combined})
    assert found.startswith(
        f"section 'orders': an order of a combination is a member's of the day, row {place}"
    ), found


@pytest.mark.parametrize("name", ["freeze_price_1", "freeze_price_2"])
@pytest.mark.parametrize("value", [0, -TICK, 1, 10**11])
def test_freeze_prices_are_prices_of_contracts(image: Image, name: str, value: int) -> None:
    found = _refusal(image, "combined", 0, {name: value})
    assert f"its {name} is a price of a contract, row" in found


@pytest.mark.parametrize("side", [codes.SIDE_BUY, codes.SIDE_SELL])
def test_freeze_prices_cover_what_an_order_may_trade_at(image: Image, side: int) -> None:
    """A buy is frozen so that leg 1 − leg 2 is its price or more, a sell its price or less."""
    orders, combined = image["orders"], image["combined"]
    chosen = _of_combinations(image) & (orders["side"] == side)
    order = orders[chosen][0]
    place = int(np.flatnonzero(combined["order_id"] == order["order_id"])[0])
    just = int(combined["freeze_price_2"][place]) + int(order["price"])
    beyond = just + (TICK if side == codes.SIDE_SELL else -TICK)
    found = _refusal(image, "combined", place, {"freeze_price_1": beyond})
    assert "its freeze prices cover its price" in found


def test_every_order_of_a_combination_has_its_freeze_prices(image: Image) -> None:
    rows = image["combined"]
    another = copied(rows)
    another["order_id"][-1] += 1024
    for changed in (rows[1:], rows[:-1], another):
        found = _reason({**image.sections, "combined": changed})
        assert "its rows are those of the orders of combinations" in found


@pytest.mark.parametrize(
    ("section", "reason"),
    [
        ("stops", "no stop waits in a combination"),
        ("quotes", "no combination is quoted"),
        ("positions", "positions are held in legs, in no combination"),
        ("trades", "legs trade, no combination does"),
    ],
)
def test_what_no_combination_has(image: Image, section: str, reason: str) -> None:
    rows = image[section]
    tried = set()
    for place in range(len(rows)):  # keys must rise all the same, and prices fit
        for number in sorted(COMBINATIONS):
            changed = copied(rows)
            changed["instrument"][place] = number
            tried.add(_reason({**image.sections, section: changed}).split(", row")[0])
    assert f"section '{section}': {reason}" in tried


def test_volume_is_frozen_in_both_legs(image: Image) -> None:
    chosen = np.flatnonzero(_of_combinations(image) & (image["orders"]["remaining"] > 1))
    place = int(chosen[0])
    less = int(image["orders"]["remaining"][place]) - 1
    found = _refusal(image, "orders", place, {"remaining": less, "shown": less})
    assert "is the volume of live orders" in found


def test_nothing_of_a_combination_outlives_the_day(image: Image) -> None:
    found = _refusal(image, "day", 0, {"state": 2})
    assert "what outlives its day lasts" in found
