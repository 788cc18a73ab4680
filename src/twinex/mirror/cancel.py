"""Cancels and amends: how a command names its target, and what becomes of it (spec/orders.md)."""

from __future__ import annotations

from twinex.mirror import checks
from twinex.mirror.codes import Cancelled, Refused
from twinex.mirror.commands import Command
from twinex.mirror.entry import settle_in
from twinex.mirror.events import MASS_CANCELLED
from twinex.mirror.market import BY_ID, Market, Member, Order, Quote
from twinex.mirror.matching import cancel_resting
from twinex.mirror.messages import BLOCK, MASS_CANCEL, ORDER_AMEND, ORDER_CANCEL

LEG = 1023  # order_id & LEG: 0 of a single order


def find_order(
    market: Market, member: Member, order_id: int, client_id: int
) -> tuple[Order | None, int, int]:
    """What a cancel or amend names: the live order, its order id, and a reject reason.

    A member's own order that is done is found by its id alone, with ORDER_DONE. Of another's order
    the id is given back as sent.
    """
    named = order_id or member.client_ids.get(client_id, 0) << 10
    order = member.orders.get(named)
    if order is not None and order.seat and not named & LEG:
        return order, named, 0
    reason = why_not_alive(market, member, named)
    return None, named if order_id or reason == Refused.ORDER_DONE else 0, reason


def why_not_alive(market: Market, member: Member, order_id: int) -> int:
    """An order id that names no live single order of the market."""
    if market.carried.get(order_id) == member.number:
        return Refused.ORDER_DONE
    command = command_at(market, order_id >> 10)
    if command is None or command[2] != member.number or command[5]:
        return Refused.ORDER_UNKNOWN
    if not order_id & LEG:
        return Refused.ORDER_DONE if command[4] in (1, 5) else Refused.ORDER_UNKNOWN
    quoted = command[4] == 6 or (command[4] == 7 and command[3])
    return Refused.QUOTE_LEG if quoted else Refused.ORDER_UNKNOWN


def command_at(market: Market, sequence: int) -> Command | None:
    """The member's command of today at that sequence, if it used a client id."""
    place_of = sequence - market.first_sequence
    return market.commands[place_of] if 0 <= place_of < len(market.commands) else None


def find_quote(market: Market, member: Member, client_id: int) -> tuple[bool, Quote | None]:
    """Whether the client id is that of a quote_enter which was done, and the quote it names."""
    command = command_at(market, member.client_ids.get(client_id, 0))
    if command is None or command[4] != 6 or command[5]:
        return False, None
    return True, command[3] or None


def cancel(market: Market, record: bytes, member: Member, seat: int) -> int:
    """order_cancel."""
    client_id, order_id, target = ORDER_CANCEL.unpack_from(record, BLOCK)
    order, found, reason = find_order(market, member, order_id, target)
    if order is None and order_id == 0:
        is_quote, quote = find_quote(market, member, target)
        if is_quote:
            reason = cancel_quote(market, quote, client_id)
            if reason:
                market.refuse(2, seat, reason, member.number, client_id)
            return reason
    if order is not None and order.instrument.product.phase not in checks.CANCEL_PHASES:
        reason = Refused.PHASE_NO_CANCEL
    if order is None or reason:
        return refuse(market, 2, seat, reason, member, client_id, order, found)
    cancel_resting(market, order, Cancelled.MEMBER, client_id)
    return 0


def cancel_quote(market: Market, quote: Quote | None, client_id: int) -> int:
    """Cancel the live legs of a quote, bid first; of a withdrawal (None) there are none."""
    legs = [leg for leg in quote.legs if leg is not None and leg.remaining] if quote else []
    if quote is None or not legs:
        return Refused.ORDER_DONE
    if quote.instrument.product.phase not in checks.CANCEL_PHASES:
        return Refused.PHASE_NO_CANCEL
    for leg in legs:
        cancel_resting(market, leg, Cancelled.MEMBER, client_id)
    return 0


def refuse(
    market: Market, template: int, seat: int, reason: int, member: Member, client_id: int,
    order: Order | None, order_id: int,
) -> int:  # fmt: skip
    """Refuse a cancel or amend: it shows its target's instrument and account where that lives."""
    instrument = account = 0
    if order is not None:
        instrument, account = order.instrument.number, order.account.number
    return market.refuse(
        template, seat, reason, member.number, client_id, instrument, account, order_id
    )


