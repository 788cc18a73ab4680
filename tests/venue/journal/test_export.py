"""Statistics and Parquet files against messages decoded one by one."""

import polars as pl
import pytest
from journal_builder import SEGMENT, append, chain_of, odd_body, records

from twinex.venue.journal.day import Day
from twinex.venue.journal.errors import GateBroken, NotAJournal
from twinex.venue.journal.export import export_day
from twinex.venue.journal.reader import EventReader, JournalReader
from twinex.venue.journal.stats import collect
from twinex.venue.wire.messages import MessageError, encode

MINUTE = 60_000_000_000


def mass_quote(number: int, entries: int) -> bytes:
    quotes = [{"instrument": n, "bid_price": -n, "ask_quantity": number} for n in range(entries)]
    return encode("mass_quote", client_id=number, entries=quotes)


def command(number: int) -> bytes:
    kinds = [
        lambda: encode("order_enter", client_id=number, price=-5 * number, side=number % 2),
        lambda: encode("order_cancel", client_id=number, order_id=3 * number),
        lambda: odd_body(40 + number % 8),
        lambda: encode("order_enter", client_id=number)[:24],  # a block that is cut short
        lambda: encode("day_open", trading_day=20240105, market="中金所"),
        lambda: mass_quote(number, number % 5),
        lambda: mass_quote(number, 2)[:-48],  # its group says two and has one
        lambda: mass_quote(number, 1)[:20],  # the head of its group is cut off
    ]
    return kinds[number % len(kinds)]()


COMMANDS = [command(number) for number in range(1, 1001)]


@pytest.fixture
def day(tmp_path):
    directory = tmp_path / "day"
    with Day.create(directory, trading_day=20240105, segment_bytes=SEGMENT) as day:
        chain = 0
        for place, one in enumerate(records(COMMANDS)):
            append(day.journal, one, place + 1, chain)
            chain = chain_of(one)
            for index in range(2):
                name = "trade" if index else "order_cancelled"
                key = {"sequence": place + 1, "time_ns": place * MINUTE // 100, "index": index}
                append(day.events, encode(name, **key, price=place), place + 1)
        day.gate.publish(1000, day.journal.stream_offset, day.events.stream_offset)
    return directory


def decoded(reader, *keys: str) -> dict[str, list[dict]]:
    """Rows of each template, read one by one."""
    rows: dict[str, list[dict]] = {}
    for one in reader:
        head = {key: getattr(one, key) for key in keys}
        try:
            name, fields = one.message
        except MessageError:
            name, fields = "undecoded", {"body": one.body}
        shown = {key: v.hex() if name != "undecoded" and isinstance(v, bytes) else v
                 for key, v in fields.items()}  # fmt: skip
        rows.setdefault(name, []).append(head | shown)
    return rows


@pytest.mark.parametrize("part_rows", [1 << 20, 64])
def test_parquet_holds_every_message(day, tmp_path, part_rows) -> None:
    written = export_day(day, tmp_path / "out", part_rows=part_rows)
    commands = decoded(JournalReader(day), "sequence", "time_ns", "term", "seat")
    events = decoded(EventReader(day))
    expected = {("commands", name): rows for name, rows in commands.items()}
    expected |= {("events", name): rows for name, rows in events.items()}
    assert {(path.parent.name, path.stem) for path in written} == set(expected)
    for path, count in written.items():
        rows = expected[path.parent.name, path.stem]
        frame = pl.read_parquet(path)
        assert len(frame) == count == len(rows)
        assert frame.select(list(rows[0])).to_dicts() == rows
    files = {path for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert files == set(written)


def test_enums_have_names_and_prices_stay_integers(day, tmp_path) -> None:
    export_day(day, tmp_path)
    frame = pl.read_parquet(tmp_path / "commands" / "order_enter.parquet")
    assert frame["price"].dtype == pl.Int64
    assert frame["price"].to_list() == [-5 * n for n in frame["client_id"].to_list()]
    sides = {0: "buy", 1: "sell"}
    assert frame["side_name"].to_list() == [sides[side] for side in frame["side"].to_list()]
    undecoded = pl.read_parquet(tmp_path / "commands" / "undecoded.parquet")
    assert set(undecoded["template_id"].to_list()) == {1, 7, 99}


def test_the_entries_of_mass_quotes_make_rows(day, tmp_path) -> None:
    export_day(day, tmp_path)
    frame = pl.read_parquet(tmp_path / "commands" / "mass_quote.parquet")
    rows = frame.explode("entries").drop_nulls().unnest("entries")
    sizes = [number % 5 for number in frame["client_id"].to_list()]
    assert len(rows) == sum(sizes) > 0
    assert rows["ask_quantity"].to_list() == rows["client_id"].to_list()
    assert rows["instrument"].to_list() == [n for size in sizes for n in range(size)]


def test_statistics_count_everything(day) -> None:
    found = collect(day)
    assert (found.first_sequence, found.last_sequence) == (1, 1000)
    assert (found.commands, found.events) == (1000, 2000)
    assert found.journal_bytes == sum(map(len, records(COMMANDS)))
    journal = {"order_enter": 125, "order_cancel": 125, "day_open": 125, "mass_quote": 125}
    expected = {("journal", name): count for name, count in journal.items()}
    expected |= {("journal", "undecoded"): 500}
    expected |= {("events", name): 1000 for name in ("order_cancelled", "trade")}
    assert {row[:2]: row[2] for row in found.templates.rows()} == expected
    assert found.minutes["events"].to_list() == [200] * 10
    assert found.minutes["commands"].to_list() == [1000] + [0] * 9
    assert found.segments == len(list(day.glob("journal-*.seg")))


def test_an_empty_day(tmp_path) -> None:
    Day.create(tmp_path / "day", trading_day=1, segment_bytes=SEGMENT).close()
    found = collect(tmp_path / "day")
    assert (found.commands, found.events, found.last_sequence) == (0, 0, 0)
    assert export_day(tmp_path / "day", tmp_path / "out") == {}


def test_no_day_at_all(tmp_path) -> None:
    for look in (collect, lambda day: export_day(day, tmp_path / "out")):
        with pytest.raises((GateBroken, NotAJournal)):
            look(tmp_path)
