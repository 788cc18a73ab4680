"""The contracts and combinations of a day as columns, read from its reference commands."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from itertools import takewhile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from twinex.venue.journal.reader import JournalReader
from twinex.venue.wire import codes
from twinex.venue.wire.messages import decode

Ints = npt.NDArray[np.int64]
Fields = dict[str, Any]

# Options move with the futures of their index (rulebook 1.3).
_FAMILY_OF_OPTIONS = {"IO": "IF", "HO": "IH", "MO": "IM"}

_LISTING = (
    codes.PRODUCT_DEFINE,
    codes.RULE_SET,
    codes.INSTRUMENT_DEFINE,
    codes.COMBINATION_DEFINE,
)
_DAY_BEGINS = (codes.LIMITS_SET, codes.PHASE_SET, codes.HALT_SET, codes.TIMER, codes.DAY_END)


class ReadError(Exception):
    """A day that cannot be read as asked; the text says what to do."""


@dataclass(frozen=True)
class Listing:
    """One row an instrument, ascending by its number; a *slot* is its place here.

    A combination (组合) has the product of its first leg, and prices that may be 0 and below.
    """

    symbols: list[str]
    product_names: list[str]
    families: list[str]
    instrument: Ints
    product: Ints
    family: Ints
    product_class: Ints
    offset_rule: Ints
    tick: Ints
    multiplier: Ints
    lower: Ints
    upper: Ints
    settlement: Ints
    strike: Ints
    call: npt.NDArray[np.bool_]
    month: Ints
    expiry_day: Ints
    quantity_limit: Ints
    quantity_market: Ints
    quantity_step: Ints
    kinds_allowed: Ints
    times_allowed: Ints
    minimum_allowed: Ints
    opening_cap: Ints  # 0 = none
    leg_1: Ints  # of a combination: the instruments that it spreads; 0 = a contract
    leg_2: Ints
    slot_of: Ints

    def __len__(self) -> int:
        return len(self.symbols)

    @property
    def highest(self) -> int:
        """The highest number of an instrument of the day."""
        return len(self.slot_of) - 2

    def contracts(self) -> "Listing":
        """The same day without its combinations."""
        kept = np.flatnonzero(self.leg_1 == 0)
        rows: dict[str, Any] = {}
        for name in {field.name for field in fields(self)} - {"families", "slot_of"}:
            column = getattr(self, name)
            rows[name] = [column[n] for n in kept] if isinstance(column, list) else column[kept]
        return replace(self, **rows, slot_of=_slots(self.instrument[kept], self.highest))

    def nearest(self, family: int) -> int:
        """Slot of the nearest future of a family; of its first contract where it has none."""
        own = (self.family == family) & (self.leg_1 == 0)
        futures = own & (self.product_class == codes.CLASS_FUTURE)
        slots = np.flatnonzero(futures if futures.any() else own)
        return int(slots[np.argmin(self.month[slots])])


def read_listing(commands: Iterable[bytes]) -> Listing:
    """The listing that definitions of products, rules, instruments and combinations describe."""
    messages = [decode(command) for command in commands]
    products = {m.fields["product"]: m.fields for m in messages if m.name == "product_define"}
    rules = [m.fields for m in messages if m.name == "rule_set"]
    caps = {one["product"]: one["value"] for one in rules if one["rule"] == codes.RULE_OPENING_CAP}
    for number, product in products.items():
        product["opening_cap"] = caps.get(number, 0)
    rows = {m.fields["instrument"]: m.fields for m in messages if m.name == "instrument_define"}
    assert rows, "a market without contracts"
    spreads = [m.fields for m in messages if m.name == "combination_define"]
    rows = {number: row | {"leg_1": 0, "leg_2": 0} for number, row in rows.items()}
    rows |= {row["instrument"]: row for row in _combinations(spreads, rows)}
    return _columns([rows[number] for number in sorted(rows)], products)


def _combinations(spreads: list[Fields], contracts: dict[int, Fields]) -> Iterator[Fields]:
    """Combinations as rows beside their legs'; one that the core refuses has no legs here."""
    for spread in spreads:
        one, two = (contracts.get(spread[leg]) for leg in ("leg_1", "leg_2"))
        if one is None or two is None or spread["instrument"] in contracts:
            continue
        of_none = ("strike", "call_or_put", "contract_month", "expiry_day")
        yield {
            **spread,
            **dict.fromkeys(of_none, 0),
            "product_of": one["product_of"],
            "lower_limit": one["lower_limit"] - two["upper_limit"],
            "upper_limit": one["upper_limit"] - two["lower_limit"],
            "previous_settlement": one["previous_settlement"] - two["previous_settlement"],
        }


