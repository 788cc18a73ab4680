"""A market opened in one call."""

from pathlib import Path

import pytest

from twinex.venue.opening import open_market
from twinex.venue.venue import Venue
from twinex.venue.wire import codes
from twinex.venue.wire.messages import decode, decode_stream, encode


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
