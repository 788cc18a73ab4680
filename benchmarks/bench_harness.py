"""The public matching-engine harness: our book against CppTrader's, five scenarios.

Messages a second of the harness's own measure (matcher on core 0, drainer on core 1, its canonical
workload of two million messages, every report hashed), ours and CppTrader's in turn, each run in a
process of its own. `ratio` is the smallest of the five ratios of medians. What is measured is
`twinex.venue.core.book` without risk, journal and messages: `benchmarks/harness/`.

Needs what `benchmarks.harness.build` says; TWINEX_HARNESS_SOURCES names a folder of clones.
"""

import json
import statistics
import sys

from benchmarks import conditions
from benchmarks.harness.build import SCENARIOS, BuildError, Built, build
from benchmarks.harness.runs import CPPTRADER, OURS, SEED, Run, forget_workload, run

RUNS = 5
PUBLISHED = {
    "published_best_open_engine_worst_per_s": 8_190_000,
    "published_cpptrader_worst_per_s": 7_300_000,
}


def _scenario(built: Built, scenario: str) -> dict[str, list[Run]]:
    """Runs of both engines in turn."""
    runs: dict[str, list[Run]] = {OURS: [], CPPTRADER: []}
    for number in range(RUNS):
        for engine in (OURS, CPPTRADER) if number % 2 == 0 else (CPPTRADER, OURS):
            runs[engine].append(run(built.folder, engine, scenario))
    return runs


def _figures(built: Built) -> dict[str, object]:
    """Every figure of the benchmark."""
    ours, theirs, hashes = {}, {}, {}
    for scenario in SCENARIOS:
        runs = _scenario(built, scenario)
        ours[scenario] = round(statistics.median(each.messages_per_s for each in runs[OURS]))
        theirs[scenario] = round(statistics.median(each.messages_per_s for each in runs[CPPTRADER]))
        valid = all(each.verdict == "VALID" for engine in runs.values() for each in engine)
        hashes[scenario] = runs[OURS][0].hash_status if valid else "FAIL"
        forget_workload(built.folder, scenario, SEED)
    ratios = {scenario: round(ours[scenario] / theirs[scenario], 2) for scenario in SCENARIOS}
    return {
        "ours_worst_per_s": min(ours.values()),
        "cpptrader_worst_per_s": min(theirs.values()),
        "ratio": min(ratios.values()),
        "hashes": hashes,
        "ours_per_s": ours,
        "cpptrader_per_s": theirs,
        "ratios": ratios,
        "runs": RUNS,
        "commits": {name: commit[:12] for name, commit in built.commits.items()},
        **PUBLISHED,
    }


def main() -> None:
    try:
        figures = _figures(build())
    except BuildError as error:
        sys.exit(f"bench harness: {error}")
    conditions.report("harness", figures)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
