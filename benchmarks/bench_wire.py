"""Order sent to answer received, over loopback TCP, beside a bare compiled echo of the same bytes.

Prints a table, then one JSON object. One session enters an order that rests and cancels it, again
and again, each command when the one before is answered: `first` is up to the first answer
(order_accepted, order_cancelled), `all` up to the last. The venue does everything: session, checks,
journal in a mapped file, events, index, gate. Durability `memory` and `disk`.
Reference, in turn with the venue in the same run: a loop that spins on recv and sends as many bytes
back. The client is compiled, spins too, and is the same for both.
"""

import json
import statistics
from typing import Any

import numpy as np

from benchmarks import conditions, wire

PAIRS = 11  # of a venue's and an echo's run
DISK_PAIRS = 3
COMMANDS = 20_000
DISK_COMMANDS = 1_000
WARM_UP = 2_000


class _Client:
    """A connection, and packets to send over it: every run goes on where the last one stopped."""

    def __init__(self, line: Any, packets: wire.Packets) -> None:
        line.setblocking(False)
        self._line, self._packets, self._place = line, packets, 0
        self._buffer, self._scratch = np.zeros(wire.IN_BYTES, np.uint8), np.zeros(2, np.int64)

    def run(self, commands: int) -> tuple[np.ndarray, np.ndarray]:
        """us to the first answer and to the last, of each command."""
        first, every = np.zeros(commands, np.int64), np.zeros(commands, np.int64)
        place, packets = self._place, self._packets
        done = wire.ping(
            self._line.fileno(),
            packets.octets,
            packets.starts[place : place + commands + 1],
            packets.answers[place : place + commands],
            first,
            every,
            self._scratch,
            self._buffer,
        )
        assert done == commands, f"cut off behind {done} commands"
        self._place += commands
        return first / 1_000, every / 1_000


def _quantiles(times: np.ndarray) -> tuple[float, float]:
    return float(np.quantile(times, 0.5)), float(np.quantile(times, 0.99))


def _measure(durability: str, pairs: int, commands: int) -> dict[str, Any]:
    """Medians over the pairs, and of the ratios."""
    with wire.server("venue", "1", durability) as venue, wire.server("echo") as echo:
        total = WARM_UP + pairs * commands
        packets = wire.entries_and_cancels(venue["instrument"], venue["price"], 1, total // 2 + 1)
        to_venue = _Client(wire.log_in(venue["address"], 1), packets)
        to_echo = _Client(wire.connect(echo["address"]), packets)
        warm = min(WARM_UP, commands)
        to_venue.run(warm), to_echo.run(warm)
        found = [(to_echo.run(commands), to_venue.run(commands)) for _ in range(pairs)]
    figures: dict[str, Any] = {}
    for which, name in enumerate(("first", "all")):
        rows = [(*_quantiles(theirs[which]), *_quantiles(own[which])) for theirs, own in found]
        for place, share in enumerate(("p50", "p99")):
            ratios = [row[2 + place] / row[place] for row in rows]
            figures[f"{name}_{share}_us"] = _median([row[2 + place] for row in rows])
            figures[f"{name}_{share}_echo_us"] = _median([row[place] for row in rows])
            figures[f"{name}_{share}_ratio"] = _median(ratios)
            figures[f"{name}_{share}_ratios"] = f"{min(ratios):.2f} .. {max(ratios):.2f}"
    return figures


def _median(values: list[float]) -> float:
    return round(statistics.median(values), 2)


def main() -> None:
    measured = {
        "memory": _measure("memory", PAIRS, COMMANDS),
        "disk": _measure("disk", DISK_PAIRS, DISK_COMMANDS),
    }
    memory = measured["memory"]
    figures = {
        "p50_ratio": memory["first_p50_ratio"],
        "p99_ratio": memory["first_p99_ratio"],
        "p50_us": memory["first_p50_us"],
        "p99_us": memory["first_p99_us"],
        "pairs": PAIRS,
        "commands": COMMANDS,
        **measured,
    }
    conditions.report("wire", figures)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
