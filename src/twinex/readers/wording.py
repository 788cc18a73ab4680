"""Commands and events in a person's words: symbols, prices in quote units, money in yuan."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from twinex.readers.listing import Listing, ReadError, listing_of
from twinex.show.figures import decimals_of, price_text
from twinex.venue.journal.columns import enum_of_field
from twinex.venue.wire.schema import COMMANDS, ENUMS, EVENTS

_SHOWN_ELSEWHERE = {"sequence", "time_ns", "index"}
# The schema gives a field name one type in all messages.
_ENUM_OF = {field: names for (_, field), names in enum_of_field().items()}
_PRICES = {
    "price",
    "new_price",
    "auction_price",
    "tick",
    "lower_limit",
    "upper_limit",
    "previous_settlement",
    "previous_close",
    "strike",
    "stop_price",
    "trail",
    "bid_price",
    "ask_price",
    "old_price",
}
_INSTRUMENTS = {"instrument", "underlying", "leg_1", "leg_2"}
_MONEY = {"turnover", "credit"}
_TEMPLATE_IDS = {"command", "changed_by"}
_NAMES = {template.id: name for name, template in {**COMMANDS, **EVENTS}.items()}
# Their zero is an answer; the zero of any other field is what nobody asked for.
_TOLD_WHEN_ZERO = {
    "side",
    "phase",
    "role",
    "right",
    "remaining",
    "surplus",
    "active",
    "halted",
    "blocked",
    "priority_kept",
    "open_interest",
    "long_today",
    "long_yesterday",
    "short_today",
    "short_yesterday",
    "product_class",
    "timer_kind",
    "bid_quantity",
    "ask_quantity",
    "count",
    "value",
    "self_trade_mode",
    "entries_max",
    "cancels_max",
}
_TOLD_WHEN_ZERO_OF_COMBINATIONS = {"price", "lower_limit", "upper_limit"}
_USUAL = {"mass_side": ENUMS["Side"]["none"]}  # a mass command that means both sides says nothing
_HASHES = {"mark_leader", "mark_follower"}
_MASK = (1 << 64) - 1
_BYTES_SHOWN = 8
_FIRST = (
    "instrument",
    "product",
    "rule",
    "value",
    "phase",
    "reject_reason",
    "side",
    "quantity",
    "price",
    "stop_price",
    "bid_quantity",
    "bid_price",
    "ask_quantity",
    "ask_price",
)


class Wording:
    """Puts fields into words. `listing` gives contracts and products their names, if it is there.

    Fields that are zero or usual (a limit order, good for the day, opening) are left out unless
    `everything` is asked for.
    """

    def __init__(self, listing: Listing | None, *, everything: bool = False) -> None:
        self._listing = listing
        self._everything = everything
        self._products: dict[int, str] = {}
        if listing is not None:
            numbers = listing.product.tolist()
            self._products = dict(zip(numbers, listing.product_names, strict=True))

    def words(self, fields: dict[str, Any]) -> Iterator[tuple[str, str]]:
        """Names and values of the fields that are worth telling, what matters most first."""
        digits, any_price = self._digits(fields), self._is_combination(fields)
        for key in [key for key in _FIRST if key in fields] + [
            key for key in fields if key not in _FIRST
        ]:
            value = fields[key]
            told = self._everything or _is_told(key, value)
            told |= any_price and key in _TOLD_WHEN_ZERO_OF_COMBINATIONS
            if key not in _SHOWN_ELSEWHERE and told:
                yield key, self._word(key, value, digits)

    def _word(self, key: str, value: Any, digits: int) -> str:
        if isinstance(value, bytes):
            return value[:_BYTES_SHOWN].hex()
        if isinstance(value, list):
            return "; ".join(self._entry(entry) for entry in value)
        if key in _ENUM_OF:
            return _ENUM_OF[key].get(value, str(value))
        if key in _PRICES:
            return price_text(value, digits)
        if key in _MONEY:
            return price_text(value, 2 if value % 100 == 0 else 4)
        if key in _HASHES:
            return f"{value & _MASK:016x}"
        if key in _TEMPLATE_IDS:
            return _NAMES.get(value, str(value))
        return self._name(key, value)

    def _entry(self, fields: dict[str, Any]) -> str:
        """One entry of a repeating group: as a message of its own."""
        return ", ".join(f"{key} {word}" for key, word in self.words(fields))

    def _name(self, key: str, value: Any) -> str:
        if key in _INSTRUMENTS:
            slot = self._slot(value)
            return str(value) if slot < 0 or self._listing is None else self._listing.symbols[slot]
        if key in ("product", "product_of"):
            return self._products.get(value, str(value))
        return str(value)

    def _slot(self, instrument: int) -> int:
        """Place in the listing, -1 for a contract that is not there."""
        if self._listing is None or not 0 <= instrument < len(self._listing.slot_of):
            return -1
        return int(self._listing.slot_of[instrument])

    def _is_combination(self, fields: dict[str, Any]) -> bool:
        """Is 0 a price as any other there?"""
        slot = self._slot(fields.get("instrument", -1))
        return slot >= 0 and self._listing is not None and bool(self._listing.leg_1[slot])

    def _digits(self, fields: dict[str, Any]) -> int:
        """Digits that the prices among `fields` are written with."""
        slot = self._slot(fields.get("instrument", -1))
        if slot >= 0 and self._listing is not None:
            return decimals_of(int(self._listing.tick[slot]))
        return decimals_of(int(fields.get("tick", 1)) or 1)


def _is_told(key: str, value: Any) -> bool:
    if isinstance(value, bytes):
        return any(value)
    if key in _USUAL:
        return bool(value != _USUAL[key])
    return bool(value) or key in _TOLD_WHEN_ZERO


def wording_of(directory: Path, *, everything: bool = False) -> Wording:
    """The wording of a day, with bare numbers where it lists no contracts yet.

    Raises the errors of `venue.journal`.
    """
    try:
        return Wording(listing_of(directory), everything=everything)
    except ReadError:
        return Wording(None, everything=everything)
