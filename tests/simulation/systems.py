"""The systems of a simulation: those of the umpire, which also go on from an image, in batches.

system = VenueSystem(first_sequence=1)
system.start(batch)                   # records.Batch
events = system.finish()              # uint8; one behind a pipe works in between
image = system.image()                # spec/state.md, bytes
again = VenueSystem.from_image(image)
"""

from typing import Protocol, Self

import numpy as np

from simulation.records import Batch
from twinex.mirror.core import Core
from twinex.umpire import system, systems
from twinex.umpire.system import Start
from twinex.venue.core import state
from twinex.venue.image.check import check_image
from twinex.venue.image.image import from_bytes
from twinex.venue.image.load import load

_EVENT_BYTES = 1 << 20


class System(Protocol):
    """What a simulation asks of a system."""

    name: str

    def start(self, batch: Batch) -> None:
        """Whole records to be applied; `finish` follows before anything else is asked."""

    def finish(self) -> np.ndarray:
        """Their event bytes (uint8)."""

    def image(self) -> bytes:
        """The state between two commands, as bytes."""

    @classmethod
    def from_image(cls, octets: bytes) -> Self:
        """A system that goes on from there."""

    def close(self) -> None:
        """Give back what it holds; nothing is asked of it then."""


class Here(system.System):
    """A system of the umpire in this process, in batches."""

    def start(self, batch: Batch) -> None:
        self._batch = batch

    def finish(self) -> np.ndarray:
        return np.frombuffer(self.apply_all(list(self._batch)), np.uint8)

    def close(self) -> None:
        """Nothing is held."""


class VenueSystem(Here, systems.VenueSystem):
    """The venue's core."""

    name = "venue"

    def __init__(self, first_sequence: int = 1) -> None:
        super().__init__(Start(first_sequence, 0))

    @classmethod
    def from_image(cls, octets: bytes) -> "VenueSystem":
        """Raises ImageError for an image that is not good."""
        image = from_bytes(np.frombuffer(octets, np.uint8))
        check_image(image)
        system = cls()
        system._core, system._mark = load(image), image.mark
        system._make_events(_EVENT_BYTES)
        return system

    @property
    def core(self) -> state.Core:
        """Its tables, to look at."""
        return self._core


class MirrorSystem(Here, systems.MirrorSystem):
    """The mirror's core, in this process."""

    name = "mirror"

    def __init__(self, first_sequence: int = 1) -> None:
        super().__init__(Start(first_sequence, 0))

    @classmethod
    def from_image(cls, octets: bytes) -> "MirrorSystem":
        system = cls()
        system._core = Core.from_image(octets)
        return system
