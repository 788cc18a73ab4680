"""A real TCP server that speaks spec/session.md, written out by hand, with faults to order."""

import contextlib
import socket
import struct
import threading
from collections import deque
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from client.exchange import Exchange

PASSWORD, TOKEN, SESSION = "open sesam", "K7QX2MZ4PA", "20260105TR"


@dataclass
class Plan:
    """What befalls one connection."""

    refuse: str = ""  # answer the login with `J` and this reason
    text: str = ""  # said before a refusal or a cut
    cut_out: int | None = None  # cut when so many bytes have been sent
    cut_in: int | None = None  # cut when so many commands were read; the last of them is lost
    mute: bool = False  # never answers anything


def packet(kind: str, rest: bytes = b"") -> bytes:
    return struct.pack(">H", 1 + len(rest)) + kind.encode() + rest


class Market:
    """Serves an exchange at `address`. `plans` are for the connections to come, in their order;
    `logins` has what each said: username, password, session, sequence."""

    def __init__(self, exchange: Exchange, *plans: Plan) -> None:
        self.exchange = exchange
        self.plans = deque(plans)
        self.logins: list[tuple[str, str, str, str]] = []
        self.session = SESSION
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._lines: list[_Line] = []
        self._threads: list[threading.Thread] = []
        self._start(self._accept)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def sent(self) -> int:
        """Bytes that the last connection was sent."""
        return self._lines[-1].sent

    def close(self) -> None:
        with contextlib.suppress(OSError):  # wakes `accept`
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut("")
        for thread in self._threads:
            thread.join()

    def cut(self, text: str) -> None:
        """Cuts off who is there, saying why."""
        for line in list(self._lines):  # not those that come back meanwhile
            line.cut(text)

    def _start(self, act: object) -> None:
        assert callable(act)
        thread = threading.Thread(target=act, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                made, _ = self._listener.accept()
                made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                plan = self.plans.popleft() if self.plans else Plan()
                line = _Line(self, made, plan)
                self._lines.append(line)
                self._start(line.read)


class _Line:
    """One connection: a thread that reads; from the login on another that writes."""

    def __init__(self, market: Market, made: socket.socket, plan: Plan) -> None:
        self.market, self.made, self.plan = market, made, plan
        self.exchange = market.exchange
        self.sent = 0
        self.is_cut = False
        self.lock = threading.Lock()

    def read(self) -> None:
        file = self.made.makefile("rb")
        commands = 0
        with contextlib.suppress(OSError, ValueError), file:
            while len(head := file.read(3)) == 3:
                length, kind = struct.unpack(">Hc", head)
                rest = file.read(length - 1)
                if kind == b"L":
                    self._login(rest.decode("ascii"))
                elif kind == b"O":
                    break
                elif kind == b"U":
                    commands += 1
                    if commands == self.plan.cut_in:
                        break
                    self.exchange.receive(rest)
        self.cut(self.plan.text)
        self.made.close()

    def _login(self, text: str) -> None:
        login = text[:6].strip(), text[6:16].strip(), text[16:26].strip(), text[26:].strip()
        assert len(text) == 46
        self.market.logins.append(login)
        _, password, session, sequence = login
        if self.plan.mute:
            return
        reason = "" if password in (PASSWORD, TOKEN) else "A"
        count = len(self.exchange.stream)
        if session not in ("", self.market.session) or int(sequence) > count + 1:
            reason = "S"
        if reason := self.plan.refuse or reason:
            text = packet("+", self.plan.text.encode()).decode() if self.plan.text else ""
            self.send(text.encode() + packet("J", reason.encode()))
            self.plan.text = ""
            self.cut("")
            return
        for other in self.market._lines:
            if other is not self and not other.is_cut:
                other.cut("EVICTED: another login of this user")
        first = int(sequence) or count + 1
        self.send(packet("A", f"{self.market.session:<10}{first:>20}".encode()))
        if password == PASSWORD:
            self.send(packet("U", b"T" + TOKEN.encode()))
        self.market._start(lambda: self._write(first - 1))

    def _write(self, at: int) -> None:
        """Everything there is goes out as one burst, as a gateway that has fallen behind would."""
        while not self.is_cut:
            with self.exchange.grown:
                while not (len(self.exchange.stream) > at or self.exchange.is_over or self.is_cut):
                    self.exchange.grown.wait()
                burst = self.exchange.stream[at:]
                over = self.exchange.is_over
            at += len(burst)
            self.send(b"".join(packet("S", message) for message in burst))
            if over:
                self.send(packet("Z"))
                return

    def send(self, octets: bytes) -> None:
        limit = self.plan.cut_out
        with self.lock, contextlib.suppress(OSError):
            if self.is_cut:
                return
            left = len(octets) if limit is None else limit - self.sent
            self.made.sendall(octets[: max(0, left)])
            self.sent += len(octets)
        if limit is not None and self.sent >= limit:
            self.cut(self.plan.text)

    def cut(self, text: str) -> None:
        with self.lock, contextlib.suppress(OSError):
            if self.is_cut:
                return
            self.is_cut = True
            if text:
                self.made.sendall(packet("+", text.encode()))
            self.made.shutdown(socket.SHUT_RDWR)
        with self.exchange.grown:
            self.exchange.grown.notify_all()
