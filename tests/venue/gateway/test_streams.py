"""Which event is in which stream: the compiled index against spec/session.md in plain Python."""

import ctypes
import os
import random
from collections import defaultdict

import numpy as np
from checkers.days import RandomDay

from twinex.venue.gateway import streams
from twinex.venue.venue import Venue
from twinex.venue.wire.messages import decode, decode_stream, encode

COMMON = {"day_opened", "phase_changed", "halt_changed", "trade_busted", "trade_corrected"}
COMMON |= {"day_ended"}


def expected(octets: bytes) -> dict[tuple[str, int], list[tuple[int, int]]]:
    """Streams of (sequence, index), by spec/session.md."""
    found: dict[tuple[str, int], list[tuple[int, int]]] = defaultdict(list)
    ended = False
    common: list[tuple[int, int]] = []
    filled: dict[int, tuple[int, int]] = {}
    for event in decode_stream(octets):
        fields, place = event.fields, (event.fields["sequence"], event.fields["index"])
        if ended:
            continue
        ended = event.name == "day_ended"
        if event.name in COMMON:
            common.append(place)
            for stream in found.values():
                stream.append(place)
            continue
        seat, account = fields.get("seat", 0), fields.get("account", 0)
        if event.name == "order_filled":
            filled[account] = (fields["sequence"], seat)
        if event.name == "position_changed":
            sequence, last = filled.get(account, (0, 0))
            seat = last if sequence == fields["sequence"] else 0
        for key in (("seat", seat), ("member", fields.get("member", 0))):
            if 0 < key[1] < 1_000_000:
                if key not in found:
                    found[key] = list(common)
                found[key].append(place)
    return found


def held(index: streams.Index, row: int) -> list[tuple[int, int]]:
    """What the index holds of a stream, read from memory by address."""
    stream, chunk = index.streams[row], int(index.streams[row]["first"])
    found = []
    for number in range(int(stream["length"])):
        if number and number % streams.CHUNK == 0:
            chunk = int(index.links[chunk])
        address = int(index.chunks[chunk * streams.CHUNK + number % streams.CHUNK])
        length = 8 + ctypes.c_uint16.from_address(address).value
        fields = decode(ctypes.string_at(address, length)).fields
        found.append((fields["sequence"], fields["index"]))
    return found


def index_of(octets: np.ndarray) -> streams.Index:
    """Of all events at once, in as many steps as there is room for."""
    index = streams.empty_index(streams=3, chunks=4, sessions=2)
    place, base = 0, int(octets.ctypes.data)
    while place < len(octets):
        place = int(streams.route(index, base + place, base + len(octets))) - base
        if place < len(octets):
            index = streams.with_more_room(index)
    return index


def test_every_stream_of_random_days() -> None:
    base = int(os.environ.get("TWINEX_SEED", random.SystemRandom().randrange(10**9)))
    for seed in range(base, base + 4):
        print(f"seed {seed}")
        setup, commands = RandomDay(random.Random(seed)).write(1_500)
        venue = Venue(clock=lambda: 1)
        late = [(seat, encode("order_cancel", client_id=10**6)) for seat in (1, 2)]
        octets = b"".join(venue.send(*each) for each in [*setup, *commands, *late])
        index, streams_due = index_of(np.frombuffer(octets, np.uint8)), expected(octets)
        assert len(streams_due) > 6
        for (kind, number), due in streams_due.items():
            row = int((index.of_seat if kind == "seat" else index.of_member)[number])
            assert held(index, row) == due, f"{kind} {number}"
        assert int(index.state[0]["streams"]) == len(streams_due) + 1
        assert int(index.state[0]["events"]) == sum(1 for _ in decode_stream(octets))


def test_a_stream_that_begins_late_has_all_common_events() -> None:
    venue = Venue(clock=lambda: 1)
    octets = np.frombuffer(venue.send(0, encode("day_open", trading_day=20260105)), np.uint8)
    index = index_of(octets)
    row = int(streams.find_stream(index, False, 9))
    assert row > 0
    assert held(index, row) == [(1, 0)]
    assert int(streams.find_stream(index, False, 9)) == row
    other = int(streams.find_stream(streams.with_more_room(index), True, 9))
    assert other not in (0, row)


def test_where_the_next_message_lies() -> None:
    """The chunk of every message of a stream of several chunks."""
    venue = Venue(clock=lambda: 1)
    open_day = venue.send(0, encode("day_open", trading_day=20260105))
    for number in (1, 2):
        venue.send(0, encode("member_define", member=number, active=1))
        venue.send(0, encode("seat_define", member=number, seat_number=number))
    count = 3 * streams.CHUNK + 2
    cancels = [venue.send(1, encode("order_cancel", client_id=n + 1)) for n in range(count - 1)]
    octets = np.frombuffer(open_day + b"".join(cancels), np.uint8)
    index = index_of(octets)
    row = int(index.of_seat[1])
    assert int(index.streams[row]["length"]) == count
    places = [int(streams.find_chunk(index, row, number)) for number in range(count)]
    assert [len(set(places[n : n + streams.CHUNK])) for n in range(0, count, streams.CHUNK)] == [
        1, 1, 1, 1,
    ]  # fmt: skip
    assert len(set(places)) == 4
