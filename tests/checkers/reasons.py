"""Why an order is refused: the checks of risk.md in their order."""

from collections.abc import Iterable
from types import SimpleNamespace

from checkers.market import (
    BUY,
    COLLECTING,
    ENTRY,
    HOLDING_MAX,
    MODE,
    SELL,
    Instrument,
    Market,
    Order,
    Row,
)
from checkers.wire import ENUMS, KIND, OFFSET, PHASE, REASON, TIME

HEDGE = ENUMS["Hedge"]
_LASTING = (TIME.day, TIME.gtd, TIME.gtc)


def of_entry(market: Market, command: SimpleNamespace, member: int) -> int:
    """Checks 9 to 32 of order_enter and stop_enter; 0 if all pass."""
    reason = of_sender(market, command, member)
    if reason:
        return reason
    instrument = market.instruments[command.instrument]
    stop = command.template == "stop_enter"
    continuous = market.phase(instrument) == PHASE.continuous
    return (
        capabilities(market, instrument.product, command, stop)
        or phase(market, instrument)
        or (0 if stop else _auction(market, instrument, command))
        or _entry_price(instrument, command)
        or (0 if stop or not continuous else _band_of_entry(instrument, command))
        or (_stop_price(instrument, command) if stop else 0)
        or size(instrument.product, command.kind, command.quantity)
        or holdings(market, instrument, command, member, freeze_price(instrument, command))
        or (0 if stop else own_group(market, instrument, command, command.price))
        or (0 if stop else only_rests(market, instrument, command, command.price))
    )


def of_sender(market: Market, command: SimpleNamespace, member: int) -> int:
    """Checks 9 to 13."""
    if _codes_are_wrong(command):
        return REASON.FIELD_INVALID
    return who(market, command, member, command.offset)


def of_carry(market: Market, command: SimpleNamespace, member: int) -> int:
    """The checks of risk.md that an order_carry passes as its owner's order would (orders.md)."""
    if _codes_are_wrong(command):
        return REASON.FIELD_INVALID
    instrument = market.instruments[command.instrument]
    stop = command.stop_price > 0
    left = SimpleNamespace(**{**vars(command), "quantity": command.carried_remaining})
    return (
        who(market, command, member, command.offset)
        or capabilities(market, instrument.product, command, stop)
        or _entry_price(instrument, command)
        or (_carried_stop_price(instrument, command) if stop else 0)
        or holdings(market, instrument, left, member, freeze_price(instrument, command))
        or (0 if stop else own_group(market, instrument, left, command.price, always=True))
    )


def of_forced_close(market: Market, command: SimpleNamespace) -> int:
    """Checks 16, 18 to 20 and 22 to 28 of forced_close."""
    instrument = market.instruments[command.instrument]
    known = command.offset <= instrument.product.offset_rule
    return (
        (0 if known else REASON.OFFSET_UNSUPPORTED)
        or phase(market, instrument)
        or price(instrument, command.price)
        or band(market, instrument, command.side, command.price)
        or size(instrument.product, KIND.limit, command.quantity)
        or holdings(market, instrument, command, 0, command.price)
    )


def _codes_are_wrong(command: SimpleNamespace) -> bool:
    lasts = {"side": 1, "kind": 3, "time_in_force": 4, "offset": 2, "hedge": 3, "post_only": 1}
    return any(getattr(command, name) > last for name, last in lasts.items())


def who(market: Market, command: SimpleNamespace, member: int, offset: int) -> int:
    """Checks 10 to 13: account, instrument, right."""
    account = market.accounts.get(command.account)
    if account is None or account.member != member:
        return REASON.ACCOUNT_UNKNOWN
    reason = standing(market, account, offset)
    if reason:
        return reason
    instrument = market.instruments.get(command.instrument)
    if instrument is None:
        return REASON.INSTRUMENT_UNKNOWN
    return right(account, instrument, offset)


def standing(market: Market, account: SimpleNamespace, offset: int) -> int:
    """Checks 11 and 11a."""
    if not account.active and offset == OFFSET.open:
        return REASON.ACCOUNT_INACTIVE
    return REASON.ACCOUNT_BLOCKED if ("account", account.account) in market.blocked else 0


