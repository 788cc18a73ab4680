"""Venue and mirror through the same seeded days: how many commands, how many differences.

`--commands N` (2,000,000), `--seed N` (TWINEX_SEED, or one of chance), `--right mirror` for the
mirror in this process (`piped`, in one of PyPy where there is one, otherwise). A run ends at its
first difference, which is shrunk and told on stderr. Prints a table, then one JSON object.
"""

import argparse
import json
import sys
import time

from benchmarks import conditions
from benchmarks.simulated import piped, run

COMMANDS = 2_000_000
LONGEST = 100_000  # commands of a day


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commands", type=int, default=COMMANDS)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--right", choices=run.MAKERS, default="piped")
    given = parser.parse_args()
    seed = run.chosen_seed() if given.seed is None else given.seed
    started = time.perf_counter()
    venue, mirror = run.MAKERS["venue"], run.MAKERS[given.right]
    lived, wrong = run.live(seed, given.commands, venue, mirror, LONGEST)
    seconds = time.perf_counter() - started
    if wrong:
        print(wrong, file=sys.stderr)
    program = piped.interpreter() if given.right == "piped" else None
    figures = {
        "commands": lived.commands,
        "differences": int(bool(wrong)),
        "seed": seed,
        "commit": run.commit(),
        "event_bytes": lived.event_bytes,
        "days": lived.days,
        "images": lived.images,
        "restarts": lived.restarts,
        "events_under_invariants": lived.watched,
        "seconds": round(seconds, 1),
        "commands_per_s": round(lived.commands / seconds),
        "mirror_runs_on": program or sys.executable,
    }
    conditions.report("agree", figures)
    print(json.dumps(figures))
    sys.exit(int(bool(wrong)))


if __name__ == "__main__":
    main()
