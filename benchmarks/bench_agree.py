"""Venue and mirror through the same seeded days: how many commands, how many differences.

`--commands N` (2,000,000), `--seed N` (TWINEX_SEED, or one of chance), `--right mirror` for the
mirror in this process (`piped`, in one of PyPy where there is one, otherwise). A run ends at its
first difference, which is shrunk and told on stderr. Prints a table, then one JSON object.
"""

import argparse
import json
import sys
import time

from benchmarks import conditions, simulated  # isort: skip
from simulation.piped import interpreter
from simulation.run import MAKERS, live

COMMANDS = 2_000_000
LONGEST = 100_000  # commands of a day


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commands", type=int, default=COMMANDS)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--right", choices=MAKERS, default="piped")
    given = parser.parse_args()
    seed = simulated.chosen_seed() if given.seed is None else given.seed
    started = time.perf_counter()
    run, wrong = live(seed, given.commands, MAKERS["venue"], MAKERS[given.right], LONGEST)
    seconds = time.perf_counter() - started
    if wrong:
        print(wrong, file=sys.stderr)
    piped = interpreter() or sys.executable
    figures = {
        "commands": run.commands,
        "differences": int(bool(wrong)),
        "seed": seed,
        "commit": simulated.commit(),
        "event_bytes": run.event_bytes,
        "days": run.days,
        "images": run.images,
        "restarts": run.restarts,
        "events_under_invariants": run.watched,
        "seconds": round(seconds, 1),
        "commands_per_s": round(run.commands / seconds),
        "mirror_runs_on": piped if given.right == "piped" else sys.executable,
    }
    conditions.report("agree", figures)
    print(json.dumps(figures))
    sys.exit(int(bool(wrong)))


if __name__ == "__main__":
    main()
