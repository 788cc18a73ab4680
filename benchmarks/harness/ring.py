"""The reports on their way from the matcher's thread to the drainer's: a ring of 32-byte entries.

A report is one entry, a trade two: half a cache line or a whole one, instead of the 64 bytes of the
harness's own struct, which `drain` writes on the drainer's side. One thread writes and one reads.
An entry written is pushed; how far the reader may look is published every `PUBLISHED_EVERY` entries
and at the end of every batch, so that the word both threads look at seldom moves between them.
The writer begins a new lap where what it may push before its next look would not fit, and says so
in an entry of its own: only it knows where its looks were.
"""

import numpy as np

from twinex.venue.compiler import inlined, inner
from twinex.venue.journal.atomics import load_acquire, store_release

ENTRY = np.dtype([("head", "i8"), ("sequence", "i8"), ("order_id", "i8"), ("price", "i8")])
REPORT = np.dtype(
    {
        "names": ["type", "side", "sequence", "order_id", "price", "quantity", "maker", "taker"],
        "formats": ["u1", "u1", "i8", "i8", "i8", "u4", "i8", "i8"],
        "offsets": [0, 1, 8, 16, 24, 32, 40, 48],
        "itemsize": 64,
    }
)
WRITER = np.dtype(
    [
        ("place", "i8"),  # of the next entry
        ("limit", "i8"),  # last place at which a report may begin without another look
        ("lap", "i8"),  # entries of the laps before this one
        ("shown", "i8"),  # place up to which the reader was told
        ("spare", "i8", (12,)),
    ]
)
READER = np.dtype([("place", "i8"), ("lap", "i8"), ("spare", "i8", (14,))])

TRADE = 1  # as the harness numbers reports
LAP_END = 255  # no report: the next entry is the ring's first
ENTRIES_A_REPORT = 2  # at most
_PUSHED_AT_ONCE = 5  # between two looks: acknowledgement, trade, cancellation, the lap's end
PUBLISHED_EVERY = 64

# Words that both threads see, each alone on two cache lines: processors fetch lines in pairs.
WRITTEN, READ, MARKS = 0, 16, 32

assert ENTRY.itemsize == 32, "two entries a cache line"
assert REPORT.itemsize == 64


def entries_for(capacity: int) -> int:
    """Entries with room for `capacity` reports, were they all trades."""
    return ENTRIES_A_REPORT * capacity + 2 * _PUSHED_AT_ONCE


@inlined
def put(ring, writer, kind, side, quantity, sequence, order_id, price):
    """Write one entry."""
    entry = ring[writer["place"]]
    entry["head"] = kind | side << 8 | quantity << 32
    entry["sequence"] = sequence
    entry["order_id"] = order_id
    entry["price"] = price
    writer["place"] += 1


@inlined
def put_trade(ring, writer, quantity, sequence, taker, price, maker):
    """Write a trade."""
    put(ring, writer, TRADE, 0, quantity, sequence, taker, price)
    ring[writer["place"]]["order_id"] = maker
    writer["place"] += 1


@inlined
def ensure_room(ring, writer, marks):
    """Wait until the reports between two looks fit."""
    if writer["place"] > writer["limit"]:
        _wait(ring, writer, marks)


@inlined
def show(writer, marks, least):
    """Tell the reader of what is written, if it is `least` entries or more."""
    if writer["place"] - writer["shown"] >= least:
        store_release(marks, WRITTEN, writer["lap"] + writer["place"])
        writer["shown"] = writer["place"]


@inner
def _wait(ring, writer, marks):
    """Begin the next lap at the ring's end; wait for the reader where it is full."""
    last = np.int64(len(ring) - _PUSHED_AT_ONCE)
    show(writer, marks, 1)
    if writer["place"] > last:
        ring[writer["place"]]["head"] = LAP_END
        writer["lap"] += len(ring)
        writer["place"] = 0
        writer["shown"] = 0
    here = writer["lap"] + writer["place"]
    read = load_acquire(marks, READ)
    while here > read + last:
        read = load_acquire(marks, READ)
    writer["limit"] = min(last, read + last - writer["lap"])


@inlined
def drain(ring, reader, marks, reports, most):
    """Copy up to `most` reports out of the ring; how many."""
    written = load_acquire(marks, WRITTEN)
    place, lap = reader["place"], reader["lap"]
    count = np.int64(0)
    while lap + place < written and count < most:
        entry, report = ring[place], reports[count]
        head = entry["head"]
        kind = head & 255
        if kind == LAP_END:
            lap += len(ring)
            place = 0
            continue
        report["type"] = kind
        report["side"] = (head >> 8) & 255
        report["sequence"] = entry["sequence"]
        report["order_id"] = entry["order_id"]
        report["price"] = entry["price"]
        report["quantity"] = head >> 32
        place += 1
        if kind == TRADE:
            report["taker"] = entry["order_id"]
            report["maker"] = ring[place]["order_id"]
            place += 1
        count += 1
    reader["place"] = place
    reader["lap"] = lap
    store_release(marks, READ, lap + place)
    return count


def first_limit(entries: int) -> int:
    """`limit` of a writer whose ring is empty."""
    return entries - _PUSHED_AT_ONCE
