"""Which event belongs to which stream (`spec/session.md`, Streams): an index of addresses.

A stream of a seat or of a member's drop copy is a row: how many messages it has, and the chain of
chunks with the addresses of its events, where they lie in the event segments. Nothing is copied; to
send message n is to send what lies at the n-th address. The index is a function of the events.
"""

from typing import NamedTuple

import numpy as np

from twinex.venue.compiler import apart, inlined, inner, kernel
from twinex.venue.core.limits import ACCOUNTS_MAX, MEMBERS_MAX, SEATS_MAX
from twinex.venue.gateway.calls import word_at
from twinex.venue.tables import table
from twinex.venue.wire.schema import EVENTS, HEADER_BYTES

CHUNK = 256  # addresses

STREAM = np.dtype(
    [
        ("length", "i8"),  # messages so far
        ("first", "i4"),  # chunk
        ("last", "i4"),
        ("session", "i4"),  # row of the session that reads it live; 0 = none
        ("unused", "i4"),
    ]
)
FILLED = np.dtype([("sequence", "i8"), ("seat", "i8")])  # of an account's last fill

COMMON = ("day_opened", "phase_changed", "halt_changed", "trade_busted", "trade_corrected")
_SEAT, _MEMBER, _COMMON, _FILL, _POSITION, _END = 1, 2, 4, 8, 16, 32
_MEMBER_WORD, _SEAT_WORD = HEADER_BYTES + 40, HEADER_BYTES + 48  # account and member; seat


class Index(NamedTuple):
    """All streams of a day. `state` is one row: how much of the rest is used."""

    state: np.ndarray
    streams: np.ndarray
    chunks: np.ndarray  # int64[CHUNK * n]: addresses
    links: np.ndarray  # int32[n]: the chunk behind each
    commons: np.ndarray  # int64: addresses of the common events
    of_seat: np.ndarray  # int32: its stream
    of_member: np.ndarray
    filled: np.ndarray
    kinds: np.ndarray  # uint8[256]: what is done with a template
    woken: np.ndarray  # int32: sessions with something to send


STATE = np.dtype(
    [
        ("streams", "i8"),
        ("chunks", "i8"),
        ("commons", "i8"),
        ("woken", "i8"),  # rows of `woken`
        ("ended", "i8"),  # 1 behind day_ended
        ("events", "i8"),  # routed so far
    ]
)


def _kinds() -> np.ndarray:
    kinds = np.zeros(256, np.uint8)
    for name, template in EVENTS.items():
        fields = template.block.fields
        assert fields is not None
        seat, member = fields.get("seat"), fields.get("member")
        assert seat is None or seat[1] + HEADER_BYTES == _SEAT_WORD
        assert member is None or member[1] + HEADER_BYTES == _MEMBER_WORD + 4
        kinds[template.id] = (seat is not None) * _SEAT | (member is not None) * _MEMBER
        kinds[template.id] |= (name in COMMON) * _COMMON
    kinds[EVENTS["order_filled"].id] |= _FILL
    kinds[EVENTS["position_changed"].id] |= _POSITION
    kinds[EVENTS["day_ended"].id] |= _COMMON | _END
    return kinds


def empty_index(streams: int = 64, chunks: int = 256, sessions: int = 1024) -> Index:
    """An index without streams; `sessions`: rows of sessions that there can be."""
    state = np.zeros(1, STATE)
    state["streams"] = state["chunks"] = 1  # row 0 is nobody's
    return Index(
        state,
        np.zeros(streams, STREAM),
        np.zeros(chunks * CHUNK, np.int64),
        np.zeros(chunks, np.int32),
        np.zeros(1024, np.int64),
        np.zeros(SEATS_MAX + 1, np.int32),
        np.zeros(MEMBERS_MAX + 1, np.int32),
        np.zeros(ACCOUNTS_MAX + 1, FILLED),
        _kinds(),
        np.zeros(sessions, np.int32),
    )


def with_more_room(index: Index) -> Index:
    """The same with twice the room for streams, chunks and common events where it is short."""
    state = index.state[0]
    streams = _doubled(index.streams, int(state["streams"]) + 2)
    commons = _doubled(index.commons, int(state["commons"]) + 1)
    needed = _chunks_needed(int(state["streams"]), int(state["commons"]))
    links = _doubled(index.links, int(state["chunks"]) + needed)
    chunks = np.zeros(len(links) * CHUNK, np.int64)
    chunks[: len(index.chunks)] = index.chunks
    return index._replace(streams=streams, commons=commons, links=links, chunks=chunks)


def _doubled(array: np.ndarray, least: int) -> np.ndarray:
    """`array`, in twice its room or more where it has less than `least` rows."""
    if least <= len(array):
        return array
    larger = np.zeros(max(2 * len(array), least), array.dtype)
    larger[: len(array)] = array
    return larger


@inner
def index_tables(index):
    """The index as kernels hand it on."""
    return Index(
        table(index.state),
        table(index.streams),
        table(index.chunks),
        table(index.links),
        table(index.commons),
        table(index.of_seat),
        table(index.of_member),
        table(index.filled),
        table(index.kinds),
        table(index.woken),
    )


