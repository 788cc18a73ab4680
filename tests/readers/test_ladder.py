"""The ladder that is read from events against the book that the venue keeps."""

from collections.abc import Iterator
from itertools import groupby, takewhile

import numpy as np
import pytest
from day.small_day import small_day

from twinex.day.statistics import Statistics
from twinex.readers.ladder import Ladder
from twinex.venue.journal.reader import EventReader, JournalReader
from twinex.venue.venue import Venue
from twinex.venue.wire import codes
from twinex.venue.wire.messages import encode, frame

SYMBOLS = ("IF2607", "IM2612", "T2609", "IO2607-C-4600", "MO2607-P-7500")
DEPTH = 50


def last_moments() -> dict[int, int]:
    """By product: the last sequence before the step that ended its (last) continuous trading."""
    ended, phases, before, step = {}, {}, 0, 0
    for record in JournalReader(small_day().directory):
        if record.time_ns // 10**9 != step:
            before, step = record.sequence - 1, record.time_ns // 10**9
        name, fields = record.message
        if name == "phase_set":
            product = fields["product"]
            if phases.get(product) == codes.PHASE_CONTINUOUS:
                ended[product] = before
            phases[product] = fields["phase"]
    return ended


@pytest.fixture(scope="module")
def books() -> dict[str, tuple[Ladder, list, list]]:
    """Each symbol's ladder and the venue's bids and asks, as continuous trading ended."""
    listing = small_day().run.opening.listing
    slots = {symbol: listing.symbols.index(symbol) for symbol in SYMBOLS}
    moments = last_moments()
    wanted = {symbol: moments[int(listing.product[slot])] for symbol, slot in slots.items()}
    now, found = [0], {}
    with Venue(clock=lambda: now[0], keep=False) as venue:
        for time_ns, frames, sequence in steps():
            now[0] = time_ns
            venue.submit(frames)
            for symbol in [one for one, last in wanted.items() if last == sequence]:
                instrument = int(listing.instrument[slots[symbol]])
                depth = venue.book(instrument, DEPTH)
                sides = [
                    [tuple(map(int, row)) for row in side] for side in (depth.bids, depth.asks)
                ]
                ladder = Ladder(instrument)
                ladder.add(events_until(sequence), int(listing.product[slots[symbol]]))
                found[symbol] = (ladder, *sides)
    return found


