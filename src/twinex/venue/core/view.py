"""Looking at the core from outside: a book's depth, an auction's price, a dump of the tables."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from twinex.venue.compiler import kernel
from twinex.venue.core.auction import auction_price
from twinex.venue.core.book import best_rank, level_index, next_level, price_of
from twinex.venue.core.limits import NIL
from twinex.venue.core.state import ICEBERG, Core, tables_of


class Level(NamedTuple):
    """One price level: price in 1/10000, lots shown, and how many orders."""

    price: int
    quantity: int
    orders: int


class Depth(NamedTuple):
    """Both sides of a book, best level first."""

    bids: list[Level]
    asks: list[Level]


@kernel
def _read_side(core, number, side, found):
    """Fill `found` (int64[n,3]) with the best levels; how many there were."""
    core = tables_of(core)
    instrument = core.instruments[number]
    rank = best_rank(instrument, side)
    count = 0
    while rank < instrument["ranks"] and count < len(found):
        level = core.levels[level_index(instrument, side, rank)]
        found[count, 0] = price_of(instrument, side, rank)
        found[count, 1] = level["volume"]
        slot = np.int64(level["head"])
        while slot != NIL:
            order = core.orders[slot]
            found[count, 2] += 1
            if order["flags"] & ICEBERG != 0:
                hidden = np.int64(order["remaining"]) - np.int64(core.extras[slot]["shown"])
                found[count, 1] -= hidden
            slot = np.int64(order["next"])
        count += 1
        rank = next_level(core, instrument, side, rank + 1)
    return count


def _require(core: Core, number: int) -> None:
    if not 0 < number < len(core.instruments) or core.instruments[number]["product"] == 0:
        raise KeyError(f"no instrument {number}")


def read_depth(core: Core, number: int, depth: int) -> Depth:
    """The best `depth` levels of both sides. Raises KeyError for an unknown instrument."""
    _require(core, number)
    sides = []
    for side in (0, 1):
        found = np.zeros((depth, 3), dtype=np.int64)
        count = _read_side(core, number, side, found)
        sides.append([Level(*row) for row in found[:count].tolist()])
    return Depth(*sides)


@kernel
def _indicate(core, number):
    core = tables_of(core)
    instrument = core.instruments[number]
    return auction_price(core, core.products[instrument["product"]], instrument)


def indicate(core: Core, number: int) -> tuple[int, int, int]:
    """(price, volume, surplus) of an auction of the instrument held now; zeros if none crosses.

    Raises KeyError for an unknown instrument.
    """
    _require(core, number)
    price, volume, surplus = _indicate(core, number)
    return int(price), int(volume), int(surplus)


def dump(core: Core, directory: Path) -> Path | None:
    """Write the core's tables to `core-SEQUENCE.npz` there, for whoever finds out what went wrong.

    `numpy.load` reads it. None where it cannot be written: that must not hide the error before.
    """
    path = directory / f"core-{int(core.now[0]['sequence'])}.npz"
    tables = {name: table for name, table in core._asdict().items() if "event" not in name}
    try:
        np.savez_compressed(path, **tables)
    except OSError:
        return None
    return path
