"""The exchange's commands against their events: phases, halts, limits, reference (phases.md)."""

from types import SimpleNamespace

from checkers import prices, reasons_combined, stops
from checkers.acts import ACTS
from checkers.answer import Answer
from checkers.market import COLLECTING, Instrument, Market, Order, Row, hold
from checkers.matching import Fills, take_cancelled, uncross
from checkers.wire import CANCEL, ENUMS, PHASE

REFERENCE = {
    "product_define": "product",
    "instrument_define": "instrument",
    "member_define": "member",
    "seat_define": "seat_number",
    "account_define": "account",
    "right_set": "account",
    "credit_set": "member",
    "position_set": "instrument",
    "combination_define": "instrument",
}


def apply(market: Market, answer: Answer, command: SimpleNamespace) -> None:
    """A command of the exchange that was accepted."""
    if command.template in REFERENCE:
        number = getattr(command, REFERENCE[command.template])
        answer.take("reference_changed", number=number, changed_by=command.template_id)
        _REFERENCE[command.template](market, command)
        return
    _OTHERS[command.template](market, answer, command)


def _define_product(market: Market, command: SimpleNamespace) -> None:
    rules = dict.fromkeys(vars(ENUMS["Rule"]), 0)
    market.products[command.product] = SimpleNamespace(**{**rules, **vars(command)})
    market.phases[command.product] = PHASE.before_trading


def _define_instrument(market: Market, command: SimpleNamespace) -> None:
    product = market.products[command.product_of]
    reference = command.previous_close or command.previous_settlement
    market.instruments[command.instrument] = Instrument(
        command.instrument,
        product,
        command.lower_limit,
        command.upper_limit,
        command.previous_settlement,
        (2 * reference + product.tick) // (2 * product.tick) * product.tick,
        command.instrument_position_limit,
        command.open_interest,
        command.open_interest,
    )


def _define_combination(market: Market, command: SimpleNamespace) -> None:
    one, two = legs = (market.instruments[command.leg_1], market.instruments[command.leg_2])
    lower, upper = reasons_combined.limits_of(one, two)
    combination = Instrument(
        command.instrument, one.product, lower, upper, 0, one.last - two.last, 0, 0
    )
    combination.legs = legs
    market.instruments[command.instrument] = combination


def _define_member(market: Market, command: SimpleNamespace) -> None:
    market.members[command.member] = command
    market.used.setdefault(command.member, 0)


def _define_seat(market: Market, command: SimpleNamespace) -> None:
    market.seats[command.seat_number] = command.member


def _define_account(market: Market, command: SimpleNamespace) -> None:
    market.accounts[command.account] = command


def _set_right(market: Market, command: SimpleNamespace) -> None:
    account, bit = market.accounts[command.account], 1 << command.product
    account.open_products &= ~bit
    account.close_products &= ~bit
    if command.right == 2:
        account.open_products |= bit
    if command.right:
        account.close_products |= bit


def _set_credit(market: Market, command: SimpleNamespace) -> None:
    market.members[command.member].credit = command.credit


def _set_position(market: Market, command: SimpleNamespace) -> None:
    key = (command.account, command.instrument, command.position_hedge)
    row = market.rows.setdefault(key, Row())
    row.yesterday = [command.long_yesterday, command.short_yesterday]
    row.given, row.was_set = list(row.yesterday), True


def _chosen(market: Market, number: int) -> list[int]:
    return [each for each in sorted(market.products) if number in (0, each)]


def _instruments(market: Market, product: int) -> list[Instrument]:
    """Those with auctions and stops: no combinations."""
    found = (market.instruments[number] for number in sorted(market.instruments))
    return [each for each in found if each.product.product == product and not each.legs]


def _phase_set(market: Market, answer: Answer, command: SimpleNamespace) -> None:
    for number in _chosen(market, command.product):
        _enter_phase(market, answer, number, command.phase)
    if not market.products:
        answer.take("reference_changed", number=command.product, changed_by=command.template_id)


def _enter_phase(market: Market, answer: Answer, number: int, phase: int) -> None:
    before, market.phases[number] = market.phases[number], phase
    answer.take("phase_changed", product=number, phase=phase)
    if before == phase:
        return
    crossed = any(each.crossed() for each in _instruments(market, number) if not each.halted)
    if phase == PHASE.auction_match or (phase == PHASE.continuous and crossed):
        fills = Fills(market)
        for instrument in _instruments(market, number):
            if instrument.orders() and not instrument.halted:
                uncross(market, answer, instrument, fills)
        fills.take_positions(answer)
    if phase == PHASE.continuous:
        for instrument in _instruments(market, number):
            stops.judge(market, answer, instrument, [instrument.last])
    if phase == PHASE.closed or (phase == PHASE.processing and before != PHASE.closed):
        _expire(market, answer, number)


