"""From an ended day to the next: positions, lasting orders, stops, queues, sequences, the hash."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from twinex.venue.image.check import check_image
from twinex.venue.image.errors import NotAnEndedDay
from twinex.venue.image.names import Names, names_of
from twinex.venue.image.overnight import Overnight
from twinex.venue.journal.reader import JournalReader
from twinex.venue.opening import OpenMarket, PositionRefused, open_market, overnight
from twinex.venue.wire import codes
from twinex.venue.wire.messages import decode_stream, encode

FRIDAY, MONDAY = date(2026, 7, 17), date(2026, 7, 20)  # on the 17th the July contracts end
GTC = codes.TIME_GTC


def _enter(day: OpenMarket, seat: int, symbol: str, side: int, price: str, **more: int) -> int:
    """An order of two lots of the seat's first account; its order id."""
    fields = {"client_id": day.venue.sequence, "quantity": 2, "account": 2 * seat - 1}
    fields |= {"instrument": day.number(symbol), "price": int(Decimal(price) * 10_000), **more}
    name = "stop_enter" if "stop_price" in more else "order_enter"
    first = next(decode_stream(day.venue.send(seat, encode(name, side=side, **fields))))
    assert first.name in ("order_accepted", "stop_accepted"), first
    return int(first.fields["order_id"])


def _rules(product: int = 1) -> list[bytes]:
    """Lasting orders, icebergs and stops for a product."""
    values = {
        codes.RULE_TIMES_ALLOWED: 31,
        codes.RULE_STOPS_ALLOWED: 2,
        codes.RULE_DISPLAY_MINIMUM: 1,
        codes.RULE_POST_ONLY_ALLOWED: 1,
    }
    return [
        encode("rule_set", product=product, rule=rule, value=value)
        for rule, value in values.items()
    ]


def _end(day: OpenMarket) -> None:
    day.venue.send(0, day.venue.day_end_message(0))


def _friday(**options: object) -> tuple[OpenMarket, dict[str, int]]:
    """A day with trades, resting orders and stops of both kinds, ended; order ids by name."""
    day = open_market("cffex", FRIDAY, further=_rules(), **options)
    near, far = "IF2607", "IF2608"
    limit = str(day.instruments[far].lower_limit + 20)
    _enter(day, 1, far, codes.SIDE_BUY, limit)
    _enter(day, 2, far, codes.SIDE_SELL, limit)  # trades two lots
    _enter(day, 1, near, codes.SIDE_BUY, str(day.instruments[near].lower_limit))
    _enter(day, 2, near, codes.SIDE_SELL, str(day.instruments[near].lower_limit))
    low = str(day.instruments[far].lower_limit + 10)
    ids = {
        "first": _enter(day, 1, far, 0, low, time_in_force=GTC),
        "day": _enter(day, 2, far, 0, low),
        "iceberg": _enter(day, 1, far, 0, low, time_in_force=GTC, display_quantity=1),
        "last": _enter(day, 2, far, 0, low, time_in_force=GTC),
        "over": _enter(day, 1, near, 0, low, time_in_force=GTC),
    }
    above = day.instruments[far].lower_limit + 200  # Monday's limits lie around Friday's trades
    more = {"time_in_force": GTC, "stop_price": int(above * 10_000)}
    ids["stop"] = _enter(day, 2, far, 0, str(above), **more)
    _end(day)
    return day, ids


def test_the_next_day_opens_with_what_stayed() -> None:
    friday, ids = _friday()
    image = friday.venue.image()
    night = overnight(friday)
    with open_market(
        "cffex", MONDAY, further=_rules(), rolled_from=friday, phase=codes.PHASE_BEFORE_TRADING
    ) as day:
        opened = day.venue.image()
        first = int(opened.day["first_sequence"])
        assert first == image.sequence + 1 == night.first_sequence
        assert sorted(opened["orders"]["order_id"]) == sorted(
            ids[name] for name in ("first", "iceberg", "last")
        )
        assert opened["stops"]["order_id"].tolist() == [ids["stop"]]
        assert opened["carried"]["order_id"].tolist() == sorted(
            ids[name] for name in ("first", "iceberg", "last", "stop")
        )
        far = day.number("IF2608")
        held = opened["positions"][opened["positions"]["instrument"] == far]
        assert held["long_yesterday"].tolist() == [2, 0]
        assert held["short_yesterday"].tolist() == [0, 2]
        row = opened["instruments"][opened["instruments"]["number"] == far][0]
        before = image["instruments"][image["instruments"]["number"] == friday.number("IF2608")][0]
        assert row["last_price"] == before["last_price"] == row["previous_settlement"]
        assert row["open_interest"] == before["open_interest"] == 2
        assert night.left_out({one: 1 for one in day.instruments}) == {"IF2607": 3}


def test_queues_stand_as_they_stood() -> None:
    friday, ids = _friday()
    queue = [ids[name] for name in ("first", "iceberg", "last")]
    assert friday.venue.image()["orders"]["order_id"].tolist()[-3:] == queue
    with open_market("cffex", MONDAY, further=_rules(), rolled_from=friday) as day:
        assert day.venue.image()["orders"]["order_id"].tolist() == queue
        low = day.instruments["IF2608"].lower_limit
        taker = {"quantity": 4, "account": 3}
        sale = encode(
            "order_enter",
            client_id=1,
            instrument=day.number("IF2608"),
            side=1,
            price=int(low * 10_000),
            **taker,
        )
        fills = [
            e.fields for e in decode_stream(day.venue.send(2, sale)) if e.name == "order_filled"
        ]
        resting = [each["order_id"] for each in fills if each["role"] == codes.ROLE_RESTING]
        assert resting[:2] == queue[:2], "first come, first served, over night too"


