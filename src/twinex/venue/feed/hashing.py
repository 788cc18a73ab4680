"""Rows by key: open addressing with linear probing; a row's key is (`first`, `second`)."""

from twinex.venue.compiler import inlined, inner

_LEG_BITS = 10  # order ids are sequence * 1024 + leg: orders that follow one another lie together


@inlined
def _home(slots, first, second):
    mixed = (first >> _LEG_BITS) * 3 + (first & 1023) * 613 + second * 40503
    mixed ^= mixed >> 21
    return mixed & (len(slots) - 1)


@inlined
def find(slots, rows, first, second):
    """The row with that key; 0 = there is none."""
    mask = len(slots) - 1
    place = _home(slots, first, second)
    while slots[place] != 0:
        row = slots[place]
        if rows[row]["first"] == first and rows[row]["second"] == second:
            return row
        place = (place + 1) & mask
    return slots[place]


@inner
def enter(slots, rows, row):
    """Enter a row under its key, which is not there yet. At least half of `slots` are free."""
    place = _home(slots, rows[row]["first"], rows[row]["second"])
    while slots[place] != 0:
        place = (place + 1) & (len(slots) - 1)
    slots[place] = row


@inner
def forget(slots, rows, row):
    """Take a row out; those behind it move up, so that no probe finds a hole before its row."""
    mask = len(slots) - 1
    hole = _home(slots, rows[row]["first"], rows[row]["second"])
    while slots[hole] != row:
        hole = (hole + 1) & mask
    place = (hole + 1) & mask
    while slots[place] != 0:
        other = rows[slots[place]]
        home = _home(slots, other["first"], other["second"])
        if ((place - home) & mask) >= ((place - hole) & mask):
            slots[hole] = slots[place]
            hole = place
        place = (place + 1) & mask
    slots[hole] = 0
