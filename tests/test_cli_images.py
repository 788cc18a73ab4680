"""`twinex image`, `restart` and `roll` as a person uses them."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from test_cli import flip, refused, run, said

from twinex.venue.image.file import images_in, read_image
from twinex.venue.journal.reader import JournalReader
from twinex.venue.opening import OpenMarket, open_market
from twinex.venue.venue import Venue
from twinex.venue.wire import codes
from twinex.venue.wire.messages import encode

FRIDAY, MONDAY = date(2026, 7, 17), "2026-07-20"


def _enter(market: OpenMarket, seat: int, **fields: int) -> None:
    order = {"client_id": market.venue.sequence, "account": 2 * seat - 1, "quantity": 2, **fields}
    events = market.venue.send(seat, encode("order_enter", **order))
    assert events[2] == codes.ORDER_ACCEPTED


@pytest.fixture
def friday(tmp_path: Path) -> Path:
    """An ended day: a trade, an order that lasts, and one in a contract whose last day it is."""
    directory = tmp_path / "20260717"
    lasting = encode("rule_set", product=1, rule=codes.RULE_TIMES_ALLOWED, value=31)
    with open_market("cffex", FRIDAY, directory=directory, further=[lasting]) as market:
        near, far = (market.instruments[symbol] for symbol in ("IF2607", "IF2608"))
        for one in (near, far):
            low = {"instrument": one.number, "price": int(one.lower_limit * 10_000)}
            _enter(market, 1, side=0, **low)
            _enter(market, 2, side=1, **low)
            _enter(market, 1, side=0, time_in_force=codes.TIME_GTC, **low)
        market.venue.send(0, market.venue.day_end_message(0))
    return directory


def test_an_image_is_written_shown_and_checked(friday: Path) -> None:
    written = said("image", "write", friday)
    (path,) = images_in(friday)
    state = read_image(path)
    assert str(path) in written
    assert state.hash.hex() in written
    for place in (path, friday):
        shown = said("image", "show", place)
        assert f"trading day 20260717, sequence {state.sequence}" in shown
        rows = {
            words[0]: words[1] for line in shown.splitlines() if len(words := line.split()) == 3
        }
        assert rows["trades"] == "2"
        assert rows["orders"] == "2"
    assert said("image", "check", friday).endswith(": the state that the journal makes\n")


def test_what_is_wrong_with_an_image_is_said(friday: Path) -> None:
    assert "holds no image: `twinex image write" in refused("image", "show", friday)
    said("image", "write", friday)
    (path,) = images_in(friday)
    flip(path, 1_000)
    assert "is wrong" in refused("image", "show", path)
    checked = run("image", "check", friday)
    assert checked.exit_code == 1
    assert "is wrong" in checked.stdout


def test_check_finds_a_state_that_the_journal_does_not_make(friday: Path) -> None:
    """As if an image had been written by a system that went astray."""
    with Venue.reopen(friday) as venue:
        venue.core.instruments["last_price"][3] += 200
        venue.write_image()
    checked = run("image", "check", friday)
    assert checked.exit_code == 1
    assert "another state\ninstruments: number 3: last_price" in checked.stdout


def test_two_images_are_compared(friday: Path, tmp_path: Path) -> None:
    said("image", "write", friday)
    assert said("image", "diff", friday, images_in(friday)[0]) == "the same state\n"
    said("roll", friday, "--date", MONDAY)
    said("image", "write", tmp_path / "20260720")
    compared = run("image", "diff", friday, tmp_path / "20260720")
    assert compared.exit_code == 1
    assert "trades: 2 rows, other 0; the one goes on with price" in compared.stdout


def test_restart_says_by_what(friday: Path) -> None:
    assert "by all of its journal" in said("restart", friday)
    said("image", "write", friday)
    (path,) = images_in(friday)
    by_image = said("restart", friday)
    assert f"by {path.name} and 0 commands behind it" in by_image
    by_replay = said("restart", friday, "--replay")
    assert "by all of its journal" in by_replay
    assert by_image.split()[-1] == by_replay.split()[-1] == read_image(path).hash.hex()
    flip(path, 1_000)
    told = said("restart", friday)
    assert f"{path.name} is not used: " in told
    assert "by all of its journal" in told


def test_a_day_rolls_to_the_next(friday: Path, tmp_path: Path) -> None:
    said("image", "write", friday)
    told = said("roll", friday, "--date", MONDAY)
    monday = tmp_path / "20260720"
    assert f"{monday}: 2026-07-20 stands at sequence" in told
    assert "0 orders of the day before" in told
    assert "positions and orders left out: 3 in IF2607, not listed any more" in told
    assert "orders that the new day refuses: 1, TIME_IN_FORCE_UNSUPPORTED" in told
    header = next(iter(JournalReader(monday))).message.fields
    assert header["state_hash"] == read_image(images_in(friday)[0]).hash
    with Venue.reopen(monday) as venue:
        image = venue.image()
        assert len(image["members"]) == 2
        before = read_image(images_in(friday)[0])["accounts"]
        assert np.array_equal(image["accounts"], before), "rights and groups go on"
    assert "holds a day already" in refused("roll", friday, "--date", MONDAY)


def test_a_day_that_goes_on_does_not_roll(tmp_path: Path) -> None:
    with open_market("cffex", FRIDAY, directory=tmp_path / "day"):
        pass
    assert "has not ended" in refused("roll", tmp_path / "day", "--date", MONDAY)


def test_a_market_without_a_file_must_be_named(tmp_path: Path) -> None:
    with Venue(tmp_path / "day") as venue:
        venue.send(0, encode("day_open", trading_day=20260717, market="MINE"))
        venue.send(0, encode("day_end", trading_day=20260717))
    line = refused("roll", tmp_path / "day", "--date", MONDAY)
    assert "its market 'MINE' is none of markets/: name its file (--market)" in line
