"""Two-sided quotes, mass quotes and requests for quote (`spec/quotes.md`, rulebook 9.1).

A quote belongs to a position row (account, instrument, hedge); beside the row, `holders` keeps the
slots of its two legs. A leg is a limit order like any other.
"""

import numpy as np

from twinex.venue.compiler import apart, inner
from twinex.venue.core import emit, risk
from twinex.venue.core.accounts import make_holder, position_row, reserve
from twinex.venue.core.book import best_rank, price_of
from twinex.venue.core.entry import enter_book
from twinex.venue.core.limits import ENTRIES_MAX, LEGS, NIL
from twinex.venue.core.matching import cancel_resting, new_order, note_order
from twinex.venue.core.orders import keep_place
from twinex.venue.core.placing import write_plain
from twinex.venue.core.state import LIVE, MASS_QUOTED, QUOTE
from twinex.venue.wire import codes
from twinex.venue.wire.schema import COMMANDS

_GROUP = COMMANDS["mass_quote"].group
assert _GROUP is not None
ENTRY_BYTES = _GROUP.block_length
assert COMMANDS["quote_enter"].block_length == ENTRY_BYTES


@apart
def enter(core, command):
    """quote_enter."""
    reason = _place(core, command, core.now[0]["sequence"] * LEGS + 1)
    if reason != 0:
        return reason
    account, number = np.int64(command["account"]), np.int64(command["instrument"])
    row = position_row(core, account, number, np.int64(command["hedge"]))
    note_order(core, np.int64(MASS_QUOTED) if _is_withdrawal(command) else -row)
    emit.positions_changed(core)
    return np.int64(0)


@inner
def _first_entry(block):
    """Words from a mass_quote to the row of the record union that its first entry is read as.

    Behind 40 + 8 + `block` + 8 bytes of heads and block stand the entries; before a row's block 48.
    The header fields of the same row lie on those of the group.
    """
    return (block >> 3) + 1


@inner
def group_fits(records, at, block):
    """Has the mass_quote at row `at` 1 to 64 whole entries, and nothing behind them?"""
    record_length, heads = np.int64(records[at]["length"]), 40 + 8 + block + 8
    if block % 8 != 0 or record_length < heads:
        return False
    head = records[at + _first_entry(block)]
    length, count = np.int64(head["block_length"]), np.int64(head["template_id"])
    if not 1 <= count <= ENTRIES_MAX or length < ENTRY_BYTES or length % 8 != 0:
        return False
    return record_length == heads + count * length


@apart
def enter_mass(core, records, at):
    """mass_quote: its entries one after another, each for itself."""
    first = at + _first_entry(np.int64(records[at]["block_length"]))
    head = records[first]
    words, count = np.int64(head["block_length"]) >> 3, np.int64(head["template_id"])
    accepted = np.int64(0)
    for entry in range(count):
        command = records[first + entry * words]
        reason = _place(core, command, core.now[0]["sequence"] * LEGS + 2 * entry + 1)
        if reason == 0:
            accepted += 1
        else:
            number, account = np.int64(command["instrument"]), np.int64(command["account"])
            client_id = core.now[0]["client_id"]
            emit.rejected(core, codes.MASS_QUOTE, reason, client_id, number, account, np.int64(0))
    if accepted > 0:
        note_order(core, np.int64(MASS_QUOTED))
    emit.mass_quoted(core, accepted)
    emit.positions_changed(core)
    return np.int64(0)


@inner
def live_leg(core, command, row, side):
    """Slot of the live leg on `side` of the quote of (account, instrument, hedge); NIL if none."""
    if row == NIL:
        return np.int64(NIL)
    holder = core.holders[row]
    slot = np.int64(holder["bid"]) if side == codes.SIDE_BUY else np.int64(holder["ask"])
    order = core.orders[slot]
    if (
        order["flags"] & QUOTE == 0
        or order["account"] != command["account"]
        or order["instrument"] != command["instrument"]
        or order["hedge"] != command["hedge"]
        or order["side"] != side
    ):
        return np.int64(NIL)  # the leg has left, and its slot holds another order
    return slot


@apart
def cancel_quote(core, row, request_id):
    """order_cancel of a quote by its client id: the live legs of its row, bid first."""
    if row == -MASS_QUOTED:  # a withdrawal names no legs
        return np.int64(codes.REJECT_ORDER_DONE)
    position = core.positions[row]
    bid = live_leg(core, position, row, np.int64(codes.SIDE_BUY))
    ask = live_leg(core, position, row, np.int64(codes.SIDE_SELL))
    if bid == NIL and ask == NIL:
        return np.int64(codes.REJECT_ORDER_DONE)
    product = core.products[core.instruments[position["instrument"]]["product"]]
    if not risk.takes_cancel(product["phase"]):
        return np.int64(codes.REJECT_PHASE_NO_CANCEL)
    if bid != NIL:
        cancel_resting(core, bid, codes.CANCEL_MEMBER, request_id, np.int64(0))
    if ask != NIL:
        cancel_resting(core, ask, codes.CANCEL_MEMBER, request_id, np.int64(0))
    return np.int64(0)


