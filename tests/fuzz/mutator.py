"""Mutations of valid command bytes, compiled. What there is to mutate comes from `messages.xml`.

A *string* is one frame: length, seat, message. The pool holds good strings: commands of a random
day and, so that messages which that day never sends are in it too, some of every template of the
schema with small numbers in their fields. A mutated string starts as one of the pool, mostly gets a
fresh client id and often the id of a recent order, and then up to four mutations: a flipped bit, an
extreme or neighbouring value in a field, another template, another seat, a header field, a piece of
another string, a message cut or made longer. One in 200 also lies about its frame's length.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from fuzz.ground import good_frames
from twinex.venue.wire.schema import (
    COMMANDS,
    FRAME_HEADER_BYTES,
    HEADER_BYTES,
    SCHEMA_ID,
    SCHEMA_VERSION,
)

BLOCK = FRAME_HEADER_BYTES + HEADER_BYTES  # where the fields begin
BYTES_MAX = 256  # of a string
DAY_END_ONE_IN = 20_000
LIES_ONE_IN = 200
OTHER, CLIENT_ID, TARGET_CLIENT_ID, ORDER_ID = range(4)
_ROLES = {"client_id": CLIENT_ID, "target_client_id": TARGET_CLIENT_ID, "order_id": ORDER_ID}
_LEGS = 1024

EXTREMES = np.array(
    sorted(
        {0, 1, -1, 2, -2, 7, 255, 256, 65_535, 65_536, 10**6, 10**9, 10**11}
        | {(1 << bits) + more for bits in (31, 32, 53, 62) for more in (-1, 0)}
        | {(1 << 63) - 1, -(1 << 63), 1 - (1 << 63), -(1 << 31), -(1 << 62)}
    ),
    dtype=np.int64,
)  # fmt: skip


class Pool(NamedTuple):
    """What is mutated; for compiled code."""

    strings: np.ndarray  # (strings, BYTES_MAX) uint8
    lengths: np.ndarray  # bytes of each
    templates: np.ndarray  # ids of the commands that there are
    fields: np.ndarray  # (fields, 4): template id, byte of the string, bytes, role
    firsts: np.ndarray  # by template id: its first row in `fields`, and the next one's
    extremes: np.ndarray
    day_end: int


def pool(seed: int, a_template: int = 5) -> Pool:
    """The pool of a seed: a random day's commands, and `a_template` of each kind of command."""
    generator = np.random.default_rng(seed)
    good = [each for part in good_frames(seed, 2_000) for each in part]
    strings = [each for each in good if len(each) <= BYTES_MAX]
    for name in COMMANDS:
        strings += [_small(name, generator) for _ in range(a_template)]
    table = np.zeros((len(strings), BYTES_MAX), dtype=np.uint8)
    for row, each in enumerate(strings):
        table[row, : len(each)] = np.frombuffer(each, dtype=np.uint8)
    ids = sorted(template.id for template in COMMANDS.values())
    fields, firsts = _fields()
    lengths = np.array([len(each) for each in strings])
    day_end = COMMANDS["day_end"].id
    return Pool(table, lengths, np.array(ids), fields, firsts, EXTREMES, day_end)