def steps() -> Iterator[tuple[int, np.ndarray, int]]:
    """The day's commands again, a step of the traders at a time: clock, frames, last sequence.

    Steps stand seconds apart, their commands 1 ns.
    """
    records = JournalReader(small_day().directory)
    for _, group in groupby(records, key=lambda record: record.time_ns // 10**9):
        step = list(group)
        frames = b"".join(frame(record.seat, record.body) for record in step)
        yield step[0].time_ns, np.frombuffer(frames, dtype=np.uint8), step[-1].sequence


def events_until(sequence: int) -> np.ndarray:
    parts = takewhile(lambda event: event.sequence <= sequence, EventReader(small_day().directory))
    return np.frombuffer(b"".join(event.body for event in parts), dtype=np.uint8)


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_the_ladder_is_the_venues_book(books, symbol: str) -> None:
    ladder, bids, asks = books[symbol]
    assert bids
    assert asks
    assert [tuple(level) for level in ladder.bids(DEPTH)] == bids
    assert [tuple(level) for level in ladder.asks(DEPTH)] == asks
    assert ladder.phase == codes.PHASE_CONTINUOUS


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_the_ladder_counts_trades(books, symbol: str) -> None:
    ladder = books[symbol][0]
    row = next(one for one in small_day().summary["contracts"] if one["symbol"] == symbol)
    assert 0 < ladder.volume <= row["lots"]
    assert 0 < ladder.trades <= row["trades"]
    assert len(ladder.prints) == min(12, ladder.trades)
    assert ladder.prints[-1].price == ladder.last


def test_in_pieces_as_at_once() -> None:
    listing = small_day().run.opening.listing
    events = [event.body for event in EventReader(small_day().directory)][:20_000]
    instrument, product = int(listing.instrument[0]), int(listing.product[0])
    whole, pieces = Ladder(instrument), Ladder(instrument)
    whole.add(np.frombuffer(b"".join(events), dtype=np.uint8), product)
    for first in range(0, len(events), 977):
        part = b"".join(events[first : first + 977])
        pieces.add(np.frombuffer(part, dtype=np.uint8), product)
    assert pieces.bids(DEPTH) == whole.bids(DEPTH) != []
    assert pieces.asks(DEPTH) == whole.asks(DEPTH)
    assert (pieces.phase, pieces.last, pieces.volume) == (whole.phase, whole.last, whole.volume)


def events(*messages: tuple[str, dict]) -> np.ndarray:
    bodies = [
        encode(name, time_ns=n, index=0, **fields) for n, (name, fields) in enumerate(messages)
    ]
    return np.frombuffer(b"".join(bodies), dtype=np.uint8)


def rested(order_id: int, side: int, price: int, quantity: int, instrument: int = 1):
    fields = {"order_id": order_id, "side": side, "price": price, "quantity": quantity}
    return "order_rested", {**fields, "instrument": instrument}


def filled(order_id: int, quantity: int, role: int):
    return "order_filled", {
        "order_id": order_id, "quantity": quantity, "role": role, "instrument": 1, "price": 100,
    }  # fmt: skip


def test_rests_fills_and_cancels() -> None:
    ladder = Ladder(1)
    ladder.add(events(rested(1, 0, 100, 5), rested(2, 0, 100, 3), rested(3, 1, 102, 4)), 1)
    ladder.add(events(rested(4, 0, 999, 5, instrument=2)), 1)
    assert ladder.bids(5) == [(100, 8, 2)]
    ladder.add(events(filled(1, 4, codes.ROLE_RESTING), filled(9, 4, codes.ROLE_INCOMING)), 1)
    assert ladder.bids(5) == [(100, 4, 2)]
    gone = {"order_id": 1, "quantity": 1, "instrument": 1}
    ladder.add(events(("order_cancelled", gone), filled(3, 4, codes.ROLE_AUCTION)), 1)
    assert ladder.bids(5) == [(100, 3, 1)]
    assert ladder.asks(5) == []


@pytest.mark.parametrize("kept", [True, False])
def test_an_amended_order(kept: bool) -> None:
    amended = {"order_id": 1, "instrument": 1, "priority_kept": kept, "remaining": 2}
    ladder = Ladder(1)
    ladder.add(events(rested(1, 0, 100, 5), ("order_amended", amended)), 1)
    assert ladder.bids(5) == ([(100, 2, 1)] if kept else [])
    if not kept:
        ladder.add(events(rested(1, 0, 99, 7)), 1)
        assert ladder.bids(5) == [(99, 7, 1)]


def iceberg(name: str, order_id: int, shown: int):
    return name, {"order_id": order_id, "instrument": 1, "display_quantity": shown}


def test_an_iceberg_shows_anew_behind_its_level() -> None:
    ladder = Ladder(1)
    ladder.add(events(iceberg("order_accepted", 1, 4), rested(1, 1, 100, 4)), 1)
    ladder.add(events(filled(1, 4, codes.ROLE_RESTING)), 1)
    assert ladder.asks(5) == []
    anew = {"order_id": 1, "side": 1, "price": 100, "quantity": 3, "remaining": 3, "instrument": 1}
    ladder.add(events(("order_refreshed", anew)), 1)
    assert ladder.asks(5) == [(100, 3, 1)]


@pytest.mark.parametrize("name", ["order_accepted", "stop_accepted"])
@pytest.mark.parametrize(("left", "shown"), [(11, 4), (3, 3), (0, 0)])
def test_an_iceberg_in_an_auction(name: str, left: int, shown: int) -> None:
    ladder = Ladder(1)
    ladder.add(events(iceberg(name, 1, 4), rested(1, 0, 100, 4)), 1)
    kind, fields = filled(1, 9, codes.ROLE_AUCTION)
    ladder.add(events((kind, {**fields, "remaining": left})), 1)
    assert ladder.bids(5) == ([(100, shown, 1)] if shown else [])


def test_what_a_self_trade_takes_off() -> None:
    reduced = {"order_id": 1, "instrument": 1, "quantity": 5, "remaining": 6}
    ladder = Ladder(1)
    ladder.add(events(iceberg("order_accepted", 1, 4), rested(1, 0, 100, 4)), 1)
    ladder.add(events(("order_reduced", reduced)), 1)
    assert ladder.bids(5) == [(100, 4, 1)]
    ladder.add(events(("order_reduced", {**reduced, "remaining": 1})), 1)
    assert ladder.bids(5) == [(100, 1, 1)]
    ladder.add(events(("order_reduced", {**reduced, "order_id": 2})), 1)  # it comes in
    assert ladder.bids(5) == [(100, 1, 1)]


def test_trades_that_the_exchange_voids_or_sets_right() -> None:
    ladder = Ladder(1)
    trade = {"instrument": 1, "quantity": 2}
    for n in (1, 2, 3):
        ladder.add(events(("trade", {**trade, "trade_id": n, "price": 100 + n})), 1)
    ladder.add(events(("trade_corrected", {**trade, "trade_id": 2, "price": 90})), 1)
    ladder.add(events(("trade_busted", {**trade, "trade_id": 3, "price": 103})), 1)
    assert [(one.trade_id, one.price) for one in ladder.prints] == [(1, 101), (2, 90)]
    assert (ladder.trades, ladder.volume, ladder.last) == (3, 6, 103)


@pytest.mark.parametrize("price", [-30, 0, 30])
def test_a_combination_that_rests_is_filled_by_its_legs(price: int) -> None:
    ladder = Ladder(1, combination=True)
    ladder.add(events(rested(1, 0, price, 5), rested(2, 0, price - 10, 1)), 1)
    assert ladder.bids(5) == [(price, 5, 1), (price - 10, 1, 1)]
    assert ladder.last is None
    kind, fields = filled(1, 2, codes.ROLE_INCOMING)
    ladder.add(events((kind, {**fields, "price": price - 1, "trade_id": 7})), 1)
    assert ladder.bids(5) == [(price, 3, 1), (price - 10, 1, 1)]
    assert (ladder.trades, ladder.volume, ladder.last) == (0, 2, price - 1)
    # against another order of the combination: one step, though both tell of it
    second = [{**filled(n, 3, role)[1], "price": price} for n, role in ((9, 1), (1, 0))]
    ladder.add(events(*[("order_filled", one) for one in second]), 1)
    assert ladder.bids(5) == [(price - 10, 1, 1)]
    assert (ladder.trades, ladder.volume, ladder.last) == (0, 5, price)
    assert [one.quantity for one in ladder.prints] == [2, 3]


def test_no_last_price_follows_two_orders_of_a_combination() -> None:
    derived = {"instrument": 1, "quantity": 2, "price_source": codes.SOURCE_COMBINATION}
    ladder, statistics = Ladder(1), Statistics(1)
    for price, fields in ((90, derived), (100, derived | {"price_source": 1}), (120, derived)):
        found = events(("trade", {**fields, "price": price, "turnover": 1}))
        ladder.add(found, 1)
        statistics.add(found)
        assert ladder.last == (None if price == 90 else 100)
        assert statistics.priced[1] == (price != 90)
    assert (ladder.trades, ladder.volume, len(ladder.prints)) == (3, 6, 3)
    prices = (statistics.open, statistics.high, statistics.low, statistics.close)
    assert [column[1] for column in prices] == [100] * 4
    assert (statistics.trades[1], statistics.volume[1], statistics.turnover[1]) == (3, 6, 3)
    assert statistics.prices_by_bucket(1) == [100]


def test_an_order_that_rests_twice_is_found() -> None:
    with pytest.raises(AssertionError, match="order 1 rests twice"):
        Ladder(1).add(events(rested(1, 0, 100, 5), rested(1, 0, 100, 5)), 1)


def test_an_order_that_gives_more_than_it_has_is_found() -> None:
    ladder = Ladder(1)
    with pytest.raises(AssertionError, match="order 1 has 5 lots, 6 left it"):
        ladder.add(events(rested(1, 0, 100, 5), filled(1, 6, codes.ROLE_RESTING)), 1)
