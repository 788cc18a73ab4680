"""A market opened in one call."""

import itertools
from datetime import date
from pathlib import Path

import pytest

from twinex.venue.opening import OpenMarket, open_market
from twinex.venue.venue import Venue
from twinex.venue.wire import codes
from twinex.venue.wire.messages import decode, decode_stream, encode

CLIENT_IDS = itertools.count(1)


def test_symbols_have_numbers_and_an_unknown_one_is_named() -> None:
    with open_market("cffex") as day:
        assert day.number("IF2607") == day.instruments["IF2607"].number
        with pytest.raises(KeyError, match="IF9999 is not listed on this day; IF2607"):
            day.number("IF9999")


def test_phases_can_be_set_for_one_product_or_all() -> None:
    with open_market("cffex") as day:
        (one,) = decode_stream(day.set_phase(codes.PHASE_NO_TRADING, product=1))
        assert (one.fields["product"], one.fields["phase"]) == (1, codes.PHASE_NO_TRADING)
        everyone = list(decode_stream(day.set_phase(codes.PHASE_CLOSED)))
        products = [event.fields["product"] for event in everyone]
        assert products == [product.number for product in day.market.products]


def test_the_day_can_be_ended_by_its_own_message(tmp_path: Path) -> None:
    with open_market("cffex", directory=tmp_path / "day") as day:
        sent = day.venue.day_end_message(events_crc=7)
        before = day.venue.statistics()
        fields = decode(sent).fields
        assert (fields["trading_day"], fields["commands"]) == (20260706, before.commands)
        assert (fields["events"], fields["events_crc"]) == (before.events, 7)
        names = [event.name for event in decode_stream(day.venue.send(0, sent))]
        assert names[-1] == "day_ended"
    with Venue.reopen(tmp_path / "day") as venue:
        order = encode("order_enter", client_id=1, account=1, instrument=1)
        (refused,) = decode_stream(venue.send(1, order))
        assert refused.fields["reject_reason"] == codes.REJECT_DAY_NOT_OPEN


def order(day: OpenMarket, seat: int, symbol: str, side: int, price: int, lots: int) -> list:
    """What an order of a member's first account, good till cancelled or of a spread, brings."""
    time = codes.TIME_DAY if symbol in day.combinations else codes.TIME_GTC
    message = encode(
        "order_enter", client_id=next(CLIENT_IDS), account=2 * seat - 1, side=side, price=price,
        instrument=day.number(symbol), quantity=lots, time_in_force=time,
    )  # fmt: skip
    return list(decode_stream(day.venue.send(seat, message)))


def test_a_combination_has_a_number() -> None:
    with open_market("open") as day:
        spread = day.combinations["SP AA2607&AA2608"]
        assert day.number(spread.symbol) == spread.number == len(day.instruments) + 1
        events = order(day, 1, spread.symbol, codes.SIDE_SELL, 0, 3)
        assert [event.name for event in events] == ["order_accepted", "order_rested"]
        assert day.venue.book(spread.number).asks == [(0, 3, 1)]


@pytest.mark.parametrize("on_disk", [False, True])
def test_combinations_are_defined_anew_over_night(tmp_path: Path, on_disk: bool) -> None:
    """On Friday the near month ends; on Monday both legs are a month on."""
    directory = tmp_path / "friday" if on_disk else None
    friday = open_market("open", date(2026, 7, 17), directory=directory)
    order(friday, 2, "AA2608", codes.SIDE_BUY, 40_060_000, 1)
    (lasting, _) = order(friday, 2, "AA2609", codes.SIDE_SELL, 40_000_000, 5)
    (spread, _) = order(friday, 1, "SP AA2607&AA2608", codes.SIDE_BUY, -50_000, 3)
    events = order(friday, 2, "AA2607", codes.SIDE_SELL, 40_010_000, 1)
    assert [e.fields["price"] for e in events if e.name == "trade"] == [40_010_000, 40_060_000]
    closed = [e.fields for e in decode_stream(friday.set_phase(codes.PHASE_CLOSED))]
    (gone,) = [one for one in closed if one.get("order_id") == spread.fields["order_id"]]
    assert (gone["price"], gone["quantity"]) == (-50_000, 2)
    friday.venue.send(0, friday.venue.day_end_message(events_crc=0))
    if on_disk:
        friday.venue.close()

    with open_market("open", date(2026, 7, 20), rolled_from=directory or friday) as monday:
        assert list(monday.combinations) == ["SP AA2608&AA2609", "SP BB2608&BB2609"]
        image, number = monday.venue.image(), monday.number("AA2608")
        assert image["orders"]["order_id"].tolist() == [lasting.fields["order_id"]]
        held = image["positions"][image["positions"]["instrument"] == number]
        rows = held[["account", "long_yesterday", "short_yesterday"]].tolist()
        assert rows == [(1, 0, 1), (3, 1, 0)]
        order(monday, 2, "AA2608", codes.SIDE_BUY, 40_000_000, 1)  # beside the carried order
        events = order(monday, 1, "SP AA2608&AA2609", codes.SIDE_SELL, 0, 1)
        assert [e.fields["price"] for e in events if e.name == "trade"] == [40_000_000, 40_000_000]
    friday.venue.close()
