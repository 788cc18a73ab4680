"""The command line as a person uses it: what it prints, where, and with which exit status."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from day.small_day import small_day
from typer.testing import CliRunner, Result

from twinex.cli import app
from twinex.venue.journal.errors import JournalError
from twinex.venue.journal.gate import Gate
from twinex.venue.journal.reader import EventReader, JournalReader

SMALL = ("--commands", "5000")
MANY = ("--commands", "1000000")


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)


def said(*words: object) -> str:
    """Standard output of a command that succeeds."""
    done = run(*words)
    assert done.exit_code == 0, done.output
    assert done.stderr == ""
    return done.stdout


def refused(*words: object) -> str:
    """The one line on stderr of a command that a person got wrong."""
    done = run(*words)
    assert done.exit_code == 2, done.output
    assert done.stdout == ""
    line = done.stderr.removesuffix("\n")
    assert line.startswith("twinex: ")
    assert "\n" not in line
    return line


def misused(*words: object) -> str:
    """What is said about an option that cannot be: usage, and the mistake in a box."""
    done = run(*words)
    assert done.exit_code == 2, done.output
    assert "Usage: " in done.stderr
    assert "Traceback" not in done.output
    return " ".join(done.stderr.replace("│", " ").split())


@pytest.fixture
def day() -> Path:
    return small_day().directory


@pytest.fixture
def copy(tmp_path: Path, day: Path) -> Path:
    """A copy of the day that a test may damage."""
    return Path(shutil.copytree(day, tmp_path / "copy"))


def flip(path: Path, place: int) -> None:
    with path.open("r+b") as file:
        file.seek(place)
        byte = file.read(1)[0]
        file.seek(place)
        file.write(bytes([byte ^ 1]))


# -- help ------------------------------------------------------------------------------------------

COMMANDS = [
    (),
    ("day",),
    ("book",),
    ("bench",),
    ("tape",),
    ("journal",),
    *(("journal", name) for name in ("show", "verify", "stats", "export")),
    *(("tape", name) for name in ("info", "play", "check")),
    ("restart",),
    ("roll",),
    ("image",),
    *(("image", name) for name in ("write", "show", "check", "diff")),
    ("umpire",),
    *(("umpire", name) for name in ("replay", "compare")),
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: " ".join(words) or "twinex")
@pytest.mark.parametrize("width", [80, 100])
def test_help_fits(command: tuple[str, ...], width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("typer.rich_utils.MAX_WIDTH", width)
    text = said(*command, "--help")
    assert "Usage: twinex" in text or "Usage: root" in text
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text


def test_version() -> None:
    assert said("--version").startswith("twinex 0.")


def test_without_a_command_there_is_help() -> None:
    assert "journal" in run().output
    assert "No such command 'frobnicate'" in misused("frobnicate")


# -- day -------------------------------------------------------------------------------------------


def test_day_reports_and_says_where_it_is(tmp_path: Path) -> None:
    text = said("day", *SMALL, "--seed", 5, "--directory", tmp_path)
    place = tmp_path / "20260706"
    assert "Monday 6 July 2026" in text
    assert "seed 5" in text
    assert "commands agree: the same events, the same state, byte for byte" in text
    assert max(map(len, text.splitlines())) <= 100 + len(str(tmp_path))
    assert str(place) in text.replace("\n", "")
    assert sorted(path.name for path in place.iterdir()) == [
        "events-000000.seg", "gate", "journal-000000.seg", "report.json", "simulated",
    ]  # fmt: skip
    assert said("day", "--show", place).splitlines()[0] == text.splitlines()[0]
    assert json.loads((place / "report.json").read_text())["seed"] == 5


def test_day_again_takes_its_own_place(tmp_path: Path) -> None:
    for seed in (1, 2):
        said("day", *SMALL, "--seed", seed, "--directory", tmp_path)
    assert (tmp_path / "20260706/simulated").read_text().endswith("seed 2\n")


def test_the_report_tells_how_to_make_the_same_day(tmp_path: Path) -> None:
    words = ["--seed", 3, "--market", "shfe", "--date", "2026-07-08", "--commands", 3000]
    first = said("day", *words, "--directory", tmp_path / "first")
    line = next(line for line in first.splitlines() if "exactly this day again" in line)
    again = line.strip().split("  ")[0].split()[2:]
    assert sorted(again) == sorted(map(str, words))
    said("day", *again, "--directory", tmp_path / "again")
    journals = [tmp_path / run / "20260708/journal-000000.seg" for run in ("first", "again")]
    assert journals[0].read_bytes() == journals[1].read_bytes()


def test_day_that_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    said("day", *SMALL, "--no-keep")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("market", ["shfe", "sse", "open"])
def test_day_at_other_markets(market: str) -> None:
    text = said("day", *SMALL, "--market", market, "--no-keep")
    assert market.upper() in text.splitlines()[0].upper()


@pytest.mark.parametrize(
    ("date", "words"),
    [
        ("2026-10-01", "2026-10-01 is a holiday: the next trading day is 2026-10-08"),
        ("2026-07-04", "2026-07-04 is a Saturday: the next trading day is 2026-07-06"),
        ("2031-01-06", "not 2031-01-06: add that year's holidays"),
        ("1999-01-05", "not 1999-01-05: add that year's holidays"),
    ],
)
def test_day_on_no_trading_day(tmp_path: Path, date: str, words: str) -> None:
    assert words in refused("day", *SMALL, "--date", date, "--directory", tmp_path)


def test_day_with_options_that_cannot_be(tmp_path: Path) -> None:
    assert "no market 'cfex'" in refused("day", "--market", "cfex", "--no-keep")
    assert "cannot be read" in refused("day", "--market", tmp_path / "x.toml", "--no-keep")
    assert "'--durability'" in misused("day", "--durability", "paper")
    assert "'--commands'" in misused("day", "--commands", 5)
    assert "'--date'" in misused("day", "--date", "tomorrow")
    assert "run `twinex day` first" in refused("day", "--show", tmp_path)


def test_day_with_a_mistake_in_a_market_file(tmp_path: Path) -> None:
    text = (Path(__file__).parents[1] / "markets/cffex.toml").read_text()
    lines = text.splitlines()
    number = next(n for n, line in enumerate(lines, 1) if line.startswith("utc_offset_hours"))
    lines[number - 1] = 'utc_offset_hours = "eight"'
    wrong = tmp_path / "wrong.toml"
    wrong.write_text("\n".join(lines))
    line = refused("day", *SMALL, "--market", wrong, "--no-keep")
    assert f"{wrong}:{number}: " in line
    assert "expected" in line


def test_a_mistake_leaves_the_day_before_alone(copy: Path, day: Path) -> None:
    place = copy.rename(copy.parent / "20260706")
    refused("day", "--market", "cfex", "--directory", place.parent)
    left = {path.name: path.read_bytes() for path in place.iterdir()}
    assert left == {path.name: path.read_bytes() for path in day.iterdir()}


def test_day_where_it_may_not_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "20260706").mkdir()
    (tmp_path / "20260706/mine").write_text("")
    assert "choose another --directory" in refused("day", *SMALL, "--directory", tmp_path / "file")
    assert "did not make" in refused("day", *SMALL, "--directory", tmp_path)
    assert "choose another --directory" in refused("day", *SMALL, "--directory", "/proc/twinex")


# -- journal ---------------------------------------------------------------------------------------


def test_show_tells_commands_and_events(day: Path) -> None:
    first = said("journal", "show", day, "-n", 1)
    assert " day_open trading_day 20260706 market CFFEX " in first
    assert len(said("journal", "show", day).splitlines()) == 40
    trade = next(e for e in EventReader(day) if e.message.name == "trade")
    line = said("journal", "show", day, "--events", "--kind", "trade", "-n", 1)
    assert line.split()[0] == f"{trade.sequence}.{trade.index}"
    price = f"{trade.message.fields['price'] / 10_000:.3f}".rstrip("0")
    assert f" price {price}" in line


def test_show_from_a_sequence_and_a_seat(day: Path) -> None:
    order = next(r for r in JournalReader(day) if r.seat == 52)
    lines = said("journal", "show", day, "--seat", 52, "-n", 3).splitlines()
    assert lines[0].split()[0] == str(order.sequence)
    assert all(" seat 52 " in line for line in lines)
    lines = said("journal", "show", day, "--from", order.sequence, "-n", 2).splitlines()
    assert [line.split()[0] for line in lines] == [str(order.sequence), str(order.sequence + 1)]
    assert said("journal", "show", day, "--from", 10**9) == "nothing like that is there\n"


def test_show_between_times_and_of_one_contract(day: Path) -> None:
    lines = said("journal", "show", day, "--from", "14:57", "--to", "14:57", "-k", "phase_set")
    assert [line.split()[-3:] for line in lines.splitlines()] == [
        [product, "phase", "auction_ordering"] for product in ("IO", "HO", "MO")
    ]
    words = ("--events", "-i", "IF2607", "-k", "trade", "--from", "14:59")
    lines = said("journal", "show", day, *words, "-n", 5).splitlines()
    assert lines
    assert all(" 14:59:" in line and " instrument IF2607 " in line for line in lines)
    assert "no contract 'IF'" in refused("journal", "show", day, "-i", "IF")
    for wrong in ("0", "25:00", "noon"):
        assert f"{wrong!r} is not a sequence or a time" in misused(
            "journal", "show", day, "--to", wrong
        )


def test_show_an_order_s_life(day: Path) -> None:
    filled = next(e for e in EventReader(day) if e.message.name == "order_filled").message.fields
    order = filled["order_id"]
    lines = said("journal", "show", day, "--order", order).splitlines()
    assert f" client_id {filled['client_id']} " in lines[0]
    lines = said("journal", "show", day, "--order", order, "--events").splitlines()
    assert "order_accepted" in lines[0]
    assert all(f"order_id {order} " in line for line in lines)
    assert said("journal", "show", day, "--order", 7) == "nothing like that is there\n"


def test_show_follows_to_the_end_of_the_day(day: Path) -> None:
    last = max(record.sequence for record in JournalReader(day))
    lines = said("journal", "show", day, "--from", last - 2, "--follow").splitlines()
    assert len(lines) == 3
    assert "day_end" in lines[-1]


def test_show_hides_what_is_usual(day: Path) -> None:
    words = ("journal", "show", day, "--kind", "order_enter", "-n", 50)
    assert "minimum_quantity 0" not in said(*words)
    assert "minimum_quantity 0" in said(*words, "--all")


def test_show_knows_its_messages(day: Path) -> None:
    assert "(add --events): choose one of order_enter" in misused(
        "journal", "show", day, "-k", "trade"
    )
    assert "(leave --events away)" in misused("journal", "show", day, "--events", "-k", "timer")


def test_verify(day: Path) -> None:
    text = said("journal", "verify", day)
    assert "every record is whole" in text
    assert "the same events, byte for byte" in text


@pytest.mark.parametrize("place", [5_000, 300_000, 500_000])
def test_verify_finds_a_flipped_bit_in_the_journal(copy: Path, place: int) -> None:
    flip(copy / "journal-000000.seg", place)
    done = run("journal", "verify", copy)
    assert done.exit_code == 1
    assert "journal-000000.seg is corrupt at byte" in done.output
    found = int(done.output.split("at byte ")[1].split(",")[0])
    assert 0 <= place - found < 400, "the record with the flipped bit"


@pytest.mark.parametrize("place", [4_096 + 10, 300_000, 500_001, 500_002, 500_004, 500_007])
def test_verify_finds_a_flipped_bit_in_the_events(copy: Path, place: int) -> None:
    flip(copy / "events-000000.seg", place)
    done = run("journal", "verify", copy)
    assert done.exit_code == 1, done.output
    assert "every record is whole" in done.output
    assert "the same events" not in done.output


@pytest.mark.parametrize("kind", ["journal", "events"])
def test_verify_finds_a_truncated_segment(copy: Path, kind: str) -> None:
    os.truncate(copy / f"{kind}-000000.seg", 300_000)
    done = run("journal", "verify", copy)
    assert done.exit_code == 1
    assert f"{kind}-000000.seg is corrupt at byte" in done.output


def test_verify_finds_events_gone(copy: Path) -> None:
    (copy / "events-000000.seg").unlink()
    done = run("journal", "verify", copy)
    assert done.exit_code == 1
    assert "there is no first segment" in done.output


@pytest.mark.parametrize("command", ["show", "stats", "export"])
def test_a_corrupt_journal_is_named(copy: Path, command: str) -> None:
    flip(copy / "journal-000000.seg", 300_000)
    words = ["--from", 4000] if command == "show" else []
    assert "journal-000000.seg is corrupt at byte" in refused("journal", command, copy, *words)


def test_stats_counts(day: Path) -> None:
    text = said("journal", "stats", day)
    summary = small_day().summary
    assert f"{summary['commands']:,} commands" in text
    assert f"{summary['events']['trade']:,}" in text
    assert "2026-07-06 09:" in text, "minutes are the exchange's"


def test_export_writes_parquet(tmp_path: Path, copy: Path) -> None:
    import polars as pl

    said("journal", "export", copy)
    trades = pl.read_parquet(tmp_path / "copy-parquet/events/trade.parquet")
    assert len(trades) == small_day().summary["events"]["trade"]
    assert trades["quantity"].sum() == small_day().summary["lots"]
    said("journal", "export", copy, "--to", tmp_path / "elsewhere")
    assert (tmp_path / "elsewhere/commands/order_enter.parquet").exists()


def test_export_where_it_may_not_write(tmp_path: Path, day: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "Not a directory" in refused("journal", "export", day, "--to", tmp_path / "file")
    assert "/proc/" in refused("journal", "export", day, "--to", "/proc/twinex")


EVERY_READER = [
    ("journal", "show"),
    ("journal", "verify"),
    ("journal", "stats"),
    ("journal", "export"),
    ("book",),
]


@pytest.mark.parametrize("command", EVERY_READER, ids=" ".join)
def test_what_is_no_day(tmp_path: Path, command: tuple[str, ...], day: Path) -> None:
    assert "no such directory" in refused(*command, tmp_path / "nowhere")
    assert "is not a day" in refused(*command, tmp_path)
    assert f"name one of its days: {day}" in refused(*command, day.parent)
    (tmp_path / "file").write_text("")
    refused(*command, tmp_path / "file")
    (tmp_path / "gate").write_text("x")
    refused(*command, tmp_path)


# -- book ------------------------------------------------------------------------------------------


def test_book_at_a_time(day: Path) -> None:
    text = said("book", day, "-i", "IF2607", "--at", "10:30:00", "--depth", 3)
    assert "IF2607" in text
    assert "10:29:5" in text or "10:30:00" in text
    assert "continuous" in text
    assert "lots traded" in text


def test_book_at_the_end(day: Path) -> None:
    text = said("book", day, "--once")
    assert "closed" in text
    assert "empty" in text
    row = next(c for c in small_day().summary["contracts"] if c["symbol"] == "IF2607")
    assert f"last {row['close']}" in text
    assert f"{row['lots']:,} lots traded" in text


def test_book_played_at_once_ends_as_it_stands(day: Path) -> None:
    played = said("book", day, "--speed", 1_000_000)
    assert "closed" in played


def test_book_played_from_a_time(day: Path) -> None:
    played = said("book", day, "--from", "14:59", "--speed", 1_000_000)
    assert "closed" in played
    assert "not reach" in refused("book", day, "--from", "23:00")


def test_book_of_the_newest_day(day: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "there is no day in" in refused("book", "--once")
    Path("days").mkdir()
    Path("days/20260706").symlink_to(day)
    assert said("book", "--once") == said("book", day, "--once")


def test_book_that_cannot_be_shown(day: Path, copy: Path) -> None:
    assert "no contract 'NOPE'" in refused("book", day, "-i", "NOPE", "--once")
    assert "IO2607-C-4" in refused("book", day, "-i", "IO2607-C", "--once")
    refused("book", day, "--at", "04:00:00")
    assert "'--at'" in misused("book", day, "--at", "25:00:00")
    os.truncate(copy / "events-000000.seg", 300_000)
    assert "is corrupt" in refused("book", copy, "--once")


# -- bench -----------------------------------------------------------------------------------------


def test_bench_lists_what_there_is() -> None:
    assert said("bench").split() == sorted(
        path.stem.removeprefix("bench_")
        for path in (Path(__file__).parents[1] / "benchmarks").glob("bench_*.py")
    )
    assert "no benchmark 'nope'" in refused("bench", "nope")


def test_bench_json_is_the_last_line_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    room = tmp_path / "benchmarks"
    room.mkdir()
    (room / "helper.py").write_text("FIGURES = '{\"speed_per_s\": 1}'")
    (room / "bench_own.py").write_text(
        "from benchmarks import helper\nprint('a table')\nprint(helper.FIGURES)\n"
    )
    (room / "bench_bad.py").write_text("raise SystemExit(3)")
    monkeypatch.setattr("twinex.venue.wire.schema.spec_directory", lambda: tmp_path / "spec")
    assert said("bench", "own", "--json") == '{"speed_per_s": 1}\n'
    (room / "bench_asked.py").write_text("import sys\nprint(sys.argv[1:])")
    assert said("bench", "asked", "--json", "--commands", "7") == "['--commands', '7']\n"
    assert run("bench", "bad", "--json").exit_code == 3
    assert run("bench", "bad").exit_code == 3


# -- in a shell ------------------------------------------------------------------------------------

TWINEX = [sys.executable, "-c", "from twinex.cli import main; main()"]


def test_a_reader_who_leaves_early_is_no_failure(day: Path) -> None:
    command = [*TWINEX, "journal", "show", str(day), "-n", "20000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert b"day_open" in process.stdout.readline()
        process.stdout.close()
        errors = process.stderr.read()
        assert (process.wait(60), errors) == (0, b"")


def test_ctrl_c_in_the_middle_of_a_day(tmp_path: Path) -> None:
    place = tmp_path / "20260706"
    command = [*TWINEX, "day", *MANY, "--directory", str(tmp_path)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        while process.poll() is None and not _is_running(place):
            pass
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert errors.decode().splitlines() == [
        f"twinex: interrupted: the journal up to there is in {place}"
    ]
    assert process.returncode == 130
    assert "the same events, byte for byte" in said("journal", "verify", place)
    said("day", *SMALL, "--directory", tmp_path)


def _is_running(directory: Path) -> bool:
    """True once a few thousand orders of the day are committed."""
    try:
        return Gate.open(directory).read().sequence > 8_000
    except JournalError:
        return False
