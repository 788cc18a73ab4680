"""One product of a market file: its keys, read and checked."""

from collections.abc import Mapping
from datetime import date, time
from decimal import Decimal

from twinex.venue.reference.contracts import EXPIRY_RULES
from twinex.venue.reference.dated import Dated, Stage, Staged
from twinex.venue.reference.market import (
    COUNT_MAXIMUM,
    MULTIPLIER_MAXIMUM,
    PRICE_UNIT,
    PRODUCTS_MAXIMUM,
    TICKS_MAXIMUM,
    Contracts,
    Fee,
    Fees,
    FutureMargin,
    Limits,
    OptionMargin,
    Product,
    Quantities,
    Rules,
    Session,
    Strikes,
)
from twinex.venue.reference.mistakes import MarketBoundsError
from twinex.venue.reference.quote_reader import read_quotes
from twinex.venue.reference.table import (
    QUANTITY_MAXIMUM,
    Node,
    Reader,
    Table,
    decimal_not_negative,
    lots,
    positive_decimal,
    ratio,
    read_dated,
)
from twinex.venue.wire.schema import ENUMS

PRODUCT_KEYS = (
    "number",
    "name",
    "group",
    "product_class",
    "listed",
    "underlying",
    "multiplier",
    "tick",
    "sessions",
    "last_day_close",
    "rules",
    "quantities",
    "position_limit",
    "opening_cap",
    "limits",
    "quotes",
    "contracts",
    "strikes",
    "margin",
    "fees",
)
_RULES = ("price_rule", "market_price_rule", "auction_rule", "limit_priority", "offset_rule")
_FLAGS = ("amend", "protection", "minimum_volume", "funds_checked")
_FLAGS_LATER = ("post_only", "self_trade_prevention")  # false where a file does not say them
_STOPS = ("none", "plain", "trailing")  # the values of the rule `stops_allowed`, in order
_LIMITS = (
    "basis",
    "rounding",
    "ratio",
    "first_day",
    "first_day_months",
    "last_day",
    "band_ticks",
)
_STAGES = {stage.name.lower(): stage for stage in Stage}
_FEES = ("open", "close", "close_today", "delivery", "exercise")
_FREE = Fee(Decimal(0), Decimal(0))


def read_product(table: Table, sessions: Mapping[str, Dated[Session]]) -> Product:
    """The product of `table`, whose keys and layers are checked already."""
    number = table.need("number", "a product number")
    product_class = table.need("product_class", "a product class").choice(ENUMS["ProductClass"])
    is_option = product_class == "option"
    strikes = table.find("strikes")
    if is_option != (strikes is not None):
        raise table.layers[0].mistake("expected `strikes` for options, and only for them")
    underlying = table.find("underlying")
    session = table.need("sessions", "the name of a timeline in [sessions]").choice(sessions)
    margin = table.find("margin")
    name = table.need("name", "the product's name")
    if len(name.text()) > 8:
        raise name.expected("a name of at most 8 characters")
    return Product(
        where=number.source.where(table.layers[0].path),
        number=number.integer(1, PRODUCTS_MAXIMUM),
        name=name.text(),
        product_class=ENUMS["ProductClass"][product_class],
        listed=table.need("listed", "the first trading day").day(),
        underlying=underlying.text() if underlying else "",
        multiplier=_multiplier(table.need("multiplier", "yuan per quote unit and lot")),
        tick=table.dated("tick", _tick, "a positive decimal"),
        sessions=sessions[session],
        last_day_close=_clock(table.find("last_day_close")),
        rules=_rules(table.sub("rules")),
        quantities=_quantities(table.sub("quantities")),
        position_limit=_position_limit(table.find("position_limit")),
        opening_cap=table.dated_count("opening_cap", COUNT_MAXIMUM),
        limits=_limits(table.sub("limits"), is_option),
        quotes=read_quotes(table.sub("quotes")),
        contracts=_contracts(table.sub("contracts")),
        strikes=_strikes(table.sub("strikes")) if is_option else None,
        margin=_margin(table.sub("margin"), is_option) if margin else None,
        fees=_fees(table.sub("fees")),
    )


def _clock(node: Node | None) -> time | None:
    return node.clock() if node else None


def _multiplier(node: Node) -> int:
    value = node.value
    if isinstance(value, int) and value > MULTIPLIER_MAXIMUM:
        text = f"{value} is over the core's largest multiplier, {MULTIPLIER_MAXIMUM}"
        raise node.mistake(text, MarketBoundsError)
    return node.integer(1, MULTIPLIER_MAXIMUM)


def _tick(node: Node) -> Decimal:
    value = positive_decimal(node)
    if value * PRICE_UNIT % 1:
        raise node.expected("a positive decimal with at most four places")
    return value


def _rules(table: Table) -> Rules:
    table.only(*_RULES, *_FLAGS, *_FLAGS_LATER, "kinds", "times", "stops")
    codes = {}
    for key in _RULES:
        enum = "PriceRule" if key == "market_price_rule" else key.title().replace("_", "")
        codes[key] = ENUMS[enum][table.need(key, "a rule's name").choice(ENUMS[enum])]
    flags = {key: table.need(key, "true or false").boolean() for key in _FLAGS}
    later = {key: (node := table.find(key)) is not None and node.boolean() for key in _FLAGS_LATER}
    stops = table.find("stops")
    return Rules(
        **codes,
        kinds_allowed=_mask(
            table.need("kinds", "a list of price kinds"), ENUMS["PriceKind"], "limit"
        ),
        times_allowed=_mask(table.need("times", "a list of times"), ENUMS["TimeInForce"], "day"),
        amend_allowed=flags["amend"],
        protection_allowed=flags["protection"],
        minimum_allowed=flags["minimum_volume"],
        funds_checked=flags["funds_checked"],
        post_only_allowed=later["post_only"],
        stops_allowed=_STOPS.index(stops.choice(_STOPS)) if stops else 0,
        self_trade_checked=later["self_trade_prevention"],
    )


