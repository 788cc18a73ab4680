"""How long a venue takes to be back after a stop: journal checked and replayed, events rewritten.

Prints a table, then one JSON object. A day of exchange-core's mix (`mix`) is lived in mapped files
and left without an end, as a killed process leaves it; then `Venue.reopen`, five times. The files
are in the operating system's cache. Reference, in turn: one pass over the same files (CRC-32 of
the standard library over journal and events), so no restart by replay can be much faster.
"""

import json
import os
import statistics
import tempfile
import time
import zlib
from pathlib import Path

from benchmarks import conditions
from benchmarks.mix import Market, Writer
from benchmarks.workload import pieces_of
from twinex.venue.venue import Venue
from twinex.venue.warm import warm_up

COMMANDS = int(os.environ.get("TWINEX_RESTART_COMMANDS", "10000000"))
WRITTEN_AT_ONCE = 1_000_000
BATCH = 4096
RUNS = 5
SEGMENT_BYTES = 1 << 28
MARKET = Market(held=100_000)


def _live(directory: Path) -> tuple[int, int, float]:
    """A day of so many commands; its last sequence and chain, and the commands a second."""
    writer, seconds = Writer(MARKET), 0.0
    with Venue(directory, clock=lambda: 1, segment_bytes=SEGMENT_BYTES) as venue:
        for frames in (writer.opening, writer.filling()):
            venue.submit(frames)
        while venue.sequence < COMMANDS:
            count = min(WRITTEN_AT_ONCE, COMMANDS - venue.sequence)
            pieces = pieces_of(writer.traffic(count), BATCH)
            started = time.perf_counter()
            for piece in pieces:
                venue.submit(piece)
            seconds += time.perf_counter() - started
        writer.close()
        return venue.sequence, venue.chain, venue.sequence / seconds


def _reopened(directory: Path, sequence: int, chain: int) -> float:
    """Seconds until the day goes on where it stood."""
    started = time.perf_counter()
    with Venue.reopen(directory, clock=lambda: 1) as venue:
        seconds = time.perf_counter() - started
        assert (venue.sequence, venue.chain) == (sequence, chain)
        return seconds


def _read(directory: Path) -> float:
    """Seconds of one pass over the files' bytes."""
    started, crc = time.perf_counter(), 0
    for path in sorted(directory.glob("*.seg")):
        with open(path, "rb") as file:
            while block := file.read(1 << 22):
                crc = zlib.crc32(block, crc)
    return time.perf_counter() - started


def _bytes(directory: Path, kind: str) -> int:
    """Bytes that the files of one kind take on disk."""
    return sum(path.stat().st_blocks * 512 for path in directory.glob(f"{kind}-*.seg"))


def main() -> None:
    warm_up()
    replays, reads = [], []
    with tempfile.TemporaryDirectory(prefix="twinex-") as place:
        directory = Path(place) / "day"
        sequence, chain, rate = _live(directory)
        for _ in range(RUNS):
            replays.append(_reopened(directory, sequence, chain))
            reads.append(_read(directory))
        journal, events = (_bytes(directory, kind) for kind in ("journal", "events"))
    figures = {
        "replay_s": round(statistics.median(replays), 2),
        "replay_s_worst": round(max(replays), 2),
        "replayed_per_s": round(sequence / statistics.median(replays)),
        "reference_s": round(statistics.median(reads), 2),
        "reference_is": "one pass of zlib's CRC-32 over the journal's and the events' files",
        "commands": sequence,
        "lived_per_s": round(rate),
        "journal_bytes": journal,
        "event_bytes": events,
        "bytes_per_command": round((journal + events) / sequence),
        "runs": RUNS,
    }
    conditions.report("restart", figures)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
