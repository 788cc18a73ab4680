"""Is the umpire awake? Faults planted one at a time in a copy of either system; which it names.

A fault counts as named where the umpire names the command at which it shows: where answers differ
the very one that the simulation's own comparison finds, where states alone do none that came later.
`--seed N` (1) says with which day to begin. Prints a table, then one JSON object.
"""

import argparse
import json
import sys
import time

from rich.console import Console
from rich.table import Table

from benchmarks import conditions
from benchmarks.simulated import faults, planting, run

FAULTS = (*faults.VENUE, *faults.MIRROR)
_WIDTH_WITH_WORDS = 140


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    started, findings = time.perf_counter(), []
    for fault in FAULTS:
        findings.append(planting.find(fault, given.seed))
        print(f"{len(findings)} of {len(FAULTS)}: {fault.name}", file=sys.stderr)
    console = Console()
    console.print(_table(findings, console.width))
    figures = {
        "planted": len(findings),
        "named": sum(each.is_named for each in findings),
        "in_the_venue": len(faults.VENUE),
        "in_the_mirror": len(faults.MIRROR),
        "shown_by_states_alone": sum(_kind(each) == "image" for each in findings),
        "days": max(each.day for each in findings) - given.seed + 1,
        "seed": given.seed,
        "commit": run.commit(),
        "seconds": round(time.perf_counter() - started, 1),
    }
    conditions.report("umpire", figures)
    print(json.dumps(figures))
    sys.exit(int(figures["named"] != figures["planted"]))


def _kind(finding: planting.Finding) -> str:
    return finding.difference.what if finding.difference is not None else ""


def _table(findings: list[planting.Finding], width: int) -> Table:
    """A row for each fault: where it is, the command of which day named it, and in which words."""
    has_words = width >= _WIDTH_WITH_WORDS
    table = Table(title="planted faults", title_justify="left", box=None)
    for column in ("in the", "day", "command", "named"):
        table.add_column(column, no_wrap=True)
    table.add_column("fault", overflow="fold")
    if has_words:
        table.add_column("the umpire says", overflow="fold")
    for each in findings:
        named = "yes" if each.is_named else "NO"
        words = [each.words] if has_words else []
        place = (str(each.day or ""), str(each.sequence or ""))
        table.add_row(each.fault.room, *place, named, each.fault.name, *words)
    return table


if __name__ == "__main__":
    main()
