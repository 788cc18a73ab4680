"""The contracts of a day as columns, read from its reference commands."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

import numpy as np
import numpy.typing as npt

from twinex.venue.journal.reader import JournalReader
from twinex.venue.wire import codes
from twinex.venue.wire.messages import Message, decode

Ints = npt.NDArray[np.int64]

# Options move with the futures of their index (rulebook 1.3).
_FAMILY_OF_OPTIONS = {"IO": "IF", "HO": "IH", "MO": "IM"}

_LISTING = (codes.PRODUCT_DEFINE, codes.RULE_SET, codes.INSTRUMENT_DEFINE)
_DAY_BEGINS = (codes.LIMITS_SET, codes.PHASE_SET, codes.HALT_SET, codes.TIMER, codes.DAY_END)


class ReadError(Exception):
    """A day that cannot be read as asked; the text says what to do."""


@dataclass(frozen=True)
class Listing:
    """One row a contract, ascending by instrument id; a *slot* is its place here."""

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
    slot_of: Ints

    def __len__(self) -> int:
        return len(self.symbols)

    def nearest(self, family: int) -> int:
        """Slot of the nearest future of a family; of its first contract where it has none."""
        own = self.family == family
        futures = own & (self.product_class == codes.CLASS_FUTURE)
        slots = np.flatnonzero(futures if futures.any() else own)
        return int(slots[np.argmin(self.month[slots])])


def read_listing(commands: Iterable[bytes]) -> Listing:
    """The listing that `product_define`, `rule_set` and `instrument_define` commands describe."""
    messages = [decode(command) for command in commands]
    products = {m.fields["product"]: m.fields for m in messages if m.name == "product_define"}
    rules = [m.fields for m in messages if m.name == "rule_set"]
    caps = {one["product"]: one["value"] for one in rules if one["rule"] == codes.RULE_OPENING_CAP}
    for number, product in products.items():
        product["opening_cap"] = caps.get(number, 0)
    rows = [m for m in messages if m.name == "instrument_define"]
    rows.sort(key=lambda message: int(message.fields["instrument"]))
    assert rows, "a market without contracts"
    return _columns(rows, products)


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


def _columns(rows: list[Message], products: dict[int, dict[str, object]]) -> Listing:
    def own(field: str) -> Ints:
        return np.array([row.fields[field] for row in rows], dtype=np.int64)

    def of_product(field: str) -> Ints:
        return np.array([products[row.fields["product_of"]][field] for row in rows], dtype=np.int64)

    names = [str(products[row.fields["product_of"]]["product_name"]) for row in rows]
    family_names = [_FAMILY_OF_OPTIONS.get(name, name) for name in names]
    families = sorted(set(family_names))
    instrument = own("instrument")
    slot_of = np.full(int(instrument.max()) + 2, -1, dtype=np.int64)
    slot_of[instrument] = np.arange(len(rows))
    return Listing(
        symbols=[str(row.fields["symbol"]) for row in rows],
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
        slot_of=slot_of,
    )
