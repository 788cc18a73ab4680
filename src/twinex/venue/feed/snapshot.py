"""A snapshot: the market as it stands, in the stream's own messages (`spec/feed.md`)."""

import numpy as np

from twinex.venue.compiler import inner, kernel
from twinex.venue.feed.books import Books, book_tables
from twinex.venue.feed.definitions import Listing
from twinex.venue.feed.ends import write_top
from twinex.venue.feed.log import Log
from twinex.venue.feed.output import begin, empty_output, output_tables
from twinex.venue.feed.queues import NIL
from twinex.venue.feed.schema import (
    DAY_STARTED,
    HALT_CHANGED,
    LEVEL_CHANGED,
    LIMITS_CHANGED,
    MESSAGE_MAX,
    ORDER_ADDED,
    PHASE_CHANGED,
    SNAPSHOT_ENDED,
)

_L3, _L2 = 0, 1
_STATE_MESSAGES = 3  # limits, halt, top: of one instrument


def write_snapshot(
    books: Books, listing: Listing, level: int, next_sequence: int, log: Log
) -> None:
    """Definitions, phases, then limits, halt, figures and book of each instrument, into `log`."""
    for number in sorted(listing.instruments):
        message = np.frombuffer(listing.instruments[number], np.uint8)
        log.append(message, np.zeros(1, np.int64), 1, len(message))
    now = books.now[0]
    messages = int(now["orders"] + now["levels"]) + _STATE_MESSAGES * len(books.instruments)
    output = empty_output((messages + len(books.products) + 2) * MESSAGE_MAX)
    _write_state(books, output, level, next_sequence)
    place = output.place[0]
    log.append(
        output.words.view(np.uint8), output.starts, int(place["count"]), int(place["position"])
    )


@kernel
def _write_state(books, output, level, next_sequence):
    books, output = book_tables(books), output_tables(output)
    time_ns = books.now[0]["time_ns"]
    day = output.rows[begin(output, DAY_STARTED, time_ns, np.int64(0))]
    day["trading_day"] = books.now[0]["trading_day"]
    for product in range(1, len(books.products)):
        if books.products[product]["phase"] != 0:
            phase = output.rows[begin(output, PHASE_CHANGED, time_ns, np.int64(0))]
            phase["product"] = product
            phase["phase"] = books.products[product]["phase"]
    for number in range(1, len(books.instruments)):
        if books.instruments[number]["product"] != 0:
            _write_instrument(books, output, number, level, time_ns)
    end = output.rows[begin(output, SNAPSHOT_ENDED, time_ns, np.int64(0))]
    end["next_sequence"] = next_sequence


@inner
def _write_instrument(books, output, number, level, time_ns):
    instrument = books.instruments[number]
    limits = output.rows[begin(output, LIMITS_CHANGED, time_ns, number)]
    limits["lower_limit"] = instrument["lower"]
    limits["upper_limit"] = instrument["upper"]
    if instrument["halted"] != 0:
        halt = output.rows[begin(output, HALT_CHANGED, time_ns, number)]
        halt["halted"] = 1
    write_top(output, instrument, number, time_ns)
    for side in range(2):
        row = np.int64(instrument["best"][side])
        while row != NIL:
            if level == _L3:
                _write_queue(books, output, number, side, row, time_ns)
            elif level == _L2:
                _write_level(output, number, books.levels[row], time_ns)
            row = np.int64(books.levels[row]["worse"])


@inner
def _write_queue(books, output, number, side, level, time_ns):
    """Orders of a level in their priority: each behind all before it."""
    row = np.int64(books.levels[level]["head"])
    while row != NIL:
        order = books.orders[row]
        added = output.rows[begin(output, ORDER_ADDED, time_ns, number)]
        added["side"] = side
        added["order_id"] = order["first"]
        added["price"] = books.levels[level]["second"]
        added["quantity"] = order["shown"]
        row = np.int64(order["next"])


@inner
def _write_level(output, number, level, time_ns):
    changed = output.rows[begin(output, LEVEL_CHANGED, time_ns, number)]
    changed["side"] = level["first"] & 1
    changed["price"] = level["second"]
    changed["orders"] = level["orders"]
    changed["volume"] = level["volume"]
