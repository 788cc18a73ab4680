"""A tick day's price limits and settlement price, recomputed by the rules and compared."""

from datetime import time
from decimal import Decimal
from pathlib import Path

import numpy as np

from twinex.tape import settlement, ticks
from twinex.tape.check import Result
from twinex.tape.columns import PRICE_UNITS
from twinex.tape.errors import TapeError
from twinex.tape.exact import NS_PER_MS, price_text
from twinex.tape.stage import calendar_date
from twinex.tape.ticks import TickDay
from twinex.venue.reference import (
    Instrument,
    Market,
    listing,
    load_market,
    local_time_ns,
    schedule,
)
from twinex.venue.reference.market import Product
from twinex.venue.wire import codes


class TicksUnsettled(TapeError):  # noqa: N818
    """Ticks of an exchange or contract whose settlement rule is not known here."""


def read_ticks(path: Path) -> tuple[TickDay, Instrument]:
    """A CFFEX future's day, and the contract as `markets/cffex.toml` lists it on that day.

    Raises TapeMissing, TapeBroken, TicksUnsettled and the errors of the reference data.
    """
    identity = ticks.read_day(path, tick=1)
    contract = _contract(path, identity)
    tick = contract.product.tick.on(calendar_date(identity.trading_day))
    return ticks.read_day(path, int(tick * PRICE_UNITS)), contract


def _contract(path: Path, day: TickDay) -> Instrument:
    if day.exchange != "CFFEX":
        raise TicksUnsettled(f"{path}: ticks of {day.exchange}: only futures of CFFEX are settled")
    previous = Decimal(int(day.rows["previous_settlement"][0])) / PRICE_UNITS
    listed = listing(_cffex(), calendar_date(day.trading_day), {day.symbol: previous})
    for one in listed:
        if one.symbol == day.symbol and one.product.product_class == codes.CLASS_FUTURE:
            return one
    raise TicksUnsettled(f"{path}: {day.symbol} is no future that CFFEX lists on {day.trading_day}")


def _cffex() -> Market:
    return load_market("cffex")


def check_ticks(day: TickDay, contract: Instrument) -> Result:
    """The limits in every snapshot, and the settlement price in the last."""
    result = Result()
    _check_limits(result, day, contract)
    _check_settlement(result, day, contract.product)
    return result


def _check_limits(result: Result, day: TickDay, contract: Instrument) -> None:
    lower, upper = (
        int(price * PRICE_UNITS) for price in (contract.lower_limit, contract.upper_limit)
    )
    same = (day.rows["lower_limit"] == lower) & (day.rows["upper_limit"] == upper)
    result.note(
        f"price limits: {np.count_nonzero(same)} of {len(day.rows)} snapshots carry "
        f"{price_text(lower)} and {price_text(upper)}, recomputed from the settlement price of "
        f"the day before, {contract.previous_settlement.normalize():f}",
        ok=bool(same.all()),
    )
    if not same.all():
        row = day.rows[int(np.argmin(same))]
        result.note(
            f"snapshot {int(np.argmin(same))}: the exchange says {price_text(row['lower_limit'])} "
            f"and {price_text(row['upper_limit'])}, we say {price_text(lower)} and "
            f"{price_text(upper)}",
            ok=False,
        )


def _check_settlement(result: Result, day: TickDay, product: Product) -> None:
    settled = settlement.settle(day, product.multiplier, sessions(day, product))
    published = int(day.rows["settlement"][-1])
    average = f", average {ticks.window_text(settled.average)}" if settled.average else ""
    ours = f"{price_text(settled.price)} ({settled.rule}{average})"
    if published == 0:
        result.note(
            f"settlement price: we say {ours}, the tape carries none to compare with", ok=False
        )
        return
    result.note(
        f"settlement price: the exchange says {price_text(published)}, we say {ours}",
        ok=published == settled.price,
    )


def sessions(day: TickDay, product: Product) -> tuple[tuple[int, int], ...]:
    """The spans of continuous trading, ms of the clock's day, by the market's schedule."""
    market, date = _cffex(), calendar_date(day.trading_day)
    midnight = local_time_ns(market, date, time())
    spans, opened = [], 0
    for at_ns, number, phase in schedule(market, date):
        if number != product.number:
            continue
        instant = (at_ns - midnight) // NS_PER_MS
        if opened:
            spans.append((opened, instant))
        opened = instant if phase == codes.PHASE_CONTINUOUS else 0
    return tuple(spans)
