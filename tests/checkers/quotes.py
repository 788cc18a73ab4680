"""Quotes, mass quotes and requests for quote: their checks and their events (quotes.md)."""

from types import SimpleNamespace

from checkers import reasons
from checkers.answer import Answer
from checkers.fills import Fills
from checkers.market import BUY, CANCELS, ENTRY, SELL, Instrument, Market, Order
from checkers.matching import take_cancelled
from checkers.trading import place, take_accepted, take_amended
from checkers.wire import CANCEL, ENUMS, KIND, PHASE, REASON, TIME

RULE = ENUMS["QuoteRule"]
Key = tuple[int, int, int]  # account, instrument, hedge


def key_of(quote: SimpleNamespace) -> Key:
    return quote.account, quote.instrument, quote.hedge


def sides_of(quote: SimpleNamespace) -> list[SimpleNamespace]:
    """Bid and ask of a quote, each as an order_enter's fields."""
    common = {
        "template": "quote_enter",
        "account": quote.account,
        "instrument": quote.instrument,
        "hedge": quote.hedge,
        "kind": KIND.limit,
        "time_in_force": TIME.day,
        "minimum_quantity": 0,
        "post_only": 0,
        "display_quantity": 0,
        "good_till_day": 0,
    }
    return [
        SimpleNamespace(**common, side=BUY, price=quote.bid_price, **_size(quote, "bid")),
        SimpleNamespace(**common, side=SELL, price=quote.ask_price, **_size(quote, "ask")),
    ]


def _size(quote: SimpleNamespace, side: str) -> dict[str, int]:
    names = {"offset": f"{side}_offset", "quantity": f"{side}_quantity"}
    return {name: getattr(quote, field) for name, field in names.items()}


def of_quote(market: Market, quote: SimpleNamespace, member: int) -> int:
    """Checks 9 to 31 of quote_enter or of one entry of a mass_quote."""
    if max(quote.bid_offset, quote.ask_offset) > 2 or quote.hedge > 3:
        return REASON.FIELD_INVALID
    asked = [side for side in sides_of(quote) if side.quantity != 0]
    account = market.accounts.get(quote.account)
    if account is None or account.member != member:
        return REASON.ACCOUNT_UNKNOWN
    for side in asked:
        reason = reasons.who(market, side, member, side.offset)
        if reason:
            return reason
    instrument = market.instruments.get(quote.instrument)
    if instrument is None:
        return REASON.INSTRUMENT_UNKNOWN
    product = instrument.product
    if instrument.legs or product.quote_rule == RULE.none:
        return REASON.QUOTE_UNSUPPORTED
    if not _shape_fits(product, quote):
        return REASON.QUOTE_INVALID
    if any(side.offset > product.offset_rule for side in asked):
        return REASON.OFFSET_UNSUPPORTED
    return _phase(market, instrument, quote, bool(asked)) or (
        _terms(market, instrument, quote, asked, member) if asked else 0
    )


def _shape_fits(product: SimpleNamespace, quote: SimpleNamespace) -> bool:
    """Check 15."""
    sizes, prices = (quote.bid_quantity, quote.ask_quantity), (quote.bid_price, quote.ask_price)
    if any(size < 0 or (not size and price) for size, price in zip(sizes, prices, strict=True)):
        return False
    if sizes == (0, 0):
        return True
    if product.quote_rule != RULE.one_side_allowed and 0 in sizes:
        return False
    if product.quote_rule == RULE.equal_sizes and sizes[0] != sizes[1]:
        return False
    return all(size >= product.quote_minimum for size in sizes if size)


def _phase(market: Market, instrument: Instrument, quote: SimpleNamespace, enters: bool) -> int:
    """Checks 18 and 19; a withdrawal only needs that cancels are taken."""
    phase, lives = market.phase(instrument), any(market.legs(key_of(quote)))
    if enters and phase not in ENTRY:
        return REASON.PHASE_NO_ENTRY
    if enters and instrument.halted:
        return REASON.HALTED
    return REASON.PHASE_NO_CANCEL if lives and phase not in CANCELS else 0


def _terms(
    market: Market,
    instrument: Instrument,
    quote: SimpleNamespace,
    asked: list[SimpleNamespace],
    member: int,
) -> int:
    """Checks 20 to 31; the legs of the old quote are free, the new bid counts for the ask."""
    if len(asked) == 2:
        width = instrument.product.quote_width_ticks * instrument.product.tick
        if quote.bid_price >= quote.ask_price:
            return REASON.QUOTE_CROSSED
        if width and quote.ask_price - quote.bid_price > width:
            return REASON.QUOTE_TOO_WIDE
    old = [leg for leg in market.legs(key_of(quote)) if leg]
    for leg in old:
        market.reserve(leg, -leg.remaining, leg.price)
    reason, counted = 0, list[Order]()
    for side in asked:
        reason = reason or _side(market, instrument, side, member, old)
        if not reason:
            counted.append(_reserved(market, side, member))
    for leg in counted:
        market.reserve(leg, -leg.remaining, leg.price)
    for leg in old:
        market.reserve(leg, leg.remaining, leg.price)
    return reason


