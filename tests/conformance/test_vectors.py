"""Every case of `spec/vectors`, against every system."""

import pytest
from vectorkit.commands import build
from vectorkit.expect import expected
from vectorkit.parse import Case, Reader, VectorError, read_all
from vectorkit.replay import replay
from vectorkit.systems import SYSTEMS
from vectorkit.wire import ENUMS

CASES = read_all()


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case: Case, system: str) -> None:
    replay(case, SYSTEMS[system]())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case_can_be_read(case: Case) -> None:
    """The vectors parse without any system."""
    world, _, rows = build(case)
    assert all(expected(world, command) for command in rows)


@pytest.mark.parametrize("enum", ["RejectReason", "CancelReason", "PriceSource", "Phase"])
def test_every_code_is_expected_somewhere(enum: str) -> None:
    words = {
        word for case in CASES for row in case.rows for line in row.events for word in line.words
    }
    assert sorted(set(ENUMS[enum]) - words) == []


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("> X phase_set product=1", "wrong.txt:2: a command outside a case"),
        ("     accepted", "wrong.txt:2: an event without a command"),
        ("== no citation", "wrong.txt:2: a case begins"),
        ("nonsense", "wrong.txt:2: no line of this kind"),
        ("setup A from B", "wrong.txt:2: no setup 'B'"),
    ],
)
def test_wrong_line_names_file_and_line(line: str, message: str) -> None:
    with pytest.raises(VectorError, match=message):
        Reader().read("wrong.txt", "# a remark\n" + line)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("> X buy 1 @ 3500.00001 => accepted", "wrong.txt:2: .*four decimals"),
        ("> X buy 1 @ 3500.0 postonly => accepted", "wrong.txt:2: .*'postonly' is not understood"),
        ("> X phase_set fase=1 => phase 1 closed", "wrong.txt:2: .*fase"),
        ("> X cancel q => accepted", "wrong.txt:2: .*no command is labelled 'q'"),
        ("> X buy 1 @ 3500.0 => acepted", "wrong.txt:2: .*no event 'acepted'"),
        ("> X buy 1 @ 3500.0 => rested 1 3500.0", "wrong.txt:2: .*'@' is missing"),
        ("> X buy 1 @ 3500.0 => accepted twice", "wrong.txt:2: .*'twice' is left over"),
    ],
)
def test_wrong_row_names_file_and_line(row: str, message: str) -> None:
    reader = Reader()
    reader.read("wrong.txt", "== a case [R 1]\n" + row)
    with pytest.raises(VectorError, match=message):
        world, _, rows = build(reader.cases[0])
        expected(world, rows[0])
