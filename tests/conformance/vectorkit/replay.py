"""One case sent to one system, and the differences in words."""

from decimal import Decimal

from vectorkit.commands import SCALED, Command, build
from vectorkit.expect import Expected, expected
from vectorkit.parse import Case
from vectorkit.systems import System
from vectorkit.wire import TEMPLATES, Event, WireError, decode_all

_START_NS = 1_767_574_800_000_000_000  # 2026-01-05 09:00 in Shanghai
_STEP_NS = 1_000_000


class Mismatch(AssertionError):
    """A system that answered otherwise than the vector says."""


def replay(case: Case, system: System) -> bytes:
    """Send the whole case; Mismatch at the first command answered wrongly. All event bytes."""
    world, setup, rows = build(case)
    answers = [(command, expected(world, command)) for command in rows]
    stream, last_ns = bytearray(), 0
    for command in setup:
        last_ns = _send(case, system, command, None, stream, last_ns)
    for command, wanted in answers:
        last_ns = _send(case, system, command, wanted, stream, last_ns)
    return bytes(stream)


def _send(
    case: Case,
    system: System,
    command: Command,
    wanted: list[Expected] | None,
    stream: bytearray,
    last_ns: int,
) -> int:
    now = _START_NS + command.sequence * _STEP_NS
    answer = system.send(command.seat, command.message, now)
    stream += answer
    try:
        events = decode_all(answer)
    except WireError as wrong:
        raise Mismatch(f"{_where(case, command)}\n  undecodable: {wrong}") from wrong
    problems = _envelope(command, events, last_ns)
    problems += _setup(events) if wanted is None else _differences(wanted, events)
    if problems:
        raise Mismatch(_report(case, command, wanted, events, problems))
    return int(events[-1].fields["time_ns"])


def _envelope(command: Command, events: list[Event], last_ns: int) -> list[str]:
    """Sequence, index and time, which every event has."""
    problems = [] if events else ["no event at all"]
    for index, event in enumerate(events):
        if event.fields["sequence"] != command.sequence:
            problems.append(f"event {index}: sequence {event.fields['sequence']}")
        if event.fields["index"] != index:
            problems.append(f"event {index}: index {event.fields['index']}")
        if event.fields["time_ns"] != events[0].fields["time_ns"]:
            problems.append(f"event {index}: its time is not the first event's")
    if events and int(events[0].fields["time_ns"]) <= last_ns:
        problems.append("the time has not risen since the last command")
    return problems


def _setup(events: list[Event]) -> list[str]:
    if len(events) == 1 and events[0].name != "command_rejected":
        return []
    return ["a command of the setup was not simply done"]


def _differences(wanted: list[Expected], events: list[Event]) -> list[str]:
    problems = []
    for index, (want, got) in enumerate(zip(wanted, events, strict=False)):
        if want.name != got.name:
            problems.append(f"event {index} ({want.line.place}): {got.name}, not {want.name}")
            break
        for key, value in want.fields.items():
            if got.fields[key] != value:
                shown, due = _show(got.name, key, got.fields[key]), _show(want.name, key, value)
                problems.append(f"event {index} ({want.line.place}): {key} {shown}, not {due}")
    if len(wanted) != len(events):
        problems.append(f"{len(events)} events, not {len(wanted)}")
    return problems


def _show(name: str, key: str, value: int | bytes) -> str:
    """A field's value as a person writes it: a decimal price, an enum's name, a number."""
    spot = TEMPLATES[name].fields[key]
    for word, code in spot.enum.items():
        if code == value:
            return word
    return f"{Decimal(int(value)) / 10000}" if key in SCALED else str(value)


def _words(name: str, fields: dict[str, int] | dict[str, int | bytes]) -> str:
    hidden = ("sequence", "time_ns", "index")
    shown = [f"{key}={_show(name, key, v)}" for key, v in fields.items() if key not in hidden]
    return f"{name} {' '.join(shown)}"


def _where(case: Case, command: Command) -> str:
    return (
        f"{case.place}: {case.title} [{case.cites}], setup {case.setup.name}\n"
        f"  {command.row.place}: {command.row}   (sequence {command.sequence})"
    )


def _report(
    case: Case,
    command: Command,
    wanted: list[Expected] | None,
    events: list[Event],
    problems: list[str],
) -> str:
    lines = [_where(case, command), "  expected:"]
    lines += [f"    {_words(want.name, want.fields)}" for want in wanted or []]
    lines += ["  got:"] + [f"    {_words(event.name, event.fields)}" for event in events]
    return "\n".join(lines + ["  wrong:"] + [f"    {problem}" for problem in problems])
