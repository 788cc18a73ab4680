"""The core leaves no rings of objects behind: the command line runs without a search for them."""

import gc
import os
import random

import pytest
from vectorkit.commands import build
from vectorkit.parse import Case, read_all

from twinex.mirror.core import Core
from twinex.mirror.sequencer import Sequencer

SEED = int(os.environ.get("TWINEX_SEED", random.SystemRandom().randrange(10**9)))
DRAWN = random.Random(SEED).sample(read_all(), 40)


@pytest.mark.parametrize("case", DRAWN, ids=lambda case: case.name)
def test_what_a_core_drops_is_freed_at_once(case: Case) -> None:
    print(f"seed {SEED}")
    _, setup, rows = build(case)
    sequencer, core = Sequencer(case.setup.first_sequence), Core(case.setup.first_sequence)
    records = [
        sequencer.record(command.seat, command.message, command.clock_ns)
        for command in (*setup, *rows)
    ]
    gc.freeze()  # what the other tests keep is not looked at
    gc.disable()
    try:
        for record in records:
            core.apply(record)
        assert gc.collect() == 0
    finally:
        gc.enable()
        gc.unfreeze()
