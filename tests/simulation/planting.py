"""Planting a fault: a copy of the product with one edit, lived through beside the sound system.

`first_difference` says where it shows, by the simulation's own comparison; `named` what the umpire
says of the same day. An umpire that is awake names a difference, and its command: where answers
differ that very command, where only states do one that came no later than they were looked at.
"""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from simulation import judged
from simulation.faults import Fault
from simulation.pair import Difference, Pair
from simulation.piped import SOURCES, Piped
from simulation.records import Batch, Journal
from simulation.streams import FIRST, Plan
from simulation.systems import MirrorSystem, VenueSystem

DAYS = 60  # the rarest, a tie of two prices in an auction, needs some dozens
COMMANDS = 1_500
IMAGES_EVERY = 250
_PLAIN = {"NUMBA_DISABLE_JIT": "1"}
_OTHER = {"venue": MirrorSystem, "mirror": VenueSystem}


class NotPlanted(Exception):  # noqa: N818
    """The text to be changed does not stand in its file exactly once."""


@dataclass(frozen=True)
class Finding:
    """What became of a planted fault: the day it showed in, where, and what the umpire said.

    `difference`: by the simulation's comparison; None where it showed in no day.
    """

    fault: Fault
    day: int = 0
    difference: Difference | None = None
    sequence: int = 0  # that the umpire names
    words: str = ""

    @property
    def is_named(self) -> bool:
        """Did the umpire name a command that can be the one?"""
        if self.difference is None or not self.words:
            return False
        if self.difference.what == "events":
            return self.sequence == self.difference.sequence
        return 0 < self.sequence <= self.difference.sequence


@contextmanager
def planted(fault: Fault) -> Iterator[Path]:
    """A directory with the product's sources, the fault in them. Raises NotPlanted."""
    with TemporaryDirectory(prefix="twinex-planted-") as directory:
        root = Path(directory)
        shutil.copytree(SOURCES, root / "src", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copytree(SOURCES.parent / "spec", root / "spec")
        path = root / "src" / "twinex" / fault.room / fault.path
        text = path.read_text()
        if text.count(fault.old) != 1:
            raise NotPlanted(f"{fault.name}: {text.count(fault.old)} places in {fault.path}")
        path.write_text(text.replace(fault.old, fault.new))
        yield root / "src"


@lru_cache(maxsize=DAYS)
def records_of(seed: int) -> tuple[int, Batch]:
    """(first sequence, records) of a short day: slow ones and fast ones in turn."""
    first = 1 if seed % 3 == 0 else FIRST
    plan = Plan(seed, COMMANDS, fast=seed % 2 == 1)
    return first, Journal(first).write(np.concatenate(list(plan.frames(first))))


def find(fault: Fault, seed: int, days: int = DAYS) -> Finding:
    """Live through days from `seed` on until the fault shows; then ask the umpire."""
    with planted(fault) as sources, _faulty(fault.room, sources) as system:
        for day in range(seed, seed + days):
            difference = _live(fault.room, system, day)
            if difference is not None:
                verdict = _judge(fault.room, system, day)
                if verdict is None:
                    return Finding(fault, day, difference)
                return Finding(fault, day, difference, verdict.sequence, verdict.headline)
    return Finding(fault)


@contextmanager
def _faulty(room: str, sources: Path) -> Iterator[Piped]:
    """The system with the fault, in plain Python, in its own process."""
    environment = {**os.environ, **_PLAIN}
    system = Piped(room, program=sys.executable, sources=sources, environment=environment)
    try:
        yield system
    finally:
        system.close()


def _live(room: str, system: Piped, day: int) -> Difference | None:
    first, batch = records_of(day)
    system.begin(first)
    pair = Pair(_OTHER[room](first), system)
    for start in range(0, len(batch), IMAGES_EVERY):
        pair.apply(batch.part(start, min(start + IMAGES_EVERY, len(batch))))
        if pair.differ is None:
            pair.compare_images()
        if pair.differ is not None:
            return pair.differ
    return None


def _judge(room: str, system: Piped, day: int) -> judged.Difference | None:
    first, batch = records_of(day)
    other = "mirror" if room == "venue" else "venue"

    def begun(_: judged.Start) -> Piped:
        system.begin(first)
        return system

    makers = {other: lambda start: _OTHER[room](start.first_sequence), room: begun}
    return judged.verdict(first, batch, makers)
