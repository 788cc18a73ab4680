"""Why a member's command is refused: the checks of risk.md in their order."""

from types import SimpleNamespace

from checkers.market import (
    CANCELS,
    COLLECTING,
    ENTRY,
    HOLDING_MAX,
    SELL,
    Instrument,
    Market,
    Order,
    Row,
)
from checkers.wire import KIND, OFFSET, PHASE, REASON, TIME


def of_enter(market: Market, command: SimpleNamespace, member: int) -> int:
    """Checks 8 to 30 of order_enter; 0 if all pass."""
    if not market.members[member].active:
        return REASON.MEMBER_INACTIVE
    codes = (command.side, command.kind, command.time_in_force, command.offset, command.hedge)
    if any(code > last for code, last in zip(codes, (1, 3, 2, 2, 3), strict=True)):
        return REASON.FIELD_INVALID
    account = market.accounts.get(command.account)
    if account is None or account.member != member:
        return REASON.ACCOUNT_UNKNOWN
    if not account.active and command.offset == OFFSET.open:
        return REASON.ACCOUNT_INACTIVE
    instrument = market.instruments.get(command.instrument)
    if instrument is None:
        return REASON.INSTRUMENT_UNKNOWN
    return (
        right(account, instrument, command.offset)
        or _capabilities(instrument.product, command)
        or _phase(market, instrument, command)
        or _entry_price(instrument, command)
        or size(instrument.product, command.kind, command.quantity)
        or holdings(market, instrument, command, member, freeze_price(instrument, command))
    )


def freeze_price(instrument: Instrument, command: SimpleNamespace) -> int:
    """The limit price, or what a market kind freezes at."""
    if command.kind == KIND.limit or command.price:
        return int(command.price)
    return instrument.lower if command.side == SELL else instrument.upper


def right(account: SimpleNamespace, instrument: Instrument, offset: int) -> int:
    bit = 1 << instrument.product.product
    opens, closes = account.open_products & bit, account.close_products & bit
    if offset == OFFSET.open or instrument.product.offset_rule == 0:
        if opens:
            return 0
        return REASON.CLOSE_ONLY if closes else REASON.PRODUCT_NOT_PERMITTED
    return 0 if closes else REASON.PRODUCT_NOT_PERMITTED


def _capabilities(product: SimpleNamespace, command: SimpleNamespace) -> int:
    if not product.kinds_allowed >> command.kind & 1:
        return REASON.KIND_UNSUPPORTED
    if not product.times_allowed >> command.time_in_force & 1:
        return REASON.TIME_IN_FORCE_UNSUPPORTED
    known = {0: (0,), 1: (0, 1), 2: (0, 1, 2)}[product.offset_rule]
    if command.offset not in known:
        return REASON.OFFSET_UNSUPPORTED
    minimum = command.minimum_quantity
    offered = product.minimum_allowed and command.time_in_force == TIME.fak
    if minimum and not (offered and 1 <= minimum <= command.quantity):
        return REASON.MINIMUM_INVALID
    return 0


def _phase(market: Market, instrument: Instrument, command: SimpleNamespace) -> int:
    phase = market.phase(instrument)
    if phase not in ENTRY:
        return REASON.PHASE_NO_ENTRY
    if instrument.halted:
        return REASON.HALTED
    plain = command.kind == KIND.limit and command.time_in_force == TIME.day
    return REASON.NOT_IN_AUCTION if phase in COLLECTING and not plain else 0


def _entry_price(instrument: Instrument, command: SimpleNamespace) -> int:
    if command.kind != KIND.limit:
        if command.price == 0:
            return 0
        if not instrument.product.protection_allowed:
            return REASON.PRICE_NOT_ALLOWED
    return price(instrument, command.price)


def price(instrument: Instrument, asked: int) -> int:
    if asked % instrument.product.tick:
        return REASON.PRICE_OFF_TICK
    if asked > instrument.upper:
        return REASON.PRICE_ABOVE_LIMIT
    return REASON.PRICE_BELOW_LIMIT if asked < instrument.lower else 0


def size(product: SimpleNamespace, kind: int, quantity: int) -> int:
    if quantity < product.quantity_minimum:
        return REASON.QUANTITY_BELOW_MINIMUM
    limit = kind == KIND.limit
    most = product.quantity_maximum_limit if limit else product.quantity_maximum_market
    if quantity > most:
        return REASON.QUANTITY_ABOVE_MAXIMUM
    return REASON.QUANTITY_OFF_STEP if quantity % product.quantity_step else 0