@apart
def _place(core, command, bid_order_id):
    """Judge and place one quote; its ask's order id follows its bid's."""
    reason = np.int64(_check_form(core, command))
    if reason != 0:
        return reason
    number, account = np.int64(command["instrument"]), np.int64(command["account"])
    hedge = np.int64(command["hedge"])
    instrument = core.instruments[number]
    product = core.products[instrument["product"]]
    row = position_row(core, account, number, hedge)
    bid = live_leg(core, command, row, np.int64(codes.SIDE_BUY))
    ask = live_leg(core, command, row, np.int64(codes.SIDE_SELL))
    reason = np.int64(_check_market(product, instrument, command, bid != NIL or ask != NIL))
    if reason != 0:
        return reason
    _free(core, product, instrument, bid, np.int64(-1))
    _free(core, product, instrument, ask, np.int64(-1))
    reason = _check_legs(core, product, instrument, command, row, bid, ask)
    _free(core, product, instrument, bid, np.int64(1))
    _free(core, product, instrument, ask, np.int64(1))
    if reason != 0:
        return reason
    if row == NIL and not _is_withdrawal(command):
        row = make_holder(core, product, account, number, hedge)
    _replace(core, product, instrument, command, row, bid, ask, bid_order_id)
    return np.int64(0)


@inner
def _is_withdrawal(command):
    return command["bid_quantity"] == 0 and command["ask_quantity"] == 0


@inner
def _check_form(core, command):
    """Checks 9 to 16 of a quote; of a withdrawal 9, 10, 12, 14 and 15."""
    if (
        command["bid_offset"] > codes.OFFSET_CLOSE_TODAY
        or command["ask_offset"] > codes.OFFSET_CLOSE_TODAY
        or command["hedge"] > codes.HEDGE_MARKET_MAKER
    ):
        return codes.REJECT_FIELD_INVALID
    is_withdrawal = _is_withdrawal(command)
    number, account = np.int64(command["instrument"]), np.int64(command["account"])
    bids = command["bid_quantity"] != 0
    asks = command["ask_quantity"] != 0
    bid_offset, ask_offset = np.int64(command["bid_offset"]), np.int64(command["ask_offset"])
    if not risk.owns_account(core, account):
        return codes.REJECT_ACCOUNT_UNKNOWN
    reason = 0
    if bids:
        reason = _check_side(core, number, account, bid_offset)
    if asks and reason == 0:
        reason = _check_side(core, number, account, ask_offset)
    if reason != 0:
        return reason
    if not risk.is_instrument(core, number):
        return codes.REJECT_INSTRUMENT_UNKNOWN
    product = core.products[core.instruments[number]["product"]]
    if product["quote_rule"] == codes.QUOTE_RULE_NONE or not risk.is_contract(core, number):
        return codes.REJECT_QUOTE_UNSUPPORTED
    if not _sizes_fit(product, command):
        return codes.REJECT_QUOTE_INVALID
    if is_withdrawal:
        return 0
    if (bids and not risk.is_offset_known(product, bid_offset)) or (
        asks and not risk.is_offset_known(product, ask_offset)
    ):
        return codes.REJECT_OFFSET_UNSUPPORTED
    return 0


@inner
def _check_side(core, number, account, offset):
    """Checks 10 to 13 for one side's offset."""
    reason = risk.check_activity(core.accounts[account], offset)
    if reason != 0:
        return reason
    if not risk.is_instrument(core, number):
        return codes.REJECT_INSTRUMENT_UNKNOWN
    instrument = core.instruments[number]
    product = core.products[instrument["product"]]
    return risk.check_right(product, instrument["product"], core.accounts[account], offset)


@inner
def _sizes_fit(product, command):
    """Check 15."""
    bid, ask = np.int64(command["bid_quantity"]), np.int64(command["ask_quantity"])
    if bid < 0 or ask < 0:
        return False
    if (bid == 0 and command["bid_price"] != 0) or (ask == 0 and command["ask_price"] != 0):
        return False
    if bid == 0 and ask == 0:
        return True
    least = product["quote_minimum"]
    if (0 < bid < least) or (0 < ask < least):
        return False
    rule = product["quote_rule"]
    if rule == codes.QUOTE_RULE_ONE_SIDE_ALLOWED:
        return True
    return bid > 0 and ask > 0 and (rule != codes.QUOTE_RULE_EQUAL_SIZES or bid == ask)


