"""How long a venue takes to be back after a stop: by replay of its journal, and by a state image.

Prints a table, then one JSON object. A day of exchange-core's mix (`mix`) is lived in mapped files
and left without an end, as a killed process leaves it, a state image 100,000 commands before; then
`Venue.reopen`, five times without the image and five times with it. The files are in the operating
system's cache. References, in turn: one pass over the day's files (CRC-32 of the standard library
over journal and events), so no restart by replay can be much faster; and reading the image with
SHA-256 over it, so no restart by image can.
"""

import hashlib
import json
import os
import statistics
import tempfile
import time
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import conditions
from benchmarks.mix import Market, Writer
from benchmarks.workload import pieces_of
from twinex.venue.image.check import check_image
from twinex.venue.image.file import read_image
from twinex.venue.image.load import load
from twinex.venue.venue import Venue
from twinex.venue.warm import warm_up

COMMANDS = int(os.environ.get("TWINEX_RESTART_COMMANDS", "10000000"))
TAIL = min(100_000, COMMANDS // 10)  # commands behind the image
WRITTEN_AT_ONCE = 1_000_000
BATCH = 4096
RUNS = 5
SALT = 0x1234_5678_9ABC_DEF1  # any
SEGMENT_BYTES = 1 << 28
MARKET = Market(held=100_000)


class Lived(NamedTuple):
    """A day as it was left: `image` stands `TAIL` commands before `sequence`."""

    sequence: int
    chain: int
    rate: float
    image: Path
    take_s: float
    write_s: float


def _seconds(action: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    made = action()
    return time.perf_counter() - started, made


def _live(directory: Path) -> Lived:
    """A day of so many commands, with an image near its end."""
    writer = Writer(MARKET)
    with Venue(directory, clock=lambda: 1, segment_bytes=SEGMENT_BYTES) as venue:
        for frames in (writer.opening, writer.filling()):
            venue.submit(frames)
        seconds = _submit(venue, writer, COMMANDS - TAIL)
        take_s, _ = _seconds(venue.image)
        write_s, image = _seconds(venue.write_image)
        seconds += _submit(venue, writer, COMMANDS)
        writer.close()
        rate = venue.sequence / seconds
        return Lived(venue.sequence, venue.chain, rate, image, take_s, write_s)


def _submit(venue: Venue, writer: Writer, end: int) -> float:
    """Traffic up to sequence `end`; the seconds that the venue took."""
    seconds = 0.0
    while venue.sequence < end:
        pieces = pieces_of(writer.traffic(min(WRITTEN_AT_ONCE, end - venue.sequence)), BATCH)
        started = time.perf_counter()
        for piece in pieces:
            venue.submit(piece)
        seconds += time.perf_counter() - started
    return seconds


def _reopened(directory: Path, lived: Lived, *, images: bool) -> float:
    """Seconds until the day goes on where it stood."""
    started = time.perf_counter()
    with Venue.reopen(directory, clock=lambda: 1, images=images) as venue:
        seconds = time.perf_counter() - started
        assert (venue.sequence, venue.chain) == (lived.sequence, lived.chain)
        assert venue.restart is not None
        assert venue.restart.image == (lived.image if images else None)
        return seconds


def _read(directory: Path) -> None:
    """One pass over the day's bytes."""
    crc = 0
    for path in sorted(directory.glob("*.seg")):
        with open(path, "rb") as file:
            while block := file.read(1 << 22):
                crc = zlib.crc32(block, crc)


def _bytes(directory: Path, kind: str) -> int:
    """Bytes that the files of one kind take on disk."""
    return sum(path.stat().st_blocks * 512 for path in directory.glob(f"{kind}-*.seg"))


def _time(directory: Path, lived: Lived) -> dict[str, list[float]]:
    """Seconds of every run, by what was done; the parts of a restart by image among them."""
    names = ("replay", "reference", "image", "image_reference", "read", "check", "load")
    timed: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(RUNS):
        timed["replay"].append(_reopened(directory, lived, images=False))
        timed["reference"].append(_seconds(partial(_read, directory))[0])
        timed["image"].append(_reopened(directory, lived, images=True))
        seconds, octets = _seconds(lived.image.read_bytes)
        hashing = _seconds(partial(hashlib.sha256, octets))[0]
        timed["image_reference"].append(seconds + hashing)
        seconds, image = _seconds(partial(read_image, lived.image))
        timed["read"].append(seconds)
        timed["check"].append(_seconds(partial(check_image, image))[0])
        timed["load"].append(_seconds(partial(load, image, SALT))[0])
    return timed


def main() -> None:
    warm_up()
    with tempfile.TemporaryDirectory(prefix="twinex-") as place:
        directory = Path(place) / "day"
        lived = _live(directory)
        timed = _time(directory, lived)
        journal, events = (_bytes(directory, kind) for kind in ("journal", "events"))
        image_bytes = lived.image.stat().st_size
    seconds = {name: round(statistics.median(runs), 2) for name, runs in timed.items()}
    figures = {
        "replay_s": seconds["replay"],
        "replay_s_worst": round(max(timed["replay"]), 2),
        "replayed_per_s": round(lived.sequence / statistics.median(timed["replay"])),
        "reference_s": seconds["reference"],
        "reference_is": "one pass of zlib's CRC-32 over the journal's and the events' files",
        "image_s": seconds["image"],
        "image_s_worst": round(max(timed["image"]), 2),
        "image_read_s": seconds["read"],
        "image_check_s": seconds["check"],
        "image_load_s": seconds["load"],
        "image_reference_s": seconds["image_reference"],
        "image_reference_is": "reading the image and SHA-256 over it",
        "image_take_s": round(lived.take_s, 2),
        "image_write_s": round(lived.write_s, 2),
        "image_bytes": image_bytes,
        "commands_behind_image": TAIL,
        "commands": lived.sequence,
        "lived_per_s": round(lived.rate),
        "journal_bytes": journal,
        "event_bytes": events,
        "bytes_per_command": round((journal + events) / lived.sequence),
        "runs": RUNS,
    }
    conditions.report("restart", figures)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
