"""Continuous matching (`spec/matching.md`): what a fill does, and the sweep of an order."""

import numpy as np

from twinex.venue.compiler import apart, inlined, inner
from twinex.venue.core import emit
from twinex.venue.core.accounts import reserve, settle
from twinex.venue.core.book import (
    best_rank,
    give_slot,
    is_at_limit,
    is_privileged,
    level_index,
    next_level,
    price_of,
    rest,
    shrink,
    sweep_with,
    take_slot,
    unlink,
)
from twinex.venue.core.legs import reserve_legs
from twinex.venue.core.limits import NIL
from twinex.venue.core.state import COMBINATION, ICEBERG, LISTED
from twinex.venue.wire import codes


@inlined
def new_order(core, order_id):
    """A free slot for `order_id`."""
    slot = take_slot(core)
    core.orders[slot]["order_id"] = order_id
    return slot


@inlined
def note_order(core, slot):
    """Note under this command's sequence that it made the order in `slot` (or a quote, below 0)."""
    now = core.now[0]
    entry = core.slots[now["sequence"] - now["first_sequence"]]
    entry["slot"] = slot
    entry["member"] = now["member"]


@inlined
def free_order(core, slot):
    """Give an order that is in no queue and no member's list back."""
    core.orders[slot]["flags"] = 0
    give_slot(core, slot)


@inlined
def list_order(core, slot):
    """Put a live order at the end of its member's list."""
    order = core.orders[slot]
    member = core.members[core.accounts[order["account"]]["member"]]
    order["flags"] |= LISTED
    order["member_previous"] = member["last_order"]
    order["member_next"] = NIL
    if member["last_order"] == NIL:
        member["first_order"] = slot
    else:
        core.orders[member["last_order"]]["member_next"] = slot
    member["last_order"] = slot
    core.now[0]["live_orders"] += 1


@inlined
def unlist_order(core, slot):
    """Take an order out of its member's list and free it."""
    order = core.orders[slot]
    member = core.members[core.accounts[order["account"]]["member"]]
    before = np.int64(order["member_previous"])
    after = np.int64(order["member_next"])
    if before == NIL:
        member["first_order"] = after
    else:
        core.orders[before]["member_next"] = after
    if after == NIL:
        member["last_order"] = before
    else:
        core.orders[after]["member_previous"] = before
    core.now[0]["live_orders"] -= 1
    free_order(core, slot)


@inlined
def enlist(core, instrument, slot):
    """Count an order that came to rest as live, in the book and in its member's list."""
    order = core.orders[slot]
    if order["flags"] & LISTED == 0:
        list_order(core, slot)
        instrument["live_orders"] += 1
    if order["flags"] & ICEBERG != 0:
        show_iceberg(core, instrument, slot)


@inlined
def delist(core, instrument, slot):
    """Take an order that rested out of its member's list and free it."""
    instrument["live_orders"] -= 1
    if core.orders[slot]["flags"] & ICEBERG != 0:
        _count_slices(core, instrument, slot, np.int64(0))
    unlist_order(core, slot)


@inner
def leave(core, instrument, slot):
    """An incoming order has nothing left, or is cancelled: a stop set off stands in a list."""
    if core.orders[slot]["flags"] & LISTED != 0:
        delist(core, instrument, slot)
    else:
        free_order(core, slot)


@inner
def show_iceberg(core, instrument, slot):
    """An iceberg shows its display quantity, or what is left of it."""
    extra, remaining = core.extras[slot], np.int64(core.orders[slot]["remaining"])
    display = np.int64(extra["display"])
    extra["shown"] = min(display, remaining)
    count_slices(core, instrument, slot)


