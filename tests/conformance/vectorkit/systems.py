"""The systems that the vectors are held against, behind one small interface."""

from collections.abc import Callable
from typing import Protocol


class System(Protocol):
    """A fresh system without reference data; the first message it is sent is a `day_open`."""

    def send(self, seat: int, message: bytes, time_ns: int) -> bytes:
        """Sequence and apply one command; all event bytes that it made.

        `time_ns` is the wall clock for systems that do not read one themselves.
        """
        ...


class VenueSystem:
    """The venue in anonymous memory: no directory, its own clock."""

    def __init__(self) -> None:
        from twinex.venue.venue import Venue

        self._venue = Venue()

    def send(self, seat: int, message: bytes, time_ns: int) -> bytes:
        return bytes(self._venue.send(seat, message))


SYSTEMS: dict[str, Callable[[], System]] = {"venue": VenueSystem}
