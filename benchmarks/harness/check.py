"""Is our engine right by the harness's own measures, and as other engines are?

    python -m benchmarks.harness.check [--seeds 10] [--count 1000000]

Published hash and state audit in every scenario; report hashes equal to CppTrader's on other seeds
in every scenario; the harness's conformance cases, reports and state at every message, equal to
every conforming engine that stands built in the harness's folder. Ends with 1 if anything differs.

The audit compares with `liquibook_adapter.so`, as the harness has it. Where that is not built
(its scripts/build_baselines.sh does), CppTrader's adapter stands in for it under that name.
"""

import argparse
import importlib.util
import json
import random
import sys
from pathlib import Path
from typing import Any

from benchmarks.harness.build import SCENARIOS, build
from benchmarks.harness.runs import COUNT, CPPTRADER, OURS, SEED, forget_workload, run

CONFORMING = ("cpptrader", "cpp_orderbook", "robaho", "llc993", "hroptatyr_clob", "quantcup")
_BASELINE = "liquibook_adapter.so"


def _audits(folder: Path) -> list[str]:
    """Published hash and audit of the canonical workloads; what is wrong."""
    wrong = []
    for scenario in SCENARIOS:
        found = run(folder, OURS, scenario, mode="audit")
        print(f"{scenario}: hash {found.hash_status}, state audit {found.audit}", flush=True)
        if found.verdict != "VALID":
            wrong.append(f"{scenario}: {found}")
    return wrong


def _seeds(folder: Path, seeds: list[int], count: int) -> list[str]:
    """Hashes of other workloads beside CppTrader's; what differs."""
    wrong = []
    for seed in seeds:
        for scenario in SCENARIOS:
            ours = run(folder, OURS, scenario, seed=seed, count=count)
            theirs = run(folder, CPPTRADER, scenario, seed=seed, count=count)
            if ours.reports_hash != theirs.reports_hash:
                wrong.append(f"{scenario} seed {seed}: {ours.reports_hash} {theirs.reports_hash}")
            forget_workload(folder, scenario, seed, count)
        print(f"seed {seed}: {len(SCENARIOS)} scenarios compared", flush=True)
    return wrong


def _cases(folder: Path) -> Any:
    """The harness's own conformance script as a module."""
    spec = importlib.util.spec_from_file_location(
        "conformance_check", folder / "scripts" / "conformance_check.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _conformance(folder: Path) -> tuple[int, list[str], list[str]]:
    """Cases, the engines that they were compared with, and what differs."""
    cases = _cases(folder)
    engines = [name for name in CONFORMING if (folder / f"{name}_adapter.so").exists()]
    wrong = []
    for case, messages in cases.EDGE_CASES.items():
        scenario, count = cases.scen_name(case), len(messages)
        cases.write_bin(str(folder / f"orders_{scenario}_s0_n{count}.bin"), messages)
        ours = run(folder, OURS, scenario, seed=0, count=count)
        for engine in engines:
            theirs = run(folder, f"{engine}_adapter.so", scenario, seed=0, count=count)
            if theirs.reports_hash != ours.reports_hash:
                wrong.append(f"{case}: reports differ from {engine}'s")
        if count <= cases.AUDIT_POINTS:  # every index is probed
            audit = run(folder, OURS, scenario, mode="audit", seed=0, count=count).audit
            if audit != "PASS":
                wrong.append(f"{case}: state audit {audit}")
        forget_workload(folder, scenario, 0, count)
    return len(cases.EDGE_CASES), engines, wrong


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--seeds", type=int, default=10, help="how many other seeds")
    parser.add_argument("--count", type=int, default=COUNT, help="new orders of their workloads")
    parser.add_argument("--seed", type=int, default=SEED, help="what the seeds are drawn by")
    options = parser.parse_args()
    folder = build().folder
    baseline = folder / _BASELINE
    if not baseline.exists():
        baseline.symlink_to(CPPTRADER)
    print(f"state audit against {baseline.resolve().name}")
    drawn = random.Random(options.seed).sample(range(1, 1 << 32), options.seeds)
    cases, engines, wrong = _conformance(folder)
    print(f"{cases} conformance cases compared with {', '.join(engines)}", flush=True)
    wrong += _audits(folder)
    wrong += _seeds(folder, drawn, options.count)
    for line in wrong:
        print(f"WRONG {line}")
    print(json.dumps({"cases": cases, "engines": engines, "seeds": drawn, "wrong": len(wrong)}))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
