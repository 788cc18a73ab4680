"""Cases that stopped the core, or made it wrong, once: each with what it was."""

import struct

import numpy as np
import pytest
from checkers import Watch
from checkers.wire import KIND, OFFSET, PHASE, REASON, SCHEMA_ID, TIME, encode, events_of

from twinex.venue.core.check import check
from twinex.venue.venue import Venue

BUY, SELL = 0, 1


class Small:
    """A market of one contract (tick 1, 900 to 1100) and some accounts, every command watched."""

    def __init__(self, *, accounts: int = 2, phase: int = PHASE.continuous, **rules: int) -> None:
        self.venue, self.watch = Venue(clock=lambda: 1, segment_bytes=16_384), Watch()
        self.last_id = 0
        self.exchange("day_open", trading_day=20260105)
        self.exchange("product_define", **(_RULES | rules))
        limits = {"lower_limit": 900, "upper_limit": 1_100, "previous_settlement": 1_000}
        self.exchange("instrument_define", instrument=1, product_of=1, **limits)
        for number in (1, 2):
            self.exchange("member_define", member=number, active=1, credit=10**12)
            self.exchange("seat_define", seat_number=number, member=number)
        for account in range(1, accounts + 1):
            rights = {"open_products": 2, "close_products": 2, "active": 1}
            self.exchange("account_define", account=account, member=2 - account % 2, **rights)
        self.exchange("phase_set", product=1, phase=phase)

    def send(self, seat: int, message: bytes) -> list:
        events = self.venue.send(seat, message)
        self.watch.see(seat, message, events)
        return list(events_of(events))

    def exchange(self, name: str, **fields: int) -> list:
        return self.send(0, encode(name, **fields))

    def enter(self, side: int, price: int, quantity: int, account: int = 1, **more: int) -> list:
        self.last_id += 1
        fields = {"client_id": self.last_id, "instrument": 1, **more}
        order = {"side": side, "price": price, "quantity": quantity, "account": account}
        return self.send(2 - account % 2, encode("order_enter", **(fields | order)))


_RULES = {
    "product": 1,
    "offset_rule": 1,
    "kinds_allowed": 15,
    "times_allowed": 7,
    "amend_allowed": 1,
    "protection_allowed": 1,
    "minimum_allowed": 1,
    "tick": 1,
    "multiplier": 1,
    "quantity_minimum": 1,
    "quantity_maximum_limit": 10**6,
    "quantity_maximum_market": 10**6,
    "quantity_step": 1,
}


@pytest.mark.parametrize("step", [8, 128, 1 << 33, 1 << 48])
def test_client_ids_of_one_lane_fill_no_lane(step: int) -> None:
    market = Small()
    for number in range(1, 6_000):
        fields = {"client_id": number * step, "instrument": 1, "account": 1}
        (answer,) = market.send(1, encode("order_enter", **fields))
        assert answer.reject_reason == REASON.PRICE_BELOW_LIMIT
        if number % 1_000 == 0:
            check(market.venue.core)
    assert market.send(1, encode("order_enter", **fields))[0].template == "command_repeated"


def test_a_closing_order_queues_behind_every_closing_order_at_the_head() -> None:
    market = Small(limit_priority=1)
    market.exchange("position_set", instrument=1, account=1, long_yesterday=50)
    market.enter(SELL, 1_050, 1)
    market.enter(SELL, 1_050, 1, offset=OFFSET.close)
    market.exchange("limits_set", instrument=1, lower_limit=900, upper_limit=1_050)
    market.enter(SELL, 1_050, 1, offset=OFFSET.close)
    market.send(1, encode("order_cancel", client_id=100, target_client_id=1))
    market.enter(SELL, 1_050, 1, offset=OFFSET.close)
    check(market.venue.core)
    events = market.enter(BUY, 1_050, 3, account=2)
    filled = [event.client_id for event in events if event.template == "order_filled"]
    assert filled[1::2] == [3, 2, 4]


@pytest.mark.parametrize("count", [300, 411])
def test_one_order_against_many_of_many_accounts_has_room(count: int) -> None:
    for way in ("limit", "market", "auction", "halt"):
        market = Small(accounts=count + 1, phase=3 if way in ("auction", "halt") else 2)
        if market.watch.market.phases[1] == 3:  # first: the small ones then ask for little room
            market.enter(BUY, 1_000, count, account=count + 1)
        for account in range(1, count + 1):
            market.enter(SELL, 1_000, 1, account=account)
        if way == "auction":
            events = market.exchange("phase_set", product=1, phase=PHASE.auction_match)
        elif way == "halt":
            market.exchange("halt_set", instrument=1, halted=1)
            market.exchange("phase_set", product=1, phase=PHASE.continuous)
            events = market.exchange("halt_set", instrument=1, halted=0)
        else:
            kind, price = (KIND.limit, 1_000) if way == "limit" else (KIND.market, 0)
            events = market.enter(BUY, price, count, account=count + 1, kind=kind)
        assert sum(event.template == "trade" for event in events) == count
        assert sum(event.template == "position_changed" for event in events) == count + 1


