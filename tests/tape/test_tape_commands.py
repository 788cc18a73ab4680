"""`twinex tape info | play | check` as a person types them."""

import shutil

import pytest
from typer.testing import CliRunner

from twinex.cli import app

from . import small_tapes


def run(*words: object, status: int = 0) -> str:
    """What the command prints; its exit status must be `status`."""
    done = CliRunner().invoke(app, ["tape", *map(str, words)])
    assert done.exit_code == status, done.output
    return done.output


def test_info(tmp_path) -> None:
    said = run("info", small_tapes.shanghai(tmp_path), small_tapes.tick_file(tmp_path))
    assert "Shanghai stock, orders" in said
    assert "ticks of CFFEX" in said


def test_play_reports_and_keeps_the_day(tmp_path) -> None:
    days = tmp_path / "days"
    words = ["play", small_tapes.shanghai(tmp_path), "--directory", days]
    said = run(*words)
    for part in (
        "605580  2023-07-11  SSE",
        "opening auction: 300 shares",
        "commands/s",
        "rejected",
    ):
        assert part in said
    directory = days / "605580-20230711"
    assert str(directory) in said
    done = CliRunner().invoke(app, ["journal", "verify", str(directory)])
    assert "the same events, byte for byte" in done.output
    before = (directory / "journal-000000.seg").read_bytes()
    run(*words)
    assert (directory / "journal-000000.seg").read_bytes() == before


def test_play_keeps_nothing_if_told_so(tmp_path) -> None:
    said = run("play", small_tapes.lobster(tmp_path), "--no-keep", "--directory", tmp_path / "days")
    assert "X  2012-06-21  NASDAQ" in said
    assert not (tmp_path / "days").exists()


def test_play_does_not_overwrite_what_is_not_its_own(tmp_path) -> None:
    taken = tmp_path / "605580-20230711"
    taken.mkdir()
    (taken / "mine.txt").write_text("")
    said = run("play", small_tapes.shanghai(tmp_path), "--directory", tmp_path, status=2)
    assert "did not make" in said
    assert (taken / "mine.txt").exists()


def test_play_passes_over_ticks(tmp_path) -> None:
    said = run("play", small_tapes.tick_file(tmp_path), "--directory", tmp_path / "days")
    assert "snapshots, no orders" in said


def test_check_takes_several_tapes_each_once(tmp_path) -> None:
    orders = small_tapes.shanghai(tmp_path)
    trades = tmp_path / "s_trades.csv"
    tapes = [orders, trades, small_tapes.lobster(tmp_path), small_tapes.tick_file(tmp_path)]
    said = run("check", *tapes)
    assert said.count("Shanghai order by order: equal") == 1
    assert "X 20120621, LOBSTER: equal" in said
    assert "IF2101 20210104, ticks of CFFEX: equal" in said


def test_check_tells_the_first_difference_and_fails(tmp_path) -> None:
    orders = list(small_tapes.ORDERS)
    orders[0] = "09:15:01.000,2,14.6,500,1,1,1"
    orders[2] = "09:17:00.000,2,14.55,300,1,3,3"
    wrong = small_tapes.shanghai(tmp_path, orders)
    said = run("check", wrong, small_tapes.tick_file(tmp_path), status=1)
    assert "Shanghai order by order: differs" in said
    assert "trade 2 of the opening auction: the exchange says buyer 1 seller 4" in said
    assert "ticks of CFFEX: equal" in said


@pytest.mark.parametrize("command", ["play", "check", "info"])
def test_what_is_no_tape_is_named(tmp_path, command: str) -> None:
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    assert "no tape that Twinex knows" in run(command, tmp_path / "x.csv", status=2)
    assert "no tape at" in run(command, tmp_path / "y.csv", status=2)


def test_a_stock_needs_both_its_files(tmp_path) -> None:
    orders = small_tapes.shanghai(tmp_path)
    (tmp_path / "s_trades.csv").unlink()
    assert "its trades are needed too" in run("check", orders, status=2)
    shutil.move(orders, tmp_path / "odd.csv")
    assert "..._trades.csv.gz" in run("check", tmp_path / "odd.csv", status=2)


@pytest.mark.parametrize("command", ["info", "play", "check"])
def test_help_has_examples(command: str) -> None:
    assert f"twinex tape {command} " in run(command, "--help")
