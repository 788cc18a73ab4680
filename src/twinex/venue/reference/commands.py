"""Reference data as commands: a market file in; products, rules, instruments, combinations out.

The core reads no file: what these messages say is all it knows of a market.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal

from twinex.venue.compiler import SOURCE_HASH
from twinex.venue.reference.combinations import Combination, combinations
from twinex.venue.reference.dated import Stage
from twinex.venue.reference.listing import Instrument, listing
from twinex.venue.reference.market import Market, Product
from twinex.venue.reference.mistakes import PriceError
from twinex.venue.reference.prices import Prices, to_units
from twinex.venue.wire.messages import encode
from twinex.venue.wire.schema import ENUMS, SCHEMA_VERSION

_RULES = ENUMS["Rule"]


def reference_commands(
    market: Market,
    trading_day: date,
    prices: Prices | None = None,
    *,
    closes: Prices | None = None,
    open_interests: Mapping[str, int] | None = None,
    carried: Iterable[str] = (),
) -> list[bytes]:
    """SBE messages of the day's products, rules, instruments and combinations, in journal order.

    `prices` maps a symbol, product or index to its previous settlement (an index: its previous
    close), in quote units; what is absent comes from the market's default table. `closes` are
    previous closes and `open_interests` lots carried over night, by symbol. `carried`: see
    `listing`. Raises CalendarError, PriceError, NotInForceError or MarketBoundsError.
    """
    instruments = listing(market, trading_day, prices, carried)
    _check_symbols(instruments, "close", closes or {})
    _check_symbols(instruments, "open interest", open_interests or {})
    messages = []
    for product in market.products_on(trading_day):
        messages += [_product(product, trading_day), *_rules(product, trading_day)]
    for one in instruments:
        close = (closes or {}).get(one.symbol)
        interest = (open_interests or {}).get(one.symbol, 0)
        messages.append(_instrument(one, close, interest, trading_day))
    messages += map(_combination, combinations(market, trading_day, instruments))
    return messages


def day_header(
    market: Market,
    trading_day: date,
    *,
    first_sequence: int = 1,
    state_hash: bytes = bytes(32),
) -> bytes:
    """`day_open`: the first command of a day, with hashes of the market's file and of the code.

    `state_hash`: of the image of the day before; zeros on a first day.
    """
    return encode(
        "day_open",
        trading_day=day_number(trading_day),
        schema_version=SCHEMA_VERSION,
        market=market.name,
        configuration_hash=market.digest,
        code_hash=SOURCE_HASH,
        state_hash=state_hash,
        first_sequence=first_sequence,
    )


def day_number(day: date) -> int:
    """`day` as yyyymmdd."""
    return day.year * 10_000 + day.month * 100 + day.day


def _check_symbols(
    instruments: Sequence[Instrument], what: str, values: Mapping[str, object]
) -> None:
    unknown = sorted(set(values) - {one.symbol for one in instruments})
    if unknown:
        raise PriceError(f"{what} of {', '.join(unknown)}: not listed on this day")


def _product(product: Product, day: date) -> bytes:
    rules, quantities = product.rules, product.quantities
    limit_maximum = quantities.maximum_limit.on(day)
    market_maximum = limit_maximum
    if quantities.maximum_market is not None:
        market_maximum = quantities.maximum_market.on(day)
    return encode(
        "product_define",
        product_name=product.name,
        product=product.number,
        product_class=product.product_class,
        price_rule=rules.price_rule,
        auction_rule=rules.auction_rule,
        limit_priority=rules.limit_priority,
        offset_rule=rules.offset_rule,
        market_price_rule=rules.market_price_rule,
        kinds_allowed=rules.kinds_allowed,
        times_allowed=rules.times_allowed,
        amend_allowed=rules.amend_allowed,
        protection_allowed=rules.protection_allowed,
        minimum_allowed=rules.minimum_allowed,
        funds_checked=rules.funds_checked,
        tick=to_units(product.tick.on(day), f"{product.name}'s tick"),
        multiplier=product.multiplier,
        quantity_minimum=quantities.minimum.on(day),
        quantity_maximum_limit=limit_maximum,
        quantity_maximum_market=market_maximum,
        quantity_step=quantities.step.on(day),
        position_limit=_product_position_limit(product, day),
    )


def _rules(product: Product, day: date) -> Iterator[bytes]:
    """`rule_set` for what `product_define` cannot carry, where it is not the 0 of the beginning."""
    rules, quotes = product.rules, product.quotes
    values = {
        "opening_cap": product.opening_cap.on(day),
        "band_ticks": product.limits.band_ticks.on(day),
        "post_only_allowed": rules.post_only_allowed,
        "stops_allowed": rules.stops_allowed,
        "display_minimum": product.quantities.display_minimum.on(day),
        "self_trade_checked": rules.self_trade_checked,
        "quote_rule": quotes.rule,
        "quote_width_ticks": quotes.width_ticks.on(day),
        "quote_minimum": quotes.minimum.on(day),
        "request_width_ticks": quotes.request_width_ticks.on(day),
        "request_interval_ns": quotes.request_interval_ns.on(day),
    }
    for rule, value in values.items():
        if value:
            yield encode("rule_set", product=product.number, rule=_RULES[rule], value=value)


def _product_position_limit(product: Product, day: date) -> int:
    if product.position_limit is None:
        return 0
    return int(product.position_limit.on(day).at(Stage.LISTING))


def _instrument(one: Instrument, close: Decimal | None, interest: int, day: date) -> bytes:
    own_limit = one.position_limit
    if own_limit == _product_position_limit(one.product, day):
        own_limit = 0
    return encode(
        "instrument_define",
        instrument=one.number,
        product_of=one.product.number,
        contract_month=one.month,
        underlying=one.underlying,
        symbol=one.symbol,
        lower_limit=to_units(one.lower_limit, one.symbol),
        upper_limit=to_units(one.upper_limit, one.symbol),
        previous_settlement=to_units(one.previous_settlement, one.symbol),
        previous_close=0 if close is None else to_units(close, one.symbol),
        strike=to_units(one.strike, one.symbol) if one.strike else 0,
        expiry_day=day_number(one.expiry) if one.expiry else 0,
        instrument_position_limit=own_limit,
        call_or_put=one.call_or_put,
        open_interest=interest,
    )


def _combination(one: Combination) -> bytes:
    return encode(
        "combination_define",
        instrument=one.number,
        leg_1=one.leg_1.number,
        leg_2=one.leg_2.number,
        symbol=one.symbol,
    )
