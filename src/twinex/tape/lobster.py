"""LOBSTER's reconstructed NASDAQ days: messages, and the ten best levels after each of them.

Both files are read out of the zip. Prices on the tape are dollars times 10000, which is our unit.
"""

import re
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from twinex.tape.errors import TapeBroken
from twinex.tape.exact import midnight_ns
from twinex.tape.locate import existing, tape_path
from twinex.tape.table import integers
from twinex.venue.wire import codes

TICK = 100  # 0.01 dollar
ZONE = "America/New_York"
SAMPLE = "LOBSTER_SampleFile_GOOG_2012-06-21_10.zip"

# Message types
NEW, REDUCED, DELETED, EXECUTED, EXECUTED_HIDDEN, HALT = 1, 2, 3, 4, 5, 7
# Prices of a halt message: trading stops, quotes resume, trading resumes
HALT_BEGINS, HALT_QUOTES, HALT_ENDS = -1, 0, 1

MESSAGE = np.dtype(
    [
        ("time_ns", "<i8"),
        ("type", "<i8"),
        ("order", "<i8"),
        ("quantity", "<i8"),
        ("price", "<i8"),
        ("side", "<i8"),  # of the resting order: wire.codes.SIDE_BUY or SIDE_SELL
    ]
)

_NAME = re.compile(r"(?P<symbol>.+)_(?P<date>\d{4}-\d\d-\d\d)_\d+_\d+_message_(?P<depth>\d+)\.csv")
_NO_PRICE = 9_999_999_999  # stands, positive or negative, where there is no level


@dataclass(frozen=True)
class BookDay:
    """One symbol on one day. `books[i]` is the book after `messages[i]`.

    `messages`: MESSAGE. `books`: int64 (messages, depth, 4), the columns ask price, ask size, bid
    price, bid size, best level first, zeros where there is no level.
    """

    symbol: str
    trading_day: int
    messages: np.ndarray
    books: np.ndarray


def load(name: str = SAMPLE) -> BookDay:
    """A day from the tapes. Raises TapeMissing, TapeBroken."""
    return read_day(tape_path("lobster", name))


def read_day(path: Path | str) -> BookDay:
    """Read one zip of LOBSTER. Raises TapeMissing, TapeBroken."""
    path = existing(path)
    try:
        with zipfile.ZipFile(path) as archive:
            return _read_archive(path, archive)
    except zipfile.BadZipFile as error:
        raise TapeBroken(f"{path} is no zip file: {error}") from error


def _read_archive(path: Path, archive: zipfile.ZipFile) -> BookDay:
    found = [match for match in map(_NAME.fullmatch, archive.namelist()) if match]
    if len(found) != 1:
        raise TapeBroken(f"{path} must hold one SYMBOL_DATE_START_END_message_DEPTH.csv")
    book_name = found[0].group().replace("_message_", "_orderbook_")
    if book_name not in archive.namelist():
        raise TapeBroken(f"{path} holds no {book_name}")
    day, depth = int(found[0]["date"].replace("-", "")), int(found[0]["depth"])
    messages = _messages(archive.read(found[0].group()), midnight_ns(day, ZONE))
    books = _books(archive.read(book_name), depth)
    if len(messages) != len(books):
        raise TapeBroken(f"{path}: {len(messages)} messages, but {len(books)} books")
    return BookDay(found[0]["symbol"], day, messages, books)


def _table(content: bytes, columns: list[str]) -> pl.DataFrame:
    try:
        frame = pl.read_csv(content, has_header=False, infer_schema=False)
    except pl.exceptions.PolarsError as error:
        raise TapeBroken(f"no CSV inside the zip: {error}") from error
    if frame.width != len(columns):
        raise TapeBroken(f"{frame.width} columns inside the zip instead of {len(columns)}")
    frame.columns = columns
    return frame


def _messages(content: bytes, midnight: int) -> np.ndarray:
    frame = _table(content, ["time", "type", "order", "quantity", "price", "direction"])
    result = np.zeros(len(frame), dtype=MESSAGE)
    result["time_ns"] = midnight + _time_ns(frame["time"])
    for name in ("type", "order", "quantity", "price"):
        result[name] = integers(frame, name)
    buys = integers(frame, "direction") == 1
    result["side"] = np.where(buys, codes.SIDE_BUY, codes.SIDE_SELL)
    if not np.isin(result["type"], (NEW, REDUCED, DELETED, EXECUTED, EXECUTED_HIDDEN, HALT)).all():
        raise TapeBroken("message types must be 1, 2, 3, 4, 5 or 7")
    visible = result[result["type"] <= EXECUTED]
    if len(visible) and visible["quantity"].min() <= 0:
        raise TapeBroken("a message of type 1 to 4 has no positive size")
    if np.any(visible["price"] % TICK):
        raise TapeBroken("a visible order's price is no multiple of 0.01")
    return result


def _time_ns(seconds: pl.Series) -> np.ndarray:
    """Printed seconds of the day, with up to nine decimals, as ns: no float in between."""
    parts = seconds.str.split_exact(".", 1).struct.rename_fields(["whole", "decimals"])
    frame = parts.struct.unnest().with_columns(
        pl.col("decimals").fill_null("").str.pad_end(9, "0"),
    )
    result: np.ndarray = integers(frame, "whole") * 1_000_000_000 + integers(frame, "decimals")
    return result


def _books(content: bytes, depth: int) -> np.ndarray:
    frame = _table(content, [str(index) for index in range(4 * depth)])
    try:
        books = frame.cast(pl.Int64).to_numpy().reshape(len(frame), depth, 4)
    except pl.exceptions.PolarsError as error:
        raise TapeBroken(f"the order book is not all integers: {error}") from error
    books = np.ascontiguousarray(books)
    for price in (0, 2):
        books[:, :, price][np.abs(books[:, :, price]) == _NO_PRICE] = 0
    return books
