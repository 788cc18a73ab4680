"""Blocks of committed events to feed messages: a pure function, however they are cut."""

import numpy as np

from twinex.venue.compiler import inlined, kernel
from twinex.venue.feed.books import book_tables
from twinex.venue.feed.ends import end, may_end
from twinex.venue.feed.market import common, traded
from twinex.venue.feed.orders import accepted, amended, cancelled, filled, rested, shrunk
from twinex.venue.feed.output import has_room, output_tables
from twinex.venue.wire.schema import COMMANDS, EVENTS

_ACCEPTED = EVENTS["order_accepted"].id
_STOP_ACCEPTED = EVENTS["stop_accepted"].id
_FILLED = EVENTS["order_filled"].id
_TRADE = EVENTS["trade"].id
_RESTED = EVENTS["order_rested"].id
_REFRESHED = EVENTS["order_refreshed"].id
_CANCELLED = EVENTS["order_cancelled"].id
_AMENDED = EVENTS["order_amended"].id
_REDUCED = EVENTS["order_reduced"].id
_REFERENCE = EVENTS["reference_changed"].id
_DEFINING = (
    COMMANDS["product_define"].id,
    COMMANDS["instrument_define"].id,
    COMMANDS["combination_define"].id,
)

DONE, OUTPUT_FULL, TABLES_FULL, DEFINITION = range(4)


@inlined
def _apply(books, orders, levels, tops, event, kind):
    if kind in (_ACCEPTED, _STOP_ACCEPTED):
        accepted(books, event)
    elif kind in (_RESTED, _REFRESHED):
        rested(books, orders, event)
    elif kind == _FILLED:
        filled(books, orders, event)
    elif kind == _TRADE:
        traded(books, orders, levels, event)
    elif kind == _CANCELLED:
        cancelled(books, orders, event)
    elif kind == _AMENDED:
        amended(books, orders, event)
    elif kind == _REDUCED:
        shrunk(books, orders, event)
    else:
        common(books, orders, levels, tops, event, kind)


@inlined
def _fits(books, orders, levels, tops):
    """One event makes at most one message a stream, besides what the end of its command says."""
    now = books.now[0]
    return (
        has_room(orders, 1)
        and has_room(levels, now["levels_touched"] + 1)
        and has_room(tops, now["instruments_touched"] + 1)
    )


@inlined
def _has_rows(books):
    return books.now[0]["orders_free"] != 0 and books.now[0]["levels_free"] != 0


@inlined
def _is_definition(event, kind):
    return kind == _REFERENCE and event["changed_by"] in _DEFINING


@kernel
def transform(books, orders, levels, tops, events, places, start):
    """Apply the events at `places[start:]` (bytes); (why it ended, how many are done).

    OUTPUT_FULL: take what is whole out of the outputs, or make them larger. TABLES_FULL: make the
    tables larger. DEFINITION: the next event defines a product or an instrument; it is the
    caller's, who has its command, and its command is the open one.
    """
    books = book_tables(books)
    orders, levels, tops = output_tables(orders), output_tables(levels), output_tables(tops)
    now = books.now[0]
    for index in range(start, len(places)):
        if not _fits(books, orders, levels, tops):
            return OUTPUT_FULL, index
        event = events[places[index] >> 3]
        if event["sequence"] != now["sequence"]:
            end(books, orders, levels, tops)
            if not _fits(books, orders, levels, tops):
                return OUTPUT_FULL, index
            now["sequence"] = event["sequence"]
            now["time_ns"] = event["time_ns"]
        if not _has_rows(books):
            return TABLES_FULL, index
        kind = np.int64(event["template_id"])
        if _is_definition(event, kind):
            return DEFINITION, index
        _apply(books, orders, levels, tops, event, kind)
    return DONE, len(places)


@kernel
def settle(books, orders, levels, tops):
    """All events so far are of whole commands: end the last. False: the outputs have no room."""
    books = book_tables(books)
    orders, levels, tops = output_tables(orders), output_tables(levels), output_tables(tops)
    if not may_end(books, levels, tops):
        return False
    end(books, orders, levels, tops)
    return True
