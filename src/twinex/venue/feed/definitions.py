"""What events only name: the commands that defined products and instruments, of the journal."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from twinex.venue.feed.books import Books
from twinex.venue.feed.schema import INSTRUMENT_DEFINED, SCHEMA_ID, SCHEMA_VERSION, TEMPLATES
from twinex.venue.journal.reader import JournalReader, record_at
from twinex.venue.wire.messages import Message
from twinex.venue.wire.schema import COMMANDS, RECORD, union_view

_DEFINING = [
    COMMANDS[name].id for name in ("product_define", "instrument_define", "combination_define")
]
_SHARED = (
    "contract_month",
    "lower_limit",
    "upper_limit",
    "previous_settlement",
    "previous_close",
    "strike",
    "expiry_day",
    "underlying",
    "call_or_put",
    "symbol",
)

Definitions = Callable[[int], Message]


class JournalDefinitions:
    """The defining command of a sequence, read forward from a day's journal up to the gate."""

    def __init__(self, reader: JournalReader) -> None:
        self._reader = reader
        self._found: dict[int, Message] = {}

    @classmethod
    def of(cls, day: Path | str) -> "JournalDefinitions":
        """Of a day's directory."""
        return cls(JournalReader(day))

    def __call__(self, sequence: int) -> Message:
        """The command with that sequence; each is asked for once, in ascending order."""
        while sequence not in self._found:
            self._read_on(sequence)
        return self._found.pop(sequence)

    def _read_on(self, sequence: int) -> None:
        block = self._reader.poll()
        assert block is not None, f"command {sequence} is committed, but not in the journal"
        kinds = union_view(block.octets, RECORD)["template_id"][block.places >> 3]
        for place in block.places[np.isin(kinds, _DEFINING)].tolist():
            record = record_at(block.octets, place)
            self._found[record.sequence] = record.message


class Listing:
    """Products and instruments as the feed tells them; instruments are told with their product."""

    def __init__(self) -> None:
        self.products: dict[int, dict[str, Any]] = {}
        self.instruments: dict[int, bytes] = {}  # instrument_defined messages, flags 0

    def product(self, books: Books, fields: dict[str, Any]) -> None:
        """A product: nothing is sent for it alone."""
        number = fields["product"]
        self.products[number] = fields
        books.products[number]["limit_priority"] = fields["limit_priority"]

    def instrument(self, books: Books, fields: dict[str, Any], time_ns: int) -> bytes:
        """An instrument: its `instrument_defined`, and its row in `books` filled."""
        told = {name: fields[name] for name in _SHARED}
        told["product"] = fields["product_of"]
        told["previous_open_interest"] = fields["open_interest"]
        return self._define(books, fields["instrument"], told, time_ns)

    def combination(self, books: Books, fields: dict[str, Any], time_ns: int) -> bytes:
        """A combination: of leg 1's product, with limits of its legs' (spec/combinations.md)."""
        one, two = (books.instruments[fields[leg]] for leg in ("leg_1", "leg_2"))
        told = {name: fields[name] for name in ("leg_1", "leg_2", "symbol")}
        told["product"] = int(one["product"])
        told["lower_limit"] = int(one["lower"]) - int(two["upper"])
        told["upper_limit"] = int(one["upper"]) - int(two["lower"])
        return self._define(books, fields["instrument"], told, time_ns)

    def _define(self, books: Books, number: int, told: dict[str, Any], time_ns: int) -> bytes:
        product = self.products[told["product"]]
        told |= {name: product[name] for name in ("tick", "multiplier", "product_class")}
        told |= {"instrument": number, "time_ns": time_ns, "product_name": product["product_name"]}
        row = books.instruments[number]
        row["product"], row["combination"] = told["product"], "leg_1" in told
        row["tick"] = told["tick"]
        row["lower"], row["upper"] = told["lower_limit"], told["upper_limit"]
        row["open_interest"] = told.get("previous_open_interest", 0)
        self.instruments[number] = _message(told)
        return self.instruments[number]


def _message(told: dict[str, Any]) -> bytes:
    block = np.zeros((), TEMPLATES["instrument_defined"].block)
    for name, value in told.items():
        block[name] = value
    template, length = INSTRUMENT_DEFINED
    head = np.array([length, template, SCHEMA_ID, SCHEMA_VERSION], dtype="<u2")
    return head.tobytes() + block.tobytes()
