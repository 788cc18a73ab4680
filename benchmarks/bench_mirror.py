"""The mirror, journal to events: on CPython and on PyPy, every check on; and how small it is.

Prints a table, then one JSON object. Exchange-core's mix (`mix`: about 1,000 orders in 750 levels,
1,000 accounts, three million commands) as a journal file; each run is a process of its own
(`python -m twinex.mirror events`) that reads it, checks every record, applies it and writes the
event bytes to a file.
Reference, in turn on the same file and interpreter: `bare_book`, which only matches.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import bench_core, conditions, mix, structure
from benchmarks.workload import Stream, frame_offsets
from twinex.mirror.journal import Head, Journal, create_journal
from twinex.mirror.sequencer import Sequencer
from twinex.venue.wire.schema import FRAME_HEADER_BYTES

COMMANDS = 3_000_000
WARM_UP = 1_000_000  # commands of the journal's beginning, also run alone
RUNS = 5
BATCH = 4096
ROOT = Path(__file__).parents[1]


def _write_journal(directory: str, traffic: Stream, most: int) -> str:
    """The stream's first `most` commands as a mirror's journal; its path."""
    create_journal(directory, Head(1, 0, 0))
    journal, sequencer = Journal(directory), Sequencer()
    for _ in journal.read():
        raise AssertionError("a new journal is empty")
    octets, starts = traffic.frames.tobytes(), frame_offsets(traffic.frames)[:most].tolist()
    for first in range(0, len(starts), BATCH):
        records = []
        for start in starts[first : first + BATCH]:
            length = int.from_bytes(octets[start : start + 4], "little")
            seat = int.from_bytes(octets[start + 4 : start + 8], "little")
            body = start + FRAME_HEADER_BYTES
            records.append(sequencer.record(seat, octets[body : body + length], 1))
        journal.write(records)
    journal.close()
    return journal.path


def _run(command: list[str]) -> dict[str, Any]:
    """What a process says of itself in its one line of JSON."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(
        command, env=environment, cwd=ROOT, check=True, capture_output=True, text=True
    )
    figures: dict[str, Any] = json.loads((done.stdout + done.stderr).splitlines()[-1])
    return figures


def _measure(interpreter: str, journal: str, beginning: str, events: str) -> dict[str, Any]:
    """Commands a second of the mirror and of the bare book, in turn; the CRC of the events.

    `beginning`: the journal's first commands alone; what the rest of it takes is without warm-up.
    """
    rates: list[float] = []
    warm: list[float] = []
    bare: list[float] = []
    crc = 0
    for _ in range(RUNS):
        begun = _run([interpreter, "-m", "twinex.mirror", "events", beginning, events])
        lived = _run([interpreter, "-m", "twinex.mirror", "events", journal, events])
        matched = _run([interpreter, str(ROOT / "benchmarks" / "bare_book.py"), journal])
        rates.append(lived["commands"] / lived["seconds"])
        rest = lived["commands"] - begun["commands"], lived["seconds"] - begun["seconds"]
        warm.append(rest[0] / rest[1])
        bare.append(matched["commands"] / matched["seconds"])
        crc = lived["crc32"]
    ratio = statistics.median(own / other for own, other in zip(rates, bare, strict=True))
    return {
        "commands_per_s": round(statistics.median(rates)),
        "behind_the_first_million_per_s": round(statistics.median(warm)),
        "bare_book_per_s": round(statistics.median(bare)),
        "ratio": round(ratio, 2),
        "events_crc32": crc,
    }


def main() -> None:
    traffic, market = mix.stream(COMMANDS, bench_core.MARKET)
    figures: dict[str, Any] = {"commands": traffic.commands, **market}
    pypy = shutil.which("pypy3")
    with tempfile.TemporaryDirectory(prefix="twinex-mirror-") as directory:
        journal = _write_journal(f"{directory}/whole", traffic, traffic.commands)
        beginning = _write_journal(f"{directory}/beginning", traffic, WARM_UP)
        events = f"{directory}/events"
        interpreters = {"cpython": sys.executable} | ({"pypy": pypy} if pypy else {})
        for name, interpreter in interpreters.items():
            measured = _measure(interpreter, journal, beginning, events)
            figures |= {f"{name}_{key}": value for key, value in measured.items()}
    if pypy:
        assert figures["cpython_events_crc32"] == figures["pypy_events_crc32"]
    else:
        print("pypy3 is not installed (Debian: apt-get install pypy3): CPython alone")
    figures |= structure.figures()
    figures["runs"] = RUNS
    conditions.report("mirror", figures)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
