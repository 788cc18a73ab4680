"""The simulation for benchmarks: `tests/` is no package, it is put on the path here."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from simulation import faults, piped, planting, run

__all__ = ["faults", "piped", "planting", "run"]
