"""Images whose hashes are right and whose rows are not: refused by name, or the state they say."""

import os
import random
from collections import Counter
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from living import copied, fixed_clock, octets_of
from rich_day import FIRST, RichDay

from twinex.venue.core.check import check
from twinex.venue.image.check import check_image
from twinex.venue.image.errors import InconsistentImage
from twinex.venue.image.image import Image
from twinex.venue.image.layout import SECTIONS
from twinex.venue.image.load import load
from twinex.venue.image.take import take
from twinex.venue.venue import Venue

Sections = dict[str, np.ndarray]
ROWS_EACH = 2  # rows of a section that are tried, for each field


def _image(seed: int, place: int) -> Image:
    with Venue(clock=fixed_clock, first_sequence=FIRST) as venue:
        venue.submit(octets_of(RichDay(seed).frames(place)[:place]))
        return venue.image()


@pytest.fixture(scope="module")
def images() -> list[Image]:
    """States late in days that are rich in everything."""
    made = [_image(seed, 700) for seed in (4, 5)]
    for name in SECTIONS:
        assert any(len(image[name]) > 1 for image in made) or name == "day", name
    return made


def _values(field: np.dtype, old: int, others: np.ndarray, source: random.Random) -> set[int]:
    """Other values for a field: near, far, at its bounds, and another row's."""
    bounds = np.iinfo(field)
    near = {old + 1, old - 1, old ^ 1 << source.randrange(field.itemsize * 8 - 1), -old}
    tried = near | {0, 1, bounds.min, bounds.max, int(source.choice(others))}
    return {value for value in tried if bounds.min <= value <= bounds.max and value != old}


def _changed_fields(image: Image, source: random.Random) -> Iterator[tuple[str, Sections]]:
    """One field of one row changed, in turn; what was changed, and all sections."""
    for name, row in SECTIONS.items():
        rows = image[name]
        for field in row.names or ():
            for place in source.sample(range(len(rows)), min(ROWS_EACH, len(rows))):
                old = int(rows[field][place])
                for value in _values(row[field], old, rows[field], source):
                    changed = copied(rows)
                    changed[field][place] = value
                    yield (
                        f"{name}[{place}] {field} {old} -> {value}",
                        {
                            **image.sections,
                            name: changed,
                        },
                    )


def _twice(rows: np.ndarray, place: int) -> np.ndarray:
    return np.insert(rows, place, rows[place])


def _without(rows: np.ndarray, place: int) -> np.ndarray:
    return np.delete(rows, place)


def _swapped(rows: np.ndarray, place: int) -> np.ndarray:
    made = copied(rows)
    made[[place, place - 1]] = made[[place - 1, place]]
    return made


def _changed_rows(image: Image, source: random.Random) -> Iterator[tuple[str, Sections]]:
    """A row doubled, left out, or in another's place."""
    for name in list(SECTIONS)[1:]:
        rows = image[name]
        for change in (_twice, _without, _swapped):
            for place in source.sample(range(len(rows)), min(ROWS_EACH, len(rows))):
                changed = copied(change(rows, place))
                if not np.array_equal(changed, rows):
                    yield f"{name}[{place}] {change.__name__}", {**image.sections, name: changed}


def _outcome(what: str, sections: Sections) -> str:
    """Refused with its reason, or accepted; then the core holds what the image says, all of it."""
    image = Image(sections)
    try:
        check_image(image)
        core = load(image)
    except InconsistentImage as error:
        return error.reason
    try:
        check(core)
        again = take(core, image.mark)
    except AssertionError as error:
        raise AssertionError(f"{what}: accepted, and then: {error}") from error
    for name in SECTIONS:
        assert again[name].tobytes() == image[name].tobytes(), f"{what}: another {name}"
    return ""


Changes = Callable[[Image, random.Random], Iterator[tuple[str, Sections]]]


def _hold(seed: int, image: Image, changes: Changes) -> None:
    print(f"seed {seed}")
    outcomes: Counter[bool] = Counter()
    for what, sections in changes(image, random.Random(seed)):
        outcomes[_outcome(what, sections) != ""] += 1
    assert outcomes[True] > 0, "some changes contradict something"
    assert outcomes[False] > 0, "others make another state"


def _seed() -> int:
    return int(os.environ.get("TWINEX_SEED", random.SystemRandom().randrange(10**9)))


@pytest.mark.parametrize("changes", [_changed_fields, _changed_rows])
def test_what_is_accepted_is_taken_back(images: list[Image], changes: Changes) -> None:
    seed = _seed()
    _hold(seed, images[seed % len(images)], changes)


@pytest.mark.soak
def test_many_changes() -> None:
    for seed in range(_seed(), _seed() + 40):
        image = _image(seed, 700)
        for changes in (_changed_fields, _changed_rows):
            _hold(seed, image, changes)


def test_every_reason_names_its_section(images: list[Image]) -> None:
    """Whoever reads the alarm knows where to look."""
    for what, sections in _changed_rows(images[0], random.Random(1)):
        reason = _outcome(what, sections)
        assert not reason or reason.startswith(("section '", "a member's client id")), reason
