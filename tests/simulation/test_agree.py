"""Venue and mirror live through the same days: every event, every image, every restart the same."""

from pathlib import Path

import pytest

from simulation.life import Run
from simulation.pair import Maker
from simulation.piped import PipedMirror
from simulation.run import chosen_seed, commit, explain
from simulation.streams import plans
from simulation.systems import MirrorSystem, VenueSystem

SEEDS = 4
COMMANDS = 2_000_000  # all seeds together
SOAK_COMMANDS = 100_000_000
SOAK_LONGEST = 1_000_000


def _hold(seed: int, commands: int, mirror: Maker, directory: Path, longest: int) -> Run:
    """No difference; else the shortest case of it, in words and in a file."""
    print(f"seed {seed}, commit {commit()}")
    run = Run(VenueSystem, mirror, on_day=lambda run: print(f"  {run}", flush=True))
    failure = run.live(plans(seed, commands, longest))
    if failure is not None:
        pytest.fail(explain(failure, seed, VenueSystem, mirror, directory), pytrace=False)
    assert run.commands >= commands
    return run


@pytest.mark.parametrize("number", range(SEEDS))
def test_venue_and_mirror_agree(number: int, tmp_path: Path) -> None:
    """TWINEX_SEED, or one of chance, and the numbers behind it."""
    seed = chosen_seed() + number
    run = _hold(seed, COMMANDS // SEEDS, MirrorSystem, tmp_path, longest=100_000)
    assert run.images > run.days > 3
    assert run.watched > 0


@pytest.mark.soak
def test_a_hundred_million_commands() -> None:
    """Days of up to a million commands; the mirror on PyPy where there is one."""
    where = Path("build/simulation")
    run = _hold(chosen_seed(), SOAK_COMMANDS, PipedMirror, where, longest=SOAK_LONGEST)
    assert run.restarts > 0
