"""Why a member's later word on its orders is refused: cancel, amend, mass cancel (risk.md)."""

from types import SimpleNamespace

from checkers import reasons
from checkers.market import CANCELS, ENTRY, Instrument, Market, Order
from checkers.wire import KIND, PHASE, REASON


def of_cancel(market: Market, target: Order | list[Order] | None, leg: bool) -> int:
    """Checks 9 to 11 of order_cancel; `leg`: it names a leg of a quote by its order id."""
    if leg:
        return REASON.QUOTE_LEG
    if target is None:
        return REASON.ORDER_UNKNOWN
    orders = target if isinstance(target, list) else [target]
    alive = [order for order in orders if not order.done]
    if not alive:
        return REASON.ORDER_DONE
    phase = market.phase(market.instruments[alive[0].instrument])
    return 0 if phase in CANCELS else REASON.PHASE_NO_CANCEL


def of_amend(
    market: Market, command: SimpleNamespace, target: Order | list[Order] | None, leg: bool
) -> int:
    """Checks 9 to 15 of order_amend, then those of its case 3."""
    if leg or isinstance(target, list):
        return REASON.QUOTE_LEG
    if target is None:
        return REASON.ORDER_UNKNOWN
    if target.done:
        return REASON.ORDER_DONE
    instrument = market.instruments[target.instrument]
    if not instrument.product.amend_allowed or target.waiting or instrument.legs:
        return REASON.AMEND_UNSUPPORTED
    account = market.accounts[target.account]
    reason = (
        reasons.standing(market, account, target.offset)
        or reasons.right(account, instrument, target.offset)
        or _phase(market, instrument)
    )
    if reason:
        return reason
    if command.new_quantity <= 0:
        return REASON.QUANTITY_BELOW_MINIMUM
    return 0 if case_of_amend(command, target) < 3 else _anew(market, instrument, command, target)


def _phase(market: Market, instrument: Instrument) -> int:
    phase = market.phase(instrument)
    if phase not in ENTRY:
        return REASON.PHASE_NO_ENTRY
    if phase == PHASE.auction_no_cancel:
        return REASON.PHASE_NO_CANCEL
    return REASON.HALTED if instrument.halted else 0


def case_of_amend(command: SimpleNamespace, target: Order) -> int:
    """Which of the three cases of orders.md."""
    if command.new_quantity <= target.filled:
        return 1
    kept = command.new_price == target.price and command.new_quantity <= target.quantity
    return 2 if kept else 3


def _anew(market: Market, instrument: Instrument, command: SimpleNamespace, target: Order) -> int:
    """Checks 22 to 32, with the target's own reservations free."""
    asked = SimpleNamespace(
        account=target.account,
        hedge=target.hedge,
        side=target.side,
        offset=target.offset,
        post_only=target.post_only,
        quantity=command.new_quantity - target.filled,
    )
    reason = (
        reasons.price(instrument, command.new_price)
        or reasons.band(market, instrument, target.side, command.new_price)
        or reasons.size(instrument.product, KIND.limit, command.new_quantity)
    )
    if reason:
        return reason
    market.reserve(target, -target.remaining, target.price)
    reason = reasons.holdings(market, instrument, asked, target.member, command.new_price)
    market.reserve(target, target.remaining, target.price)
    return (
        reason
        or reasons.own_group(market, instrument, asked, command.new_price)
        or reasons.only_rests(market, instrument, asked, command.new_price)
    )


def of_mass(market: Market, command: SimpleNamespace, member: int) -> int:
    """Checks 9 to 12 of mass_cancel."""
    if command.mass_side > 2 or command.mass_scope > 3:
        return REASON.FIELD_INVALID
    if command.instrument and command.instrument not in market.instruments:
        return REASON.INSTRUMENT_UNKNOWN
    if command.product and command.product not in market.products:
        return REASON.PRODUCT_NOT_PERMITTED
    account = market.accounts.get(command.account)
    if command.account and (account is None or account.member != member):
        return REASON.ACCOUNT_UNKNOWN
    return 0
