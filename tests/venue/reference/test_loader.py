# ruff: noqa: E501  (the tables read better with one case a line)
"""Each kind of mistake in a market file is answered by file, line, place and expectation."""

import hashlib
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from twinex.venue.reference import (
    FutureMargin,
    MarketBoundsError,
    MarketError,
    NotInForceError,
    OptionMargin,
    Stage,
    load_market,
    market_names,
    markets_directory,
)
from twinex.venue.reference.market import Market

from .conftest import WriteMarket, line_of

MISTAKES = [
    # what is written           instead                          the error's text behind file:line
    ("value = 0.2 }", 'value = "0.2x" }', 'product IF: tick[0].value: expected a positive decimal, found "0.2x"'),
    ("value = 0.2 }", "value = -0.2 }", "product IF: tick[0].value: expected a positive decimal, found -0.2"),
    ("value = 0.2 }", "value = nan }", "product IF: tick[0].value: expected a positive decimal, found NaN"),
    ("value = 0.2 }", "value = 0.00002 }", "product IF: tick[0].value: expected a positive decimal with at most four places, found 0.00002"),
    ("value = 0.2 }", "valeu = 0.2 }", "product IF: tick[0]: unknown key 'valeu'; did you mean 'value'?"),
    ("tick = [{ from = 2020-01-01, value = 0.2 }]", "tick = 0.2", "product IF: tick: expected a dated list such as [{ from = 2020-01-01, value = … }], found 0.2"),
    ("tick = [{ from = 2020-01-01, value = 0.2 }]", "tick = []", "product IF: tick: expected at least one { from = …, … }, found an empty list"),
    ("tick = [{ from = 2020-01-01", 'tick = [{ from = "2020"', 'product IF: tick[0].from: expected a date such as 2026-01-31, found "2020"'),
    ("multiplier = 300", "multiplier = 300.5", "product IF: multiplier: expected an integer from 1 to 1000000, found 300.5"),
    ("multiplier = 300", "multiplier = 2000000", "product IF: multiplier: 2000000 is over the core's largest multiplier, 1000000"),
    ("multiplier = 300", "multiplyer = 300", "product IF: unknown key 'multiplyer'; did you mean 'multiplier'?"),
    ("number = 1", "number = 63", "product IF: number: expected an integer from 1 to 62, found 63"),
    ("number = 1", "number = true", "product IF: number: expected an integer from 1 to 62, found true"),
    ('group = "futures"', 'group = "future"', "market: products[0].group: expected one of futures, found \"future\" (did you mean 'futures'?)"),
    ('product_class = "future"', 'product_class = "futur"', "group futures: product_class: expected one of future, option, stock, found \"futur\" (did you mean 'future'?)"),
    ('price_rule = "middle"', 'price_rule = "midle"', "group futures: rules.price_rule: expected one of resting, middle, found \"midle\" (did you mean 'middle'?)"),
    ("amend = false", 'amend = "no"', 'group futures: rules.amend: expected true or false, found "no"'),
    ('kinds = ["limit", "market"]', 'kinds = ["limit", "markt"]', "group futures: rules.kinds[1]: expected one of limit, market, best, five_levels, found \"markt\" (did you mean 'market'?)"),
    ('times = ["day", "fak"]', 'times = ["fak"]', 'group futures: rules.times: expected a list with "day", which every product needs'),
    ("    { from = 2021-01-05, value = 30 },", "    { from = 2019-01-05, value = 30 },", "group futures: quantities.maximum_limit[1]: expected a day after 2020-01-01, found 2019-01-05"),
    ('sessions = "day"', 'sessions = "night"', 'product IF: sessions: expected one of day, found "night"'),
    ('rounding = "inward"', 'rounding = "up"', 'product IF: limits.rounding: expected one of inward, truncate, half_up, found "up"'),
    ("value = 0.10 }", "value = 10 }", "product IF: limits.ratio[0].value: expected a ratio between 0 and 1, such as 0.10, found 10"),
    ("listing = 5000", "listing = 0.5", "product IF: position_limit[0].listing: expected an integer from 1 to 1000000000, found 0.5"),
    ("near_delivery_month = 0.15", "near_delivery = 0.15", "product IF: margin.rates[0]: unknown key 'near_delivery'; did you mean 'near_delivery_month'?"),
    ("by_money = 0.000023", "by_money = -1", "product IF: fees.open[0].by_money: expected a decimal, zero or more, found -1"),
    ("nearest = 2", "nearest = 0", "product IF: contracts.expiry: expected months (nearest, quarters, evens_within), or expiry = \"none\" and symbols"),
    ("listed = 2010-04-16", "listed = 2010-04-16T00:00:00", "product IF: listed: expected a date such as 2026-01-31, found 2010-04-16 00:00:00"),
    ('calendar = "china"', 'calendar = "chian"', "market: calendar: expected one of china, weekdays, found \"chian\" (did you mean 'china'?)"),
    ("utc_offset_hours = 8", "utc_offset_hours = 80", "market: utc_offset_hours: expected an integer from -12 to 14, found 80"),
    ('stops = "plain"', 'stops = true', 'group futures: rules.stops: expected one of none, plain, trailing, found true'),
    ('stops = "plain"', 'post_only = 1', 'group futures: rules.post_only: expected true or false, found 1'),
    ("self_trade_prevention = true", 'self_trade_prevention = "yes"', 'group futures: rules.self_trade_prevention: expected true or false, found "yes"'),
    ('rule = "two_sided"', 'rule = "twosided"', "group futures: quotes.rule: expected one of none, two_sided, equal_sizes, one_side_allowed, found \"twosided\" (did you mean 'two_sided'?)"),
    ('rule = "two_sided"', 'rules = "two_sided"', "group futures: quotes: unknown key 'rules'; did you mean 'rule'?"),
    ("value = 100 }", "value = 16777217 }", "group futures: quotes.width_ticks[0].value: expected an integer from 0 to 16777216, found 16777217"),
    ("value = 0.5 }", "value = 86401 }", "group futures: quotes.request_interval[0].value: expected seconds from 0 to 86400, in whole ns, found 86401"),
    ("value = 0.5 }", "value = 0.0000000001 }", "group futures: quotes.request_interval[0].value: expected seconds from 0 to 86400, in whole ns, found 1E-10"),
    ("value = 0.5 }", "value = -1 }", "group futures: quotes.request_interval[0].value: expected seconds from 0 to 86400, in whole ns, found -1"),
    ("value = 3 }", "value = 1000000001 }", "group futures: quantities.display_minimum[0].value: expected an integer from 0 to 1000000000, found 1000000001"),
    ("value = 500 }", "value = 2147483648 }", "product IF: opening_cap[0].value: expected an integer from 0 to 2147483647, found 2147483648"),
    ("value = 500 }", "value = 0.5 }", "product IF: opening_cap[0].value: expected an integer from 0 to 2147483647, found 0.5"),
    ("value = 250 }", "value = -1 }", "product IF: limits.band_ticks[0].value: expected an integer from 0 to 16777216, found -1"),
    ("entries = 40", "entries = -1", "market: members.rates.entries: expected an integer from 0 to 2147483647, found -1"),
    ("window_ms = 500", "window_ms = 0", "market: members.rates.window_ms: expected an integer from 1 to 86400000, found 0"),
    ("window_ms = 500, ", "", "market: members.rates: window_ms is missing: expected milliseconds"),
    ('mode = "reduce"', 'mode = "cancel"', "market: members.self_trade_mode: expected one of allow, cancel_newest, cancel_oldest, cancel_both, reduce, found \"cancel\" (did you mean 'cancel_both'?)"),
    ("IF = 4000", "IF = 0", "market: default_prices.IF: expected a positive decimal, found 0"),
    ("IF = 4000", "IF = = 4000", "not TOML: Invalid value: 'IF = = 4000'"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "text"), MISTAKES, ids=[m[2][:60] for m in MISTAKES])
