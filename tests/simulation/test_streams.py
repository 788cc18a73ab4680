"""Streams reach nearly everything that there is, and are the same for the same seed."""

import zlib
from collections import Counter

import numpy as np
from checkers.wire import LAYOUTS, REASON

from simulation.columns import Index
from simulation.fast import FastDay
from simulation.pair import event_rows
from simulation.records import Journal
from simulation.streams import FIRST, Plan, plans
from simulation.systems import VenueSystem

SEED = 20260105
DAYS = 10
COMMANDS = 12_000
MISSED_MAX = 2  # reject reasons that so few short days may miss


def _digest(plan: Plan) -> int:
    return zlib.crc32(np.concatenate(list(plan.frames(FIRST))).tobytes())


def test_a_seed_gives_the_same_bytes() -> None:
    for fast in (True, False):
        assert _digest(Plan(7, 2_000, fast)) == _digest(Plan(7, 2_000, fast))
        assert _digest(Plan(7, 2_000, fast)) != _digest(Plan(8, 2_000, fast))
    assert list(plans(7, 50_000)) == list(plans(7, 50_000))


def test_blocks_do_not_matter_to_how_many_commands_there_are() -> None:
    day = FastDay(3, 40_000)
    rows = sum(len(Journal().write(frames)) for frames in day.body())
    assert 40_000 <= rows < 41_000


def test_checksums_are_zlibs() -> None:
    batch = Journal(FIRST).write(np.concatenate(list(Plan(5, 300).frames(FIRST))))
    chain = 0
    for record in batch:
        crc = int.from_bytes(record[4:8], "little")
        assert crc == zlib.crc32(record[8:32], zlib.crc32(record[40:]))
        chain = (chain ^ crc) * 0x9E3779B97F4A7C15 % (1 << 64)
        assert chain == int.from_bytes(record[32:40], "little")


def test_fast_days_meet_every_event_and_nearly_every_reject() -> None:
    events: Counter[str] = Counter()
    reasons: Counter[int] = Counter()
    for seed in range(SEED, SEED + DAYS):
        journal, system = Journal(FIRST), VenueSystem(FIRST)
        for frames in Plan(seed, COMMANDS).frames(FIRST):
            system.start(journal.write(frames))
            octets = system.finish()
            index = Index(octets.view(np.int64))
            events.update(LAYOUTS[template].name for template in index.templates.tolist())
            rejected = [row for row in event_rows(octets.tobytes()) if row[2:4] == b"\x66\0"]
            reasons.update(int.from_bytes(row[60:62], "little") for row in rejected)
    names = {number: name for name, number in vars(REASON).items() if number}
    missed = sorted(names[number] for number in names if number not in reasons)
    print(f"{len(names) - len(missed)} of {len(names)} reject reasons; missed {missed}")
    print(dict(events.most_common()))
    assert set(events) == {layout.name for number, layout in LAYOUTS.items() if number > 100}
    assert len(missed) <= MISSED_MAX
    assert events["trade"] > 0.1 * DAYS * COMMANDS
