"""The report's figures against counts made message by message from the day's files."""

from collections import Counter, defaultdict
from decimal import Decimal
from functools import cache

from rich.console import Console

from twinex.day import report, summary
from twinex.venue.journal.reader import EventReader, JournalReader
from twinex.venue.wire.schema import ENUMS

from .small_day import small_day


@cache
def events() -> list[tuple[str, dict]]:
    return [tuple(event.message) for event in EventReader(small_day().directory)]


@cache
def commands() -> list[tuple[str, dict]]:
    return [tuple(record.message) for record in JournalReader(small_day().directory)]


def of(name: str) -> list[dict]:
    return [fields for kind, fields in events() if kind == name]


def name_of(enum: str, value: int) -> str:
    return {number: name for name, number in ENUMS[enum].items()}[value]


def test_commands_and_events() -> None:
    found = small_day().summary
    assert found["commands"] == len(commands())
    assert found["events"] == Counter(name for name, _ in events())


def test_orders_cancels_and_rejects() -> None:
    found = small_day().summary
    kinds = Counter(
        f"{name_of('PriceKind', one['kind'])} {name_of('TimeInForce', one['time_in_force'])}"
        for one in of("order_accepted")
    )
    reasons = Counter(name_of("CancelReason", e["cancel_reason"]) for e in of("order_cancelled"))
    rejects = Counter(name_of("RejectReason", e["reject_reason"]) for e in of("command_rejected"))
    assert found["orders"] == kinds
    assert found["cancels"] == reasons
    assert found["rejects"] == rejects
    for counts in (found["orders"], found["cancels"], found["rejects"]):
        assert list(counts.values()) == sorted(counts.values(), reverse=True)


def test_every_contract() -> None:
    trades = defaultdict(list)
    for one in of("trade"):
        trades[one["instrument"]].append(one)
    listed = [fields for name, fields in commands() if name == "instrument_define"]
    shown = {one["symbol"]: one for one in small_day().summary["contracts"]}
    assert set(shown) == {one["symbol"] for one in listed}
    for contract in listed:
        own, row = trades[contract["instrument"]], shown[contract["symbol"]]
        prices = [Decimal(one["price"]) / 10_000 for one in own]
        assert row["trades"] == len(own)
        assert row["lots"] == sum(one["quantity"] for one in own)
        assert Decimal(row["turnover_yuan"]) * 10_000 == sum(one["turnover"] for one in own)
        if own:
            told = [Decimal(row[key]) for key in ("open", "high", "low", "close")]
            assert told == [prices[0], max(prices), min(prices), prices[-1]]
        else:
            assert [row[key] for key in ("open", "high", "low", "close", "change")] == [None] * 5


def test_turnover_is_price_times_multiplier_times_lots() -> None:
    products = {f["product"]: f["multiplier"] for n, f in commands() if n == "product_define"}
    multiplier = {
        f["instrument"]: products[f["product_of"]]
        for n, f in commands()
        if n == "instrument_define"
    }
    for one in of("trade"):
        exact = one["price"] * multiplier[one["instrument"]] * one["quantity"]
        assert one["turnover"] == exact


def test_open_interest_is_what_the_accounts_hold() -> None:
    held: dict[tuple[int, int], tuple[int, int]] = {}
    for name, one in commands():
        if name == "position_set":
            key = one["instrument"], one["account"]
            held[key] = one["long_yesterday"], one["short_yesterday"]
    before = _interest(held)
    for one in of("position_changed"):
        held[one["instrument"], one["account"]] = (
            one["long_today"] + one["long_yesterday"],
            one["short_today"] + one["short_yesterday"],
        )
    after = _interest(held)
    numbers = {f["symbol"]: f["instrument"] for n, f in commands() if n == "instrument_define"}
    for row in small_day().summary["contracts"]:
        instrument = numbers[row["symbol"]]
        assert before[instrument] == (row["open_interest_before"],) * 2
        assert after[instrument] == (row["open_interest"],) * 2


def _interest(held: dict[tuple[int, int], tuple[int, int]]) -> dict[int, tuple[int, int]]:
    """Longs and shorts of all accounts in each instrument; every buyer has a seller."""
    longs, shorts = Counter[int](), Counter[int]()
    for (instrument, _), (long, short) in held.items():
        longs[instrument] += long
        shorts[instrument] += short
    return {instrument: (longs[instrument], shorts[instrument]) for instrument in longs | shorts}


def test_the_report_tells_them_and_fits() -> None:
    found = small_day().summary
    screen = Console(width=100, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    report.show(found, screen)
    screen.file.close()
    text = screen.export_text()
    for figure in (found["commands"], found["events"]["trade"], found["lots"]):
        assert f"{figure:,}" in text
    assert all(reason in text for reason in found["rejects"])
    assert all(one["symbol"] in text for one in found["contracts"] if one["class"] == "future")
    assert str(small_day().directory) in text.replace("\n", "")
    assert "…" not in text


def test_the_summary_survives_its_file() -> None:
    again = summary.load(small_day().directory)
    assert {**again, "books": None} == {**small_day().summary, "books": None}
