"""The systems that the vectors are held against, behind one small interface.

A new system is one adapter class and one entry in `SYSTEMS`.
"""

from collections.abc import Callable
from typing import Protocol

from vectorkit.parse import Case


class System(Protocol):
    """A fresh system without reference data; the first message it is sent is a `day_open`."""

    def send(self, seat: int, message: bytes, time_ns: int) -> bytes:
        """Sequence and apply one command while the clock reads `time_ns`; its event bytes."""
        ...

    def image(self) -> bytes:
        """The state image (spec/state.md) after the last command."""
        ...


class VenueSystem:
    """The venue in anonymous memory: no directory, its clock set by the vectors."""

    def __init__(self, **options: int) -> None:
        from twinex.venue.venue import Venue

        self._time_ns = 0
        self._venue = Venue(clock=lambda: self._time_ns, **options)

    def send(self, seat: int, message: bytes, time_ns: int) -> bytes:
        self._time_ns = time_ns
        return self._venue.send(seat, message)

    def image(self) -> bytes:
        return self._venue.image().tobytes()


class MirrorSystem:
    """The mirror's core behind its own sequencer, its clock set by the vectors."""

    def __init__(self, first_sequence: int = 1) -> None:
        from twinex.mirror.core import Core
        from twinex.mirror.sequencer import Sequencer

        self._sequencer = Sequencer(first_sequence)
        self._core = Core(first_sequence)

    def send(self, seat: int, message: bytes, time_ns: int) -> bytes:
        return self._core.apply(self._sequencer.record(seat, message, time_ns))

    def image(self) -> bytes:
        return self._core.image()


SYSTEMS: dict[str, Callable[..., System]] = {"venue": VenueSystem, "mirror": MirrorSystem}


def fresh(system: str, case: Case) -> System:
    """A system for that case: its first sequence is the one that the case's day says."""
    return SYSTEMS[system](first_sequence=case.setup.first_sequence)
