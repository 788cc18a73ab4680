"""Both ends of a wire for benchmarks: a venue and a bare echo as processes, a compiled client.

    python -m benchmarks.wire venue 16 memory     # serves; its address as a line of JSON
    python -m benchmarks.wire echo

The client sends prepared packets and counts the sequenced packets of the answers; both servers are
talked to by the same code over the same socket options. The echo answers each packet with as many
bytes, in as many packets, as the venue does.
"""

import json
import select
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numba import njit

from benchmarks.conditions import lines
from twinex.venue.gateway.calls import EAGAIN, address_of, receive, steady_time, transmit
from twinex.venue.gateway.gateway import Gateway
from twinex.venue.gateway.users import User, Users, hash_password
from twinex.venue.opening import OpenMarket, open_market
from twinex.venue.wire.messages import encode

PASSWORD = "benchmark"
ROOT = Path(__file__).parents[1]
IN_BYTES = 1 << 16
ANSWERS = np.array([2, 1])  # packets that answer an entry that rests, a cancel
ANSWER_BYTES = np.array([91 + 83, 91])
SPIN_US = 2_000  # without a byte: then a server sleeps, and leaves its processor to the other one


class Packets(NamedTuple):
    """Packets to send, one behind the other, and how many answers each has."""

    octets: np.ndarray  # uint8
    starts: np.ndarray  # int64, the end stands last
    answers: np.ndarray  # int64


def packet(kind: bytes, rest: bytes) -> bytes:
    return struct.pack(">H", 1 + len(rest)) + kind + rest


def entries_and_cancels(number: int, price: int, account: int, pairs: int) -> Packets:
    """Orders that rest, each cancelled by the packet behind it."""
    parts = []
    for pair in range(pairs):
        order = {"instrument": number, "account": account, "price": price, "quantity": 1}
        entered = 2 * pair + 1
        parts.append(packet(b"U", encode("order_enter", client_id=entered, **order)))
        cancel = {"client_id": entered + 1, "target_client_id": entered}
        parts.append(packet(b"U", encode("order_cancel", **cancel)))
    starts = np.concatenate([[0], np.cumsum([len(part) for part in parts])])
    octets = np.frombuffer(b"".join(parts), np.uint8)
    return Packets(octets, starts, np.tile(ANSWERS, pairs))


# -- the client --------------------------------------------------------------------------------


@njit(nogil=True)
def _count(buffer, there, wanted):
    """(sequenced packets up to `wanted`, bytes of whole packets) in the buffer's first bytes."""
    place = packets = 0
    while there - place >= 2:
        length = (np.int64(buffer[place]) << 8) | buffer[place + 1]
        if there - place < 2 + length:
            break
        packets += buffer[place + 2] == 0x53
        place += 2 + length
    return packets, place


@njit(nogil=True)
def _drop(buffer, there, used):
    """Move what is left of a packet to the front; how much there is."""
    for index in range(there - used):
        buffer[index] = buffer[used + index]
    return there - used


@njit(nogil=True)
def ping(fd, octets, starts, answers, first_ns, all_ns, scratch, buffer):
    """Send each packet when the one before is answered. Fills ns to the first and to the last byte
    of its answers; returns how many were answered."""
    there = 0
    for number in range(len(answers)):
        begun = steady_time(scratch)
        size = starts[number + 1] - starts[number]
        if transmit(fd, address_of(octets, starts[number]), size) != size:
            return number
        packets = 0
        while packets < answers[number]:
            done = receive(fd, address_of(buffer, there), len(buffer) - there)
            if done == -EAGAIN:
                continue
            if done <= 0:
                return number
            there += done
            found, used = _count(buffer, there, answers[number])
            if packets == 0 and found > 0:
                first_ns[number] = steady_time(scratch) - begun
            packets += found
            there = _drop(buffer, there, used)
        all_ns[number] = steady_time(scratch) - begun
    return len(answers)


@njit(nogil=True)
def flood(fds, octets, starts, answers, window, buffers, sent, seen, scratch):
    """Keep `window` packets in flight on every connection, each its own packets (rows), until all
    are answered. Fills packets sent and sequenced packets seen; ns it took, or -1."""
    count, rows = len(fds), len(answers[0])
    there = np.zeros(count, np.int64)
    due = np.zeros(count, np.int64)  # answers due for the packets sent
    done_answers = np.zeros(count, np.int64)
    answered = np.zeros(count, np.int64)
    open_ = count
    begun = steady_time(scratch)
    while open_ > 0:
        for line in range(count):
            if answered[line] == rows and seen[line] == due[line]:
                continue
            more = min(rows - sent[line], window - (sent[line] - answered[line]))
            if more > 0:
                first, behind = starts[line, sent[line]], starts[line, sent[line] + more]
                if transmit(fds[line], address_of(octets[line], first), behind - first) != (
                    behind - first
                ):
                    return np.int64(-1)
                for step in range(more):
                    due[line] += answers[line, sent[line] + step]
                sent[line] += more
            got = receive(fds[line], address_of(buffers[line], there[line]), IN_BYTES - there[line])
            if got == -EAGAIN:
                continue
            if got <= 0:
                return np.int64(-1)
            there[line] += got
            found, used = _count(buffers[line], there[line], 0)
            there[line] = _drop(buffers[line], there[line], used)
            seen[line] += found
            while answered[line] < sent[line] and (
                done_answers[line] + answers[line, answered[line]] <= seen[line]
            ):
                done_answers[line] += answers[line, answered[line]]
                answered[line] += 1
            if answered[line] == rows:
                open_ -= 1
    return steady_time(scratch) - begun


