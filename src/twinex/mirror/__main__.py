"""A recorded journal lived through by the mirror alone: its events, or its state at the end.

    python -m twinex.mirror events JOURNAL OUT
    python -m twinex.mirror image JOURNAL OUT

JOURNAL is a journal file of the mirror, or `-`: records, one after another and nothing else, on
standard input, answered as they come. OUT is a file, or `-`: standard output. One line of JSON on
standard error says how it went; exit status 1 with an `error` in it where it did not.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
import time
from collections.abc import Iterator
from typing import BinaryIO
from zlib import crc32

from twinex.mirror.core import Core
from twinex.mirror.journal import JournalError, JournalReader
from twinex.mirror.records import HEADER, RecordCutter, before

_CHUNK = 1 << 16  # as much as a pipe holds
NURSERY = "64MB"


def read_pipe(descriptor: int) -> Iterator[list[bytes]]:
    """Records as they come; the first says what came before it. JournalError for a bad one."""
    chunk = os.read(descriptor, _CHUNK)
    while chunk and len(chunk) < HEADER.size:
        more = os.read(descriptor, _CHUNK)
        if not more:
            raise JournalError(f"the stream ends inside a record, after {len(chunk)} bytes")
        chunk += more
    if not chunk:
        return
    cutter = RecordCutter(*before(chunk))
    while chunk:
        yield cutter.cut(chunk)
        if cutter.fault:
            break
        chunk = os.read(descriptor, _CHUNK)
    if cutter.rest:
        fault = cutter.fault or "the stream ends inside it"
        where = f"offset {cutter.offset}: record {cutter.sequence + 1}"
        raise JournalError(f"standard input: {where}: {fault}")


def live(batches: Iterator[list[bytes]], out: BinaryIO | None) -> tuple[Core, dict[str, int]]:
    """Apply all records; write their events to `out`, where there is one. What was counted."""
    core, figures = Core(), {"commands": 0, "events_bytes": 0, "crc32": 0}
    for records in batches:
        if records and not figures["commands"]:
            sequence, chain = before(records[0])
            core = Core(sequence + 1, chain)
        events = b"".join([core.apply(record) for record in records])
        figures["commands"] += len(records)
        figures["events_bytes"] += len(events)
        figures["crc32"] = crc32(events, figures["crc32"])
        if out and events:
            out.write(events)
            out.flush()
    return core, figures


def run(what: str, journal: str, target: str) -> dict[str, float]:
    """Do it. What was counted, and the seconds it took from the first byte read to the last."""
    begun = time.perf_counter()
    batches = read_pipe(0) if journal == "-" else iter(JournalReader(journal))
    if "-" not in (journal, target) and os.path.realpath(journal) == os.path.realpath(target):
        raise JournalError(f"{target} is the journal itself: name another file for what it says")
    with open(1 if target == "-" else target, "wb", closefd=target != "-") as out:
        core, figures = live(batches, out if what == "events" else None)
        if what == "image":
            out.write(core.image())
        out.flush()
    return {**figures, "seconds": round(time.perf_counter() - begun, 6)}


def main(arguments: list[str]) -> int:
    """The command line; its exit status."""
    if len(arguments) != 3 or arguments[0] not in ("events", "image"):
        print(__doc__, file=sys.stderr)
        return 2
    try:
        told: dict[str, object] = {**run(*arguments)}
    except (JournalError, OSError) as wrong:
        told = {"error": str(wrong)}
    print(json.dumps(told), file=sys.stderr)
    return int("error" in told)


def tune() -> None:
    """Set the interpreter up for a long run of one core."""
    if sys.implementation.name == "pypy":
        # Commands take many paths, each of them seldom: compiled sooner, and in shorter pieces than
        # PyPy would choose, the first million of them takes half the time.
        jit = importlib.import_module("pypyjit")
        jit.set_param("trace_limit=4000,trace_eagerness=20,threshold=500,function_threshold=700")
    else:
        # Nothing that the core drops refers back to itself: counting references frees it all, and
        # a search for rings would walk the day's tables again and again.
        gc.disable()


def start_anew() -> None:
    """On PyPy: the same command line with more room for young objects.

    A batch's events are young when they are written. PyPy sizes the place for them by the
    processor's cache, and takes another size from the environment alone, when it starts.
    """
    if sys.implementation.name == "pypy" and "PYPY_GC_NURSERY" not in os.environ:
        os.environ["PYPY_GC_NURSERY"] = NURSERY
        os.execv(sys.executable, [sys.executable, "-m", "twinex.mirror", *sys.argv[1:]])


if __name__ == "__main__":
    start_anew()
    tune()
    sys.exit(main(sys.argv[1:]))
