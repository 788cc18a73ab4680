"""The desk without a network: logins, fences, what is sent again, streams that are not what they
should be."""

import struct

import pytest

from client.exchange import SEAT, Exchange
from client.market import PASSWORD, SESSION, TOKEN, packet
from twinex.client.codec import decode, encode
from twinex.client.codes import OperatorReason, Side
from twinex.client.commands import OrderCancel, OrderEnter
from twinex.client.desk import Desk
from twinex.client.errors import (
    CutOff,
    DayOver,
    LoginRefused,
    NotConnected,
    ProtocolError,
    SessionUnavailable,
)
from twinex.client.events import DayOpened, TradeBusted
from twinex.client.order import Order, Request


def _desk(history: bool = True) -> Desk:
    return Desk(str(SEAT), PASSWORD, SEAT, 1, Order, history)


def _accept(desk: Desk, sequence: int = 1, name: str = SESSION) -> None:
    desk.connect(0.0)
    desk.outgoing.clear()
    desk.receive(packet("A", f"{name:<10}{sequence:>20}".encode()), 0.0)


def _sent(desk: Desk) -> list[bytes]:
    """The commands that lie ready to be sent."""
    octets, messages = bytes(desk.outgoing), []
    while octets:
        (length,) = struct.unpack_from(">H", octets)
        if octets[2:3] == b"U":
            messages.append(octets[3 : 2 + length])
        octets = octets[2 + length :]
    desk.outgoing.clear()
    return messages


def _fed(desk: Desk, exchange: Exchange) -> list[str]:
    """Names of the events that the desk gives for what is new in the exchange's stream."""
    news = exchange.stream[desk.next_sequence - 1 :]
    octets = b"".join(packet("S", message) for message in news)
    return [type(event).__name__ for event in desk.receive(octets, 0.0)]


def _order(desk: Desk, price: int = 10) -> tuple[OrderEnter, Order]:
    command = OrderEnter(
        client_id=desk.next_client_id(),
        instrument=1,
        account=2,
        side=Side.BUY,
        price=price,
        quantity=3,
    )
    order = Order()
    desk.submit(command, order, 0.0)
    return command, order


def test_caught_up_when_the_fence_is_answered() -> None:
    desk, exchange = _desk(history=False), Exchange()
    _accept(desk)
    (fence,) = _sent(desk)
    command = decode(fence)
    assert isinstance(command, OrderCancel)
    assert command.client_id < 0
    other = encode(OrderCancel(client_id=-5))  # of an earlier process
    exchange.receive(other)
    assert _fed(desk, exchange) == []
    assert not desk.is_caught_up
    exchange.receive(fence)
    assert _fed(desk, exchange) == []
    assert desk.is_caught_up
    exchange.command(lambda: exchange.say(DayOpened))
    assert _fed(desk, exchange) == ["DayOpened"]


def test_what_was_not_answered_is_sent_again_in_its_order() -> None:
    desk, exchange = _desk(), Exchange()
    _accept(desk)
    exchange.receive(*_sent(desk))
    _, first = _order(desk, 10)
    (message,) = _sent(desk)
    exchange.receive(message)
    _, second = _order(desk, 11)
    lost = _sent(desk)
    assert isinstance(desk.lost(), NotConnected)
    _, third = _order(desk, 12)  # while there is no connection
    _accept(desk)
    again = _sent(desk)
    assert [decode(one).client_id for one in again[1:4]] == [  # type: ignore[union-attr]
        order.client_id for order in (first, second, third)
    ]
    assert again[1:3] == [message, *lost]
    for one in again[1:]:
        exchange.receive(one)
    assert _fed(desk, exchange).count("CommandRepeated") == 1
    assert [order.is_answered for order in (first, second, third)] == [True] * 3
    assert desk.is_all_answered
    assert sorted(exchange.orders) == sorted(desk.ledger.live)


def test_an_answer_given_before_the_stream_was_joined() -> None:
    desk, exchange = _desk(), Exchange()
    command, _ = _order(desk)
    exchange.receive(encode(command))
    joined = Desk(str(SEAT), PASSWORD, SEAT, 4, Order)
    order = Order()
    joined.submit(command, order, 0.0)
    _accept(joined, sequence=4)
    exchange.receive(_sent(joined)[1])
    assert _fed(joined, exchange) == ["CommandRepeated"]
    (order_id,) = exchange.orders
    assert (order.order_id, order.is_answered, order.is_done) == (order_id, True, False)
    order.check()


