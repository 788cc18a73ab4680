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


def test_a_stop_in_words(listing) -> None:
    number = int(listing.instrument[listing.symbols.index("T2609")])
    stop = {"instrument": number, "side": codes.SIDE_SELL, "quantity": 2, "kind": codes.KIND_MARKET,
            "stop_price": 1_081_550, "trail": 50}  # fmt: skip
    assert list(words("stop_enter", listing=listing, **stop).items()) == [
        ("instrument", "T2609"), ("side", "sell"), ("quantity", "2"), ("stop_price", "108.155"),
        ("kind", "market"), ("trail", "0.005"),
    ]  # fmt: skip


def test_the_entries_of_a_mass_quote_are_told_one_by_one(listing) -> None:
    future, bond = (listing.symbols.index(symbol) for symbol in ("IF2607", "T2609"))
    entries = [
        {"instrument": int(listing.instrument[future]), "account": 3, "bid_quantity": 2,
         "bid_price": 46_000_000, "hedge": codes.HEDGE_MARKET_MAKER},
        {"instrument": int(listing.instrument[bond]), "account": 3, "ask_quantity": 1,
         "ask_price": 1_081_550, "ask_offset": codes.OFFSET_CLOSE},
    ]  # fmt: skip
    told = words("mass_quote", listing=listing, client_id=5, entries=entries)
    assert told == {
        "client_id": "5",
        "entries": "instrument IF2607, bid_quantity 2, bid_price 4600.0, ask_quantity 0, account 3,"
        " hedge market_maker; instrument T2609, bid_quantity 0, ask_quantity 1, ask_price 108.155,"
        " account 3, ask_offset close",
    }


def test_acts_of_the_exchange_in_words() -> None:
    told = words("operator_cancel", member=3, mass_side=codes.SIDE_NONE, operator_reason=5)
    assert told == {"member": "3", "operator_reason": "violation"}
    told = words("operator_cancel", mass_side=codes.SIDE_BUY, mass_scope=codes.SCOPE_STOPS)
    assert told == {"mass_side": "buy", "mass_scope": "stops"}
    told = words("rule_set", product=1, rule=codes.RULE_STOPS_ALLOWED, value=0)
    assert told == {"product": "1", "rule": "stops_allowed", "value": "0"}
    told = words("block_changed", member=3, account=7, operator_reason=1)
    assert told == {"blocked": "0", "account": "7", "member": "3", "operator_reason": "funds"}
    told = words("trade_corrected", trade_id=9, price=46_000_000, old_price=45_000_000, quantity=1)
    assert (told["price"], told["old_price"]) == ("4600.0000", "4500.0000")
    told = words("group_define", group=4, self_trade_mode=codes.SELF_TRADE_ALLOW)
    assert told == {"group": "4", "self_trade_mode": "allow"}


def test_products_have_names(listing) -> None:
    number = int(listing.product[listing.product_names.index("IO")])
    told = words("phase_set", listing=listing, product=number, phase=codes.PHASE_CLOSED)
    assert told == {"product": "IO", "phase": "closed"}


def test_a_hash_that_is_set() -> None:
    assert words("day_open", trading_day=20260706) == {"trading_day": "20260706"}
    told = words("day_open", configuration_hash=bytes(range(1, 33)))
    assert told == {"configuration_hash": "0102030405060708"}
