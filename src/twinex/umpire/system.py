"""What the umpire asks of a system: records in, events and state images out."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import NamedTuple


class System(ABC):
    """One system, living through a journal from its first record on."""

    @abstractmethod
    def apply(self, record: bytes) -> bytes:
        """Live through one whole record (`spec/journal.md`); all its events."""

    @abstractmethod
    def image(self) -> bytes:
        """The state behind the last record, as `spec/state.md` lays it out."""

    def apply_all(self, records: Sequence[bytes]) -> bytes:
        """Live through many records, at once where a system can; all their events."""
        return b"".join(map(self.apply, records))


class Start(NamedTuple):
    """Where a journal begins: its first sequence, and the chain before it (of the day before)."""

    first_sequence: int
    chain: int


Maker = Callable[[Start], System]
