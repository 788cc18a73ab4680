"""One run of the harness, and what it says."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

OURS, CPPTRADER = "twinex_adapter.so", "cpptrader_adapter.so"
SEED, COUNT = 23, 1_000_000  # the canonical ones, whose hashes the harness publishes


class RunError(Exception):
    """A run that gave no hash; the text holds what the harness said."""


@dataclass(frozen=True)
class Run:
    """What one run printed."""

    messages_per_s: float  # 0 in an audit
    reports_hash: str
    hash_status: str  # PASS, FAIL, NO REFERENCE
    audit: str  # PASS, FAIL, SKIPPED; empty in a perf run
    verdict: str


def run(
    folder: Path,
    engine: str,
    scenario: str,
    *,
    mode: str = "perf",
    seed: int = SEED,
    count: int = COUNT,
    cores: tuple[int, int] = (0, 1),
) -> Run:
    """Run `engine` in a process of its own, matcher and drainer each on its core."""
    command = ["./harness", "--engine", f"./{engine}", "--scenario", scenario, "--mode", mode]
    command += ["--seed", str(seed), "--count", str(count)]
    command += ["--matcher-core", str(cores[0]), "--drainer-core", str(cores[1])]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)

    def said(pattern: str) -> str:
        found = re.search(pattern, done.stdout)
        return found.group(1) if found else ""

    reports_hash = said(r"Computed hash: ([0-9a-f]{64})")
    if not reports_hash:
        raise RunError(f"{' '.join(command)}: {(done.stderr or done.stdout)[-2000:]}")
    return Run(
        float(said(r"Throughput:\s+([\d.]+) M") or 0) * 1e6,
        reports_hash,
        said(r"Status: (.+)"),
        said(r"State audit: (\w+)"),
        said(r"Verdict: (\w+)"),
    )


def forget_workload(folder: Path, scenario: str, seed: int, count: int = COUNT) -> None:
    """Remove a workload's file: 80 MB for a million orders."""
    (folder / f"orders_{scenario}_s{seed}_n{count}.bin").unlink(missing_ok=True)
