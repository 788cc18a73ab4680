"""Exchange local time of a day that is read back."""

from pathlib import Path

from twinex.venue.journal.reader import JournalReader
from twinex.venue.reference import MarketError, load_market
from twinex.venue.wire.messages import MessageError

CHINA_HOURS = 8


def utc_offset_hours(directory: Path) -> int:
    """What the day's market adds to UTC; China's where the market's file is not at hand."""
    for record in JournalReader(directory):
        try:
            name = str(record.message.fields.get("market", ""))
            return load_market(name.lower()).utc_offset_hours
        except (MarketError, MessageError):
            break
    return CHINA_HOURS