def holdings(
    market: Market, instrument: Instrument, order: SimpleNamespace, member: int, at: int
) -> int:
    """Checks 28 to 30 for `order.quantity` lots at the price `at`."""
    rule = instrument.product.offset_rule
    row = market.rows.get((order.account, instrument.number, order.hedge)) or Row()
    if rule and order.offset != OFFSET.open:
        if order.quantity <= row.closeable(rule, 1 - order.side, order.offset):
            return 0
        if rule == 1:
            return REASON.POSITION_INSUFFICIENT
        if order.offset == OFFSET.close_today:
            return REASON.POSITION_TODAY_INSUFFICIENT
        return REASON.POSITION_YESTERDAY_INSUFFICIENT
    if rule:
        limit = instrument.position_limit or instrument.product.position_limit or HOLDING_MAX
        side = order.side
        held = row.today[side] + row.yesterday[side] + row.opening[side]
        if held + order.quantity > limit:
            return REASON.POSITION_LIMIT
    if market.uses_credit(instrument, order.offset):
        value = at * instrument.product.multiplier * order.quantity
        if market.used[member] + value > market.members[member].credit:
            return REASON.FUNDS_INSUFFICIENT
    return 0


def of_cancel(market: Market, target: Order | None) -> int:
    """Checks 9 to 11 of order_cancel."""
    if target is None:
        return REASON.ORDER_UNKNOWN
    if target.done:
        return REASON.ORDER_DONE
    phase = market.phase(market.instruments[target.instrument])
    return 0 if phase in CANCELS else REASON.PHASE_NO_CANCEL


def of_amend(market: Market, command: SimpleNamespace, target: Order | None, member: int) -> int:
    """Checks 8 to 15 of order_amend, then those of its case 3."""
    if not market.members[member].active:
        return REASON.MEMBER_INACTIVE
    if target is None:
        return REASON.ORDER_UNKNOWN
    if target.done:
        return REASON.ORDER_DONE
    instrument = market.instruments[target.instrument]
    if not instrument.product.amend_allowed:
        return REASON.AMEND_UNSUPPORTED
    account = market.accounts[target.account]
    if not account.active and target.offset == OFFSET.open:
        return REASON.ACCOUNT_INACTIVE
    reason = right(account, instrument, target.offset)
    if reason:
        return reason
    phase = market.phase(instrument)
    if phase not in ENTRY:
        return REASON.PHASE_NO_ENTRY
    if phase == PHASE.auction_no_cancel:
        return REASON.PHASE_NO_CANCEL
    if instrument.halted:
        return REASON.HALTED
    if command.new_quantity <= 0:
        return REASON.QUANTITY_BELOW_MINIMUM
    if case_of_amend(command, target) < 3:
        return 0
    return (
        price(instrument, command.new_price)
        or size(instrument.product, KIND.limit, command.new_quantity)
        or _requeued(market, instrument, command, target)
    )


def case_of_amend(command: SimpleNamespace, target: Order) -> int:
    """Which of the three cases of orders.md."""
    if command.new_quantity <= target.filled:
        return 1
    kept = command.new_price == target.price and command.new_quantity <= target.quantity
    return 2 if kept else 3


def _requeued(
    market: Market, instrument: Instrument, command: SimpleNamespace, target: Order
) -> int:
    """Checks 28 to 30 with the target's own reservations free."""
    asked = SimpleNamespace(
        account=target.account,
        hedge=target.hedge,
        side=target.side,
        offset=target.offset,
        quantity=command.new_quantity - target.filled,
    )
    market.reserve(target, -target.remaining, target.price)
    reason = holdings(market, instrument, asked, target.member, command.new_price)
    market.reserve(target, target.remaining, target.price)
    return reason


def of_mass(market: Market, command: SimpleNamespace, member: int) -> int:
    """Checks 9 to 12 of mass_cancel."""
    if command.mass_side > 2:
        return REASON.FIELD_INVALID
    if command.instrument and command.instrument not in market.instruments:
        return REASON.INSTRUMENT_UNKNOWN
    if command.product and command.product not in market.products:
        return REASON.PRODUCT_NOT_PERMITTED
    account = market.accounts.get(command.account)
    if command.account and (account is None or account.member != member):
        return REASON.ACCOUNT_UNKNOWN
    return 0