def _side(
    market: Market, instrument: Instrument, side: SimpleNamespace, member: int, old: list[Order]
) -> int:
    return (
        reasons.price(instrument, side.price)
        or reasons.band(market, instrument, side.side, side.price)
        or reasons.size(instrument.product, KIND.limit, side.quantity)
        or reasons.holdings(market, instrument, side, member, side.price)
        or reasons.own_group(market, instrument, side, side.price, but=old)
    )


def _reserved(market: Market, side: SimpleNamespace, member: int) -> Order:
    """A leg that counts while the other is judged."""
    order = Order(
        0,
        0,
        member,
        0,
        side.account,
        side.instrument,
        side.hedge,
        side.side,
        side.offset,
        KIND.limit,
        TIME.day,
        side.quantity,
        side.quantity,
        side.price,
    )
    market.reserve(order, order.remaining, order.price)
    return order


def enter(market: Market, answer: Answer, seat: int, command: SimpleNamespace) -> None:
    """quote_enter that was accepted."""
    fills = Fills(market)
    _replace(market, answer, seat, command, command.client_id, 0, fills)
    fills.end(answer)


def mass(market: Market, answer: Answer, seat: int, command: SimpleNamespace) -> None:
    """mass_quote: each entry on its own; the count, position rows and stops at the end."""
    member, count, fills = market.seats[seat], 0, Fills(market)
    sender = {"client_id": command.client_id, "member": member, "seat": seat}
    for place_of, entry in enumerate(command.entries):
        reason = of_quote(market, entry, member)
        if reason:
            about = {"instrument": entry.instrument, "account": entry.account, "order_id": 0}
            fields = {**sender, **about, "command": command.template_id}
            answer.take("command_rejected", reject_reason=reason, **fields)
            market.rejects += 1
        else:
            _replace(market, answer, seat, entry, command.client_id, 2 * place_of, fills)
            count += 1
    answer.take("mass_quoted", count=count, instrument=0, **sender)
    fills.end(answer)


def _replace(
    market: Market,
    answer: Answer,
    seat: int,
    quote: SimpleNamespace,
    client_id: int,
    leg: int,
    fills: Fills,
) -> None:
    """One quote takes the place of the old one; `leg`: how far its legs' numbers lie."""
    member, key = market.seats[seat], key_of(quote)
    market.quoted[answer.sequence] = member
    wanted, old = sides_of(quote), market.legs(key)
    ids, kept = [0, 0], [False, False]
    for side, ask in enumerate(wanted):
        before = old[side]
        if ask.quantity:
            ids[side] = answer.sequence * 1024 + leg + 1 + side
            same = before is not None and (ask.price, ask.offset) == (before.price, before.offset)
            if before is not None and same and ask.quantity <= before.remaining:
                ids[side], kept[side] = before.id, True
    names = {"instrument": quote.instrument, "account": quote.account, "hedge": quote.hedge}
    sender = {"client_id": client_id, "member": member, "seat": seat}
    answer.take("quote_accepted", bid_order_id=ids[0], ask_order_id=ids[1], **names, **sender)
    for side, before in enumerate(old):
        if before is not None and kept[side]:
            asked = (before.filled + wanted[side].quantity, before.price)
            take_amended(market, answer, before, asked, kept=True, request_id=client_id)
        elif before is not None:
            take_cancelled(market, answer, before, CANCEL.quote_replaced, 0)
    legs = [before if kept[side] else None for side, before in enumerate(old)]
    market.quotes[key] = legs
    for side, ask in enumerate(wanted):
        if ask.quantity and not kept[side]:
            ask.client_id = client_id
            legs[side] = take_accepted(market, answer, ask, ids[side], member, seat)
            place(market, answer, legs[side], fills)


def of_request(market: Market, command: SimpleNamespace, member: int) -> int:
    """Checks 10 to 21 of quote_request."""
    account = market.accounts.get(command.account)
    if account is None or account.member != member:
        return REASON.ACCOUNT_UNKNOWN
    if ("account", command.account) in market.blocked:
        return REASON.ACCOUNT_BLOCKED
    instrument = market.instruments.get(command.instrument)
    if instrument is None:
        return REASON.INSTRUMENT_UNKNOWN
    product = instrument.product
    if not (account.open_products | account.close_products) >> product.product & 1:
        return REASON.PRODUCT_NOT_PERMITTED
    if instrument.legs or not product.request_interval_ns:
        return REASON.REQUEST_UNSUPPORTED
    if market.phase(instrument) != PHASE.continuous:
        return REASON.PHASE_NO_ENTRY
    if instrument.halted:
        return REASON.HALTED
    buy, sell = instrument.best(BUY), instrument.best(SELL)
    narrow = product.request_width_ticks * product.tick
    if buy is not None and sell is not None and sell - buy <= narrow:
        return REASON.REQUEST_NOT_NEEDED
    last = instrument.requested_ns
    soon = last is not None and market.now_ns - last < product.request_interval_ns
    return REASON.REQUEST_TOO_SOON if soon else 0


def request(market: Market, answer: Answer, seat: int, command: SimpleNamespace) -> None:
    """quote_request that was accepted."""
    market.instruments[command.instrument].requested_ns = market.now_ns
    answer.take(
        "quote_requested",
        instrument=command.instrument,
        account=command.account,
        client_id=command.client_id,
        member=market.seats[seat],
        seat=seat,
    )