def test_a_mistake_names_its_line(write_market: WriteMarket, old: str, new: str, text: str) -> None:
    path = write_market((old, new))
    line = line_of(old)
    if "contracts.expiry" in text:
        line = line_of("expiry = ")
    with pytest.raises(MarketError) as caught:
        load_market(path)
    assert str(caught.value) == f"{path}:{line}: {text}"


SESSION_MISTAKES = [
    ('"09:30 continuous"', '"9.30 continuous"', 'a time such as "11:30"'),
    ('"09:30 continuous"', '"09:30 open"', '"HH:MM phase" with one of before_trading'),
    ('"09:30 continuous"', '"09:20 continuous"', "a time not before 09:25"),
    (', "15:00 closed"', "", "a day that ends in closed"),
    ("day = [\"09:25", "night = [\"21:00 closed\"], day = [\"09:25", "a night that ends in no_trading"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "text"), SESSION_MISTAKES)
def test_mistakes_in_sessions(write_market: WriteMarket, old: str, new: str, text: str) -> None:
    path = write_market((old, new))
    with pytest.raises(MarketError) as caught:
        load_market(path)
    assert str(caught.value).startswith(f"{path}:{line_of(old)}: market: sessions.day[0].")
    assert f"expected {text}" in str(caught.value)


def test_a_missing_key_names_the_product(write_market: WriteMarket) -> None:
    path = write_market(("multiplier = 300\n", ""))
    with pytest.raises(MarketError) as caught:
        load_market(path)
    line = line_of("[[products]]")
    expected = "product IF: multiplier is missing: expected yuan per quote unit and lot"
    assert str(caught.value) == f"{path}:{line}: {expected}"


