"""A restart by image: what it takes, what it passes over, and that nobody sees a difference."""

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from living import fixed_clock, live, released
from rich_day import FIRST, RichDay

from twinex.venue.core import room, state
from twinex.venue.core.check import check
from twinex.venue.image.file import image_name, images_in, read_image
from twinex.venue.image.image import Image
from twinex.venue.journal.errors import CorruptJournal, DiskFailed
from twinex.venue.journal.files import Mapping
from twinex.venue.venue import Venue, VenueError, VenueStopped

SEGMENT = 16_384
IMAGES = (300, 520)  # commands behind which an image is written
STOP = 700


@pytest.fixture(scope="module")
def frames() -> list[bytes]:
    return RichDay(4).frames(900)


@pytest.fixture(scope="module")
def written(frames: list[bytes], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Most of a day with two images, closed; segments as small as they can be."""
    directory = tmp_path_factory.mktemp("written") / "day"
    options = {"segment_bytes": SEGMENT, "clock": fixed_clock, "first_sequence": FIRST}
    with Venue(directory, durability="disk", **options) as venue:
        start = 0
        for stop in IMAGES:
            live(venue, frames, start, stop)
            venue.write_image()
            start = stop
        live(venue, frames, start, STOP)
    assert [path.name for path in images_in(directory)] == [
        image_name(FIRST - 1 + place) for place in reversed(IMAGES)
    ]
    alive = [len(read_image(path)["combined"]) for path in images_in(directory)]
    assert all(alive), "orders of combinations live where the images are taken"
    return directory


@pytest.fixture
def day(written: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(written, tmp_path / "day"))


def _segments(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(directory.glob("*.seg"))}


def _hold(directory: Path, frames: list[bytes], image: int | None, passed_over: int) -> None:
    """It stands on that image (None: all was replayed), is right, and goes on to the same end."""
    before = released(directory)
    with Venue.reopen(directory, clock=fixed_clock) as venue:
        assert venue.restart is not None
        used = None if image is None else directory / image_name(FIRST - 1 + image)
        assert (venue.restart.image, len(venue.restart.passed_over)) == (used, passed_over)
        assert venue.watch.alarms == list(venue.restart.passed_over)
        assert not venue.watch.schedule_suspended
        assert venue.sequence == FIRST - 1 + STOP
        assert released(directory) == before
        check(venue.core)
        live(venue, frames, STOP, len(frames))
        final = venue.image().hash
    whole = Venue(clock=fixed_clock, first_sequence=FIRST, segment_bytes=SEGMENT)
    live(whole, frames, 0, len(frames))
    assert final == whole.image().hash


def test_the_latest_image_and_the_tail(day: Path, frames: list[bytes]) -> None:
    before = _segments(day)
    _hold(day, frames, IMAGES[1], 0)
    with Venue.reopen(day, clock=fixed_clock, images=False) as venue:
        replayed = venue.image().hash
    with Venue.reopen(day, clock=fixed_clock) as venue:
        assert venue.image().hash == replayed
    after = _segments(day)
    for name, octets in before.items():
        used = len(octets.rstrip(b"\0"))
        assert after[name][:used] == octets[:used], "segments that were there stay as they were"


@pytest.mark.parametrize("images", [True, False])
def test_tables_as_large_as_the_journal_asks(
    day: Path, frames: list[bytes], monkeypatch: pytest.MonkeyPatch, images: bool
) -> None:
    """Ids are moved before the replay, and none is lost; nothing grows while it runs."""
    for name, rows in {"IDS": 8, "SLOTS": 1}.items():
        monkeypatch.setattr(room, f"_START_{name}", rows)
    grown: list[int] = []
    grow = room.grow

    def noted(core: state.Core, short: int) -> state.Core:
        grown.append(short)
        return grow(core, short)

    monkeypatch.setattr(room, "grow", noted)
    if not images:
        for path in images_in(day):
            path.unlink()
    with Venue.reopen(day, clock=fixed_clock):
        assert not {state.SHORT_IDS, state.SHORT_SLOTS} & set(grown)
    _hold(day, frames, IMAGES[1] if images else None, 0)


def test_segments_roll_where_they_rolled(day: Path, frames: list[bytes]) -> None:
    """The restart writes the events behind the image again: readers in other processes see none."""
    before = _segments(day)
    with Venue.reopen(day, clock=fixed_clock):
        pass
    assert _segments(day) == before


def test_a_day_restarted_again_and_again(day: Path, frames: list[bytes]) -> None:
    source = random.Random(8)
    place = STOP
    while place < len(frames):
        with Venue.reopen(day, clock=fixed_clock) as venue:
            stop = min(len(frames), place + source.randint(1, 60))
            live(venue, frames, place, stop)
            if source.random() < 0.7:
                venue.write_image()
        place = stop
    with Venue.reopen(day, clock=fixed_clock) as venue:
        one = venue.image().hash
    with Venue.reopen(day, clock=fixed_clock, images=False) as venue:
        assert venue.image().hash == one


def test_an_ended_day_opens_by_its_image(day: Path, frames: list[bytes]) -> None:
    with Venue.reopen(day, clock=fixed_clock) as venue:
        live(venue, frames, STOP, len(frames))
        path = venue.write_image()
        due = venue.image().hash
    assert read_image(path).hash == due
    with Venue.reopen(day, clock=fixed_clock) as venue:
        assert venue.restart is not None
        assert venue.restart.image == path
        assert venue.image().hash == due


# -- images that are not good ------------------------------------------------------------------


def _flip(path: Path, source: random.Random) -> None:
    octets = bytearray(path.read_bytes())
    octets[source.randrange(len(octets))] ^= 1 << source.randrange(8)
    path.write_bytes(octets)


def _truncate(path: Path, source: random.Random) -> None:
    octets = path.read_bytes()
    path.write_bytes(octets[: source.choice((0, 1, 8, 751, 783, 784, 800, len(octets) - 1))])


def _grow(path: Path, source: random.Random) -> None:
    with open(path, "ab") as file:
        file.write(source.randbytes(8))


def _other_version(path: Path, source: random.Random) -> None:
    octets = bytearray(path.read_bytes())
    octets[8:12] = (2).to_bytes(4, "little")
    path.write_bytes(octets)


def _rubbish(path: Path, source: random.Random) -> None:
    path.write_bytes(source.randbytes(5_000))


DAMAGES: dict[str, Callable[[Path, random.Random], None]] = {
    "flip": _flip,
    "truncate": _truncate,
    "grow": _grow,
    "other version": _other_version,
    "rubbish": _rubbish,
}


@pytest.mark.parametrize("how", DAMAGES)
def test_a_damaged_image_is_passed_over(day: Path, frames: list[bytes], how: str) -> None:
    for round_ in range(3):
        print(f"seed {round_}")
        DAMAGES[how](images_in(day)[0], random.Random(round_))
        with Venue.reopen(day, clock=fixed_clock) as venue:
            assert venue.restart is not None
            assert venue.restart.sequence == FIRST - 1 + IMAGES[0]
            assert image_name(FIRST - 1 + IMAGES[1]) in venue.watch.alarms[0]
    _hold(day, frames, IMAGES[0], 1)


def test_without_any_good_image_all_is_replayed(day: Path, frames: list[bytes]) -> None:
    for path in images_in(day):
        _flip(path, random.Random(3))
    _hold(day, frames, None, 2)


def test_an_image_of_another_history(day: Path, frames: list[bytes], tmp_path: Path) -> None:
    """Whole, consistent, of the same sequence: but the journal has another chain."""
    other = RichDay(5).frames(900)
    with Venue(tmp_path / "other", clock=fixed_clock, first_sequence=FIRST) as venue:
        live(venue, other, 0, IMAGES[1])
        shutil.copy(venue.write_image(), images_in(day)[0])
    with Venue.reopen(day, clock=fixed_clock) as venue:
        assert "has another chain" in venue.watch.alarms[0]
    _hold(day, frames, IMAGES[0], 1)


def test_a_journal_that_ends_before_the_image(day: Path, frames: list[bytes]) -> None:
    """As after a journal taken from a copy that is older than the image."""
    with Venue.reopen(day, clock=fixed_clock) as venue:
        ahead = RichDay(4).frames(900)
        live(venue, ahead, STOP, STOP + 50)
        image = venue.write_image()
        kept = image.read_bytes()
    shutil.rmtree(day)
    with Venue(day, clock=fixed_clock, first_sequence=FIRST, segment_bytes=SEGMENT) as venue:
        live(venue, frames, 0, STOP)
    image.write_bytes(kept)
    with Venue.reopen(day, clock=fixed_clock) as venue:
        assert f"the journal ends before {FIRST - 1 + STOP + 50}" in venue.watch.alarms[0]
    _hold(day, frames, None, 1)


def test_events_that_are_not_there_any_more(day: Path, frames: list[bytes]) -> None:
    """Events are written again from the journal, so an image cannot stand on what it lacks."""
    (day / "events-000002.seg").unlink()
    with Venue.reopen(day, clock=fixed_clock) as venue:
        assert "a segment of the event stream is missing" in venue.watch.alarms[0]
        assert venue.restart is not None
        assert venue.restart.image is None
    _hold(day, frames, IMAGES[1], 0)


def test_rot_in_the_journal_behind_the_image_is_found(day: Path) -> None:
    path = sorted(day.glob("journal-*.seg"))[-1]
    octets = bytearray(path.read_bytes())
    octets[4096 + 300] ^= 4
    path.write_bytes(octets)
    with pytest.raises(CorruptJournal):
        Venue.reopen(day, clock=fixed_clock)


def test_a_torn_tail_behind_the_image_is_cut(day: Path, frames: list[bytes]) -> None:
    with Venue.reopen(day, durability="disk", clock=fixed_clock) as venue:
        number, position = venue.day.journal.head.number, venue.day.journal.position
    with open(day / f"journal-{number:06d}.seg", "r+b") as file:
        file.seek(position)
        file.write(b"\x50\0\0\0torn off here")
    _hold(day, frames, IMAGES[1], 0)


def test_a_mark_is_held_before_anything_is_cut(day: Path, frames: list[bytes]) -> None:
    """A foreign image must not make the venue cut a journal that it does not know."""
    before = _segments(day)
    image = images_in(day)[0]
    image.write_bytes(_with_other_chain(image))
    with Venue.reopen(day, clock=fixed_clock) as venue:
        assert len(venue.watch.alarms) == 1
    assert _segments(day) == before


def _with_other_chain(path: Path) -> bytes:
    image = read_image(path)
    sections = {name: rows.copy() for name, rows in image.sections.items()}
    sections["day"]["chain"] ^= np.uint64(1 << 40)
    return Image(sections).tobytes()


# -- writing them ------------------------------------------------------------------------------


def test_a_venue_in_memory_has_an_image_but_no_place_for_it(frames: list[bytes]) -> None:
    with Venue(clock=fixed_clock, first_sequence=FIRST) as venue:
        live(venue, frames, 0, 100)
        assert venue.image().sequence == FIRST - 1 + 100
        with pytest.raises(VenueError, match="in memory has no directory for an image"):
            venue.write_image()


def test_streams_that_cannot_be_synchronised_stop_the_venue(
    day: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in submit: after a failed synchronisation nothing on that disk proves anything."""
    with Venue.reopen(day, clock=fixed_clock) as venue:

        def fails(*_: object) -> None:
            raise DiskFailed(day, OSError(5, "input/output error"))

        with monkeypatch.context() as broken:
            broken.setattr(Mapping, "sync", fails)
            with pytest.raises(DiskFailed):
                venue.write_image()
        with pytest.raises(VenueStopped):
            venue.image()
