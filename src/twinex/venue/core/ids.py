"""Client ids used today: (member, client id) counts once (`spec/orders.md`).

An open-addressing hash of two ids a cache line. Ids that follow one another lie beside one another:
the low three bits choose a lane of an eight-row block, the rest chooses the block; collisions go on
in the next lane of the next block. Steps of nine rows meet every row of the table, so that ids of
one lane only (8, 16, 24, ...) find room wherever there is some. A salt that no member knows chooses
the block, so that nobody can pick ids that all fall on one; nothing the core says depends on it.
"""

import numpy as np

from twinex.venue.compiler import inlined, inner, kernel

_LOW = 0xFFFFFFFF
_STEP = 9  # rows; odd, so that it is prime to every table size


@inner
def _block_of(salt, member, client_id, mask):
    """Block for the id; factors of 31 bits keep every product inside int64."""
    group = client_id >> 3
    mixed = ((group ^ (salt >> 31)) & _LOW) * ((salt & 0x7FFFFFFF) | 1)
    mixed = ((mixed ^ (mixed >> 32) ^ (group >> 32) ^ member) & _LOW) * 1540483477
    return (mixed ^ (mixed >> 31)) & mask


@inlined
def id_place(ids, salt, member, client_id):
    """Row where (member, client_id) stands unless others were there before it."""
    return _block_of(salt, member, client_id, (len(ids) >> 3) - 1) * 8 + (client_id & 7)


@inlined
def find_id(ids, salt, member, client_id):
    """Row of (member, client_id), or of the empty row where it belongs."""
    mask = len(ids) - 1
    row = id_place(ids, salt, member, client_id)
    for _ in range(mask + 1):
        known = ids[row]["client_id"]
        if known == 0 or (known == client_id and np.int64(ids[row]["member"]) == member):
            return row
        row = (row + _STEP) & mask
    return np.int64(-1)


@kernel
def move_ids(old, new, salt):
    """Put every id of `old` into the larger, empty table `new`."""
    for row in range(len(old)):
        client_id = old[row]["client_id"]
        if client_id != 0:
            place = find_id(new, salt, np.int64(old[row]["member"]), client_id)
            assert place >= 0
            new[place] = old[row]
