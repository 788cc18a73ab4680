"""What a day's reference data call its contracts, products, members and accounts.

No check reads names, so a state image holds none: they come from the definitions in the journal.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from twinex.venue.journal.reader import EventReader, JournalReader, Record, record_at
from twinex.venue.wire import codes
from twinex.venue.wire.messages import Message
from twinex.venue.wire.schema import EVENT, RECORD, union_view

_NAMING = (
    codes.PRODUCT_DEFINE,
    codes.INSTRUMENT_DEFINE,
    codes.COMBINATION_DEFINE,
    codes.MEMBER_DEFINE,
    codes.ACCOUNT_DEFINE,
)


class Names(NamedTuple):
    """By number; an account's beneficial client with its name."""

    symbols: dict[int, str]
    products: dict[int, str]
    members: dict[int, str]
    accounts: dict[int, tuple[int, str]]


def names_in(messages: Iterable[Message]) -> Names:
    """The names that definitions give, the last of each; other messages are passed over."""
    names = Names({}, {}, {}, {})
    for name, fields in messages:
        if name == "product_define":
            names.products[fields["product"]] = fields["product_name"]
        elif name in ("instrument_define", "combination_define"):
            names.symbols[fields["instrument"]] = fields["symbol"]
        elif name == "member_define":
            names.members[fields["member"]] = fields["member_name"]
        elif name == "account_define":
            names.accounts[fields["account"]] = fields["client"], fields["account_name"]
    return names


def names_of(directory: Path | str) -> Names:
    """The names in a day's journal, without those of definitions that were refused.

    Raises the errors of the journal's reader.
    """
    records = list(_definitions(directory))
    refused = _refused(directory, np.array([record.sequence for record in records], np.int64))
    return names_in(record.message for record in records if record.sequence not in refused)


def _definitions(directory: Path | str) -> Iterator[Record]:
    """The exchange's records that give names, in order."""
    reader = JournalReader(directory)
    while block := reader.poll():
        templates = union_view(block.octets, RECORD)["template_id"][block.places >> 3]
        for place in block.places[np.isin(templates, _NAMING)].tolist():
            record = record_at(block.octets, place)
            if record.seat == 0:
                yield record


def _refused(directory: Path | str, sequences: np.ndarray) -> set[int]:
    """Those of `sequences` that a command_rejected answers."""
    found: set[int] = set()
    reader = EventReader(directory)
    while block := reader.poll():
        events = union_view(block.octets, EVENT)[block.places >> 3]
        rejected = events["sequence"][events["template_id"] == codes.COMMAND_REJECTED]
        found.update(rejected[np.isin(rejected, sequences)].tolist())
    return found
