"""A bare order book in plain Python, the reference beside the mirror: no checks, no events.

    python benchmarks/bare_book.py RECORDS      (any Python 3.9, PyPy too)

RECORDS: a mirror's journal. Every order_enter, order_cancel and order_amend of it is read from the
file, unpacked and matched by price and time, counterparts are filled, and that is all: what a
system in this language cannot be faster than. Prints one JSON object: commands, seconds, trades.
"""

import json
import sys
import time
from bisect import bisect_left, insort
from struct import Struct

HEAD_BYTES = Struct("<8sIIqQq").size  # of the file
HEADER = Struct("<I4xq12xi8xHH")  # length, sequence, seat, block length, template
ENTER = Struct("<q8xqi4xBxB")  # client id, price, quantity, side, time in force
NAMED = Struct("<8xqq")  # order id, client id of a cancel's or amend's target
NEW = Struct("<24xqi")  # price, quantity of an amend
BLOCK = 48  # where a command begins in its record
FAK = 1
REMAINING, QUANTITY = 2, 4

Order = list[int]  # side, key, lots left, order id, lots in all, name
ByName = dict[int, Order]
Sides = tuple[tuple[dict[int, ByName], list[int]], ...]  # queues by key, keys ascending


def _rest(order: Order, sides: Sides) -> None:
    """Queue the order at its level, behind all others."""
    levels, keys = sides[order[0]]
    queue = levels.get(order[1])
    if queue is None:
        insort(keys, order[1])
        queue = levels[order[1]] = {}
    queue[order[3]] = order


def _leave(order: Order, sides: Sides) -> None:
    """Take the order out of its queue, and an empty queue out of the book."""
    levels, keys = sides[order[0]]
    queue = levels[order[1]]
    del queue[order[3]]
    if not queue:
        del levels[order[1]]
        del keys[bisect_left(keys, order[1])]


def _match(order: Order, sides: Sides, orders: ByName, names: ByName) -> int:
    """Fill the order against the other side as far as its price allows; lots it traded."""
    traded = 0
    levels, keys = sides[1 - order[0]]
    while order[REMAINING] and keys and -keys[-1] <= order[1]:
        queue = levels[keys[-1]]
        for other in list(queue.values()):
            lots = min(order[REMAINING], other[REMAINING])
            order[REMAINING] -= lots
            other[REMAINING] -= lots
            traded += lots
            if not other[REMAINING]:
                del queue[other[3]], orders[other[3]], names[other[5]]
            if not order[REMAINING]:
                break
        if not queue:
            del levels[keys.pop()]
    return traded


def run(data: bytes) -> "tuple[int, int]":
    """Commands of all records, and lots traded."""
    sides: Sides = (({}, []), ({}, []))
    orders: ByName = {}
    names: ByName = {}
    place, commands, traded = HEAD_BYTES, 0, 0
    while place < len(data):
        length, sequence, seat, _, template = HEADER.unpack_from(data, place)
        block, place = place + BLOCK, place + length
        commands += 1
        if template == 1:
            client, price, lots, side, force = ENTER.unpack_from(data, block)
            name = seat << 48 | client
            order = [side, -price if side else price, lots, sequence << 10, lots, name]
            traded += _match(order, sides, orders, names)
            if order[REMAINING] and force != FAK:
                _rest(order, sides)
                orders[order[3]] = names[name] = order
        elif template in (2, 3):
            order_id, client = NAMED.unpack_from(data, block)
            named = orders.get(order_id) if order_id else names.get(seat << 48 | client)
            if named is None:
                continue
            order = named
            price, lots = NEW.unpack_from(data, block) if template == 3 else (0, 0)
            key = -price if order[0] else price
            left = lots - order[QUANTITY] + order[REMAINING]
            if left > 0 and key == order[1] and lots <= order[QUANTITY]:
                order[REMAINING], order[QUANTITY] = left, lots
                continue
            _leave(order, sides)
            if left > 0:
                order[1], order[REMAINING], order[QUANTITY] = key, left, lots
                traded += _match(order, sides, orders, names)
            if left > 0 and order[REMAINING]:
                _rest(order, sides)
            else:
                del orders[order[3]], names[order[5]]
    return commands, traded


if __name__ == "__main__":
    with open(sys.argv[1], "rb") as file:
        content = file.read()
    begun = time.perf_counter()
    count, lots = run(content)
    print(json.dumps({"commands": count, "lots": lots, "seconds": time.perf_counter() - begun}))
