"""What the exchange does in the day, against its events: rules, groups, acts (operator.md)."""

from collections.abc import Callable
from types import SimpleNamespace

from checkers.answer import Answer
from checkers.market import Market, Rate
from checkers.matching import take_cancelled, take_rested
from checkers.reasons_exchange import RULE_NAMES
from checkers.trading import go_to_book, is_meant, take_accepted, take_stop_accepted
from checkers.wire import CANCEL, KIND, TIME


def _rule_set(market: Market, answer: Answer, command: SimpleNamespace) -> None:
    names = ("product", "instrument", "rule", "value")
    answer.take("rule_changed", **{name: getattr(command, name) for name in names})
    if command.instrument:
        market.instruments[command.instrument].position_limit = command.value
    else:
        setattr(market.products[command.product], RULE_NAMES[command.rule], command.value)


def _group_define(market: Market, answer: Answer, command: SimpleNamespace) -> None:
    answer.take("reference_changed", number=command.group, changed_by=command.template_id)
    market.groups[command.group] = command.self_trade_mode


def _rate_set(market: Market, answer: Answer, command: SimpleNamespace) -> None:
    answer.take("reference_changed", number=command.member, changed_by=command.template_id)
    most = (command.entries_max, command.cancels_max)
    market.rates[command.member] = Rate(command.window_ns, most)


def _block_set(market: Market, answer: Answer, command: SimpleNamespace) -> None:
    member = command.member or market.accounts[command.account].member
    answer.take(
        "block_changed",
        instrument=0,
        account=command.account,
        member=member,
        blocked=command.blocked,
        operator_reason=command.operator_reason,
    )
    key = ("account", command.account) if command.account else ("member", command.member)
    market.blocked.discard(key)
    if command.blocked:
        market.blocked.add(key)


def _operator_cancel(market: Market, answer: Answer, command: SimpleNamespace) -> None:
    count, reason = 0, command.operator_reason
    for order in market.live():
        if command.member in (0, order.member) and is_meant(market, command, order):
            take_cancelled(market, answer, order, CANCEL.operator, 0, reason)
            count += 1
    names = ("instrument", "product", "account", "member", "operator_reason")
    asked = {name: getattr(command, name) for name in names}
    answer.take("mass_cancelled", count=count, client_id=0, seat=0, **asked)


def _forced_close(market: Market, answer: Answer, command: SimpleNamespace) -> None:
    member, reason = market.accounts[command.account].member, command.operator_reason
    plain = {"client_id": 0, "kind": KIND.limit, "time_in_force": TIME.day, "post_only": 0}
    sized = {"minimum_quantity": 0, "display_quantity": 0, "good_till_day": 0}
    order = SimpleNamespace(**{**vars(command), **plain, **sized})
    order_id = answer.sequence * 1024
    go_to_book(market, answer, take_accepted(market, answer, order, order_id, member, 0, reason))


def _trade_bust(market: Market, answer: Answer, command: SimpleNamespace) -> None:
    deal = market.deals[command.trade_id]
    answer.take("trade_busted", price=deal.price, **_deal(market, command))
    deal.busted = True


def _trade_correct(market: Market, answer: Answer, command: SimpleNamespace) -> None:
    deal = market.deals[command.trade_id]
    prices = {"price": command.price, "old_price": deal.price}
    answer.take("trade_corrected", **prices, **_deal(market, command))
    deal.price = command.price


def _deal(market: Market, command: SimpleNamespace) -> dict[str, int]:
    deal = market.deals[command.trade_id]
    return {
        "trade_id": command.trade_id,
        "instrument": deal.instrument,
        "quantity": deal.quantity,
        "operator_reason": command.operator_reason,
    }


def _order_carry(market: Market, answer: Answer, command: SimpleNamespace) -> None:
    member = market.accounts[command.account].member
    number, seat = command.carried_order_id, command.carried_seat
    if command.stop_price > 0:
        take_stop_accepted(market, answer, command, number, member, seat)
        return
    order = take_accepted(market, answer, command, number, member, seat)
    take_rested(answer, market.instruments[order.instrument], order, order.price)


ACTS: dict[str, Callable[[Market, Answer, SimpleNamespace], None]] = {
    "rule_set": _rule_set,
    "group_define": _group_define,
    "rate_set": _rate_set,
    "block_set": _block_set,
    "operator_cancel": _operator_cancel,
    "forced_close": _forced_close,
    "trade_bust": _trade_bust,
    "trade_correct": _trade_correct,
    "order_carry": _order_carry,
}
