"""A client for tests, written from spec/session.md alone: packets by hand over a real socket."""

import os
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from twinex.venue.gateway.gateway import Gateway
from twinex.venue.gateway.users import User, Users, hash_password
from twinex.venue.opening import OpenMarket
from twinex.venue.venue import Venue
from twinex.venue.wire.messages import Message, decode, encode

PASSWORD = "secret"
_HASH = hash_password(PASSWORD)  # scrypt is slow by design: once for all users of the tests
PATIENCE_S = 60.0


class Packet(NamedTuple):
    kind: str
    rest: bytes

    @property
    def message(self) -> Message:
        return decode(self.rest)


def packet(kind: str, rest: bytes = b"") -> bytes:
    return struct.pack(">H", 1 + len(rest)) + kind.encode() + rest


def login(user: str, password: str = PASSWORD, sequence: object = 1, session: str = "") -> bytes:
    text = f"{user:<6}{password:<10}{session:<10}{sequence!s:>20}"
    return packet("L", text.encode())


OPEN: list["Line"] = []  # closed behind every test


class Line:
    """A connection. `next()` is the next packet that is no heartbeat, None at the end."""

    def __init__(
        self, address: tuple[str, int], first: bytes = b"", receive_bytes: int = 0
    ) -> None:
        self.socket = socket.socket()
        OPEN.append(self)
        if receive_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.socket.settimeout(PATIENCE_S)
        self.socket.connect(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""
        self.sequence = 0  # of the next message, once logged in
        self.heartbeats = 0
        self.may_break = False  # the other end may be killed: inside a packet, too
        self.send(first)

    def send(self, octets: bytes) -> None:
        self.socket.sendall(octets)

    def command(self, message: bytes) -> None:
        self.send(packet("U", message))

    def next(self) -> Packet | None:
        while True:
            found = self._cut()
            if found is None:
                try:
                    more = self.socket.recv(1 << 16)
                except ConnectionError:
                    more = b""
                if not more:
                    assert self.may_break or not self._buffer, "it ended inside a packet"
                    return None
                self._buffer += more
            elif found.kind != "H":
                self.sequence += found.kind == "S"
                return found
            else:
                self.heartbeats += 1

    def _cut(self) -> Packet | None:
        if len(self._buffer) < 2:
            return None
        end = 2 + struct.unpack_from(">H", self._buffer)[0]
        if len(self._buffer) < end:
            return None
        octets, self._buffer = self._buffer[2:end], self._buffer[end:]
        return Packet(chr(octets[0]), octets[1:])

    def begin(self) -> tuple[str, int]:
        """The session's name and the sequence of the first message: a login that is accepted."""
        answer = self.next()
        assert answer is not None
        assert answer.kind == "A", answer
        self.sequence = int(answer.rest[10:])
        told = self.next()
        assert told is not None
        assert (told.kind, told.rest[:1]) == ("U", b"N"), told
        self.next_to_come = int(told.rest[1:])
        return answer.rest[:10].decode(), self.sequence

    def messages(self) -> Iterator[bytes]:
        """Sequenced messages, to the end."""
        while found := self.next():
            if found.kind == "S":
                yield found.rest

    def until(self, name: str, **fields: Any) -> Message:
        """The next message of that name with these fields."""
        for octets in self.messages():
            message = decode(octets)
            if message.name == name and fields.items() <= message.fields.items():
                return message
        raise AssertionError(f"no {name} with {fields} came")

    def last(self) -> Packet | None:
        """The last packet of a connection that the server ends."""
        last = None
        while found := self.next():
            last = found
        return last

    def reset(self) -> None:
        """Close it as a program that dies: the other end is told by a reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def close(self) -> None:
        self.socket.close()


@contextmanager
def serving(venue: Venue, names: tuple[str, ...], **options: Any) -> Iterator[Gateway]:
    """A gateway on a thread, with users of these names; what it raised is raised here."""
    users = options.pop("users", None) or Users(User(name, _HASH) for name in names)
    gateway = Gateway(venue, users, **options)
    raised: list[BaseException] = []

    def run() -> None:
        try:
            gateway.run()
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=run, name="market")
    thread.start()
    gateway.ask(lambda: None).exception()  # it serves, or has raised
    try:
        yield gateway
    finally:
        gateway.stop()
        thread.join()
    if raised:
        raise raised[0]


def user(name: str, **options: Any) -> User:
    return User(name, _HASH, **options)


def order(market: OpenMarket, client_id: int, account: int = 1, side: int = 0) -> bytes:
    """A lot at the lower limit, or sold at the upper: it rests."""
    one = next(iter(market.instruments.values()))
    price = int((one.lower_limit if side == 0 else one.upper_limit) * 10_000)
    fields = {"instrument": one.number, "account": account, "price": price, "quantity": 1}
    return encode("order_enter", client_id=client_id, side=side, **fields)


def cancel(client_id: int) -> bytes:
    """A cancel of nothing: a command that is refused by one event."""
    return encode("order_cancel", client_id=client_id)


def open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def connected(gateway: Gateway, name: str, sequence: int = 1, **options: Any) -> Line:
    """A session that has begun."""
    line = Line(gateway.address, login(name, sequence=sequence), **options)
    line.begin()
    return line