@inner
def _check_market(product, instrument, command, has_legs):
    """Checks 18 to 21."""
    if not _is_withdrawal(command):
        reason = risk.check_phase(product, instrument)
        if reason != 0:
            return reason
    if has_legs and not risk.takes_cancel(product["phase"]):
        return codes.REJECT_PHASE_NO_CANCEL
    if command["bid_quantity"] == 0 or command["ask_quantity"] == 0:
        return 0
    bid, ask = command["bid_price"], command["ask_price"]
    if bid >= ask:
        return codes.REJECT_QUOTE_CROSSED
    width = product["quote_width_ticks"] * instrument["tick"]
    if width != 0 and _is_wider(bid, ask, width):
        return codes.REJECT_QUOTE_TOO_WIDE
    return 0


@inner
def _is_wider(bid, ask, width):
    """ask - bid > width, for any bid < ask, without overflow."""
    return ask > width + bid if bid < 0 else ask - bid > width


@inner
def _free(core, product, instrument, slot, sign):
    """Release (-1) or take back (1) what an old leg has frozen."""
    if slot != NIL:
        order = core.orders[slot]
        price = price_of(instrument, np.int64(order["side"]), np.int64(order["rank"]))
        reserve(core, product, instrument, order, sign * np.int64(order["remaining"]), price)


@inner
def _check_legs(core, product, instrument, command, row, old_bid, old_ask):
    """Checks 22 to 31 of the bid, then of the ask with the bid counted."""
    zero = np.int64(0)
    bid, ask = np.int64(command["bid_quantity"]), np.int64(command["ask_quantity"])
    bid_offset, ask_offset = np.int64(command["bid_offset"]), np.int64(command["ask_offset"])
    lots, value = zero, zero
    if bid != 0:
        price = command["bid_price"]
        side = np.int64(codes.SIDE_BUY)
        reason = _check_leg(
            core,
            product,
            instrument,
            command,
            row,
            side,
            bid_offset,
            price,
            bid,
            zero,
            zero,
            old_ask,
        )
        if reason != 0:
            return reason
        if bid_offset == codes.OFFSET_OPEN:
            lots = bid
        if bid_offset == codes.OFFSET_OPEN or product["offset_rule"] == codes.OFFSET_RULE_NONE:
            value = price * instrument["multiplier"] * bid
    if ask != 0:
        price = command["ask_price"]
        side = np.int64(codes.SIDE_SELL)
        return _check_leg(
            core,
            product,
            instrument,
            command,
            row,
            side,
            ask_offset,
            price,
            ask,
            lots,
            value,
            old_bid,
        )
    return zero


@inner
def _check_leg(
    core, product, instrument, command, row, side, offset, price, quantity, lots, value, opposite
):
    """Checks 22 to 31 of one leg; `opposite`: the old leg that it may cross, as that one leaves."""
    reason = np.int64(risk.check_price(instrument, price))
    if reason == 0:
        reason = np.int64(risk.check_band(product, instrument, side, price))
    if reason == 0:
        reason = np.int64(risk.check_quantity(product, codes.KIND_LIMIT, quantity))
    if reason != 0:
        return reason
    account, number = np.int64(command["account"]), np.int64(command["instrument"])
    reason = np.int64(
        risk.check_holdings(
            core,
            product,
            instrument,
            number,
            row,
            command,
            side,
            offset,
            quantity,
            price,
            lots,
            value,
        )
    )
    if reason != 0:
        return reason
    return np.int64(
        risk.check_meeting(core, product, instrument, account, side, price, False, opposite)
    )


@inner
def _is_kept(core, instrument, slot, price, quantity, offset):
    """Does an old leg keep its order: same price and offset, no larger size?"""
    if slot == NIL or quantity == 0:
        return False
    order = core.orders[slot]
    present = price_of(instrument, np.int64(order["side"]), np.int64(order["rank"]))
    return (
        present == price
        and np.int64(order["offset"]) == offset
        and quantity <= np.int64(order["remaining"])
    )


