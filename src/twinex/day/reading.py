"""A day on disk, read back: its statistics."""

from pathlib import Path

from twinex.day.statistics import Statistics
from twinex.readers.listing import Listing
from twinex.venue.journal.reader import EventReader


def statistics_of(directory: Path, listing: Listing) -> Statistics:
    """The statistics of a day's released events."""
    statistics = Statistics(listing.highest)
    reader = EventReader(directory)
    while block := reader.poll():
        statistics.add(block.octets[block.start : block.end])
    return statistics
