"""`AsyncMember` against the same server: what the blocking one does, and the loop's own."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from client.exchange import BAD_PRICE, SEAT, Exchange
from client.market import PASSWORD, TOKEN, Market, Plan
from client.test_member import PATIENT, expected_news
from twinex.client import (
    AsyncDropCopy,
    AsyncMember,
    CutOff,
    DayOver,
    LoginRefused,
    NotConnected,
    OrderState,
    Rejected,
    Side,
    Until,
)


def _member(market: Market, patience_s: float = 30.0) -> AsyncMember:
    return AsyncMember(market.address, seat=SEAT, password=PASSWORD, patience_s=patience_s)


def _run(act: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(act, PATIENT))


def test_an_order_lives() -> None:
    async def act(exchange: Exchange, market: Market) -> None:
        async with _member(market) as member:
            order = await member.enter(1, 201, Side.BUY, 10, 3).wait()
            exchange.fill(order.order_id, 3)
            await order.wait(Until.DONE)
            assert order.state is OrderState.FILLED
            with pytest.raises(Rejected, match="PRICE_OFF_TICK"):
                await member.enter(1, 201, Side.BUY, BAD_PRICE, 3).wait()
            exchange.end()
            assert [event async for event in member.events()] == expected_news(exchange)
            with pytest.raises(DayOver):
                member.mass_cancel()

    exchange = Exchange()
    with Market(exchange) as market:
        _run(act(exchange, market))


def test_cut_at_every_byte_of_a_burst(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("twinex.client.route._DELAY_FIRST_S", 0.0)

    async def act(exchange: Exchange, market: Market) -> None:
        async with _member(market) as member:
            orders = [member.enter(1, 201, Side.BUY, 10 + at, 1) for at in range(3)]
            await member.settle()
            assert [order.state for order in orders] == [OrderState.LIVE] * 3
            assert [order.client_id for order in orders] == exchange.entered
            exchange.end()
            assert [event async for event in member.events()] == expected_news(exchange)

    for cut in range(0, 900, 7):
        exchange = Exchange()
        with Market(exchange, Plan(cut_in=4), Plan(cut_out=cut)) as market:
            _run(act(exchange, market))


def test_evicted_does_not_come_back() -> None:
    async def act(market: Market) -> None:
        async with _member(market) as older, _member(market) as newer:
            with pytest.raises(CutOff, match="EVICTED"):
                [event async for event in older.events()]
            await newer.enter(1, 201, Side.BUY, 11, 3).wait()

    with Market(Exchange()) as market:
        _run(act(market))


def test_refused_and_not_there() -> None:
    async def refused(market: Market) -> None:
        with pytest.raises(LoginRefused):
            async with AsyncMember(market.address, seat=SEAT, password="wrong"):
                pass

    async def gone(market: Market) -> None:
        with pytest.raises(NotConnected):
            await _member(market).open()

    market = Market(Exchange())
    _run(refused(market))
    market.close()
    _run(gone(market))


def test_comes_back_by_token() -> None:
    async def act(market: Market) -> None:
        async with _member(market) as member:
            market.cut("SILENT: nothing came")
            await member.enter(1, 201, Side.BUY, 11, 3).wait()
            assert [login[1] for login in market.logins] == [PASSWORD, TOKEN]

    with Market(Exchange()) as market:
        _run(act(market))


def test_waits_end() -> None:
    async def act(market: Market) -> None:
        member = _member(market)
        with pytest.raises(NotConnected, match="not open"):
            member.mass_cancel()
        async with member:
            order = member.enter(1, 201, Side.BUY, 11, 3)
            with pytest.raises(TimeoutError):
                await order.wait(Until.DONE, 0.01)
            waits = asyncio.create_task(order.wait(Until.DONE))
            await asyncio.sleep(0)
            await member.close()
            with pytest.raises(NotConnected, match="closed"):
                await waits

    with Market(Exchange()) as market:
        _run(act(market))


def test_drop_copy_listens() -> None:
    async def act(market: Market) -> None:
        async with AsyncDropCopy(market.address, member=3, password=PASSWORD) as copy:
            async for event in copy.events():
                assert event.sequence == 1
                break

    with Market(Exchange()) as market:
        _run(act(market))
