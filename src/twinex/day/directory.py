"""Where a simulated day is kept. A day that was simulated may be simulated again in its place."""

from pathlib import Path

from twinex.day import summary
from twinex.day.settings import DayError, Settings
from twinex.venue.journal.files import DayLock

MARK = "simulated"
_FILES = (
    "journal-*.seg",
    "events-*.seg",
    "journal-cut-*.bin",
    "state-*.img",
    "gate",
    MARK,
    summary.FILE_NAME,
)


def claim(settings: Settings) -> None:
    """Make the day's directory ready for a new run: its mark goes in, an earlier run's files out.

    Raises DayError for a directory with anything in it that `twinex day` did not put there, and
    DayBusy for a day that is running.
    """
    directory = settings.directory
    assert directory is not None, "a day that is kept has a directory"
    try:
        if directory.exists():
            _clear(directory)
        directory.mkdir(parents=True, exist_ok=True)
        text = f"{settings.market} {settings.trading_day} seed {settings.seed}\n"
        (directory / MARK).write_text(text)
    except OSError as cause:
        raise DayError(
            f"{cause.filename or directory}: {cause.strerror}: choose another --directory"
        ) from cause


def _clear(directory: Path) -> None:
    present = set(directory.iterdir())
    if not present:
        return
    own = {path for pattern in _FILES for path in directory.glob(pattern)}
    if directory / MARK not in present or present - own:
        raise DayError(
            f"{directory} holds something that `twinex day` did not make: "
            "choose another --directory, or move it away"
        )
    with DayLock(directory):  # not while it is being written
        for path in own:
            path.unlink()