def right(account: SimpleNamespace, instrument: Instrument, offset: int) -> int:
    """Check 13, of a combination for leg 1's product."""
    bit = 1 << instrument.product.product
    opens, closes = account.open_products & bit, account.close_products & bit
    if offset == OFFSET.open or instrument.product.offset_rule == 0:
        if opens:
            return 0
        return REASON.CLOSE_ONLY if closes else REASON.PRODUCT_NOT_PERMITTED
    return 0 if closes else REASON.PRODUCT_NOT_PERMITTED


def freeze_price(instrument: Instrument, command: SimpleNamespace) -> int:
    """The limit price, or what a market kind freezes at."""
    if command.kind == KIND.limit or command.price:
        return int(command.price)
    return instrument.lower if command.side == SELL else instrument.upper


def capabilities(
    market: Market, product: SimpleNamespace, command: SimpleNamespace, stop: bool
) -> int:
    """Checks 14 to 17c."""
    if not product.kinds_allowed >> command.kind & 1:
        return REASON.KIND_UNSUPPORTED
    if stop and product.stops_allowed < (2 if command.trail > 0 else 1):
        return REASON.STOP_UNSUPPORTED
    if not product.times_allowed >> command.time_in_force & 1:
        return REASON.TIME_IN_FORCE_UNSUPPORTED
    if command.offset > product.offset_rule:
        return REASON.OFFSET_UNSUPPORTED
    minimum = command.minimum_quantity
    offered = product.minimum_allowed and command.time_in_force == TIME.fak
    if minimum and not (offered and 1 <= minimum <= command.quantity):
        return REASON.MINIMUM_INVALID
    rests = command.kind == KIND.limit and command.time_in_force in _LASTING
    if command.post_only and (stop or not product.post_only_allowed or not rests):
        return REASON.POST_ONLY_UNSUPPORTED
    if command.display_quantity and not (rests and _display_fits(product, command)):
        return REASON.DISPLAY_INVALID
    day = command.good_till_day
    good = day >= market.trading_day if command.time_in_force == TIME.gtd else day == 0
    return 0 if good else REASON.GOOD_TILL_INVALID


def _display_fits(product: SimpleNamespace, command: SimpleNamespace) -> bool:
    display = command.display_quantity
    enough = 0 < product.display_minimum <= display <= command.quantity
    return enough and display % product.quantity_step == 0


def phase(market: Market, instrument: Instrument) -> int:
    """Checks 18 and 19."""
    if market.phase(instrument) not in ENTRY:
        return REASON.PHASE_NO_ENTRY
    return REASON.HALTED if instrument.halted else 0


def _auction(market: Market, instrument: Instrument, command: SimpleNamespace) -> int:
    plain = command.kind == KIND.limit and command.time_in_force in _LASTING
    collecting = market.phase(instrument) in COLLECTING
    return REASON.NOT_IN_AUCTION if collecting and (not plain or command.post_only) else 0


def _entry_price(instrument: Instrument, command: SimpleNamespace) -> int:
    """Checks 21 to 24."""
    if command.kind != KIND.limit:
        if command.price == 0:
            return 0
        if not instrument.product.protection_allowed:
            return REASON.PRICE_NOT_ALLOWED
    return price(instrument, command.price)


def price(instrument: Instrument, asked: int) -> int:
    """Checks 22 to 24."""
    if asked % instrument.product.tick:
        return REASON.PRICE_OFF_TICK
    if asked > instrument.upper:
        return REASON.PRICE_ABOVE_LIMIT
    return REASON.PRICE_BELOW_LIMIT if asked < instrument.lower else 0


def _band_of_entry(instrument: Instrument, command: SimpleNamespace) -> int:
    given = command.kind == KIND.limit or command.price
    return beyond_band(instrument, command.side, command.price) if given else 0


def band(market: Market, instrument: Instrument, side: int, asked: int) -> int:
    """Check 24a."""
    if market.phase(instrument) != PHASE.continuous:
        return 0
    return beyond_band(instrument, side, asked)


def beyond_band(instrument: Instrument, side: int, asked: int) -> int:
    edge = band_edge(instrument, side)
    if edge is None:
        return 0
    if side == BUY:
        return REASON.PRICE_ABOVE_BAND if asked > edge else 0
    return REASON.PRICE_BELOW_BAND if asked < edge else 0


def band_edge(instrument: Instrument, side: int) -> int | None:
    """The worst price inside the band; None where there is no band."""
    width = instrument.product.band_ticks * instrument.product.tick
    if not width:
        return None
    return instrument.last + width if side == BUY else instrument.last - width


