"""Sessions in compiled code: packets in, framed commands; messages of a stream out.

A session is a row with a part of two buffers. What it reads next from its stream is a number and a
chunk of the index: however far behind it is, nothing is kept for it.
"""

import numpy as np

from twinex.venue.compiler import apart, inlined, inner
from twinex.venue.gateway import calls
from twinex.venue.gateway.calls import address_of, copy, receive, transmit, watch_for, word_at
from twinex.venue.gateway.rows import (
    BATCH_BYTES,
    IN_BYTES,
    LISTENS_ONLY,
    LOGGED_OUT,
    LOST,
    MESSAGE_SHORT,
    OPEN,
    OUT_BYTES,
    PACKET_INVALID,
    SECOND_NS,
    SILENT,
    SLOW_READER,
)
from twinex.venue.gateway.soup import LENGTH_MAX
from twinex.venue.gateway.streams import CHUNK, wake
from twinex.venue.wire.schema import EVENT, FRAME_HEADER_BYTES, HEADER_BYTES

TURN = 32  # commands of one session at a time
_FRAME_MOST = FRAME_HEADER_BYTES + LENGTH_MAX + 8
_OUT_MOST = EVENT.itemsize + 3


@inlined
def end(lines, session, why):
    """The session is over; Python sees to it."""
    if session["ending"] == OPEN:
        session["ending"] = why
        lines.state[0]["ended"] += 1


@inlined
def wait_for(lines, row, session):
    """Read this session in the next turn, whether bytes come or not, behind those that wait."""
    if session["waits"] == 0:
        session["waits"] = 1
        state = lines.state[0]
        place = state["waiting_first"] + state["waiting"]
        lines.waiting[place if place < len(lines.waiting) else place - len(lines.waiting)] = row
        state["waiting"] += 1


@inlined
def next_waiting(lines):
    """The row whose turn is next, taken from the ring. There must be one."""
    state = lines.state[0]
    place = state["waiting_first"]
    state["waiting_first"] = place + 1 if place + 1 < len(lines.waiting) else 0
    state["waiting"] -= 1
    return np.int64(lines.waiting[place])


@inlined
def is_full(lines):
    """Is there no room in the batch for the longest command?"""
    return lines.state[0]["batch_end"] + _FRAME_MOST > BATCH_BYTES


@inner
def read_line(lines, row):
    """Take in what has come for a session, and as many of its packets as it may have now."""
    session, state = lines.sessions[row], lines.state[0]
    base = row * IN_BYTES
    start, filled = np.int64(session["in_start"]), np.int64(session["in_end"])
    if start > 0:  # what is left of a packet moves to the front
        copy(
            address_of(lines.received, base),
            address_of(lines.received, base + start),
            min(start, filled - start),
        )
        if filled - start > start:
            _move_down(lines.received, base, start, filled - start)
        session["in_start"], session["in_end"] = 0, filled - start
        filled -= start
    gone = False
    if filled < IN_BYTES:
        done = receive(session["fd"], address_of(lines.received, base + filled), IN_BYTES - filled)
        if done > 0:
            session["in_end"] = filled + done
            session["heard_ns"] = state["now_ns"]
            state["bytes_in"] += done
        else:
            gone = done != -calls.EAGAIN and done != -calls.EINTR
    _take_packets(lines, row, session, base)
    # Who said something and left is heard to the end: whole packets that wait come first.
    if gone and session["waits"] == 0 and session["held"] == 0:
        end(lines, session, LOST)


@inner
def _move_down(octets, base, start, count):
    """Bytes that lie over their own place: one after another, in blocks of `start`."""
    done = start
    while done < count:
        block = min(start, count - done)
        copy(address_of(octets, base + done), address_of(octets, base + start + done), block)
        done += block


@inlined
def _take_packets(lines, row, session, base):
    """Whole packets, up to a turn's commands."""
    octets, turn = lines.received, 0
    while session["ending"] == OPEN:
        place = base + np.int64(session["in_start"])
        there = base + np.int64(session["in_end"]) - place
        if there < 2:
            return
        length = np.int64(octets[place]) << 8 | np.int64(octets[place + 1])
        if length == 0 or length > LENGTH_MAX:
            end(lines, session, PACKET_INVALID)
            return
        if there < 2 + length:
            return
        kind = octets[place + 2]
        if kind == 0x55:  # U
            if turn == TURN or is_full(lines):
                wait_for(lines, row, session)
                return
            if _is_over_limit(lines, row, session):
                return
            _take_command(lines, session, place + 3, length - 1)
            turn += 1
        elif kind == 0x4F and length == 1:  # O
            end(lines, session, LOGGED_OUT)
        elif kind != 0x2B and (kind != 0x52 or length != 1):  # + and R
            end(lines, session, PACKET_INVALID)
        session["in_start"] += 2 + length


@inlined
def _is_over_limit(lines, row, session):
    """Has it sent what it may this second? Then it is not read until the next one."""
    second = lines.state[0]["now_ns"] // SECOND_NS
    if second != session["second"]:
        session["second"], session["taken"] = second, 0
    session["taken"] += 1
    if session["limit"] == 0 or session["taken"] <= session["limit"]:
        return False
    session["held"] = 1
    _watch(lines, row, session)
    return True


