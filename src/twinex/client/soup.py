"""SoupBinTCP 3.0 as spec/session.md has it, without any input or output of its own.

A `Session` is one connection: bytes that came go in by `receive`, which gives packets; bytes to
send pile up in `outgoing`. The caller brings the clock (seconds, monotonic) and moves the bytes.
"""

import struct
from dataclasses import dataclass

from twinex.client.errors import NotConnected, ProtocolError

HEARTBEAT_S = 0.8  # the spec asks for something once a second; this leaves the network a fifth
SILENT_S = 15.0
LOGIN_S = 5.0
_LENGTH = struct.Struct(">H")
_COMMAND_MAX = 8192 - 1  # a packet's length counts its type byte
_SIZES = {"A": 31, "J": 2, "H": 1, "Z": 1}  # of packets that have one length only
_TOKEN = "T"
_TOKEN_SIZE = 10


class Secret:
    """A password or token: prints as nothing, so that no error, log or debugger shows it."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        if not text.isascii() or not text.isprintable() or len(text) > 10:
            raise ValueError("a password is up to 10 printable ASCII characters")
        self.text = text

    def __repr__(self) -> str:
        return "***"


@dataclass(frozen=True, slots=True)
class Accepted:
    """`A`: the session's name and the sequence of the first message to come."""

    session: str
    sequence: int


@dataclass(frozen=True, slots=True)
class Refused:
    """`J`: `A` the user, `S` the session."""

    reason: str


@dataclass(frozen=True, slots=True)
class Sequenced:
    """`S`: one message of the stream, and its place there."""

    sequence: int
    message: bytes


@dataclass(frozen=True, slots=True)
class DayToken:
    """`U` of kind `T`: good as the password until the day ends."""

    token: Secret


@dataclass(frozen=True, slots=True)
class Said:
    """`+`, for a person; or `U` of a kind that this version does not know."""

    text: str


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """`H`."""


@dataclass(frozen=True, slots=True)
class EndOfSession:
    """`Z`: the stream is over with the message before."""


Packet = Accepted | Refused | Sequenced | DayToken | Said | Heartbeat | EndOfSession


class Session:
    """One connection, from login to its end.

    `sequence` is that of the first message wanted, 0 for the next to come. The login packet lies in
    `outgoing` from the start.
    """

    def __init__(
        self, username: str, password: Secret, session: str, sequence: int, now: float
    ) -> None:
        assert username.isascii(), "numbers, and D before them"
        assert len(username) <= 6, "the login has no more room"
        self.outgoing = bytearray()
        self.accepted = False
        self._asked = sequence
        self._next = 0  # of the stream, known from `A` on
        self._over = False
        self._buffer = bytearray()
        self._began = self._received = self._sent = now
        login = f"{username:<6}{password.text:<10}{session:<10}{sequence:>20}"
        self._put("L", login.encode("ascii"))

    def __repr__(self) -> str:
        return f"<Session accepted={self.accepted} next={self._next}>"

    def send(self, message: bytes, now: float) -> None:
        """Puts one SBE message into `outgoing`."""
        assert self.accepted, "commands come behind the login"
        if len(message) > _COMMAND_MAX:
            raise ValueError(f"a message of {len(message)} bytes is above {_COMMAND_MAX}")
        self._sent = now
        self._put("U", message)

    def logout(self) -> None:
        self._put("O", b"")

    def _put(self, kind: str, rest: bytes) -> None:
        self.outgoing += _LENGTH.pack(1 + len(rest)) + kind.encode() + rest

    def receive(self, octets: bytes, now: float) -> list[Packet]:
        """The packets that are whole with `octets`, which may end anywhere. ProtocolError where the
        bytes are none of session.md's; what was whole before them is lost with the connection."""
        self._received = now
        self._buffer += octets
        packets, start, end = [], 0, len(self._buffer)
        while end - start >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._buffer, start)
            first = start + _LENGTH.size
            if length == 0:
                raise ProtocolError("a packet of length 0: is this a market's address?")
            self._check_kind(bytes(self._buffer[first : first + 1]), length)
            if end - first < length:
                break
            packets.append(self._packet(bytes(self._buffer[first : first + length])))
            start = first + length
        del self._buffer[:start]
        return packets

    def _check_kind(self, kind: bytes, length: int) -> None:
        """Judged as soon as it is there, so that garbage does not wait for its 'length'."""
        if not kind:
            return
        name = kind.decode("latin-1")
        if name not in "AJSUHZ+":
            raise ProtocolError(f"a packet of type {name!r}: is this a market's address?")
        if length != _SIZES.get(name, length) or (name == "U" and length < 2):
            raise ProtocolError(f"a packet of type {name} has length {length}")
        if not self.accepted and name in "SUZ":
            raise ProtocolError(f"a packet of type {name} before the login's answer")
        if (self.accepted and name in "AJ") or (self._over and name == "S"):
            raise ProtocolError(f"a packet of type {name} where none belongs")

    def _packet(self, octets: bytes) -> Packet:
        kind, rest = chr(octets[0]), octets[1:]
        if kind == "S":
            self._next += 1
            return Sequenced(self._next - 1, rest)
        if kind == "A":
            return self._accept(rest)
        if kind == "U" and rest[:1] == _TOKEN.encode():
            return DayToken(_token(rest[1:]))
        if kind in "+U":
            return Said(rest.decode("ascii", "replace"))
        if kind == "J":
            return Refused(rest.decode("ascii", "replace"))
        if kind == "Z":
            self._over = True
            return EndOfSession()
        return Heartbeat()

    def _accept(self, rest: bytes) -> Accepted:
        name, number = rest[:10].strip(), rest[10:].strip()
        if not name.isalnum() or not number.isdigit() or int(number) == 0:
            raise ProtocolError("the login's answer names no session and sequence")
        if self._asked not in (0, int(number)):
            raise ProtocolError(f"asked for message {self._asked}, offered {int(number)}")
        self.accepted, self._next = True, int(number)
        return Accepted(name.decode(), int(number))

    def poll(self, now: float) -> None:
        """Puts a heartbeat into `outgoing` where one is due. NotConnected where the server has been
        silent for too long."""
        if not self.accepted and now - self._began >= LOGIN_S:
            raise NotConnected(f"no answer to the login in {LOGIN_S:.0f} s")
        if now - self._received >= SILENT_S:
            raise NotConnected(f"nothing from the market for {SILENT_S:.0f} s")
        if self.accepted and now - self._sent >= HEARTBEAT_S:
            self._sent = now
            if not self.outgoing:  # what waits there is as good as a heartbeat
                self._put("R", b"")

    def wait_s(self, now: float) -> float:
        """Seconds until `poll` has something to do."""
        due = self._received + SILENT_S
        due = min(due, self._sent + HEARTBEAT_S if self.accepted else self._began + LOGIN_S)
        return max(0.0, due - now)


def _token(octets: bytes) -> Secret:
    text = octets.decode("latin-1")
    if len(text) != _TOKEN_SIZE or not text.isascii() or not text.isprintable():
        raise ProtocolError("the day token is not of ten characters")
    return Secret(text)
