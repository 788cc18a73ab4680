"""What each of the core's means of speed brings: its speed without it, beside its speed as it is.

Every variant is a process of its own with a compile cache of its own; they run in turn, each on
the same stream (`mix`). Prints a table, then one JSON object: commands a second, the seconds of
processor time that compiling took, and both against the core as it is in the same round.
"""

import json
import statistics
import subprocess
import sys
import tempfile
from os import environ
from pathlib import Path

from benchmarks import conditions

ROUNDS = 3
RUNS = 3
COMMANDS = 1_500_000

_AS_IT_IS = ""
_NO_LOOK_AHEAD = """
from twinex.venue import compiler, tables
@compiler.inlined
def prefetch(table, row):
    pass
tables.prefetch = prefetch
"""
_LLVM_DECIDES = "from twinex.venue import compiler; compiler.inlined = compiler.inner"
_RARE_TOO = "from twinex.venue import compiler; compiler.apart = compiler.inlined"
_NOBODY_WAITS = "from twinex.venue import linking; linking.wait = lambda function, apart=False: 0"
_CRC_BY_TABLE = "from twinex.venue.journal import carryless; carryless.CARRYLESS = False"
_IDS_ANYWHERE = """
from twinex.venue.core import ids
ids._BLOCK_BITS, ids._BLOCK_LOW = 0, 0
"""

VARIANTS = {
    "as it is": _AS_IT_IS,
    "no rows fetched ahead": _NO_LOOK_AHEAD,
    "CRC by table": _CRC_BY_TABLE,
    "client ids anywhere, not in blocks": _IDS_ANYWHERE,
    "LLVM decides what becomes part of its callers": _LLVM_DECIDES,
    "what is rare is part of its callers too": _RARE_TOO,
    "each function made machine code by itself": _NOBODY_WAITS,
}
COLUMNS = {
    "commands_per_s": "commands/s",
    "of_the_core_as_it_is": "of the core\nas it is",
    "compiling_s": "compiling\ns",
}

_CHILD = """
import json, sys, time
from benchmarks import bench_core, mix
from twinex.venue.warm import warm_up
started = time.process_time()
warm_up()
compiled_s = time.process_time() - started
traffic, _ = mix.stream({commands}, bench_core.MARKET)
pieces, orders = traffic.pieces(bench_core.BATCH), 4 * bench_core.MARKET.resting
bench_core._throughput(traffic, pieces, orders)
rates = [bench_core._throughput(traffic, pieces, orders) for _ in range({runs})]
print(json.dumps([compiled_s, *rates]))
"""


def _measure(variant: str, cache: Path) -> tuple[float, float]:
    """Seconds of compiling, if it did, and commands a second."""
    code = VARIANTS[variant] + _CHILD.format(commands=COMMANDS, runs=RUNS)
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**environ, "TWINEX_CACHE": str(cache)},
        check=True,
        capture_output=True,
        text=True,
    )
    compiled_s, *rates = json.loads(done.stdout.splitlines()[-1])
    return compiled_s, statistics.median(rates)


def main() -> None:
    compiled: dict[str, float] = {}
    rates: dict[str, list[float]] = {variant: [] for variant in VARIANTS}
    with tempfile.TemporaryDirectory(prefix="twinex-without-") as directory:
        for number in range(ROUNDS):
            for at, variant in enumerate(VARIANTS):
                seconds, rate = _measure(variant, Path(directory) / str(at))
                rates[variant].append(rate)
                if number == 0:
                    compiled[variant] = seconds
    whole = rates["as it is"]
    figures = {
        variant: {
            "commands_per_s": round(statistics.median(measured)),
            "of_the_core_as_it_is": round(
                statistics.median(one / all_ for one, all_ in zip(measured, whole, strict=True)), 2
            ),
            "compiling_s": round(compiled[variant], 1),
        }
        for variant, measured in rates.items()
    }
    conditions.report_rows("without", figures, COLUMNS)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
