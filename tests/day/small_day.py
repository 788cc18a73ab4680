"""A simulated day on disk, made once for all the tests that look at one."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import NamedTuple

from twinex.day import summary
from twinex.day.directory import claim
from twinex.day.reading import statistics_of
from twinex.day.runner import DayRun
from twinex.day.settings import Settings

COMMANDS = 25_000


class SmallDay(NamedTuple):
    """The directory, the run that made it, and its summary."""

    directory: Path
    run: DayRun
    summary: summary.Summary


@cache
def small_day() -> SmallDay:
    """The day of seed 1, as `twinex day` leaves it. Nobody may change its files."""
    place = Path(tempfile.mkdtemp(prefix="twinex-day-"))
    atexit.register(shutil.rmtree, place)
    return make_day(place / "20260706", seed=1)


def make_day(directory: Path | None, **options: object) -> SmallDay:
    """Run a day as `twinex day` does; `options` are those of Settings."""
    settings = Settings(**{"commands": COMMANDS, "directory": directory, **options})
    if directory is not None:
        claim(settings)
    run = DayRun(settings)
    outcome = run.run()
    statistics = outcome.statistics
    if directory is not None:
        statistics = statistics_of(directory, outcome.opening.listing)
    made = summary.summarise(outcome, statistics)
    if directory is not None:
        summary.write(made, directory)
    return SmallDay(directory or Path(), run, made)
