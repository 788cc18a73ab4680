"""The summary of a simulated day: everything the report shows, as plain values for JSON.

Prices are decimal texts in quote units, money is in yuan (text), quantities are lots.
"""

import json
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from twinex.day.roster import LONG, ROLE_NAMES
from twinex.day.runner import Outcome, Picture
from twinex.day.settings import DayError, Settings
from twinex.day.statistics import Statistics
from twinex.readers.ladder import Level
from twinex.readers.listing import Listing
from twinex.show.figures import decimals_of, percent_text, price_text
from twinex.venue.wire.schema import ENUMS

Summary = dict[str, Any]

FILE_NAME = "report.json"
_NEWEST_KEY = "relived"  # reports of earlier versions lack it
_PATH_POINTS = 60
_CLASS_NAMES = {value: name for name, value in ENUMS["ProductClass"].items()}


def summarise(outcome: Outcome, statistics: Statistics) -> Summary:
    """The summary of a run and of what its event stream says."""
    settings, listing = outcome.settings, outcome.opening.listing
    directory = settings.directory
    return {
        "market": outcome.market.name,
        "trading_day": settings.trading_day.isoformat(),
        "seed": settings.seed,
        "again": _again(settings),
        "utc_offset_hours": outcome.market.utc_offset_hours,
        "directory": str(directory) if directory else None,
        "durability": settings.durability,
        "files": _files(directory),
        "run": _run(outcome, statistics),
        "members": len(outcome.opening.roster.names),
        "people": _people(outcome, statistics),
        "relived": None,  # until both systems have lived through the journal again
        "commands": statistics.commands,
        "events": statistics.event_counts(),
        "orders": statistics.order_counts(),
        "cancels": statistics.cancel_counts(),
        "rejects": statistics.reject_counts(),
        "lots": int(statistics.volume.sum()),
        "turnover_yuan": _yuan(int(statistics.turnover.sum())),
        "lots_in_five_minutes": statistics.lots_by_bucket(),
        "service_time_ns": outcome.service_time_ns,
        "contracts": [_contract(outcome, statistics, slot) for slot in range(len(listing))],
        "books": [_picture(picture, listing) for picture in outcome.pictures.values()],
    }


def _again(settings: Settings) -> str:
    """The command that makes the same journal."""
    usual = Settings()
    words = ["twinex day", f"--seed {settings.seed}"]
    if settings.market != usual.market:
        words.append(f"--market {settings.market}")
    if settings.trading_day != usual.trading_day:
        words.append(f"--date {settings.trading_day}")
    if settings.commands != usual.commands:
        words.append(f"--commands {settings.commands}")
    return " ".join(words)


def write(summary: Summary, directory: Path) -> Path:
    """Write the summary beside the day's journal. Raises DayError where that fails."""
    path = directory / FILE_NAME
    try:
        path.write_text(json.dumps(summary, indent=1, ensure_ascii=False) + "\n")
    except OSError as cause:
        raise DayError(f"{path}: {cause.strerror}: the report was not written") from cause
    return path


def load(directory: Path) -> Summary:
    """The summary of a day that was simulated before. Raises DayError where there is none."""
    path = directory / FILE_NAME
    try:
        found: Summary = json.loads(path.read_text())
    except OSError as cause:
        raise DayError(f"{path}: {cause.strerror}: run `twinex day` first") from cause
    except ValueError as cause:
        raise DayError(f"{path} is no report: {cause}: run the day again") from cause
    if not isinstance(found, dict) or _NEWEST_KEY not in found:
        raise DayError(f"{path} is no report of this version: run the day again")
    return found


def _run(outcome: Outcome, statistics: Statistics) -> dict[str, Any]:
    """How the run went in real time. Nothing here is part of the day itself."""
    return {
        "seconds": round(outcome.seconds, 3),
        "venue_seconds": round(outcome.venue_seconds, 3),
        "first_ns": statistics.first_ns,
        "last_ns": statistics.last_ns,
    }


def _files(directory: Path | None) -> dict[str, int]:
    """Bytes on disk of the journal and of the event stream."""
    if directory is None:
        return {}
    return {
        kind: sum(path.stat().st_size for path in directory.glob(f"{kind}-*.seg"))
        for kind in ("journal", "events")
    }


def _people(outcome: Outcome, statistics: Statistics) -> list[dict[str, Any]]:
    """What each kind of trader did, one row a role. A trade is filled on both sides."""
    roster = outcome.opening.roster

    def total(counts: Counter[int], role: int) -> int:
        return sum(counts[int(account)] for account in roster.account[roster.rows(role)])

    return [
        {
            "role": name,
            "codes": len(roster.rows(role)),
            "orders": total(statistics.orders_of, role),
            "fills": total(statistics.fills_of, role),
            "lots": total(statistics.lots_of, role),
        }
        for role, name in enumerate(ROLE_NAMES)
    ]


def _contract(outcome: Outcome, statistics: Statistics, slot: int) -> dict[str, Any]:
    listing = outcome.opening.listing
    instrument = int(listing.instrument[slot])
    digits = decimals_of(int(listing.tick[slot]))
    priced = bool(statistics.priced[instrument])
    before = int(outcome.opening.held[:, slot, LONG].sum())
    interest = int(statistics.open_interest[instrument])
    settlement, close = int(listing.settlement[slot]), int(statistics.close[instrument])

    def price(column: npt.NDArray[np.int64]) -> str | None:
        return price_text(int(column[instrument]), digits) if priced else None

    auction = int(statistics.auction_price[instrument])
    return {
        "symbol": listing.symbols[slot],
        "product": listing.product_names[slot],
        "class": _CLASS_NAMES[int(listing.product_class[slot])],
        "settlement": price_text(settlement, digits),
        "open": price(statistics.open),
        "high": price(statistics.high),
        "low": price(statistics.low),
        "close": price(statistics.close),
        "change": percent_text(close - settlement, settlement) if priced else None,
        "orders": int(statistics.orders[instrument]),
        "trades": int(statistics.trades[instrument]),
        "lots": int(statistics.volume[instrument]),
        "turnover_yuan": _yuan(int(statistics.turnover[instrument])),
        "open_interest": interest if interest >= 0 else before,
        "open_interest_before": before,
        "auction_price": price_text(auction, digits) if auction else None,
        "auction_lots": int(statistics.auction_volume[instrument]),
        "path": [
            price_text(value, digits)
            for value in statistics.prices_by_bucket(instrument)[:_PATH_POINTS]
        ],
    }


def _yuan(units: int) -> str:
    return f"{Decimal(units) / 10_000:.4f}"


def _picture(picture: Picture, listing: Listing) -> dict[str, Any]:
    digits = decimals_of(int(listing.tick[listing.slot_of[picture.instrument]]))

    def side(levels: list[Level]) -> list[tuple[str, int, int]]:
        return [(price_text(one.price, digits), one.quantity, one.orders) for one in levels]

    return {
        "symbol": picture.symbol,
        "time_ns": picture.time_ns,
        "bids": side(picture.bids),
        "asks": side(picture.asks),
    }


def trading_day_of(summary: Summary) -> date:
    """The trading day of a summary."""
    return date.fromisoformat(summary["trading_day"])