def _small(name: str, generator: np.random.Generator) -> bytes:
    """A command whose numbers are small."""
    template = COMMANDS[name]
    length = HEADER_BYTES + template.block_length
    octets = np.zeros(FRAME_HEADER_BYTES + (length + 7) // 8 * 8, dtype=np.uint8)
    octets[:8].view("<i4")[:] = length, 0 if template.id > 19 else generator.integers(1, 7)
    octets[8:16].view("<u2")[:] = template.block_length, template.id, SCHEMA_ID, SCHEMA_VERSION
    block = octets[BLOCK : BLOCK + template.block_length].view(template.block)
    for field in template.block.names or ():
        if template.block[field].kind in "iu":
            block[field] = generator.integers(0, 8)
    return octets.tobytes()


def _fields() -> tuple[np.ndarray, np.ndarray]:
    rows, firsts = [], np.zeros(102, dtype=np.int64)
    for template in sorted(COMMANDS.values(), key=lambda template: template.id):
        known = template.block.fields
        assert known is not None
        firsts[template.id] = len(rows)
        for name, (kind, offset, *_) in known.items():
            if kind.kind in "iu":
                rows.append((template.id, BLOCK + offset, kind.itemsize, _ROLES.get(name, OTHER)))
        firsts[template.id + 1 :] = len(rows)
    return np.array(rows, dtype=np.int64), firsts


@njit(cache=True)
def seed_compiled(seed):
    """Seed the generator of compiled code, which is not Python's."""
    np.random.seed(seed)


@njit(cache=True)
def _draw(end):
    return np.random.randint(0, end)


@njit(cache=True)
def _put(octets, place, size, value):
    """The low `size` bytes of `value`, little-endian."""
    for byte in range(size):
        octets[place + byte] = (value >> (8 * byte)) & 0xFF


@njit(cache=True)
def _get(octets, place, size):
    value = np.int64(0)
    for byte in range(size):
        value |= np.int64(octets[place + byte]) << (8 * byte)
    return value


@njit(cache=True)
def _name_recent(pool, octets, client_id, sequence):
    """A fresh client id mostly; often the client id or order id of a recent command."""
    template = _get(octets, 10, 2)
    if template > 19:
        return
    for row in range(pool.firsts[template], pool.firsts[template + 1]):
        place, role = pool.fields[row, 1], pool.fields[row, 3]
        if role == CLIENT_ID and _draw(10) > 0:
            _put(octets, place, 8, client_id)
        elif role == TARGET_CLIENT_ID and _draw(2) == 0:
            _put(octets, place, 8, max(1, client_id - 1 - _draw(60)))
        elif role == ORDER_ID and _draw(3) == 0:
            _put(octets, place, 8, max(0, sequence - _draw(60)) * _LEGS)


@njit(cache=True)
def _change_field(pool, octets):
    """An extreme, a small or a neighbouring value in a field of the string's template."""
    template = min(_get(octets, 10, 2), len(pool.firsts) - 2)
    first, end = pool.firsts[template], pool.firsts[template + 1]
    if first == end:
        return
    row = first + _draw(end - first)
    place, size, draw = pool.fields[row, 1], pool.fields[row, 2], _draw(4)
    if draw == 0:
        _put(octets, place, size, pool.extremes[_draw(len(pool.extremes))])
    elif draw == 1:
        _put(octets, place, size, _draw(12))
    elif draw == 2:
        _put(octets, place, size, _get(octets, place, size) + _draw(5) - 2)
    else:
        _put(octets, place, size, _draw(1 << 40))


@njit(cache=True)
def _mutate(pool, octets, length):
    """One mutation of the string in `octets`; its message's length then."""
    draw = _draw(10)
    if draw < 5:
        _change_field(pool, octets)
    elif draw == 5:
        octets[8 + _draw(length)] ^= np.uint8(1 << _draw(8))
    elif draw == 6:
        _put(octets, 4, 4, _draw(9) if _draw(3) > 0 else pool.extremes[_draw(len(pool.extremes))])
    elif draw == 7:
        is_known = _draw(3) > 0
        template = pool.templates[_draw(len(pool.templates))] if is_known else _draw(1 << 16)
        _put(octets, 10, 2, template)
    elif draw == 8:
        other, start = pool.strings[_draw(len(pool.strings))], 8 + _draw(BYTES_MAX - 8)
        octets[start : start + 24] = other[start : start + 24]
    else:
        length = 8 + _draw(BYTES_MAX - 24)
        if _draw(2) == 0:
            _put(octets, 8, 2, length - 8)
    return length


@njit(cache=True)
def mutate(pool, count, client_id, sequence, out, starts, lies):
    """`count` strings into `out` (uint8); where each begins, and which lie about their length.

    `client_id`: the first fresh one; `sequence`: of the last command. Returns the bytes written.
    """
    place = 0
    for number in range(count):
        row = _draw(len(pool.strings))
        while _get(pool.strings[row], 4, 4) == 0 and _draw(16) > 0:
            row = _draw(len(pool.strings))  # the exchange says little
        octets, length = out[place : place + BYTES_MAX], pool.lengths[row] - 8
        octets[:] = pool.strings[row]
        length = _get(octets, 0, 4)
        _name_recent(pool, octets, client_id + number, sequence + number)
        for _ in range(_draw(5)):
            length = _mutate(pool, octets, length)
        if _get(octets, 10, 2) == pool.day_end and _draw(DAY_END_ONE_IN) > 0:
            _put(octets, 4, 4, 1)  # of a member: refused
        size = 8 + (length + 7) // 8 * 8
        lies[number] = _draw(LIES_ONE_IN) == 0
        if lies[number]:
            length = _draw(1 << (1 + _draw(31)))
            size -= _draw(min(size, 17))
        _put(octets, 0, 4, length)
        starts[number] = place
        place += size
    starts[count] = place
    return place