def listing_of(directory: Path) -> Listing:
    """The contracts of a day, from the reference data at the head of its journal.

    Raises the errors of `venue.journal`, or ReadError if the day lists nothing yet.
    """
    bodies = (record.body for record in JournalReader(directory))
    reference = takewhile(lambda body: _template(body) not in _DAY_BEGINS, bodies)
    found = [body for body in reference if _template(body) in _LISTING]
    if not found:
        raise ReadError(f"{directory} lists no contracts yet: wait until its market is set up")
    return read_listing(found)


def slot_of(symbol: str, listing: Listing) -> int:
    """Where a contract stands in the listing. Raises ReadError for one that is not there."""
    if symbol in listing.symbols:
        return listing.symbols.index(symbol)
    near = [name for name in listing.symbols if name.startswith(symbol)] or listing.symbols
    some = ", ".join(near[:5]) + (" ..." if len(near) > 5 else "")
    raise ReadError(f"no contract {symbol!r} on this day; there are {some}")


def instrument_of(directory: Path, symbol: str) -> int:
    """The number of a contract of a day. Raises as `listing_of` and `slot_of`."""
    listing = listing_of(directory)
    return int(listing.instrument[slot_of(symbol, listing)])


def _template(body: bytes) -> int:
    return int.from_bytes(body[2:4], "little")


def _columns(rows: list[Fields], products: dict[int, Fields]) -> Listing:
    def own(field: str) -> Ints:
        return np.array([row[field] for row in rows], dtype=np.int64)

    def of_product(field: str) -> Ints:
        return np.array([products[row["product_of"]][field] for row in rows], dtype=np.int64)

    names = [str(products[row["product_of"]]["product_name"]) for row in rows]
    family_names = [_FAMILY_OF_OPTIONS.get(name, name) for name in names]
    families = sorted(set(family_names))
    instrument = own("instrument")
    return Listing(
        symbols=[str(row["symbol"]) for row in rows],
        product_names=names,
        families=families,
        instrument=instrument,
        product=own("product_of"),
        family=np.array([families.index(name) for name in family_names], dtype=np.int64),
        product_class=of_product("product_class"),
        offset_rule=of_product("offset_rule"),
        tick=of_product("tick"),
        multiplier=of_product("multiplier"),
        lower=own("lower_limit"),
        upper=own("upper_limit"),
        settlement=own("previous_settlement"),
        strike=own("strike"),
        call=own("call_or_put") == 1,
        month=own("contract_month"),
        expiry_day=own("expiry_day"),
        quantity_limit=of_product("quantity_maximum_limit"),
        quantity_market=of_product("quantity_maximum_market"),
        quantity_step=of_product("quantity_step"),
        kinds_allowed=of_product("kinds_allowed"),
        times_allowed=of_product("times_allowed"),
        minimum_allowed=of_product("minimum_allowed"),
        opening_cap=of_product("opening_cap"),
        leg_1=own("leg_1"),
        leg_2=own("leg_2"),
        slot_of=_slots(instrument, int(instrument.max())),
    )


def _slots(instrument: Ints, highest: int) -> Ints:
    """By number, up to one behind the highest: its slot, -1 where there is none."""
    slots = np.full(highest + 2, -1, dtype=np.int64)
    slots[instrument] = np.arange(len(instrument))
    return slots
