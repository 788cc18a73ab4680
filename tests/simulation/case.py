"""A run that somebody can live through again: commands, restarts, and what was seen of it.

In a file (`case.jsonl`) the first line says where the day begins, every other is one command: its
seat, its bytes in hex, itself in words; `restart` names the side that starts anew behind it.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path

from checkers.wire import BY_NAME, HEAD, SCHEMA_ID

from simulation.invariants import Invariants, Violated
from simulation.pair import Difference, Maker, Pair
from simulation.records import Journal
from simulation.words import command_words

_LEGS = 1024
_NAMING = {BY_NAME[name][0] for name in ("order_cancel", "order_amend")}
_ORDER_ID = 16  # its byte in these messages
_EACH_MAX = 400  # commands of a case after each of which images are compared


@dataclass(frozen=True)
class Command:
    """One command; `restart` is the side (`left`, `right`) that starts anew behind it, if any."""

    seat: int
    message: bytes
    restart: str = ""


@dataclass(frozen=True)
class Case:
    """One day up to a difference. `what`: its kind, as of `Difference`; '' where there is none."""

    commands: tuple[Command, ...]
    first_sequence: int = 1
    what: str = ""
    about: dict[str, str] = field(default_factory=dict)  # seed, commit, … : to be read by people

    def live(self, left: Maker, right: Maker) -> Difference | None:
        """Both systems, from nothing; the first difference. Images count where they did before."""
        pair = Pair(left(self.first_sequence), right(self.first_sequence))
        try:
            self._live(pair)
        finally:
            pair.close()
        return pair.differ

    def _live(self, pair: Pair) -> None:
        journal, watch = Journal(self.first_sequence), Invariants()
        start = 0
        for stop in self._stops():
            part = [(each.seat, each.message) for each in self.commands[start:stop]]
            batch = journal.write_commands(part)
            events = pair.apply(batch)
            if pair.differ is None and self.what == "invariant":
                try:
                    watch.see(batch, events)
                except Violated as error:
                    pair.differ = Difference("invariant", error.sequence, str(error))
            if pair.differ is None and self.commands[stop - 1].restart:
                pair.restart(self.commands[stop - 1].restart)
            if pair.differ is None and self.what in ("image", "restart", "error"):
                pair.compare_images()
            if pair.differ is not None:
                return
            start = stop

    def _stops(self) -> list[int]:
        """Behind which commands something is done: restarts and the end; all, of a short case."""
        if len(self.commands) <= _EACH_MAX:
            return list(range(1, len(self.commands) + 1))
        stops = [place for place, each in enumerate(self.commands, 1) if each.restart]
        return sorted({*stops, len(self.commands)})

    def without(self, start: int, stop: int) -> "Case":
        """Commands `start`..`stop` taken out; what names later orders goes on naming them."""
        kept = [*range(start), *range(stop, len(self.commands))]
        return self.only(kept)

    def only(self, kept: list[int]) -> "Case":
        """The commands at these places, numbered anew."""
        first = self.first_sequence
        moved = {first + old: first + new for new, old in enumerate(kept)}
        commands = tuple(_retarget(self.commands[place], moved) for place in kept)
        return Case(commands, first, self.what, self.about)

    def stilled(self, start: int, stop: int, still: bytes) -> "Case":
        """Commands `start`..`stop` replaced by the harmless `still` of the exchange."""
        middle = tuple(Command(0, still, each.restart) for each in self.commands[start:stop])
        commands = (*self.commands[:start], *middle, *self.commands[stop:])
        return Case(commands, self.first_sequence, self.what, self.about)

    def lines(self) -> list[str]:
        """Every command in words, with its sequence."""
        return [
            f"{self.first_sequence + place} {command_words(each.seat, each.message)}"
            + (f"; {each.restart} restarts" if each.restart else "")
            for place, each in enumerate(self.commands)
        ]

    def write(self, path: Path) -> None:
        head = {"first_sequence": self.first_sequence, "what": self.what, **self.about}
        rows = [json.dumps(head)]
        for each in self.commands:
            row = {"seat": each.seat, "message": each.message.hex()}
            row |= {"restart": each.restart} if each.restart else {}
            rows.append(json.dumps(row | {"words": command_words(each.seat, each.message)}))
        path.write_text("\n".join(rows) + "\n")


def read(path: Path) -> Case:
    """A case as `write` wrote it. Raises ValueError for a file that is none."""
    first, *rows = [json.loads(line) for line in path.read_text().splitlines()]
    sequence, what = first.pop("first_sequence"), first.pop("what")
    commands = tuple(
        Command(row["seat"], bytes.fromhex(row["message"]), row.get("restart", "")) for row in rows
    )
    return Case(commands, sequence, what, first)


def _retarget(command: Command, moved: dict[int, int]) -> Command:
    """A cancel or amend that names its order where that order's command stands now."""
    message = command.message
    if len(message) < _ORDER_ID + 8:
        return command
    _, template, schema, _ = HEAD.unpack_from(message)
    if template not in _NAMING or schema != SCHEMA_ID:
        return command
    order_id = int.from_bytes(message[_ORDER_ID : _ORDER_ID + 8], "little", signed=True)
    sequence, leg = divmod(order_id, _LEGS)
    if sequence not in moved:
        return command
    named = (moved[sequence] * _LEGS + leg).to_bytes(8, "little", signed=True)
    message = message[:_ORDER_ID] + named + message[_ORDER_ID + 8 :]
    return Command(command.seat, message, command.restart)
