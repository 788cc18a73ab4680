"""Why an order of a combination, or its definition, is refused (combinations.md)."""

from types import SimpleNamespace

from checkers import reasons
from checkers.market import BUY, ENTRY, Instrument, Market
from checkers.wire import KIND, PHASE, REASON, TIME

WIDTH_MAX = 1 << 24  # ticks


def limits_of(one: Instrument, two: Instrument) -> tuple[int, int]:
    """Lower and upper limit of a combination."""
    return one.lower - two.upper, one.upper - two.lower


def leg_prices(combination: Instrument, side: int) -> tuple[int, int]:
    """What each leg of a new order freezes at: the limit of its side."""
    one, two = combination.legs
    return (one.upper, two.lower) if side == BUY else (one.lower, two.upper)


def of_definition(market: Market, command: SimpleNamespace) -> int:
    """The checks of combination_define."""
    if not 1 <= command.instrument <= 10**6:
        return REASON.REFERENCE_INVALID
    legs = [market.instruments.get(number) for number in (command.leg_1, command.leg_2)]
    one, two = legs
    if one is None or two is None:
        return REASON.REFERENCE_UNKNOWN
    if one is two or one.legs or two.legs or not _alike(one, two) or _too_wide(one, two):
        return REASON.REFERENCE_INVALID
    return REASON.REFERENCE_IN_USE if command.instrument in market.instruments else 0


def _alike(one: Instrument, two: Instrument) -> bool:
    names = ("tick", "multiplier", "offset_rule", "funds_checked")
    return all(getattr(one.product, name) == getattr(two.product, name) for name in names)


def _too_wide(one: Instrument, two: Instrument) -> bool:
    lower, upper = limits_of(one, two)
    far = max(abs(lower), abs(upper)) >= 10**11
    return far or (upper - lower) // one.product.tick >= WIDTH_MAX


def widens_too_far(market: Market, leg: Instrument, lower: int, upper: int) -> bool:
    """Would these limits of a leg make those of a combination too wide?"""
    moved = SimpleNamespace(lower=lower, upper=upper, product=leg.product)
    for combination in market.combinations():
        if leg in combination.legs:
            one, two = (moved if each is leg else each for each in combination.legs)
            if _too_wide(one, two):
                return True
    return False


def of_entry(market: Market, command: SimpleNamespace, member: int) -> int:
    """Checks 9 to 32 of order_enter and stop_enter, of a combination or any other instrument."""
    combination = market.instruments.get(command.instrument)
    if combination is None or not combination.legs:
        return reasons.of_entry(market, command, member)
    stop, account = command.template == "stop_enter", market.accounts.get(command.account)
    reason = reasons.of_sender(market, command, member)
    if not reason and not stop:
        reason = reasons.right(account, combination.legs[1], command.offset)
    if reason:
        return reason
    kinds = combination.product.kinds_allowed if stop else 1
    if not kinds >> command.kind & 1:
        return REASON.KIND_UNSUPPORTED
    if stop:
        return REASON.STOP_UNSUPPORTED
    return (
        _terms(combination, command)
        or _standing(market, combination)
        or reasons.price(combination, command.price)
        or _sizes(combination, command.quantity)
        or _legs(market, combination, command, member)
    )


def _terms(combination: Instrument, command: SimpleNamespace) -> int:
    """Checks 15 to 17c."""
    product = combination.product
    known = command.time_in_force in (TIME.day, TIME.fak)
    if not known or not product.times_allowed >> command.time_in_force & 1:
        return REASON.TIME_IN_FORCE_UNSUPPORTED
    if command.offset > product.offset_rule:
        return REASON.OFFSET_UNSUPPORTED
    if command.minimum_quantity:
        return REASON.MINIMUM_INVALID
    if command.post_only:
        return REASON.POST_ONLY_UNSUPPORTED
    if command.display_quantity:
        return REASON.DISPLAY_INVALID
    return REASON.GOOD_TILL_INVALID if command.good_till_day else 0


def _standing(market: Market, combination: Instrument) -> int:
    """Checks 18 to 20, of the combination and both legs."""
    phases = [market.phase(leg) for leg in combination.legs]
    if any(phase not in ENTRY for phase in phases):
        return REASON.PHASE_NO_ENTRY
    if any(each.halted for each in (combination, *combination.legs)):
        return REASON.HALTED
    return REASON.NOT_IN_AUCTION if any(each != PHASE.continuous for each in phases) else 0


def _sizes(combination: Instrument, quantity: int) -> int:
    """Checks 25 to 27, of both products."""
    one, two = (reasons.size(leg.product, KIND.limit, quantity) for leg in combination.legs)
    return one or two


def _legs(market: Market, combination: Instrument, command: SimpleNamespace, member: int) -> int:
    """Checks 28 to 30 of leg 1, then of leg 2 with the first counted."""
    counted, sides = 0, (command.side, 1 - command.side)
    at = leg_prices(combination, command.side)
    for leg, side, price in zip(combination.legs, sides, at, strict=True):
        part = SimpleNamespace(**{**vars(command), "side": side})
        market.used[member] += counted
        reason = reasons.holdings(market, leg, part, member, price)
        market.used[member] -= counted
        if reason:
            return reason
        if market.uses_credit(leg, command.offset):
            counted = price * leg.product.multiplier * command.quantity
    return 0
