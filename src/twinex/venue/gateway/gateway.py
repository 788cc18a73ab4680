"""The gateway, wired: door -> sessions -> the compiled loop around the venue's core.

    gateway = Gateway(venue, users, port=5001)
    threading.Thread(target=gateway.run).start()      # or run() in the main thread
    gateway.submit(frames)                            # the exchange's own commands, from any thread
    gateway.stop()

`run` holds the thread that everything of the market happens in. Other threads ring its bell.
"""

import contextlib
import os
import queue
import select
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future

import numpy as np

from twinex.venue.gateway import calls, loop, rows, soup, streams
from twinex.venue.gateway.door import Door, Guest, dismiss
from twinex.venue.gateway.rows import PATIENCE, Patience
from twinex.venue.gateway.seats import ENDINGS, Seats, watch
from twinex.venue.gateway.users import User, Users
from twinex.venue.journal.layout import HEAD_BYTES
from twinex.venue.venue import Venue, VenueStopped

SESSIONS_MOST = 1024
_READY_MOST = 256
_NO_DAY = 0  # of a venue whose day is not open


class GatewayClosed(Exception):  # noqa: N818
    """The gateway has stopped: what was asked of it was not done."""


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
        patience: Patience = PATIENCE,
        on_session: Callable[[str, str, str], None] | None = None,
    ) -> None:
        """Listens at once; nobody comes in before `run`. `port` 0: one that is free (`address`).

        `spin_us`: how long the loop looks for work before it sleeps: longer is quicker to answer
        and keeps a processor busy. `on_session(what, user, address)`, in the market's thread:
        logins and endings. Raises VenueError where a day on disk is not open.
        """
        assert venue.day  # raises where there is none
        listener = socket.create_server((host, port), backlog=1024)
        self.address: tuple[str, int] = listener.getsockname()[:2]
        self._venue = venue
        self._tell_of_session = on_session
        self._guests: queue.SimpleQueue[Guest] = queue.SimpleQueue()
        self._asked: queue.SimpleQueue[tuple[Callable[[], object], Future[object]]]
        self._asked = queue.SimpleQueue()
        self._ran = self._closed = False
        self._stopping = threading.Event()
        self._closing = threading.RLock()  # a signal's handler may stop a thread that holds it
        self._held: list[np.ndarray] = []  # event segments
        self._epoll = select.epoll()
        self._bell = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._epoll.register(self._bell, 0)
        watch(self._epoll, self._bell, 0)
        self._all = self._make(sessions_most, patience)
        self._all.loop[0]["spin_ns"] = spin_us * 1_000
        self._door = Door(
            listener, users, self._admit, self._trading_day, self._alarm, patience.login
        )
        self._seats = Seats(self._epoll, self._all.lines, self._door.leave, self._note_session)

    def _make(self, sessions: int, patience: Patience) -> loop.Loop:
        lines = rows.empty_lines(sessions, self._epoll.fileno(), patience)
        return loop.Loop(
            np.zeros(1, loop.LOOP),
            lines,
            streams.empty_index(sessions=sessions),
            loop.batch_frames(lines.batch),
            np.zeros(_READY_MOST, calls.READY),
            np.zeros(2, np.int64),
            np.zeros(0, np.int64),
        )

    def _trading_day(self) -> int:
        return int(self._venue.core.now[0]["trading_day"])

    # -- from other threads ------------------------------------------------------------------

    def _ring(self) -> None:
        """Once it is closed the bell's descriptor may be anybody's file: nobody rings it then."""
        with self._closing:
            if not self._closed:
                os.eventfd_write(self._bell, 1)

    def _admit(self, guest: Guest) -> None:
        self._guests.put(guest)
        self._ring()

    def _alarm(self, text: str) -> None:
        """Tell a person, by the market's thread."""
        self.ask(lambda: self._venue.watch.say(text))

    def ask(self, what: Callable[[], object]) -> "Future[object]":
        """Have the market's thread do something; its result. GatewayClosed when it has ended."""
        future: Future[object] = Future()
        with self._closing:
            if self._closed:
                future.set_exception(GatewayClosed("the gateway has stopped"))
                return future
            self._asked.put((what, future))
            self._ring()
        return future

    def submit(self, frames: np.ndarray) -> "Future[object]":
        """Commands of the exchange (as `Venue.submit`); their event bytes."""
        return self.ask(lambda: self._venue.submit(frames).tobytes())

    def kick(self, user: str) -> "Future[object]":
        """Cut a user's session off; False if it had none."""
        return self.ask(lambda: self._seats.end_user(self._all.routes, user, rows.KICKED))

    def stop(self) -> None:
        """Let `run` return: sessions are cut off, the venue stays as it is."""
        self._stopping.set()
        self._ring()

    def wait_stopped(self, seconds: float) -> bool:
        """Wait that long, or until the gateway is told to stop; whether it was."""
        return self._stopping.wait(seconds)

    # -- the market's thread -----------------------------------------------------------------

    def status(self) -> dict[str, object]:
        """What there is to see of it now (`ask` for it from another thread)."""
        lines = self._all.lines.state[0]
        return {
            "address": f"{self.address[0]}:{self.address[1]}",
            "trading_day": self._trading_day(),
            "sequence": self._venue.sequence,
            **self._venue.statistics()._asdict(),
            "sessions": self._seats.users(),
            "bytes_in": int(lines["bytes_in"]),
            "bytes_out": int(lines["bytes_out"]),
            "batches": int(self._all.loop[0]["batches"]),
            "door": vars(self._door.counts),
            "alarms": self._venue.watch.alarms[-5:],
        }

    def run(self) -> None:
        """Serve until `stop`, once. Raises what stopped the venue.

        While it serves, the venue's writers do not know how far the compiled loop is.
        """
        if self._ran:
            raise GatewayClosed("a gateway runs once")
        self._ran = True
        try:
            self._stand()
            self._ring()
            self._serve_once()  # compiles what is not compiled: nobody has to wait for that
            self._door.open()
            while not self._stopping.is_set():
                self._serve_once()
            self._venue.commit()
        except BaseException as error:
            self._stop_venue(error)
            raise
        finally:
            self._close()

    def _stop_venue(self, error: BaseException) -> None:
        """Unless it has stopped before, by what came first."""
        with contextlib.suppress(VenueStopped):
            # The loop has gone on behind its back: what is released must not be cleared.
            self._venue.day.events.position = self._venue.event_position
            self._venue.stop(error)

    def _serve_once(self) -> None:
        venue, row = self._venue, self._all.loop[0]
        due = int(loop.serve(venue.core, venue.journal, self._all, venue.service_times))
        if due == loop.BELL:
            os.eventfd_read(self._bell)
            self._see_to_guests()
            venue.commit()  # whoever asks finds the venue where the loop is
            self._see_to_asked()
        elif due == loop.ENDED:
            self._seats.end_those_that_ended(self._all.routes)
        elif due == loop.COMMIT:
            venue.commit()
        elif due == loop.ROOM:
            self._make_room()
        elif due == loop.TICK:
            venue.watch.read(venue.time_ns)
        else:
            venue.commit()
            self._stand()
            venue.make_room(due - loop.SHORT, int(row["frame_bytes"]))
            self._stand()

    def _make_room(self) -> None:
        self._all = self._all._replace(routes=streams.with_more_room(self._all.routes))

    def _close(self) -> None:
        """Everybody is told, nobody waits for an answer that cannot come, nothing stays open."""
        try:
            self._door.close()
        finally:
            with self._closing:
                self._closed = True
                os.close(self._bell)
            self._seats.end_all(self._all.routes, dismiss)
            self._epoll.close()
            while not self._guests.empty():
                text = ENDINGS[rows.CLOSING]
                dismiss(self._guests.get().connection, soup.debug(text))
            while not self._asked.empty():
                _, future = self._asked.get()
                if future.set_running_or_notify_cancel():
                    future.set_exception(GatewayClosed("the gateway stopped before it came to it"))

    # -- the streams -------------------------------------------------------------------------

    def _stand(self) -> None:
        """Index what is committed, segment by segment, and tell the loop where the ends lie.

        Raises VenueStopped.
        """
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
            self._make_room()

    # -- what other threads have left --------------------------------------------------------

    def _see_to_asked(self) -> None:
        """What was asked by now: whoever goes on asking waits until members had their turn."""
        for _ in range(self._asked.qsize()):
            what, future = self._asked.get()
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(what())
            except Exception as error:
                future.set_exception(error)
            except BaseException as error:
                future.set_exception(error)
                raise
            self._stand()  # it may have sent commands, and may have stopped the venue

    def _see_to_guests(self) -> None:
        for _ in range(self._guests.qsize()):
            self._receive(self._guests.get())

    def _receive(self, guest: Guest) -> None:
        """Give a guest its session, or tell it why not."""
        user, login = guest.user, guest.login
        name = soup.session_name(
            self._trading_day(), soup.DROP_COPY if user.member else soup.TRADING
        )
        stream = self._find_stream(user)
        there = int(self._all.routes.streams[stream]["length"])
        if wrong := self._what_is_wrong(guest, name, there):
            self._door.leave(guest.connection, soup.debug(wrong) + soup.refused(soup.NOT_AVAILABLE))
            return
        self._seats.end_user(self._all.routes, user.name, rows.EVICTED)
        first = login.sequence or there + 1
        hello = soup.accepted(name, first) + soup.next_to_come(there + 1)
        hello += soup.day_token(guest.token) if guest.token else b""
        try:
            whole = guest.connection.send(hello) == len(hello)
            if whole:
                self._seats.take(self._all.routes, guest, stream, first - 1)
        except OSError:
            whole = False
        if not whole:
            guest.connection.close()

    def _find_stream(self, user: User) -> int:
        number = user.member or user.seat
        while not (stream := int(streams.find_stream(self._all.routes, bool(user.member), number))):
            self._make_room()
        return stream

    def _what_is_wrong(self, guest: Guest, name: str, there: int) -> str:
        """Why a guest gets no session; empty where it does."""
        login = guest.login
        if self._trading_day() == _NO_DAY:
            return "NOT_OPEN: the market's day is not open"
        if login.session not in ("", name):
            return f"OTHER_SESSION: today's is {name}"
        if login.sequence is None or login.sequence > there + 1:
            return f"SEQUENCE_AHEAD: the next message has sequence {there + 1}"
        if not self._seats.has_room_for(guest.user.name):
            return "FULL: no more sessions: ask the exchange"
        return ""

    def _note_session(self, what: str, user: str, address: str) -> None:
        """A log that cannot be written is worth an alarm, not the market."""
        if self._tell_of_session is None:
            return
        try:
            self._tell_of_session(what, user, address)
        except Exception as error:
            self._tell_of_session = None
            self._venue.watch.say(f"on_session is not called any more: {error!r}")
