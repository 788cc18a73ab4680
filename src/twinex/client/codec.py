"""Messages to bytes and back: FIX Simple Binary Encoding, laid out by spec/messages.xml."""

import struct
from collections.abc import Callable
from dataclasses import astuple, dataclass, fields
from typing import Any

from twinex.client import codes, commands, events
from twinex.client.commands import Command, MassQuote, QuoteEntry
from twinex.client.errors import ProtocolError
from twinex.client.events import Event, UnknownEvent
from twinex.client.schema import LAYOUTS, SCHEMA_ID, SCHEMA_VERSION, Layout

Message = Command | Event

_HEAD = struct.Struct("<HHHH")  # block length, template, schema, version
_GROUP = struct.Struct("<HHHH")  # entry length, entries, two zeros
_EVENT_HEAD = struct.Struct("<qqi")  # sequence, time, index: at one place in all events
_EVENT_FIRST = 100  # templates above are events
_ENTRIES_MAX = 64


def _converter(kind: str) -> Callable[[int], Any] | None:
    """What makes a number of the schema's type `kind` what the classes promise."""
    if kind == "uint8":
        return bool
    enum: type[codes.Code] | None = getattr(codes, kind, None)
    if enum is None:
        return None
    known = {int(code): code for code in enum}
    return lambda number: known[number] if number in known else enum(number)


@dataclass(frozen=True)
class _Form:
    """A class and its layout; `casts` are the fields that are more than numbers."""

    made: type
    layout: Layout
    casts: tuple[tuple[int, Callable[[int], Any]], ...]

    def read(self, octets: bytes | memoryview, start: int) -> list[Any]:
        values = list(self.layout.numbers.unpack_from(octets, start))
        for place, cast in self.casts:
            values[place] = cast(values[place])
        return values

    def write(self, values: tuple[Any, ...]) -> bytes:
        try:
            return self.layout.numbers.pack(*values)
        except struct.error:
            raise self._wrong(values) from None

    def _wrong(self, values: tuple[Any, ...]) -> Exception:
        """Names the first value that `struct` did not take."""
        for name, kind, value in zip(self.layout.names, self.layout.types, values, strict=True):
            bits = int(kind.strip("uint")) if "int" in kind else 8  # enums of commands are bytes
            low = -(1 << bits - 1) if kind[0] == "i" else 0
            if not hasattr(value, "__index__"):
                hint = ": prices are in 1/10000, price('4012.4') makes one" * ("price" in name)
                return TypeError(f"{name} = {value!r} is no integer{hint}")
            if not low <= value < low + (1 << bits):
                return ValueError(f"{name} = {value!r} does not fit {bits} bits")
        raise AssertionError("every value fits")


def _form(made: type, layout: Layout) -> _Form:
    cast = [(place, _converter(kind)) for place, kind in enumerate(layout.types)]
    return _Form(made, layout, tuple((place, c) for place, c in cast if c is not None))


def _classes() -> dict[int, type]:
    made: dict[int, type] = {}
    for room in (commands, events):
        for one in vars(room).values():
            if isinstance(one, type) and (template := getattr(one, "template", 0)) in LAYOUTS:
                made[template] = one
    return made


_FORMS = {template: _form(made, LAYOUTS[template]) for template, made in _classes().items()}
_QUOTES = LAYOUTS[MassQuote.template].group
assert _QUOTES is not None, "mass_quote has its entries"
_ENTRY = _form(QuoteEntry, _QUOTES)


def encode(message: Message) -> bytes:
    """The bytes of a message, header included. ValueError names a field that does not fit."""
    form = _FORMS[message.template]
    size = form.layout.numbers.size
    head = _HEAD.pack(size, message.template, SCHEMA_ID, SCHEMA_VERSION)
    if isinstance(message, MassQuote):
        return head + form.write((message.client_id,)) + _encode_entries(message.entries)
    return head + form.write(tuple(getattr(message, field.name) for field in fields(message)))


def _encode_entries(entries: tuple[QuoteEntry, ...]) -> bytes:
    if not 1 <= len(entries) <= _ENTRIES_MAX:
        raise ValueError(f"a mass quote has 1 to {_ENTRIES_MAX} entries, not {len(entries)}")
    head = _GROUP.pack(_ENTRY.layout.numbers.size, len(entries), 0, 0)
    return head + b"".join(_ENTRY.write(astuple(entry)) for entry in entries)


def decode(octets: bytes | memoryview) -> Message:
    """The message in `octets`: a `Command` or an `Event`; padding behind it is passed over.

    A longer block than ours is a newer schema's: what we know of it is read. ProtocolError where
    it is no message of this schema, or cut short.
    """
    length, template = _checked_head(octets)
    form = _FORMS.get(template)
    if form is None:
        return _unknown(octets, template)
    if length < form.layout.numbers.size:
        raise ProtocolError(f"{form.layout.name} has {length} bytes of {form.layout.numbers.size}")
    values = form.read(octets, _HEAD.size)
    if form.made is MassQuote:
        return MassQuote(client_id=values[0], entries=_decode_entries(octets, _HEAD.size + length))
    if template < _EVENT_FIRST:
        names = (field.name for field in fields(form.made))
        return form.made(**dict(zip(names, values, strict=True)))  # type: ignore[no-any-return]
    return form.made(*values)  # type: ignore[no-any-return]


def decode_event(octets: bytes | memoryview) -> Event:
    """The event in `octets`; ProtocolError as `decode`, and where it is a command."""
    message = decode(octets)
    if not isinstance(message, Event):
        raise ProtocolError(f"template {message.template} is a command, not an event")
    return message


def _checked_head(octets: bytes | memoryview) -> tuple[int, int]:
    if len(octets) < _HEAD.size:
        raise ProtocolError(f"a message of {len(octets)} bytes has no header")
    length, template, schema, _ = _HEAD.unpack_from(octets)
    if schema != SCHEMA_ID:
        raise ProtocolError(f"schema {schema} is not ours ({SCHEMA_ID})")
    if len(octets) < _HEAD.size + length:
        raise ProtocolError(f"template {template} names {length} bytes, {len(octets)} came in all")
    return length, template


def _unknown(octets: bytes | memoryview, template: int) -> UnknownEvent:
    block = bytes(octets[_HEAD.size :])
    if template <= _EVENT_FIRST or len(block) < _EVENT_HEAD.size:
        raise ProtocolError(f"template {template} is no event")
    sequence, time_ns, index = _EVENT_HEAD.unpack_from(block)
    return UnknownEvent(sequence, time_ns, index, template, block)


def _decode_entries(octets: bytes | memoryview, start: int) -> tuple[QuoteEntry, ...]:
    if len(octets) < start + _GROUP.size:
        raise ProtocolError("a mass quote without its entries")
    step, count, _, _ = _GROUP.unpack_from(octets, start)
    first = start + _GROUP.size
    if step < _ENTRY.layout.numbers.size or len(octets) < first + count * step:
        raise ProtocolError(f"a mass quote of {count} entries of {step} bytes is cut short")
    names = _ENTRY.layout.names
    return tuple(
        QuoteEntry(**dict(zip(names, _ENTRY.read(octets, first + at * step), strict=True)))
        for at in range(count)
    )