def _stop_price(instrument: Instrument, command: SimpleNamespace) -> int:
    """Checks 24b and 24c of a new stop."""
    trail, asked, tick = command.trail, command.stop_price, instrument.product.tick
    if trail < 0 or trail % tick or asked % tick or (trail and asked):
        return REASON.STOP_PRICE_INVALID
    if not instrument.lower <= first_stop_price(instrument, command) <= instrument.upper:
        return REASON.STOP_PRICE_INVALID
    met = not trail and stop_met(command.side, asked, instrument.last)
    return REASON.STOP_PRICE_MET if met else 0


def _carried_stop_price(instrument: Instrument, command: SimpleNamespace) -> int:
    trail, asked, tick = command.trail, command.stop_price, instrument.product.tick
    inside = instrument.lower <= asked <= instrument.upper
    fits = 0 <= trail < 10**11 and trail % tick == 0 and asked % tick == 0 and inside
    return 0 if fits else REASON.STOP_PRICE_INVALID


def first_stop_price(instrument: Instrument, command: SimpleNamespace) -> int:
    """What a new stop waits for; a trailing one starts at cp and its trail."""
    if command.trail == 0:
        return int(command.stop_price)
    return int(instrument.last + (command.trail if command.side == BUY else -command.trail))


def stop_met(side: int, stop_price: int, traded: int) -> bool:
    return traded >= stop_price if side == BUY else traded <= stop_price


def size(product: SimpleNamespace, kind: int, quantity: int) -> int:
    """Checks 25 to 27."""
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
    if rule and order.offset != OFFSET.open:
        row = market.rows.get((order.account, instrument.number, order.hedge)) or Row()
        if order.quantity <= row.closeable(rule, 1 - order.side, order.offset):
            return 0
        if rule == 1:
            return REASON.POSITION_INSUFFICIENT
        if order.offset == OFFSET.close_today:
            return REASON.POSITION_TODAY_INSUFFICIENT
        return REASON.POSITION_YESTERDAY_INSUFFICIENT
    reason = _room_to_open(market, instrument, order) if rule else 0
    if not reason and market.uses_credit(instrument, order.offset):
        value = at * instrument.product.multiplier * order.quantity
        if market.used[member] + value > market.members[member].credit:
            return REASON.FUNDS_INSUFFICIENT
    return reason


def _room_to_open(market: Market, instrument: Instrument, order: SimpleNamespace) -> int:
    """Checks 29 and 29a, over the accounts that count together."""
    keys = [(each, instrument.number, order.hedge) for each in market.related(order.account)]
    rows = [market.rows[key] for key in keys if key in market.rows]
    side, cap = order.side, instrument.product.opening_cap
    limit = instrument.position_limit or instrument.product.position_limit or HOLDING_MAX
    held = sum(row.today[side] + row.yesterday[side] + row.opening[side] for row in rows)
    if held + order.quantity > limit:
        return REASON.POSITION_LIMIT
    if not cap or order.hedge != HEDGE.speculation:
        return 0
    opened = sum(row.opened + sum(row.opening) for row in rows)
    return REASON.OPENING_CAP if opened + order.quantity > cap else 0


def own_group(
    market: Market,
    instrument: Instrument,
    order: SimpleNamespace,
    asked: int,
    *,
    always: bool = False,
    but: Iterable[Order | None] = (),
) -> int:
    """Check 31: in an auction phase (or `always`) it crosses no order of its own group."""
    group, spared = market.accounts[order.account].group, [each.id for each in but if each]
    modes = market.groups.get(group, MODE.allow) if group else MODE.allow
    judged = always or market.phase(instrument) in COLLECTING
    if not judged or not instrument.product.self_trade_checked or modes == MODE.allow:
        return 0
    for level, queue in instrument.book[1 - order.side].items():
        crosses = asked >= level if order.side == BUY else asked <= level
        related = (market.accounts[each.account].group == group for each in queue)
        if crosses and any(
            own and each.id not in spared for own, each in zip(related, queue, strict=True)
        ):
            return REASON.SELF_TRADE
    return 0


def only_rests(market: Market, instrument: Instrument, command: SimpleNamespace, asked: int) -> int:
    """Check 32."""
    judged = command.post_only and market.phase(instrument) == PHASE.continuous
    met = judged and instrument.meets(command.side, asked)
    return REASON.POST_ONLY_WOULD_TRADE if met else 0
