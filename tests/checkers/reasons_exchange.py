"""Why a command of the exchange is refused: risk.md's last table, with the bounds of phases.md."""

from collections.abc import Callable
from types import SimpleNamespace

from checkers import reasons, reasons_combined
from checkers.market import COLLECTING, HOLDING_MAX, Instrument, Market
from checkers.wire import ENUMS, KIND, PHASE, REASON, TIME

INVALID, UNKNOWN, IN_USE = (
    REASON.REFERENCE_INVALID,
    REASON.REFERENCE_UNKNOWN,
    REASON.REFERENCE_IN_USE,
)
RULE_NAMES = {number: name for name, number in vars(ENUMS["Rule"]).items()}
_BIGGEST, _PRICES, _LOTS = 1 << 62, 10**11, 10**9
_SWITCHES = "amend_allowed protection_allowed minimum_allowed post_only_allowed self_trade_checked"
_RULE_BOUNDS = {
    **dict.fromkeys(_SWITCHES.split(), 1),
    "position_limit": HOLDING_MAX,
    "opening_cap": HOLDING_MAX,
    "band_ticks": 1 << 24,
    "stops_allowed": 2,
    "display_minimum": _LOTS,
    "quote_rule": 3,
    "quote_width_ticks": 1 << 24,
    "quote_minimum": _LOTS,
    "request_width_ticks": 1 << 24,
    "request_interval_ns": 86_400 * 10**9,
}


def of_exchange(market: Market, command: SimpleNamespace) -> int:
    """The first check that fails; 0 if the command is done."""
    return _CHECKS[command.template](market, command)


def _first(*checks: tuple[bool, int]) -> int:
    return next((reason for fits, reason in checks if not fits), 0)


def _known(table: object, *numbers: int) -> bool:
    """Each is 0 or defined."""
    return all(number == 0 or number in table for number in numbers)


def _contract(market: Market, number: int) -> Instrument | None:
    """An instrument that is no combination."""
    found = market.instruments.get(number)
    return None if found is None or found.legs else found


def _day_open(market: Market, command: SimpleNamespace) -> int:
    return _first((market.day == 0, REASON.DAY_ALREADY_OPEN))


def _product(market: Market, command: SimpleNamespace) -> int:
    codes = {
        "product_class": 2,
        "price_rule": 1,
        "auction_rule": 2,
        "limit_priority": 2,
        "offset_rule": 2,
        "market_price_rule": 1,
        "amend_allowed": 1,
        "protection_allowed": 1,
        "funds_checked": 1,
        "minimum_allowed": 1,
    }
    fits = (
        1 <= command.product <= 62
        and all(getattr(command, name) <= last for name, last in codes.items())
        and _bits_fit(command.kinds_allowed, 4)
        and _bits_fit(command.times_allowed, 5)
        and 1 <= command.tick <= 10**9
        and 1 <= command.multiplier <= 10**6
        and command.position_limit >= 0
        and _sizes_fit(command)
    )
    return _first((fits, INVALID), (command.product not in market.products, IN_USE))


def _bits_fit(bits: int, count: int) -> bool:
    return bits & 1 == 1 and 0 <= bits < 1 << count


def _sizes_fit(product: SimpleNamespace) -> bool:
    return (
        product.quantity_step >= 1
        and 1 <= product.quantity_minimum <= product.quantity_maximum_limit <= _LOTS
        and product.quantity_minimum % product.quantity_step == 0
        and 1 <= product.quantity_maximum_market <= _LOTS
    )


def _limits_fit(product: SimpleNamespace, lower: int, upper: int) -> bool:
    tick = product.tick
    return (
        0 < lower < upper < _PRICES
        and lower % tick == 0
        and upper % tick == 0
        and (upper - lower) // tick < 1 << 24
        and _worth_fits(product, upper)
    )


def _worth_fits(product: SimpleNamespace, upper: int) -> bool:
    most = max(product.quantity_maximum_limit, product.quantity_maximum_market)
    return bool(upper * product.multiplier * most <= _BIGGEST)


def _instrument(market: Market, command: SimpleNamespace) -> int:
    if not 1 <= command.instrument <= 10**6:
        return INVALID
    product = market.products.get(command.product_of)
    if product is None:
        return UNKNOWN
    fits = (
        _limits_fit(product, command.lower_limit, command.upper_limit)
        and 0 < command.previous_settlement < _PRICES
        and 0 <= command.previous_close < _PRICES
        and command.call_or_put <= 2
        and command.instrument_position_limit >= 0
        and 0 <= command.open_interest <= _BIGGEST
    )
    return _first((fits, INVALID), (command.instrument not in market.instruments, IN_USE))


