"""Position rows of a core made from an image: accounts', those beside quotes, and groups'."""

import numpy as np

from twinex.venue.core.accounts import move_positions
from twinex.venue.core.state import Core
from twinex.venue.image.image import Image
from twinex.venue.image.layout import position_keys

OPENED_MAX = (1 << 31) - 1  # spec/state.md, positions: opened


def find_rows(positions: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Row in the core of each wanted (account, instrument, hedge) among the image's; 0 = none."""
    held, keys = position_keys(positions), position_keys(wanted)
    places = np.searchsorted(held, keys)
    known = places < len(held)
    known[known] = held[places[known]] == keys[known]
    return np.where(known, places + 1, 0)


def quote_rows(core: Core, image: Image) -> np.ndarray:
    """Position row of each of the image's quotes, from 1 on (int64).

    Where the product keeps no positions the row stands behind the image's, in the quotes' order.
    """
    rows = find_rows(image["positions"], image["quotes"])
    alone = rows == 0
    rows[alone] = len(image["positions"]) + 1 + np.arange(alone.sum())
    return np.concatenate([[0], rows])


def enter_holdings(core: Core, image: Image) -> None:
    """Every position row, with the index that finds it."""
    rows, quotes = image["positions"], image["quotes"]
    table = core.positions[1 : len(rows) + 1]
    for name in ("account", "instrument", "hedge", "opened", "ordered"):
        table[name] = rows[name]
    for name in ("today", "yesterday", "frozen", "frozen_today"):
        table[name][:, 0], table[name][:, 1] = rows[f"long_{name}"], rows[f"short_{name}"]
    table["opening"][:, 0], table["opening"][:, 1] = rows["opening_buys"], rows["opening_sells"]
    core.accounts["has_position"][rows["account"]] = 1
    alone = quotes[find_rows(rows, quotes) == 0]
    beside = core.positions[len(rows) + 1 : len(rows) + 1 + len(alone)]
    for name in ("account", "instrument", "hedge"):
        beside[name] = alone[name]
    count = _enter_groups(core, image, len(rows) + len(alone))
    core.now[0]["position_count"] = count
    move_positions(core.positions, count, core.position_index)


def _enter_groups(core: Core, image: Image, count: int) -> int:
    """A row for each (group, instrument, hedge): the sums of its accounts'; the rows in all."""
    rows = image["positions"]
    group = core.accounts["group"][rows["account"]]
    grouped = np.flatnonzero(group)
    mine = rows[grouped]
    keys = np.zeros(len(mine), [("account", "i8"), ("instrument", "i8"), ("hedge", "i8")])
    keys["account"], keys["instrument"] = group[grouped], mine["instrument"]
    keys["hedge"] = mine["hedge"]
    _, first, places = np.unique(position_keys(keys), return_index=True, return_inverse=True)
    table = core.positions[count + 1 : count + 1 + len(first)]
    table["account"] = -keys["account"][first]
    table["instrument"], table["hedge"] = keys["instrument"][first], keys["hedge"][first]
    core.holders["group_row"][grouped + 1] = count + 1 + places
    for side, (holding, opening) in enumerate((("long", "buys"), ("short", "sells"))):
        held = mine[f"{holding}_today"].astype(np.int64) + mine[f"{holding}_yesterday"]
        table["today"][:, side] = _sums(places, held, len(first))
        opened = mine[f"opening_{opening}"].astype(np.int64)
        table["opening"][:, side] = _sums(places, opened, len(first))
    opened = _sums(places, mine["opened"].astype(np.int64), len(first))
    table["opened"] = np.minimum(opened, OPENED_MAX)
    return count + len(first)


def _sums(places: np.ndarray, lots: np.ndarray, count: int) -> np.ndarray:
    """Exact sums of `lots` by place."""
    found = np.zeros(count, np.int64)
    np.add.at(found, places, lots)
    return found
