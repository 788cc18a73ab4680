"""The SoupBinTCP session by itself: the bytes of spec/session.md, cut anywhere, and garbage."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from client.market import packet
from twinex.client.errors import NotConnected, ProtocolError
from twinex.client.soup import (
    Accepted,
    DayToken,
    EndOfSession,
    Heartbeat,
    Packet,
    Refused,
    Said,
    Secret,
    Sequenced,
    Session,
)

NAME = b"20260105TR"


def _accept(sequence: int) -> bytes:
    return packet("A", NAME + f"{sequence:>20}".encode())


def _session(sequence: int = 1, now: float = 0.0) -> Session:
    return Session("7", Secret("open sesam"), "", sequence, now)


def test_login_is_that_of_the_spec() -> None:
    spec = b"\x00\x2f\x4c" + b"7     " + b"open sesam" + b" " * 10 + b" " * 19 + b"1"
    assert bytes(_session().outgoing) == spec


def test_a_command_is_that_of_the_spec() -> None:
    session = _session()
    session.receive(_accept(1), 0.0)
    session.outgoing.clear()
    session.send(bytes(56), 0.0)
    assert bytes(session.outgoing) == b"\x00\x39\x55" + bytes(56)
    with pytest.raises(ValueError, match="above"):
        session.send(bytes(8192), 0.0)


STREAM = (
    packet("+", b"welcome")
    + _accept(5)
    + packet("U", b"TK7QX2MZ4PA")
    + packet("S", b"first")
    + packet("H")
    + packet("U", b"Xnews")
    + packet("S", b"")
    + packet("S", bytes(9000))
    + packet("Z")
    + packet("H")
)


def _all(session: Session, *parts: bytes) -> list[Packet]:
    return [one for part in parts for one in session.receive(part, 0.0)]


def test_every_packet_cut_at_every_byte() -> None:
    told = _all(_session(5), STREAM)
    kinds = [Said, Accepted, DayToken, Sequenced, Heartbeat, Said, Sequenced, Sequenced]
    assert [type(one) for one in told] == [*kinds, EndOfSession, Heartbeat]
    assert told[1] == Accepted("20260105TR", 5)
    assert [one.sequence for one in told if isinstance(one, Sequenced)] == [5, 6, 7]
    (token,) = (one.token for one in told if isinstance(one, DayToken))
    assert (token.text, repr(token)) == ("K7QX2MZ4PA", "***")
    for cut in [*range(200), *range(len(STREAM) - 50, len(STREAM))]:
        again = _all(_session(5), STREAM[:cut], STREAM[cut:])
        assert [repr(one) for one in again] == [repr(one) for one in told]
    bytewise = _all(_session(5), *(STREAM[at : at + 1] for at in range(len(STREAM))))
    assert len(bytewise) == len(told)


def test_refusal() -> None:
    assert _all(_session(), packet("J", b"S")) == [Refused("S")]


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (b"\0\0", "length 0"),
        (b"HTTP/1.1 400", "type 'T'"),
        (b"\xff\xffL", "type 'L'"),
        (packet("A", NAME), "type A has length 11"),
        (packet("A", bytes(30)), "names no session"),
        (packet("A", NAME + b"                   x"), "names no session"),
        (_accept(2), "asked for message 1, offered 2"),
        (packet("S", b"early"), "type S before the login's answer"),
        (packet("Z"), "type Z before"),
        (_accept(1) + _accept(1), "type A where none belongs"),
        (_accept(1) + packet("J", b"A"), "type J where none belongs"),
        (_accept(1) + packet("Z") + packet("S", b"late"), "type S where none belongs"),
        (_accept(1) + packet("U"), "type U has length 1"),
        (_accept(1) + packet("U", b"Tshort"), "not of ten"),
        (_accept(1) + packet("U", b"T123456789\n"), "not of ten"),
        (_accept(1) + packet("H", b"x"), "type H has length 2"),
    ],
)
def test_what_no_market_says(octets: bytes, text: str) -> None:
    with pytest.raises(ProtocolError, match=text):
        _session().receive(octets, 0.0)


@given(st.binary(max_size=300), st.booleans())
@settings(max_examples=500, deadline=None)
def test_garbage_is_packets_or_a_protocol_error(octets: bytes, after_login: bool) -> None:
    session = _session()
    if after_login:
        session.receive(_accept(1), 0.0)
    with pytest.raises(ProtocolError) if _is_refused(octets, after_login) else _nothing():
        session.receive(octets, 0.0)


class _nothing:  # noqa: N801
    def __enter__(self) -> None: ...
    def __exit__(self, *_: object) -> None: ...


def _is_refused(octets: bytes, after_login: bool) -> bool:
    """A second reading of the same rules, packet by packet."""
    is_in, is_over = after_login, False
    while len(octets) >= 3:
        (length,) = struct.unpack_from(">H", octets)
        kind, rest = chr(octets[2]), octets[3 : 2 + length]
        fits = {"A": length == 31, "J": length == 2, "H": length == 1, "Z": length == 1}
        fits |= {"S": length >= 1, "U": length >= 2, "+": length >= 1}
        if not fits.get(kind, False):
            return True
        if (kind in "SUZ" and not is_in) or (kind in "AJ" and is_in) or (kind == "S" and is_over):
            return True
        if len(rest) < length - 1:
            return False
        if kind == "U" and rest[:1] == b"T" and not (len(rest) == 11 and rest.isascii()):
            return True
        if kind == "A":
            return True  # chance writes no login's answer
        is_over = is_over or kind == "Z"
        octets = octets[2 + length :]
    return octets[:2] == b"\0\0"


def test_heartbeats_when_nothing_else_was_sent() -> None:
    session = _session()
    session.receive(_accept(1), 0.0)
    session.outgoing.clear()
    session.poll(0.5)
    assert bytes(session.outgoing) == b""
    assert session.wait_s(0.5) == pytest.approx(0.3)
    session.poll(0.9)
    assert bytes(session.outgoing) == packet("R")
    session.outgoing.clear()
    session.send(b"12345678", 1.5)
    session.outgoing.clear()
    session.poll(2.0)
    assert bytes(session.outgoing) == b""


def test_a_silent_server_is_left() -> None:
    session = _session()
    session.poll(4.9)
    with pytest.raises(NotConnected, match="no answer to the login"):
        session.poll(5.0)
    session = _session()
    session.receive(_accept(1), 1.0)
    session.receive(packet("H"), 3.0)
    session.poll(17.9)
    with pytest.raises(NotConnected, match="nothing from the market for 15 s"):
        session.poll(18.0)


@pytest.mark.parametrize("wrong", ["long password", "ümlaut", "new\nline"])
def test_a_password_that_no_login_can_carry(wrong: str) -> None:
    with pytest.raises(ValueError, match="10 printable ASCII") as caught:
        Secret(wrong)
    assert wrong not in str(caught.value)
