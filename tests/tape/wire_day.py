"""The venue under a tape, reached over TCP: what `VenuePlayer` asks of a system, through a session.

The member's commands go through its socket, the exchange's through the gateway. Whatever came over
the socket is held against the events at the end: all of the seat's, each once, in their order.
"""

import os
import socket
import struct
import threading

import numpy as np

from twinex.venue.core.view import Depth
from twinex.venue.events import events_of
from twinex.venue.gateway.gateway import Gateway
from twinex.venue.gateway.users import User, Users, hash_password
from twinex.venue.journal.reader import EventReader
from twinex.venue.venue import Statistics, Venue
from twinex.venue.wire.messages import decode
from twinex.venue.wire.schema import EVENTS, FRAME_HEADER_BYTES

SEAT, PASSWORD = 1, "tape"
COMMON = ("day_opened", "phase_changed", "halt_changed", "trade_busted", "trade_corrected")


class WireDay:
    """A day of the venue in memory, behind its gateway. Made with the arguments of `Venue`."""

    def __init__(self, _directory: None, *, clock, **_options: object) -> None:
        self._venue = Venue(clock=clock)
        users = Users([User(str(SEAT), hash_password(PASSWORD))])
        self._gateway = Gateway(self._venue, users)
        self._thread = threading.Thread(target=self._gateway.run)
        self._line: socket.socket | None = None
        self._received: list[bytes] = []
        self._rest = b""

    def __enter__(self) -> "WireDay":
        self._thread.start()
        self._reader = EventReader(self._venue.day.events, gate=self._venue.day.gate)
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self._check_stream()
        self._gateway.stop()
        self._thread.join()
        if self._line is not None:
            self._line.close()

    def reserve(self, **sizes: int) -> None:
        self._venue.reserve(**sizes)

    def submit(self, octets: np.ndarray) -> np.ndarray:
        """Every frame of the batch; its events, when they are released."""
        seat, packets = self._packets(octets.tobytes())
        if seat == 0:
            self._gateway.submit(octets).result()
        else:
            until = self._venue.day.gate.committed_sequence() + len(packets)
            self._session().sendall(b"".join(packets))
            while self._venue.day.gate.committed_sequence() < until:
                self._receive(socket.MSG_DONTWAIT)
                os.sched_yield()
        blocks = []
        while block := self._reader.poll():
            blocks.append(block.octets[block.start : block.end].copy())
        return np.concatenate(blocks)

    def _packets(self, batch: bytes) -> tuple[int, list[bytes]]:
        """The seat that sends all of a batch, and its packets."""
        place, seat, packets = 0, 0, []
        while place < len(batch):
            length, seat = struct.unpack_from("<ii", batch, place)
            start = place + FRAME_HEADER_BYTES
            packets.append(struct.pack(">H", length + 1) + b"U" + batch[start : start + length])
            place = start + (length + 7 & ~7)
        return seat, packets

    def _session(self) -> socket.socket:
        if self._line is None:
            self._line = socket.create_connection(self._gateway.address)
            text = f"{SEAT:<6}{PASSWORD:<10}{'':<10}{1:>20}"
            self._line.sendall(struct.pack(">H", 47) + b"L" + text.encode())
        return self._line

    def _receive(self, flags: int = 0) -> None:
        try:
            self._rest += self._session().recv(1 << 18, flags)
        except BlockingIOError:
            return
        place = 0
        while len(self._rest) - place >= 2:
            end = place + 2 + struct.unpack_from(">H", self._rest, place)[0]
            if len(self._rest) < end:
                break
            if self._rest[place + 2 : place + 3] == b"S":
                self._received.append(self._rest[place + 3 : end])
            place = end
        self._rest = self._rest[place:]

    def _check_stream(self) -> None:
        """The session's stream is the seat's events and the common ones, whole and in order."""
        everything = EventReader(self._venue.day.events, gate=self._venue.day.gate, from_sequence=1)
        due = []
        while block := everything.poll():
            events = events_of(block.octets[block.start : block.end])
            sent = [
                EVENTS[name].id
                for name, template in EVENTS.items()
                if "seat" in (template.block.names or ())
            ]
            common = [EVENTS[name].id for name in (*COMMON, "day_ended")]
            rows = events.all()
            mine = np.isin(events.templates, sent) & (rows["seat"] == SEAT)
            rows = rows[mine | np.isin(events.templates, common)]
            due += list(zip(rows["sequence"].tolist(), rows["index"].tolist(), strict=True))
        while not self._received or decode(self._received[-1]).name != "day_ended":
            self._receive()
        seen = []
        for octets in self._received:
            message = decode(octets)
            if message.name != "position_changed":
                seen.append((message.fields["sequence"], message.fields["index"]))
        assert seen == due

    def book(self, instrument: int, depth: int) -> Depth:
        return self._gateway.ask(lambda: self._venue.book(instrument, depth)).result()

    def statistics(self) -> Statistics:
        return self._gateway.ask(self._venue.statistics).result()

    def day_end_message(self, events_crc: int) -> bytes:
        return self._gateway.ask(lambda: self._venue.day_end_message(events_crc)).result()

    def service_time_ns(self, *shares: float) -> list[float]:
        return [0.0 for _ in shares]
