"""Quotes (报价), mass quotes and requests for quote (询价); spec/quotes.md.

A new quote is judged whole as two orders that are not in the market yet, its legs; then the old
legs go or stay, and the new ones enter as any order does. Numbers in brackets are of quotes.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from struct import Struct

from twinex.mirror import checks, codes
from twinex.mirror.cancel import shrink
from twinex.mirror.codes import Cancelled, Refused
from twinex.mirror.entry import accept, find, settle_in
from twinex.mirror.events import MASS_QUOTED, QUOTE_ACCEPTED, QUOTE_REQUESTED
from twinex.mirror.market import Account, Instrument, Market, Member, Order, Quote, row_key
from twinex.mirror.matching import cancel_resting
from twinex.mirror.messages import BLOCK, GROUP_SIZE, QUOTE_ENTER, QUOTE_REQUEST

QUOTE_ENTER_ID, MASS_QUOTE_ID, QUOTE_REQUEST_ID = 6, 7, 8
TWO_SIDED, EQUAL_SIZES = 1, 2  # quote rules; 0 takes no quotes, 3 one side, too
_BLOCK_LENGTH = Struct("<40xH")  # of a record's message

Legs = tuple[Order, Order]  # bid and ask; of quantity 0 where that side is left out
OldLegs = dict[int, Order]  # by side: those of the old quote that live


def enter(market: Market, record: bytes, member: Member, seat: int) -> int:
    """quote_enter."""
    client_id, *fields = QUOTE_ENTER.unpack_from(record, BLOCK)
    legs = describe(member, seat, client_id, (market.sequence << 10) + 1, fields)
    withdrawn = withdraws(legs)  # asked first: prevention may take all lots off a leg that enters
    reason = take(market, legs, *fields[:2])
    if reason:
        return market.refuse(QUOTE_ENTER_ID, seat, reason, member.number, client_id, *fields[:2])
    if not withdrawn:
        market.quoted = market.quotes[key_of(legs)]
    return 0


def enter_mass(market: Market, record: bytes, member: Member, seat: int) -> int:
    """mass_quote: each entry as a quote_enter of its own; one refused does not touch the others."""
    (block,) = _BLOCK_LENGTH.unpack_from(record)
    (client_id,) = Struct("<q").unpack_from(record, BLOCK)
    size, entries = GROUP_SIZE.unpack_from(record, BLOCK + block)
    accepted = 0
    for index in range(entries):
        _, *fields = QUOTE_ENTER.unpack_from(record, BLOCK + block + 8 + index * size)
        first_id = (market.sequence << 10) + 2 * index + 1
        reason = take(market, describe(member, seat, client_id, first_id, fields), *fields[:2])
        if reason:
            market.refuse(MASS_QUOTE_ID, seat, reason, member.number, client_id, *fields[:2])
        else:
            accepted += 1
    market.quoted = 1 if accepted else 0
    market.events.say(MASS_QUOTED, 0, client_id, member.number, seat, accepted)
    return 0


def describe(
    member: Member, seat: int, client_id: int, first_id: int, fields: Sequence[int]
) -> Legs:
    """The legs as a message has them, from instrument on: limit orders for the day."""
    _, _, bid_price, ask_price, bid_offset, ask_offset, hedge, bid_lots, ask_lots = fields
    bid, ask = Order(), Order()
    for leg, side, offset, price, lots in (
        (bid, codes.BUY, bid_offset, bid_price, bid_lots),
        (ask, codes.SELL, ask_offset, ask_price, ask_lots),
    ):
        leg.order_id, leg.client_id = first_id + side, client_id
        leg.member, leg.seat = member, seat
        leg.side, leg.offset, leg.hedge = side, offset, hedge
        leg.kind, leg.time_in_force = codes.LIMIT, codes.DAY
        leg.price = leg.frozen_price = price
        leg.quantity = leg.remaining = lots
        leg.minimum_quantity = leg.post_only = 0
        leg.shown = leg.display_quantity = leg.good_till_day = 0
    return bid, ask


def withdraws(legs: Legs) -> bool:
    """Both sizes are 0: the quote takes the old one out."""
    return legs[0].quantity == legs[1].quantity == 0


def key_of(legs: Legs) -> int:
    """The key of the quote that these are the legs of."""
    bid = legs[0]
    return row_key(bid.account.number, bid.instrument.number, bid.hedge)


def take(market: Market, legs: Legs, instrument: int, account: int) -> int:
    """Judge a quote, and let it replace the old one; the reject reason, 0 where it was done."""
    reason = judge_named(market, legs, account, instrument) or judge_sides(legs)
    if reason:
        return reason
    quote = market.quotes.get(key_of(legs))
    if quote is None:
        quote = Quote(legs[0].account, legs[0].instrument, legs[0].hedge)
    old = {leg.side: leg for leg in quote.legs if leg is not None and leg.remaining}
    reason = judge_entry(legs, old) or judge_orders(market, legs, old)
    if reason:
        return reason
    if not withdraws(legs):
        market.quotes[key_of(legs)] = quote
    replace(market, quote, legs, old)
    return 0


def judge_named(market: Market, legs: Legs, account: int, instrument: int) -> int:
    """[9 to 13] Codes; then account, instrument and right, for the bid's offset and the ask's."""
    bid, ask = legs
    if bid.offset > 2 or ask.offset > 2 or bid.hedge > 3:
        return Refused.FIELD_INVALID
    for leg in sides_of(legs):
        reason = find(market, leg, account, instrument) or checks.permission(
            leg.account, leg.instrument.product, leg.offset
        )
        if reason:
            return reason
    owned = owned_account(market, bid.member, account)
    if owned is None:
        return Refused.ACCOUNT_UNKNOWN
    found = market.instruments.get(instrument)
    if found is None:
        return Refused.INSTRUMENT_UNKNOWN
    for leg in legs:
        leg.account, leg.instrument = owned, found
    return 0


def sides_of(legs: Legs) -> list[Order]:
    """The sides that the quote has; one of size 0 is not judged."""
    return [leg for leg in legs if leg.quantity]


def owned_account(market: Market, member: Member, number: int) -> Account | None:
    """The member's account of that number."""
    account = market.accounts.get(number)
    return account if account is not None and account.member is member else None


