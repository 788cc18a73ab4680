"""What the checks of an image share: rows that others name, and the refusal."""

from typing import Any

import numpy as np

from twinex.venue.image.errors import InconsistentImage
from twinex.venue.image.image import Image


def hold(image: Image, section: str, good: Any, what: str) -> None:
    """Every row of `section` is `good` (a bool each, or one for all)."""
    if not np.all(good):
        wrong = np.flatnonzero(~np.atleast_1d(good))
        rows = image[section]
        row = f", row {wrong[0]}: {rows[wrong[0]]}" if np.ndim(good) else ""
        raise InconsistentImage(image.path, f"section {section!r}: {what}{row}")


def hold_of(image: Image, section: str, chosen: np.ndarray, good: Any, what: str) -> None:
    """The rows of `section` that are `chosen` (a bool each) are `good`, one behind the other."""
    all_good = np.ones(len(chosen), bool)
    all_good[chosen] = good
    hold(image, section, all_good, what)


def are_in(section: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """Does each of `numbers` stand in a numbered section?"""
    found: np.ndarray = np.isin(numbers, section["number"])
    return found


def rows_of(section: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """The rows of a numbered section that `numbers`, all in it, name."""
    return section[np.searchsorted(section["number"], numbers)]


def are_combinations(image: Image, numbers: np.ndarray) -> np.ndarray:
    """Is each of these instruments a combination?"""
    instruments = image["instruments"]
    found: np.ndarray = np.isin(numbers, instruments["number"][instruments["leg_1"] != 0])
    return found


def products_of(image: Image, rows: np.ndarray) -> np.ndarray:
    """The product row of each row that names an instrument."""
    instruments = rows_of(image["instruments"], rows["instrument"])
    return rows_of(image["products"], instruments["product"])
