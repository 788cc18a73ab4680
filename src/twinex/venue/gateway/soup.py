"""SoupBinTCP 3.0 packets (`spec/session.md`): what is rare, one at a time."""

import struct
from typing import NamedTuple

LOGIN, DATA, HEARTBEAT, LOGOUT, DEBUG = b"L", b"U", b"R", b"O", b"+"
LENGTH_MAX = 8192
LOGIN_BYTES = 2 + 47
NOT_AUTHORISED, NOT_AVAILABLE = b"A", b"S"
TRADING, DROP_COPY = "TR", "DC"

_LOGIN = struct.Struct(">Hc6s10s10s20s")
assert _LOGIN.size == LOGIN_BYTES


class Login(NamedTuple):
    """What a login request asks for. `sequence` is None where it is no number."""

    username: str
    password: str
    session: str
    sequence: int | None


class NoLogin(Exception):  # noqa: N818
    """The first bytes of a connection are no login request."""


def packet(kind: bytes, rest: bytes = b"") -> bytes:
    """A whole packet."""
    return struct.pack(">H", len(kind) + len(rest)) + kind + rest


def debug(text: str) -> bytes:
    """A `+` packet: words for a person."""
    return packet(DEBUG, text.encode("ascii", "replace"))


def accepted(session: str, sequence: int) -> bytes:
    """Login accepted: the first message to come has that sequence."""
    return packet(b"A", session.ljust(10).encode() + str(sequence).rjust(20).encode())


def refused(reason: bytes) -> bytes:
    """Login refused."""
    return packet(b"J", reason)


def day_token(token: str) -> bytes:
    """The day token, said to this connection alone."""
    return packet(DATA, b"T" + token.encode())


def next_to_come(sequence: int) -> bytes:
    """What the stream's next message would be numbered: before it all is history."""
    return packet(DATA, b"N" + str(sequence).rjust(20).encode())


def session_name(trading_day: int, kind: str) -> str:
    """The name of a day's sessions: `kind` is TRADING or DROP_COPY."""
    return f"{trading_day}{kind}"


def read_login(octets: bytes) -> Login:
    """A login request, whole. Raises NoLogin."""
    length, kind, *fields = _LOGIN.unpack(octets)
    if (length, kind) != (LOGIN_BYTES - 2, LOGIN):
        raise NoLogin(f"a connection begins with a login request, not with type {kind!r}")
    try:
        username, password, session, sequence = (each.decode("ascii").strip() for each in fields)
    except UnicodeDecodeError:
        raise NoLogin("a login request is ASCII") from None
    number = int(sequence) if sequence.isdecimal() else None
    return Login(username, password, session, number)
