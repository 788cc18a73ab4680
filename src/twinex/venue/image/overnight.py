"""From one day to the next: what the image of an ended day puts at the head of the new one.

Spec: `spec/state.md`, Over night. A contract is known by its symbol: its number holds for a day.

    night = Overnight(image, names_of(directory))
    Venue(first_sequence=night.first_sequence, chain=night.chain)
    ... day_open, reference data, night.people(numbers of the new day's products),
    ... then night.commands(numbers of the new day's symbols)
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import numpy as np

from twinex.venue.image.errors import NotAnEndedDay
from twinex.venue.image.image import Image
from twinex.venue.image.layout import ENDED
from twinex.venue.image.names import Names
from twinex.venue.image.people import people
from twinex.venue.wire import codes
from twinex.venue.wire.messages import encode

_PRICE_UNIT = 10_000  # internal price units in one quote unit


class Overnight:
    """The image of an ended day, and the names that its reference data gave.

    Raises NotAnEndedDay for an image taken earlier, or one with a contract that has no symbol.
    """

    def __init__(self, image: Image, names: Names) -> None:
        if image.day["state"] != ENDED:
            reason = f"day {image.trading_day} has not ended at sequence {image.sequence}"
            raise NotAnEndedDay(image.path, reason)
        symbols = names.symbols
        rows = image["instruments"]
        self.contracts = rows[rows["leg_1"] == 0]  # combinations do not outlive the day
        unnamed = [n for n in self.contracts["number"].tolist() if not symbols.get(n)]
        if unnamed:
            raise NotAnEndedDay(image.path, f"instrument {unnamed[0]} has no symbol")
        self.image, self.names, self.symbols = image, names, symbols

    @property
    def first_sequence(self) -> int:
        """Of the new day."""
        return self.image.sequence + 1

    @property
    def chain(self) -> int:
        """From which the new day's journal goes on."""
        return self.image.mark.chain

    def _by_symbol(self, field: str) -> dict[str, int]:
        rows = self.contracts
        pairs = zip(rows["number"].tolist(), rows[field].tolist(), strict=True)
        return {self.symbols[number]: value for number, value in pairs}

    def closes(self) -> dict[str, Decimal]:
        """The last price of each contract, in quote units."""
        last = self._by_symbol("last_price")
        return {symbol: Decimal(price) / _PRICE_UNIT for symbol, price in last.items()}

    def open_interests(self) -> dict[str, int]:
        """Lots, one side, by symbol."""
        return self._by_symbol("open_interest")

    def people(self, products: Mapping[str, int]) -> list[bytes]:
        """Definitions of members, rates, seats, groups and accounts, as the day left them.

        `products`: the new day's by name; rights in others end.
        """
        return people(self.image, self.names, products)

    def commands(self, numbers: Mapping[str, int]) -> list[bytes]:
        """position_set and order_carry of what stays, in the image's order.

        `numbers`: the new day's instruments by symbol; what is in others is left out (`left_out`).
        """
        old = self.contracts["number"].tolist()
        known = {n: numbers[self.symbols[n]] for n in old if self.symbols[n] in numbers}
        return [*self._positions(known), *self._orders(known), *self._stops(known)]

    def left_out(self, numbers: Mapping[str, int]) -> dict[str, int]:
        """Positions, orders and stops by symbol that `commands` leaves out."""
        found: Counter[str] = Counter()
        for section in ("positions", "orders", "stops"):
            rows = self.image[section]
            held = _is_held(rows) if section == "positions" else np.ones(len(rows), bool)
            found.update(self.symbols[number] for number in rows["instrument"][held].tolist())
        return {symbol: count for symbol, count in found.items() if symbol not in numbers}

    def _positions(self, known: Mapping[int, int]) -> Iterator[bytes]:
        rows = self.image["positions"]
        for row in rows[_is_held(rows)]:
            if int(row["instrument"]) in known:
                yield encode(
                    "position_set",
                    instrument=known[int(row["instrument"])],
                    account=row["account"],
                    long_yesterday=int(row["long_today"]) + int(row["long_yesterday"]),
                    short_yesterday=int(row["short_today"]) + int(row["short_yesterday"]),
                    position_hedge=row["hedge"],
                )

    def _orders(self, known: Mapping[int, int]) -> Iterator[bytes]:
        for row in self.image["orders"]:
            if int(row["instrument"]) in known:
                yield _carry(known, row, kind=codes.KIND_LIMIT, post_only=row["post_only"])

    def _stops(self, known: Mapping[int, int]) -> Iterator[bytes]:
        same = ("kind", "minimum_quantity", "stop_price", "trail")
        for row in self.image["stops"]:
            if int(row["instrument"]) in known:
                yield _carry(known, row, **{name: row[name] for name in same})


def _is_held(positions: np.ndarray) -> np.ndarray:
    """Rows that hold something."""
    names = ("long_today", "long_yesterday", "short_today", "short_yesterday")
    held: np.ndarray = np.any([positions[name] != 0 for name in names], axis=0)
    return held


_SAME = "client_id account price quantity side time_in_force offset hedge display_quantity"


def _carry(known: Mapping[int, int], row: Any, **more: Any) -> bytes:
    """order_carry of an order or a stop, with its instrument's new number."""
    return encode(
        "order_carry",
        instrument=known[int(row["instrument"])],
        good_till_day=row["good_till_day"],
        carried_order_id=row["order_id"],
        carried_remaining=row["remaining"],
        carried_seat=row["seat"],
        **{name: row[name] for name in _SAME.split()},
        **more,
    )
