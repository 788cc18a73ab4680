"""`twinex umpire` as a person uses it: what it says, and with which exit status."""

import json
import shutil
from pathlib import Path

import pytest
from day.small_day import small_day
from test_cli import flip, refused, run, said

from twinex.venue.journal.reader import EventReader, JournalReader
from twinex.venue.venue import Venue

EVENTS = "events-000000.seg"


@pytest.fixture
def day() -> Path:
    return small_day().directory


@pytest.fixture
def copy(tmp_path: Path, day: Path) -> Path:
    """A copy of the day that a test may damage."""
    return Path(shutil.copytree(day, tmp_path / "copy"))


def _damaged(directory: Path, share: float = 0.5) -> int:
    """Changes an event's quantity, price or the like; the sequence of its command."""
    blocks = list(_blocks(directory))
    places = [place for place, one in blocks if one.message.name == "order_rested"]
    at = places[int(len(places) * share)]
    flip(directory / EVENTS, at + 60 + 8)  # its quantity
    return next(one.sequence for place, one in blocks if place == at)


def _blocks(directory: Path):  # type: ignore[no-untyped-def]
    from twinex.venue.journal.reader import event_at

    reader = EventReader(directory)
    while block := reader.poll():
        for place in block.places.tolist():
            yield place, event_at(block.octets, place)


def differs(*words: object) -> str:
    """What a command says that finds a difference."""
    done = run(*words)
    assert done.exit_code == 1, done.output
    assert done.stderr == ""
    return done.stdout


def test_a_day_that_both_systems_agree_on(day: Path) -> None:
    text = said("umpire", "replay", day, "--images", 10_000)
    commands = sum(1 for _ in JournalReader(day))
    assert f"{commands:,} commands agree: venue, mirror and what was published" in text
    assert "the states at the end are the same, as 2 on the way: " in text
    for name in ("venue", "mirror"):
        (line,) = [line for line in text.splitlines() if line.strip().startswith(f"{name} ")]
        assert line.split()[2] == "s"


def test_a_day_as_json(day: Path) -> None:
    found = json.loads(said("umpire", "replay", day, "--json"))
    assert found["difference"] is None
    assert found["commands"] == found["agreed"] == sum(1 for _ in JournalReader(day))
    assert found["seconds"].keys() == {"venue", "mirror"}


def test_a_day_that_was_published_otherwise(copy: Path, day: Path) -> None:
    sequence = _damaged(copy)
    text = differs("umpire", "replay", copy)
    assert text.startswith(f"{sequence - 1:,} of ")
    assert f"sequence {sequence:,} at " in text
    assert "order_rested: quantity is venue " in " ".join(text.split())
    assert "venue and mirror agree" in text
    assert max(map(len, text.splitlines())) <= 100
    found = json.loads(differs("umpire", "replay", copy, "--json"))["difference"]
    assert found["sequence"] == sequence
    assert found["sides"] == ["venue", "published"]
    unlike = found["answers"][found["place"]]["unlike"]
    assert [one["field"] for one in unlike] == ["quantity"]


def test_two_days_that_published_otherwise(copy: Path, day: Path) -> None:
    assert said("umpire", "compare", day, copy) == "the same, byte for byte\n"
    sequence = _damaged(copy, 0.9)
    text = differs("umpire", "compare", day, copy)
    assert text.startswith(f"sequence {sequence:,} at ")
    assert "quantity is 20260706 " in " ".join(text.split())
    found = json.loads(differs("umpire", "compare", day, copy, "--json"))
    assert (found["agree"], found["difference"]["sequence"]) == (False, sequence)
    assert json.loads(said("umpire", "compare", day, day, "--json"))["agree"]


def test_files_of_events(copy: Path, day: Path, tmp_path: Path) -> None:
    sequence = _damaged(copy)
    files = []
    for directory in (day, copy):
        reader, parts = EventReader(directory), []
        while block := reader.poll():
            parts.append(block.content())
        files.append(tmp_path / f"{directory.name}.events")
        files[-1].write_bytes(b"".join(parts))
    assert said("umpire", "compare", files[0], day) == "the same, byte for byte\n"
    text = differs("umpire", "compare", *files)
    assert f"sequence {sequence:,} at " in text
    assert "no journal names the command" in text
    files[1].write_bytes(files[0].read_bytes()[:-24])
    assert "day_ended cut off" in " ".join(differs("umpire", "compare", *files).split())


def test_two_images(copy: Path, tmp_path: Path) -> None:
    said("image", "write", copy)
    (image,) = copy.glob("state-*.img")
    other = tmp_path / "other.img"
    shutil.copy(image, other)
    assert said("umpire", "compare", image, other) == "the same, byte for byte\n"
    size = other.stat().st_size
    flip(other, size - 100)
    text = differs("umpire", "compare", image, other)
    assert "not that of its rows" in text
    assert "commands, sequence " in text
    assert json.loads(differs("umpire", "compare", image, other, "--json"))["difference"]["rows"]
    flip(other, 20)
    assert "other.img is no state image: its unused word" in refused(
        "umpire", "compare", image, other
    )


def test_an_image_of_a_day_has_the_day_s_names(copy: Path, tmp_path: Path) -> None:
    said("image", "write", copy)
    (image,) = copy.glob("state-*.img")
    octets = image.read_bytes()
    entry = 32 + 2 * 48  # of section 3, instruments
    rows = [int.from_bytes(octets[at + 8 : at + 16], "little") for at in (32, 80)]
    start = 784 + rows[0] * 112 + rows[1] * 248
    assert int.from_bytes(octets[entry : entry + 4], "little") == 3
    other = tmp_path / "other.img"
    shutil.copy(image, other)
    flip(other, start + 24)  # last_price of the first instrument
    text = " ".join(differs("umpire", "compare", image, other).split())
    assert "instruments, IF2607: last_price is state-" in text


def test_what_cannot_be_replayed_or_compared(copy: Path, day: Path, tmp_path: Path) -> None:
    nowhere, empty = tmp_path / "nowhere", tmp_path / "empty"
    empty.mkdir()
    assert "no such directory" in refused("umpire", "replay", nowhere)
    assert "there is no journal in it" in refused("umpire", "replay", empty)
    assert "no such file or directory" in refused("umpire", "compare", day, nowhere)
    assert "a directory and no day" in refused("umpire", "compare", day, empty)
    assert "name the day" in refused("umpire", "compare", day, day / EVENTS)
    (empty / "notes").write_text("neither of both, and longer than that")
    assert "neither as a state image" in refused("umpire", "compare", day, empty / "notes")
    said("image", "write", copy)
    (image,) = copy.glob("state-*.img")
    assert "name two of a kind" in refused("umpire", "compare", image, day)
    flip(copy / "journal-000000.seg", 300_000)
    assert "is corrupt at byte" in refused("umpire", "replay", copy)


def test_a_day_that_goes_on(tmp_path: Path, day: Path) -> None:
    place = tmp_path / "20260706"
    records = list(JournalReader(day))[:-1]
    with Venue(place, clock=lambda: records[0].time_ns) as one:
        for record in records[:4_000]:
            one.send(record.seat, record.body)
    assert "goes on: its last command, 4000, is no day_end" in refused("umpire", "replay", place)
    assert "4,000 commands agree" in said("umpire", "replay", place, "--so-far")