def _member(market: Market, command: SimpleNamespace) -> int:
    active = command.active <= 1 and 0 <= command.credit <= _BIGGEST
    return _first((active and 1 <= command.member <= 10**6, INVALID))


def _seat(market: Market, command: SimpleNamespace) -> int:
    fits = 1 <= command.seat_number <= 10**6
    return _first((fits, INVALID), (command.member in market.members, UNKNOWN))


def _account(market: Market, command: SimpleNamespace) -> int:
    known = market.accounts.get(command.account)
    rows = [row for (account, _, _), row in market.rows.items() if account == command.account]
    same = known is None or known.group == command.group or not any(row.made for row in rows)
    return _first(
        (1 <= command.account <= 10**7 and command.active <= 1, INVALID),
        (command.member in market.members, UNKNOWN),
        (_known(market.groups, command.group), UNKNOWN),
        (known is None or known.member == command.member, IN_USE),
        (same, IN_USE),
    )


def _right(market: Market, command: SimpleNamespace) -> int:
    known = command.account in market.accounts and command.product in market.products
    return _first((command.right <= 2, INVALID), (known, UNKNOWN))


def _credit(market: Market, command: SimpleNamespace) -> int:
    fits = 0 <= command.credit <= _BIGGEST
    return _first((fits, INVALID), (command.member in market.members, UNKNOWN))


def _position(market: Market, command: SimpleNamespace) -> int:
    holdings = (command.long_yesterday, command.short_yesterday)
    instrument = _contract(market, command.instrument)
    row = market.rows.get((command.account, command.instrument, command.position_hedge))
    return _first(
        (command.position_hedge <= 3 and min(holdings) >= 0, INVALID),
        (instrument is not None and command.account in market.accounts, UNKNOWN),
        (instrument is not None and instrument.product.offset_rule != 0, INVALID),
        (row is None or not row.ordered, IN_USE),
        (_holds_together(market, command), INVALID),
    )


def _holds_together(market: Market, command: SimpleNamespace) -> bool:
    """Do the account's group's holdings and openings fit, with these instead of the row's own?"""
    if command.account not in market.accounts or not market.accounts[command.account].group:
        return True
    totals = [command.long_yesterday, command.short_yesterday]
    for account in market.related(command.account):
        row = market.rows.get((account, command.instrument, command.position_hedge))
        for side in (0, 1) if row is not None else ():
            totals[side] += row.today[side] + row.opening[side]
            totals[side] += row.yesterday[side] if account != command.account else 0
    return max(totals) < 1 << 31


def _limits(market: Market, command: SimpleNamespace) -> int:
    instrument = market.instruments.get(command.instrument)
    if instrument is None:
        return UNKNOWN
    late = market.phase(instrument) in (PHASE.auction_match, PHASE.closed, PHASE.processing)
    lower, upper = command.lower_limit, command.upper_limit
    fits = not instrument.legs and _limits_fit(instrument.product, lower, upper)
    fits = fits and not reasons_combined.widens_too_far(market, instrument, lower, upper)
    return _first((not late, REASON.PHASE_TRANSITION), (fits, REASON.LIMITS_INVALID))


def _phase(market: Market, command: SimpleNamespace) -> int:
    named = [each for each in market.products if command.product in (0, each)]
    follows = all(_can_follow(market.phases[each], command.phase) for each in named)
    return _first(
        (_known(market.products, command.product), UNKNOWN),
        (command.phase <= 8, INVALID),
        (follows, REASON.PHASE_TRANSITION),
    )


def _can_follow(before: int, phase: int) -> bool:
    if before == phase:
        return True
    if before in (PHASE.closed, PHASE.processing):
        return before == PHASE.closed and phase == PHASE.processing
    return phase != PHASE.auction_match or before in COLLECTING


def _halt(market: Market, command: SimpleNamespace) -> int:
    known = _known(market.instruments, command.instrument)
    return _first(
        (known and _known(market.products, command.product), UNKNOWN),
        (command.halted <= 1, INVALID),
    )


def _timer(market: Market, command: SimpleNamespace) -> int:
    known = _known(market.products, command.product)
    return _first((known, UNKNOWN), (command.timer_kind == 0, INVALID))


def _rule(market: Market, command: SimpleNamespace) -> int:
    product = market.products.get(command.product)
    if product is None:
        return UNKNOWN
    name = RULE_NAMES.get(command.rule)
    if command.instrument:
        instrument = market.instruments.get(command.instrument)
        own = instrument is not None and instrument.product is product and not instrument.legs
        if not own or name != "position_limit":
            return UNKNOWN
    return _first((name is not None and _rule_fits(market, product, name, command.value), INVALID))