def test_five_levels_are_five() -> None:
    for kind, levels in ((KIND.best, 1), (KIND.five_levels, 5), (KIND.market, 7)):
        market = Small()
        for price in range(1_000, 1_014, 2):
            market.enter(SELL, price, 2, account=2)
        events = market.enter(BUY, 0, 50, kind=kind, time_in_force=TIME.fak)
        assert sum(event.template == "trade" for event in events) == levels


def test_what_members_can_send_asks_for_no_large_segment() -> None:
    """A mass cancel, an amend or garbage once asked for room as for an auction of all orders."""
    market = Small()
    for _ in range(400):
        market.enter(SELL, 1_050, 1)
    market.exchange("halt_set", instrument=1, halted=0)
    before = market.venue.day.events.head.number
    for number in range(40):
        market.send(2, encode("order_amend", client_id=9_000 + number, new_quantity=2**31 - 1))
        market.send(2, struct.pack("<HHHH", 0, 77, SCHEMA_ID, 0))
    assert market.venue.day.events.head.number - before <= 1


def test_a_record_longer_than_a_segment_is_journaled() -> None:
    market = Small()
    for size in (16_000, 16_384, 60_000, 65_535):
        message = struct.pack("<HHHH", size, 1, SCHEMA_ID, 0) + bytes(size)
        (answer,) = market.send(1, message)
        assert answer.reject_reason == REASON.CLIENT_ID_INVALID
    assert market.enter(BUY, 1_000, 1)[0].template == "order_accepted"


@pytest.mark.parametrize("number", [0, -1, 2, 64, 10**9, -(2**62)])
def test_an_unknown_instrument_has_no_book_and_no_indication(number: int) -> None:
    market = Small()
    with pytest.raises(KeyError):
        market.venue.indication(number)
    with pytest.raises(KeyError):
        market.venue.book(number)


def test_processing_expires_what_closed_would_have() -> None:
    market = Small()
    market.enter(BUY, 1_000, 3)
    events = market.exchange("phase_set", product=1, phase=PHASE.processing)
    assert [event.template for event in events] == ["phase_changed", "order_cancelled"]
    market.exchange("day_end", trading_day=20260105)
    assert market.venue.statistics().live_orders == 0


def test_every_phase_after_every_phase() -> None:
    """Crossed books by every way into continuous trading, halted or not."""
    for way in np.ndindex(9, 9, 2):
        market = Small(phase=3)
        market.enter(BUY, 1_010, 5)
        market.enter(SELL, 990, 3, account=2)
        market.exchange("halt_set", instrument=1, halted=way[2])
        for phase in (*way[:2], 2):
            market.exchange("phase_set", product=1, phase=int(phase))
        market.exchange("halt_set", instrument=1, halted=0)
        market.enter(SELL, 995, 1, account=2)
        market.enter(BUY, 0, 1, kind=KIND.market, time_in_force=TIME.fak)
        check(market.venue.core)
        market.exchange("day_end", trading_day=20260105)


def test_refused_sizes_and_resting_orders_ask_for_little_room() -> None:
    """Each took an event segment of its own where many orders lived."""
    market = Small()
    for _ in range(1_500):
        market.enter(SELL, 1_050, 1)
    begun = market.venue.day.events.head.number
    for _ in range(200):
        (answer,) = market.enter(BUY, 1_000, 2 * 10**9)
        assert answer.reject_reason == REASON.QUANTITY_ABOVE_MAXIMUM
        market.enter(BUY, 1_000, 10**6)
    used = market.venue.day.events.head.number - begun
    assert used < 12, "400 answers are 64 KB: four usual segments, and what new orders may fill"


def test_a_salt_moves_ids_and_no_answer() -> None:
    """Two venues have two salts; what they say is the same."""
    streams = []
    for _ in range(2):
        market = Small()
        events = [market.enter(BUY, 900 + number % 90, 1) for number in range(300)]
        streams.append([[vars(event) for event in answer] for answer in events])
        check(market.venue.core)
    assert streams[0] == streams[1]
