"""Where tapes are looked for, and what is said when they are not there."""

from pathlib import Path

import pytest

from twinex.tape import locate, shanghai
from twinex.tape.errors import TapeMissing


def test_the_environment_names_the_directory(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv(locate.VARIABLE, str(tmp_path))
    (tmp_path / "sse").mkdir()
    (tmp_path / "sse" / "x.csv").write_text("")
    assert locate.tape_path("sse", "x.csv") == tmp_path / "sse" / "x.csv"


def test_without_it_tapes_lie_beside_the_repository(monkeypatch) -> None:
    monkeypatch.delenv(locate.VARIABLE, raising=False)
    repository = Path(__file__).resolve().parents[2]
    assert locate.tapes_directory() == repository.parent / "shared" / "data"


def test_a_missing_tape_says_where_and_what_to_set(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv(locate.VARIABLE, str(tmp_path))
    with pytest.raises(TapeMissing) as caught:
        shanghai.load("600000")
    assert str(tmp_path / "sse" / "600000_20230711_orders.csv.gz") in str(caught.value)
    assert f"set {locate.VARIABLE}" in str(caught.value)
    with pytest.raises(TapeMissing, match="give a file that exists"):
        locate.existing(tmp_path / "absent.csv")
