"""The end of a command: the levels that it changed, and the tops (`spec/feed.md`, L2 and L1)."""

import numpy as np

from twinex.venue.compiler import inlined, inner, kernel
from twinex.venue.feed.books import book_tables
from twinex.venue.feed.output import begin, end_command, has_room, output_tables
from twinex.venue.feed.queues import NIL, drop_level
from twinex.venue.feed.schema import LEVEL_CHANGED, TOP_CHANGED
from twinex.venue.wire.codes import SIDE_BUY, SIDE_SELL


@inner
def may_end(books, levels, tops):
    """Is there room for what the end of the command will say?"""
    now = books.now[0]
    return has_room(levels, now["levels_touched"]) and has_room(tops, now["instruments_touched"])


@inlined
def _tell_level(output, level, time_ns):
    changed = output.rows[begin(output, LEVEL_CHANGED, time_ns, level["first"] >> 1)]
    changed["side"] = level["first"] & 1
    changed["price"] = level["second"]
    changed["orders"] = level["orders"]
    changed["volume"] = level["volume"]
    level["told_orders"] = level["orders"]
    level["told_volume"] = level["volume"]


@inlined
def _end_levels(books, output):
    now = books.now[0]
    row = np.int64(now["first_level"])
    while row != NIL:
        level = books.levels[row]
        following = np.int64(level["next_touched"])
        level["touched"] = 0
        if level["told_volume"] != level["volume"] or level["told_orders"] != level["orders"]:
            _tell_level(output, level, now["time_ns"])
        if level["orders"] == 0:
            drop_level(books, row)
        row = following
    now["first_level"] = NIL
    now["last_level"] = NIL
    now["levels_touched"] = 0


@inner
def _take_best(books, instrument, side):
    """Note price and volume of a side's best level as told; has it changed?"""
    row = np.int64(instrument["best"][side])
    price, volume = books.levels[row]["second"], books.levels[row]["volume"]  # row 0: zeros
    told = instrument["told"]
    if told[2 * side] == price and told[2 * side + 1] == volume:
        return False
    told[2 * side] = price
    told[2 * side + 1] = volume
    return True


@inner
def write_top(output, instrument, number, time_ns):
    """Best prices as they were told last, and the day's figures."""
    top, told = output.rows[begin(output, TOP_CHANGED, time_ns, number)], instrument["told"]
    top["bid_price"] = told[0]
    top["bid_volume"] = told[1]
    top["ask_price"] = told[2]
    top["ask_volume"] = told[3]
    top["last_price"] = instrument["last"]
    top["open_price"] = instrument["open"]
    top["high_price"] = instrument["high"]
    top["low_price"] = instrument["low"]
    top["day_volume"] = instrument["volume"]
    top["day_turnover"] = instrument["turnover"]
    top["day_trades"] = instrument["trades"]
    top["open_interest"] = instrument["open_interest"]


@inner
def _end_tops(books, output):
    now = books.now[0]
    number = np.int64(now["first_instrument"])
    while number != NIL:
        instrument = books.instruments[number]
        bids = _take_best(books, instrument, SIDE_BUY)
        asks = _take_best(books, instrument, SIDE_SELL)
        if bids or asks or instrument["traded"] != 0:
            write_top(output, instrument, number, now["time_ns"])
            instrument["by_clock"] = 1
        instrument["traded"] = 0
        instrument["touched"] = 0
        number = np.int64(instrument["next_touched"])
    now["first_instrument"] = NIL
    now["last_instrument"] = NIL
    now["instruments_touched"] = 0


@inlined
def end(books, orders, levels, tops):
    """The command that was open is whole: its changes, and the mark on its last messages."""
    now = books.now[0]
    if now["sequence"] == 0:
        return
    _end_levels(books, levels)
    _end_tops(books, tops)
    end_command(orders)
    end_command(levels)
    end_command(tops)
    now["sequence"] = 0


@kernel
def tell_changed(books, output, time_ns):
    """The tops that were told since the last call, in ascending order of instruments."""
    books, output = book_tables(books), output_tables(output)
    for number in range(1, len(books.instruments)):
        instrument = books.instruments[number]
        if instrument["by_clock"] != 0:
            instrument["by_clock"] = 0
            write_top(output, instrument, number, time_ns)
