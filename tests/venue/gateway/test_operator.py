"""What an operator asks of a running venue, through the socket in the day's directory."""

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from talk import connected, serving

from twinex.venue.gateway.control import NAME, Control, ControlError, ask
from twinex.venue.gateway.gateway import Gateway
from twinex.venue.gateway.operator import Operator
from twinex.venue.gateway.users import Users, UsersInvalid, hash_password, users_text
from twinex.venue.journal.reader import EventReader
from twinex.venue.opening import open_market
from twinex.venue.venue import Venue
from twinex.venue.wire.messages import decode_stream, encode


@pytest.fixture
def day(tmp_path: Path) -> Path:
    return tmp_path / "day"


@pytest.fixture
def running(day: Path) -> Iterator[tuple[Venue, Gateway]]:
    with (
        open_market("open", members=2, directory=day) as opened,
        serving(opened.venue, ("1", "2")) as gateway,
    ):
        control = Control(day, Operator(gateway, opened.venue, day).answer)
        yield opened.venue, gateway
        control.close()
    assert not (day / NAME).exists()


def test_only_the_owner_may_open_the_socket(running: object, day: Path) -> None:
    assert stat.S_IMODE((day / NAME).stat().st_mode) == 0o600


def test_a_phase_is_journaled_and_members_see_it(running: tuple[Venue, Gateway], day: Path) -> None:
    line = connected(running[1], "1", sequence=0)
    done = ask(day, {"do": "phase", "phase": "no_trading", "product": 1})
    assert done == ["phase_changed"]
    assert line.until("phase_changed").fields["phase"] == 1
    with pytest.raises(ControlError, match="refused: PHASE_TRANSITION"):
        ask(day, {"do": "phase", "phase": "auction_match", "product": 1})


def test_a_halt_and_limits(running: tuple[Venue, Gateway], day: Path) -> None:
    assert ask(day, {"do": "halt", "instrument": 1}) == ["halt_changed"]
    line = connected(running[1], "1", sequence=0)
    order = {"instrument": 1, "account": 1, "price": 40_000_000, "quantity": 1}
    line.command(encode("order_enter", client_id=1, **order))
    assert line.until("command_rejected").fields["reject_reason"] == 23  # HALTED
    assert ask(day, {"do": "halt", "instrument": 1, "halted": 0}) == ["halt_changed"]
    limits = {"lower_limit": 39_000_000, "upper_limit": 41_000_000}
    assert ask(day, {"do": "limits", "instrument": 1, **limits})[0] == "limits_changed"


def test_status_and_kick(running: tuple[Venue, Gateway], day: Path) -> None:
    with pytest.raises(ControlError, match="user 1 is not logged in"):
        ask(day, {"do": "kick", "user": "1"})
    line = connected(running[1], "1", sequence=0)
    assert ask(day, {"do": "status"})["sessions"] == {"1": "127.0.0.1"}
    assert ask(day, {"do": "kick", "user": 1}) == "1"
    while line.next():
        pass


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({"do": "dance"}, "asks for one of status, phase"),
        ({}, "asks for one of status, phase"),
        ({"do": "phase", "phase": "lunch"}, "no phase 'lunch': before_trading"),
        ({"do": "halt", "instrument": 999}, "refused: REFERENCE_UNKNOWN"),
        ({"do": "limits", "instrument": 1}, "KeyError: 'lower_limit'"),
        ({"do": "halt", "instrument": "x"}, "ValueError"),
        ({"do": "halt", "instrument": 2**40}, "does not fit"),
    ],
)
def test_what_cannot_be_done_is_told(
    running: object, day: Path, request_: dict[str, object], words: str
) -> None:
    with pytest.raises(ControlError, match=words):
        ask(day, request_)
    assert ask(day, {"do": "status"})["rejects"] <= 1


def test_the_day_ends_with_its_counts(running: tuple[Venue, Gateway], day: Path) -> None:
    line = connected(running[1], "1", sequence=0)
    assert ask(day, {"do": "end"})["day_ended"] == 1
    line.until("day_ended")
    reader, octets = EventReader(day), b""
    while block := reader.poll():
        octets += block.octets[block.start : block.end].tobytes()
    assert list(decode_stream(octets))[-1].name == "day_ended"


def test_nobody_is_there(tmp_path: Path) -> None:
    with pytest.raises(ControlError, match="no venue runs there"):
        ask(tmp_path, {"do": "status"})


def test_a_users_file_there_and_back(tmp_path: Path) -> None:
    entry = {"password": hash_password("secret"), "addresses": ["192.0.2.0/24"]}
    path = tmp_path / "users.toml"
    path.write_text(users_text({"token_key": "00" * 32, "user": {"7": entry, "D1": entry}}))
    users = Users.read(path)
    user = users.find("7")
    assert user is not None
    assert (user.seat, user.member, user.messages_per_s) == (7, 0, 0)
    assert user.may_come_from("192.0.2.9")
    assert not user.may_come_from("198.51.100.1")
    assert not user.may_come_from("2001:db8::1")
    again = Users.read(path).find("7")
    assert again is not None
    assert users.token(user, 20260105) == Users.read(path).token(again, 20260105)
    copy = users.find("D1")
    assert copy is not None
    assert (copy.seat, copy.member) == (0, 1)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("user = 1", "'int' object has no attribute 'items'"),
        ("[user.x]\npassword = ''", "user 'x': a seat's number"),
        ("[user.7]\npassword = 5", "user 7: password"),
        ("[user.7]\npasswrod = ''", "user 7: what is passwrod"),
        ("[user.7]\npassword = ''\naddresses = ['300.0.0.1']", "does not appear to be"),
        ("key = 1", "what is key"),
        ("token_key = 'xyz'", "non-hexadecimal"),
        ("[", "users.toml"),
    ],
)
def test_a_users_file_that_cannot_be_used(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "users.toml"
    path.write_text(text)
    with pytest.raises(UsersInvalid, match=words):
        Users.read(path)


def test_a_user_that_no_login_can_name_is_not_written() -> None:
    with pytest.raises(UsersInvalid, match="user '12345678'"):
        users_text({"token_key": "", "user": {"12345678": {"password": ""}}})
