"""A planted difference is found, named with its command, and shrunk to a handful of commands."""

import random
from pathlib import Path

import numpy as np
import pytest
from checkers.wire import BY_NAME, encode

from simulation.case import Case, Command, read
from simulation.life import Failure, Run
from simulation.pair import Pair, event_rows
from simulation.records import Batch, Journal, commands_of
from simulation.run import case_of, explain, live_again
from simulation.shrink import shrink
from simulation.streams import FIRST, Plan
from simulation.systems import VenueSystem

_FILLED = BY_NAME["order_filled"][0]
_REMAINING = 88
SEED = 11


class Forgetful(VenueSystem):
    """A venue that says of every incoming order's last fill that a lot is left."""

    name = "forgetful venue"

    def finish(self) -> np.ndarray:
        rows = []
        for row in event_rows(super().finish().tobytes()):
            is_filled = row[2:4] == _FILLED.to_bytes(2, "little")
            if is_filled and row[66] == 1 and row[_REMAINING : _REMAINING + 4] == bytes(4):
                row = row[:_REMAINING] + b"\1" + row[_REMAINING + 1 :]
            rows.append(row)
        return np.frombuffer(b"".join(rows), np.uint8)


class Straying(VenueSystem):
    """A venue that changes its own state, unsaid, at the 20th command that it is given alone."""

    name = "straying venue"

    def image(self) -> bytes:
        if self.core.now[0]["volume"] > 0:
            self.core.instruments["open_interest"][1] += 1
        return super().image()


class Crashing(VenueSystem):
    """A venue that raises when somebody amends."""

    name = "crashing venue"

    def finish(self) -> np.ndarray:
        events = super().finish()
        if any(row[2:4] == (108).to_bytes(2, "little") for row in event_rows(events.tobytes())):
            raise RuntimeError("amends are too much")
        return events


def _failure(right, plan: Plan | None = None) -> Failure:
    failure = Run(VenueSystem, right).live([plan or Plan(SEED, 4_000)])
    assert failure is not None
    return failure


def test_two_sound_systems_agree() -> None:
    assert Run(VenueSystem, VenueSystem).live([Plan(SEED, 4_000)]) is None


@pytest.mark.parametrize("fast", [True, False])
def test_a_difference_is_found_and_shrunk(fast: bool) -> None:
    failure = _failure(Forgetful, Plan(SEED, 3_000, fast=fast))
    assert failure.difference.what == "events"
    case = case_of(failure, SEED)
    short = shrink(case, VenueSystem, Forgetful)
    difference = short.live(VenueSystem, Forgetful)
    assert difference is not None
    assert difference.sequence == short.first_sequence + len(short.commands) - 1
    assert "order_filled" in difference.words
    assert len(short.commands) < 25 < len(case.commands)


def test_states_that_differ_are_found() -> None:
    failure = _failure(Straying, Plan(SEED, 20_000))
    assert failure.difference.what in ("image", "restart")
    assert "section 3" in failure.difference.words


def test_what_one_of_them_raises_is_a_difference() -> None:
    failure = _failure(Crashing)
    assert failure.difference.what == "error"
    assert "amends are too much" in failure.difference.words


def test_a_kept_case_is_lived_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    failure = _failure(Forgetful)
    text = explain(failure, SEED, VenueSystem, Forgetful, tmp_path)
    path = tmp_path / f"case-{SEED}.jsonl"
    assert str(path) in text
    assert "order_enter" in text
    assert live_again(path, VenueSystem, Forgetful) == 1
    assert live_again(path, VenueSystem, VenueSystem) == 0
    assert "no difference" in capsys.readouterr().out
    assert read(path).about["seed"] == str(SEED)


def test_cancels_follow_their_orders_when_commands_go() -> None:
    """Of three orders the first goes: the cancel of the third names it by its new number."""
    enter = Command(1, encode("order_enter", client_id=1))
    cancel = Command(1, encode("order_cancel", client_id=2, order_id=12 * 1024 + 2))
    case = Case((enter, enter, enter, cancel), first_sequence=10)
    assert case.without(0, 1).commands[-1].message == encode(
        "order_cancel", client_id=2, order_id=11 * 1024 + 2
    )


def test_a_run_starts_anew_from_the_others_image() -> None:
    journal, source = Journal(FIRST), random.Random(SEED)
    batch = journal.write(np.concatenate(list(Plan(SEED, 3_000).frames(FIRST))))
    pair = Pair(VenueSystem(FIRST), VenueSystem(FIRST))
    for start in range(0, len(batch), 250):
        pair.apply(batch.part(start, min(start + 250, len(batch))))
        pair.restart(source.choice(("left", "right")))
        assert pair.differ is None, pair.differ


def test_records_are_numbered_as_the_spec_says() -> None:
    """The same frames in other batches make the same records."""
    frames = list(Plan(SEED, 500, fast=False).frames(1))
    whole = Journal(1).write(np.concatenate(frames))
    again = Journal(1)
    octets = commands_of(whole)
    parts: list[Batch] = [
        again.write_commands(octets[at : at + 7]) for at in range(0, len(octets), 7)
    ]
    assert np.concatenate([each.records for each in parts]).tobytes() == whole.records.tobytes()
