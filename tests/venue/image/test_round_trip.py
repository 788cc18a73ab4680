"""A core made from an image is the core that the image was taken of: same image, same answers."""

import os
import random
from collections.abc import Iterator

import numpy as np
import pytest
from living import fixed_clock, octets_of
from rich_day import FIRST, RichDay, commands_not_drawn

from twinex.venue.core import room
from twinex.venue.core.check import check
from twinex.venue.image.check import check_image
from twinex.venue.image.image import Image, from_bytes
from twinex.venue.image.layout import SECTIONS
from twinex.venue.image.load import load
from twinex.venue.image.take import take
from twinex.venue.venue import Venue
from twinex.venue.wire.schema import COMMANDS


def _until(frames: list[bytes], place: int) -> Venue:
    """A venue that has lived through the first `place` commands."""
    venue = Venue(clock=fixed_clock, first_sequence=FIRST)
    venue.submit(octets_of(frames[:place]))
    return venue


def _continued(venue: Venue, image: Image) -> Venue:
    """The venue with another core, made from the image; its ids lie elsewhere."""
    venue._core = load(image, salt=random.getrandbits(62))
    venue._enter_event_segment()
    return venue


def _seeds(count: int) -> Iterator[int]:
    base = int(os.environ.get("TWINEX_SEED", random.SystemRandom().randrange(10**9)))
    yield from range(count)
    yield from range(base, base + count // 2)


def _hold(seed: int, count: int, cuts: int) -> set[str]:
    """The sections that were not empty at any cut."""
    print(f"seed {seed}")
    frames = RichDay(seed).frames(count)
    whole = _until(frames, 0)
    ends = [whole.submit(octets_of([frame])).tobytes() for frame in frames]
    places = random.Random(seed).sample(range(1, len(frames)), cuts)
    filled: set[str] = set()
    for place in [*places, len(frames)]:
        venue = _until(frames, place)
        image = venue.image()
        check_image(image)
        octets = np.frombuffer(image.tobytes(), dtype=np.uint8)
        assert from_bytes(octets).hash == image.hash
        again = _continued(venue, from_bytes(octets))
        check(again.core)
        assert take(again.core, image.mark).tobytes() == image.tobytes()
        for at in range(place, len(frames)):
            assert again.submit(octets_of([frames[at]])).tobytes() == ends[at], f"command {at}"
        assert again.image().hash == whole.image().hash
        filled |= {name for name, rows in image.sections.items() if len(rows)}
    return filled


def test_rich_days_go_on_from_any_command() -> None:
    filled: set[str] = set()
    for seed in _seeds(6):
        filled |= _hold(seed, 700, 4)
    assert filled == set(SECTIONS), "every section was met"


def test_from_tables_that_grow_from_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    smallest = {"ORDERS": 2, "POSITIONS": 2, "IDS": 8, "SLOTS": 1, "LEVELS": 2, "WORDS": 1}
    for name, rows in {**smallest, "ROWS": 1, "TRADES": 1}.items():
        monkeypatch.setattr(room, f"_START_{name}", rows)
    for seed in (31, 32):
        _hold(seed, 500, 3)


@pytest.mark.soak
def test_many_rich_days() -> None:
    for seed in _seeds(200):
        _hold(seed, 1_500, 8)


def test_the_day_draws_every_command() -> None:
    frames = [frame for seed in range(6) for frame in RichDay(seed).frames(700)]
    missing = commands_not_drawn(frames)
    assert set(missing) <= {"right_set", "credit_set"}, missing
    assert len(COMMANDS) > 25


def test_where_rows_lie_does_not_matter() -> None:
    """Two cores that lived the same day with other salts and other batches: the same bytes."""
    frames = RichDay(77).frames(900)
    one = _until(frames, len(frames))
    other = _until([], 0)
    for frame in frames:
        other.submit(octets_of([frame]))
    assert one.core.now[0]["id_salt"] != other.core.now[0]["id_salt"]
    assert one.image().tobytes() == other.image().tobytes()


def test_any_difference_of_the_state_changes_the_hash() -> None:
    frames = RichDay(5).frames(600, end=False)
    hashes = []
    venue = _until([], 0)
    for frame in frames:
        venue.submit(octets_of([frame]))
        hashes.append(venue.image().hash)
    assert len(set(hashes)) == len(hashes), "every command moves the state"
