"""A day on disk, read back: its statistics, and which contracts it had."""

from itertools import takewhile
from pathlib import Path

from twinex.day.listing import Listing, read_listing
from twinex.day.settings import DayError
from twinex.day.statistics import Statistics
from twinex.venue.journal.reader import EventReader, JournalReader
from twinex.venue.wire import codes

_LISTING = (codes.PRODUCT_DEFINE, codes.INSTRUMENT_DEFINE)


def statistics_of(directory: Path, listing: Listing) -> Statistics:
    """The statistics of a day's released events."""
    statistics = Statistics(int(listing.instrument.max()))
    reader = EventReader(directory)
    while block := reader.poll():
        statistics.add(block.octets[block.start : block.end])
    return statistics


def listing_of(directory: Path) -> Listing:
    """The contracts of a day, from the reference data at the head of its journal.

    Raises the errors of `venue.journal`, or DayError if the day lists nothing yet.
    """
    bodies = (record.body for record in JournalReader(directory))
    reference = takewhile(lambda body: _template(body) < codes.LIMITS_SET, bodies)
    found = [body for body in reference if _template(body) in _LISTING]
    if not found:
        raise DayError(f"{directory} lists no contracts yet: wait until its market is set up")
    return read_listing(found)


def _template(body: bytes) -> int:
    return int.from_bytes(body[2:4], "little")
