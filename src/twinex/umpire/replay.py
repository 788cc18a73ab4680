"""A recorded day lived through again by fresh systems, their events and states held together.

Three streams are compared: what each system answers, and what was published. At a difference the
systems live through the day once more, up to the command, so that the states around it are had.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from twinex.umpire.compare import Comparison, Parting
from twinex.umpire.difference import Difference, Moment, difference_of
from twinex.umpire.messages import command_of, events_of
from twinex.umpire.names import CHINA_HOURS, Names
from twinex.umpire.recorded import Recorded, sequence_of
from twinex.umpire.state import NotAnImage, State, read_state
from twinex.umpire.system import Maker, System

PUBLISHED = "published"
_AHEAD_BYTES = 1 << 16  # of what was published, behind a difference: the rest of the answer
_POINTS = 8  # images taken in one pass of the search for where states part
_RECORD_HEADER = 40

Tell = Callable[[str, int, int], None]  # what is being done, commands done, commands in all


class SystemFailed(Exception):  # noqa: N818
    """A system broke where it must not: in taking an image. The text names it and its error."""


@dataclass
class Verdict:
    """How a replay ended. `agreed`: commands to which all streams have the same answers.

    `seconds`: of each system, by its name. `images`: how many states were compared of each.
    """

    commands: int
    agreed: int = 0
    events: int = 0
    event_bytes: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    images: int = 0
    state_hash: str = ""
    difference: Difference | None = None

    def streams(self) -> str:
        """Whose events were compared, in words."""
        return " and ".join([", ".join(self.seconds), f"what was {PUBLISHED}"])

    def states(self) -> str:
        """Which states were compared, in words."""
        if len(self.seconds) < 2:
            return f"state {self.state_hash}"
        behind = f", as {self.images - 1:,} on the way" if self.images > 1 else ""
        return f"the states at the end are the same{behind}: {self.state_hash}"

    def as_json(self) -> dict[str, Any]:
        """As values that JSON has."""
        found = dict(self.__dict__)
        found["difference"] = self.difference.as_json() if self.difference else None
        return found


@dataclass(frozen=True)
class _Stop:
    """A system that stops at a command: its name, and the error."""

    name: str
    error: Exception

    def words(self) -> str:
        said = " ".join(str(self.error).split())
        return f"{type(self.error).__name__}{': ' if said else ''}{said}"


class Replay:
    """One replay of a day. `run` may be called once."""

    def __init__(
        self,
        day: Recorded,
        makers: Mapping[str, Maker],
        *,
        images_every: int = 0,
        utc_offset_hours: int = CHINA_HOURS,
        tell: Tell | None = None,
    ) -> None:
        """`makers`: one system or two, by name. `images_every`: compare states behind so many
        commands too, not only at the end."""
        self.day, self.makers, self.every = day, dict(makers), images_every
        self.names = Names(utc_offset_hours)
        self.verdict = Verdict(day.commands, seconds=dict.fromkeys(makers, 0.0))
        self._tell = tell or (lambda what, done, total: None)
        self._systems = self._fresh()
        self._published = day.published()
        first = next(iter(makers))
        self._pairs = [(first, other) for other in (*list(makers)[1:], PUBLISHED)]
        self._comparisons = {pair: Comparison() for pair in self._pairs}
        self._alike = day.start.first_sequence - 1  # the last sequence behind which states agreed

    def _fresh(self) -> dict[str, System]:
        return {name: make(self.day.start) for name, make in self.makers.items()}

    def run(self) -> Verdict:
        """The whole day, or up to the first difference. Raises the errors of `venue.journal`."""
        first, last = self.day.start.first_sequence, self.day.last_sequence
        stops = range(first + self.every - 1, last, self.every) if self.every else range(0)
        for batch in self.day.batches(stops):
            found = self._batch(batch) or self._checkpoint(sequence_of(batch[-1]), stops)
            if found:
                self.verdict.difference = found
                return self.verdict
            self._tell("replaying", self.verdict.agreed, self.verdict.commands)
        self.verdict.difference = self._end()
        return self.verdict

    def _checkpoint(self, sequence: int, stops: range) -> Difference | None:
        return self._compare_states(sequence) if sequence in stops else None

    # -- answers -------------------------------------------------------------------------------

    def _batch(self, records: Sequence[bytes]) -> Difference | None:
        """Live through a batch in every system; the difference in its answers, if there is one."""
        answers = {}
        for name, system in self._systems.items():
            started = time.perf_counter()
            try:
                answers[name] = system.apply_all(records)
            except Exception as error:
                return self._stopped(records, _Stop(name, error), answers)
            self.verdict.seconds[name] += time.perf_counter() - started
        first = answers[self._pairs[0][0]]
        partings = self._partings(answers, self._published.ahead(len(first)))
        if partings:
            return self._parted(partings)
        self._published.take(len(first))
        self.verdict.agreed += len(records)
        self.verdict.event_bytes += len(first)
        return None

    def _partings(
        self, answers: Mapping[str, bytes], published: bytes
    ) -> dict[tuple[str, str], Parting]:
        """Where pairs of streams part in this batch, by pair."""
        both = {**answers, PUBLISHED: published}
        found = {}
        for pair, comparison in self._comparisons.items():
            one, other = (both[name] for name in pair)
            parting = comparison.feed(one, other)
            if parting and PUBLISHED in pair:
                longer = self._published.ahead(len(published) + _AHEAD_BYTES)
                parting = comparison.feed(other=longer[len(published) :])
            elif len(one) != len(other):
                parting = parting or comparison.finish()
            if parting:
                ended = parting.ends[1] and PUBLISHED in pair  # a system has only come so far
                found[pair] = replace(parting, ends=(False, ended))
        return found

    def _parted(self, partings: Mapping[tuple[str, str], Parting]) -> Difference:
        """The difference at the first command at which any pair parts."""
        pair = min(partings, key=lambda one: (partings[one].sequence, self._pairs.index(one)))
        parting = partings[pair]
        self._count_agreed(parting.sequence)
        note = self._note(pair, parting, partings)
        return self._words(pair, parting, parting.sequence, [note] if note else [])

    def _count_agreed(self, sequence: int) -> None:
        """All commands before this one agree."""
        self.verdict.agreed = max(0, sequence - self.day.start.first_sequence)

    def _note(
        self,
        pair: tuple[str, str],
        parting: Parting,
        partings: Mapping[tuple[str, str], Parting],
    ) -> str:
        """How the stream that is not in `pair` goes."""
        if pair[1] == PUBLISHED:
            agreed = " and ".join(self.makers)
            return f"{agreed} agree" if len(self.makers) > 1 else ""
        published = partings.get((pair[0], PUBLISHED))
        if published is None or published.sequence > parting.sequence:
            return f"what was published is what {pair[0]} answers"
        if published.other == parting.other:
            return f"what was published is what {pair[1]} answers"
        return "what was published is a third answer"

    # -- a system that stops -------------------------------------------------------------------

    def _stopped(
        self, records: Sequence[bytes], stop: _Stop, answers: Mapping[str, bytes]
    ) -> Difference | None:
        """The difference in a batch in which a system stops: before its command, or by stopping."""
        if len(records) > 1:
            self._systems = self._behind(sequence_of(records[0]) - 1)
            found = (self._batch([record]) for record in records)
            return next((difference for difference in found if difference), None)
        sequence = sequence_of(records[0])
        self._count_agreed(sequence)
        other = next((name for name in self.makers if name != stop.name), PUBLISHED)
        octets = answers.get(other) or self._answer(other, records[0])
        answer = tuple(event for event in events_of(octets) if event.sequence == sequence)
        parting = Parting(sequence, self.verdict.event_bytes, 0, answer, (), (False, True))
        said = f"{stop.name} stops at it: {stop.words()}"
        return self._words((other, stop.name), parting, sequence, [], said)

    def _answer(self, name: str, record: bytes) -> bytes:
        """What a system answers to a record, or was published; nothing where it stops too."""
        if name == PUBLISHED:
            return self._published.ahead(_AHEAD_BYTES)
        try:
            return self._systems[name].apply(record)
        except Exception:
            return b""

    def _behind(self, sequence: int) -> dict[str, System]:
        """Fresh systems that have lived through the day up to a sequence; its names are learned."""
        systems = self._fresh()
        for batch in self._until(sequence):
            for record in batch:
                self.names.learn(record[_RECORD_HEADER:])
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

    # -- states --------------------------------------------------------------------------------

    def _end(self) -> Difference | None:
        """All commands are done: is that all that was published, and are the states the same?"""
        last = self.day.last_sequence
        if self._published.ahead(1):
            pair = self._pairs[-1]
            comparison, rest = self._comparisons[pair], self._published.ahead(_AHEAD_BYTES)
            parting = comparison.feed(other=rest) or comparison.finish()
            assert parting is not None, "more was published than the systems answer"
            return self._words(pair, parting, parting.sequence, ["the journal ends there"])
        return self._compare_states(last)

    def _compare_states(self, sequence: int) -> Difference | None:
        """Are the states behind a sequence the same? If not, at which command did they part?"""
        images = self._images(self._systems, sequence)
        self.verdict.images += 1
        if len(set(images)) == 1:
            self._alike = sequence
            state = read_state(images[0])
            self.verdict.state_hash, self.verdict.events = state.hash.hex(), state.day["events"]
            return None
        parted = self._first_unlike(self._alike, sequence)
        self._count_agreed(parted)
        first, second = self.makers
        note = "the answers agree, the states behind them do not"
        return self._words((first, second), None, parted, [note])

    def _images(self, systems: Mapping[str, System], sequence: int) -> list[bytes]:
        images = []
        for name, system in systems.items():
            try:
                images.append(system.image())
            except Exception as error:
                said = _Stop(name, error).words()
                raise SystemFailed(f"{name} makes no image behind {sequence}: {said}") from error
        return images

    def _first_unlike(self, alike: int, unlike: int) -> int:
        """The command behind which states differ that were the same before it.

        Each pass runs the day again and looks at a few places, until none are left between.
        """
        while unlike - alike > 1:
            step = max(1, (unlike - alike) // _POINTS)
            systems = self._fresh()
            marks = range(alike + step, unlike, step)
            for batch in self._until(marks[-1], marks):
                for system in systems.values():
                    system.apply_all(batch)
                sequence = sequence_of(batch[-1])
                if sequence not in marks:
                    continue
                if len(set(self._images(systems, sequence))) > 1:
                    unlike = sequence
                    break
                alike = sequence
        return unlike

    # -- words ---------------------------------------------------------------------------------

    def _words(
        self,
        pair: tuple[str, str],
        parting: Parting | None,
        sequence: int,
        notes: Sequence[str],
        headline: str = "",
    ) -> Difference:
        """The difference in words, with the states around it from systems that run again."""
        said = list(notes)
        systems = self._behind(sequence - 1)
        before = self._moment(pair, systems, said)
        record = self.day.record(sequence)
        if record is not None:
            self._apply(record, systems)
        after = self._moment(pair, systems, said)
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

    def _apply(self, record: bytes, systems: dict[str, System]) -> None:
        """Live through one command more; a system that stops at it has no state behind it."""
        self.names.learn(record[_RECORD_HEADER:])
        for name in list(systems):
            try:
                systems[name].apply(record)
            except Exception:
                del systems[name]

    def _moment(
        self, pair: tuple[str, str], systems: Mapping[str, System], notes: list[str]
    ) -> Moment:
        """The states of the pair's systems; where one cannot be had a note says why."""
        found: list[State | None] = []
        for name in pair:
            try:
                found.append(read_state(systems[name].image()) if name in systems else None)
            except NotAnImage as error:
                found.append(None)
                notes.append(f"the image of {name} cannot be read: {error}")
        return Moment(*found)
