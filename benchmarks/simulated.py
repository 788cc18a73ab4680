"""What the simulation's benchmarks share: its path, and the seed."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from simulation.run import chosen_seed, commit

__all__ = ["chosen_seed", "commit"]
