"""Where a played day is kept. A tape that was played may be played again in its place."""

from pathlib import Path

from twinex.tape.errors import TapeError
from twinex.tape.stage import Stage

MARK = "played"
_FILES = ("journal-*.seg", "events-*.seg", "journal-cut-*.bin", "gate", MARK)


class PlaceTaken(TapeError):  # noqa: N818
    """A played day cannot be kept where it was asked for."""


def claim(days: Path, stage: Stage) -> Path:
    """The directory `SYMBOL-YYYYMMDD` below `days`, ready for a new play.

    An earlier play's files go. Raises PlaceTaken for a directory with anything else in it, or one
    that cannot be made.
    """
    directory = days / f"{stage.symbol}-{stage.trading_day}"
    try:
        if directory.exists():
            _clear(directory)
        directory.mkdir(parents=True, exist_ok=True)
        (directory / MARK).write_text(f"{stage.market.name} {stage.symbol} {stage.trading_day}\n")
    except OSError as cause:
        raise PlaceTaken(
            f"{cause.filename or directory}: {cause.strerror}: choose another --directory"
        ) from cause
    return directory


def _clear(directory: Path) -> None:
    present = set(directory.iterdir())
    own = {path for pattern in _FILES for path in directory.glob(pattern)}
    if present and (directory / MARK not in present or present - own):
        raise PlaceTaken(
            f"{directory} holds something that `twinex tape play` did not make: "
            "choose another --directory, or move it away"
        )
    for path in own:
        path.unlink()
