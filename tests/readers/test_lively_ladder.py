"""The ladder that is read from events against the venue's book, on random days of every order."""

from collections import Counter
from collections.abc import Collection

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
    "two orders' trade in a leg", "with the legs on entry", "with the legs resting",
    "rests at a price -1", "rests at a price +0", "rests at a price +1",
    "the legs' limits move",
)  # fmt: skip


def compare(day: LivelyDay, ladders: dict[int, Ladder]) -> None:
    for number, ladder in ladders.items():
        price = day.venue.core.instruments[number]["last_price"]
        assert ladder.last is None or ladder.last == price, number
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


def moments_of_combinations(events: bytes, spreads: Collection[int]) -> Counter[str]:
    """What befell combinations and their legs."""
    rested: set[int] = set()
    found: Counter[str] = Counter()
    for name, fields in decode_stream(events):
        if name == "trade" and fields["price_source"] == codes.SOURCE_COMBINATION:
            found["two orders' trade in a leg"] += 1
        if fields.get("instrument") not in spreads:
            continue
        if name == "order_rested":
            rested.add(fields["order_id"])
            found[f"rests at a price {np.sign(fields['price']):+d}"] += 1
        elif name == "order_filled" and fields["price_source"] == codes.SOURCE_COMBINATION:
            when = "resting" if fields["order_id"] in rested else "on entry"
            found[f"with the legs {when}"] += 1
        elif name == "limits_changed":
            found["the legs' limits move"] += 1
        elif name == "order_cancelled" and fields["cancel_reason"] == codes.CANCEL_OUTSIDE_LIMITS:
            found["outside the legs' limits"] += 1
    return found


@pytest.mark.parametrize("seed", range(1, 5))
def test_the_ladder_is_the_venues_book(seed: int) -> None:
    day, events = play(seed)
    met = Counter(message.name for message in decode_stream(events))
    met += moments_of_combinations(events, day.spreads)
    assert not [name for name in MET if not met[name]]
    assert icebergs_in_auctions(events) > 0


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(5, 65))
def test_the_ladder_is_the_venues_book_on_many_days(seed: int) -> None:
    play(seed)


def play(seed: int) -> tuple[LivelyDay, bytes]:
    """A day and its events; each piece of these, of a few commands, leaves every ladder as the
    book is.
    """
    print(f"seed {seed}")
    day = LivelyDay(seed)
    products = day.contracts | day.spreads
    ladders = {n: Ladder(n, combination=n in day.spreads) for n in products}
    parts = [day.open()]
    for _ in range(PIECES):
        piece = np.frombuffer(parts[-1], dtype=np.uint8)
        for number, ladder in ladders.items():
            ladder.add(piece, products[number])
        compare(day, ladders)
        parts.append(b"".join(day.step() for _ in range(day.random.randint(1, 8))))
    events = b"".join(parts[:-1])
    trades = sum(message.name == "trade" for message in decode_stream(events))
    assert sum(ladder.trades for ladder in ladders.values()) == trades
    for number in day.spreads:
        assert ladders[number].volume == lots_filled(events, number)
    return day, events


def lots_filled(events: bytes, spread: int) -> int:
    """Lots that a combination's orders filled: of each step once."""
    fills = [fields for name, fields in decode_stream(events) if name == "order_filled"]
    lots = {one["trade_id"]: one["quantity"] for one in fills if one["instrument"] == spread}
    return sum(lots.values())
