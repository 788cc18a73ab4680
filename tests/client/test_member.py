"""`Member` against a real server of spec/session.md: trading, cuts, refusals."""

from collections.abc import Iterator

import pytest

from client.exchange import BAD_PRICE, SEAT, Exchange
from client.market import PASSWORD, SESSION, TOKEN, Market, Plan
from twinex.client import (
    CutOff,
    DayOver,
    DropCopy,
    EventsMissed,
    LoginRefused,
    Member,
    NotConnected,
    OrderState,
    QuoteEntry,
    Rejected,
    RejectReason,
    SessionUnavailable,
    Side,
    Until,
    price,
)
from twinex.client.codec import decode_event
from twinex.client.events import (
    DayEnded,
    Event,
    MassCancelled,
    MassQuoted,
    OrderAccepted,
    OrderCancelled,
    OrderRested,
)

FIRST_ID = SEAT * 1_000_000_000 + 1
PATIENT = 60.0


@pytest.fixture
def exchange() -> Exchange:
    return Exchange()


@pytest.fixture
def market(exchange: Exchange) -> Iterator[Market]:
    with Market(exchange) as served:
        yield served


def _member(*markets: Market, patience_s: float = 30.0, history: bool = False) -> Member:
    addresses = [market.address for market in markets]
    return Member(addresses, seat=SEAT, password=PASSWORD, patience_s=patience_s, history=history)


def test_an_order_lives(market: Market, exchange: Exchange) -> None:
    with _member(market) as member:
        order = member.enter(1, 201, Side.BUY, price("4000"), 3).wait(timeout=PATIENT)
        assert (order.client_id, order.state, order.remaining) == (FIRST_ID, OrderState.LIVE, 3)
        exchange.fill(order.order_id, 1)
        cancel = member.cancel(order)
        cancel.wait(PATIENT)
        assert (order.state, order.filled, order.remaining) == (OrderState.CANCELLED, 1, 0)
        assert member.live_orders == []
        assert [row.long_today for row in member.positions.values()] == [1]
    assert market.logins == [(str(SEAT), PASSWORD, "", "1")]


def test_done_when_filled(market: Market, exchange: Exchange) -> None:
    with _member(market) as member:
        order = member.enter(1, 201, Side.BUY, price("4000"), 3).wait(timeout=PATIENT)
        exchange.fill(order.order_id, 3)
        order.wait(Until.DONE, PATIENT)
        assert (order.state, order.turnover) == (OrderState.FILLED, 3 * price("4000"))


def test_refused_order_says_why(market: Market) -> None:
    with _member(market) as member:
        order = member.enter(1, 201, Side.BUY, BAD_PRICE, 3)
        with pytest.raises(Rejected, match="PRICE_OFF_TICK: not a multiple of the tick"):
            order.wait(Until.DONE, PATIENT)
        assert order.state is OrderState.REJECTED
        assert order.reject_reason is RejectReason.PRICE_OFF_TICK


def test_events_come_once_in_order(market: Market, exchange: Exchange) -> None:
    with _member(market) as member:
        events = member.events(PATIENT)
        order = member.enter(1, 201, Side.SELL, 10, 3)
        assert isinstance(next(events), OrderAccepted)
        assert isinstance(next(events), OrderRested)
        member.mass_cancel().wait(PATIENT)
        exchange.end()
        names = [type(event).__name__ for event in events]
        assert names == ["OrderCancelled", "MassCancelled", "DayEnded"]
        assert order.is_done
        with pytest.raises(DayOver):
            member.enter(1, 201, Side.SELL, 10, 3)


def test_every_command_is_answered(market: Market) -> None:
    with _member(market) as member:
        order = member.enter(1, 201, Side.BUY, 10, 3)
        stop = member.stop(1, 201, Side.BUY, 20, 3, stop_price=30)
        amend = member.amend(order, price=11, quantity=5)
        quote = member.quote(1, 201, 10, 1, 12, 1)
        entries = [
            QuoteEntry(
                instrument=instrument,
                account=201,
                bid_price=1,
                ask_price=2,
                bid_quantity=1,
                ask_quantity=1,
            )
            for instrument in (1, 2, 3)
        ]
        mass = member.mass_quote(entries)
        asked = member.request(1, 201)
        member.settle(PATIENT)
        assert (order.price, order.quantity, stop.state) == (11, 5, OrderState.WAITING)
        assert amend.is_answered
        assert quote.is_answered
        assert asked.is_answered
        answer = mass.wait()
        assert isinstance(answer, MassQuoted)  # not the refusal of its second entry
        assert answer.count == 2
        count = member.mass_cancel().wait(PATIENT)
        assert isinstance(count, MassCancelled)
        assert count.count == 2


