"""A member's program that may lose its connection at any byte: it resumes, and sends again what was
not answered. What it has received over all its connections is one stream."""

import random

from talk import PASSWORD, Line, login, packet

from twinex.venue.wire.messages import decode

ANSWERS = {"order_accepted", "command_rejected", "command_repeated"}


class Member:
    """`orders` by client id are to be entered once each. `received`: the stream so far."""

    def __init__(self, name: str, orders: dict[int, bytes], source: random.Random) -> None:
        self.name, self.source = name, source
        self.received: list[bytes] = []
        self.open = dict(orders)
        self.token = ""
        self.line: Line

    def begin(self, address: tuple[str, int]) -> None:
        """Log in where the stream goes on."""
        following = len(self.received) + 1
        self.line = Line(address, login(self.name, self.token or PASSWORD, following))
        self.line.may_break = True
        assert self.line.begin()[1] == following

    def send(self, most: int) -> int:
        """Some of what is open, all in one burst; it may end inside a packet.

        How many were whole.
        """
        chosen = list(self.open.values())[:most]
        octets = b"".join(packet("U", message) for message in chosen)
        cut = self.source.choice((len(octets), self.source.randint(0, len(octets))))
        try:
            self.line.send(octets[:cut])
        except ConnectionError:
            return 0
        ends, whole = 0, 0
        for message in chosen:
            ends += 3 + len(message)
            whole += ends <= cut
        return whole

    def read(self, most: int) -> bool:
        """So many messages of the stream; False where it ended."""
        while most and (found := self.line.next()):
            if found.kind == "U":
                self.token = found.rest[1:].decode()
            if found.kind != "S":
                continue
            most -= 1
            self.received.append(found.rest)
            message = decode(found.rest)
            if message.name in ANSWERS:
                self.open.pop(message.fields["client_id"], None)
        return not most

    def cut(self) -> None:
        """The connection goes, in one of the ways in which connections go."""
        if self.source.random() < 0.5:
            self.line.reset()
        else:
            self.line.close()

    def finish(self, address: tuple[str, int]) -> None:
        """All that is open, until it is answered."""
        self.begin(address)
        for message in self.open.values():
            self.line.command(message)
        while self.open:
            assert self.read(1), "the connection ended"

    def hold(self, address: tuple[str, int], orders: dict[int, bytes]) -> None:
        """The stream read again from 1 is what was received; each order was accepted once."""
        self.line.close()
        again = Line(address, login(self.name, self.token))
        again.begin()
        stream = again.messages()
        assert [next(stream) for _ in self.received] == self.received
        names = [decode(each) for each in self.received]
        accepted = [each.fields["client_id"] for each in names if each.name == "order_accepted"]
        assert sorted(accepted) == sorted(orders)
