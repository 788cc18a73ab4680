"""Commands and events as one line each: what a person reads of a failing run."""

from types import SimpleNamespace

from checkers.wire import (
    ENUMS,
    EVENT_FIRST,
    HEAD,
    LAYOUTS,
    SCHEMA_ID,
    Layout,
    command_of,
    decode,
)

_ENUM_OF = {
    "reject_reason": "RejectReason",
    "cancel_reason": "CancelReason",
    "phase": "Phase",
    "side": "Side",
    "role": "Role",
    "rule": "Rule",
}
_QUIET = ("sequence", "time_ns", "index")
_BYTES_SHOWN = 24


def command_words(seat: int, message: bytes) -> str:
    """`seat 3 order_enter client_id 7 instrument 1 …`; bytes that are no command as hex."""
    return f"seat {seat} {_message(message, 0)}"


def event_words(events: bytes) -> list[str]:
    """A line for each event; what is no event is said to be."""
    lines, place = [], 0
    while place < len(events):
        if len(events) - place < HEAD.size:
            return [*lines, f"{len(events) - place} bytes that are no event"]
        block, template, schema, _ = HEAD.unpack_from(events, place)
        known = LAYOUTS.get(template)
        if known is None or template <= EVENT_FIRST or schema != SCHEMA_ID or block != known.length:
            return [*lines, f"bytes that are no event: {events[place : place + 16].hex()}"]
        lines.append(_message(events, place))
        place += HEAD.size + block
    return lines


def _message(octets: bytes, place: int) -> str:
    head = octets[place : place + HEAD.size]
    if len(head) < HEAD.size:
        return f"{len(octets)} bytes {octets[:_BYTES_SHOWN].hex()}"
    block, template, schema, _ = HEAD.unpack(head)
    layout = LAYOUTS.get(template)
    due = HEAD.size + (layout.length if layout else 0)
    if layout is None or schema != SCHEMA_ID or len(octets) - place < due:
        return f"template {template} of schema {schema}, {len(octets)} bytes: {head.hex()}"
    fields = vars(decode(octets, place))
    said = [
        f"{name} {_value(name, value)}"
        for name, value in fields.items()
        if name not in ("template", "template_id", *_QUIET) and value not in (0, b"")
        if not (isinstance(value, bytes) and not value.strip(b"\0"))
    ]
    said += [f"entry {vars(each)}" for each in _entries(octets[place:], layout)]
    odd = "" if block == layout.length else f" (block of {block} bytes)"
    return " ".join([layout.name + odd, *said])


def _entries(octets: bytes, layout: Layout) -> list[SimpleNamespace]:
    """Those of a command's group, if it has one and they are whole."""
    command = command_of(octets) if layout.group is not None else None
    return command.entries if command is not None else []


def _value(name: str, value: object) -> str:
    if isinstance(value, bytes):
        return value.rstrip(b"\0").decode(errors="replace")
    if name in _ENUM_OF:
        for known, number in vars(ENUMS[_ENUM_OF[name]]).items():
            if number == value:
                return known
    return str(value)
