"""Client ids used today: (member, client id) counts once (`spec/orders.md`).

An open-addressing hash, two ids a cache line. A member's ids mostly follow one another: 128 that do
lie beside one another, in the order of their low bits, so that the next one's row is at hand. Where
another id stands, three other such blocks are tried, then rows from a place on that the whole id
chooses, each in the next lane of the next block: ids of one low end only (128, 256, ...) find room
wherever there is some, and full blocks are stepped over. A salt that no member knows is in every
choice, so nobody can pick ids that all fall on one place; nothing the core says depends on it.
"""

import numpy as np

from twinex.venue.compiler import inlined, inner, kernel

_LOW = 0xFFFFFFFF
_BLOCK_BITS = 7  # 128 rows of 32 bytes: a page of memory
_BLOCK_LOW = (1 << _BLOCK_BITS) - 1
_STEP = _BLOCK_LOW + 2  # rows; odd, so that it is prime to every table size
_BLOCKS = 4  # tried one after another
_FACTOR = 0x2545F491
_APART = 0x2E96B91D  # sets the choices apart


@inner
def _mix(salt, member, choice, number):
    """Bits for one of the choices; factors of 31 bits keep every product inside int64."""
    factor = ((salt ^ _FACTOR) & 0x7FFFFFFF) | 1  # a good one also where there is no salt
    mixed = ((number ^ (salt >> 31)) & _LOW) * factor
    mixed ^= (mixed >> 32) ^ (number >> 32) ^ member ^ (choice * _APART)
    mixed = (mixed & _LOW) * 1540483477
    return mixed ^ (mixed >> 31)


@inlined
def _in_block(ids, salt, member, client_id, choice):
    mask = len(ids) - 1
    mixed = _mix(salt, member, choice, client_id >> _BLOCK_BITS)
    return (((mixed & mask) << _BLOCK_BITS) | (client_id & _BLOCK_LOW)) & mask


@inlined
def id_place(ids, salt, member, client_id):
    """Row where (member, client_id) stands unless another was there before it."""
    return _in_block(ids, salt, member, client_id, 0)


@inlined
def likely_place(ids, salt, member, client_id):
    """`id_place`, or the second choice where another id stands there: to fetch it ahead."""
    row = id_place(ids, salt, member, client_id)
    known = ids[row]["client_id"]
    if known == 0 or known == client_id:
        return row
    return _in_block(ids, salt, member, client_id, 1)


@inlined
def find_id(ids, salt, member, client_id):
    """Row of (member, client_id), or of the empty row where it belongs."""
    mask = len(ids) - 1
    row = id_place(ids, salt, member, client_id)
    for choice in range(1, mask + _BLOCKS + 1):
        known = ids[row]["client_id"]
        if known == 0 or (known == client_id and np.int64(ids[row]["member"]) == member):
            return row
        if choice < _BLOCKS:
            row = _in_block(ids, salt, member, client_id, choice)
        elif choice == _BLOCKS:
            row = _mix(salt, member, choice, client_id) & mask
        else:
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
