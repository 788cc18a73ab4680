"""kill -9 while images are written: what has an image's name is whole, and nothing is lost.

A child forked from this warmed process lives a day, writes images, and kills itself at a step that
was drawn: in the middle of a part of an image, before a synchronisation, before a file gets its
name. What it notes in shared memory outlives it.
"""

import mmap
import os
import random
import shutil
import signal
import traceback
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from living import fixed_clock, live
from rich_day import FIRST, RichDay

from twinex.venue.image import file
from twinex.venue.image.file import images_in, read_image
from twinex.venue.journal.files import NEW_SUFFIX
from twinex.venue.venue import Venue

ANSWERED, STEPS, LAST, WRITTEN, DONE = range(5)  # words of the shared memory
STEP = 20  # commands between two images


@pytest.fixture(scope="module")
def frames() -> list[bytes]:
    return RichDay(9).frames(700)


@pytest.fixture(scope="module", autouse=True)
def due(frames: list[bytes], tmp_path_factory: pytest.TempPathFactory) -> dict[int, bytes]:
    """State hashes by sequence; and nothing compiles in a child any more."""
    hashes = {}
    directory = tmp_path_factory.mktemp("warm") / "day"
    with Venue(directory, durability="disk", clock=fixed_clock, first_sequence=FIRST) as venue:
        for start in range(0, len(frames), STEP):
            live(venue, frames, start, min(start + STEP, len(frames)), STEP)
            hashes[venue.sequence] = venue.image().hash
        venue.write_image()
    with Venue.reopen(directory, durability="disk", clock=fixed_clock) as venue:
        assert venue.image().hash == hashes[venue.sequence]
    return hashes


def _step(words: np.ndarray) -> None:
    words[STEPS] += 1
    if words[STEPS] == words[LAST]:
        os.kill(os.getpid(), signal.SIGKILL)


def _count_steps(words: np.ndarray) -> None:
    """What touches the disk is a step; a part of an image is two."""
    write = file._write

    def in_halves(fd: int, part: memoryview | bytes) -> None:
        half = len(part) // 2
        for piece in (memoryview(part)[:half], memoryview(part)[half:]):
            _step(words)
            write(fd, piece)

    def stepping(name: str) -> None:
        original = getattr(os, name)

        def stepped(*arguments: Any) -> Any:
            _step(words)
            return original(*arguments)

        setattr(os, name, stepped)

    file._write = in_halves
    for name in ("fsync", "rename", "unlink"):
        stepping(name)


def _work(words: np.ndarray, frames: list[bytes], directory: Path) -> None:
    """Live the rest of the day, with an image every few commands."""
    options = {"durability": "disk", "clock": fixed_clock}
    if not directory.exists():
        venue = Venue(directory, first_sequence=FIRST, **options)
    else:
        venue = Venue.reopen(directory, **options)
    with venue:
        _count_steps(words)
        words[ANSWERED] = venue.sequence
        start = venue.sequence - FIRST + 1 if venue.sequence else 0
        for at in range(start, len(frames), STEP):
            live(venue, frames, at, min(at + STEP, len(frames)), STEP)
            words[ANSWERED] = venue.sequence
            venue.write_image()
            words[WRITTEN] = venue.sequence


def _killed(frames: list[bytes], directory: Path, step: int) -> np.ndarray:
    """A child that kills itself at `step`; the shared words."""
    words = np.frombuffer(mmap.mmap(-1, mmap.PAGESIZE), dtype=np.int64)
    words[LAST] = step
    child = os.fork()
    if child == 0:
        try:
            _work(words, frames, directory)
            words[DONE] = 1
        except BaseException:
            traceback.print_exc()
            words[DONE] = 2
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert words[DONE] != 2, "the child failed: see its traceback"
    return words


def _hold(directory: Path, words: np.ndarray, due: dict[int, bytes]) -> None:
    """Every image is whole and right, the one that was said to be written is there."""
    if not (directory / "journal-000000.seg").exists():  # killed before the day had begun
        assert not words[ANSWERED]
        assert not images_in(directory)
        shutil.rmtree(directory)
        return
    images = images_in(directory)
    found = {image.sequence: image.hash for image in map(read_image, images)}
    assert found.items() <= due.items()
    assert not words[WRITTEN] or int(words[WRITTEN]) in found
    with Venue.reopen(directory, durability="disk", clock=fixed_clock) as venue:
        assert venue.restart is not None
        assert venue.restart.image == (images[0] if images else None)
        assert venue.restart.passed_over == ()
        assert venue.sequence >= words[ANSWERED]
        assert venue.image().hash == due[venue.sequence]
    assert not list(directory.glob(f"*{NEW_SUFFIX}")), "what was begun is cleared away"


def _kill_repeatedly(seed: int, frames: list[bytes], due: dict[int, bytes], place: Path) -> None:
    print(f"seed {seed}")
    source = random.Random(seed)
    directory = place / str(seed)
    for _ in range(4):
        words = _killed(frames, directory, source.randint(1, 150))
        _hold(directory, words, due)
        if words[DONE]:
            break
    shutil.rmtree(directory, ignore_errors=True)


def _seeds(count: int) -> range:
    base = int(os.environ.get("TWINEX_SEED", random.SystemRandom().randrange(10**9)))
    return range(base, base + count)


def test_killed_while_images_are_written(
    frames: list[bytes], due: dict[int, bytes], tmp_path: Path
) -> None:
    for seed in _seeds(4):
        _kill_repeatedly(seed, frames, due, tmp_path)


@pytest.mark.soak
def test_killed_five_hundred_times(
    frames: list[bytes], due: dict[int, bytes], tmp_path: Path
) -> None:
    for seed in _seeds(125):
        _kill_repeatedly(seed, frames, due, tmp_path)
