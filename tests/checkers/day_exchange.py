"""What the exchange sends on a random day: phases, halts, limits, reference, rules and acts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from checkers import day_orders
from checkers.wire import ENUMS, encode

if TYPE_CHECKING:
    from checkers.days import Command, RandomDay

PHASES_OPEN = (2, 2, 2, 2, 2, 2, 3, 3, 3, 4, 5, 5, 8, 1)
CENTRE = 1000
_NUMBERS = vars(ENUMS["Rule"])
MORE_RULES = {
    "opening_cap": (0, 0, 0, 60),
    "band_ticks": (0, 0, 3, 8),
    "post_only_allowed": (1, 1, 0),
    "stops_allowed": (2, 2, 2, 1, 0),
    "display_minimum": (1, 1, 2, 0),
    "self_trade_checked": (1, 1, 0),
    "quote_rule": (1, 2, 3, 3, 0),
    "quote_width_ticks": (0, 0, 5),
    "quote_minimum": (0, 0, 2),
    "request_width_ticks": (0, 1, 4),
    "request_interval_ns": (5, 60, 0),
}
_RULES = {
    **MORE_RULES,
    "amend_allowed": (1, 1, 0),
    "protection_allowed": (1, 0),
    "minimum_allowed": (1, 0),
    "kinds_allowed": (15, 15, 3, 1),
    "times_allowed": (31, 31, 7, 13),
    "quantity_minimum": (1, 2, 4),
    "quantity_maximum_limit": (20, 50, 10),
    "quantity_maximum_market": (20, 60, 10),
    "position_limit": (0, 40, 60),
}
_ODD = (-1, 2, 3, 5, 16, 32, 2**24, 2**24 + 1, 10**9, 10**9 + 1, 2**31, 2**62, -(2**63))


def rule(product: int, name: str, value: int, instrument: int = 0) -> bytes:
    number = _NUMBERS[name]
    return encode("rule_set", product=product, instrument=instrument, rule=number, value=value)


def _phase(day: RandomDay) -> Command:
    """Mostly back to continuous trading, of one product or of all."""
    product = day.random.choice((0, *day.products, *day.products))
    phase = day.random.choice(PHASES_OPEN)
    if day.random.random() < 0.01:
        product = day.random.choice(list(day.products))
        phase = day.random.choice((0, 0, 6, 7, 9))
    elif phase != 2:
        day.repairs.append(encode("phase_set", product=product, phase=2))
    return 0, encode("phase_set", product=product, phase=phase)


def _halt(day: RandomDay) -> Command:
    """One instrument halts; mostly all go on again."""
    draw = day.random.random()
    if draw < 0.7:
        return 0, encode("halt_set", halted=0)
    day.repairs.append(encode("halt_set", halted=0))
    instrument = day.some_instrument() if draw < 0.9 else 0
    product = day.random.choice((0, *day.products))
    if day.combinations and day.random.random() < 0.2:
        instrument = day.random.choice(list(day.combinations))
    halted = day.random.choice((0, 1, 1, 1, 2))
    return 0, encode("halt_set", instrument=instrument, product=product, halted=halted)


def _limits(day: RandomDay) -> Command:
    instrument = day.random.choice(list(day.instruments))
    tick = day.tick_of(instrument)
    lower = (CENTRE - day.random.randint(-1, day.ticks)) * tick
    upper = (CENTRE + day.random.randint(-1, 2 * day.ticks)) * tick
    if day.random.random() < 0.08:
        wrong = ((upper, lower), (0, upper), (lower, 10**11), (1, 2**63 - 1))
        lower, upper = day.random.choice(wrong)
    elif lower < upper:
        day.limits[instrument] = (lower, upper)
    if day.combinations and day.random.random() < 0.1:
        instrument = day.random.choice(list(day.combinations))
    return 0, encode("limits_set", instrument=instrument, lower_limit=lower, upper_limit=upper)


def _timer(day: RandomDay) -> Command:
    product = day.random.choice((0, *day.products))
    return 0, encode("timer", product=product, timer_kind=day.random.choice((0, 0, 0, 1)))


def _reference(day: RandomDay) -> Command:
    pick, member = day.random.choice, day.random.choice(day.members)
    account = pick(list(day.accounts))
    normal = [
        encode("member_define", member=member, active=1, credit=10**12),
        day.account(account, active=1),
    ]
    if day.random.random() < 0.3:
        day.repairs += normal
        return 0, pick(
            (
                encode("member_define", member=member, active=0, credit=10**9),
                encode("credit_set", member=member, credit=pick((0, 10**7, 10**7, -1))),
                day.account(account, active=0),
                encode("account_define", account=account, member=1, active=1),
                encode("account_define", account=account, member=1, active=1, group=pick((1, 3))),
                encode("right_set", account=account, product=pick((1, 2)), right=pick((0, 1))),
                encode("right_set", account=account, product=1, right=1),
            )
        )
    return 0, pick(
        (
            *normal,
            encode("right_set", account=account, product=pick((1, 2, 3, 9)), right=2),
            encode("seat_define", seat_number=len(day.seats) + pick((1, 2)), member=member),
            day.position(),
            encode("product_define", **vars(day.products[1])),
            day.instrument(pick(list(day.instruments))),
        )
    )


# -- rules, groups, rates ------------------------------------------------------------------


def _rule(day: RandomDay) -> Command:
    """One rule changes, mostly back to what is usual later."""
    pick = day.random.choice
    product, name = pick(list(day.products)), pick(list(_RULES))
    if name in day.more_rules[product]:
        day.repairs.append(rule(product, name, day.more_rules[product][name]))
    elif name.startswith("quantity"):
        day.repairs.append(rule(product, name, getattr(day.products[product], name)))
    value = pick(_RULES[name]) if day.random.random() < 0.85 else pick(_ODD)
    instrument = 0
    if day.random.random() < (0.5 if name == "position_limit" else 0.02):
        instrument = day.some_instrument()
        product = day.instruments.get(instrument, product) if day.random.random() < 0.9 else product
    if day.random.random() < 0.02:
        return 0, encode("rule_set", product=pick((0, 1, 63)), rule=pick((0, 21, 255)), value=1)
    return 0, rule(product, name, value, instrument)


def _group(day: RandomDay) -> Command:
    mode = day.random.choice((0, 1, 2, 3, 4, 4, 5))
    group = day.random.choice((1, 1, 2, 2, 3, 0, -1, 10**6, 10**6 + 1))
    return 0, encode("group_define", group=group, self_trade_mode=mode)


def _rate(day: RandomDay) -> Command:
    pick, member = day.random.choice, day.random.choice((*day.members, *day.members, 99))
    most = {"entries_max": pick((0, 0, 0, 3, 8, -1)), "cancels_max": pick((0, 1, 1, 1, -1))}
    window = pick((1, 10, 100, 400, 1_000, 1_000, 0, -1, 2**62))
    if most["entries_max"]:
        day.repairs.append(encode("rate_set", member=member))
    return 0, encode("rate_set", member=member, window_ns=window, **most)


# -- on behalf -----------------------------------------------------------------------------


def _reason(day: RandomDay) -> int:
    return day.random.choice((1, 2, 3, 4, 5, 6, 7)) if day.random.random() < 0.96 else 8


def _block(day: RandomDay) -> Command:
    pick = day.random.choice
    whom = pick(({"member": pick(day.members)}, {"account": pick(list(day.accounts))}))
    if day.random.random() < 0.06:
        whom = pick(({}, {"member": 1, "account": 1}, {"member": 99}, {"account": -1}))
    day.repairs.append(encode("block_set", blocked=0, operator_reason=6, **whom))
    blocked = pick((1, 1, 1, 0)) if day.random.random() < 0.97 else 2
    return 0, encode("block_set", blocked=blocked, operator_reason=_reason(day), **whom)


def _operator_cancel(day: RandomDay) -> Command:
    pick = day.random.choice
    return 0, encode(
        "operator_cancel",
        member=pick((0, *day.members, *day.members, 99)),
        instrument=pick((0, day.some_instrument(), day.some_instrument())),
        account=pick((0, 0, *day.accounts)),
        product=pick((0, 0, 1, 2, 63)),
        mass_side=pick((0, 1, 2, 2, 2, 3)),
        mass_scope=pick((0, 0, 1, 2, 3, 4)),
        operator_reason=_reason(day),
    )


def _forced_close(day: RandomDay) -> Command:
    pick, side = day.random.choice, day.random.choice((0, 1))
    keeps = [each for each, product in day.instruments.items() if day.products[product].offset_rule]
    instrument = pick(keeps) if keeps and day.random.random() < 0.9 else day.some_instrument()
    day.entered[pick(day.members)].append((day.sequence + 1, 0, instrument))
    return 0, encode(
        "forced_close",
        instrument=instrument,
        account=pick((*day.accounts, *day.accounts, *day.accounts, 99)),
        price=day.price(instrument, side),
        quantity=pick((2, 2, 2, 4, 8, 30)),
        side=side if day.random.random() < 0.98 else 2,
        offset=pick((1, 1, 1, 1, 2)) if day.random.random() < 0.97 else pick((0, 3)),
        hedge=pick((0, 0, 0, 0, 0, 1, 3, 4)),
        operator_reason=_reason(day),
    )


def _deal(day: RandomDay) -> int:
    """A trade of the day, perhaps: about every tenth command makes one."""
    if day.random.random() < 0.05:
        return int(day.random.choice((0, -1, 2**62, 10**6)))
    if day.busted and day.random.random() < 0.2:
        return day.random.choice(day.busted)
    return int(day.random.randint(1, max(1, (day.sequence - day.first_sequence) // 10)))


def _bust(day: RandomDay) -> Command:
    trade_id = _deal(day)
    day.busted.append(trade_id)
    return 0, encode("trade_bust", trade_id=trade_id, operator_reason=_reason(day))


def _correct(day: RandomDay) -> Command:
    tick = day.random.choice(list(day.products.values())).tick
    price = (CENTRE + day.random.randint(-4, 4)) * tick
    fields = {"trade_id": _deal(day), "operator_reason": _reason(day)}
    return 0, encode("trade_correct", price=price, **fields)


def carry(day: RandomDay) -> Command:
    """An order of a day before; mostly one that may come over."""
    pick, member = day.random.choice, day.random.choice(day.members)
    instrument = day.some_instrument()
    fields = day_orders.terms(day, member, instrument)
    whole = max(1, fields["quantity"])
    seats = [seat for seat, owner in day.seats.items() if owner == member]
    fields |= {
        "time_in_force": pick((3, 4, 4)),
        "minimum_quantity": 0,
        "carried_order_id": day.random.randrange(1, max(2, day.first_sequence)) * 1024,
        "carried_remaining": day.random.randint(1, whole),
        "carried_seat": pick(seats),
    }
    fields["good_till_day"] = 20260106 if fields["time_in_force"] == 3 else 0
    if day.random.random() < 0.3:
        fields |= day_orders.stop_terms(day, instrument, fields["side"])
        fields["stop_price"] = fields.get("stop_price") or day.price(instrument, fields["side"])
    elif day.random.random() < 0.9:
        fields["kind"] = 0
        fields["price"] = fields["price"] or day.price(instrument, fields["side"])
    if day.random.random() < 0.08:
        field = pick(("carried_remaining", "carried_seat", "carried_order_id", "time_in_force"))
        fields[field] = pick((0, 1, 2, 100))
    return 0, encode("order_carry", **fields)


SHARES: tuple[tuple[float, Callable[[RandomDay], Command]], ...] = (
    (0.02, _phase),
    (0.01, _halt),
    (0.008, _limits),
    (0.03, _timer),
    (0.025, _reference),
    (0.02, _rule),
    (0.005, _group),
    (0.012, _rate),
    (0.006, _block),
    (0.004, _operator_cancel),
    (0.016, _forced_close),
    (0.006, _bust),
    (0.006, _correct),
    (0.003, carry),
)