def test_the_header_names_the_image(tmp_path: Path) -> None:
    friday, _ = _friday()
    with open_market(
        "cffex", MONDAY, further=_rules(), rolled_from=friday, directory=tmp_path / "monday"
    ) as day:
        chain = friday.venue.chain
        header = next(iter(JournalReader(tmp_path / "monday")))
        assert header.message.fields["state_hash"] == friday.venue.image().hash
        assert header.message.fields["first_sequence"] == header.sequence
        assert header.sequence == friday.venue.sequence + 1
        assert day.venue.day.journal.head.chain == chain


def test_a_day_on_disk_rolls_like_one_in_memory(tmp_path: Path) -> None:
    in_memory, _ = _friday(clock=lambda: 1)
    on_disk, _ = _friday(clock=lambda: 1, directory=tmp_path / "friday")
    numbers = {one.number: symbol for symbol, one in on_disk.instruments.items()}
    on_disk.venue.write_image()
    on_disk.venue.close()
    assert names_of(tmp_path / "friday").symbols == numbers
    with (
        open_market(
            "cffex", MONDAY, further=_rules(), rolled_from=tmp_path / "friday", clock=lambda: 2
        ) as one,
        open_market(
            "cffex", MONDAY, further=_rules(), rolled_from=in_memory, clock=lambda: 2
        ) as other,
    ):
        assert one.venue.image().hash == other.venue.image().hash


def test_a_day_that_goes_on_is_refused() -> None:
    with (
        open_market("cffex", FRIDAY) as day,
        pytest.raises(NotAnEndedDay, match="day 20260717 has not ended at sequence"),
    ):
        open_market("cffex", MONDAY, further=_rules(), rolled_from=day)


def test_a_contract_without_a_symbol_is_refused() -> None:
    friday, _ = _friday()
    with pytest.raises(NotAnEndedDay, match="instrument 1 has no symbol"):
        Overnight(friday.venue.image(), Names({}, {}, {}, {}))


def test_holdings_without_an_account_are_refused() -> None:
    friday, _ = _friday()
    with pytest.raises(PositionRefused, match="REFERENCE_UNKNOWN"):
        open_market("cffex", MONDAY, further=_rules(), rolled_from=friday, members=1)


def _define(day: OpenMarket, number: int, one: str, other: str) -> None:
    """A combination of two contracts."""
    legs = {"leg_1": day.number(one), "leg_2": day.number(other)}
    symbol = f"{one}&{other}"
    answer = day.venue.send(
        0, encode("combination_define", instrument=number, symbol=symbol, **legs)
    )
    assert next(decode_stream(answer)).name == "reference_changed"


def test_a_combination_and_its_orders_end_with_the_day(tmp_path: Path) -> None:
    """The positions that it made come over night without it; the next day defines its own."""
    day = open_market("cffex", FRIDAY, further=_rules(), directory=tmp_path / "friday")
    number = 900
    _define(day, number, "IF2608", "IF2609")
    for seat, side, price in ((1, codes.SIDE_BUY, 0), (2, codes.SIDE_SELL, 0), (1, 0, -2_000)):
        order = {"client_id": day.venue.sequence, "account": 2 * seat - 1, "quantity": 2}
        order |= {"instrument": number, "side": side, "price": price}
        answer = day.venue.send(seat, encode("order_enter", **order))
        assert next(decode_stream(answer)).name == "order_accepted"
    alive = day.venue.image()
    check_image(alive)
    assert alive["combined"]["order_id"].tolist() == [alive.sequence * 1024]
    frozen = [alive["positions"][name].sum() for name in ("opening_buys", "opening_sells")]
    assert frozen == [2, 2]
    _end(day)
    ended = day.venue.image()
    check_image(ended)
    assert len(ended["combined"]) == 0
    assert not ended["positions"]["opening_buys"].any()
    day.venue.close()
    night = overnight(tmp_path / "friday")
    assert night.symbols[number] == "IF2608&IF2609"
    assert set(night.closes()) == set(night.open_interests()) == set(day.instruments)
    with open_market("cffex", MONDAY, further=_rules(), rolled_from=night) as monday:
        opened = monday.venue.image()
        assert not opened["instruments"]["leg_1"].any()
        held = opened["positions"]
        assert held["long_yesterday"].tolist() == [2, 0, 0, 2]
        assert held["short_yesterday"].tolist() == [0, 2, 2, 0]
        _define(monday, number, "IF2609", "IF2608")
        check_image(monday.venue.image())


def test_a_week_of_days_in_a_row() -> None:
    """Nothing is lost, doubled or moved in its queue where nothing happens."""
    day, _ = _friday()
    known = None
    for number in range(20, 25):
        following = open_market("cffex", date(2026, 7, number), further=_rules(), rolled_from=day)
        _end_untraded(following)
        image = following.venue.image()
        left = [image[name] for name in ("orders", "stops")]
        rows = [image["positions"][["account", "instrument", "long_yesterday", "short_yesterday"]]]
        if known is not None:
            for before, after in zip(known, [*left, *rows], strict=True):
                assert np.array_equal(before, after)
        known, day = [*left, *rows], following


def _end_untraded(day: OpenMarket) -> None:
    day.set_phase(codes.PHASE_CLOSED)
    _end(day)
