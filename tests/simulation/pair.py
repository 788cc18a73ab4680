"""Two systems side by side: what one answers the other must answer, to the byte."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from simulation.records import Batch
from simulation.systems import System
from simulation.words import event_words

Maker = Callable[[int], System]  # first sequence -> a system before its day


@dataclass(frozen=True)
class Difference:
    """The first thing that two systems say differently.

    `what`: `events`, `image`, `error` (one of them raised), `restart` or `invariant`. `sequence`:
    of the command after which it showed. `words`: for a person.
    """

    what: str
    sequence: int
    words: str

    def __str__(self) -> str:
        return f"{self.what} after command {self.sequence}: {self.words}"


class Pair:
    """Two systems; `differ` is the first difference, None so far."""

    def __init__(self, left: System, right: System) -> None:
        self.left, self.right = left, right
        self.sequence = 0  # of the last command
        self.differ: Difference | None = None

    def apply(self, batch: Batch) -> np.ndarray:
        """One batch in both; the left one's events. Nothing is applied after a difference."""
        assert self.differ is None, "the run goes on behind a difference"
        first, self.sequence = batch.first_sequence, batch.first_sequence + len(batch) - 1
        for system in (self.left, self.right):
            system.start(batch)
        events, others = self._events_of(self.left), self._events_of(self.right)
        if self.differ is None and events.tobytes() != others.tobytes():
            self.differ = _locate(events.tobytes(), others.tobytes(), self, first)
        return events

    def _events_of(self, system: System) -> np.ndarray:
        try:
            return system.finish()
        except Exception as error:
            self._fail(system, error, "of a command up to this one")
            return np.zeros(0, np.uint8)

    def _fail(self, system: System, error: Exception, doing: str) -> None:
        words = f"the {system.name} raised {type(error).__name__} {doing}: {error}"
        self.differ = self.differ or Difference("error", self.sequence, words)

    def compare_images(self) -> bytes:
        """The left one's image; a difference if the other's bytes are not the same."""
        images = []
        for system in (self.left, self.right):
            try:
                images.append(system.image())
            except Exception as error:
                self._fail(system, error, "taking its image")
                return b""
        left, right = images
        if left != right:
            words = f"{self.left.name} and {self.right.name}: {image_words(left, right)}"
            self.differ = self.differ or Difference("image", self.sequence, words)
        return left

    def restart(self, side: str) -> None:
        """The system of that side (`left`, `right`) goes on from the image of the other one."""
        source = self.right if side == "left" else self.left
        system = getattr(self, side)
        try:
            again = type(system).from_image(source.image())
            system.close()
            setattr(self, side, again)
            read, written = source.image(), again.image()
            if read != written:
                words = f"the {system.name} reads and writes {image_words(read, written)}"
                self.differ = self.differ or Difference("restart", self.sequence, words)
        except Exception as error:
            self._fail(system, error, f"starting from the {source.name}'s image")

    def close(self) -> None:
        """Give back what both hold."""
        self.left.close()
        self.right.close()


def _locate(left: bytes, right: bytes, pair: Pair, first: int) -> Difference:
    """The first command whose events differ, and the first event of them that does."""
    ours, theirs = event_rows(left), event_rows(right)
    for place in range(max(len(ours), len(theirs))):
        mine = ours[place] if place < len(ours) else b""
        other = theirs[place] if place < len(theirs) else b""
        if mine != other:
            at = [int.from_bytes(each[8:16], "little") for each in (mine, other) if each]
            said = ["; ".join(event_words(each)) or "nothing" for each in (mine, other)]
            names = (pair.left.name, pair.right.name)
            words = " | ".join(f"{name}: {each}" for name, each in zip(names, said, strict=True))
            return Difference("events", min(at, default=first), words)
    raise AssertionError("bytes differ, but no event does")


def event_rows(events: bytes) -> list[bytes]:
    """The events, each with its header; bytes that cannot be one stand last."""
    rows, place = [], 0
    while place < len(events):
        end = place + 8 + int.from_bytes(events[place : place + 2], "little")
        rows.append(events[place:end])
        place = end
    return rows


def image_words(left: bytes, right: bytes) -> str:
    """The sections of two images that differ, and the first row that does in each."""
    said = []
    for number in range(15):
        rows = [_section(octets, number) for octets in (left, right)]
        if rows[0] != rows[1]:
            place = next(
                (at for at, both in enumerate(zip(*rows, strict=False)) if both[0] != both[1]),
                min(len(rows[0]), len(rows[1])),
            )
            shown = [each[place].hex() if place < len(each) else "no row" for each in rows]
            said.append(f"section {number + 1} row {place}: {shown[0]}, other {shown[1]}")
    return "; ".join(said) or "heads differ"


def _section(image: bytes, number: int) -> list[bytes]:
    """The rows of section `number` (from 0), cut by the table at the image's head."""
    start = 784
    for each in range(number + 1):
        head = 32 + 48 * each
        size = int.from_bytes(image[head + 4 : head + 8], "little")
        count = int.from_bytes(image[head + 8 : head + 16], "little")
        if each < number:
            start += size * count
    return [image[start + size * row : start + size * (row + 1)] for row in range(count)]
