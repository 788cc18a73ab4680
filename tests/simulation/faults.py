"""Faults to be planted, one at a time, in a copy of one of the systems.

Each is an edit of one source file: `old` stands in it exactly once and becomes `new`. All are of
the kind that reads well: a tie the other way, an off-by-one, a figure not kept, half a rule.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """`room`: `venue` or `mirror`; `path`: below it."""

    name: str
    room: str
    path: str
    old: str
    new: str


VENUE = (
    Fault(
        "a tie of the middle rule names the last price",
        "venue",
        "core/matching.py",
        "    if last <= sell_price:",
        "    if last < sell_price:",
    ),
    Fault(
        "a trade of one lot leaves the last price",
        "venue",
        "core/matching.py",
        '    instrument["last_price"] = price\n',
        '    instrument["last_price"] = price if quantity > 1 else instrument["last_price"]\n',
    ),
    Fault(
        "open interest falls when a buyer closes with an opening seller",
        "venue",
        "core/matching.py",
        "        elif not buyer_opens and not seller_opens:",
        "        elif not buyer_opens:",
    ),
    Fault(
        "an iceberg that shows anew keeps its place",
        "venue",
        "core/matching.py",
        "    unlink(core, instrument, slot)\n    show_iceberg(core, instrument, slot)\n"
        '    rest(core, product, instrument, slot, np.int64(core.orders[slot]["rank"]))\n',
        "    show_iceberg(core, instrument, slot)\n",
    ),
    Fault(
        "cancel_both leaves the incoming order",
        "venue",
        "core/matching.py",
        "        return mode == codes.SELF_TRADE_CANCEL_BOTH",
        "        return False",
    ),
    Fault(
        "auction rule B takes the price of the filled order",
        "venue",
        "core/auction.py",
        "            price = bid if buy_left > 0 else ask",
        "            price = ask if buy_left > 0 else bid",
    ),
    Fault(
        "the position limit itself cannot be reached",
        "venue",
        "core/risk.py",
        "        if quantity > position_room(",
        "        if quantity >= position_room(",
    ),
    Fault(
        "a buy at the band's edge is refused",
        "venue",
        "core/risk.py",
        "    if side == codes.SIDE_BUY and price > worst:",
        "    if side == codes.SIDE_BUY and price >= worst:",
    ),
    Fault(
        "a fill at a better price gives credit back twice",
        "venue",
        "core/accounts.py",
        '        more = (price - frozen_price) * instrument["multiplier"] * quantity',
        '        more = 2 * (price - frozen_price) * instrument["multiplier"] * quantity',
    ),
    Fault(
        "a close takes today's lots first",
        "venue",
        "core/accounts.py",
        '        from_yesterday = min(quantity, np.int64(position["yesterday"][holding]))',
        '        from_yesterday = max(0, quantity - np.int64(position["today"][holding]))',
    ),
    Fault(
        "a trailing sell stop falls back with the price",
        "venue",
        "core/stops.py",
        '        extra["stop_price"] = max(extra["stop_price"], price - extra["trail"])',
        '        extra["stop_price"] = price - extra["trail"]',
    ),
    Fault(
        "one entry more than the rate allows",
        "venue",
        "core/dispatch.py",
        'member["entries"] > member["entries_max"]:',
        'member["entries"] > member["entries_max"] + 1:',
    ),
    Fault(
        "an id used again with other bytes counts as repeated",
        "venue",
        "core/dispatch.py",
        '        if np.int64(used["body_crc"]) == now["body_crc"]:',
        '        if np.int64(used["body_crc"]) & 1 == now["body_crc"] & 1:',
    ),
    Fault(
        "the image forgets until when an order is good",
        "venue",
        "image/take.py",
        '    made["good_till_day"] = np.where(lasts, extras["good_till_day"], 0)',
        '    made["good_till_day"] = 0',
    ),
    Fault(
        "auction rule A does not look at the surplus",
        "venue",
        "core/auction.py",
        "(surplus < best_surplus or (surplus == best_surplus and distance <= best_distance))",
        "distance <= best_distance",
    ),
)

MIRROR = (
    Fault(
        "an auction leaves the last price as it was",
        "mirror",
        "auction.py",
        "        instrument.last_price = price\n    market.events.say(AUCTION_MATCHED",
        "        pass\n    market.events.say(AUCTION_MATCHED",
    ),
    Fault(
        "reduce takes an iceberg's shown lots first",
        "mirror",
        "matching.py",
        "    order.remaining -= lots\n    order.shown = min(order.shown, order.remaining)\n",
        "    order.remaining -= lots\n"
        "    order.shown = min(max(1, order.shown - lots), order.remaining)\n",
    ),
    Fault(
        "what rests of a market order stays frozen at its limit",
        "mirror",
        "matching.py",
        "    order.price = order.frozen_price = price\n    order.freeze(order.remaining)\n",
        "    order.freeze(order.remaining)\n    order.price = order.frozen_price = price\n",
    ),
    Fault(
        "closing today's lots counts as opening",
        "mirror",
        "matching.py",
        "+ (second.offset == 0)",
        "+ (second.offset != 1)",
    ),
    Fault(
        "five levels are four",
        "mirror",
        "matching.py",
        "codes.FIVE_LEVELS: 5}",
        "codes.FIVE_LEVELS: 4}",
    ),
    Fault(
        "the resting order's row is told before the incoming one's",
        "mirror",
        "matching.py",
        "    for order in (first, second):\n",
        "    for order in (second, first):\n",
    ),
    Fault(
        "auction rule B rounds its average up",
        "mirror",
        "auction.py",
        "            price = (buy.price + sell.price) // 2 // tick * tick",
        "            price = -(-(buy.price + sell.price) // 2 // tick) * tick",
    ),
    Fault(
        "auction rule C takes the largest surplus",
        "mirror",
        "auction.py",
        "    least = min(demand",
        "    least = max(demand",
    ),
    Fault(
        "the opening cap forgets live opening sells",
        "mirror",
        "checks.py",
        "each.opened + each.opening_buys + each.opening_sells",
        "each.opened + each.opening_buys",
    ),
    Fault(
        "stops set off together enter the last first",
        "mirror",
        "stops.py",
        "sorted(due, key=BY_ID)",
        "sorted(due, key=BY_ID, reverse=True)",
    ),
    Fault(
        "a leg of unchanged size queues anew",
        "mirror",
        "quotes.py",
        "    return 0 < leg.quantity <= old.remaining",
        "    return 0 < leg.quantity < old.remaining",
    ),
    Fault(
        "a quote as wide as it may be is too wide",
        "mirror",
        "quotes.py",
        "ask.price - bid.price > width:",
        "ask.price - bid.price >= width:",
    ),
    Fault(
        "a rate window lasts as long as two",
        "mirror",
        "core.py",
        "    if window != member.window:",
        "    if not 0 <= window - member.window < 2:",
    ),
    Fault(
        "an amend that keeps its place releases nothing",
        "mirror",
        "cancel.py",
        "    order.freeze(-lots)\n    order.quantity = quantity\n",
        "    order.quantity = quantity\n",
    ),
    Fault(
        "bulk cancels leave amended orders for the end",
        "mirror",
        "cancel.py",
        "    return sorted(found, key=BY_ID)",
        "    return found",
    ),
    Fault(
        "an amend to the same total queues anew",
        "mirror",
        "cancel.py",
        "quantity <= order.quantity:",
        "quantity < order.quantity:",
    ),
    Fault(
        "today's frozen longs count as plain frozen",
        "mirror",
        "market.py",
        "            self.long_frozen_today += lots",
        "            self.long_frozen += lots",
    ),
    Fault(
        "opening sells do not count as opened",
        "mirror",
        "market.py",
        "self.opened = min(self.opened + lots, COUNT_MAX)",
        "self.opened = min(self.opened + lots * (side == 0), COUNT_MAX)",
    ),
    Fault(
        "a fill counts as credit at the frozen price",
        "mirror",
        "market.py",
        "value = (price - self.frozen_price) * product.multiplier * lots",
        "value = 0 * (price - self.frozen_price) * product.multiplier * lots",
    ),
    Fault(
        "an order good till today outlives the day",
        "mirror",
        "phases.py",
        "order.good_till_day > market.trading_day",
        "order.good_till_day >= market.trading_day",
    ),
    Fault(
        "the image keeps the counts of a window that is over",
        "mirror",
        "image.py",
        "    if member.window_ns and time_ns // member.window_ns == member.window:",
        "    if member.window_ns:",
    ),
    Fault(
        "a combination's sold leg freezes at its upper limit",
        "mirror",
        "combinations.py",
        "sold: sold.lower_limit}",
        "sold: sold.upper_limit}",
    ),
    Fault(
        "auction rule A takes the lower of two equally near prices",
        "mirror",
        "auction.py",
        "abs(price - settlement), -price",
        "abs(price - settlement), price",
    ),
    Fault(
        "closing orders have no privilege at the lower limit",
        "mirror",
        "matching.py",
        "    if order.price not in (instrument.lower_limit, instrument.upper_limit):",
        "    if order.price != instrument.upper_limit:",
    ),
    Fault(
        "an order at the lower limit is below it",
        "mirror",
        "checks.py",
        "if value < instrument.lower_limit else 0",
        "if value <= instrument.lower_limit else 0",
    ),
)