def _mask(node: Node, codes: Mapping[str, int], first: str) -> int:
    if not isinstance(node.value, list) or first not in node.value:
        raise node.mistake(f'expected a list with "{first}", which every product needs')
    mask = 0
    for element in node.elements():
        mask |= 1 << codes[element.choice(codes)]
    return mask


def _quantities(table: Table) -> Quantities:
    table.only("minimum", "maximum_limit", "maximum_market", "step", "display_minimum")
    return Quantities(
        minimum=table.dated("minimum", lots, "lots"),
        maximum_limit=table.dated("maximum_limit", lots, "lots"),
        maximum_market=table.dated_or_none("maximum_market", lots, "lots"),
        step=table.dated("step", lots, "lots"),
        display_minimum=table.dated_count("display_minimum", QUANTITY_MAXIMUM),
    )


def _position_limit(node: Node | None) -> Dated[Staged] | None:
    return read_dated(node, lambda table: _stages(table, _whole_lots)) if node else None


def _whole_lots(node: Node) -> Decimal:
    return Decimal(lots(node))


def _stages(table: Table, read: Reader[Decimal]) -> Staged:
    table.only("from", *_STAGES)
    table.need("listing", "the value from listing on")
    keys = [key for key in _STAGES if table.find(key) is not None]
    return Staged(tuple((_STAGES[key], read(table.need(key, ""))) for key in keys))


def _limits(table: Table, is_option: bool) -> Limits:
    table.only(*_LIMITS)
    basis = table.need("basis", "settlement or underlying")
    if is_option and basis.choice(("settlement", "underlying")) != "underlying":
        raise basis.expected('"underlying" for an option')
    months = table.find("first_day_months")
    return Limits(
        basis=basis.choice(("settlement", "underlying") if is_option else ("settlement",)),
        rounding=table.need("rounding", "a rounding").choice(("inward", "truncate", "half_up")),
        ratio=table.dated("ratio", ratio, "a ratio"),
        first_day=table.dated_or_none("first_day", ratio, "a ratio"),
        first_day_months=months.choice(("quarter", "every")) if months else "every",
        last_day=table.dated_or_none("last_day", ratio, "a ratio"),
        band_ticks=table.dated_count("band_ticks", TICKS_MAXIMUM),
    )


def _contracts(table: Table) -> Contracts:
    table.only("nearest", "quarters", "evens_within", "expiry", "symbols")
    expiry = table.need("expiry", "when contracts end")
    counts = {
        key: node.integer(0, 24) if (node := table.find(key)) else 0
        for key in ("nearest", "quarters", "evens_within")
    }
    symbols_node = table.find("symbols")
    symbols = [element.text() for element in symbols_node.elements()] if symbols_node else []
    has_months = expiry.choice(EXPIRY_RULES) != "none"
    if has_months != any(counts.values()) or has_months == bool(symbols):
        raise expiry.mistake(
            'expected months (nearest, quarters, evens_within), or expiry = "none" and symbols'
        )
    if len(set(symbols)) != len(symbols):
        raise expiry.mistake("expected symbols that differ")
    return Contracts(**counts, expiry=expiry.value, symbols=tuple(sorted(symbols)))


def _strikes(table: Table) -> Strikes:
    table.only("step", "each_side", "time_value")
    values = table.need("time_value", "ratios of the index, nearest month first").elements()
    if not values:
        raise table.layers[0].mistake("time_value: expected at least one ratio")
    return Strikes(
        step=table.dated("step", positive_decimal, "a positive decimal"),
        each_side=table.dated("each_side", lambda node: node.integer(0, 200), "a count"),
        time_value=tuple(ratio(value) for value in values),
    )


def _margin(table: Table, is_option: bool) -> FutureMargin | OptionMargin:
    if is_option:
        table.only("coefficient", "guarantee", "out_of_money_discount")
        return OptionMargin(
            coefficient=table.dated("coefficient", ratio, "a ratio"),
            guarantee=table.dated("guarantee", positive_decimal, "a positive decimal"),
            out_of_money_discount=table.dated(
                "out_of_money_discount", positive_decimal, "a positive decimal"
            ),
        )
    table.only("minimum_rate", "rates", "larger_side_group")
    group = table.find("larger_side_group")
    return FutureMargin(
        minimum_rate=ratio(table.need("minimum_rate", "the contract's minimum ratio")),
        rates=read_dated(
            table.need("rates", "a dated list of ratios"), lambda entry: _stages(entry, ratio)
        ),
        larger_side_group=group.text() if group else "",
    )


def _fees(table: Table) -> Fees:
    table.only(*_FEES, "insert", "cancel")
    rates = {key: _fee_dated(table.find(key)) for key in _FEES}
    free = Dated("no message fee", ((date.min, Decimal(0)),))
    insert = table.dated_or_none("insert", decimal_not_negative, "yuan per message")
    cancel = table.dated_or_none("cancel", decimal_not_negative, "yuan per message")
    return Fees(**rates, insert=insert or free, cancel=cancel or free)


def _fee_dated(node: Node | None) -> Dated[Fee]:
    return read_dated(node, _fee) if node else Dated("no fee", ((date.min, _FREE),))


def _fee(table: Table) -> Fee:
    table.only("from", "by_money", "by_volume")
    parts = [table.find("by_money"), table.find("by_volume")]
    if not any(parts):
        raise table.layers[0].mistake("expected by_money, by_volume or both")
    by_money, by_volume = (decimal_not_negative(p) if p else Decimal(0) for p in parts)
    return Fee(by_money, by_volume)