def judge_sides(legs: Legs) -> int:
    """[14 to 16] What the product's quote rule (报价方式) asks of the two sides."""
    bid, ask = legs
    product = bid.instrument.product
    rule = product.quote_rule
    if rule == 0 or bid.instrument.leg_1 is not None:
        return Refused.QUOTE_UNSUPPORTED
    for leg in legs:
        if leg.quantity < 0 or (leg.quantity == 0 and leg.price != 0):
            return Refused.QUOTE_INVALID
        if 0 < leg.quantity < product.quote_minimum:
            return Refused.QUOTE_INVALID
    if withdraws(legs):
        return 0
    if rule in (TWO_SIDED, EQUAL_SIZES) and not (bid.quantity and ask.quantity):
        return Refused.QUOTE_INVALID
    if rule == EQUAL_SIZES and bid.quantity != ask.quantity:
        return Refused.QUOTE_INVALID
    known = (checks.offset_known(leg.offset, product) for leg in sides_of(legs))
    return next((reason for reason in known if reason), 0)


def judge_entry(legs: Legs, old: OldLegs) -> int:
    """[18 to 21] Phase and halt, and the two prices together; a withdrawal only asks for the phase
    to take cancels."""
    bid, ask = legs
    product = bid.instrument.product
    reason = 0 if withdraws(legs) else checks.phase(bid.instrument)
    if reason:
        return reason
    if old and product.phase not in checks.CANCEL_PHASES:
        return Refused.PHASE_NO_CANCEL
    if bid.quantity and ask.quantity:
        if bid.price >= ask.price:
            return Refused.QUOTE_CROSSED
        width = product.quote_width_ticks * product.tick
        if width and ask.price - bid.price > width:
            return Refused.QUOTE_TOO_WIDE
    return 0


def judge_orders(market: Market, legs: Legs, old: OldLegs) -> int:
    """[22 to 31] The bid, then the ask with the bid counted. What the old legs hold is free while
    they are judged; afterwards everything is as it was."""
    instrument = legs[0].instrument
    row = None
    if instrument.product.offset_rule:
        row = market.row_of(legs[0].account, instrument, legs[0].hedge)
    freeze_all(old.values(), -1)
    counted: list[Order] = []
    reason = 0
    for leg in sides_of(legs):
        leg.row = row
        reason = judge_order(leg, old)
        if reason:
            break
        leg.freeze(leg.remaining)
        counted.append(leg)
    freeze_all(counted, -1)
    freeze_all(old.values(), 1)
    return reason


