"""Bytes: against the hand-worked dumps of spec/vectors/bytes.txt, there and back, and damaged."""

import re
import struct
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twinex.client.codec import Message, decode, decode_event, encode
from twinex.client.codes import RejectReason, Side
from twinex.client.commands import Command, MassQuote, OrderCancel, OrderEnter, QuoteEntry
from twinex.client.errors import ProtocolError
from twinex.client.events import DayOpened, Event, OrderFilled, UnknownEvent

BYTES = Path(__file__).parents[2] / "spec/vectors/bytes.txt"
RECORD_HEAD = 40
LINE = re.compile(r"^ *(\d+)  ((?:[0-9a-f]{2} )*[0-9a-f]{2}) +(\S+)(?: = (-?\d+))?")


def _dumps() -> Iterator[tuple[str, bytes, dict[str, int]]]:
    """Title, message and fields of each dump that is a member's command or an event."""
    for part in BYTES.read_text().split("\n== ")[1:]:
        title, _, body = part.partition("\n")
        rows = [found for line in body.splitlines() if (found := LINE.match(line))]
        octets = b"".join(bytes.fromhex(row[2]) for row in rows)
        named = {row[3]: int(row[4]) for row in rows if row[4]}
        start = RECORD_HEAD if title.startswith("record") else 0
        template = named.get("templateId", 0)
        if 0 < template < 20 or template > 100:
            yield title, octets[start:], named


DUMPS = list(_dumps())


@pytest.mark.parametrize(("title", "octets", "named"), DUMPS, ids=[dump[0] for dump in DUMPS])
def test_dump(title: str, octets: bytes, named: dict[str, int]) -> None:
    message = decode(octets)
    flat = _flat(message)
    assert {name: named.get(name) for name in flat} == flat
    if "one byte longer" not in title:  # a block that no writer of this schema makes
        assert encode(message) == octets


def _flat(message: Message) -> dict[str, int]:
    """Fields as the dumps name them, `entries_0_price` for those of a group."""
    flat: dict[str, Any] = asdict(message)
    for at, entry in enumerate(flat.pop("entries", ())):
        flat |= {f"entries_{at}_{name}": value for name, value in entry.items()}
    return {name: int(value) for name, value in flat.items()}


def test_the_dumps_are_there() -> None:
    assert len(DUMPS) == 9


ENTRY = QuoteEntry(
    instrument=1, account=2, bid_price=3, ask_price=4, bid_quantity=5, ask_quantity=6
)


def test_a_cut_message_is_refused_at_every_byte() -> None:
    for message in (
        MassQuote(client_id=1, entries=(ENTRY, ENTRY)),
        DayOpened(1, 2, 3, 20260105),
        OrderCancel(client_id=1),
    ):
        octets = encode(message)
        for length in range(len(octets)):
            with pytest.raises(ProtocolError):
                decode(octets[:length])
        assert decode(octets + bytes(7)) == message


@given(st.binary(max_size=200))
@settings(max_examples=300, deadline=None)
def test_garbage_is_a_message_or_a_protocol_error(octets: bytes) -> None:
    headed = struct.pack("<HHHH", max(0, len(octets) - 3), octets[0] if octets else 0, 7701, 0)
    for tried in (octets, headed + octets):
        try:
            message = decode(tried)
        except ProtocolError:
            continue
        assert isinstance(message, (Command, Event))


def test_a_newer_schema_is_read_as_far_as_it_is_known() -> None:
    event = DayOpened(1, 2, 3, 20260105)
    octets = encode(event)
    longer = struct.pack("<HHHH", 40, 117, 7701, 1) + octets[8:] + bytes(8)
    assert decode_event(longer) == event
    other = struct.pack("<HHHH", 32, 190, 7701, 1) + octets[8:]
    assert decode_event(other) == UnknownEvent(1, 2, 3, 190, octets[8:])


def test_another_schema_and_commands_are_no_events() -> None:
    octets = encode(DayOpened(1, 2, 3, 20260105))
    with pytest.raises(ProtocolError, match="schema 1 is not ours"):
        decode_event(octets[:4] + b"\x01\x00" + octets[6:])
    with pytest.raises(ProtocolError, match="is a command"):
        decode_event(encode(OrderCancel(client_id=1)))


def test_values_that_do_not_fit_are_named() -> None:
    with pytest.raises(ValueError, match="order_id = 9223372036854775808 does not fit 64 bits"):
        encode(OrderCancel(client_id=1, order_id=1 << 63))
    wrong = QuoteEntry(**{**asdict(ENTRY), "bid_price": 1.5})
    with pytest.raises(TypeError, match=r"bid_price = 1.5 is no integer: prices are in 1/10000"):
        encode(MassQuote(client_id=1, entries=(wrong,)))
    for count in (0, 65):
        with pytest.raises(ValueError, match="1 to 64 entries"):
            encode(MassQuote(client_id=1, entries=(ENTRY,) * count))


def test_every_code_comes_back_as_it_was() -> None:
    order = OrderEnter(
        client_id=1, instrument=2, account=3, price=-4, quantity=5, side=Side.SELL, post_only=True
    )
    again = decode(encode(order))
    assert again == order
    assert isinstance(again, OrderEnter)
    assert (again.side, again.post_only) == (Side.SELL, True)
    assert type(again.side) is Side
    assert RejectReason(70) is RejectReason.ORDER_UNKNOWN


def test_events_are_told_from_one_another_by_their_class() -> None:
    (octets,) = (octets for title, octets, _ in DUMPS if "order_filled" in title)
    match decode_event(octets):
        case OrderFilled(quantity=lots):
            assert lots > 0
        case other:
            pytest.fail(f"{other} is no fill")