def test_ids_go_on_above_those_of_the_day() -> None:
    desk, exchange = _desk(), Exchange()
    first = SEAT * 1_000_000_000 + 1
    assert desk.next_client_id() == first
    cancelled = Request()
    command, _ = _order(desk)
    exchange.receive(encode(command))
    exchange.receive(encode(OrderCancel(client_id=first + 40, order_id=max(exchange.orders))))
    again = _desk()
    _accept(again)
    _fed(again, exchange)
    assert again.next_client_id() == first + 41  # known from the cancel's `request_id` alone
    assert cancelled.answer is None


def test_login_again_by_token_session_and_sequence() -> None:
    desk, exchange = _desk(), Exchange()
    _accept(desk)
    desk.receive(packet("U", b"T" + TOKEN.encode()), 0.0)
    _fed(desk, exchange)
    desk.lost()
    desk.connect(0.0)
    login = f"{SEAT:<6}{TOKEN:<10}{SESSION:<10}{2:>20}"
    assert bytes(desk.outgoing) == packet("L", login.encode())


def test_another_session_is_refused() -> None:
    desk = _desk()
    _accept(desk)
    with pytest.raises(ProtocolError, match="asked for session 20260105TR, got 20260106TR"):
        _accept(desk, name="20260106TR")


@pytest.mark.parametrize("place", [(1, 0), (0, 5)])
def test_a_stream_that_does_not_rise_is_not_ours(place: tuple[int, int]) -> None:
    desk = _desk()
    _accept(desk)
    desk.receive(packet("S", _busted(1, 0)), 0.0)
    with pytest.raises(ProtocolError, match="another stream"):
        desk.receive(packet("S", _busted(*place)), 0.0)


def _busted(sequence: int, index: int) -> bytes:
    return encode(TradeBusted(sequence, 0, index, 1, OperatorReason.NONE, 1, 1, 1))


def test_refusals() -> None:
    desk = _desk()
    desk.connect(0.0)
    with pytest.raises(SessionUnavailable, match="not open yet"):
        desk.receive(packet("+", b"not open yet") + packet("J", b"S"), 0.0)
    desk.connect(0.0)
    with pytest.raises(LoginRefused, match="check seat and password"):
        desk.receive(packet("J", b"A"), 0.0)


def test_the_reason_of_a_cut_is_the_last_thing_said() -> None:
    desk, exchange = _desk(), Exchange()
    _accept(desk)
    desk.receive(packet("+", b"KICKED: by the operator"), 0.0)
    cut = desk.lost()
    assert isinstance(cut, CutOff)
    assert (cut.reason, cut.text) == ("KICKED", "KICKED: by the operator")
    _accept(desk)
    desk.receive(packet("+", b"SILENT: soon"), 0.0)
    _fed(desk, exchange)
    assert isinstance(desk.lost(), NotConnected)


def test_after_the_day_nothing_is_sent() -> None:
    desk = _desk()
    _accept(desk)
    desk.receive(packet("Z"), 0.0)
    assert desk.is_caught_up
    assert isinstance(desk.lost(), DayOver)
    with pytest.raises(DayOver):
        _order(desk)


@pytest.mark.parametrize("username", ["", "0", "D0", "x", "1234567", "D123456", "-1", "D", "7 "])
def test_no_username(username: str) -> None:
    with pytest.raises(ValueError, match="is no username"):
        Desk(username, PASSWORD, 0, 1, Order)


def test_nothing_shows_the_secrets() -> None:
    desk = _desk()
    _accept(desk)
    desk.receive(packet("U", b"T" + TOKEN.encode()), 0.0)
    desk.receive(packet("+", f"hello {PASSWORD} {TOKEN}".encode()), 0.0)
    shown = repr(desk) + repr(vars(desk))
    assert "hello *** ***" in shown
    assert PASSWORD not in shown
    assert TOKEN not in shown
