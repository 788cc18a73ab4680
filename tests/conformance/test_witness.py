"""Our bytes read by the PyPI package `sbe`, and its bytes read by us."""

import random

import pytest
import sbe
from vectorkit import wire
from vectorkit.parse import read_all
from vectorkit.replay import replay
from vectorkit.systems import SYSTEMS, fresh
from vectorkit.wire import HEAD, TEMPLATES, Field, Template, Value
from vectorkit.witness import fields_of, read_schema

from twinex.venue.wire.messages import decode, encode

SEED = 20260105
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


def _samples(template: Template, count: int = 60) -> list[dict[str, Value]]:
    """All fields at their least, all at their greatest, and random ones; seeded by the template."""
    source = random.Random(SEED + template.id)
    numbers = [spot for spot in template.fields.values() if not spot.form.endswith("s")]
    ends = [{spot.name: _bounds(spot)[end] for spot in numbers} for end in (0, 1)]
    drawn = [
        {name: _draw(spot, source) for name, spot in template.fields.items()} for _ in range(count)
    ]
    return ends + drawn


def _padded(template: Template, values: dict[str, Value]) -> dict[str, Value]:
    """Every field as it stands on the wire: texts filled with zeros, absent fields zero."""
    whole: dict[str, Value] = {}
    for name, spot in template.fields.items():
        if spot.form.endswith("s"):
            text = values.get(name, b"")
            assert isinstance(text, bytes)
            whole[name] = text.ljust(spot.size, b"\0")
        else:
            whole[name] = values.get(name, 0)
    return whole


def _without_gaps(fields: dict[str, Value]) -> dict[str, Value]:
    """The named fields; what lies between them must be zero."""
    for name, value in fields.items():
        if name.startswith("gap_"):
            assert value in (0, bytes(len(value) if isinstance(value, bytes) else 0)), name
    return {name: value for name, value in fields.items() if not name.startswith("gap_")}


@every_template
def test_the_witness_reads_what_the_venue_encodes(template: Template, schema: sbe.Schema) -> None:
    for values in _samples(template):
        message = encode(template.name, **values)
        header = schema.decode_header(message)
        assert header == {
            "blockLength": template.length,
            "templateId": template.id,
            "schemaId": wire.SCHEMA_ID,
            "version": wire.VERSION,
        }
        name, fields = fields_of(schema, message)
        assert name == template.name
        assert _without_gaps(fields) == _padded(template, values), f"seed {SEED}"


@every_template
def test_the_venue_reads_what_the_witness_encodes(template: Template, schema: sbe.Schema) -> None:
    """Codes in their enums only: the witness writes them by name."""
    for values in _samples(template):
        codes = {
            spot.name: sorted(spot.enum.values())[int(values.get(spot.name, 0)) % len(spot.enum)]
            for spot in template.fields.values()
            if spot.enum
        }
        due = _padded(template, values | codes)
        written = schema.encode(schema.messages[template.id], _by_name(template, schema, due))
        assert written == encode(template.name, **due), f"seed {SEED}"
        assert wire.decode(written).fields == due
        found = decode(written)
        assert found.name == template.name
        assert found.fields == {key: _loaded(template.fields[key], v) for key, v in due.items()}


def _by_name(template: Template, schema: sbe.Schema, values: dict[str, Value]) -> dict[str, object]:
    """Values as the witness takes them: codes by name, gaps as zeros."""
    named: dict[str, object] = dict(values)
    for spot in template.fields.values():
        if spot.enum:
            named[spot.name] = {code: word for word, code in spot.enum.items()}[values[spot.name]]
    for field in schema.messages[template.id].fields:
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
            name, fields = fields_of(schema, message)
            event = wire.decode(message)
            assert (name, _without_gaps(fields)) == (event.name, event.fields)
            names.add(name)
            place += length
    assert names == {t.name for t in TEMPLATES.values() if t.id not in wire.COMMAND_IDS}
