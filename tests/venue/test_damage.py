"""Damage to a day's files: a named error, or the day up to a clean cut; never a wrong book.

`tests/venue/journal` judges the files; here the whole venue is opened over them.
"""

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from straight import SEGMENT, Straight, fixed_clock, go_on, hold_reopened, released, straight_day

from twinex.venue.core.check import check
from twinex.venue.journal.errors import JournalError
from twinex.venue.journal.gate import Gate
from twinex.venue.journal.recovery import verify
from twinex.venue.venue import Venue

WRITTEN = 500


@pytest.fixture(scope="module")
def day() -> Straight:
    return straight_day(71, 600)


@pytest.fixture(scope="module")
def whole(day: Straight, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Most of a day, closed: some ten segments of each kind."""
    directory = tmp_path_factory.mktemp("whole") / "day"
    with Venue(directory, durability="disk", segment_bytes=SEGMENT, clock=fixed_clock) as venue:
        go_on(venue, day, stop=WRITTEN)
    assert len(list(directory.glob("journal-*.seg"))) > 3
    assert len(list(directory.glob("events-*.seg"))) > 3
    return directory


def _open_damaged(directory: Path, day: Straight, least: int) -> str:
    """What became of it: the error's name, or `cut`, or `whole`; wrong if anything else."""
    try:
        venue = Venue.reopen(directory, durability="disk", clock=fixed_clock)
    except JournalError as error:
        return type(error).__name__
    with venue:
        reached = venue.sequence
        assert reached >= least, "what was committed may not be cut"
        hold_reopened(venue, day, directory, least)
    assert verify(directory).is_whole
    return "whole" if reached == WRITTEN else "cut"


def _used(path: Path) -> int:
    """Bytes of a file up to its last that is not zero."""
    return len(path.read_bytes().rstrip(b"\0"))


def _flip(path: Path, source: random.Random) -> None:
    place = source.randrange(_used(path)) if source.random() < 0.8 else source.randrange(SEGMENT)
    with open(path, "r+b") as file:
        file.seek(place)
        byte = file.read(1) or b"\0"
        file.seek(place)
        file.write(bytes([byte[0] ^ 1 << source.randrange(8)]))


def _truncate(path: Path, source: random.Random) -> None:
    edges = (0, 1, 8, 4_095, 4_096, 4_097, 4_104, _used(path), _used(path) - 1, _used(path) - 40)
    os.truncate(path, max(0, source.choice((*edges, source.randrange(path.stat().st_size)))))


def _zero(path: Path, source: random.Random) -> None:
    """A page that never reached the disk."""
    with open(path, "r+b") as file:
        file.seek(source.randrange(0, SEGMENT, 512))
        file.write(bytes(512))


def _remove(path: Path, source: random.Random) -> None:
    path.unlink()


def _grow(path: Path, source: random.Random) -> None:
    with open(path, "ab") as file:
        file.write(source.randbytes(source.choice((1, 8, 4_096))))


DAMAGES: dict[str, Callable[[Path, random.Random], None]] = {
    "flip": _flip,
    "truncate": _truncate,
    "zero": _zero,
    "remove": _remove,
    "grow": _grow,
}


def _damaged(
    seed: int, kind: str, how: str, gate: bool, day: Straight, whole: Path, place: Path
) -> str:
    """One sample: a file of `kind` is damaged; without its gate a day may also be cut."""
    print(f"seed {seed}, {how} {kind}, gate {gate}")
    source = random.Random(seed)
    shutil.copytree(whole, place)
    DAMAGES[how](source.choice(sorted(place.glob(f"{kind}-*.seg"))), source)
    if not gate:
        (place / "gate").unlink()
    outcome = _open_damaged(place, day, WRITTEN if gate else 0)
    if kind == "events":
        assert outcome == "whole", "events are written again from the journal"
    shutil.rmtree(place)
    return outcome


@pytest.mark.parametrize("how", DAMAGES)
@pytest.mark.parametrize("gate", [True, False])
@pytest.mark.parametrize("kind", ["journal", "events"])
def test_a_damaged_segment(
    day: Straight, whole: Path, tmp_path: Path, kind: str, how: str, gate: bool
) -> None:
    base = int(os.environ.get("TWINEX_SEED", random.SystemRandom().randrange(10**9)))
    outcomes = {
        _damaged(seed, kind, how, gate, day, whole, tmp_path / "day")
        for seed in (*range(4), *range(base, base + 4))
    }
    assert outcomes <= {"whole", "cut", "CorruptJournal", "NotAJournal"}
    if gate:
        assert "cut" not in outcomes


@pytest.mark.soak
def test_many_damaged_segments(day: Straight, whole: Path, tmp_path: Path) -> None:
    base = int(os.environ.get("TWINEX_SEED", random.SystemRandom().randrange(10**9)))
    for seed in range(base, base + 3_000):
        source = random.Random(seed)
        kind, how = source.choice(("journal", "journal", "events")), source.choice(list(DAMAGES))
        _damaged(seed, kind, how, source.random() < 0.5, day, whole, tmp_path / "day")


@pytest.mark.parametrize("cut", [0, 1, 39, 40, 41, 63, 64, 100])
def test_a_torn_last_record(day: Straight, whole: Path, tmp_path: Path, cut: int) -> None:
    """The last record was being written: it goes, the gate never let it through."""
    directory = tmp_path / "day"
    shutil.copytree(whole, directory)
    with Venue.reopen(directory, clock=fixed_clock) as venue:
        segment = venue.day.journal.head.number
        place = venue.day.journal.position
    record = b"\x68\0\0\0" + random.Random(cut).randbytes(100)
    with open(directory / f"journal-{segment:06d}.seg", "r+b") as file:
        file.seek(place)
        file.write(record[:cut])
    assert _open_damaged(directory, day, WRITTEN) == "whole"


def test_a_damaged_gate(day: Straight, whole: Path, tmp_path: Path) -> None:
    """Every bit of the gate's words, flipped: an error says what to do, or nothing is lost."""
    outcomes = set()
    for bit in range(48 * 8):
        directory = tmp_path / f"day-{bit}"
        shutil.copytree(whole, directory)
        content = bytearray((directory / "gate").read_bytes())
        content[bit // 8] ^= 1 << bit % 8
        (directory / "gate").write_bytes(content)
        try:
            with Venue.reopen(directory, durability="disk", clock=fixed_clock) as venue:
                assert venue.sequence == WRITTEN
                assert released(directory) == day.until(WRITTEN)
                check(venue.core)
        except JournalError as error:
            outcomes.add(type(error).__name__)
        (directory / "gate").unlink()
        assert _open_damaged(directory, day, WRITTEN) == "whole"
        shutil.rmtree(directory)
    assert outcomes == {"GateBroken", "CorruptJournal"}


@pytest.mark.parametrize("length", [0, 1, 8, 48, 4_095, 4_097])
def test_a_gate_of_another_size(day: Straight, whole: Path, tmp_path: Path, length: int) -> None:
    directory = tmp_path / "day"
    shutil.copytree(whole, directory)
    content = (directory / "gate").read_bytes().ljust(length, b"\0")[:length]
    (directory / "gate").write_bytes(content)
    assert _open_damaged(directory, day, WRITTEN) == "GateBroken"
    assert Gate.open(whole).committed_sequence() == WRITTEN


def test_segments_of_another_day_are_refused(whole: Path, tmp_path: Path) -> None:
    """A segment put in from a day with the same shape and other commands."""
    other, mixed = straight_day(72, 600), tmp_path / "mixed"
    with Venue(tmp_path / "other", segment_bytes=SEGMENT, clock=fixed_clock) as venue:
        go_on(venue, other, stop=WRITTEN)
    for number in (1, 2):
        shutil.copytree(whole, mixed)
        name = f"journal-{number:06d}.seg"
        shutil.copy(tmp_path / "other" / name, mixed / name)
        with pytest.raises(JournalError):
            Venue.reopen(mixed, clock=fixed_clock)
        shutil.rmtree(mixed)


@pytest.mark.parametrize("tail", [b"\1", b"\0\1", b"\1" * 4_096, b"\0" * 4_096 + b"\1"])
def test_bytes_behind_the_last_segment_are_cut(
    day: Straight, whole: Path, tmp_path: Path, tail: bytes
) -> None:
    directory = tmp_path / "day"
    shutil.copytree(whole, directory)
    last = max(directory.glob("journal-*.seg"))
    with open(last, "ab") as file:
        file.write(tail)
    assert _open_damaged(directory, day, WRITTEN) == "whole"
    assert last.stat().st_size == SEGMENT
