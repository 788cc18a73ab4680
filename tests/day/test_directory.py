"""Whose directory a simulated day may take."""

from pathlib import Path

import pytest

from twinex.day import summary
from twinex.day.directory import MARK, claim
from twinex.day.settings import DayError, Settings
from twinex.venue.journal.errors import DayBusy
from twinex.venue.journal.files import DayLock


def of(directory: Path) -> Settings:
    return Settings(seed=3, directory=directory)


def test_a_new_directory_and_an_empty_one(tmp_path: Path) -> None:
    claim(of(tmp_path / "a/b"))
    assert (tmp_path / "a/b" / MARK).read_text() == "cffex 2026-07-06 seed 3\n"
    (tmp_path / "c").mkdir()
    claim(of(tmp_path / "c"))


def test_an_earlier_run_is_cleared(tmp_path: Path) -> None:
    claim(of(tmp_path))
    for name in ("journal-000000.seg", "events-000000.seg", "gate", "report.json"):
        (tmp_path / name).write_text("old")
    claim(of(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == [MARK]


@pytest.mark.parametrize("names", [["journal-000000.seg"], [MARK, "notes.txt"], ["notes.txt"]])
def test_what_it_did_not_make_stays(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        (tmp_path / name).write_text("mine")
    with pytest.raises(DayError, match="did not make"):
        claim(of(tmp_path))
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == dict.fromkeys(
        names, "mine"
    )


def test_a_day_that_runs_is_left_alone(tmp_path: Path) -> None:
    claim(of(tmp_path))
    (tmp_path / "gate").write_text("running")
    with DayLock(tmp_path), pytest.raises(DayBusy):
        claim(of(tmp_path))
    assert (tmp_path / "gate").read_text() == "running"


def test_a_place_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DayError, match="choose another --directory"):
        claim(of(tmp_path / "file/day"))


def test_a_report_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(DayError, match="run `twinex day` first"):
        summary.load(tmp_path)
    for text in ("{", "[]", '{"market": "CFFEX"}', "\udcff"):
        (tmp_path / "report.json").write_bytes(text.encode(errors="surrogateescape"))
        with pytest.raises(DayError, match="is no report"):
            summary.load(tmp_path)