def _expire(market: Market, answer: Answer, number: int) -> None:
    for order in market.live():
        mine = market.instruments[order.instrument].product.product == number
        if mine and not order.outlives(market.trading_day):
            take_cancelled(market, answer, order, CANCEL.expired, 0)


def _halt_set(market: Market, answer: Answer, command: SimpleNamespace) -> None:
    named = [
        each
        for number, each in sorted(market.instruments.items())
        if command.instrument in (0, number)
        and (command.instrument or command.product in (0, each.product.product))
    ]
    for instrument in named:
        instrument.halted = bool(command.halted)
        answer.take("halt_changed", instrument=instrument.number, halted=command.halted)
    fills = Fills(market)
    for instrument in named:
        freed = not command.halted and market.phase(instrument) == PHASE.continuous
        if freed and instrument.crossed():
            uncross(market, answer, instrument, fills)
    fills.take_positions(answer)
    for instrument in named:
        stops.judge(market, answer, instrument, [] if command.halted else [instrument.last])
    if not named:
        answer.take("reference_changed", number=command.product, changed_by=command.template_id)


def _limits_set(market: Market, answer: Answer, command: SimpleNamespace) -> None:
    instrument = market.instruments[command.instrument]
    _change_limits(market, answer, instrument, command.lower_limit, command.upper_limit)
    for combination in market.combinations():
        if instrument in combination.legs:
            limits = reasons_combined.limits_of(*combination.legs)
            _change_limits(market, answer, combination, *limits)


def _change_limits(
    market: Market, answer: Answer, instrument: Instrument, lower: int, upper: int
) -> None:
    answer.take(
        "limits_changed", instrument=instrument.number, lower_limit=lower, upper_limit=upper
    )
    instrument.lower, instrument.upper = lower, upper
    for order in market.live():
        inside = lower <= order.price <= upper and _stop_inside(order, lower, upper)
        if order.instrument == instrument.number and not inside:
            take_cancelled(market, answer, order, CANCEL.outside_limits, 0)


def _stop_inside(order: Order, lower: int, upper: int) -> bool:
    return not order.waiting or lower <= order.stop_price <= upper


def _timer(market: Market, answer: Answer, command: SimpleNamespace) -> None:
    told = False
    for number in _chosen(market, command.product):
        if market.phases[number] not in COLLECTING:
            continue
        for instrument in _instruments(market, number):
            if instrument.orders() and not instrument.halted:
                price, volume, surplus = prices.auction(instrument)
                told = True
                answer.take(
                    "auction_indicated",
                    instrument=instrument.number,
                    auction_price=price,
                    auction_volume=volume,
                    surplus=surplus,
                )
    if not told:
        answer.take("reference_changed", number=command.product, changed_by=command.template_id)


def _day_open(market: Market, answer: Answer, command: SimpleNamespace) -> None:
    answer.take("day_opened", trading_day=command.trading_day)
    market.day, market.trading_day = 1, command.trading_day
    market.first_sequence = answer.sequence


def _day_end(market: Market, answer: Answer, command: SimpleNamespace) -> None:
    for number in sorted(market.products):
        if market.phases[number] not in (PHASE.closed, PHASE.processing):
            _enter_phase(market, answer, number, PHASE.closed)
    lasting = all(order.outlives(market.trading_day) for order in market.live())
    hold(lasting, "what outlives the day is good for longer")
    answer.take(
        "day_ended",
        trading_day=market.trading_day,
        orders=market.accepted,
        trades=market.trades,
        volume=market.volume,
        rejects=market.rejects,
    )
    market.day = 2


_REFERENCE = {
    "product_define": _define_product,
    "instrument_define": _define_instrument,
    "member_define": _define_member,
    "seat_define": _define_seat,
    "account_define": _define_account,
    "right_set": _set_right,
    "credit_set": _set_credit,
    "position_set": _set_position,
    "combination_define": _define_combination,
}
_OTHERS = {
    "phase_set": _phase_set,
    "halt_set": _halt_set,
    "limits_set": _limits_set,
    "timer": _timer,
    "day_open": _day_open,
    "day_end": _day_end,
    **ACTS,
}