def test_two_products_of_one_number(write_market: WriteMarket) -> None:
    shipped = load_market("open").path
    assert shipped == "markets/open.toml"
    text = (markets_directory() / "open.toml").read_text()
    path = write_market()
    path.write_text(text.replace("number = 2\n", "number = 1\n"))
    with pytest.raises(MarketError, match=r"product BB, number 1: already defined at .*\.toml:\d+"):
        load_market(path)


def test_bounds_of_the_core(write_market: WriteMarket) -> None:
    line = line_of("[[products]]")
    path = write_market(("IF = 4000", "IF = 10000000"))
    with pytest.raises(MarketBoundsError, match=rf":{line}: IF: upper limit .* not below 10\^11"):
        load_market(path)
    # 4400.2 * 10^4 * 10^6 * 2*10^5 = 8.8e18 > 2^62 = 4.6e18; half of each of the last two is not
    huge = (("multiplier = 300", "multiplier = 1000000"), ("value = 30 }", "value = 200000 }"))
    with pytest.raises(MarketBoundsError, match=r"largest order 200000 is over 2\^62"):
        load_market(write_market(*huge))
    load_market(write_market(huge[0], ("value = 30 }", "value = 100000 }")))
    wide = (("value = 0.2 }", "value = 0.0001 }"), ("IF = 4000", "IF = 40000"))
    with pytest.raises(MarketBoundsError, match=r"\d+ ticks above the lower limit, 2\^24 or more"):
        load_market(write_market(wide[0], ("IF = 4000", "IF = 9000")))
    load_market(write_market(wide[0], ("IF = 4000", "IF = 8000")))


def test_quantities_fit_each_other(write_market: WriteMarket) -> None:
    path = write_market(("minimum = [{ from = 2020-01-01, value = 1 }]", "minimum = [{ from = 2020-01-01, value = 25 }]"))  # fmt: skip
    with pytest.raises(MarketBoundsError, match=r"from 2020-01-01: minimum 25 .* at most 20"):
        load_market(path)


def test_a_dated_value_is_chosen_by_day(write_market: WriteMarket) -> None:
    product = load_market(write_market()).product("IF")
    maximum = product.quantities.maximum_limit
    assert maximum.on(date(2020, 1, 1)) == 20
    assert maximum.on(date(2021, 1, 4)) == 20
    assert maximum.on(date(2021, 1, 5)) == 30
    assert maximum.on(date(2026, 7, 6)) == 30
    with pytest.raises(NotInForceError, match=r"small.toml:\d+: group futures: .*2019-12-31"):
        maximum.on(date(2019, 12, 31))


def test_staged_values_hold_until_the_next_stage(write_market: WriteMarket) -> None:
    product = load_market(write_market()).product("IF")
    assert isinstance(product.margin, FutureMargin)
    rates = product.margin.rates.on(date(2021, 1, 4))
    assert rates.at(Stage.LISTING) == Decimal("0.12")
    assert rates.at(Stage.MONTH_BEFORE_DELIVERY) == Decimal("0.12")
    assert rates.at(Stage.NEAR_DELIVERY_MONTH) == Decimal("0.15")
    assert rates.at(Stage.LAST_DAYS) == Decimal("0.15")


def test_files_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(MarketError, match=r"no market 'cfex'.*did you mean 'cffex'"):
        load_market("cfex")
    with pytest.raises(MarketError, match="cannot be read: No such file"):
        load_market(tmp_path / "none.toml")
    path = tmp_path / "bytes.toml"
    path.write_bytes(b'name = "A"\n# \xd6\xd0\n')
    with pytest.raises(MarketError, match=r"bytes.toml:2: expected UTF-8 text"):
        load_market(path)


def test_a_calendar_beside_the_file_is_used(write_market: WriteMarket) -> None:
    path = write_market()
    before = load_market(path)
    text = "[china]\nfirst = 2021-01-01\nlast = 2021-12-31\nholidays = [[2021-01-04, 2021-01-06]]\n"
    (path.parent / "calendar.toml").write_text(text)
    market = load_market(path)
    assert market.calendar.next_trading_day(date(2021, 1, 1)) == date(2021, 1, 7)
    assert market.digest != before.digest
    (path.parent / "calendar.toml").write_text(text.replace("2021-01-06", "2021-01-03"))
    with pytest.raises(MarketError, match=r"calendar.toml:4: .*expected a range"):
        load_market(path)


