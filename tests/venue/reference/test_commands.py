"""Reference data as messages: they encode, decode, and say what the market file says."""

from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from twinex.venue.reference import (
    CalendarError,
    MarketBoundsError,
    NotInForceError,
    PriceError,
    day_header,
    listing,
    load_market,
    numbered_members,
    participants,
    reference_commands,
)
from twinex.venue.venue import Venue
from twinex.venue.wire.messages import decode, decode_stream, frames
from twinex.venue.wire.schema import ENUMS

DAYS = [
    ("cffex", date(2021, 1, 4)),
    ("cffex", date(2026, 7, 6)),
    ("open", date(2026, 7, 6)),
    ("shfe", date(2021, 1, 4)),
    ("shfe", date(2026, 7, 6)),
    ("sse", date(2023, 7, 11)),
]


def messages(name: str, day: date, **options: Any) -> list[tuple[str, dict[str, Any]]]:
    return [tuple(decode(m)) for m in reference_commands(load_market(name), day, **options)]  # type: ignore[misc]


@pytest.mark.parametrize(("name", "day"), DAYS)
def test_every_message_keeps_the_bounds_of_the_core(name: str, day: date) -> None:
    products = {}
    numbers, spreads = [], []
    for kind, fields in messages(name, day):
        if kind == "product_define":
            assert not numbers, "products come first"
            products[fields["product"]] = fields
            assert 1 <= fields["quantity_minimum"] <= fields["quantity_maximum_limit"]
            assert fields["quantity_minimum"] % fields["quantity_step"] == 0
            continue
        if kind == "rule_set":
            assert fields["product"] in products, "a rule comes behind its product"
            assert not numbers, "rules come before instruments"
            continue
        if kind == "combination_define":
            spreads.append(fields["instrument"])
            assert {fields["leg_1"], fields["leg_2"]} < set(numbers), "legs come first"
            continue
        assert kind == "instrument_define"
        assert not spreads, "contracts come before combinations"
        numbers.append(fields["instrument"])
        product = products[fields["product_of"]]
        lower, upper, tick = fields["lower_limit"], fields["upper_limit"], product["tick"]
        assert 0 < lower < upper < 10**11
        assert lower % tick == upper % tick == fields["previous_settlement"] % tick == 0
        assert lower <= fields["previous_settlement"] <= upper
        largest = max(product["quantity_maximum_limit"], product["quantity_maximum_market"])
        assert upper * product["multiplier"] * largest <= 2**62
    assert numbers + spreads == list(range(1, len(numbers + spreads) + 1))
    assert numbers


@pytest.mark.parametrize(("name", "day"), DAYS)
def test_the_same_day_gives_the_same_bytes(name: str, day: date) -> None:
    first = reference_commands(load_market(name), day)
    assert first == reference_commands(load_market(name), day)


def test_instruments_are_numbered_in_order() -> None:
    listed = listing(load_market("cffex"), date(2026, 7, 6))
    order = [(o.product.number, o.month, o.strike, o.call_or_put) for o in listed]
    assert order == sorted(order)
    assert [one.number for one in listed] == list(range(1, len(listed) + 1))
    assert len({one.symbol for one in listed}) == len(listed)


def test_a_product_that_is_not_listed_yet_is_left_out() -> None:
    found = messages("cffex", date(2021, 1, 4))
    names = [f["product_name"] for kind, f in found if kind == "product_define"]
    assert names == ["IF", "IH", "IC", "TS", "TF", "T", "IO"]


def test_the_fields_of_a_product() -> None:
    fields = messages("cffex", date(2021, 1, 4))[0][1]
    assert fields == {
        "product_name": "IF",
        "product": 1,
        "product_class": 0,
        "price_rule": 1,
        "auction_rule": 0,
        "limit_priority": 1,
        "offset_rule": 1,
        "market_price_rule": 0,
        "kinds_allowed": 0b1111,
        "times_allowed": 0b111,
        "amend_allowed": 0,
        "protection_allowed": 0,
        "funds_checked": 0,
        "tick": 2000,
        "multiplier": 300,
        "quantity_minimum": 1,
        "quantity_maximum_limit": 20,
        "quantity_maximum_market": 10,
        "quantity_step": 1,
        "position_limit": 5000,
        "minimum_allowed": 1,
    }


def rules_of(found: list[tuple[str, dict[str, Any]]], product: int) -> dict[str, int]:
    """The rules that are set for one product, by name."""
    names = {number: name for name, number in ENUMS["Rule"].items()}
    rows = [f for kind, f in found if kind == "rule_set" and f["product"] == product]
    assert all(row["instrument"] == 0 for row in rows)
    values = {names[row["rule"]]: row["value"] for row in rows}
    assert len(values) == len(rows), "a rule is set once"
    return values


def test_rules_are_set_where_they_are_not_0(write_market) -> None:  # type: ignore[no-untyped-def]
    market = load_market(write_market())
    early, late = (
        [tuple(decode(m)) for m in reference_commands(market, date(2021, 1, day))] for day in (4, 5)
    )
    expected = {
        "band_ticks": 250,
        "stops_allowed": 1,
        "display_minimum": 3,
        "self_trade_checked": 1,
        "quote_rule": 1,
        "quote_width_ticks": 100,
    }
    assert rules_of(early, 1) == expected  # type: ignore[arg-type]
    later = {"opening_cap": 500, "request_interval_ns": 500_000_000}
    assert rules_of(late, 1) == expected | later  # type: ignore[arg-type]