def test_a_new_process_knows_the_day(market: Market) -> None:
    with _member(market) as member:
        order = member.enter(1, 201, Side.BUY, 10, 3).wait(timeout=PATIENT)
    with _member(market) as member:
        (again,) = member.live_orders
        assert (again.order_id, again.remaining) == (order.order_id, 3)
        other = member.enter(1, 201, Side.BUY, 10, 3).wait(timeout=PATIENT)
        assert (other.client_id, other.order_id > order.order_id) == (FIRST_ID + 1, True)
        member.cancel(again).wait(PATIENT)
        assert again.is_done


def test_history_is_told_where_asked_for(market: Market) -> None:
    with _member(market) as member:
        member.enter(1, 201, Side.BUY, 10, 3).wait(timeout=PATIENT)
    with _member(market, history=True) as member:
        events = member.events(PATIENT)
        names = [type(next(events)).__name__ for _ in range(3)]
        assert names == ["DayOpened", "OrderAccepted", "OrderRested"]


def test_a_day_that_is_over_can_be_read(market: Market, exchange: Exchange) -> None:
    exchange.end()
    with _member(market, history=True) as member:
        assert isinstance(list(member.events(PATIENT))[-1], DayEnded)
        with pytest.raises(DayOver):
            member.cancel(1)


def test_resumes_with_token_and_next_sequence(market: Market) -> None:
    with _member(market) as member:
        member.enter(1, 201, Side.BUY, 10, 3).wait(timeout=PATIENT)
        market.cut("SLOW_READER: too slow")
        member.enter(1, 201, Side.BUY, 11, 3).wait(timeout=PATIENT)
        assert market.logins[1][:3] == (str(SEAT), TOKEN, SESSION)
        assert int(market.logins[1][3]) == 5  # day_opened, the fence, and two of the order


def expected_news(exchange: Exchange) -> list[Event]:
    """What `events()` of a member that opened at the day's beginning has to tell: each event once,
    but for the fence and what came before it."""
    told = [decode_event(message) for message in exchange.stream]
    return [event for event in told[1:] if getattr(event, "client_id", 0) >= 0]


def _whole_day_with_cuts(*plans: Plan) -> int:
    """Three orders while connections are cut; bytes that the last connection was sent."""
    exchange = Exchange()
    with Market(exchange, *plans) as market, _member(market) as member:
        orders = [member.enter(1, 201, Side.BUY, 10 + at, 1) for at in range(3)]
        member.settle(PATIENT)
        assert [order.state for order in orders] == [OrderState.LIVE] * 3
        assert [order.client_id for order in orders] == exchange.entered  # each was done once
        assert sorted(member.orders) == sorted(exchange.orders)
        exchange.end()
        assert list(member.events(PATIENT)) == expected_news(exchange)
        return market.sent