@inner
def _replace(core, product, instrument, command, row, bid, ask, bid_order_id):
    """Old legs leave or are kept, bid first; then the new ones enter, bid first."""
    bids, asks = np.int64(command["bid_quantity"]), np.int64(command["ask_quantity"])
    bid_offset, ask_offset = np.int64(command["bid_offset"]), np.int64(command["ask_offset"])
    bid_price, ask_price = command["bid_price"], command["ask_price"]
    keeps_bid = _is_kept(core, instrument, bid, bid_price, bids, bid_offset)
    keeps_ask = _is_kept(core, instrument, ask, ask_price, asks, ask_offset)
    new_bid = core.orders[bid]["order_id"] if keeps_bid else bid_order_id
    new_ask = core.orders[ask]["order_id"] if keeps_ask else bid_order_id + 1
    zero = np.int64(0)
    emit.quote_accepted(
        core, command, new_bid if bids != 0 else zero, new_ask if asks != 0 else zero
    )
    _let_go(core, product, instrument, bid, keeps_bid, bids)
    _let_go(core, product, instrument, ask, keeps_ask, asks)
    if bids != 0 and not keeps_bid:
        side = np.int64(codes.SIDE_BUY)
        slot = _new_leg(core, command, row, side, bid_offset, bids, bid_order_id, product)
        core.holders[row]["bid"] = slot
        _enter_leg(core, product, instrument, slot, bid_price)
    if asks != 0 and not keeps_ask:
        side = np.int64(codes.SIDE_SELL)
        slot = _new_leg(core, command, row, side, ask_offset, asks, bid_order_id + 1, product)
        core.holders[row]["ask"] = slot
        _enter_leg(core, product, instrument, slot, ask_price)


@inner
def _let_go(core, product, instrument, slot, is_kept, quantity):
    if is_kept:
        keep_place(core, product, instrument, slot, quantity, core.now[0]["client_id"])
    elif slot != NIL:
        cancel_resting(core, slot, codes.CANCEL_QUOTE_REPLACED, np.int64(0), np.int64(0))


@inner
def _new_leg(core, command, row, side, offset, quantity, order_id, product):
    now = core.now[0]
    position = row
    if product["offset_rule"] == codes.OFFSET_RULE_NONE:
        position = np.int64(NIL)
    else:
        core.positions[row]["ordered"] = 1
    slot = new_order(core, order_id)
    client_id, seat = now["client_id"], now["seat"]
    write_plain(core, command, slot, position, seat, client_id, side, offset, quantity)
    core.orders[slot]["flags"] = LIVE | QUOTE
    return slot


@inner
def _enter_leg(core, product, instrument, slot, price):
    order = core.orders[slot]
    kind, day, zero = np.int64(codes.KIND_LIMIT), np.int64(codes.TIME_DAY), np.int64(0)
    emit.accepted(core, slot, kind, day, price, zero)
    reserve(core, product, instrument, order, np.int64(order["remaining"]), price)
    enter_book(core, product, instrument, slot, (kind, day, zero, price, price, price))


@apart
def request(core, command):
    """quote_request."""
    account, number = np.int64(command["account"]), np.int64(command["instrument"])
    if not risk.owns_account(core, account):
        return np.int64(codes.REJECT_ACCOUNT_UNKNOWN)
    if core.accounts[account]["blocked"] != 0:
        return np.int64(codes.REJECT_ACCOUNT_BLOCKED)
    if not risk.is_instrument(core, number):
        return np.int64(codes.REJECT_INSTRUMENT_UNKNOWN)
    instrument = core.instruments[number]
    product = core.products[instrument["product"]]
    rights = core.accounts[account]["open_products"] | core.accounts[account]["close_products"]
    if (rights >> instrument["product"]) & 1 == 0:
        return np.int64(codes.REJECT_PRODUCT_NOT_PERMITTED)
    reason = np.int64(_check_request(core, product, instrument))
    if reason != 0:
        return reason
    instrument["requested_ns"] = core.now[0]["time_ns"]
    emit.quote_requested(core, command)
    return np.int64(0)


@inner
def _check_request(core, product, instrument):
    """Checks 14 to 21 of a quote_request."""
    if product["request_interval_ns"] == 0 or instrument["leg_1"] != NIL:
        return codes.REJECT_REQUEST_UNSUPPORTED
    if product["phase"] != codes.PHASE_CONTINUOUS:
        return codes.REJECT_PHASE_NO_ENTRY
    if instrument["halted"] != 0:
        return codes.REJECT_HALTED
    bid = best_rank(instrument, np.int64(codes.SIDE_BUY))
    ask = best_rank(instrument, np.int64(codes.SIDE_SELL))
    if bid < instrument["ranks"] and ask < instrument["ranks"]:
        # Both ranks count from the far ends: what they leave out lies between the two prices.
        spread_ticks = bid + ask - (instrument["ranks"] - 1)
        if spread_ticks <= product["request_width_ticks"]:
            return codes.REJECT_REQUEST_NOT_NEEDED
    last = instrument["requested_ns"]
    if last != 0 and core.now[0]["time_ns"] - last < product["request_interval_ns"]:
        return codes.REJECT_REQUEST_TOO_SOON
    return 0
