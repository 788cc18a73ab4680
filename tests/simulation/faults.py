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
        "auction rule A takes the lower of two equally near prices",
        "venue",
        "core/auction.py",
        "distance <= best_distance",
        "distance < best_distance",
    ),
    Fault(
        "auction rule B takes the price of the filled order",
        "venue",
        "core/auction.py",
        "            price = bid if buy_left > 0 else ask",
        "            price = ask if buy_left > 0 else bid",
    ),
    Fault(
        "auction rule C takes the larger surplus",
        "venue",
        "core/auction.py",
        "volume == best_volume and surplus < best_surplus)",
        "volume == best_volume and surplus > best_surplus)",
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
)