def judge_order(leg: Order, old: OldLegs) -> int:
    """[22 to 31] One leg, as a limit order; the old legs are not in its way."""
    product = leg.instrument.product
    reason = (
        checks.price(leg)
        or checks.band(leg)
        or checks.quantity(leg, product)
        or checks.holdings(leg)
    )
    if reason or product.phase == codes.CONTINUOUS:
        return reason
    return checks.self_trade(leg, old.values())


def freeze_all(legs: Iterable[Order], sign: int) -> None:
    """Count what is left of the legs (sign 1), or no longer (-1)."""
    for leg in legs:
        leg.freeze(sign * leg.remaining)


def replace(market: Market, quote: Quote, legs: Legs, old: OldLegs) -> None:
    """Say that the quote is accepted; then the old legs, then the new ones, bid before ask."""
    client_id, seat = legs[0].client_id, legs[0].seat
    kept = [keeps(old.get(leg.side), leg) for leg in legs]
    for leg in legs:
        stands = old[leg.side] if kept[leg.side] else leg
        quote.legs[leg.side] = stands if leg.quantity else None
    bid_id, ask_id = (leg.order_id if leg is not None else 0 for leg in quote.legs)
    account = quote.account
    market.events.say(
        QUOTE_ACCEPTED, quote.instrument.number, client_id, account.number,
        account.member.number, seat, quote.hedge, bid_id, ask_id,
    )  # fmt: skip
    for side, before in old.items():
        if kept[side]:
            filled = before.quantity - before.remaining
            shrink(market, before, filled + legs[side].quantity, client_id)
        else:
            cancel_resting(market, before, Cancelled.QUOTE_REPLACED)
    for leg in sides_of(legs):
        if not kept[leg.side]:
            accept(market, leg)
            market.events.accepted(leg, codes.LIMIT, leg.price)
            settle_in(market, leg)


def keeps(old: Order | None, leg: Order) -> bool:
    """The old leg keeps its order and place: price and offset are unchanged, and the new size is
    not above what remains."""
    if old is None or old.price != leg.price or old.offset != leg.offset:
        return False
    return 0 < leg.quantity <= old.remaining


def request(market: Market, record: bytes, member: Member, seat: int) -> int:
    """quote_request: asks the market for quotes."""
    client_id, number, account_number = QUOTE_REQUEST.unpack_from(record, BLOCK)
    account = owned_account(market, member, account_number)
    instrument = market.instruments.get(number)
    if account is None:
        reason = Refused.ACCOUNT_UNKNOWN
    elif account.blocked:
        reason = Refused.ACCOUNT_BLOCKED
    elif instrument is None:
        reason = Refused.INSTRUMENT_UNKNOWN
    else:
        reason = judge_request(market, account, instrument)
    if reason or account is None or instrument is None:
        return market.refuse(
            QUOTE_REQUEST_ID, seat, reason, member.number, client_id, number, account_number
        )
    instrument.requested_ns = market.time_ns
    market.events.say(
        QUOTE_REQUESTED, number, client_id, account.number, account.member.number, seat
    )
    return 0


def judge_request(market: Market, account: Account, instrument: Instrument) -> int:
    """[13 to 21 of quote_request]"""
    product = instrument.product
    if not (account.open_products | account.close_products) >> product.number & 1:
        return Refused.PRODUCT_NOT_PERMITTED
    if product.request_interval_ns == 0 or instrument.leg_1 is not None:
        return Refused.REQUEST_UNSUPPORTED
    if product.phase != codes.CONTINUOUS:
        return Refused.PHASE_NO_ENTRY
    if instrument.halted:
        return Refused.HALTED
    bid, ask = (side.best() for side in instrument.sides)
    narrow = product.request_width_ticks * product.tick
    if bid is not None and ask is not None and ask.price - bid.price <= narrow:
        return Refused.REQUEST_NOT_NEEDED
    last = instrument.requested_ns
    if last and market.time_ns - last < product.request_interval_ns:
        return Refused.REQUEST_TOO_SOON
    return 0
