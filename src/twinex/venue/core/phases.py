"""The exchange's own commands: phases, halts, limits, timers, day begin and end.

Spec: `spec/phases.md`.
"""

import numpy as np

from twinex.venue.compiler import apart, inner
from twinex.venue.core import auction, bulk, combinations, emit, stops
from twinex.venue.core.ladder import move_ladder
from twinex.venue.core.limits import LEVELS_MAX, NIL, PRICE_MAX, VALUE_MAX
from twinex.venue.core.risk import is_instrument
from twinex.venue.wire import codes

_PHASE_LAST = codes.PHASE_AUCTION_NO_CANCEL


@inner
def is_product(core, number):
    """Is there a product of this number?"""
    return 0 < number < len(core.products) and core.products[number]["defined"] != 0


@inner
def _can_follow(present, phase):
    if phase == present:
        return True
    if present == codes.PHASE_CLOSED:
        return phase == codes.PHASE_PROCESSING
    if present == codes.PHASE_PROCESSING:
        return False
    return phase != codes.PHASE_AUCTION_MATCH or auction.is_collecting(present)


@apart
def phase_set(core, command):
    """phase_set: all products named, or none of them."""
    wanted, phase = np.int64(command["product"]), np.int64(command["phase"])
    if wanted != 0 and not is_product(core, wanted):
        return np.int64(codes.REJECT_REFERENCE_UNKNOWN)
    if phase > _PHASE_LAST:
        return np.int64(codes.REJECT_REFERENCE_INVALID)
    for number in range(1, len(core.products)):
        product = core.products[number]
        is_meant = product["defined"] != 0 and (wanted == 0 or wanted == number)
        if is_meant and not _can_follow(product["phase"], phase):
            return np.int64(codes.REJECT_PHASE_TRANSITION)
    for number in range(1, len(core.products)):
        if core.products[number]["defined"] != 0 and (wanted == 0 or wanted == number):
            enter_phase(core, number, phase)
    _answer_if_silent(core, codes.PHASE_SET, wanted)
    return np.int64(0)


@inner
def _answer_if_silent(core, template, number):
    """Every command makes at least one event."""
    if core.now[0]["index"] == 0:
        emit.reference_changed(core, template, number)


@apart
def enter_phase(core, number, phase):
    """Bring product `number` into `phase`, with what that sets off."""
    product = core.products[number]
    before = product["phase"]
    product["phase"] = phase
    emit.phase_changed(core, number, phase)
    if before == phase:
        return
    if phase == codes.PHASE_AUCTION_MATCH:
        auction.match_product(core, product, number)
    elif phase == codes.PHASE_CONTINUOUS:
        if auction.is_product_crossed(core, number):
            auction.match_product(core, product, number)
        _judge_stops(core, number)
    elif phase == codes.PHASE_CLOSED or phase == codes.PHASE_PROCESSING:
        _expire(core, number)


@inner
def _judge_stops(core, number):
    """Stops of product `number` that the last prices met while nothing judged them."""
    if core.now[0]["stops"] == 0:
        return
    for at in range(1, core.now[0]["instrument_high"] + 1):
        if core.instruments[at]["product"] == number:
            stops.judge_last_price(core, np.int64(at))


@inner
def _expire(core, number):
    """Cancel the live orders of a product that do not outlive the day, in ascending order id."""
    count, zero = np.int64(0), np.int64(0)
    for at in range(1, core.now[0]["instrument_high"] + 1):
        instrument = core.instruments[at]
        is_busy = instrument["live_orders"] > 0 or instrument["stops"] > 0
        if instrument["product"] == number and is_busy:
            count = bulk.collect_expiring(core, instrument, count)
    bulk.cancel_collected(core, count, codes.CANCEL_EXPIRED, zero, zero)


@apart
def halt_set(core, command):
    """halt_set on one instrument, a product's, or all."""
    wanted, halted = np.int64(command["instrument"]), np.int64(command["halted"])
    product = np.int64(command["product"])
    if wanted != 0 and not is_instrument(core, wanted):
        return np.int64(codes.REJECT_REFERENCE_UNKNOWN)
    if product != 0 and not is_product(core, product):
        return np.int64(codes.REJECT_REFERENCE_UNKNOWN)
    if halted > 1:
        return np.int64(codes.REJECT_REFERENCE_INVALID)
    for at in range(1, core.now[0]["instrument_high"] + 1):
        instrument = core.instruments[at]
        named = wanted == at if wanted != 0 else (product == 0 or instrument["product"] == product)
        if instrument["product"] != NIL and named:
            instrument["halted"] = halted
            emit.halt_changed(core, at, halted)
    _answer_if_silent(core, codes.HALT_SET, product)
    if halted == 0:
        _match_freed(core)
    return np.int64(0)


