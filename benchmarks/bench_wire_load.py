"""Orders a second over loopback TCP: sixteen sessions with sixteen commands in flight each.

Prints a table, then one JSON object. Every session enters orders that rest and cancels them; the
client is compiled, keeps sixteen commands of each session unanswered, and runs on the same
processors. `orders_per_s` counts commands answered; `dropped` those that were not. Afterwards every
session's stream is read again from its beginning: each client id must be there once, in order.
Reference: one session against the echo of `bench wire` with 1, 4 and 16 packets in flight.
"""

import json
import statistics
from typing import Any

import numpy as np

from benchmarks import conditions, wire
from twinex.venue.wire.messages import decode

SESSIONS = 16
WINDOW = 16
PAIRS_EACH = 20_000  # entries and cancels of a session in a run
RUNS = 5
ECHO_WINDOWS = (1, 4, 16)


def _run(lines: list[Any], all_packets: list[wire.Packets], window: int) -> tuple[float, int]:
    """(commands a second, commands that were not answered)."""
    count = len(lines)
    octets = np.stack([packets.octets for packets in all_packets])
    starts = np.stack([packets.starts for packets in all_packets])
    answers = np.stack([packets.answers for packets in all_packets])
    fds = np.array([line.fileno() for line in lines])
    sent, seen = np.zeros(count, np.int64), np.zeros(count, np.int64)
    buffers, scratch = np.zeros((count, wire.IN_BYTES), np.uint8), np.zeros(2, np.int64)
    took = int(wire.flood(fds, octets, starts, answers, window, buffers, sent, seen, scratch))
    assert took > 0, f"a connection was cut off: {sent} sent, {seen} answers seen"
    return answers.size / took * 1e9, int(answers.sum() - seen.sum())


def _part(packets: wire.Packets, run: int) -> wire.Packets:
    """What one run sends."""
    first, behind = run * 2 * PAIRS_EACH, (run + 1) * 2 * PAIRS_EACH
    starts = packets.starts[first : behind + 1]
    octets = packets.octets[starts[0] : starts[-1]]
    return wire.Packets(octets, starts - starts[0], packets.answers[first:behind])


def _check_stream(address: tuple[str, int], seat: int, commands: int) -> None:
    """The whole stream again: sequences of the journal rise, every client id is answered once."""
    line = wire.connect(address)
    text = f"{seat:<6}{wire.PASSWORD:<10}{'':<10}{1:>20}"
    line.sendall(wire.packet(b"L", text.encode()))
    stream, expected, last = line.makefile("rb"), 1, (0, 0)
    while expected <= commands:
        octets = stream.read(int.from_bytes(stream.read(2), "big"))
        if octets[:1] != b"S":
            continue
        fields = decode(octets[1:]).fields
        assert last < (fields["sequence"], fields["index"])
        last = fields["sequence"], fields["index"]
        made = fields.get("request_id") or fields.get("client_id", 0)
        if made == expected:
            expected += 1
        else:
            assert made in (0, expected - 1), f"seat {seat}: {made} after {expected - 1}"
    stream.close()
    line.close()


def _echo(window: int) -> float:
    packets = wire.entries_and_cancels(1, 1, 1, 4 * PAIRS_EACH)
    with wire.server("echo") as echo:
        line = wire.connect(echo["address"])
        line.setblocking(False)
        return _run([line], [packets], window)[0]


def main() -> None:
    with wire.server("venue", str(SESSIONS), "memory") as venue:
        seats = range(1, SESSIONS + 1)
        where = venue["instrument"], venue["price"]
        packets = [
            wire.entries_and_cancels(*where, 2 * seat - 1, RUNS * PAIRS_EACH) for seat in seats
        ]
        lines = [wire.log_in(venue["address"], seat) for seat in seats]
        for line in lines:
            line.setblocking(False)
        runs = [_run(lines, [_part(each, run) for each in packets], WINDOW) for run in range(RUNS)]
        for seat in (1, SESSIONS):
            _check_stream(venue["address"], seat, RUNS * PAIRS_EACH * 2)
    figures: dict[str, Any] = {
        "orders_per_s": round(statistics.median(rate for rate, _ in runs)),
        "dropped": sum(dropped for _, dropped in runs),
        "sessions": SESSIONS,
        "in_flight_each": WINDOW,
        "runs": [round(rate) for rate, _ in runs],
    }
    for window in ECHO_WINDOWS:
        figures[f"echo_{window}_in_flight_per_s"] = round(_echo(window))
    conditions.report("wire-load", figures)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
