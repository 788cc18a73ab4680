"""Who sits where: the rows of sessions, how they begin and how they end.

What is done here happens in the market's thread, between two calls of the compiled loop.
"""

import select
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from twinex.venue.gateway import calls, rows, soup, streams
from twinex.venue.gateway.door import Guest

ENDINGS = {
    rows.LOST: "",  # nobody is there to be told
    rows.LOGGED_OUT: "",
    rows.PACKET_INVALID: "PACKET_INVALID: that is no packet of this protocol",
    rows.MESSAGE_SHORT: "MESSAGE_SHORT: a message has at least 8 bytes",
    rows.LISTENS_ONLY: "LISTENS_ONLY: a drop copy sends no commands",
    rows.SILENT: "SILENT: nothing came for too long, not even a heartbeat",
    rows.SLOW_READER: "SLOW_READER: nothing was read for too long; log in and go on",
    rows.EVICTED: "EVICTED: this user has logged in again",
    rows.KICKED: "KICKED: by the operator",
    rows.CLOSING: "CLOSING: the server ends",
}
_NAMES = {
    rows.LOST: "LOST",
    rows.LOGGED_OUT: "LOGGED_OUT",
    **{why: text.partition(":")[0] for why, text in ENDINGS.items() if text},
}


@dataclass
class _Taken:
    """What Python keeps of a session."""

    connection: socket.socket
    user: str
    address: str


class Seats:
    """The rows of `lines` and who has them. `part(connection, packets)`: last words, and close.

    `on_session(what, user, address)`: logins and endings. Where the index is asked for, it is the
    present one: it moves when it grows.
    """

    def __init__(
        self,
        epoll: select.epoll,
        lines: rows.Lines,
        part: Callable[[socket.socket, bytes], None],
        on_session: Callable[[str, str, str], None],
    ) -> None:
        self._epoll, self._lines, self._part, self._on_session = epoll, lines, part, on_session
        self._taken: dict[int, _Taken] = {}
        self._rows: dict[str, int] = {}  # by user
        self._free = list(range(len(lines.sessions) - 1, 0, -1))

    def users(self) -> dict[str, str]:
        """Who is logged in, and from where."""
        there = ((taken.user, taken.address) for taken in self._taken.values())
        return dict(sorted(there))

    def has_room_for(self, user: str) -> bool:
        """Is there a row for this user, free or its own?"""
        return bool(self._free) or user in self._rows

    def take(self, index: streams.Index, guest: Guest, stream: int, following: int) -> None:
        """A row for a session that begins with message `following` (from 0) of its stream.

        Raises OSError where the system has no room for one more.
        """
        lines, row, fd = self._lines, self._free[-1], guest.connection.fileno()
        self._epoll.register(fd, 0)
        self._free.pop()
        lines.sessions[row] = np.zeros((), rows.SESSION)
        session, now = lines.sessions[row], time.monotonic_ns()
        session["fd"], session["stream"], session["seat"] = fd, stream, guest.user.seat
        session["next"], session["limit"] = following, guest.user.messages_per_s
        session["heard_ns"] = session["sent_ns"] = now
        if following > 0:
            session["chunk"] = streams.find_chunk(index, stream, following - 1)
        lines.state[0]["high"] = max(int(lines.state[0]["high"]), row + 1)
        index.streams[stream]["session"] = -row
        _wake(index, row)
        watch(self._epoll, fd, row)
        self._taken[row] = _Taken(guest.connection, guest.user.name, guest.address)
        self._rows[guest.user.name] = row
        self._on_session("LOGIN", guest.user.name, guest.address)

    def end_those_that_ended(self, index: streams.Index) -> None:
        """Those of whom the compiled loop has said so."""
        endings = self._lines.sessions["ending"]
        for row in np.flatnonzero(endings).tolist():
            self._end(index, row, int(endings[row]))

    def end_user(self, index: streams.Index, user: str, why: int) -> bool:
        """End the session of a user; False if it has none."""
        row = self._rows.get(user, 0)
        if row:
            self._end(index, row, why)
        return bool(row)

    def end_all(self, index: streams.Index, part: Callable[[socket.socket, bytes], None]) -> None:
        """The server ends: `part` as in the class."""
        self._part = part
        for row in list(self._taken):
            self._end(index, row, rows.CLOSING)

    def _end(self, index: streams.Index, row: int, why: int) -> None:
        """End the session of a row and say so to its client, where that is between two packets."""
        lines, taken = self._lines, self._taken.pop(row)
        session = lines.sessions[row]
        del self._rows[taken.user]
        whole = session["out_start"] == session["out_end"]
        text = ENDINGS[why] if whole else ""
        if session["ending"]:
            lines.state[0]["ended"] -= 1
        index.streams[int(session["stream"])]["session"] = 0
        _forget_waiting(lines, row)
        _forget_woken(index, row)
        lines.sessions[row] = np.zeros((), rows.SESSION)
        self._epoll.unregister(taken.connection.fileno())
        self._part(taken.connection, soup.debug(text) if text else b"")
        self._free.append(row)
        self._on_session(_NAMES[why], taken.user, taken.address)


def watch(epoll: select.epoll, fd: int, row: int) -> None:
    """Wake for what comes there, under the number `row`: `select` would name the descriptor."""
    calls.modify(epoll.fileno(), fd, np.zeros(1, calls.READY), calls.EPOLLIN, row)


def _wake(index: streams.Index, row: int) -> None:
    state = index.state[0]
    index.woken[int(state["woken"])] = row
    state["woken"] += 1


def _forget_woken(index: streams.Index, row: int) -> None:
    there = index.woken[: int(index.state[0]["woken"])]
    kept = there[there != row]
    index.woken[: len(kept)] = kept
    index.state[0]["woken"] = len(kept)


def _forget_waiting(lines: rows.Lines, row: int) -> None:
    state, ring = lines.state[0], lines.waiting
    places = int(state["waiting_first"]) + np.arange(int(state["waiting"]))
    there = ring[places % len(ring)]
    kept = there[there != row]
    ring[: len(kept)] = kept
    state["waiting_first"], state["waiting"] = 0, len(kept)
