"""The gateway's compiled loop: bytes of sockets to commands, events to bytes of sockets.

One turn: take what has come from each connection, sequence and apply it as one batch, commit it,
index its events by stream, send each session its own. The loop leaves for Python where something
rare is due, says what, and goes on at the same stage when it is called again.
"""

from typing import NamedTuple

import numpy as np

from twinex.venue.compiler import inlined, inner, kernel
from twinex.venue.core import state
from twinex.venue.gateway import calls
from twinex.venue.gateway.rows import LOST, Lines, lines_tables
from twinex.venue.gateway.sessions import (
    end,
    is_full,
    look_after,
    next_waiting,
    read_line,
    write_line,
)
from twinex.venue.gateway.streams import Index, index_tables, route_events
from twinex.venue.journal.gate import publish_words
from twinex.venue.sequencer import Frames, sequence
from twinex.venue.wire.schema import FRAME, union_view

LOOK_NS = 50_000_000  # how often time is looked after
TICK_NS = 500_000_000  # how often Python looks at its clocks

# Why the loop left; SHORT + what is short (`core.state.SHORT_...`).
BELL, ENDED, COMMIT, ROOM, TICK, SHORT = 1, 2, 3, 4, 5, 16
_BROKEN = calls.EPOLLHUP | calls.EPOLLERR
_COLLECT, _SEQUENCE, _COMMIT, _ROUTE, _FLUSH = range(5)

LOOP = np.dtype(
    [
        ("stage", "i8"),
        ("place", "i8"),  # byte of the batch that is sequenced next
        ("frame_bytes", "i8"),  # of the frame at which something was short
        ("durable", "i8"),  # 1: Python commits
        ("events_address", "i8"),  # of the segment's first byte
        ("routed", "i8"),  # byte of the segment up to which events are indexed
        ("journal_base", "i8"),  # stream offset of the segments' first byte
        ("events_base", "i8"),
        ("spin_ns", "i8"),  # how long it looks without sleeping when nothing comes
        ("idle_ns", "i8"),  # since when nothing came; 0: something did
        ("looked_ns", "i8"),
        ("ticked_ns", "i8"),
        ("first", "i8"),  # of what is ready that is read first
        ("turns", "i8"),
        ("batches", "i8"),
        ("commands", "i8"),
    ]
)


class Loop(NamedTuple):
    """What the loop stands on beside core and journal."""

    loop: np.ndarray  # one row of LOOP
    lines: Lines
    routes: Index
    frames: Frames  # over `lines.batch`
    ready: np.ndarray  # of calls.READY
    scratch: np.ndarray  # int64[2]
    gate: np.ndarray  # words of the release gate


def batch_frames(batch: np.ndarray) -> Frames:
    """Views of the batch's bytes as the sequencer takes them; the end is spare."""
    assert len(batch) % 8 == 0
    return Frames(batch.view(np.int64), union_view(batch, FRAME))


@inlined
def _timeout_ms(loop, lines, index):
    """How long to sleep for what comes: not at all while something is on its way."""
    if lines.state[0]["waiting"] > 0 or index.state[0]["woken"] > 0:
        return 0
    if loop["idle_ns"] == 0 or lines.state[0]["now_ns"] - loop["idle_ns"] < loop["spin_ns"]:
        return 0
    return LOOK_NS // 1_000_000


@inner
def _collect(loop, lines, index, ready, scratch):
    """Wait for bytes and read them in turn. True if the bell rang."""
    count = calls.wait(lines.state[0]["epoll"], ready, _timeout_ms(loop, lines, index))
    now = calls.steady_time(scratch)
    lines.state[0]["now_ns"] = now
    if count > 0:
        loop["idle_ns"] = 0
    elif loop["idle_ns"] == 0:
        loop["idle_ns"] = now
    rang = False
    _read_waiting(lines)
    for step in range(count):
        one = ready[(loop["first"] + step) % count]
        row, events = np.int64(one["user"]), one["events"]
        if row == 0:
            rang = True
            continue
        session = lines.sessions[row]
        if session["ending"] != 0 or session["fd"] == 0:
            continue
        if events & calls.EPOLLOUT != 0:
            write_line(lines, index, row)
        if events & (calls.EPOLLIN | _BROKEN) != 0 and session["waits"] == 0:
            if session["held"] == 0:
                read_line(lines, row)
            elif events & _BROKEN != 0:  # that cannot be unwatched: the loop would spin on it
                end(lines, session, LOST)
    loop["first"] += 1
    loop["turns"] += 1
    return rang


