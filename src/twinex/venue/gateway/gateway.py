"""The gateway, wired: door -> sessions -> the compiled loop around the venue's core.

    gateway = Gateway(venue, users, port=5001)
    threading.Thread(target=gateway.run).start()      # or run() in the main thread
    gateway.submit(frames)                            # the exchange's own commands, from any thread
    gateway.stop()

`run` holds the thread that everything of the market happens in. Other threads ring its bell.
"""

import os
import queue
import select
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from twinex.venue.gateway import calls, loop, sessions, soup, streams
from twinex.venue.gateway.door import Door, Guest, refuse
from twinex.venue.gateway.users import User, Users
from twinex.venue.journal.layout import HEAD_BYTES
from twinex.venue.venue import Venue, VenueStopped
from twinex.venue.wire.messages import frame

SESSIONS_MOST = 1024
_READY_MOST = 256
_RESERVED_DAY = 0  # of a venue whose day is not open

ENDINGS = {
    sessions.LOST: "",  # nobody is there to be told
    sessions.LOGGED_OUT: "",
    sessions.PACKET_INVALID: "PACKET_INVALID: that is no packet of this protocol",
    sessions.MESSAGE_SHORT: "MESSAGE_SHORT: a message has at least 8 bytes",
    sessions.LISTENS_ONLY: "LISTENS_ONLY: a drop copy sends no commands",
    sessions.SILENT: "SILENT: nothing came for 15 seconds, not even a heartbeat",
    sessions.SLOW_READER: "SLOW_READER: nothing was read for 10 seconds; log in and go on",
    sessions.EVICTED: "EVICTED: this user has logged in again",
    sessions.KICKED: "KICKED: by the operator",
    sessions.CLOSING: "CLOSING: the server ends",
}
_NAMES = {
    sessions.LOST: "LOST",
    sessions.LOGGED_OUT: "LOGGED_OUT",
    **{why: text.partition(":")[0] for why, text in ENDINGS.items() if text},
}


class Ended(NamedTuple):
    """A session that is over: its user, from where it came, and why, by name."""

    user: str
    address: str
    why: str


@dataclass
class _Line:
    """What Python keeps of a session."""

    connection: socket.socket
    user: User
    address: str


