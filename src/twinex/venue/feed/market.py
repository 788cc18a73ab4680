"""Events that concern everybody: trades, phases, halts, limits, auctions, busts."""

import numpy as np

from twinex.venue.compiler import inner
from twinex.venue.feed.orders import count_trade
from twinex.venue.feed.output import begin, copy_last
from twinex.venue.feed.schema import (
    AUCTION_MATCHED,
    DAY_ENDED,
    DAY_STARTED,
    HALT_CHANGED,
    INDICATION,
    LIMITS_CHANGED,
    PHASE_CHANGED,
    QUOTE_REQUESTED,
    TRADE,
    TRADE_BUSTED,
    TRADE_CORRECTED,
)
from twinex.venue.wire import codes
from twinex.venue.wire.schema import EVENTS

_TRADE_BUSTED = EVENTS["trade_busted"].id
_TRADE_CORRECTED = EVENTS["trade_corrected"].id
_PHASE_CHANGED = EVENTS["phase_changed"].id
_HALT_CHANGED = EVENTS["halt_changed"].id
_LIMITS_CHANGED = EVENTS["limits_changed"].id
_AUCTION_INDICATED = EVENTS["auction_indicated"].id
_AUCTION_MATCHED = EVENTS["auction_matched"].id
_QUOTE_REQUESTED = EVENTS["quote_requested"].id
_DAY_OPENED = EVENTS["day_opened"].id
_DAY_ENDED = EVENTS["day_ended"].id


@inner
def traded(books, orders, levels, event):
    """A trade, on the streams of orders and of levels; the instrument's figures."""
    number = np.int64(event["instrument"])
    trade = orders.rows[begin(orders, TRADE, event["time_ns"], number)]
    trade["side"] = event["side"]
    trade["price_source"] = event["price_source"]
    trade["price"] = event["price"]
    trade["quantity"] = event["quantity"]
    trade["trade_id"] = event["trade_id"]
    trade["turnover"] = event["turnover"]
    trade["open_interest"] = event["open_interest"]
    copy_last(orders, levels)
    instrument = books.instruments[number]
    instrument["turnover"] += event["turnover"]
    instrument["open_interest"] = event["open_interest"]
    count_trade(books, number, event, event["price_source"] != codes.SOURCE_COMBINATION)


@inner
def _set_right(output, event, kind):
    template = TRADE_BUSTED if kind == _TRADE_BUSTED else TRADE_CORRECTED
    message = output.rows[begin(output, template, event["time_ns"], event["instrument"])]
    message["price"] = event["price"]
    message["quantity"] = event["quantity"]
    message["trade_id"] = event["trade_id"]
    if kind == _TRADE_CORRECTED:
        message["old_price"] = event["old_price"]


@inner
def _phase(books, output, event):
    phase = output.rows[begin(output, PHASE_CHANGED, event["time_ns"], np.int64(0))]
    phase["product"] = event["product"]
    phase["phase"] = event["phase"]
    books.products[np.int64(event["product"])]["phase"] = event["phase"]


@inner
def _halt(books, output, event):
    number = np.int64(event["instrument"])
    halt = output.rows[begin(output, HALT_CHANGED, event["time_ns"], number)]
    halt["halted"] = event["halted"]
    books.instruments[number]["halted"] = event["halted"]


@inner
def _limits(books, output, event):
    number = np.int64(event["instrument"])
    limits = output.rows[begin(output, LIMITS_CHANGED, event["time_ns"], number)]
    limits["lower_limit"] = event["lower_limit"]
    limits["upper_limit"] = event["upper_limit"]
    books.instruments[number]["lower"] = event["lower_limit"]
    books.instruments[number]["upper"] = event["upper_limit"]


@inner
def _auction(output, event, template):
    auction = output.rows[begin(output, template, event["time_ns"], event["instrument"])]
    auction["auction_price"] = event["auction_price"]
    auction["auction_volume"] = event["auction_volume"]
    auction["surplus"] = event["surplus"]


@inner
def _day(books, output, event, template):
    day = output.rows[begin(output, template, event["time_ns"], np.int64(0))]
    day["trading_day"] = event["trading_day"]
    books.now[0]["trading_day"] = event["trading_day"]


@inner
def common(books, orders, levels, tops, event, kind):
    """What all three streams say; of other events nothing is public."""
    before = orders.place[0]["count"]
    if kind in (_TRADE_BUSTED, _TRADE_CORRECTED):
        _set_right(orders, event, kind)
    elif kind == _PHASE_CHANGED:
        _phase(books, orders, event)
    elif kind == _HALT_CHANGED:
        _halt(books, orders, event)
    elif kind == _LIMITS_CHANGED:
        _limits(books, orders, event)
    elif kind == _AUCTION_INDICATED:
        _auction(orders, event, INDICATION)
    elif kind == _AUCTION_MATCHED:
        _auction(orders, event, AUCTION_MATCHED)
    elif kind == _QUOTE_REQUESTED:
        begin(orders, QUOTE_REQUESTED, event["time_ns"], event["instrument"])
    elif kind == _DAY_OPENED:
        _day(books, orders, event, DAY_STARTED)
    elif kind == _DAY_ENDED:
        _day(books, orders, event, DAY_ENDED)
        books.now[0]["ended"] = 1
    if orders.place[0]["count"] > before:
        copy_last(orders, levels)
        copy_last(orders, tops)
