"""Where a day is: the directory a person names."""

from pathlib import Path

from twinex.readers.listing import ReadError


def require_day(directory: Path | None) -> Path | None:
    """The directory, if any file of a day is in it. Raises ReadError."""
    if directory is None or any(directory.glob("journal-*.seg")) or (directory / "gate").exists():
        return directory
    if not directory.is_dir():
        raise ReadError(f"{directory}: no such directory; `twinex day` makes one")
    days = sorted(str(path.parent) for path in directory.glob("*/journal-000000.seg"))
    hint = f"name one of its days: {', '.join(days)}" if days else "`twinex day` makes one"
    raise ReadError(f"{directory} is not a day: there is no journal in it; {hint}")
