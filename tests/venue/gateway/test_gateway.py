"""Sessions over real sockets: spec/session.md, paragraph by paragraph."""

import ipaddress
import random
from collections.abc import Iterator

import pytest
from talk import PASSWORD, Line, connected, login, order, packet, serving, user

from twinex.venue.gateway.gateway import Gateway
from twinex.venue.gateway.users import Users
from twinex.venue.opening import OpenMarket, open_market
from twinex.venue.wire.messages import decode, encode, frames

NAMES = ("1", "2", "D1")


@pytest.fixture
def market() -> Iterator[OpenMarket]:
    with open_market("open", members=2) as opened:
        yield opened


@pytest.fixture
def gateway(market: OpenMarket) -> Iterator[Gateway]:
    with serving(market.venue, NAMES) as served:
        yield served


def refusal(gateway: Gateway, request: bytes) -> list[tuple[str, bytes]]:
    """All that is said to a login that is refused."""
    line = Line(gateway.address, request)
    said = []
    while found := line.next():
        said.append((found.kind, found.rest))
    line.close()
    return said


# -- login -------------------------------------------------------------------------------------


def test_login_and_the_stream_from_its_beginning(gateway: Gateway) -> None:
    line = Line(gateway.address, login("1"))
    assert line.begin() == ("20260706TR", 1)
    token = line.next()
    assert token is not None
    assert (token.kind, token.rest[:1], len(token.rest)) == ("U", b"T", 11)
    assert decode(next(line.messages())).name == "day_opened"
    line.until("phase_changed")


def test_the_token_is_the_password_for_the_day_and_of_one_user(gateway: Gateway) -> None:
    line = connected(gateway, "1")
    told = line.next()
    assert told is not None
    token = told.rest[1:].decode()
    again = Line(gateway.address, login("1", token))
    again.begin()
    first = again.next()
    assert first is not None
    assert first.kind == "S", "a login by token is told no token"
    assert refusal(gateway, login("2", token)) == [("J", b"A")]


@pytest.mark.parametrize(
    "request_",
    [login("1", "wrong"), login("3"), login("D2"), login(""), login("1", ""), login("00")],
)
def test_a_stranger_is_refused_and_not_told_why(gateway: Gateway, request_: bytes) -> None:
    assert refusal(gateway, request_) == [("J", b"A")]


@pytest.mark.parametrize("sequence", [10**6, -1, "x", ""])
def test_a_sequence_that_is_not_there(gateway: Gateway, sequence: object) -> None:
    said = refusal(gateway, login("1", sequence=sequence))
    assert said[-1] == ("J", b"S")
    assert said[0][0] == "+"
    assert b"the next message has sequence" in said[0][1]


def test_another_session(gateway: Gateway) -> None:
    said = refusal(gateway, login("1", session="20260705TR"))
    assert said == [("+", b"OTHER_SESSION: today's is 20260706TR"), ("J", b"S")]
    Line(gateway.address, login("1", session="20260706TR")).begin()
    assert refusal(gateway, login("D1", session="20260706TR"))[-1] == ("J", b"S")


def test_an_address_that_a_seat_is_not_bound_to(market: OpenMarket) -> None:
    elsewhere, here = ipaddress.ip_network("192.0.2.0/24"), ipaddress.ip_network("127.0.0.0/8")
    users = Users([user("1", networks=(elsewhere,)), user("2", networks=(elsewhere, here))])
    with serving(market.venue, (), users=users) as served:
        assert refusal(served, login("1")) == [("J", b"A")]
        connected(served, "2")


def test_too_many_failures_shut_out_passwords_not_tokens(gateway: Gateway) -> None:
    line = connected(gateway, "1")
    for _ in range(10):
        assert refusal(gateway, login("1", "guess")) == [("J", b"A")]
    assert refusal(gateway, login("1")) == [("J", b"A")]
    assert gateway._door.counts.refused == 11
    told = line.next()
    assert told is not None
    Line(gateway.address, login("1", told.rest[1:].decode())).begin()


@pytest.mark.parametrize("first", [b"GET / HTTP/1.1\r\n\r\n", b"\x00\x2f\x55" + bytes(46)])
def test_no_login_request(gateway: Gateway, first: bytes) -> None:
    assert refusal(gateway, first) == []


def test_a_login_byte_by_byte_with_a_command_behind_it(
    market: OpenMarket, gateway: Gateway
) -> None:
    line = Line(gateway.address)
    for octet in login("1", sequence=0) + packet("U", order(market, 1)):
        line.send(bytes([octet]))
    line.begin()
    assert line.until("order_accepted", client_id=1)


# -- commands ----------------------------------------------------------------------------------


