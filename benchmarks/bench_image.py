"""A state image late in a day: its bytes, the seconds to take, write and read it, and to restart.

A day on disk is lived through, an image is written a few thousand commands before its end, and the
day is opened again by the image and its tail. Prints a table, then one JSON object. Reference, in
the same run: reading and hashing a file of the image's size.
"""

import argparse
import hashlib
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks import conditions
from benchmarks.workload import Stream, stream
from twinex.venue.image.check import check_image
from twinex.venue.image.file import read_image
from twinex.venue.image.load import load
from twinex.venue.venue import Venue

COMMANDS = 10_000_000
BATCH = 200_000
TAIL = 5_000  # commands behind the image
RUNS = 5


def _seconds(action: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    made = action()
    return time.perf_counter() - started, made


def _live(traffic: Stream, directory: Path) -> tuple[float, float, Path]:
    """The day up to nearly its end; seconds to take and to write the image, and the image."""
    with Venue(directory, clock=lambda: 1) as venue:
        venue.submit(traffic.opening)
        venue.reserve(commands=traffic.commands, orders=traffic.commands // 4)
        starts = traffic.starts()
        cut, end = int(starts[-1 - 2 * TAIL]), int(starts[-1 - TAIL])  # the day's end is left out
        step = len(traffic.body) // max(1, traffic.body_commands // BATCH)
        bounds = [*(int(starts[starts.searchsorted(at)]) for at in range(0, cut, step)), cut]
        for begin, stop in pairwise(bounds):
            venue.submit(traffic.body[begin:stop])
        take_s, _ = _seconds(venue.image)
        write_s, path = _seconds(venue.write_image)
        venue.submit(traffic.body[cut:end])
    return take_s, write_s, path


def _restart(directory: Path, path: Path) -> None:
    with Venue.reopen(directory, clock=lambda: 1) as venue:
        assert venue.restart is not None
        assert venue.restart.image == path


def _warm() -> None:
    """Compile what is measured, on a small day."""
    with tempfile.TemporaryDirectory(prefix="twinex-") as place:
        _, _, path = _live(stream(30_000), Path(place) / "day")
        _restart(Path(place) / "day", path)


def _reference(path: Path) -> float:
    return _seconds(lambda: hashlib.sha256(path.read_bytes()).digest())[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commands", type=int, default=COMMANDS)
    commands = parser.parse_args().commands
    _warm()
    traffic = stream(commands)
    timed: dict[str, list[float]] = {
        name: [] for name in ("read", "check", "load", "restart", "reference")
    }
    with tempfile.TemporaryDirectory(prefix="twinex-") as place:
        directory = Path(place) / "day"
        take_s, write_s, path = _live(traffic, directory)
        for _ in range(RUNS):
            timed["reference"].append(_reference(path))
            seconds, image = _seconds(lambda: read_image(path))
            timed["read"].append(seconds)
            timed["check"].append(_seconds(lambda image=image: check_image(image))[0])  # type: ignore[misc]
            timed["load"].append(_seconds(lambda image=image: load(image))[0])  # type: ignore[misc]
            timed["restart"].append(_seconds(lambda: _restart(directory, path))[0])
        figures = {
            "commands": traffic.commands,
            "image_bytes": image.length,
            "live_orders": len(image["orders"]) + len(image["stops"]),
            "trades": len(image["trades"]),
            "take_s": round(take_s, 3),
            "write_s": round(write_s, 3),
            **{f"{name}_s": round(statistics.median(each), 3) for name, each in timed.items()},
            "restart_s_worst": round(max(timed["restart"]), 3),
            "reference_is": "reading and hashing a file of the image's size",
            "runs": RUNS,
        }
    conditions.report("image", figures)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