@inner
def count_slices(core, instrument, slot):
    """Count the parts that a resting iceberg may show: what it shows, and what it hides."""
    extra, remaining = core.extras[slot], np.int64(core.orders[slot]["remaining"])
    display, hidden = np.int64(extra["display"]), remaining - np.int64(extra["shown"])
    _count_slices(core, instrument, slot, 1 + (hidden + display - 1) // display)


@inner
def _count_slices(core, instrument, slot, slices):
    """How many parts an iceberg may show at most: a bound of the fills that others can make."""
    extra = core.extras[slot]
    more = slices - np.int64(extra["slices"])
    extra["slices"] = slices
    instrument["slices"] += more
    core.now[0]["slices"] += more


@inner
def trade_price(instrument, rule, resting_side, buy_price, sell_price):
    """Price and its source of one fill (`spec/matching.md`, rulebook 2.3)."""
    if rule == codes.PRICE_RULE_RESTING:
        if resting_side == codes.SIDE_BUY:
            return buy_price, np.int64(codes.SOURCE_BUY)
        return sell_price, np.int64(codes.SOURCE_SELL)
    last = instrument["last_price"]
    if last <= sell_price:
        return sell_price, np.int64(codes.SOURCE_SELL)
    if last >= buy_price:
        return buy_price, np.int64(codes.SOURCE_BUY)
    return last, np.int64(codes.SOURCE_LAST)


@inlined
def count_trade(core, product, instrument, number, buy, sell, quantity, price):
    """Trade number, volume, open interest and last price; returns the trade id."""
    now = core.now[0]
    now["last_trade_id"] += 1
    trade = core.trades[now["last_trade_id"]]
    trade["price"] = price
    trade["quantity"] = quantity
    trade["instrument"] = number
    now["volume"] += quantity
    instrument["last_price"] = price
    if product["offset_rule"] != codes.OFFSET_RULE_NONE:
        buyer_opens = buy["offset"] == codes.OFFSET_OPEN
        seller_opens = sell["offset"] == codes.OFFSET_OPEN
        if buyer_opens and seller_opens:
            instrument["open_interest"] += quantity
        elif not buyer_opens and not seller_opens:
            instrument["open_interest"] -= quantity
    return now["last_trade_id"]


@inlined
def _fill(core, product, instrument, slot, resting, quantity, price, source, frozen_price):
    """One fill of the incoming order `slot` against `resting`, with its three events."""
    order = core.orders[slot]
    other = core.orders[resting]
    side = np.int64(order["side"])
    resting_price = price_of(instrument, 1 - side, np.int64(other["rank"]))
    settle(core, product, instrument, order, quantity, price, frozen_price)
    settle(core, product, instrument, other, quantity, price, resting_price)
    buy = order if side == codes.SIDE_BUY else other
    sell = other if side == codes.SIDE_BUY else order
    number = np.int64(order["instrument"])
    trade_id = count_trade(core, product, instrument, number, buy, sell, quantity, price)
    emit.filled(core, order, codes.ROLE_INCOMING, quantity, price, source, trade_id)
    emit.filled(core, other, codes.ROLE_RESTING, quantity, price, source, trade_id)
    emit.trade(core, instrument, number, buy, sell, side, quantity, price, source, trade_id)


@inlined
def release(core, product, instrument, order, quantity, price):
    """Give back what `quantity` lots of an order froze at `price`, or in its legs."""
    if order["flags"] & COMBINATION != 0:
        reserve_legs(core, order, -quantity)
    else:
        reserve(core, product, instrument, order, -quantity, price)


@inner
def self_trade_mode(core, product, account):
    """What the market does when orders of the account's group meet (`allow`: nothing)."""
    group = core.accounts[account]["group"]
    if product["self_trade_checked"] == 0 or group == 0:
        return np.int64(codes.SELF_TRADE_ALLOW)
    return core.groups[group] - 1


@apart
def melt(core, product, instrument, slot, quantity):
    """An iceberg has lost `quantity` of what it shows; used up, it queues with a new part."""
    extra = core.extras[slot]
    extra["shown"] -= quantity
    if extra["shown"] > 0:
        return
    unlink(core, instrument, slot)
    show_iceberg(core, instrument, slot)
    rest(core, product, instrument, slot, np.int64(core.orders[slot]["rank"]))
    emit.refreshed(core, instrument, slot)


@inner
def is_own_group(core, order, other):
    """Are the accounts of both orders of one group?"""
    group = core.accounts[order["account"]]["group"]
    return group != 0 and core.accounts[other["account"]]["group"] == group


@apart
def prevent(core, product, instrument, slot, resting, mode, frozen_price):
    """Orders of one group meet (spec/matching.md); is the rest of the incoming one cancelled?."""
    if mode == codes.SELF_TRADE_CANCEL_NEWEST:
        return True
    if mode != codes.SELF_TRADE_REDUCE:
        cancel_resting(core, resting, codes.CANCEL_SELF_TRADE, np.int64(0), np.int64(0))
        return mode == codes.SELF_TRADE_CANCEL_BOTH
    order, other = core.orders[slot], core.orders[resting]
    quantity = min(np.int64(order["remaining"]), np.int64(other["remaining"]))
    if quantity == other["remaining"]:
        cancel_resting(core, resting, codes.CANCEL_SELF_TRADE, np.int64(0), np.int64(0))
    else:
        side, rank = np.int64(other["side"]), np.int64(other["rank"])
        core.levels[level_index(instrument, side, rank)]["volume"] -= quantity
        _reduce(core, product, instrument, resting, quantity, price_of(instrument, side, rank))
        if other["flags"] & ICEBERG != 0:
            shown = np.int64(core.extras[resting]["shown"])
            core.extras[resting]["shown"] = min(shown, np.int64(other["remaining"]))
            count_slices(core, instrument, resting)
    if quantity == order["remaining"]:
        return True
    _reduce(core, product, instrument, slot, quantity, frozen_price)
    return False


@inner
def _reduce(core, product, instrument, slot, quantity, price):
    """Take `quantity` lots off an order, frozen at `price`, without a trade."""
    order = core.orders[slot]
    release(core, product, instrument, order, quantity, price)
    order["quantity"] -= quantity
    order["remaining"] -= quantity
    emit.reduced(core, order, quantity, price)


@inlined
def _meet(core, product, instrument, slot, resting, level, level_price, terms):
    """Trade `slot` with `resting`, the first of a level; does prevention end the sweep?."""
    rule, own_price, frozen_price, mode = terms
    order, other = core.orders[slot], core.orders[resting]
    if mode != codes.SELF_TRADE_ALLOW and is_own_group(core, order, other):
        return prevent(core, product, instrument, slot, resting, mode, frozen_price)
    side = np.int64(order["side"])
    buy_price = own_price if side == codes.SIDE_BUY else level_price
    sell_price = level_price if side == codes.SIDE_BUY else own_price
    quantity = min(np.int64(order["remaining"]), np.int64(other["remaining"]))
    is_iceberg = other["flags"] & ICEBERG != 0
    if is_iceberg:
        quantity = min(quantity, np.int64(core.extras[resting]["shown"]))
    price, source = trade_price(instrument, rule, 1 - side, buy_price, sell_price)
    _fill(core, product, instrument, slot, resting, quantity, price, source, frozen_price)
    if shrink(core, instrument, level, resting, quantity):
        delist(core, instrument, resting)
    elif is_iceberg:
        melt(core, product, instrument, resting, quantity)
    return False


_sweep = sweep_with(_meet)


@inlined
def sweep(core, product, instrument, slot, rule, own_price, limit_rank, levels_max, frozen_price):
    """Trade `slot` with opposite levels up to `limit_rank`, at most `levels_max` of them.

    `own_price` is what the order offers under the middle rule. Returns whether self-trade
    prevention cancels what is left of it.
    """
    mode = self_trade_mode(core, product, np.int64(core.orders[slot]["account"]))
    terms = (rule, own_price, frozen_price, mode)
    return _sweep(core, product, instrument, slot, limit_rank, levels_max, terms)


@inner
def _first_of_group(core, level, order):
    """The first order of the level whose account is of the group of `order`'s; NIL if none is."""
    slot = np.int64(level["head"])
    while slot != NIL and not is_own_group(core, order, core.orders[slot]):
        slot = np.int64(core.orders[slot]["next"])
    return slot


@inner
def _volume_of_others(core, level, order):
    """Lots of a level but for those of `order`'s group."""
    found, slot = np.int64(0), np.int64(level["head"])
    while slot != NIL:
        other = core.orders[slot]
        if not is_own_group(core, order, other):
            found += np.int64(other["remaining"])
        slot = np.int64(other["next"])
    return found


@inner
def _volume_before(core, product, instrument, own):
    """Lots of a level that come before the order `own`: an iceberg's next part queues behind it.

    But at a limit price a closing order's next part queues behind the closing orders at the head
    alone: before `own`, unless it and all orders between them are closing ones.
    """
    at_limit = is_at_limit(product, instrument, core.orders[own])
    behind_own = is_privileged(product, np.int64(core.orders[own]["offset"]))
    found, slot = np.int64(0), np.int64(core.orders[own]["previous"])
    while slot != NIL:
        other = core.orders[slot]
        closing = is_privileged(product, np.int64(other["offset"]))
        comes_round = at_limit and closing and not behind_own
        if other["flags"] & ICEBERG == 0 or comes_round:
            found += np.int64(other["remaining"])
        else:
            found += np.int64(core.extras[slot]["shown"])
        behind_own = behind_own and closing
        slot = np.int64(other["previous"])
    return found


@apart
def fillable_by_others(
    core, product, instrument, side, limit_rank, levels_max, wanted, order, mode
):
    """As `book.fillable`, under self-trade prevention: what the order can really get of `side`."""
    found = np.int64(0)
    rank = best_rank(instrument, side)
    levels = np.int64(0)
    while rank <= limit_rank and rank < instrument["ranks"] and levels < levels_max:
        level = core.levels[level_index(instrument, side, rank)]
        own = _first_of_group(core, level, order)
        if own == NIL:
            found += level["volume"]
        elif mode == codes.SELF_TRADE_CANCEL_OLDEST:
            found += _volume_of_others(core, level, order)
        else:
            return found + _volume_before(core, product, instrument, own)
        if found >= wanted:
            return found
        levels += 1
        rank = next_level(core, instrument, side, rank + 1)
    return found


@inlined
def cancel_resting(core, slot, reason, request_id, operator_reason):
    """Take a resting order out of the market, with its event."""
    order = core.orders[slot]
    instrument = core.instruments[order["instrument"]]
    product = core.products[instrument["product"]]
    price = price_of(instrument, np.int64(order["side"]), np.int64(order["rank"]))
    release(core, product, instrument, order, np.int64(order["remaining"]), price)
    emit.cancelled(core, order, reason, price, request_id, operator_reason)
    unlink(core, instrument, slot)
    delist(core, instrument, slot)


@inner
def resting_price_of_market(core, instrument, side):
    """Where a market kind's remainder rests: the last price, or one tick short of crossing."""
    price = instrument["last_price"]
    other = best_rank(instrument, 1 - side)
    if other >= instrument["ranks"]:
        return price
    best = price_of(instrument, 1 - side, other)
    if side == codes.SIDE_BUY:
        return min(price, best - instrument["tick"])
    return max(price, best + instrument["tick"])


@inner
def check_uncrossed(instrument):
    """The book never crosses: the best buy stands below the best sell."""
    return instrument["best_buy"] + instrument["best_sell"] >= instrument["ranks"]
