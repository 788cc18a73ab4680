"""Mutated command bytes: each is answered with an event or counted, and nothing grows by itself."""

import os
import resource
from pathlib import Path

import numpy as np
import pytest

from fuzz.ground import Ground
from fuzz.mutator import BYTES_MAX, mutate, pool, seed_compiled

CHUNK = 1024
STRINGS_A_DAY = 64 * CHUNK
GROWTH_MAX = 64 << 20  # bytes of memory, from one tenth of a long run to its end


class Run:
    """Days of mutated strings, one after another, until there were enough of them."""

    def __init__(self, seed: int, directory: Path) -> None:
        self.seed, self.directory = seed, directory
        self.days = self.lies = self.bad = self.trades = 0
        self.reasons: set[int] = set()
        self.memory: list[int] = []
        self._pool = pool(seed)
        self._room = np.zeros((CHUNK + 1) * BYTES_MAX, dtype=np.uint8)
        self._starts = np.zeros(CHUNK + 1, dtype=np.int64)
        self._lies = np.zeros(CHUNK, dtype=np.bool_)
        seed_compiled(seed)

    def strings(self, count: int) -> None:
        while count > 0:
            ground = Ground(self.seed + self.days)
            try:
                thrown = 0
                while thrown < min(count, STRINGS_A_DAY) and not ground.is_over:
                    ground.open_again()
                    self._chunk(ground)
                    thrown += CHUNK
                ground.hold()
            except BaseException:
                print("kept in", ground.keep(self.directory))
                raise
            self._note(ground)
            count -= thrown

    def _chunk(self, ground: Ground) -> None:
        """Strings between two that lie about their length go in one submission."""
        starts, lies, fresh = self._starts, self._lies, len(ground.thrown) << 32
        mutate(self._pool, CHUNK, fresh, ground.venue.sequence, self._room, starts, lies)
        begun = 0
        for liar in [*np.flatnonzero(lies).tolist(), CHUNK]:
            if liar > begun:
                assert ground.throw(self._room[starts[begun] : starts[liar]]), "a good frame is bad"
            if liar < CHUNK:
                ground.throw(self._room[starts[liar] : starts[liar + 1]])
            begun = liar + 1
        self.lies += int(lies.sum())

    def _note(self, ground: Ground) -> None:
        self.days += 1
        self.bad += ground.bad
        self.reasons |= set(ground.answers)
        self.trades += ground.venue.statistics().trades
        with open("/proc/self/statm") as file:
            self.memory.append(int(file.read().split()[1]) * resource.getpagesize())


def _run(seed: int, count: int, directory: Path) -> Run:
    print(f"seed {seed}")
    run = Run(seed, directory)
    run.strings(count)
    print(f"{run.days} days, {run.lies} lies, {run.bad} bad frames, {run.trades} trades")
    print(f"reject reasons {sorted(run.reasons)}")
    return run


def test_mutated_strings(tmp_path: Path) -> None:
    """The core is met everywhere: strings that trade, and strings that fail for most reasons."""
    run = _run(20260105, 200_000, tmp_path)
    assert run.trades > 500
    assert len(run.reasons) > 30
    assert 0 < run.bad <= run.lies


@pytest.mark.soak
def test_ten_million_mutated_strings(tmp_path: Path) -> None:
    seed = int.from_bytes(os.urandom(4), "little") >> 1
    run = _run(seed, 10_000_000, tmp_path)
    grown = max(run.memory[-10:]) - max(run.memory[: len(run.memory) // 10])
    print(f"memory grew by {grown >> 20} MiB")
    assert grown < GROWTH_MAX