@apart
def _match_freed(core):
    """Match what was halted through its auction: nothing trades in a crossed book."""
    for at in range(1, core.now[0]["instrument_high"] + 1):
        instrument = core.instruments[at]
        if instrument["product"] == NIL or instrument["halted"] != 0:
            continue
        product = core.products[instrument["product"]]
        if product["phase"] == codes.PHASE_CONTINUOUS and auction.is_crossed(instrument):
            auction.uncross(core, product, instrument, at)
    emit.positions_changed(core)
    for number in range(1, len(core.products)):
        product = core.products[number]
        if product["defined"] != 0 and product["phase"] == codes.PHASE_CONTINUOUS:
            _judge_stops(core, number)


@apart
def timer(core, command):
    """timer: indicative auction prices of a product, or of all."""
    wanted = np.int64(command["product"])
    if wanted != 0 and not is_product(core, wanted):
        return np.int64(codes.REJECT_REFERENCE_UNKNOWN)
    if command["timer_kind"] > codes.TIMER_INDICATION:
        return np.int64(codes.REJECT_REFERENCE_INVALID)
    for number in range(1, len(core.products)):
        if core.products[number]["defined"] != 0 and (wanted == 0 or wanted == number):
            auction.indicate_product(core, core.products[number], number)
    _answer_if_silent(core, codes.TIMER, wanted)
    return np.int64(0)


@inner
def limits_fit(product, lower, upper):
    """The bounds of price limits (`spec/phases.md`)."""
    tick = product["tick"]
    if lower <= 0 or upper <= lower or upper >= PRICE_MAX:
        return False
    if lower % tick != 0 or upper % tick != 0 or (upper - lower) // tick >= LEVELS_MAX:
        return False
    largest = max(product["quantity_maximum_limit"], product["quantity_maximum_market"])
    return upper <= VALUE_MAX // (product["multiplier"] * largest)


@apart
def limits_set(core, command):
    """limits_set: orders outside the new limits leave, the others keep their places."""
    number = np.int64(command["instrument"])
    if not is_instrument(core, number):
        return np.int64(codes.REJECT_REFERENCE_UNKNOWN)
    instrument = core.instruments[number]
    product = core.products[instrument["product"]]
    phase = product["phase"]
    if (
        phase == codes.PHASE_AUCTION_MATCH
        or phase == codes.PHASE_CLOSED
        or phase == codes.PHASE_PROCESSING
    ):
        return np.int64(codes.REJECT_PHASE_TRANSITION)
    lower, upper = command["lower_limit"], command["upper_limit"]
    if instrument["leg_1"] != NIL or not limits_fit(product, lower, upper):
        return np.int64(codes.REJECT_LIMITS_INVALID)
    if not combinations.would_fit(core, number, lower, upper):
        return np.int64(codes.REJECT_LIMITS_INVALID)
    emit.limits_changed(core, number, lower, upper)
    zero = np.int64(0)
    count = bulk.collect_outside(core, instrument, zero, lower, upper)
    bulk.cancel_collected(core, count, codes.CANCEL_OUTSIDE_LIMITS, zero, zero)
    move_ladder(core, product, instrument, lower, upper)
    combinations.follow_limits(core, number)
    return np.int64(0)


@inner
def day_open(core, command):
    """day_open: the first record of a day."""
    now = core.now[0]
    if now["day"] != 0:
        return np.int64(codes.REJECT_DAY_ALREADY_OPEN)
    now["day"] = 1
    now["trading_day"] = command["trading_day"]
    now["first_sequence"] = now["sequence"]
    emit.day_opened(core)
    return np.int64(0)


@apart
def day_end(core):
    """day_end: what is not closed closes, then the counts."""
    for number in range(1, len(core.products)):
        product = core.products[number]
        if product["defined"] == 0:
            continue
        if product["phase"] != codes.PHASE_CLOSED and product["phase"] != codes.PHASE_PROCESSING:
            enter_phase(core, number, np.int64(codes.PHASE_CLOSED))
    emit.day_ended(core)
    core.now[0]["day"] = 2
    return np.int64(0)
