"""A recorded day on two systems: that they agree is believed, because what is broken is seen."""

import io
import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from rich.console import Console
from venue.image.living import fixed_clock, octets_of
from venue.image.rich_day import FIRST, RichDay

from twinex.umpire.messages import events_of
from twinex.umpire.page import render
from twinex.umpire.recorded import (
    DayGoesOn,
    EmptyDay,
    Recorded,
    TornJournal,
    is_day,
    sequence_of,
)
from twinex.umpire.replay import PUBLISHED, Replay, SystemFailed, Verdict
from twinex.umpire.system import Maker, Start
from twinex.umpire.systems import SYSTEMS, VenueSystem
from twinex.venue.journal.errors import CorruptJournal, GateBroken, NotAJournal
from twinex.venue.journal.layout import HEAD_BYTES, segment_name
from twinex.venue.venue import Venue
from umpire.recordings import recording, with_byte

AT = FIRST + 700
_EVENTS = segment_name("events", 0)
_JOURNAL = segment_name("journal", 0)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the day that a test may damage."""
    return Path(shutil.copytree(recording().directory, tmp_path / "20260105"))


def _replayed(
    second: Maker = VenueSystem, directory: Path | None = None, **options: int
) -> Verdict:
    day = Recorded(directory or recording().directory)
    return Replay(day, {"venue": VenueSystem, "mirror": second}, **options).run()


def _text(verdict: Verdict) -> str:
    """The page of a difference, as it stands on a terminal of 100 columns."""
    assert verdict.difference is not None
    console = Console(width=100, file=io.StringIO())
    console.print(render(verdict.difference))
    return console.file.getvalue()


class _Broken(VenueSystem):
    """A venue that something befalls at one command."""

    def apply_all(self, records: Sequence[bytes]) -> bytes:
        return b"".join(self.befall(record) for record in records)

    def befall(self, record: bytes) -> bytes:
        raise NotImplementedError

    def honest(self, record: bytes) -> bytes:
        return super().apply_all([record])


def _answering(change: Callable[[bytes], bytes], at: int = AT) -> Maker:
    class Answering(_Broken):
        """Its answer at one command is changed on the way."""

        def befall(self, record: bytes) -> bytes:
            answer = self.honest(record)
            return change(answer) if sequence_of(record) == at else answer

    return Answering


def _forgetting(at: int, *, field: str = "used") -> Maker:
    class Forgetting(_Broken):
        """Its state goes wrong at one command, and no answer tells."""

        def befall(self, record: bytes) -> bytes:
            answer = self.honest(record)
            if sequence_of(record) == at:
                self._core.members[field][2] += 100
            return answer

    return Forgetting


def _stopping(at: int = AT) -> Maker:
    class Stopping(_Broken):
        """A command breaks it."""

        def befall(self, record: bytes) -> bytes:
            if sequence_of(record) == at:
                raise AssertionError("a book that is crossed")
            return self.honest(record)

    return Stopping


# -- they agree ------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [4, 7, 8])
def test_the_systems_agree_on_rich_days(seed: int) -> None:
    recorded = recording(seed)
    day = Recorded(recorded.directory)
    verdict = Replay(day, SYSTEMS, images_every=400).run()
    assert verdict.difference is None
    assert verdict.agreed == verdict.commands == len(recorded.records)
    assert verdict.event_bytes == len(recorded.stream)
    assert verdict.events == sum(1 for _ in events_of(recorded.stream))
    assert verdict.images == len(recorded.records) // 400 + 1
    assert verdict.seconds.keys() == SYSTEMS.keys()
    assert json.loads(json.dumps(verdict.as_json()))["difference"] is None


def test_a_system_fed_record_by_record_is_the_same() -> None:
    one, other = VenueSystem(Start(FIRST, 0)), VenueSystem(Start(FIRST, 0))
    records = recording().records
    assert [one.apply(record) for record in records] == recording().answers
    assert other.apply_all(records) == recording().stream
    assert one.image() == other.image()
    assert other.apply_all([]) == b""


def test_events_that_need_more_memory_than_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("twinex.umpire.systems._EVENT_BYTES", 512)
    assert VenueSystem(Start(FIRST, 0)).apply_all(recording().records) == recording().stream


def test_what_is_done_is_told() -> None:
    told: list[tuple[str, int, int]] = []
    day = Recorded(recording().directory)
    Replay(day, {"venue": VenueSystem}, tell=lambda *one: told.append(one)).run()
    assert told[-1] == ("replaying", day.commands, day.commands)


# -- they do not -----------------------------------------------------------------------------------


def test_an_answer_that_differs() -> None:
    place = 30  # of the time, which every event has
    verdict = _replayed(_answering(lambda answer: with_byte(answer, 16)))
    found = verdict.difference
    assert found is not None
    assert (found.sequence, verdict.agreed) == (AT, AT - FIRST)
    assert found.sides == ("venue", "mirror")
    assert "time_ns is venue" in found.headline
    assert found.notes == ("what was published is what venue answers",)
    assert found.command is not None
    assert f"sequence {AT:,} at " in found.heading
    assert found.command.words in found.heading
    assert found.before is not None
    assert found.before.one == found.before.other
    assert place < len(_text(verdict).splitlines()) < 60


def test_the_page_tells_all_of_it() -> None:
    verdict = _replayed(_answering(lambda answer: with_byte(answer, 16)))
    text, found = _text(verdict), verdict.difference
    assert found is not None
    assert found.command is not None
    assert found.headline in " ".join(text.split())
    for words in ("command", "answers", "state before", "state after", found.command.name, "✗ 0"):
        assert words in text
    assert max(map(len, text.splitlines())) <= 100


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda answer: answer + answer, "goes on with the next command; mirror has"),
        (lambda answer: b"", "mirror has no answer, it goes on with the next command"),
        (lambda answer: answer[:-8], "mirror"),
        (lambda answer: with_byte(answer, 2, 0x40), "no event (no event has template"),
    ],
)
def test_answers_that_are_no_answers(change: Callable[[bytes], bytes], words: str) -> None:
    found = _replayed(_answering(change)).difference
    assert found is not None
    assert found.sequence == AT
    assert words in found.headline


@pytest.mark.parametrize("at", [FIRST, FIRST + 1, FIRST + 999, FIRST + 1_000])
@pytest.mark.parametrize("every", [0, 250])
def test_a_state_that_goes_wrong_in_silence(at: int, every: int) -> None:
    at = max(at, FIRST + 200)  # the members are there
    verdict = _replayed(_forgetting(at), images_every=every)
    found = verdict.difference
    assert found is not None
    assert (found.sequence, verdict.agreed) == (at, at - FIRST)
    assert found.answers == ()
    assert found.headline.startswith("members, member 2: used is venue")
    assert found.notes == ("the answers agree, the states behind them do not",)
    (row,) = found.rows
    assert (row.section, row.key, row.field) == ("members", "member 2", "used")
    assert found.before is not None
    assert found.before.one == found.before.other
    assert "rows that differ" in _text(verdict)


def test_a_system_that_stops() -> None:
    for makers in (
        {"venue": VenueSystem, "mirror": _stopping()},
        {"mirror": _stopping(), "venue": VenueSystem},
    ):
        verdict = Replay(Recorded(recording().directory), makers).run()
        found = verdict.difference
        assert found is not None
        assert (found.sequence, verdict.agreed) == (AT, AT - FIRST)
        assert found.sides == ("venue", "mirror")
        assert found.headline == "mirror stops at it: AssertionError: a book that is crossed"
        assert all(pair.one and not pair.other for pair in found.answers)
        assert len(found.answers) == sum(1 for _ in events_of(recording().answers[AT - FIRST]))
        assert found.after is not None
        assert found.after.one
        assert not found.after.other
        assert "nothing" in _text(verdict)


def test_both_systems_stop() -> None:
    makers = {"venue": _stopping(), "mirror": _stopping()}
    verdict = Replay(Recorded(recording().directory), makers).run()
    found = verdict.difference
    assert found is not None
    assert (found.sequence, found.answers) == (AT, ())
    assert "stops at it" in _text(verdict)


def test_an_earlier_difference_comes_before_a_stop() -> None:
    class Both(_Broken):
        """Another answer first, then a stop in the same batch."""

        def befall(self, record: bytes) -> bytes:
            if sequence_of(record) == AT + 5:
                raise AssertionError("a book that is crossed")
            answer = self.honest(record)
            return with_byte(answer, 16) if sequence_of(record) == AT else answer

    found = _replayed(Both).difference
    assert found is not None
    assert found.sequence == AT
    assert "time_ns" in found.headline


def test_an_image_that_cannot_be_read() -> None:
    class Scrawling(VenueSystem):
        """Its images have a magic of their own."""

        def image(self) -> bytes:
            return with_byte(super().image(), 0)

    found = _replayed(Scrawling).difference
    assert found is not None
    assert any("the image of mirror cannot be read: its magic" in note for note in found.notes)
    assert found.headline == "the images differ, and not both can be read"


def test_an_image_that_cannot_be_made() -> None:
    class Speechless(VenueSystem):
        """It makes no images."""

        def image(self) -> bytes:
            raise MemoryError("no room")

    with pytest.raises(SystemFailed, match="MemoryError: no room"):
        _replayed(Speechless)


# -- what was published ----------------------------------------------------------------------------


def _damage(directory: Path, name: str, place: int, flip: int = 1) -> None:
    path = directory / name
    path.write_bytes(with_byte(path.read_bytes(), place, flip))


def test_what_was_published_differs(copy: Path) -> None:
    start = HEAD_BYTES + sum(map(len, recording().answers[: AT - FIRST]))
    _damage(copy, _EVENTS, start + 40)
    for makers in (SYSTEMS, {"venue": VenueSystem}):
        verdict = Replay(Recorded(copy), makers).run()
        found = verdict.difference
        assert found is not None
        assert (found.sequence, verdict.agreed) == (AT, AT - FIRST)
        assert found.sides == ("venue", PUBLISHED)
        assert found.notes == (("venue and mirror agree",) if len(makers) > 1 else ())
        assert "of venue" in _text(verdict)


def test_what_was_published_is_what_the_other_answers(copy: Path) -> None:
    start = HEAD_BYTES + sum(map(len, recording().answers[: AT - FIRST]))
    _damage(copy, _EVENTS, start + 16)
    found = _replayed(_answering(lambda answer: with_byte(answer, 16)), copy).difference
    assert found is not None
    assert found.sides == ("venue", "mirror")
    assert found.notes == ("what was published is what mirror answers",)
    found = _replayed(_answering(lambda answer: with_byte(answer, 17)), copy).difference
    assert found is not None
    assert found.notes == ("what was published is a third answer",)


class _Shortened(Recorded):
    """A day of which fewer events were published, or of which records are missing."""

    events_less = records_less = 0

    def published(self):  # type: ignore[no-untyped-def]
        found = super().published()
        found._left -= self.events_less
        return found


def test_less_was_published(monkeypatch: pytest.MonkeyPatch) -> None:
    last = recording().answers[-1]
    monkeypatch.setattr(_Shortened, "events_less", len(last))
    verdict = Replay(_Shortened(recording().directory), SYSTEMS).run()
    found = verdict.difference
    assert found is not None
    assert found.sequence == FIRST + len(recording().records) - 1
    due = "published has no answer, its stream ends there; venue has phase_changed"
    assert found.headline == due


def test_more_was_published() -> None:
    day = Recorded(recording().directory)
    day.last_sequence -= 1
    verdict = Replay(day, SYSTEMS).run()
    found = verdict.difference
    assert found is not None
    assert found.sequence == FIRST + len(recording().records) - 1
    assert found.notes == ("the journal ends there",)
    assert "venue has no answer" in found.headline
    assert verdict.agreed == len(recording().records) - 1


# -- days that cannot be replayed ------------------------------------------------------------------


def _open_day(directory: Path, count: int = 300) -> Path:
    with Venue(directory, clock=fixed_clock, first_sequence=FIRST) as venue:
        venue.submit(octets_of(RichDay(4).frames(count, end=False)))
    return directory


def test_a_day_that_goes_on(tmp_path: Path) -> None:
    place = _open_day(tmp_path / "day")
    with pytest.raises(DayGoesOn, match="--so-far"):
        Recorded(place)
    verdict = Replay(Recorded(place, so_far=True), SYSTEMS).run()
    assert verdict.difference is None
    assert verdict.commands == verdict.agreed > 300


def test_a_running_day_grows_while_it_is_read(tmp_path: Path) -> None:
    frames = RichDay(4).frames(300, end=False)
    with Venue(tmp_path / "day", clock=fixed_clock, first_sequence=FIRST) as venue:
        venue.submit(octets_of(frames[:-50]))
        day = Recorded(tmp_path / "day", so_far=True)
        venue.submit(octets_of(frames[-50:]))
        verdict = Replay(day, SYSTEMS).run()
    assert verdict.difference is None
    assert verdict.commands == len(frames) - 50


def test_a_torn_end(tmp_path: Path) -> None:
    place = _open_day(tmp_path / "day")
    used = HEAD_BYTES + sum(len(one) for batch in _all(place) for one in batch)
    _damage(place, _JOURNAL, used, 0x60)
    with pytest.raises(TornJournal, match="twinex restart"):
        Recorded(place, so_far=True)


def _all(place: Path) -> list[list[bytes]]:
    return list(Recorded(place, so_far=True).batches())


def test_damage_in_the_middle(copy: Path) -> None:
    _damage(copy, _JOURNAL, HEAD_BYTES + 2_000)
    with pytest.raises(CorruptJournal, match="sequence"):
        Recorded(copy)


def test_no_day_and_no_gate(copy: Path, tmp_path: Path) -> None:
    assert is_day(copy)
    assert not is_day(tmp_path)
    with pytest.raises(NotAJournal):
        Recorded(tmp_path)
    (copy / "gate").unlink()
    with pytest.raises(GateBroken):
        Recorded(copy)


def test_a_day_without_commands(copy: Path) -> None:
    with Venue(copy.parent / "new", first_sequence=FIRST) as venue, pytest.raises(Exception):  # noqa
        venue.send(3, b"no day_open")
    journal = (copy / _JOURNAL).read_bytes()
    (copy / _JOURNAL).write_bytes(journal[:HEAD_BYTES] + bytes(len(journal) - HEAD_BYTES))
    words = bytearray((copy / "gate").read_bytes())
    words[8:40] = (FIRST - 1).to_bytes(8, "little") + bytes(24)
    (copy / "gate").write_bytes(words)
    with pytest.raises(EmptyDay):
        Recorded(copy)


# -- batches ---------------------------------------------------------------------------------------


def test_batches_end_where_they_are_asked_to() -> None:
    day, records = Recorded(recording().directory), recording().records
    stops = [FIRST + 3, FIRST + 4, FIRST + 700]
    ends = [sequence_of(batch[-1]) for batch in day.batches(stops)]
    assert ends == [*stops, day.last_sequence]
    assert [one for batch in day.batches(stops) for one in batch] == records
    assert [day.record(FIRST + at) for at in range(0, 900, 90)] == records[0:900:90]
    assert day.record(FIRST - 1) is None
    assert day.record(day.last_sequence + 1) is None


def test_published_in_pieces_of_any_size() -> None:
    day, stream = Recorded(recording().directory), recording().stream
    published, taken = day.published(), b""
    for size in (0, 1, 7, 4096, 1 << 20):
        assert published.ahead(size) == stream[len(taken) : len(taken) + size]
        taken += published.take(size)
    assert taken == stream
    assert published.ahead(1) == b""
    assert b"".join(day.published().batches()) == stream
