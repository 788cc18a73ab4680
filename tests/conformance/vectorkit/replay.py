"""One case sent to one system, and the differences in words."""

from vectorkit import show
from vectorkit.commands import build
from vectorkit.expect import expected
from vectorkit.parse import Case
from vectorkit.systems import System
from vectorkit.wire import Event, WireError, decode_all
from vectorkit.words import Expected
from vectorkit.world import Command, World


class Mismatch(AssertionError):  # noqa: N818
    """A system that answered otherwise than the vector says."""


def replay(case: Case, system: System) -> bytes:
    """Send the whole case; Mismatch at the first command answered wrongly. All event bytes."""
    world, setup, rows = build(case)
    answers = [(command, expected(world, command)) for command in rows]
    stream = bytearray()
    for command in setup:
        stream += _send(case, world, system, command, None)
    for command, wanted in answers:
        stream += _send(case, world, system, command, wanted)
    return bytes(stream)


def _send(
    case: Case, world: World, system: System, command: Command, wanted: list[Expected] | None
) -> bytes:
    """Send one command and judge its answer; `wanted` None: a command of the setup."""
    try:
        answer = system.send(command.seat, command.message, command.clock_ns)
        events = decode_all(answer)
    except WireError as wrong:
        raise Mismatch(f"{_where(case, command)}\n  undecodable: {wrong}") from wrong
    except Exception as stop:
        raise Mismatch(f"{_where(case, command)}\n  the system stopped: {stop!r}") from stop
    problems = _envelope(command, events)
    problems += _setup(events) if wanted is None else _differences(wanted, events)
    if problems:
        raise Mismatch(_report(case, world, command, events, problems))
    return answer


def _envelope(command: Command, events: list[Event]) -> list[str]:
    """Sequence, index and time, which every event has."""
    problems = [] if events else ["no event at all"]
    for index, event in enumerate(events):
        due = {"sequence": command.sequence, "index": index, "time_ns": command.time_ns}
        problems += [
            f"event {index}: {key} {event.fields[key]}, not {number}"
            for key, number in due.items()
            if event.fields[key] != number
        ]
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
        for key, due in want.fields.items():
            if got.fields[key] != due:
                is_, not_ = (show.value(got.name, key, v) for v in (got.fields[key], due))
                problems.append(f"event {index} ({want.line.place}): {key} {is_}, not {not_}")
    if len(wanted) != len(events):
        problems.append(f"{len(events)} events, not {len(wanted)}")
    return problems


def _where(case: Case, command: Command) -> str:
    return (
        f"{case.place}: {case.title} [{case.cites}], setup {case.setup.name}\n"
        f"  {command.row.place}: > {command.row}   (sequence {command.sequence})"
    )


def _report(
    case: Case, world: World, command: Command, events: list[Event], problems: list[str]
) -> str:
    lines = [_where(case, command), "  expected:"]
    lines += [f"    {line}" for line in command.row.events]
    lines += ["  got:"] + [f"    {show.line(world, event)}" for event in events]
    return "\n".join(lines + ["  wrong:"] + [f"    {problem}" for problem in problems])
