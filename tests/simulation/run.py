"""Both systems through seeded days: `python -m simulation.run --seed 7 --commands 2000000`.

    python -m simulation.run FILE         # a case that was kept, once more

Prints how far it is; at a difference the shortest failing case it finds, in words and as a file,
and exits with 1. The same seed and commit give the same run, to the byte.
"""

import argparse
import os
import random
import subprocess
import sys
import time
from pathlib import Path

from simulation.case import Case, Command, read
from simulation.life import Failure, Run
from simulation.pair import Maker
from simulation.piped import PipedMirror, interpreter
from simulation.shrink import shrink
from simulation.streams import plans
from simulation.systems import MirrorSystem, VenueSystem

MAKERS: dict[str, Maker] = {"venue": VenueSystem, "mirror": MirrorSystem, "piped": PipedMirror}
_LINES_SHOWN = 60


def chosen_seed() -> int:
    """TWINEX_SEED, or one from the operating system."""
    return int(os.environ.get("TWINEX_SEED", random.SystemRandom().randrange(10**9)))


def commit() -> str:
    """Of the checkout; with the seed it names a run."""
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "--short", "HEAD"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def case_of(failure: Failure, seed: int) -> Case:
    """The failing day as it was lived, up to the difference."""
    commands = tuple(
        Command(seat, message, failure.restarts.get(place, ""))
        for place, (seat, message) in enumerate(failure.commands, 1)
    )
    about = {"seed": str(seed), "commit": commit(), "day": str(failure.plan)}
    return Case(commands, failure.first_sequence, failure.difference.what, about)


def explain(failure: Failure, seed: int, left: Maker, right: Maker, directory: Path) -> str:
    """The failure in words; its shortest case goes to a file in `directory`."""
    case = shrink(case_of(failure, seed), left, right)
    difference = case.live(left, right)
    path = directory / f"case-{seed}.jsonl"
    directory.mkdir(parents=True, exist_ok=True)
    case.write(path)
    lines = case.lines()
    shown = lines if len(lines) <= _LINES_SHOWN else ["…", *lines[-_LINES_SHOWN:]]
    return "\n".join(
        [
            f"seed {seed}, {failure.plan}",
            f"as lived: {failure.difference}",
            f"{len(failure.commands)} commands, {len(lines)} of them are enough:",
            *shown,
            str(difference or "not seen again from the day's beginning"),
            f"again: PYTHONPATH=src:tests .venv/bin/python -m simulation.run {path}",
        ]
    )


def live_again(path: Path, left: Maker, right: Maker) -> int:
    """A case from its file; the exit status."""
    case = read(path)
    print("\n".join(case.lines()))
    difference = case.live(left, right)
    print(difference or "no difference")
    return int(difference is not None)


def live(seed: int, commands: int, left: Maker, right: Maker, longest: int) -> tuple[Run, str]:
    """A run of about so many commands, progress on stderr; what went wrong, in words."""
    started = time.perf_counter()

    def say(run: Run) -> None:
        rate = run.commands / (time.perf_counter() - started)
        print(f"day {run.days}: {run.commands:,} commands, {rate:,.0f}/s", file=sys.stderr)

    run = Run(left, right, on_day=say)
    failure = run.live(plans(seed, commands, longest))
    if failure is None:
        return run, ""
    return run, explain(failure, seed, left, right, Path("build/simulation"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, help="a case, to be lived again")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--commands", type=int, default=2_000_000)
    parser.add_argument("--longest", type=int, default=100_000, help="commands of a day, at most")
    parser.add_argument("--left", choices=MAKERS, default="venue")
    parser.add_argument("--right", choices=MAKERS, default="piped" if interpreter() else "mirror")
    given = parser.parse_args()
    left, right = MAKERS[given.left], MAKERS[given.right]
    if given.file is not None:
        return live_again(given.file, left, right)
    seed = chosen_seed() if given.seed is None else given.seed
    print(f"seed {seed}, commit {commit()}")
    run, wrong = live(seed, given.commands, left, right, given.longest)
    print(wrong or f"no difference in {run}")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
