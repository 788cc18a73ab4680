"""Where two state images differ, in words: the first row of each section that does."""

from typing import Any

import numpy as np

from twinex.venue.image.image import Image
from twinex.venue.image.layout import KEYS, SECTIONS


def differences(one: Image, other: Image) -> list[str]:
    """A line for each section that differs; none where the images are the same.

    For instance `instruments: number 7: last_price 39990000, other 39985000`.
    """
    return [
        f"{name}: {_in_words(one[name], other[name], KEYS.get(name, ()))}"
        for name in SECTIONS
        if one[name].tobytes() != other[name].tobytes()
    ]


def _in_words(one: np.ndarray, other: np.ndarray, keys: tuple[str, ...]) -> str:
    both = min(len(one), len(other))
    octets = [rows[:both].tobytes() for rows in (one, other)]
    if octets[0] == octets[1]:
        more, which = (one, "one") if len(one) > both else (other, "other")
        return f"{len(one)} rows, other {len(other)}; the {which} goes on with {_row(more[both])}"
    unlike = np.frombuffer(octets[0], np.uint8) != np.frombuffer(octets[1], np.uint8)
    place = int(np.flatnonzero(unlike)[0]) // one.dtype.itemsize
    mine, theirs = one[place], other[place]
    counts = "" if len(one) == len(other) else f"{len(one)} rows, other {len(other)}; "
    if any(mine[key] != theirs[key] for key in keys):
        return f"{counts}row {place}: {_row(mine)}, other {_row(theirs)}"
    named = ", ".join(f"{key} {mine[key]}" for key in keys) or f"row {place}"
    fields = [
        f"{field} {mine[field]}, other {theirs[field]}"
        for field in one.dtype.names or ()
        if mine[field] != theirs[field]
    ]
    return f"{counts}{named}: {'; '.join(fields) or 'bytes without a name'}"


def _row(row: Any) -> str:
    """The fields of a row that are not zero."""
    said = [f"{name} {row[name]}" for name in row.dtype.names if row[name] != 0]
    return ", ".join(said) or "a row of zeros"