# -- the servers -------------------------------------------------------------------------------


@njit(nogil=True)
def _echo(fd, sizes, replies, packets, buffer, out, scratch):
    """Answer every packet of those sizes with so many bytes in so many packets, spinning. False at
    the end, True where nothing has come for a while between two packets."""
    there = 0
    heard = steady_time(scratch)
    while True:
        done = receive(fd, address_of(buffer, there), len(buffer) - there)
        if done == -EAGAIN:
            if there == 0 and steady_time(scratch) - heard > SPIN_US * 1_000:
                return True
            continue
        if done <= 0:
            return False
        there += done
        heard = steady_time(scratch)
        place = filled = 0
        while there - place >= 2:
            length = 2 + ((np.int64(buffer[place]) << 8) | buffer[place + 1])
            if there - place < length:
                break
            kind = 0 if length == sizes[0] else 1
            each = replies[kind] // packets[kind]
            for _ in range(packets[kind]):
                out[filled], out[filled + 1] = (each - 2) >> 8, (each - 2) & 0xFF
                out[filled + 2] = 0x53
                filled += each
            place += length
        there = _drop(buffer, there, place)
        start = 0
        while start < filled:
            sent = transmit(fd, address_of(out, start), filled - start)
            if sent > 0:
                start += sent
            elif sent != -EAGAIN:
                return False


def _serve_echo() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    print(json.dumps({"address": listener.getsockname()}), flush=True)
    sizes = np.diff(entries_and_cancels(1, 1, 1, 1).starts)
    buffer, out = np.zeros(IN_BYTES, np.uint8), np.zeros(8 * IN_BYTES, np.uint8)
    connection, _ = listener.accept()
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setblocking(False)
    fd, scratch = connection.fileno(), np.zeros(2, np.int64)
    while _echo(fd, sizes, ANSWER_BYTES, ANSWERS, buffer, out, scratch):
        select.select([connection], [], [])


def market(members: int, **options: Any) -> OpenMarket:
    return open_market("open", members=members, **options)


def _serve_venue(members: int, durability: str) -> None:
    hashed = hash_password(PASSWORD)
    users = Users(User(str(seat), hashed) for seat in range(1, members + 1))
    with tempfile.TemporaryDirectory(prefix="twinex-wire-") as directory:
        options = {"directory": f"{directory}/day", "durability": durability}
        with market(members, **options) as opened:
            opened.venue.reserve(commands=8_000_000, orders=100_000)
            gateway = Gateway(opened.venue, users, spin_us=SPIN_US)
            one = next(iter(opened.instruments.values()))
            told = {"address": gateway.address, "instrument": one.number}
            told["price"] = int(one.previous_settlement * 10_000)
            print(json.dumps(told), flush=True)
            gateway.run()


@contextmanager
def server(*arguments: str) -> Iterator[dict[str, Any]]:
    """A server in a process of its own; what it tells of itself."""
    command = [sys.executable, "-m", "benchmarks.wire", *arguments]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def connect(address: tuple[str, int]) -> socket.socket:
    line = socket.create_connection((address[0], address[1]))
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return line


def log_in(address: tuple[str, int], seat: int) -> socket.socket:
    """A session of the venue that has begun, behind all that was sequenced for it so far."""
    line = connect(address)
    text = f"{seat:<6}{PASSWORD:<10}{'':<10}{0:>20}"
    line.sendall(packet(b"L", text.encode()))
    answer = line.recv(33, socket.MSG_WAITALL)
    assert answer[2:3] == b"A", answer
    assert line.recv(24, socket.MSG_WAITALL)[2:4] == b"UN"
    assert line.recv(14, socket.MSG_WAITALL)[2:4] == b"UT"
    return line


if __name__ == "__main__":
    if sys.argv[1] == "echo":
        _serve_echo()
    elif sys.argv[1] == "venue":
        _serve_venue(int(sys.argv[2]), sys.argv[3])
    else:
        print("\n".join(lines()))