def amend(market: Market, record: bytes, member: Member, seat: int) -> int:
    """order_amend: the three cases of orders.md."""
    client_id, order_id, target, price, quantity = ORDER_AMEND.unpack_from(record, BLOCK)
    order, found, reason = find_order(market, member, order_id, target)
    if order is None:
        if order_id == 0 and find_quote(market, member, target)[0]:
            reason = Refused.QUOTE_LEG
    else:
        reason = judge_amend(order, quantity)
        if not reason:
            filled = order.quantity - order.remaining
            if quantity <= filled:
                cancel_resting(market, order, Cancelled.AMENDED_AWAY, client_id)
            elif price == order.price and quantity <= order.quantity:
                shrink(market, order, quantity, client_id)
            else:
                reason = queue_anew(market, order, price, quantity, client_id)
    if reason:
        return refuse(market, 3, seat, reason, member, client_id, order, found)
    return 0


def judge_amend(order: Order, quantity: int) -> int:
    """[11 to 15 of order_amend]"""
    instrument = order.instrument
    product = instrument.product
    waits = order.shown == 0  # only a stop shows nothing
    if not product.amend_allowed or waits or instrument.leg_1 is not None:
        return Refused.AMEND_UNSUPPORTED
    account = order.account
    reason = checks.account_active(account, order.offset) or checks.permission(
        account, product, order.offset
    )
    if reason:
        return reason
    if product.phase not in checks.CANCEL_PHASES:
        entry = product.phase in checks.ENTRY_PHASES
        return Refused.PHASE_NO_CANCEL if entry else Refused.PHASE_NO_ENTRY
    if instrument.halted:
        return Refused.HALTED
    return 0 if quantity > 0 else Refused.QUANTITY_BELOW_MINIMUM


def shrink(market: Market, order: Order, quantity: int, request_id: int) -> None:
    """A smaller or equal total at the same price keeps its place; hidden lots go first."""
    lots = order.quantity - quantity
    order.freeze(-lots)
    order.quantity = quantity
    order.remaining -= lots
    if order.shown > order.remaining:
        order.shown = order.remaining
    market.events.amended(order, 1, request_id)


def queue_anew(market: Market, order: Order, price: int, quantity: int, request_id: int) -> int:
    """Anything else is checked afresh, its own lots counting as free, and enters as if newly
    entered; where a check fails the order stays as it was."""
    product = order.instrument.product
    old_price, old_quantity, old_remaining = order.price, order.quantity, order.remaining
    order.freeze(-old_remaining)
    order.price = order.frozen_price = price
    order.quantity = quantity
    order.remaining = quantity - old_quantity + old_remaining
    reason = (
        checks.price(order)
        or checks.band(order)
        or checks.quantity(order, product)
        or checks.holdings(order)
        or checks.meeting(order)
    )
    if reason:
        order.price = order.frozen_price = old_price
        order.quantity, order.remaining = old_quantity, old_remaining
        order.freeze(old_remaining)
        return reason
    order.freeze(order.remaining)
    order.instrument.sides[order.side].remove(order.order_id, old_price)
    del order.member.orders[order.order_id]
    market.events.amended(order, 0, request_id)
    settle_in(market, order)
    return 0


def mass_cancel(market: Market, record: bytes, member: Member, seat: int) -> int:
    """mass_cancel."""
    client_id, instrument, account, product, side, scope = MASS_CANCEL.unpack_from(record, BLOCK)
    reason = 0
    if side > 2 or scope > 3:
        reason = Refused.FIELD_INVALID
    elif instrument and instrument not in market.instruments:
        reason = Refused.INSTRUMENT_UNKNOWN
    elif product and product not in market.products:
        reason = Refused.PRODUCT_NOT_PERMITTED
    elif account:
        owned = market.accounts.get(account)
        if owned is None or owned.member is not member:
            reason = Refused.ACCOUNT_UNKNOWN
    if reason:
        return market.refuse(4, seat, reason, member.number, client_id, instrument, account)
    meant = selection(market, member.number, instrument, product, account, side, scope)
    cancelled = [
        order for order in meant
        if order.seat and order.instrument.product.phase in checks.CANCEL_PHASES
    ]  # fmt: skip
    for order in cancelled:
        cancel_resting(market, order, Cancelled.MASS, client_id)
    market.events.say(
        MASS_CANCELLED, instrument, product, client_id, account, member.number, seat, 0,
        len(cancelled),
    )  # fmt: skip
    return 0


def selection(
    market: Market, member: int, instrument: int, product: int, account: int, side: int, scope: int
) -> list[Order]:
    """What a mass cancel means, in ascending order id; 0 (of side 2, of scope 0) means all."""
    found = [
        order for order in (market.members[member].orders.values() if member else market.live())
        if (not instrument or order.instrument.number == instrument)
        and (not product or order.instrument.product.number == product)
        and (not account or order.account.number == account)
        and (side == 2 or order.side == side)
        and (scope == 0 or scope == scope_of(order))
    ]  # fmt: skip
    return sorted(found, key=BY_ID)


def scope_of(order: Order) -> int:
    """1 of an order, 2 of a leg of a quote, 3 of a stop that waits: that shows nothing."""
    if order.order_id & LEG:
        return 2
    return 1 if order.shown else 3