def _rule_fits(market: Market, product: SimpleNamespace, name: str, value: int) -> bool:
    if name in ("kinds_allowed", "times_allowed"):
        return _bits_fit(value, 4 if name == "kinds_allowed" else 5)
    if name in _RULE_BOUNDS:
        return 0 <= value <= _RULE_BOUNDS[name]
    changed = SimpleNamespace(**{**vars(product), name: value})
    mine = (each for each in market.instruments.values() if each.product is product)
    worth = name == "quantity_minimum" or all(
        each.upper * product.multiplier * value <= _BIGGEST for each in mine
    )
    return _sizes_fit(changed) and worth


def _group(market: Market, command: SimpleNamespace) -> int:
    return _first((1 <= command.group <= 10**6 and command.self_trade_mode <= 4, INVALID))


def _rate(market: Market, command: SimpleNamespace) -> int:
    most = (command.entries_max, command.cancels_max)
    fits = min(most) >= 0 and (command.window_ns >= 1 or (*most, command.window_ns) == (0, 0, 0))
    return _first((command.member in market.members, UNKNOWN), (fits, INVALID))


def _block(market: Market, command: SimpleNamespace) -> int:
    one = (command.member == 0) != (command.account == 0)
    known = _known(market.members, command.member) and _known(market.accounts, command.account)
    return _first((command.blocked <= 1 and _named(command), INVALID), (one and known, UNKNOWN))


def _named(command: SimpleNamespace) -> bool:
    return bool(1 <= command.operator_reason <= 7)


def _cancel(market: Market, command: SimpleNamespace) -> int:
    known = (
        _known(market.members, command.member)
        and _known(market.instruments, command.instrument)
        and _known(market.accounts, command.account)
        and _known(market.products, command.product)
    )
    fits = command.mass_side <= 2 and command.mass_scope <= 3 and _named(command)
    return _first((fits, INVALID), (known, UNKNOWN))


def _forced_close(market: Market, command: SimpleNamespace) -> int:
    codes = command.side <= 1 and 1 <= command.offset <= 2 and command.hedge <= 3
    contract = _contract(market, command.instrument)
    known = command.account in market.accounts and contract is not None
    reason = _first((codes and _named(command), INVALID), (known, UNKNOWN))
    return reason or reasons.of_forced_close(market, command)


def _trade(market: Market, command: SimpleNamespace) -> int:
    deal = market.deals.get(command.trade_id)
    reason = _first(
        (_named(command), INVALID),
        (deal is not None, REASON.TRADE_UNKNOWN),
        (deal is not None and not deal.busted, REASON.TRADE_BUSTED),
    )
    if reason or deal is None or command.template == "trade_bust":
        return reason
    instrument: Instrument = market.instruments[deal.instrument]
    return reasons.price(instrument, command.price)


def _carry(market: Market, command: SimpleNamespace) -> int:
    number, account = command.carried_order_id, market.accounts.get(command.account)
    instrument = _contract(market, command.instrument)
    fits = (
        command.time_in_force in (TIME.gtd, TIME.gtc)
        and (command.stop_price > 0 or _is_plain(command))
        and 0 < command.carried_remaining <= command.quantity
        and number > 0
        and number % 1024 == 0
        and number < market.first_sequence * 1024
    )
    reason = _first(
        (fits, INVALID),
        (account is not None and instrument is not None, UNKNOWN),
        (account is not None and _seat_of(market, command) == account.member, UNKNOWN),
        (number not in market.orders, IN_USE),
    )
    if reason or account is None or instrument is None:
        return reason
    if instrument.upper * instrument.product.multiplier * command.carried_remaining > 1 << 62:
        return INVALID
    if market.phase(instrument) != PHASE.before_trading:
        return REASON.PHASE_TRANSITION
    return reasons.of_carry(market, command, account.member)


def _is_plain(command: SimpleNamespace) -> bool:
    """No stop is carried: then nothing of a stop is."""
    return (command.kind, command.stop_price, command.trail) == (KIND.limit, 0, 0)


def _seat_of(market: Market, command: SimpleNamespace) -> int | None:
    return market.seats.get(command.carried_seat)


_CHECKS: dict[str, Callable[[Market, SimpleNamespace], int]] = {
    "day_open": _day_open,
    "combination_define": reasons_combined.of_definition,
    "day_end": lambda market, command: 0,
    "product_define": _product,
    "instrument_define": _instrument,
    "member_define": _member,
    "seat_define": _seat,
    "account_define": _account,
    "right_set": _right,
    "credit_set": _credit,
    "position_set": _position,
    "limits_set": _limits,
    "phase_set": _phase,
    "halt_set": _halt,
    "timer": _timer,
    "rule_set": _rule,
    "group_define": _group,
    "rate_set": _rate,
    "block_set": _block,
    "operator_cancel": _cancel,
    "forced_close": _forced_close,
    "trade_bust": _trade,
    "trade_correct": _trade,
    "order_carry": _carry,
}