def test_a_command_and_its_answers(market: OpenMarket, gateway: Gateway) -> None:
    line = connected(gateway, "1", sequence=0)
    line.command(order(market, 1))
    assert line.until("order_accepted").fields["seat"] == 1
    assert line.until("order_rested").fields["client_id"] == 1


def test_a_bad_message_is_answered_by_name(gateway: Gateway) -> None:
    line = connected(gateway, "1", sequence=0)
    for message in (
        bytes(8),
        encode("phase_set", phase=2),
        encode("order_cancel", client_id=5)[:-8],
    ):
        line.command(message)
    reasons = [line.until("command_rejected").fields["reject_reason"] for _ in range(3)]
    assert reasons == [1, 4, 2]  # TEMPLATE_UNKNOWN, NOT_PERMITTED, LENGTH_WRONG


def test_packets_cut_at_every_byte(market: OpenMarket, gateway: Gateway) -> None:
    line = connected(gateway, "1", sequence=0)
    octets = packet("R") + packet("U", order(market, 1)) + packet("+", b"hello")
    octets += packet("U", order(market, 2))
    for cut in range(1, len(octets)):
        line.send(octets[:cut])
        line.send(octets[cut:])
        for client_id in (1, 2):
            name = "order_accepted" if cut == 1 else "command_repeated"
            line.until(name, client_id=client_id)


def test_more_than_a_turn_at_once_comes_in_order(market: OpenMarket, gateway: Gateway) -> None:
    line, count = connected(gateway, "1", sequence=0), 2_000
    line.send(b"".join(packet("U", encode("order_cancel", client_id=n + 1)) for n in range(count)))
    seen = [line.until("command_rejected").fields["client_id"] for _ in range(count)]
    assert seen == list(range(1, count + 1))


def test_a_limit_of_messages_a_second_delays_and_loses_nothing(market: OpenMarket) -> None:
    users = Users([user("1", messages_per_s=40), user("2")])
    with serving(market.venue, (), users=users) as served:
        line, other = connected(served, "1", sequence=0), connected(served, "2", sequence=0)
        line.send(
            b"".join(packet("U", encode("order_cancel", client_id=n + 1)) for n in range(100))
        )
        seen = [line.until("command_rejected").fields for _ in range(100)]
        assert [each["client_id"] for each in seen] == list(range(1, 101))
        seconds = {each["time_ns"] // 10**9 for each in seen}
        assert len(seconds) >= 2, "a hundred at forty a second"
        other.command(encode("order_cancel", client_id=1))
        other.until("command_rejected")


# -- the stream --------------------------------------------------------------------------------


def test_a_stream_read_again_from_anywhere(market: OpenMarket, gateway: Gateway) -> None:
    line, count = connected(gateway, "1"), 700
    for number in range(count):
        line.command(encode("order_cancel", client_id=number + 1))
    messages = []
    for octets in line.messages():
        messages.append(octets)
        if decode(octets).fields.get("client_id") == count:
            break
    line.close()
    for first in (1, 2, 256, 257, 258, 513, len(messages), len(messages) + 1):
        again = connected(gateway, "1", sequence=first)
        again.command(encode("order_cancel", client_id=10_000 + first))
        due = messages[first - 1 :]
        stream = again.messages()
        assert [next(stream) for _ in due] == due
        last = next(stream)
        assert decode(last).fields["client_id"] == 10_000 + first
        messages.append(last)
        again.close()


def test_a_second_login_evicts_the_first(market: OpenMarket, gateway: Gateway) -> None:
    line = connected(gateway, "1", sequence=0)
    line.command(order(market, 1))
    line.until("order_rested")
    again = connected(gateway, "1", sequence=0)
    said = line.next()
    assert said is not None
    if said.kind == "U":  # its token
        said = line.next()
    assert said is not None
    assert said.rest.startswith(b"EVICTED: ")
    assert line.next() is None
    again.command(order(market, 1))
    assert again.until("command_repeated").fields["client_id"] == 1


def test_a_drop_copy_sees_its_member_and_only_listens(market: OpenMarket, gateway: Gateway) -> None:
    one, two = connected(gateway, "1", sequence=0), connected(gateway, "2", sequence=0)
    copy = connected(gateway, "D1", sequence=0)
    one.command(order(market, 1))
    one.until("order_rested")
    two.command(order(market, 1, account=3))
    two.until("order_rested")
    one.command(order(market, 2))
    seen = [copy.until("order_accepted").fields for _ in range(2)]
    assert [(each["member"], each["client_id"]) for each in seen] == [(1, 1), (1, 2)]
    copy.command(order(market, 3))
    last = None
    while found := copy.next():
        last = found
    assert last is not None
    assert last.rest.startswith(b"LISTENS_ONLY: ")


def test_fills_and_positions_reach_the_seat_that_traded(
    market: OpenMarket, gateway: Gateway
) -> None:
    one, two = connected(gateway, "1", sequence=0), connected(gateway, "2", sequence=0)
    instrument = next(iter(market.instruments.values()))
    price = int(instrument.previous_settlement * 10_000)
    common = {"instrument": instrument.number, "price": price, "quantity": 1, "client_id": 1}
    one.command(encode("order_enter", account=1, side=0, **common))
    one.until("order_rested")
    two.command(encode("order_enter", account=3, side=1, **common))
    for line, account in ((one, 1), (two, 3)):
        assert line.until("order_filled").fields["account"] == account
        assert line.until("position_changed").fields["account"] == account


def test_the_exchange_speaks_and_the_day_ends(market: OpenMarket, gateway: Gateway) -> None:
    line = connected(gateway, "1", sequence=0)
    closing = [encode("phase_set", phase=6), market.venue.day_end_message(0)]
    for message in closing:
        gateway.submit(_frames(message)).result()
    line.until("day_ended")
    last = line.next()
    assert last is not None
    assert last.kind == "Z"
    again = connected(gateway, "1")
    kinds = []
    while (found := again.next()) and (not kinds or kinds[-1] != "Z"):
        kinds.append(found.kind)
        if found.kind == "Z":
            break
    assert kinds[-1] == "Z"


def _frames(message: bytes):  # type: ignore[no-untyped-def]
    import numpy as np

    return np.frombuffer(frames(0, [message]), np.uint8)


# -- what is wrong -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (b"\x00\x00", b"PACKET_INVALID: "),
        (b"\x20\x01", b"PACKET_INVALID: "),
        (packet("S", bytes(8)), b"PACKET_INVALID: "),
        (packet("R", b"x"), b"PACKET_INVALID: "),
        (packet("O", b"x"), b"PACKET_INVALID: "),
        (login("1"), b"PACKET_INVALID: "),
        (packet("U", bytes(7)), b"MESSAGE_SHORT: "),
        (packet("U"), b"MESSAGE_SHORT: "),
    ],
)
def test_no_packet_is_cut_off_with_a_reason(gateway: Gateway, octets: bytes, reason: bytes) -> None:
    line = connected(gateway, "1", sequence=0)
    line.send(octets)
    said = []
    while found := line.next():
        said.append(found)
    assert said[-1].kind == "+"
    assert said[-1].rest.startswith(reason)
    connected(gateway, "1")


