"""Where tapes lie: the environment's TWINEX_TAPES, else `../shared/data` beside the repository."""

import os
from pathlib import Path

from twinex.tape.errors import TapeMissing

VARIABLE = "TWINEX_TAPES"


def tapes_directory() -> Path:
    """The directory tapes are looked for in; it may not exist."""
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named).expanduser()
    repository = Path(__file__).resolve().parents[3]
    return repository.parent / "shared" / "data"


def tape_path(*parts: str) -> Path:
    """The file `parts` below the tapes. Raises TapeMissing with the place looked at."""
    directory = tapes_directory()
    path = directory.joinpath(*parts)
    if path.is_file():
        return path
    why = f"{VARIABLE} is {directory}" if os.environ.get(VARIABLE) else f"{VARIABLE} is not set"
    raise TapeMissing(
        f"no tape at {path} ({why}): set {VARIABLE} to the directory that holds sse/, lobster/ "
        "and cffex/"
    )


def existing(path: Path | str) -> Path:
    """`path` as a Path. Raises TapeMissing when no file lies there."""
    path = Path(path)
    if not path.is_file():
        raise TapeMissing(
            f"no tape at {path}: give a file that exists, or set {VARIABLE} and name it below"
        )
    return path