@inlined
def _take_command(lines, session, place, length):
    """The payload of a packet as a frame (`wire.messages.frame`) of the batch."""
    if session["seat"] == 0:
        end(lines, session, LISTENS_ONLY)
        return
    if length < HEADER_BYTES:
        end(lines, session, MESSAGE_SHORT)
        return
    state = lines.state[0]
    begin = state["batch_end"]
    padded = (length + 7) & ~np.int64(7)
    lines.words[begin >> 3] = length | np.int64(session["seat"]) << 32
    lines.words[(begin + FRAME_HEADER_BYTES + padded - 8) >> 3] = 0
    copy(
        address_of(lines.batch, begin + FRAME_HEADER_BYTES),
        address_of(lines.received, place),
        length,
    )
    state["batch_end"] += FRAME_HEADER_BYTES + padded
    state["batch_commands"] += 1


@inner
def write_line(lines, index, row):
    """Send what a session has not been sent: a buffer a turn, as far as its connection takes it.

    Who has left, or talked nonsense, is still told what became of the commands before.
    """
    session = lines.sessions[row]
    _fill(lines, index, row, session)
    if session["out_start"] != session["out_end"] and not _send_some(lines, row, session):
        return  # room in its connection wakes it
    stream = index.streams[np.int64(session["stream"])]
    if session["next"] == stream["length"] and session["closed"] == index.state[0]["ended"]:
        stream["session"] = abs(stream["session"])  # it sleeps: its stream's next message wakes it
    else:
        wake(index, row)


@inlined
def _fill(lines, index, row, session):
    """Copy messages of the stream, each in its packet, into the buffer while they fit."""
    stream = index.streams[np.int64(session["stream"])]
    base, filled = row * OUT_BYTES, np.int64(session["out_end"])
    sending = lines.sending
    while session["next"] < stream["length"] and filled + _OUT_MOST <= OUT_BYTES:
        within = session["next"] % CHUNK
        if within == 0:
            behind = index.links[np.int64(session["chunk"])]
            session["chunk"] = stream["first"] if session["next"] == 0 else behind
        source = index.chunks[np.int64(session["chunk"]) * CHUNK + within]
        length = HEADER_BYTES + (word_at(source) & 0xFFFF)
        place = base + filled
        sending[place] = (length + 1) >> 8
        sending[place + 1] = (length + 1) & 0xFF
        sending[place + 2] = 0x53  # S
        copy(address_of(sending, place + 3), source, length)
        filled += 3 + length
        session["next"] += 1
    is_over = index.state[0]["ended"] != 0 and session["next"] == stream["length"]
    if is_over and session["closed"] == 0 and filled + 3 <= OUT_BYTES:
        filled = _put_short(sending, base, filled, 0x5A)  # Z
        session["closed"] = 1
    session["out_end"] = filled


@inlined
def _put_short(sending, base, filled, kind):
    """A packet without a rest; where the buffer ends then."""
    sending[base + filled], sending[base + filled + 1] = 0, 1
    sending[base + filled + 2] = kind
    return filled + 3


@inlined
def _send_some(lines, row, session):
    """Hand the buffer to the connection. False where it took less, or is gone."""
    state = lines.state[0]
    start, filled = np.int64(session["out_start"]), np.int64(session["out_end"])
    done = transmit(
        session["fd"], address_of(lines.sending, row * OUT_BYTES + start), filled - start
    )
    if done < 0 and done != -calls.EAGAIN and done != -calls.EINTR:
        end(lines, session, LOST)
        return False
    if done > 0:
        session["out_start"] += done
        session["sent_ns"] = state["now_ns"]
        state["bytes_out"] += done
    if start + done == filled:
        session["out_start"] = session["out_end"] = 0
        if session["full_ns"] > 0:
            session["full_ns"] = 0
            _watch(lines, row, session)
        return True
    if session["full_ns"] == 0:
        session["full_ns"] = state["now_ns"]
        _watch(lines, row, session)
    elif done > 0:
        session["full_ns"] = state["now_ns"]
    return False


@apart
def _watch(lines, row, session):
    """Wake for what the session waits for: bytes unless it is held, room where there is none."""
    events = calls.EPOLLIN * (session["held"] == 0) + calls.EPOLLOUT * (session["full_ns"] > 0)
    watch_for(lines.state[0]["epoll"], session["fd"], lines.wish, events, row)


@inner
def look_after(lines, index):
    """What time brings: heartbeats, clients that are silent or slow, limits of a new second."""
    state = lines.state[0]
    now = state["now_ns"]
    for row in range(1, state["high"]):
        session = lines.sessions[row]
        if session["fd"] == 0 or session["ending"] != OPEN:
            continue
        if now - session["heard_ns"] > state["silent_ns"] and session["held"] == 0:
            end(lines, session, SILENT)
        elif session["full_ns"] > 0 and now - session["full_ns"] > state["slow_ns"]:
            end(lines, session, SLOW_READER)
        else:
            if session["held"] == 1 and now // SECOND_NS != session["second"]:
                session["held"] = 0
                _watch(lines, row, session)
                wait_for(lines, row, session)
            if now - session["sent_ns"] > state["heartbeat_ns"] and session["out_end"] == 0:
                session["out_end"] = _put_short(
                    lines.sending, row * OUT_BYTES, np.int64(0), 0x48
                )  # H
                if session["full_ns"] == 0:
                    _send_some(lines, row, session)
