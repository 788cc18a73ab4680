"""Blocks of messages as columns: what statistics and export have in common."""

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from functools import cache

import numpy as np

from twinex.venue.journal.layout import EVENTS, JOURNAL, RECORD_BYTES_MIN
from twinex.venue.journal.reader import Block
from twinex.venue.wire.schema import (
    ENUMS,
    GROUP_HEAD_BYTES,
    HEADER_BYTES,
    RECORD_HEADER_BYTES,
    TEMPLATE_BY_ID,
    Template,
    spec_directory,
    union_view,
)

UNDECODED = "undecoded"
RECORD_COLUMNS = ("sequence", "time_ns", "term", "seat")
_NAMESPACE = "{http://fixprotocol.io/2016/sbe}"
_MESSAGE_HEAD = (("block_length", "<u2", 0), ("template_id", "<u2", 2))
_HEAD_FIELDS = {
    JOURNAL: (
        ("length", "<u4", 0),
        ("sequence", "<i8", 8),
        ("time_ns", "<i8", 16),
        ("term", "<i4", 24),
        ("seat", "<i4", 28),
        *((name, form, RECORD_HEADER_BYTES + offset) for name, form, offset in _MESSAGE_HEAD),
    ),
    EVENTS: (*_MESSAGE_HEAD, ("sequence", "<i8", 8), ("time_ns", "<i8", 16)),
}


@cache
def _row_dtype(kind: str, template: Template | None) -> np.dtype:
    """What a block holds at a message's place: the header, then the fields of `template`."""
    heads = _HEAD_FIELDS[kind]
    fields = {name: (form, offset) for name, form, offset in heads}
    if template is not None:
        start = (RECORD_HEADER_BYTES if kind == JOURNAL else 0) + HEADER_BYTES
        for name, (form, offset) in field_places(template).items():
            title = message_title(kind, name)
            fields[title] = (form, start + offset)
    return np.dtype(
        {
            "names": list(fields),
            "formats": [form for form, _ in fields.values()],
            "offsets": [offset for _, offset in fields.values()],
        }
    )


def field_places(template: Template) -> dict[str, tuple[str, int]]:
    """Format and offset in the block of each field."""
    kinds = template.block.fields
    assert kinds is not None
    return {name: (kinds[name][0].str, int(kinds[name][1])) for name in template.block.names or ()}


def message_title(kind: str, field: str) -> str:
    """A field's column: one that is called like a column of the record gets `message_` in front.

    A mass cancel of the operator has a seat that sent it and a seat that it is for.
    """
    return f"message_{field}" if kind == JOURNAL and field in RECORD_COLUMNS else field


def heads_of(block: Block, kind: str) -> np.ndarray:
    """The headers of a block's messages, one row each (a copy)."""
    rows: np.ndarray = union_view(block.octets, _row_dtype(kind, None))[block.places >> 3]
    return rows


def sizes_of(block: Block) -> np.ndarray:
    """Bytes of each message of a block, padding and record header included (int64)."""
    return np.diff(np.append(block.places, block.end))


def by_template(block: Block, kind: str) -> Iterator[tuple[Template | None, np.ndarray]]:
    """The rows of a block's messages in groups of one template each (copies).

    None goes with the heads of those that the schema cannot read.

    A command that a member sent with an unknown template, another schema, too short a block or a
    repeating group that does not fit is journaled and refused: its fields mean nothing.
    """
    rows = heads_of(block, kind)
    readable = np.zeros(len(rows), dtype=bool)
    for template_id in np.unique(rows["template_id"]).tolist():
        template = TEMPLATE_BY_ID.get(template_id)
        if template is None or template.is_event != (kind == EVENTS):
            continue
        mask = (rows["template_id"] == template_id) & _whole(rows, template, kind)
        if template.group is not None:
            fits = [entries_at(block.octets, place, template) is not None for place in
                    block.places[mask].tolist()]  # fmt: skip
            mask[mask] = fits
        readable |= mask
        if mask.any():
            places = block.places[mask] >> 3
            yield template, union_view(block.octets, _row_dtype(kind, template))[places]
    if not readable.all():
        yield None, rows[~readable]


def _whole(rows: np.ndarray, template: Template, kind: str) -> np.ndarray:
    whole: np.ndarray = rows["block_length"] >= template.block_length
    if kind == JOURNAL:
        whole &= rows["length"] >= RECORD_BYTES_MIN + template.block_length
    return whole


def entries_at(octets: np.ndarray, place: int, template: Template) -> np.ndarray | None:
    """The repeating group of the record at byte `place`, whose command is of `template`.

    One row an entry, a view; None where the group does not fit the record.
    """
    group = template.group
    assert group is not None, f"{template.name} has no repeating group"
    end = place + int(octets[place : place + 4].view("<u4")[0])
    body = place + RECORD_HEADER_BYTES
    head = body + HEADER_BYTES + int(octets[body : body + 2].view("<u2")[0])
    first = head + GROUP_HEAD_BYTES
    if first > end:
        return None
    length, count = np.frombuffer(octets[head : head + 4].tobytes(), dtype="<u2").tolist()
    if length < group.block_length or first + count * length > end:
        return None
    return np.ndarray((count,), group.block, octets[first:end], strides=(length,))


@cache
def enum_of_field() -> dict[tuple[str, str], dict[int, str]]:
    """(message, field) to the names of its values, for the fields that are enums."""
    root = ElementTree.parse(spec_directory() / "messages.xml").getroot()
    found = {}
    for message in root.findall(f"{_NAMESPACE}message"):
        for field in message.findall("field"):
            names = ENUMS.get(field.get("type", ""))
            if names is not None:
                key = (message.get("name", ""), field.get("name", ""))
                found[key] = {value: name for name, value in names.items()}
    return found
