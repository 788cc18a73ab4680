"""Commands and events in words."""

import pytest
from day.small_day import small_day

from twinex.readers.wording import Wording
from twinex.venue.wire import codes
from twinex.venue.wire.messages import decode, encode


def words(name: str, *, everything: bool = False, listing=None, **fields: object) -> dict[str, str]:
    message = decode(encode(name, **fields))
    return dict(Wording(listing, everything=everything).words(message.fields))


@pytest.fixture(scope="module")
def listing():
    return small_day().run.opening.listing


def test_an_order_in_words(listing) -> None:
    bond = listing.symbols.index("T2609")
    order = {
        "client_id": 7, "instrument": int(listing.instrument[bond]), "account": 50011,
        "price": 1_081_550, "quantity": 3, "side": codes.SIDE_SELL,
    }  # fmt: skip
    assert words("order_enter", listing=listing, **order) == {
        "client_id": "7",
        "instrument": "T2609",
        "account": "50011",
        "price": "108.155",
        "quantity": "3",
        "side": "sell",
    }


def test_a_buyer_is_told_though_buy_is_zero() -> None:
    assert words("order_enter", side=codes.SIDE_BUY)["side"] == "buy"


def test_everything() -> None:
    told = words("order_enter", everything=True, kind=codes.KIND_LIMIT)
    assert told["kind"] == "limit"
    assert told["time_in_force"] == "day"
    assert told["minimum_quantity"] == "0"
    assert told["hedge"] == "speculation"


def test_without_a_listing_prices_keep_their_digits() -> None:
    told = words("order_enter", instrument=3, price=46_002_000, side=0)
    assert told["instrument"] == "3"
    assert told["price"] == "4600.2000"


@pytest.mark.parametrize("instrument", [-5, 0, 999_999])
def test_a_contract_that_is_not_there_is_its_number(listing, instrument: int) -> None:
    told = words("order_enter", everything=True, listing=listing, instrument=instrument)
    assert told["instrument"] == str(instrument)


def test_enums_that_nobody_knows_are_numbers() -> None:
    assert words("order_enter", side=7)["side"] == "7"


def test_money_reasons_hashes_and_commands() -> None:
    assert words("credit_set", member=1, credit=123_456_700)["credit"] == "12345.67"
    assert words("trade", turnover=12_345)["turnover"] == "1.2345"
    assert words("day_end", mark_leader=-1)["mark_leader"] == "f" * 16
    told = words(
        "command_rejected", reject_reason=codes.REJECT_PRICE_OFF_TICK, command=codes.ORDER_ENTER
    )
    assert told == {"reject_reason": "PRICE_OFF_TICK", "command": "order_enter"}


def test_products_have_names(listing) -> None:
    number = int(listing.product[listing.product_names.index("IO")])
    told = words("phase_set", listing=listing, product=number, phase=codes.PHASE_CLOSED)
    assert told == {"product": "IO", "phase": "closed"}


def test_a_hash_that_is_set() -> None:
    assert words("day_open", trading_day=20260706) == {"trading_day": "20260706"}
    told = words("day_open", configuration_hash=bytes(range(1, 33)))
    assert told == {"configuration_hash": "0102030405060708"}
