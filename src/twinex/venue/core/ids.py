"""Client ids used today: (member, client id) counts once (`spec/orders.md`).

An open-addressing hash of two ids a cache line. Ids that follow one another lie beside one another:
the low three bits choose a lane of an eight-row block, the rest chooses the block; collisions go on
in the next lane of the next block. Steps of nine rows meet every row of the table, so that ids of
one lane only (8, 16, 24, ...) find room wherever there is some.
"""

import numpy as np

from twinex.venue.compiler import inner, kernel

_STEP = 9  # rows; odd, so that it is prime to every table size


@inner
def _block_of(member, client_id, mask):
    """Block for the id; the factors keep every product inside int64."""
    group = client_id >> 3
    mixed = (group & 0xFFFFFFFF) * 1540483477 + (group >> 32) * 461845907 + member * 668265263
    mixed ^= mixed >> 31
    return mixed & mask


@inner
def id_place(ids, member, client_id):
    """Row where (member, client_id) stands unless others were there before it."""
    return _block_of(member, client_id, (len(ids) >> 3) - 1) * 8 + (client_id & 7)


@inner
def find_id(ids, member, client_id):
    """Row of (member, client_id), or of the empty row where it belongs."""
    mask = len(ids) - 1
    row = id_place(ids, member, client_id)
    for _ in range(mask + 1):
        known = ids[row]["client_id"]
        if known == 0 or (known == client_id and np.int64(ids[row]["member"]) == member):
            return row
        row = (row + _STEP) & mask
    return np.int64(-1)


@kernel
def move_ids(old, new):
    """Put every id of `old` into the larger, empty table `new`."""
    for row in range(len(old)):
        client_id = old[row]["client_id"]
        if client_id != 0:
            place = find_id(new, np.int64(old[row]["member"]), client_id)
            assert place >= 0
            new[place] = old[row]
