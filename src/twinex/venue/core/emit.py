"""Events into the event buffer, one writer for each message of `spec/messages.xml`.

A writer fills every field; bytes between fields are zero. Events of one command carry its sequence
and time and count their index from 0.
"""

import numpy as np

from twinex.venue.compiler import apart, inlined, inner
from twinex.venue.core.book import price_of
from twinex.venue.core.limits import (
    EVENT_BYTES_A_CANCEL,
    EVENT_BYTES_A_FILL,
    EVENT_BYTES_A_QUOTE,
    EVENT_BYTES_A_STOP,
    EVENT_BYTES_AN_INSTRUMENT,
)
from twinex.venue.core.state import HAS_EXTRA, ICEBERG, POST_ONLY
from twinex.venue.wire import codes
from twinex.venue.wire.schema import EVENTS, HEADER_BYTES, SCHEMA_ID, SCHEMA_VERSION

_WORDS = {name: (HEADER_BYTES + t.block_length) // 8 for name, t in EVENTS.items()}
_WORDS_ACCEPTED = _WORDS["order_accepted"]
_WORDS_REJECTED = _WORDS["command_rejected"]
_WORDS_REPEATED = _WORDS["command_repeated"]
_WORDS_FILLED = _WORDS["order_filled"]
_WORDS_TRADE = _WORDS["trade"]
_WORDS_RESTED = _WORDS["order_rested"]
_WORDS_CANCELLED = _WORDS["order_cancelled"]
_WORDS_AMENDED = _WORDS["order_amended"]
_WORDS_MASS = _WORDS["mass_cancelled"]
_WORDS_POSITION = _WORDS["position_changed"]
_WORDS_PHASE = _WORDS["phase_changed"]
_WORDS_AUCTION = _WORDS["auction_matched"]
_WORDS_HALT = _WORDS["halt_changed"]
_WORDS_LIMITS = _WORDS["limits_changed"]
_WORDS_REFERENCE = _WORDS["reference_changed"]
_WORDS_OPENED = _WORDS["day_opened"]
_WORDS_ENDED = _WORDS["day_ended"]
_WORDS_STOP_ACCEPTED = _WORDS["stop_accepted"]
_WORDS_TRIGGERED = _WORDS["stop_triggered"]
_WORDS_REFRESHED = _WORDS["order_refreshed"]
_WORDS_REDUCED = _WORDS["order_reduced"]
_WORDS_QUOTE = _WORDS["quote_accepted"]
_WORDS_MASS_QUOTED = _WORDS["mass_quoted"]
_WORDS_REQUESTED = _WORDS["quote_requested"]
_WORDS_RULE = _WORDS["rule_changed"]
_WORDS_BLOCK = _WORDS["block_changed"]
_WORDS_BUSTED = _WORDS["trade_busted"]
_WORDS_CORRECTED = _WORDS["trade_corrected"]
assert all((HEADER_BYTES + t.block_length) % 8 == 0 for t in EVENTS.values())
_WORDS_A_FILL = _WORDS_FILLED * 2 + _WORDS_TRADE + _WORDS_POSITION + _WORDS_REFRESHED
assert _WORDS_A_FILL * 8 == EVENT_BYTES_A_FILL
assert (_WORDS_TRIGGERED + _WORDS_CANCELLED + _WORDS_POSITION) * 8 == EVENT_BYTES_A_STOP
assert _WORDS_RESTED <= _WORDS_CANCELLED
assert (
    2 * (_WORDS_CANCELLED + _WORDS_ACCEPTED + _WORDS_CANCELLED + _WORDS_POSITION) + _WORDS_QUOTE
) * 8 == EVENT_BYTES_A_QUOTE
assert max(_WORDS_RESTED, _WORDS_AMENDED - _WORDS_ACCEPTED) <= _WORDS_CANCELLED
assert _WORDS_CANCELLED * 8 == EVENT_BYTES_A_CANCEL <= EVENT_BYTES_A_FILL
assert (_WORDS_HALT + _WORDS_AUCTION) * 8 == EVENT_BYTES_AN_INSTRUMENT
assert max(_WORDS_PHASE, _WORDS_LIMITS) * 8 <= EVENT_BYTES_AN_INSTRUMENT
assert EVENTS["auction_matched"].block == EVENTS["auction_indicated"].block


@inlined
def _begin(core, template, words, instrument):
    """The next event, zeroed, with header and common fields."""
    now = core.now[0]
    position = now["event_position"]
    assert position + words <= now["event_limit"]
    for word in range(position, position + words):
        core.event_words[word] = 0
    event = core.events[position]
    event["block_length"] = words * 8 - HEADER_BYTES
    event["template_id"] = template
    event["schema_id"] = SCHEMA_ID
    event["version"] = SCHEMA_VERSION
    event["sequence"] = now["sequence"]
    event["time_ns"] = now["time_ns"]
    event["index"] = now["index"]
    event["instrument"] = instrument
    now["index"] += 1
    now["event_position"] = position + words
    return event


@inner
def _owner(core, event, order):
    """Who an order belongs to: the fields that route its reports."""
    event["order_id"] = order["order_id"]
    event["client_id"] = order["client_id"]
    event["account"] = order["account"]
    event["member"] = core.accounts[order["account"]]["member"]
    event["seat"] = order["seat"]
    event["side"] = order["side"]


@inlined
def accepted(core, slot, kind, time_in_force, price, operator_reason):
    """order_accepted of the order in `slot`; `price` as sent."""
    order = core.orders[slot]
    event = _begin(core, codes.ORDER_ACCEPTED, _WORDS_ACCEPTED, order["instrument"])
    _terms(core, event, slot, kind, time_in_force, price)
    event["operator_reason"] = operator_reason
    core.now[0]["orders_accepted"] += 1


@inner
def _terms(core, event, slot, kind, time_in_force, price):
    order = core.orders[slot]
    _owner(core, event, order)
    event["kind"] = kind
    event["time_in_force"] = time_in_force
    event["offset"] = order["offset"]
    event["hedge"] = order["hedge"]
    event["quantity"] = order["quantity"]
    event["price"] = price
    if order["flags"] & (HAS_EXTRA | POST_ONLY) == 0:
        return
    if order["flags"] & POST_ONLY != 0:
        event["post_only"] = 1
    if order["flags"] & HAS_EXTRA != 0:
        event["display_quantity"] = core.extras[slot]["display"]
        event["good_till_day"] = core.extras[slot]["good_till_day"]


@apart
def stop_accepted(core, slot):
    extra = core.extras[slot]
    event = _begin(core, codes.STOP_ACCEPTED, _WORDS_STOP_ACCEPTED, core.orders[slot]["instrument"])
    kind, time_in_force = np.int64(extra["kind"]), np.int64(extra["time_in_force"])
    _terms(core, event, slot, kind, time_in_force, extra["sent_price"])
    event["stop_price"] = extra["stop_price"]
    event["trail"] = extra["trail"]
    core.now[0]["orders_accepted"] += 1


@apart
def stop_triggered(core, slot):
    order = core.orders[slot]
    event = _begin(core, codes.STOP_TRIGGERED, _WORDS_TRIGGERED, order["instrument"])
    _owner(core, event, order)
    event["quantity"] = order["remaining"]
    event["price"] = core.extras[slot]["sent_price"]
    event["stop_price"] = core.extras[slot]["stop_price"]


@inner
def rejected(core, template, reason, client_id, instrument, account, order_id):
    now = core.now[0]
    member, seat = now["member"], now["seat"]
    rejected_for(core, template, reason, client_id, instrument, account, order_id, member, seat)


@inner
def rejected_for(core, template, reason, client_id, instrument, account, order_id, member, seat):
    """command_rejected, addressed to a member that need not be the sender."""
    now = core.now[0]
    event = _begin(core, codes.COMMAND_REJECTED, _WORDS_REJECTED, instrument)
    event["order_id"] = order_id
    event["client_id"] = client_id
    event["account"] = account
    event["member"] = member
    event["seat"] = seat
    event["reject_reason"] = reason
    event["command"] = template
    now["rejects"] += 1


@apart
def repeated(core, template, used, instrument, account, order_id):
    """`used` is the row of the first command's client id."""
    now = core.now[0]
    event = _begin(core, codes.COMMAND_REPEATED, _WORDS_REPEATED, instrument)
    event["order_id"] = order_id
    event["client_id"] = used["client_id"]
    event["account"] = account
    event["member"] = now["member"]
    event["seat"] = now["seat"]
    event["reject_reason"] = used["reject_reason"]
    event["command"] = template
    event["first_seen"] = used["sequence"]


@inlined
def filled(core, order, role, quantity, price, source, trade_id):
    event = _begin(core, codes.ORDER_FILLED, _WORDS_FILLED, order["instrument"])
    _owner(core, event, order)
    event["offset"] = order["offset"]
    event["hedge"] = order["hedge"]
    event["price_source"] = source
    event["role"] = role
    event["quantity"] = quantity
    event["price"] = price
    event["trade_id"] = trade_id
    event["remaining"] = order["remaining"]


@inlined
def trade(core, instrument, number, buy, sell, side, quantity, price, source, trade_id):
    event = _begin(core, codes.TRADE, _WORDS_TRADE, number)
    event["buy_order_id"] = buy["order_id"]
    event["sell_order_id"] = sell["order_id"]
    event["turnover"] = price * instrument["multiplier"] * quantity
    event["open_interest"] = instrument["open_interest"]
    event["side"] = side
    event["price_source"] = source
    event["quantity"] = quantity
    event["price"] = price
    event["trade_id"] = trade_id


@inlined
def rested(core, instrument, slot):
    order = core.orders[slot]
    event = _begin(core, codes.ORDER_RESTED, _WORDS_RESTED, order["instrument"])
    _owner(core, event, order)
    event["quantity"] = order["remaining"]
    if order["flags"] & ICEBERG != 0:
        event["quantity"] = core.extras[slot]["shown"]
    event["price"] = price_of(instrument, np.int64(order["side"]), np.int64(order["rank"]))


@apart
def refreshed(core, instrument, slot):
    order = core.orders[slot]
    event = _begin(core, codes.ORDER_REFRESHED, _WORDS_REFRESHED, order["instrument"])
    _owner(core, event, order)
    event["quantity"] = core.extras[slot]["shown"]
    event["price"] = price_of(instrument, np.int64(order["side"]), np.int64(order["rank"]))
    event["remaining"] = order["remaining"]


@apart
def reduced(core, order, quantity, price):
    """`quantity` lots were taken off by self-trade prevention."""
    event = _begin(core, codes.ORDER_REDUCED, _WORDS_REDUCED, order["instrument"])
    _owner(core, event, order)
    event["cancel_reason"] = codes.CANCEL_SELF_TRADE
    event["quantity"] = quantity
    event["price"] = price
    event["remaining"] = order["remaining"]


@inlined
def cancelled(core, order, reason, price, request_id, operator_reason):
    event = _begin(core, codes.ORDER_CANCELLED, _WORDS_CANCELLED, order["instrument"])
    _owner(core, event, order)
    event["cancel_reason"] = reason
    event["operator_reason"] = operator_reason
    event["quantity"] = order["remaining"]
    event["price"] = price
    event["request_id"] = request_id


@inlined
def amended(core, order, priority_kept, price, request_id):
    event = _begin(core, codes.ORDER_AMENDED, _WORDS_AMENDED, order["instrument"])
    _owner(core, event, order)
    event["priority_kept"] = priority_kept
    event["quantity"] = order["quantity"]
    event["price"] = price
    event["request_id"] = request_id
    event["remaining"] = order["remaining"]


@apart
def mass_cancelled(core, command, member, client_id, count, operator_reason):
    event = _begin(core, codes.MASS_CANCELLED, _WORDS_MASS, command["instrument"])
    event["product"] = command["product"]
    event["client_id"] = client_id
    event["account"] = command["account"]
    event["member"] = member
    event["seat"] = core.now[0]["seat"]
    event["operator_reason"] = operator_reason
    event["count"] = count


@apart
def quote_accepted(core, command, bid_order_id, ask_order_id):
    event = _ask(core, codes.QUOTE_ACCEPTED, _WORDS_QUOTE, command)
    event["hedge"] = command["hedge"]
    event["bid_order_id"] = bid_order_id
    event["ask_order_id"] = ask_order_id


@inner
def quote_requested(core, command):
    _ask(core, codes.QUOTE_REQUESTED, _WORDS_REQUESTED, command)


@apart
def _ask(core, template, words, command):
    now = core.now[0]
    event = _begin(core, template, words, command["instrument"])
    event["client_id"] = now["client_id"]
    event["account"] = command["account"]
    event["member"] = now["member"]
    event["seat"] = now["seat"]
    return event


@inner
def mass_quoted(core, count):
    now = core.now[0]
    event = _begin(core, codes.MASS_QUOTED, _WORDS_MASS_QUOTED, 0)
    event["client_id"] = now["client_id"]
    event["member"] = now["member"]
    event["seat"] = now["seat"]
    event["count"] = count


@inlined
def positions_changed(core):
    """One event for every row the command's fills touched, in the order of first fill."""
    now = core.now[0]
    for at in range(now["touched_count"]):
        position = core.positions[core.touched[at]]
        event = _begin(core, codes.POSITION_CHANGED, _WORDS_POSITION, position["instrument"])
        event["long_today"] = position["today"][0]
        event["short_today"] = position["today"][1]
        event["long_yesterday"] = position["yesterday"][0]
        event["short_yesterday"] = position["yesterday"][1]
        event["account"] = position["account"]
        event["member"] = core.accounts[position["account"]]["member"]
        event["long_frozen"] = position["frozen"][0]
        event["short_frozen"] = position["frozen"][1]
        event["long_frozen_today"] = position["frozen_today"][0]
        event["short_frozen_today"] = position["frozen_today"][1]
        event["hedge"] = position["hedge"]
    now["touched_count"] = 0
    now["touch_mark"] += 1


@apart
def phase_changed(core, product, phase):
    event = _begin(core, codes.PHASE_CHANGED, _WORDS_PHASE, 0)
    event["product"] = product
    event["phase"] = phase


@apart
def auction(core, template, instrument, price, volume, surplus):
    """`auction_indicated` or `auction_matched`: the two have the same block."""
    event = _begin(core, template, _WORDS_AUCTION, instrument)
    event["auction_price"] = price
    event["auction_volume"] = volume
    event["surplus"] = surplus


@inner
def halt_changed(core, instrument, halted):
    event = _begin(core, codes.HALT_CHANGED, _WORDS_HALT, instrument)
    event["halted"] = halted


@inner
def limits_changed(core, instrument, lower, upper):
    event = _begin(core, codes.LIMITS_CHANGED, _WORDS_LIMITS, instrument)
    event["lower_limit"] = lower
    event["upper_limit"] = upper


@inner
def reference_changed(core, template, number):
    event = _begin(core, codes.REFERENCE_CHANGED, _WORDS_REFERENCE, 0)
    event["number"] = number
    event["changed_by"] = template


@inner
def rule_changed(core, command):
    event = _begin(core, codes.RULE_CHANGED, _WORDS_RULE, command["instrument"])
    event["product"] = command["product"]
    event["rule"] = command["rule"]
    event["value"] = command["value"]


@inner
def block_changed(core, command, member):
    event = _begin(core, codes.BLOCK_CHANGED, _WORDS_BLOCK, 0)
    event["blocked"] = command["blocked"]
    event["account"] = command["account"]
    event["member"] = member
    event["operator_reason"] = command["operator_reason"]


@inner
def trade_busted(core, command, trade):
    event = _begin(core, codes.TRADE_BUSTED, _WORDS_BUSTED, trade["instrument"])
    event["operator_reason"] = command["operator_reason"]
    event["quantity"] = trade["quantity"]
    event["price"] = trade["price"]
    event["trade_id"] = command["trade_id"]


@inner
def trade_corrected(core, command, trade, old_price):
    event = _begin(core, codes.TRADE_CORRECTED, _WORDS_CORRECTED, trade["instrument"])
    event["operator_reason"] = command["operator_reason"]
    event["quantity"] = trade["quantity"]
    event["price"] = trade["price"]
    event["trade_id"] = command["trade_id"]
    event["old_price"] = old_price


@inner
def day_opened(core):
    event = _begin(core, codes.DAY_OPENED, _WORDS_OPENED, 0)
    event["trading_day"] = core.now[0]["trading_day"]


@inner
def day_ended(core):
    now = core.now[0]
    event = _begin(core, codes.DAY_ENDED, _WORDS_ENDED, 0)
    event["trading_day"] = now["trading_day"]
    event["orders"] = now["orders_accepted"]
    event["trades"] = now["last_trade_id"]
    event["volume"] = now["volume"]
    event["rejects"] = now["rejects"]
