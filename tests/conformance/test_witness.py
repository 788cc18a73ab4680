"""Our bytes read by the PyPI package `sbe`, and its bytes read by us."""

import random
from collections.abc import Iterator

import pytest
import sbe
from vectorkit import wire
from vectorkit.parse import read_all
from vectorkit.replay import replay
from vectorkit.systems import SYSTEMS, fresh
from vectorkit.wire import HEAD, TEMPLATES, Field, Group, Template, Value
from vectorkit.witness import entry_of, read, read_schema, write

from twinex.venue.wire.messages import decode, encode

SEED = 20260105
Values = dict[str, Value]
_LETTERS = "ABCXYZabcxyz0189-_."

every_template = pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES)


@pytest.fixture(scope="module")
def schema() -> sbe.Schema:
    return read_schema()


def _bounds(spot: Field) -> tuple[int, int]:
    bits = 8 * spot.size
    signed = spot.form.islower()
    return (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)


def _is_text(spot: Field) -> bool:
    return spot.form.endswith("s") and "hash" not in spot.name


def _draw(spot: Field, source: random.Random) -> Value:
    """A random value: over the whole range, or near its ends, or near zero."""
    if spot.form.endswith("s"):
        if _is_text(spot):
            return "".join(source.choices(_LETTERS, k=source.randint(0, spot.size))).encode()
        return source.randbytes(spot.size)
    low, high = _bounds(spot)
    ranges = [(low, high), (low, low), (high, high), (max(low, -1), 1)]
    return source.randint(*source.choice(ranges))


def _samples(block: Template | Group, seed: int, count: int = 60) -> list[Values]:
    """All fields at their least, all at their greatest, and random ones."""
    source = random.Random(seed)
    numbers = [spot for spot in block.fields.values() if not spot.form.endswith("s")]
    ends = [{spot.name: _bounds(spot)[end] for spot in numbers} for end in (0, 1)]
    drawn = [
        {name: _draw(spot, source) for name, spot in block.fields.items()} for _ in range(count)
    ]
    return ends + drawn


def _messages(template: Template) -> Iterator[tuple[Values, list[Values]]]:
    """Fields, and entries where the message has a group: none, then one more each time."""
    samples = _samples(template, SEED + template.id)
    entries = _samples(template.group, SEED) if template.group else []
    for place, values in enumerate(samples):
        yield values, entries[:place]


def _padded(block: Template | Group, values: Values) -> Values:
    """Every field as it stands on the wire: texts filled with zeros, absent fields zero."""
    whole: Values = {}
    for name, spot in block.fields.items():
        if spot.form.endswith("s"):
            text = values.get(name, b"")
            assert isinstance(text, bytes)
            whole[name] = text.ljust(spot.size, b"\0")
        else:
            whole[name] = values.get(name, 0)
    return whole


def _without_gaps(fields: Values) -> Values:
    """The named fields; what lies between them must be zero."""
    for name, value in fields.items():
        if name.startswith("gap_"):
            assert value in (0, bytes(len(value) if isinstance(value, bytes) else 0)), name
    return {name: value for name, value in fields.items() if not name.startswith("gap_")}


def _encoded(template: Template, values: Values, entries: list[Values]) -> bytes:
    """What the venue writes."""
    group = {template.group.name: entries} if template.group else {}
    return encode(template.name, **values, **group)


@every_template
def test_the_witness_reads_what_the_venue_encodes(template: Template, schema: sbe.Schema) -> None:
    for values, entries in _messages(template):
        message = _encoded(template, values, entries)
        header = schema.decode_header(message)
        assert header == {
            "blockLength": template.length,
            "templateId": template.id,
            "schemaId": wire.SCHEMA_ID,
            "version": wire.VERSION,
        }
        found = read(schema, message)
        assert found.name == template.name
        assert _without_gaps(found.fields) == _padded(template, values), f"seed {SEED}"
        group = template.group or template
        due = [_padded(group, entry) for entry in entries]
        assert [_without_gaps(entry) for entry in found.entries] == due, f"seed {SEED}"


@every_template
def test_the_venue_reads_what_the_witness_encodes(template: Template, schema: sbe.Schema) -> None:
    """Codes in their enums only: the witness writes them by name."""
    group = template.group or template
    for values, entries in _messages(template):
        due, rows = _in_enums(template, values), [_in_enums(group, entry) for entry in entries]
        written = write(
            schema,
            template.id,
            _by_name(template, schema.messages[template.id], due),
            [_by_name(group, entry_of(schema, template.id), row) for row in rows],
        )
        assert written == _encoded(template, due, rows), f"seed {SEED}"
        assert (wire.decode(written).fields, wire.decode(written).entries) == (due, rows)
        found = decode(written)
        assert found.name == template.name
        loaded = {key: _loaded(template.fields[key], value) for key, value in due.items()}
        if template.group:
            loaded[template.group.name] = rows
        assert found.fields == loaded


def _in_enums(block: Template | Group, values: Values) -> Values:
    """The values padded, and each code one of its enum's."""
    codes = {
        spot.name: sorted(spot.enum.values())[int(values.get(spot.name, 0)) % len(spot.enum)]
        for spot in block.fields.values()
        if spot.enum
    }
    return _padded(block, values | codes)


def _by_name(block: Template | Group, message: sbe.Message, values: Values) -> dict[str, object]:
    """Values as the witness takes them: codes by name, gaps as zeros."""
    named: dict[str, object] = dict(values)
    for spot in block.fields.values():
        if spot.enum:
            named[spot.name] = {code: word for word, code in spot.enum.items()}[values[spot.name]]
    for field in message.fields:
        if field.name.startswith("gap_"):
            named[field.name] = 0 if field.type.length == 1 else bytes(field.type.length)
    return named


def _loaded(spot: Field, value: Value) -> object:
    """Texts come from the venue's decoder as str, without their zeros."""
    if isinstance(value, bytes) and _is_text(spot):
        return value.rstrip(b"\0").decode()
    return value


@every_template
def test_the_witness_names_codes_as_the_schema_does(template: Template, schema: sbe.Schema) -> None:
    for spot in template.fields.values():
        for word, code in spot.enum.items():
            message = encode(template.name, **{spot.name: code})
            assert schema.decode(message).value[spot.name] == word


@pytest.mark.parametrize("template", [t for t in TEMPLATES.values() if t.group])
def test_the_witness_names_codes_of_entries(template: Template, schema: sbe.Schema) -> None:
    entry = entry_of(schema, template.id)
    for spot in template.group.fields.values():
        for word, code in spot.enum.items():
            block = _encoded(template, {}, [{spot.name: code}])[-template.group.length :]
            head = HEAD.pack(template.group.length, entry.id, wire.SCHEMA_ID, wire.VERSION)
            assert schema.decode(head + block).value[spot.name] == word


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_witness_reads_every_event_of_the_vectors(system: str, schema: sbe.Schema) -> None:
    """All event bytes of all cases, gaps included: nothing but the fields is written."""
    names = set()
    for case in read_all():
        stream = replay(case, fresh(system, case))
        place = 0
        while place < len(stream):
            length = HEAD.size + HEAD.unpack_from(stream, place)[0]
            message = stream[place : place + length]
            found, event = read(schema, message), wire.decode(message)
            assert (found.name, _without_gaps(found.fields)) == (event.name, event.fields)
            names.add(found.name)
            place += length
    assert names == {t.name for t in TEMPLATES.values() if t.id not in wire.COMMAND_IDS}