def _chunks_needed(streams: int, commons: int) -> int:
    """Chunks that one event may need: one a stream, and what two new streams begin with."""
    return streams + 2 * (commons // CHUNK + 2)


_chunks_needed_inside = inlined(_chunks_needed)


@inlined
def _has_room(index):
    state = index.state[0]
    return (
        state["streams"] + 2 <= len(index.streams)
        and state["commons"] < len(index.commons)
        and state["chunks"] + _chunks_needed_inside(state["streams"], state["commons"])
        <= len(index.links)
    )


@inlined
def wake(index, session):
    """Note that a session has something to send. `woken` holds each at most once: see `append`."""
    state = index.state[0]
    index.woken[state["woken"]] = session
    state["woken"] += 1


@inlined
def append(index, row, address):
    """One more message of a stream; its session, if it sleeps, is woken by the caller's flush."""
    stream = index.streams[row]
    within = stream["length"] % CHUNK
    if within == 0:
        state = index.state[0]
        chunk = state["chunks"]
        state["chunks"] += 1
        if stream["length"] == 0:
            stream["first"] = chunk
        else:
            index.links[np.int64(stream["last"])] = chunk
        stream["last"] = chunk
    index.chunks[np.int64(stream["last"]) * CHUNK + within] = address
    stream["length"] += 1
    if stream["session"] > 0:
        # A session that reads along is woken once: until it sleeps again its number is negative.
        wake(index, np.int64(stream["session"]))
        stream["session"] = -stream["session"]


@apart
def _new_stream(index):
    """A stream with the common events so far."""
    state = index.state[0]
    row = state["streams"]
    state["streams"] += 1
    for place in range(state["commons"]):
        append(index, row, index.commons[place])
    return row


@inlined
def stream_of(index, numbers, number):
    """The stream of a seat (`index.of_seat`) or a member (`index.of_member`)."""
    row = np.int64(numbers[number])
    if row == 0:
        row = np.int64(_new_stream(index))
        numbers[number] = row
    return row


@apart
def _append_to_all(index, address):
    """A common event."""
    state = index.state[0]
    index.commons[state["commons"]] = address
    state["commons"] += 1
    for row in range(1, state["streams"]):
        append(index, np.int64(row), address)


@apart
def _end_streams(index):
    """Streams end with day_ended: what is refused behind it belongs to none."""
    index.state[0]["ended"] = 1
    for template in range(len(index.kinds)):
        index.kinds[template] = 0


@inlined
def _seat_of(index, kind, address, account):
    """The seat whose stream holds the event, 0 for none."""
    seat = word_at(address + _SEAT_WORD) & 0xFFFFFFFF
    if kind & _SEAT != 0:
        if kind & _FILL != 0:
            filled = index.filled[account]
            filled["sequence"], filled["seat"] = word_at(address + HEADER_BYTES), seat
        return seat
    if kind & _POSITION != 0:
        filled = index.filled[account]
        if filled["sequence"] == word_at(address + HEADER_BYTES):
            return filled["seat"]
    return np.int64(0)


@inner
def route_events(index, start, end):
    """Index the events at addresses `start`..`end`; the address reached: less where zeros end a
    segment, or where it is short of room (`with_more_room`)."""
    address = start
    while address < end:
        head = word_at(address)
        if head == 0 or not _has_room(index):
            break
        kind = np.int64(index.kinds[(head >> 16) & 0xFF])
        if kind & _COMMON != 0:
            _append_to_all(index, address)
            if kind & _END != 0:
                _end_streams(index)
        elif kind != 0:
            who = word_at(address + _MEMBER_WORD)
            account, member = who & 0xFFFFFFFF, who >> 32
            seat = _seat_of(index, kind, address, account)
            if 0 < seat < len(index.of_seat):  # a refused command may show any number
                append(index, stream_of(index, index.of_seat, seat), address)
            if member > 0:
                append(index, stream_of(index, index.of_member, member), address)
        index.state[0]["events"] += 1
        address += HEADER_BYTES + (head & 0xFFFF)
    return address


@kernel
def route(index, start, end):
    """`route_events` for callers in Python."""
    return route_events(index_tables(index), np.int64(start), np.int64(end))


@kernel
def find_stream(index, of_members, number):
    """The row of a seat's stream, or of a member's drop copy; 0 where there is no room for it."""
    index = index_tables(index)
    numbers = index.of_member if of_members else index.of_seat
    if numbers[number] == 0 and not _has_room(index):
        return np.int64(0)
    return stream_of(index, numbers, np.int64(number))


@kernel
def find_chunk(index, row, message):
    """The chunk that holds (or will hold) message number `message` of a stream, counted from 0."""
    index = index_tables(index)
    stream = index.streams[np.int64(row)]
    if np.int64(message) // CHUNK == (stream["length"] - 1) // CHUNK:
        return np.int64(stream["last"])  # most come for what is next: a long chain is not walked
    chunk = np.int64(stream["first"])
    for _ in range(np.int64(message) // CHUNK):
        chunk = np.int64(index.links[chunk])
    return chunk