def test_the_rules_of_the_shipped_markets() -> None:
    found = messages("cffex", date(2026, 7, 6))
    option = {"quote_rule": 1, "request_width_ticks": 10, "request_interval_ns": 60 * 10**9}
    rules = [{"opening_cap": 500}] * 4 + [{}] * 4 + [option] * 3
    assert [rules_of(found, product) for product in range(1, 12)] == rules
    found = messages("shfe", date(2026, 7, 6))
    assert [rules_of(found, product) for product in (1, 2, 3)] == [{"quote_rule": 2}] * 3
    assert rules_of(messages("sse", date(2023, 7, 11)), 1) == {}
    opened = messages("open", date(2026, 7, 6))
    carried = ENUMS["Rule"]["position_limit"]  # the last one that product_define carries
    others = {name for name, number in ENUMS["Rule"].items() if number > carried}
    assert [set(rules_of(opened, product)) for product in range(1, 7)] == [others] * 6


@pytest.mark.parametrize(("name", "day"), DAYS)
def test_the_venue_takes_every_message(name: str, day: date) -> None:
    market = load_market(name)
    commands = [day_header(market, day), *reference_commands(market, day)]
    members = numbered_members(2, hedges=("speculation", "hedge"), related=True)
    commands += participants(market, members, listing(market, day), {7: "cancel_both"})
    venue = Venue(clock=lambda: 1)
    answers = [one.name for one in decode_stream(venue.submit(framed(commands)))]
    assert len(answers) == len(commands)
    assert set(answers) <= {"day_opened", "reference_changed", "rule_changed"}


def framed(commands: list[bytes]) -> np.ndarray:
    return np.frombuffer(frames(0, commands), dtype=np.uint8)


def test_the_fields_of_shfe_products() -> None:
    fields = messages("shfe", date(2026, 7, 6))[0][1]
    names = ["price_rule", "market_price_rule", "auction_rule", "limit_priority", "offset_rule"]
    assert [fields[name] for name in names] == [1, 1, 0, 2, 2]
    assert (fields["kinds_allowed"], fields["protection_allowed"]) == (0b11, 1)
    assert (fields["quantity_maximum_limit"], fields["quantity_maximum_market"]) == (500, 60)


def test_the_fields_of_a_future() -> None:
    prices = {"IF2101": Decimal("5216.2")}
    options = {"closes": {"IF2101": Decimal("5227.0")}, "open_interests": {"IF2101": 90826}}
    found = messages("cffex", date(2021, 1, 4), prices=prices, **options)
    fields = next(f for _, f in found if f.get("symbol") == "IF2101")
    assert fields == {
        "instrument": 1,
        "product_of": 1,
        "contract_month": 202101,
        "underlying": 0,
        "symbol": "IF2101",
        "lower_limit": 46_946_000,
        "upper_limit": 57_378_000,
        "previous_settlement": 52_162_000,
        "previous_close": 52_270_000,
        "strike": 0,
        "expiry_day": 20210115,
        "instrument_position_limit": 0,
        "call_or_put": 0,
        "open_interest": 90826,
    }


def test_the_fields_of_an_option() -> None:
    found = messages("cffex", date(2026, 7, 6))
    fields = next(f for _, f in found if f.get("symbol") == "IO2607-P-4600")
    assert (fields["strike"], fields["call_or_put"]) == (46_000_000, 2)
    assert (fields["contract_month"], fields["expiry_day"]) == (202607, 20260717)


def test_position_limits_fall_towards_delivery() -> None:
    found = {f["symbol"]: f for _, f in messages("shfe", date(2021, 4, 1)) if "symbol" in f}
    names = ("cu2104", "cu2105", "cu2106")
    assert [found[s]["instrument_position_limit"] for s in names] == [1000, 3000, 0]


def test_wrong_days_and_names() -> None:
    market = load_market("cffex")
    with pytest.raises(CalendarError, match="2021-01-02 is a Saturday"):
        reference_commands(market, date(2021, 1, 2))
    with pytest.raises(CalendarError, match="covers"):
        reference_commands(market, date(2031, 1, 2))
    with pytest.raises(PriceError, match="close of IF2013: not listed"):
        reference_commands(market, date(2021, 1, 4), closes={"IF2013": Decimal(1)})
    with pytest.raises(PriceError, match="open interest of IF2013"):
        reference_commands(market, date(2021, 1, 4), open_interests={"IF2013": 1})
    with pytest.raises(MarketBoundsError, match="IF2101: upper limit"):
        reference_commands(market, date(2021, 1, 4), {"IF2101": Decimal(9_999_999)})


def test_a_parameter_that_is_not_in_force(write_market) -> None:  # type: ignore[no-untyped-def]
    market = load_market(
        write_market(("tick = [{ from = 2020-01-01", "tick = [{ from = 2021-06-01"))
    )
    with pytest.raises(
        NotInForceError, match=r"small.toml:\d+: product IF: tick: no value in force"
    ):
        reference_commands(market, date(2021, 1, 4))
