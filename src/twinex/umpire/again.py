"""A day lived through once more, to look closer: the states around a command, and where they part.

Systems are deterministic: what they did they do again. Nothing is kept for this while all is well.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from twinex.umpire.compare import Parting
from twinex.umpire.difference import Difference, Moment, difference_of
from twinex.umpire.messages import RECORD, command_of
from twinex.umpire.names import Names
from twinex.umpire.recorded import Recorded, sequence_of
from twinex.umpire.state import NotAnImage, State, read_state
from twinex.umpire.system import Maker, System

_POINTS = 8  # images taken in one pass of the search for where states part

Pair = tuple[str, str]  # the names of two streams
Tell = Callable[[str, int, int], None]  # what is being done, commands done, commands in all


class SystemFailed(Exception):  # noqa: N818
    """A system broke where it must not: in taking an image. The text names it and its error."""


def error_text(error: Exception) -> str:
    """The error of a system in one line."""
    said = " ".join(str(error).split())
    return f"{type(error).__name__}{': ' if said else ''}{said}"


def images_of(systems: Mapping[str, System], sequence: int) -> list[bytes]:
    """The state images of all systems, which stand behind `sequence`. Raises SystemFailed."""
    images = []
    for name, system in systems.items():
        try:
            images.append(system.image())
        except Exception as error:
            said = error_text(error)
            raise SystemFailed(f"{name} makes no image behind {sequence}: {said}") from error
    return images


class Again:
    """Fresh systems over the same day, as often as they are asked for. Names are learned."""

    def __init__(
        self, day: Recorded, makers: Mapping[str, Maker], names: Names, tell: Tell
    ) -> None:
        self.day, self.makers, self.names, self._tell = day, makers, names, tell

    def fresh(self) -> dict[str, System]:
        """The systems before the first command."""
        return {name: make(self.day.start) for name, make in self.makers.items()}

    def behind(self, sequence: int) -> dict[str, System]:
        """Fresh systems that have lived through the day up to a sequence; its names are learned."""
        systems = self.fresh()
        for batch in self._until(sequence):
            for record in batch:
                self.names.learn(record[RECORD.size :])
            for system in systems.values():
                system.apply_all(batch)
        return systems

    def _until(self, sequence: int, marks: Sequence[int] = ()) -> Iterator[list[bytes]]:
        """The records up to a sequence, in batches that end behind each of `marks`."""
        if sequence < self.day.start.first_sequence:
            return
        for batch in self.day.batches(sorted({*marks, sequence})):
            yield batch
            done = sequence_of(batch[-1]) - self.day.start.first_sequence + 1
            self._tell("running again", done, sequence - self.day.start.first_sequence + 1)
            if sequence_of(batch[-1]) >= sequence:
                return

    def first_unlike(self, alike: int, unlike: int) -> int:
        """The command behind which states differ that were the same before it.

        Each pass runs the day again and looks at a few places, until none are left between.
        """
        while unlike - alike > 1:
            step = max(1, (unlike - alike) // _POINTS)
            systems = self.fresh()
            marks = range(alike + step, unlike, step)
            for batch in self._until(marks[-1], marks):
                for system in systems.values():
                    system.apply_all(batch)
                sequence = sequence_of(batch[-1])
                if sequence not in marks:
                    continue
                if len(set(images_of(systems, sequence))) > 1:
                    unlike = sequence
                    break
                alike = sequence
        return unlike

    def difference(
        self,
        pair: Pair,
        parting: Parting | None,
        sequence: int,
        alike: int,
        notes: Sequence[str],
        headline: str = "",
    ) -> Difference:
        """The difference at a command in words, with the states around it.

        `alike`: a sequence behind which the states agreed. `notes`, `headline`: `difference_of`.
        """
        said = list(notes)
        systems = self.behind(sequence - 1)
        before = self._moment(pair, systems, said)
        record = self.day.record(sequence)
        if record is not None:
            self._apply(record, systems)
        after = self._moment(pair, systems, said)
        hashes = {state.hash for state in (before.one, before.other) if state}
        if parting is not None and len(hashes) > 1:
            said.append(self._parted_before(pair, alike, sequence - 1))
        return difference_of(
            pair,
            names=self.names,
            parting=parting,
            command=command_of(record) if record is not None else None,
            before=before,
            after=after,
            notes=said,
            headline=headline,
        )

    def _parted_before(self, pair: Pair, alike: int, unlike: int) -> str:
        """Where the states part that differ before the answers do: what is wrong began there."""
        origin = self.first_unlike(alike, unlike)
        systems, record = self.behind(origin), self.day.record(origin)
        assert record is not None, "a command that was lived through is in the journal"
        states = self._moment(pair, systems, [])
        found = difference_of(pair, names=self.names, command=command_of(record), after=states)
        return f"the states part before that, behind {found.heading}; {found.headline}"

    def _apply(self, record: bytes, systems: dict[str, System]) -> None:
        """Live through one command more; a system that stops at it has no state behind it."""
        self.names.learn(record[RECORD.size :])
        for name in list(systems):
            try:
                systems[name].apply(record)
            except Exception:
                del systems[name]

    def _moment(self, pair: Pair, systems: Mapping[str, System], notes: list[str]) -> Moment:
        """The states of the pair's systems; where one cannot be had a note says why."""
        found: list[State | None] = []
        for name in pair:
            try:
                found.append(read_state(systems[name].image()) if name in systems else None)
            except NotAnImage as error:
                found.append(None)
                notes.append(f"the image of {name} cannot be read: {error}")
        return Moment(*found)