class Gateway:
    """Members' sessions over TCP on a venue. `run` serves until `stop`."""

    def __init__(
        self,
        venue: Venue,
        users: Users,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        spin_us: int = 50,
        sessions_most: int = SESSIONS_MOST,
        on_session: Callable[[str, str, str], None] | None = None,
    ) -> None:
        """Listens at once; nobody comes in before `run`. `port` 0: one that is free (`address`).

        `spin_us`: how long the loop looks for work before it sleeps: longer is quicker to answer
        and keeps a processor busy. `on_session(what, user, address)`: logins and endings.
        """
        self._venue, self._users = venue, users
        self._on_session = on_session or (lambda *_: None)
        self._lines: dict[int, _Line] = {}
        self._rows: dict[str, int] = {}  # by user
        self._free = list(range(sessions_most - 1, 0, -1))
        self._guests: queue.SimpleQueue[Guest] = queue.SimpleQueue()
        self._asked: queue.SimpleQueue[tuple[Callable[[], object], Future[object]]]
        self._asked = queue.SimpleQueue()
        self._stopping, self._stopped = False, threading.Event()
        self._held: list[np.ndarray] = []  # event segments
        self._epoll = select.epoll()
        self._bell = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._epoll.register(self._bell, select.EPOLLIN)
        self._patch_bell()
        self._all = self._make(sessions_most)
        self._all.loop[0]["spin_ns"] = spin_us * 1_000
        self._listener = socket.create_server((host, port), backlog=1024)
        self.address: tuple[str, int] = self._listener.getsockname()[:2]
        self._door = Door(self._listener, users, self._admit, self._trading_day)

    def _patch_bell(self) -> None:
        """The bell is user 0 of the epoll set: `select.epoll` would have named its descriptor."""
        self._user(self._bell, 0, calls.EPOLLIN)

    def _user(self, fd: int, row: int, events: int) -> None:
        wish = np.zeros(1, calls.READY)
        calls.modify(self._epoll.fileno(), fd, wish, events, row)

    def _make(self, rows: int) -> loop.Loop:
        lines = sessions.empty_lines(rows)
        lines.state[0]["epoll"] = self._epoll.fileno()
        return loop.Loop(
            np.zeros(1, loop.LOOP),
            lines,
            streams.empty_index(sessions=rows),
            loop.batch_frames(lines.batch),
            np.zeros(_READY_MOST, calls.READY),
            np.zeros(2, np.int64),
            np.zeros(0, np.int64),
        )

    def _trading_day(self) -> int:
        return int(self._venue.core.now[0]["trading_day"])

    # -- from other threads ------------------------------------------------------------------

    def _ring(self) -> None:
        os.eventfd_write(self._bell, 1)

    def _admit(self, guest: Guest) -> None:
        self._guests.put(guest)
        self._ring()

    def ask(self, what: Callable[[], object]) -> "Future[object]":
        """Have the market's thread do something; its result."""
        future: Future[object] = Future()
        self._asked.put((what, future))
        self._ring()
        return future

    def submit(self, frames: np.ndarray) -> "Future[object]":
        """Commands of the exchange (as `Venue.submit`); their event bytes."""
        return self.ask(lambda: self._submit(frames))

    def kick(self, user: str) -> "Future[object]":
        """Cut a user's session off; False if it had none."""
        return self.ask(lambda: self._end(self._rows.get(user, 0), sessions.KICKED))

    def stop(self) -> None:
        """Let `run` return: sessions are cut off, the venue stays as it is."""
        self._stopping = True
        self._stopped.set()
        self._ring()

    def wait_stopped(self, seconds: float) -> bool:
        """Wait that long, or until the gateway is told to stop; whether it was."""
        return self._stopped.wait(seconds)

    # -- the market's thread -----------------------------------------------------------------

    def send_now(self, message: bytes) -> bytes:
        """One command of the exchange, by what `ask` runs on the market's thread; its events."""
        return self._submit(np.frombuffer(frame(0, message), np.uint8))

    def status(self) -> dict[str, object]:
        """What there is to see of it now (`ask` for it from another thread)."""
        row, lines, counts = self._all.loop[0], self._all.lines.state[0], self._venue.statistics()
        users = {line.user.name: line.address for line in self._lines.values()}
        return {
            "address": f"{self.address[0]}:{self.address[1]}",
            "trading_day": self._trading_day(),
            "sequence": self._venue.sequence,
            **counts._asdict(),
            "sessions": dict(sorted(users.items())),
            "bytes_in": int(lines["bytes_in"]),
            "bytes_out": int(lines["bytes_out"]),
            "batches": int(row["batches"]),
            "door": vars(self._door.counts),
            "alarms": self._venue.watch.alarms[-5:],
        }

    def run(self) -> None:
        """Serve until `stop`. Raises what stopped the venue."""
        self._stand()
        self._door.open()
        try:
            while not self._stopping:
                self._serve_once()
        except BaseException as error:
            if not isinstance(error, VenueStopped):
                self._venue.stop(error)
            raise
        finally:
            self._stopping = True
            self._door.close()
            self._close_all()

    def _serve_once(self) -> None:
        venue, row = self._venue, self._all.loop[0]
        due = int(loop.serve(venue.core, venue.journal, self._all, venue.service_times))
        if due == loop.BELL:
            os.eventfd_read(self._bell)
            self._see_to_guests()
            self._see_to_asked()
        elif due == loop.ENDED:
            self._see_to_ended()
        elif due == loop.COMMIT:
            venue.commit()
        elif due == loop.ROOM:
            self._all = self._all._replace(routes=streams.with_more_room(self._all.routes))
        elif due == loop.TICK:
            venue.watch.read(venue.time_ns)
        else:
            venue.commit()
            self._stand()
            venue.make_room(due - loop.SHORT, int(row["frame_bytes"]))
            self._stand()

    def _stand(self) -> None:
        """Index what is committed, segment by segment, and tell the loop where the ends lie."""
        row, day = self._all.loop[0], self._venue.day
        if not self._held:
            self._hold(0)
        while self._index_segment() < day.events.head.number:
            self._hold(len(self._held))
        row["durable"] = int(self._venue.durability == "disk")
        row["events_base"] = day.events.head.stream_offset - HEAD_BYTES
        row["journal_base"] = day.journal.head.stream_offset - HEAD_BYTES
        if self._all.gate is not day.gate.words:
            self._all = self._all._replace(gate=day.gate.words)

    def _hold(self, number: int) -> None:
        """Go on in the next event segment. It stays in memory: streams lie in it."""
        octets = self._venue.day.events.segment(number)
        self._held.append(octets)
        row = self._all.loop[0]
        row["events_address"], row["routed"] = int(octets.ctypes.data), HEAD_BYTES

    def _index_segment(self) -> int:
        """Index the rest of the segment that was held last; its number."""
        row, number = self._all.loop[0], len(self._held) - 1
        octets, events = self._held[number], self._venue.day.events
        end = self._venue.event_position if number == events.head.number else len(octets)
        base = int(row["events_address"])
        while True:
            reached = int(streams.route(self._all.routes, base + int(row["routed"]), base + end))
            row["routed"] = reached - base
            if row["routed"] >= end or not octets[row["routed"] : row["routed"] + 8].any():
                return number
            self._all = self._all._replace(routes=streams.with_more_room(self._all.routes))

    def _submit(self, frames: np.ndarray) -> bytes:
        events = self._venue.submit(frames)
        self._stand()
        return events.tobytes()

    # -- sessions ----------------------------------------------------------------------------

    def _see_to_guests(self) -> None:
        while True:
            try:
                guest = self._guests.get_nowait()
            except queue.Empty:
                return
            self._receive(guest)

    def _see_to_asked(self) -> None:
        while True:
            try:
                what, future = self._asked.get_nowait()
            except queue.Empty:
                return
            try:
                future.set_result(what())
            except BaseException as error:
                future.set_exception(error)
                if isinstance(error, VenueStopped):
                    raise

    def _receive(self, guest: Guest) -> None:
        """Give a guest its session, or tell it why not."""
        user, login = guest.user, guest.login
        day = self._trading_day()
        name = soup.session_name(day, soup.DROP_COPY if user.member else soup.TRADING)
        index = self._all.routes
        while not (stream := int(streams.find_stream(index, bool(user.member), _number(user)))):
            index = streams.with_more_room(index)
            self._all = self._all._replace(routes=index)
        there = int(index.streams[stream]["length"])
        wrong = ""
        if day == _RESERVED_DAY:
            wrong = "the market's day is not open"
        elif login.session not in ("", name):
            wrong = f"the session of today is {name}"
        elif login.sequence is None or login.sequence > there + 1:
            wrong = f"the next message has sequence {there + 1}"
        elif not self._free and user.name not in self._rows:
            wrong = "no more sessions: ask the exchange"
        if wrong:
            refuse(guest.connection, soup.debug(wrong) + soup.refused(soup.NOT_AVAILABLE))
            return
        self._end(self._rows.get(user.name, 0), sessions.EVICTED)
        first = login.sequence or there + 1
        hello = soup.accepted(name, first) + (soup.day_token(guest.token) if guest.token else b"")
        try:
            sent = guest.connection.send(hello)
        except OSError:
            sent = 0
        if sent < len(hello):
            guest.connection.close()
            return
        self._seat(guest, stream, first - 1)
        self._on_session("LOGIN", user.name, guest.address)

    def _seat(self, guest: Guest, stream: int, following: int) -> None:
        """A row for a session that begins with message `following` (from 0) of its stream."""
        index, lines = self._all.routes, self._all.lines
        row = self._free.pop()
        fd = guest.connection.fileno()
        session, now = lines.sessions[row], time.monotonic_ns()
        lines.sessions[row] = np.zeros((), sessions.SESSION)
        session["fd"], session["stream"], session["seat"] = fd, stream, guest.user.seat
        session["next"], session["limit"] = following, guest.user.messages_per_s
        session["heard_ns"] = session["sent_ns"] = now
        if following > 0:
            session["chunk"] = streams.find_chunk(index, stream, following - 1)
        lines.state[0]["high"] = max(int(lines.state[0]["high"]), row + 1)
        index.streams[stream]["session"] = -row
        _wake(index, row)
        self._epoll.register(fd, select.EPOLLIN)
        self._user(fd, row, calls.EPOLLIN)
        self._lines[row] = _Line(guest.connection, guest.user, guest.address)
        self._rows[guest.user.name] = row

    def _see_to_ended(self) -> None:
        lines = self._all.lines
        for row in np.flatnonzero(lines.sessions["ending"]).tolist():
            self._end(row, int(lines.sessions[row]["ending"]))

    def _end(self, row: int, why: int) -> bool:
        """End the session of a row, if there is one, and say so to its client if it listens."""
        if not row:
            return False
        lines, index = self._all.lines, self._all.routes
        session, line = lines.sessions[row], self._lines.pop(row)
        del self._rows[line.user.name]
        whole = session["out_start"] == session["out_end"]
        text = ENDINGS[why] if whole else ""
        if session["ending"]:
            lines.state[0]["ended"] -= 1
        index.streams[int(session["stream"])]["session"] = 0
        _forget(lines.waiting, lines.state[0], "waiting", row)
        _forget(index.woken, index.state[0], "woken", row)
        lines.sessions[row] = np.zeros((), sessions.SESSION)
        self._epoll.unregister(line.connection.fileno())
        if text:
            refuse(line.connection, soup.debug(text))
        line.connection.close()
        self._free.append(row)
        self._on_session(_NAMES[why], line.user.name, line.address)
        return True

    def _close_all(self) -> None:
        for row in list(self._lines):
            self._end(row, sessions.CLOSING)
        self._epoll.close()
        os.close(self._bell)


def _number(user: User) -> int:
    return user.member or user.seat


def _wake(index: streams.Index, row: int) -> None:
    state_row = index.state[0]
    index.woken[int(state_row["woken"])] = row
    state_row["woken"] += 1


def _forget(rows: np.ndarray, counts: np.void, name: str, row: int) -> None:
    """Take a session out of a list of rows."""
    there = rows[: int(counts[name])]
    kept = there[there != row]
    rows[: len(kept)] = kept
    counts[name] = len(kept)
