"""The runner itself: a wrong vector is named by file and line, a lying system is found out."""

from collections.abc import Callable

import pytest
from vectorkit.commands import build
from vectorkit.expect import expected
from vectorkit.parse import VECTORS, Case, Reader, VectorError
from vectorkit.replay import Mismatch, replay
from vectorkit.systems import SYSTEMS
from vectorkit.wire import HEAD, TEMPLATES


def _read(text: str) -> Case:
    reader = Reader()
    reader.read("setups.txt", (VECTORS / "setups.txt").read_text(encoding="utf-8"))
    reader.read("some.txt", text)
    return reader.cases[0]


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
        ("> X buy 1 @ 3500.00001 => accepted", "some.txt:2: .*four decimals"),
        ("> X buy 1 @ 3500.0 postonly => accepted", "some.txt:2: .*'postonly' is not understood"),
        ("> X phase_set fase=1 => phase 1 closed", "some.txt:2: .*fase"),
        ("> X cancel q => accepted", "some.txt:2: .*no command is labelled 'q'"),
        ("> X combination 12 of 1 / 2 => reference 12", "some.txt:2: .*'12 of 1 - 2'"),
        ("> X buy 1 @ 3500.0 => acepted", "some.txt:2: .*no event 'acepted'"),
        ("> X buy 1 @ 3500.0 => rested 1 3500.0", "some.txt:2: .*'@' is missing"),
        ("> X buy 1 @ 3500.0 => cancelled 1 member", "some.txt:2: .*'@' is missing"),
        ("> X buy 1 @ 3500.0 => accepted twice", "some.txt:2: .*'twice' is left over"),
    ],
)
def test_wrong_row_names_file_and_line(row: str, message: str) -> None:
    with pytest.raises(VectorError, match=message):
        _expect_all(_read("== a case [R 1]\n" + row))


def _expect_all(case: Case) -> None:
    world, _, rows = build(case)
    for command in rows:
        expected(world, command)


CROSSING = """== two that meet [R 2.3]
given IF
> a: A1 buy 1 @ 4003.4   => rests
> B1 sell 1 @ 4003.4
     accepted
     fill a 1 @ 4003.4 sell left 0/0 #1 oi 1
     position B1 short 1+0
     position A1 long 1+0
"""


class Liar:
    """The venue, whose answer to the case's second row is changed on its way."""

    def __init__(self, change: Callable[[bytes], bytes], sequence: int) -> None:
        self._venue, self._change, self._sequence = SYSTEMS["venue"](), change, sequence

    def send(self, seat: int, message: bytes, time_ns: int) -> bytes:
        answer = self._venue.send(seat, message, time_ns)
        self._sequence -= 1
        return answer if self._sequence else self._change(answer)


def _set(event: str, field: str, value: int) -> Callable[[bytes], bytes]:
    """Another value in the first event of that name."""

    def change(answer: bytes) -> bytes:
        place = 0
        while HEAD.unpack_from(answer, place)[1] != TEMPLATES[event].id:
            place += HEAD.size + HEAD.unpack_from(answer, place)[0]
        spot = TEMPLATES[event].fields[field]
        start = place + HEAD.size + spot.offset
        return answer[:start] + value.to_bytes(spot.size, "little") + answer[start + spot.size :]

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_set("trade", "price", 40034000 + 2000), r"event 3 \(some.txt:6\): price 4003.6, not"),
        (_set("trade", "turnover", 0), r"event 3 \(some.txt:6\): turnover 0, not 1201020"),
        (_set("order_filled", "remaining", 1), r"event 1 \(some.txt:6\): remaining 1, not 0"),
        (_set("order_filled", "price_source", 0), "price_source last, not sell"),
        (_set("order_accepted", "sequence", 7), "event 0: sequence 7, not 18"),
        (_set("trade", "index", 2), "event 3: index 2, not 3"),
        (_set("trade", "time_ns", 1), "event 3: time_ns 1, not"),
        (lambda answer: answer[:-80], "5 events, not 6"),
        (lambda answer: answer[:-8], "undecodable"),
        (lambda answer: b"", "no event at all"),
        (lambda answer: answer + answer[-80:], "7 events, not 6"),
        (lambda answer: 1 // 0, "the system stopped: ZeroDivisionError"),
    ],
)
def test_a_lying_system_is_found_out(change: Callable[[bytes], bytes], message: str) -> None:
    with pytest.raises(Mismatch, match=message):
        replay(_read(CROSSING), Liar(change, sequence=18))


def test_a_mismatch_shows_the_row_and_both_answers() -> None:
    with pytest.raises(Mismatch) as found:
        replay(_read(CROSSING), Liar(_set("trade", "quantity", 2), sequence=18))
    assert str(found.value).splitlines() == [
        "some.txt:1: two that meet [R 2.3], setup IF",
        "  some.txt:4: > B1 sell 1 @ 4003.4   (sequence 18)",
        "  expected:",
        "    accepted",
        "    fill a 1 @ 4003.4 sell left 0/0 #1 oi 1",
        "    position B1 short 1+0",
        "    position A1 long 1+0",
        "  got:",
        "    accepted 18432 1 @ 4003.4",
        "    filled 18432 1 @ 4003.4 left 0 sell",
        "    filled a 1 @ 4003.4 left 0 sell",
        "    trade 2 @ 4003.4 sell #1 oi 1",
        "    position 201 instrument=1 hedge=speculation long 0+0 short 1+0 frozen 0+0 0+0",
        "    position 101 instrument=1 hedge=speculation long 1+0 short 0+0 frozen 0+0 0+0",
        "  wrong:",
        "    event 3 (some.txt:6): quantity 2, not 1",
    ]