@inlined
def _read_waiting(lines):
    """Sessions with whole packets left from turns before; where the batch is full, the next one
    waits on at the head: who fills batches alone does not keep others out."""
    for _ in range(lines.state[0]["waiting"]):
        if is_full(lines):
            return
        row = next_waiting(lines)
        session = lines.sessions[row]
        session["waits"] = 0
        if session["ending"] == 0 and session["fd"] != 0:
            read_line(lines, row)


@inlined
def _flush(lines, index):
    """Send each session that has something new."""
    count = index.state[0]["woken"]
    index.state[0]["woken"] = 0
    for place in range(count):
        # What is woken again meanwhile goes to the front, behind the places read already.
        write_line(lines, index, np.int64(index.woken[place]))


@inlined
def _publish(core, journal, gate, loop):
    now, tail = core.now[0], journal.tail[0]
    publish_words(
        gate,
        tail["sequence"],
        loop["journal_base"] + tail["position"],
        loop["events_base"] + (now["event_position"] << 3),
        np.int64(now["day"] == 2),
    )


@kernel
def serve(core, journal, all_of_it, service_times):
    """Turn after turn, until something is due in Python; what."""
    loop = all_of_it.loop[0]
    lines, index = lines_tables(all_of_it.lines), index_tables(all_of_it.routes)
    while True:
        if loop["stage"] == _COLLECT:
            rang = _collect(loop, lines, index, all_of_it.ready, all_of_it.scratch)
            loop["stage"] = _SEQUENCE if lines.state[0]["batch_end"] > 0 else _FLUSH
            loop["place"] = 0
            if rang:
                return np.int64(BELL)
        if loop["stage"] == _SEQUENCE:
            due = _sequence(core, journal, all_of_it, loop, lines, service_times)
            if due != 0:
                return due
        if loop["stage"] == _COMMIT:
            loop["stage"] = _ROUTE
            if loop["durable"] != 0:
                return np.int64(COMMIT)
            _publish(core, journal, all_of_it.gate, loop)
        if loop["stage"] == _ROUTE:
            end = core.now[0]["event_position"] << 3
            reached = route_events(
                index, loop["events_address"] + loop["routed"], loop["events_address"] + end
            )
            loop["routed"] = reached - loop["events_address"]
            if loop["routed"] < end:
                return np.int64(ROOM)
            loop["stage"] = _FLUSH
        _flush(lines, index)
        loop["stage"] = _COLLECT
        now = lines.state[0]["now_ns"]
        if now - loop["looked_ns"] > LOOK_NS:
            loop["looked_ns"] = now
            look_after(lines, index)
        if lines.state[0]["ended"] > 0:
            return np.int64(ENDED)
        if now - loop["ticked_ns"] > TICK_NS:
            loop["ticked_ns"] = now
            return np.int64(TICK)


@inlined
def _sequence(core, journal, all_of_it, loop, lines, service_times):
    """The batch, sequenced and applied; what is short if something is, else 0."""
    frames = all_of_it.frames
    clock_ns = calls.real_time(all_of_it.scratch)
    state_of_lines = lines.state[0]
    short, place = sequence(
        core, journal, frames, loop["place"], state_of_lines["batch_end"], clock_ns, service_times
    )
    loop["place"] = place
    if short != state.SHORT_NOTHING:
        assert short != state.BAD_FRAME, "frames of the batch are whole"
        loop["frame_bytes"] = np.int64(frames.frames[place >> 3]["length"])
        return np.int64(SHORT) + short
    loop["commands"] += state_of_lines["batch_commands"]
    loop["batches"] += 1
    state_of_lines["batch_end"] = state_of_lines["batch_commands"] = 0
    loop["stage"] = _COMMIT
    return np.int64(0)