def test_logout_and_kick(gateway: Gateway) -> None:
    line = connected(gateway, "1", sequence=0)
    line.send(packet("O"))
    while line.next():
        pass
    line = connected(gateway, "1", sequence=0)
    assert gateway.kick("1").result() is True
    assert gateway.kick("1").result() is False
    last = None
    while found := line.next():
        last = found
    assert last is not None
    assert last.rest.startswith(b"KICKED: ")


def test_garbage_at_a_session_and_at_the_door(gateway: Gateway) -> None:
    seed = random.SystemRandom().randrange(10**9)
    print(f"seed {seed}")
    source = random.Random(seed)
    other = connected(gateway, "2", sequence=0)
    for number in range(60):
        line = connected(gateway, "1", sequence=0)
        line.send(source.randbytes(source.randint(1, 5_000)))
        line.close()
        stranger = Line(gateway.address, source.randbytes(source.randint(1, 100)))
        stranger.close()
        other.command(encode("order_cancel", client_id=number + 1))
        other.until("command_rejected", client_id=number + 1)


def test_a_slow_reader_does_not_hold_up_others_and_misses_nothing(
    market: OpenMarket, gateway: Gateway
) -> None:
    """Forty thousand answers that nobody reads; then all of them, in order."""
    slow = connected(gateway, "1", sequence=0, receive_bytes=4_096)
    count = 40_000
    block = b"".join(packet("U", encode("order_cancel", client_id=n + 1)) for n in range(count))
    slow.send(block)
    other = connected(gateway, "2", sequence=0)
    for number in range(50):
        other.command(encode("order_cancel", client_id=number + 1))
        other.until("command_rejected", client_id=number + 1)
    for number in range(count):
        assert slow.until("command_rejected").fields["client_id"] == number + 1


def test_password_and_token_are_in_no_representation() -> None:
    users = Users([user("1")])
    found = users.find("1")
    assert found is not None
    assert found.accepts(PASSWORD)
    assert found.password_hash not in repr(found)
    assert users.token(found, 20260105) not in repr(users)