def test_the_digest_is_of_both_files(write_market: WriteMarket) -> None:
    path = write_market()
    content = path.read_bytes() + (markets_directory() / "calendar.toml").read_bytes()
    assert load_market(path).digest == hashlib.sha256(content).digest()


@pytest.fixture(scope="module", params=["cffex", "nasdaq", "open", "shfe", "sse"])
def shipped(request: pytest.FixtureRequest) -> Market:
    return load_market(request.param)


def test_every_shipped_market_loads(shipped: Market) -> None:
    assert market_names() == ["cffex", "nasdaq", "open", "shfe", "sse"]
    assert [p.number for p in shipped.products] == list(range(1, len(shipped.products) + 1))


def test_the_rules_of_cffex() -> None:
    market = load_market("cffex")
    assert [p.name for p in market.products] == [
        "IF",
        "IH",
        "IC",
        "IM",
        "TS",
        "TF",
        "T",
        "TL",
        "IO",
        "HO",
        "MO",
    ]
    multipliers = {p.name: p.multiplier for p in market.products}
    assert multipliers == {"IF": 300, "IH": 300, "IC": 200, "IM": 200, "TS": 20000, "TF": 10000, "T": 10000, "TL": 10000, "IO": 100, "HO": 100, "MO": 100}  # fmt: skip
    fees = market.product("IF").fees
    day = date(2021, 1, 4)
    assert fees.open.on(day).by_money == Decimal("0.000023")
    assert fees.close_today.on(day).by_money == Decimal("0.00023")
    assert fees.insert.on(day) == 1
    bond = market.product("T").fees
    assert (bond.open.on(day).by_volume, bond.close_today.on(day).by_volume) == (3, 0)
    assert bond.delivery.on(day).by_volume == 5
    option = market.product("IO")
    assert (option.fees.open.on(day).by_volume, option.fees.exercise.on(day).by_volume) == (15, 2)
    assert isinstance(option.margin, OptionMargin)
    assert option.margin.guarantee.on(day) == Decimal("0.5")
    assert all(not p.rules.amend_allowed for p in market.products)
    assert {p.rules.kinds_allowed for p in market.products} == {0b1111}


def test_shfe_market_orders_are_capped_from_a_day_on() -> None:
    maximum = load_market("shfe").product("rb").quantities.maximum_market
    assert maximum is not None
    assert (maximum.on(date(2026, 7, 3)), maximum.on(date(2026, 7, 6))) == (500, 60)


def test_the_open_market_covers_every_rule() -> None:
    rules = [product.rules for product in load_market("open").products]
    assert {r.price_rule for r in rules} == {0, 1}
    assert {r.auction_rule for r in rules} == {0, 1, 2}
    assert {r.limit_priority for r in rules} == {0, 1, 2}
    assert {r.offset_rule for r in rules} == {0, 1, 2}
    assert all(r.kinds_allowed == 0b1111 and r.times_allowed == 0b11111 for r in rules)
    assert all(r.amend_allowed and r.protection_allowed and r.minimum_allowed for r in rules)
    assert all(r.funds_checked and r.post_only_allowed and r.self_trade_checked for r in rules)
    assert {r.stops_allowed for r in rules} == {2}
    day = date(2026, 7, 6)
    products = load_market("open").products
    assert {p.quotes.rule for p in products} == {1, 2, 3}
    for product in products:
        step = product.quantities.step.on(day)
        assert product.quantities.display_minimum.on(day) % step == 0
        dated = (product.opening_cap, product.limits.band_ticks, product.quotes.request_interval_ns)
        assert all(value.on(day) > 0 for value in dated)


def test_quotes_are_taken_where_the_exchanges_take_them() -> None:
    rules = {p.name: p.quotes.rule for p in load_market("cffex").products}
    assert {name for name, rule in rules.items() if rule} == {"IO", "HO", "MO"}
    assert {rule for name, rule in rules.items() if name in ("IO", "HO", "MO")} == {1}
    assert {p.quotes.rule for p in load_market("shfe").products} == {2}


def test_a_rule_that_came_later_is_0_before(write_market: WriteMarket) -> None:
    cap = load_market(write_market()).product("IF").opening_cap
    days = (date(2019, 1, 1), date(2021, 1, 4), date(2021, 1, 5))
    assert [cap.on(day) for day in days] == [0, 0, 500]
