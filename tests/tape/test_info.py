"""What a tape says of itself."""

import zipfile

import pytest

from twinex.tape import lobster, ticks
from twinex.tape.errors import TapeBroken, TapeMissing
from twinex.tape.info import info
from twinex.tape.locate import tape_path


def on_tape(*parts: str):
    try:
        return info(tape_path(*parts))
    except TapeMissing as missing:
        pytest.skip(str(missing))


def test_shanghai() -> None:
    orders = on_tape("sse", "605580_20230711_orders.csv.gz")
    assert (orders.kind, orders.symbol) == ("Shanghai stock, orders", "605580.SH")
    assert orders.counts == {"adds": 18429, "deletes": 7108}
    assert (orders.first, orders.last) == ("09:15:00.280", "14:59:59.680")
    trades = on_tape("sse", "605580_20230711_trades.csv.gz")
    assert trades.counts == {"auction trades": 603, "continuous trades": 16393}
    assert trades.trading_day == 20230711


def test_lobster() -> None:
    google = on_tape("lobster", lobster.SAMPLE)
    assert (google.kind, google.symbol, google.trading_day) == ("LOBSTER", "GOOG", 20120621)
    assert google.counts["visible executions"] == 7765
    assert google.counts["levels"] == 10
    assert (google.first, google.last) == ("09:30:00.015", "15:59:59.871")


def test_ticks() -> None:
    futures = on_tape("cffex", ticks.SAMPLE)
    assert (futures.kind, futures.symbol) == ("ticks of CFFEX", "IF2101")
    assert futures.counts == {"snapshots": 27955, "lots": 84288}
    assert (futures.price_low, futures.price_high) == (51_920_000, 52_980_000)
    assert "price   5192 to 5298" in futures.lines()


def test_what_is_no_tape(tmp_path) -> None:
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    with pytest.raises(TapeBroken, match="is no tape that Twinex knows"):
        info(tmp_path / "x.csv")
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("a.txt", "")
    with pytest.raises(TapeBroken, match="must hold one"):
        info(tmp_path / "x.zip")
    with pytest.raises(TapeMissing):
        info(tmp_path / "absent")
    (tmp_path / "empty").write_text("")
    with pytest.raises(TapeBroken, match="cannot be read as CSV"):
        info(tmp_path / "empty")
