"""Commands of a tape as frames: byte for byte what the wire's own encoder makes."""

import numpy as np
import pytest

from twinex.tape import commands as framing
from twinex.tape import shanghai
from twinex.tape.columns import COMMAND, CONTINUOUS, OWN_IDS
from twinex.tape.errors import TapeError, TapeMissing
from twinex.venue.wire import codes
from twinex.venue.wire.messages import decode, encode, frame


def command(**fields: int) -> np.ndarray:
    row = np.zeros(1, dtype=COMMAND)
    for name, value in fields.items():
        row[name] = value
    return row


MIXED = [
    (
        command(template=1, side=1, quantity=300, client_id=7, order=7, price=51_2100, time_ns=5),
        ("order_enter", {"client_id": 7, "price": 512_100, "quantity": 300, "side": 1}),
        {"instrument": 9, "account": 4},
    ),
    (
        command(template=2, client_id=OWN_IDS + 3, order=7, quantity=300, time_ns=6),
        ("order_cancel", {"client_id": OWN_IDS + 3, "target_client_id": 7}),
        {},
    ),
    (
        command(template=31, halted=1, time_ns=7),
        ("halt_set", {"halted": 1}),
        {"instrument": 9},
    ),
    (
        command(template=3, client_id=OWN_IDS + 4, order=7, price=51_2100, quantity=100),
        (
            "order_amend",
            {
                "client_id": OWN_IDS + 4,
                "target_client_id": 7,
                "new_price": 512_100,
                "new_quantity": 100,
            },
        ),
        {},
    ),
    (
        command(template=1, time_in_force=codes.TIME_FAK, client_id=8, order=8, quantity=1),
        ("order_enter", {"client_id": 8, "quantity": 1, "time_in_force": 1}),
        {"instrument": 9, "account": 4},
    ),
]


def test_frames_are_what_the_encoder_makes() -> None:
    commands = np.concatenate([row for row, _, _ in MIXED])
    result = framing.frames(commands, seat=3, instrument=9, account=4)
    expected = [
        frame(0 if name == "halt_set" else 3, encode(name, **fields, **place))
        for _, (name, fields), place in MIXED
    ]
    assert result.data.tobytes() == b"".join(expected)
    assert np.diff(result.offsets).tolist() == [len(one) for one in expected]
    assert result.times_ns.tolist() == [5, 6, 7, 0, 0]


def test_no_commands_give_no_bytes() -> None:
    result = framing.frames(np.zeros(0, dtype=COMMAND))
    assert (len(result.data), result.offsets.tolist()) == (0, [0])


def test_an_unknown_template_is_refused() -> None:
    with pytest.raises(TapeError, match="template 99"):
        framing.frames(command(template=99))


def test_a_whole_session_in_one_array() -> None:
    try:
        day = shanghai.load("605580")
    except TapeMissing as missing:
        pytest.skip(str(missing))
    commands = day.of_phase(CONTINUOUS)
    result = framing.frames(commands)
    assert len(result.offsets) == len(commands) + 1
    assert result.offsets[-1] == len(result.data)
    for index in range(0, len(commands), 997):
        start, end = result.offsets[index] + 8, result.offsets[index + 1]
        message = decode(result.data[start:end])
        assert message.fields["client_id"] == commands["client_id"][index]
        if message.name == "order_enter":
            assert message.fields["price"] == commands["price"][index]
            assert message.fields["quantity"] == commands["quantity"][index]
        else:
            assert message.fields["target_client_id"] == commands["order"][index]
