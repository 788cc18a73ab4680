"""What happens when in a simulated day, read from its files."""

from datetime import UTC, datetime, timedelta
from functools import cache

from twinex.venue.journal.reader import EventReader, JournalReader
from twinex.venue.wire import codes

from .small_day import small_day

FUTURES_AUCTION = [
    (codes.PHASE_AUCTION_ORDERING, "09:25"),
    (codes.PHASE_AUCTION_MATCH, "09:29"),
    (codes.PHASE_CONTINUOUS, "09:30"),
    (codes.PHASE_NO_TRADING, "11:30"),
    (codes.PHASE_CONTINUOUS, "13:00"),
]


def clock(time_ns: int) -> str:
    at = datetime.fromtimestamp(time_ns // 10**9, UTC) + timedelta(hours=8)
    return f"{at:%H:%M}"


@cache
def events() -> list[dict]:
    return [
        {"name": event.message.name, **event.message.fields}
        for event in EventReader(small_day().directory)
    ]


def number_of(product: str) -> int:
    listing = small_day().run.opening.listing
    return int(listing.product[listing.product_names.index(product)])


def phases(product: str) -> list[tuple[int, str]]:
    return [
        (one["phase"], clock(one["time_ns"]))
        for one in events()
        if one["name"] == "phase_changed" and one["product"] == number_of(product)
    ]


def test_index_futures_open_pause_and_close() -> None:
    found = phases("IF")
    assert [row for row in found if row in FUTURES_AUCTION] == FUTURES_AUCTION
    assert found[-1] == (codes.PHASE_CLOSED, "15:00")


def test_bonds_close_a_quarter_of_an_hour_later() -> None:
    assert phases("T")[-1] == (codes.PHASE_CLOSED, "15:15")


def test_options_close_by_an_auction() -> None:
    found = phases("IO")
    times = [at for phase, at in found if phase == codes.PHASE_AUCTION_ORDERING]
    assert times == ["09:25", "14:57"]
    matched = [
        one
        for one in events()
        if one["name"] == "auction_matched" and clock(one["time_ns"]) == "15:00"
    ]
    listing = small_day().run.opening.listing
    options = {int(n) for n in listing.instrument[listing.product_class == codes.CLASS_OPTION]}
    assert {one["instrument"] for one in matched} <= options
    assert any(one["auction_volume"] > 0 for one in matched)


def test_nobody_trades_at_lunch() -> None:
    for one in events():
        if one["name"] in ("order_accepted", "trade", "order_cancelled"):
            assert not "11:31" <= clock(one["time_ns"]) < "13:00", one
    trades = {clock(one["time_ns"])[:2] for one in events() if one["name"] == "trade"}
    assert trades >= {"09", "10", "11", "13", "14"}


def test_who_is_late_is_refused() -> None:
    late = [
        one
        for one in events()
        if one["name"] == "command_rejected" and one["reject_reason"] == codes.REJECT_PHASE_NO_ENTRY
    ]
    assert {clock(one["time_ns"]) for one in late} & {"11:30", "15:00"}


def test_the_exchange_sends_the_reference_data_first() -> None:
    seats = [record.seat for record in JournalReader(small_day().directory)]
    reference = len(small_day().run.opening.commands)
    assert set(seats[:reference]) == {0}
    assert len(set(seats[reference:])) >= 15
