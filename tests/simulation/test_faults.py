"""The umpire is awake: a fault in one system is named, with the command at which it shows."""

import pytest

from simulation.faults import MIRROR, VENUE, Fault
from simulation.piped import SOURCES
from simulation.planting import NotPlanted, find, planted

SEED = 1
SHORTLY = (  # shown by the first days of the seed
    "a buy at the band's edge is refused",
    "stops set off together enter the last first",
)


def _named(name: str) -> Fault:
    return next(fault for fault in (*VENUE, *MIRROR) if fault.name == name)


@pytest.mark.parametrize("name", SHORTLY)
def test_a_planted_fault_is_named(name: str) -> None:
    finding = find(_named(name), SEED, days=6)
    assert finding.is_named, finding
    assert finding.day


@pytest.mark.soak
@pytest.mark.parametrize("fault", [*VENUE, *MIRROR], ids=lambda fault: fault.name)
def test_every_planted_fault_is_named(fault: Fault) -> None:
    finding = find(fault, SEED)
    assert finding.is_named, finding


def test_there_are_forty_and_each_can_be_planted() -> None:
    names = {fault.name for fault in (*VENUE, *MIRROR)}
    assert len(names) == len(VENUE) + len(MIRROR) == 40
    for fault in (*VENUE, *MIRROR):
        text = (SOURCES / "twinex" / fault.room / fault.path).read_text()
        assert text.count(fault.old) == 1, fault.name
        assert fault.new != fault.old


def test_a_fault_is_planted_in_a_copy() -> None:
    fault = MIRROR[0]
    path = SOURCES / "twinex" / fault.room / fault.path
    before = path.read_text()
    with planted(fault) as sources:
        copy = sources / "twinex" / fault.room / fault.path
        assert copy.read_text() == before.replace(fault.old, fault.new)
    assert path.read_text() == before
    assert not copy.exists()
    wrong = Fault("nowhere", fault.room, fault.path, "no such text", "")
    with pytest.raises(NotPlanted, match="0 places"), planted(wrong):
        pass


def test_what_is_sound_is_not_named() -> None:
    sound = _named("five levels are four")
    fault = Fault("spaces", sound.room, sound.path, sound.old, sound.old.replace(": ", ":  "))
    finding = find(fault, SEED, days=3)
    assert finding.difference is None
    assert not finding.is_named
