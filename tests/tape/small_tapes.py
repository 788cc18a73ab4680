"""Small tapes made by hand, one of each kind: what they say is worked out beside them."""

import zipfile
from pathlib import Path

from twinex.tape import ticks

ORDERS_HEAD = (
    "MDDate,MDTime,OrderType,OrderPrice,OrderQty,OrderBSFlag,ChannelNo,ApplSeqNum,OrderNO,"
    "SecurityID\n"
)
TRADES_HEAD = (
    "MDDate,MDTime,TradeBuyNo,TradeSellNo,TradeBSFlag,TradePrice,TradeQty,ChannelNo,ApplSeqNum,"
    "SecurityID\n"
)
# Opening auction: bids 300 at 14.60 and 500 at 14.55, asks 200 at 14.50 and 400 at 14.58. Only at
# 14.58 do all better-priced orders fill: 300 shares. Closing auction: 30 against 30 at both entered
# prices, 14.40 and 14.59; their middle 14.495 is floored to the tick.
ORDERS = [  # time, type, price, quantity, side, sequence, number
    "09:15:01.000,2,14.6,300,1,1,1",
    "09:16:00.000,2,14.5,200,2,2,2",
    "09:17:00.000,2,14.550000000000001,500,1,3,3",
    "09:18:00.000,2,14.58,400,2,4,4",
    "09:30:01.000,2,14.59,50,1,8,10",
    "09:31:00.000,10,14.55,500,1,9,3",
    "14:57:10.000,2,14.4,30,2,11,12",
]
TRADES = [  # time, buyer, seller, flag, price, quantity, sequence
    "09:25:00.000,1,2,0,14.58,200,5",
    "09:25:00.000,1,4,0,14.58,100,6",
    "09:30:01.000,10,4,1,14.58,300,7",
    "13:00:05.000,10,11,2,14.59,20,10",
    "15:00:00.000,10,12,0,14.49,30,12",
]


def shanghai(directory: Path, orders: list[str] = ORDERS, trades: list[str] = TRADES) -> Path:
    """Write both files; the path of the orders."""
    lines = ["2023.07.11,{},{},{},{},{},1,{},{},605580.SH\n".format(*r.split(",")) for r in orders]
    (directory / "s_orders.csv").write_text(ORDERS_HEAD + "".join(lines))
    lines = ["2023.07.11,{},{},{},{},{},{},1,{},605580.SH\n".format(*r.split(",")) for r in trades]
    (directory / "s_trades.csv").write_text(TRADES_HEAD + "".join(lines))
    return directory / "s_orders.csv"


# One level a side. Order 7 stands in the first book already, so an order of the player's stands in
# for it; order 8 is told.
MESSAGES = [  # seconds, type, order, size, price, direction; the book: ask, size, bid, size
    ("34200.1,1,7,3,5794000,1", "5795000,5,5794000,3"),
    ("34201.0,1,8,2,5794000,1", "5795000,5,5794000,5"),
    ("34202.0,4,7,3,5794000,1", "5795000,5,5794000,2"),
    ("34203.0,4,8,1,5794000,1", "5795000,5,5794000,1"),
]


def lobster(directory: Path, messages: list[tuple[str, str]] = MESSAGES) -> Path:
    path = directory / "l.zip"
    names = [f"X_2012-06-21_34200000_57600000_{kind}_1.csv" for kind in ("message", "orderbook")]
    with zipfile.ZipFile(path, "w") as archive:
        for name, column in zip(names, zip(*messages, strict=True), strict=True):
            archive.writestr(name, "\n".join(column) + "\n")
    return path


# Two lots at 5220.2 in the last hour: the settlement price. Limits: 5216.2 -/+ 10 %, inward.
TICK = dict.fromkeys(ticks.COLUMNS, "0") | {
    "exchange": "CFFEX",
    "code": "IF2101",
    "trading_date": "20210104",
    "action_date": "20210104",
    "action_time": "93000400",
    "pre_settle": "5216.2",
    "upper_limit": "5737.8",
    "lower_limit": "4694.6",
}
TRADED = {"last": "5220.2", "total_volume": "2", "total_turnover": "3132120.0"}
CLOSED = {"action_time": "150000500", "settle": "5220.2"}


def tick_file(directory: Path, **changes: str) -> Path:
    """`changes` go into every snapshot."""
    rows = [TICK, TICK | TRADED | {"action_time": "143000000"}, TICK | TRADED | CLOSED]
    lines = [",".join((row | changes).values()) for row in rows]
    (directory / "t.csv").write_text("\n".join([",".join(ticks.COLUMNS), *lines]) + "\n")
    return directory / "t.csv"
