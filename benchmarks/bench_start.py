"""How long the venue takes to be ready: with an empty compile cache, and with a warm one.

Each is a process of its own that imports the venue and lives through the small day of `warm_up`.
Prints a table, then one JSON object. Reference, in turn with them: a process that imports NumPy and
Numba and compiles one line.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

from benchmarks import conditions

COLD_RUNS = 3
WARM_RUNS = 5
_WARM_UP = "from twinex.venue.warm import warm_up; warm_up()"
_REFERENCE = "import numpy, numba; numba.njit(lambda: 1)()"


def _seconds(program: str, cache: str) -> float:
    environment = os.environ | {"TWINEX_CACHE": cache}
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", program], check=True, env=environment)
    return time.perf_counter() - started


def main() -> None:
    cold, warm, reference = [], [], []
    for _ in range(COLD_RUNS):
        with tempfile.TemporaryDirectory(prefix="twinex-cache-") as cache:
            reference.append(_seconds(_REFERENCE, cache))
            cold.append(_seconds(_WARM_UP, cache))
            warm += [_seconds(_WARM_UP, cache) for _ in range(WARM_RUNS // COLD_RUNS + 1)]
    figures = {
        "cold_s": round(statistics.median(cold), 2),
        "warm_s": round(statistics.median(warm), 2),
        "reference_s": round(statistics.median(reference), 2),
        "reference_is": "a process that imports NumPy and Numba and compiles one line",
        "cold_runs": len(cold),
        "warm_runs": len(warm),
    }
    conditions.report("start", figures)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
