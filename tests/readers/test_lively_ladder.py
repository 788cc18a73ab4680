"""The ladder that is read from events against the venue's book, on random days of every order."""

from collections import Counter

import numpy as np
import pytest

from readers.lively_day import LivelyDay
from twinex.readers.ladder import Ladder
from twinex.venue.wire import codes
from twinex.venue.wire.messages import decode_stream

DEPTH = 200
PIECES = 450
MET = (  # what a day must have shown, or it has not tried the ladder
    "order_refreshed", "order_reduced", "order_amended", "stop_triggered", "quote_accepted",
    "mass_quoted", "mass_cancelled", "trade_busted", "trade_corrected", "auction_matched",
    "halt_changed", "limits_changed",
)  # fmt: skip


def compare(day: LivelyDay, ladders: dict[int, Ladder]) -> None:
    for number, ladder in ladders.items():
        depth = day.venue.book(number, DEPTH)
        assert [tuple(one) for one in ladder.bids(DEPTH)] == depth.bids, number
        assert [tuple(one) for one in ladder.asks(DEPTH)] == depth.asks, number


def icebergs_in_auctions(events: bytes) -> int:
    """How many icebergs had lots left to show anew after an auction."""
    shows, count = {}, 0
    for name, fields in decode_stream(events):
        if name == "order_accepted" and fields["display_quantity"]:
            shows[fields["order_id"]] = fields["display_quantity"]
        if name == "order_filled" and fields["role"] == codes.ROLE_AUCTION:
            count += fields["order_id"] in shows and fields["remaining"] > 0
    return count


@pytest.mark.parametrize("seed", range(1, 5))
def test_the_ladder_is_the_venues_book(seed: int) -> None:
    events = play(seed)
    met = Counter(message.name for message in decode_stream(events))
    assert not [name for name in MET if not met[name]]
    assert icebergs_in_auctions(events) > 0


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(5, 65))
def test_the_ladder_is_the_venues_book_on_many_days(seed: int) -> None:
    play(seed)


def play(seed: int) -> bytes:
    """A day's events; each piece of them, of a few commands, leaves every ladder as the book is."""
    print(f"seed {seed}")
    day = LivelyDay(seed)
    ladders = {number: Ladder(number) for number in day.contracts}
    parts = [day.open()]
    for _ in range(PIECES):
        piece = np.frombuffer(parts[-1], dtype=np.uint8)
        for number, ladder in ladders.items():
            ladder.add(piece, day.contracts[number])
        compare(day, ladders)
        parts.append(b"".join(day.step() for _ in range(day.random.randint(1, 8))))
    events = b"".join(parts[:-1])
    trades = sum(message.name == "trade" for message in decode_stream(events))
    assert sum(ladder.trades for ladder in ladders.values()) == trades
    return events