def test_cut_at_every_byte_of_a_burst(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first connection dies with one order unread and others unanswered; the second is cut
    after each possible number of bytes of what it is then told in one go."""
    monkeypatch.setattr("twinex.client.route._DELAY_FIRST_S", 0.0)
    length = _whole_day_with_cuts(Plan(cut_in=4))
    for cut in range(length + 1):
        _whole_day_with_cuts(Plan(cut_in=4), Plan(cut_out=cut))


def test_takes_the_next_address(market: Market, exchange: Exchange) -> None:
    with Market(exchange) as stand_in, _member(market, stand_in) as member:
        member.enter(1, 201, Side.BUY, 10, 3).wait(timeout=PATIENT)
        market.close()
        order = member.enter(1, 201, Side.BUY, 11, 3).wait(timeout=PATIENT)
        assert order.state is OrderState.LIVE
        assert [login[1] for login in stand_in.logins] == [TOKEN]


def test_opens_where_the_primary_is_away(market: Market, exchange: Exchange) -> None:
    gone = Market(exchange)
    gone.close()
    with _member(gone, market) as member:
        assert member.session_name == SESSION


def test_token_refused_is_tried_again_by_password(market: Market, exchange: Exchange) -> None:
    with _member(market) as member:
        market.plans.append(Plan(refuse="A"))
        market.cut("CLOSING: the server ends")
        member.enter(1, 201, Side.BUY, 11, 3).wait(timeout=PATIENT)
        assert [login[1] for login in market.logins] == [PASSWORD, TOKEN, PASSWORD]


def test_evicted_does_not_come_back(market: Market) -> None:
    with _member(market) as older, _member(market) as newer:
        with pytest.raises(CutOff, match="another program logged in") as caught:
            list(older.events(PATIENT))
        assert caught.value.reason == "EVICTED"
        newer.enter(1, 201, Side.BUY, 11, 3).wait(timeout=PATIENT)
        with pytest.raises(CutOff):
            older.mass_cancel()
    assert len(market.logins) == 2


def test_refused_login(exchange: Exchange) -> None:
    with Market(exchange) as market:
        with pytest.raises(LoginRefused, match="check seat and password") as caught:
            Member(market.address, seat=SEAT, password="wrong")
        assert "wrong" not in str(caught.value)
        assert len(market.logins) == 1


def test_session_unavailable_says_what_the_market_said(exchange: Exchange) -> None:
    plan = Plan(refuse="S", text="the day is not open")
    with Market(exchange, plan) as market, pytest.raises(SessionUnavailable, match=plan.text):
        _member(market)


def test_no_market_there(exchange: Exchange) -> None:
    gone = Market(exchange)
    gone.close()
    with pytest.raises(NotConnected, match="refused"):
        _member(gone)


def test_raises_at_the_first_cut_where_told_to(market: Market) -> None:
    with _member(market, patience_s=0) as member:
        order = member.enter(1, 201, Side.BUY, 11, 3).wait(timeout=PATIENT)
        market.cut("SILENT: nothing came")
        with pytest.raises(CutOff, match="SILENT"):
            order.wait(Until.DONE, PATIENT)


def test_silent_market_is_left(exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("twinex.client.soup.LOGIN_S", 0.01)
    with Market(exchange, Plan(mute=True)) as mute, Market(exchange) as market:
        member = _member(mute, market)
        member.enter(1, 201, Side.BUY, 11, 3).wait(timeout=PATIENT)
        member.close()


def test_a_wait_that_takes_too_long(market: Market) -> None:
    with _member(market) as member:
        order = member.enter(1, 201, Side.BUY, 11, 3)
        with pytest.raises(TimeoutError, match=r"was not done in 0\.01 s"):
            order.wait(Until.DONE, 0.01)


def test_events_that_nobody_reads_are_counted(market: Market) -> None:
    with Member(market.address, seat=SEAT, password=PASSWORD, backlog=2) as member:
        member.enter(1, 201, Side.BUY, 11, 3).wait(timeout=PATIENT)
        member.mass_cancel().wait(PATIENT)
        with pytest.raises(EventsMissed, match="2 events"):
            next(member.events(PATIENT))
        assert isinstance(next(member.events(PATIENT)), OrderCancelled)


def test_after_close_events_end_and_commands_are_refused(market: Market) -> None:
    member = _member(market)
    order = member.enter(1, 201, Side.BUY, 11, 3).wait(timeout=PATIENT)
    member.close()
    member.close()
    assert len(list(member.events())) == 2
    with pytest.raises(NotConnected, match="open a new Member"):
        member.cancel(order)
    with pytest.raises(NotConnected, match="closed"):
        order.wait(Until.DONE)


def test_floats_and_what_does_not_fit_are_refused(market: Market, exchange: Exchange) -> None:
    with _member(market) as member:
        with pytest.raises(TypeError, match=r"price = 4012.4 is no integer.*price\('4012.4'\)"):
            member.enter(1, 201, Side.BUY, 4012.4, 3)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="quantity = 2147483648 does not fit 32 bits"):
            member.enter(1, 201, Side.BUY, 1, 1 << 31)
        member.settle(PATIENT)
    assert exchange.entered == []


def test_secrets_are_never_shown(market: Market, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    with _member(market) as member:
        market.cut(f"SLOW_READER: {TOKEN} {PASSWORD}")
        member.enter(1, 201, Side.BUY, 11, 3).wait(timeout=PATIENT)
        shown = caplog.text + repr(member) + repr(vars(member)) + repr(vars(member._desk))
    assert PASSWORD not in shown
    assert TOKEN not in shown
    assert "SLOW_READER" in shown


def test_drop_copy_listens(market: Market) -> None:
    with _member(market) as member:
        member.enter(1, 201, Side.BUY, 11, 3).wait(timeout=PATIENT)
    with DropCopy(market.address, member=3, password=PASSWORD) as copy:
        told = copy.events(PATIENT)
        names = [type(next(told)).__name__ for _ in range(4)]
        assert names == ["DayOpened", "CommandRejected", "OrderAccepted", "OrderRested"]
        assert len(copy.live_orders) == 1
    assert market.logins[-1][0] == "D3"
