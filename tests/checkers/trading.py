"""Members' commands against their events: lives of orders (orders.md)."""

from types import SimpleNamespace

from checkers import combinations, reasons, reasons_combined, reasons_later
from checkers.answer import Answer, owner
from checkers.market import CANCELS, Instrument, Market, Order, hold
from checkers.matching import (
    Fills,
    copied,
    enter_book,
    reachable_prices,
    sweep,
    take_cancelled,
    take_rested,
)
from checkers.wire import CANCEL, ENUMS, KIND, PHASE

SCOPE = ENUMS["MassScope"]
_ORDER = (
    "client_id instrument account side kind time_in_force offset hedge quantity price "
    "display_quantity good_till_day"
)


def new_order(
    market: Market, command: SimpleNamespace, order_id: int, member: int, seat: int
) -> Order:
    """The order that an accepted command makes, with what it freezes."""
    instrument = market.instruments[command.instrument]
    order = Order(
        order_id,
        command.client_id,
        member,
        seat,
        command.account,
        command.instrument,
        command.hedge,
        command.side,
        command.offset,
        command.kind,
        command.time_in_force,
        command.quantity,
        getattr(command, "carried_remaining", command.quantity),
        reasons.freeze_price(instrument, command),
        command.price,
        command.minimum_quantity,
        command.post_only,
        command.display_quantity,
        command.good_till_day,
    )
    market.orders[order.id] = order
    market.accepted += 1
    if instrument.legs:
        order.leg_prices = reasons_combined.leg_prices(instrument, order.side)
    for part, _, _ in market.parts(order, order.price):
        row = market.row(order, part)
        if row is not None:
            row.ordered = True
    market.reserve(order, order.remaining, order.price)
    return order


def take_accepted(
    market: Market,
    answer: Answer,
    command: SimpleNamespace,
    order_id: int,
    member: int,
    seat: int,
    operator_reason: int = 0,
) -> Order:
    """`order_accepted` with the fields of its command."""
    fields = {"order_id": order_id, "member": member, "seat": seat}
    event = answer.take("order_accepted", **fields, operator_reason=operator_reason)
    copied(event, command, _ORDER + " post_only")
    return new_order(market, command, order_id, member, seat)


def take_stop_accepted(
    market: Market, answer: Answer, command: SimpleNamespace, order_id: int, member: int, seat: int
) -> Order:
    """`stop_accepted`; the stop waits from now on."""
    instrument = market.instruments[command.instrument]
    stop_price = command.stop_price or reasons.first_stop_price(instrument, command)
    fields = {"order_id": order_id, "member": member, "seat": seat, "stop_price": stop_price}
    event = answer.take("stop_accepted", **fields)
    copied(event, command, _ORDER + " trail")
    order = new_order(market, command, order_id, member, seat)
    order.stop_price, order.trail, order.waiting = stop_price, command.trail, True
    instrument.stops.append(order)
    return order


def enter(market: Market, answer: Answer, seat: int, command: SimpleNamespace) -> Order:
    """order_enter or stop_enter that was accepted."""
    order_id, member = answer.sequence * 1024, market.seats[seat]
    if command.template == "stop_enter":
        return take_stop_accepted(market, answer, command, order_id, member, seat)
    order = take_accepted(market, answer, command, order_id, member, seat)
    go_to_book(market, answer, order)
    return order


def go_to_book(market: Market, answer: Answer, order: Order) -> None:
    """What follows `order_accepted` of a single order: fills, remainder, positions, stops."""
    instrument, fills = market.instruments[order.instrument], Fills(market)
    place(market, answer, order, fills)
    fills.end(answer)
    if market.phase(instrument) == PHASE.continuous:
        hold(not instrument.crossed(), "the book is not crossed", instrument.number)


def place(market: Market, answer: Answer, order: Order, fills: Fills) -> None:
    """A new order meets the book in continuous trading, else it rests."""
    instrument = market.instruments[order.instrument]
    if instrument.legs:
        combinations.enter_book(market, answer, instrument, order, fills)
    elif market.phase(instrument) == PHASE.continuous:
        enter_book(market, answer, instrument, order, fills)
    else:
        take_rested(answer, instrument, order, order.price)


def cancel(
    market: Market, answer: Answer, target: Order | list[Order], command: SimpleNamespace
) -> None:
    """order_cancel that was done; a list: the legs of a quote."""
    for order in target if isinstance(target, list) else [target]:
        take_cancelled(market, answer, order, CANCEL.member, command.client_id)


def amend(market: Market, answer: Answer, target: Order, command: SimpleNamespace) -> None:
    """order_amend that was done."""
    case = reasons_later.case_of_amend(command, target)
    if case == 1:
        take_cancelled(market, answer, target, CANCEL.amended_away, command.client_id)
        return
    take_amended(
        market,
        answer,
        target,
        (command.new_quantity, command.new_price),
        kept=case == 2,
        request_id=command.client_id,
    )
    if case == 3:
        _queue_anew(market, answer, market.instruments[target.instrument], target)


def take_amended(
    market: Market,
    answer: Answer,
    target: Order,
    asked: tuple[int, int],
    *,
    kept: bool,
    request_id: int,
) -> None:
    """`order_amended`; `asked`: the new total and price. One that lost its place left the book."""
    (quantity, price), filled = asked, target.filled
    market.reserve(target, -target.remaining, target.price)
    target.quantity, target.remaining = quantity, quantity - filled
    target.visible = min(target.visible, target.remaining)
    market.reserve(target, target.remaining, price)
    answer.take(
        "order_amended",
        **owner(target),
        priority_kept=int(kept),
        quantity=quantity,
        price=price,
        request_id=request_id,
        remaining=target.remaining,
    )
    if not kept:
        market.instruments[target.instrument].leave(target)
        target.price, target.kind = price, KIND.limit


def _queue_anew(market: Market, answer: Answer, instrument: Instrument, order: Order) -> None:
    fills, continuous = Fills(market), market.phase(instrument) == PHASE.continuous
    if continuous:
        reachable = set(reachable_prices(instrument, order))
        sweep(market, answer, instrument, order, reachable, fills)
    if not order.done:
        take_rested(answer, instrument, order, order.price)
    fills.end(answer)
    if continuous:
        hold(not instrument.crossed(), "the book is not crossed", instrument.number)


def is_meant(market: Market, command: SimpleNamespace, order: Order) -> bool:
    """Does a mass_cancel or operator_cancel mean this live order? The member is not looked at."""
    product = market.instruments[order.instrument].product.product
    scope = {
        SCOPE.all: True,
        SCOPE.orders: not order.is_leg and not order.waiting,
        SCOPE.quotes: order.is_leg,
        SCOPE.stops: order.waiting,
    }
    return (
        command.instrument in (0, order.instrument)
        and command.product in (0, product)
        and command.account in (0, order.account)
        and command.mass_side in (2, order.side)
        and scope[command.mass_scope]
    )


def mass_cancel(market: Market, answer: Answer, seat: int, command: SimpleNamespace) -> None:
    """mass_cancel that was done."""
    member, count = market.seats[seat], 0
    for order in market.live():
        if (
            order.member == member
            and not order.forced
            and is_meant(market, command, order)
            and market.phase(market.instruments[order.instrument]) in CANCELS
        ):
            take_cancelled(market, answer, order, CANCEL.mass, command.client_id)
            count += 1
    asked = {name: getattr(command, name) for name in ("instrument", "product", "account")}
    asked |= {"client_id": command.client_id, "member": member, "seat": seat}
    answer.take("mass_cancelled", count=count, operator_reason=0, **asked)
