"""Members on the real gateway: random trading while connections are cut, then every order agrees.

What a member believes is alive is held against what a mass cancel cancels; what it knows of its
orders and positions against a new program that reads the day from its beginning.
"""

import os
import random
import select
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from twinex.client import (
    CutOff,
    DropCopy,
    LoginRefused,
    Member,
    Offset,
    Order,
    PriceKind,
    QuoteEntry,
    Rejected,
    Side,
    TimeInForce,
)
from twinex.client.events import OrderCancelled
from twinex.venue.gateway.gateway import Gateway
from twinex.venue.opening import OpenMarket, open_market

sys.path.append(str(Path(__file__).parents[1] / "venue" / "gateway"))
from talk import PASSWORD, serving

STEPS = 600
PATIENCE_S = 60
TICK = 2_000


class Cutter:
    """Stands between a member and the market, and cuts its connections: now, or behind so many
    bytes of the market's."""

    def __init__(self, market: tuple[str, int]) -> None:
        self._market, self._listener = market, socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.limits: list[int] = []
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with suppress(OSError):
                server = socket.create_connection(self._market)
                limit = self.limits.pop() if self.limits else sys.maxsize
                self._pairs.append((client, server))
                thread = threading.Thread(target=self._carry, args=(client, server, limit))
                self._threads.append(thread)
                thread.start()

    def _carry(self, client: socket.socket, server: socket.socket, limit: int) -> None:
        with client, server, suppress(OSError, ValueError):
            while limit > 0:
                for ready in select.select([client, server], [], [])[0]:
                    octets = ready.recv(4_096)
                    if not octets:
                        return
                    if ready is client:
                        server.sendall(octets)
                    else:
                        client.sendall(octets[:limit])
                        limit -= len(octets)

    def cut(self) -> None:
        for pair in self._pairs:
            for end in pair:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
        self._pairs.clear()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()
        for thread in self._threads:
            thread.join()


@pytest.fixture
def market() -> Iterator[OpenMarket]:
    with open_market("open", members=2) as opened:
        yield opened


@pytest.fixture
def gateway(market: OpenMarket) -> Iterator[Gateway]:
    with serving(market.venue, ("1", "2", "D1")) as served:
        yield served


class Trader:
    """One random command after another."""

    def __init__(self, source: random.Random, market: OpenMarket) -> None:
        self.source = source
        plain = [one.number for one in market.instruments.values()][:2]
        spread = next(iter(market.combinations.values())).number
        self.middles = dict.fromkeys(plain, 40_000_000) | {spread: 0}

    def act(self, member: Member, seat: int) -> None:
        source, draw = self.source, self.source.random()
        instrument = source.choice(list(self.middles))
        account, lots = 2 * seat - source.randrange(2), source.randint(1, 9)
        price = self.middles[instrument] + source.randint(-4, 4) * TICK
        if draw < 0.5:
            self._enter(member, instrument, account, price, lots)
        elif draw < 0.6:
            trail = source.choice((0, 0, 2 * TICK))
            stop_price = 0 if trail else price
            member.stop(
                instrument, account, Side.BUY, price, lots, stop_price=stop_price, trail=trail
            )
        elif draw < 0.7 and member.live_orders:
            member.cancel(source.choice(member.live_orders))
        elif draw < 0.8 and member.live_orders:
            member.amend(source.choice(member.live_orders), price=price, quantity=lots)
        elif draw < 0.9:
            away = TICK * source.randint(1, 3)
            member.quote(instrument, account, price - away, lots, price + away, lots)
        elif draw < 0.95:
            member.mass_quote([self._entry(number, account, lots) for number in self.middles])
        else:
            member.request(instrument, account)

    def _enter(self, member: Member, instrument: int, account: int, price: int, lots: int) -> None:
        source = self.source
        kind = source.choice([PriceKind.LIMIT] * 6 + list(PriceKind))
        times = [TimeInForce.DAY] * 5 + [TimeInForce.FAK, TimeInForce.FOK, TimeInForce.GTC]
        member.enter(
            instrument,
            account,
            source.choice((Side.BUY, Side.SELL)),
            price if kind is PriceKind.LIMIT else source.choice((0, price)),
            lots,
            kind=kind,
            time_in_force=source.choice(times),
            offset=source.choice([Offset.OPEN] * 4 + list(Offset)),
            post_only=source.random() < 0.1,
            display_quantity=source.choice((0, 0, 0, 2, 5)),
        )

    def _entry(self, instrument: int, account: int, lots: int) -> QuoteEntry:
        middle = self.middles[instrument]
        return QuoteEntry(
            instrument=instrument,
            account=account,
            bid_price=middle - 2 * TICK,
            ask_price=middle + 2 * TICK,
            bid_quantity=lots,
            ask_quantity=lots,
        )


def told(order: Order) -> tuple[object, ...]:
    return order.state, order.filled, order.remaining, order.price, order.quantity


def test_orders_agree_whatever_is_cut(market: OpenMarket, gateway: Gateway) -> None:
    seed = int(os.environ.get("TWINEX_SEED", random.SystemRandom().randrange(10**9)))
    print(f"seed {seed}")
    source = random.Random(seed)
    trader = Trader(source, market)
    cutters = [Cutter(gateway.address) for _ in range(2)]
    try:
        members = [
            Member(cutter.address, seat=seat, password=PASSWORD)
            for seat, cutter in enumerate(cutters, 1)
        ]
        for _ in range(STEPS):
            seat = source.randint(1, 2)
            trader.act(members[seat - 1], seat)
            if source.random() < 0.02:
                if source.random() < 0.5:
                    cutters[seat - 1].limits.append(source.randint(1, 3_000))
                cutters[seat - 1].cut()
        for member in members:
            member.settle(PATIENCE_S)
        for member in members:
            _come_up(member)
        for member in members:
            _cancel_all(member)
        for member in members:
            member.settle(PATIENCE_S)
        for seat, member in enumerate(members, 1):
            _compare_with_a_new_program(gateway, seat, member)
            member.close()
    finally:
        for cutter in cutters:
            cutter.close()


def _come_up(member: Member) -> None:
    """What others did to its orders before stands in its stream before the answer to a command of
    its own, here to a cancel of nothing."""
    with suppress(Rejected):
        member.cancel(1).wait(timeout=PATIENCE_S)


def _cancel_all(member: Member) -> None:
    """What the market cancels is what the member believed to be alive, to the lot."""
    believed = {order.order_id: (order.remaining, order.price) for order in member.live_orders}
    answer = member.mass_cancel().wait(timeout=PATIENCE_S)
    cancelled: dict[int, tuple[int, int]] = {}
    while not (believed.keys() <= cancelled.keys()):
        event = next(iter(member.events(timeout=PATIENCE_S)))
        if isinstance(event, OrderCancelled) and event.request_id == answer.client_id:
            cancelled[event.order_id] = event.quantity, event.price
    assert cancelled == believed


def _compare_with_a_new_program(gateway: Gateway, seat: int, member: Member) -> None:
    address = f"{gateway.address[0]}:{gateway.address[1]}"
    member.close()
    with Member(address, seat=seat, password=PASSWORD, history=True) as again:
        assert {key: told(each) for key, each in again.orders.items()} == {
            key: told(each) for key, each in member.orders.items()
        }
        assert dict(again.positions) == dict(member.positions)


def test_a_drop_copy_sees_what_its_member_does(market: OpenMarket, gateway: Gateway) -> None:
    address = f"{gateway.address[0]}:{gateway.address[1]}"
    number = next(iter(market.instruments.values())).number
    with DropCopy(address, member=1, password=PASSWORD) as copy:
        with Member(address, seat=1, password=PASSWORD) as member:
            order = member.enter(number, 1, Side.BUY, 40_000_000, 3).wait(timeout=PATIENCE_S)
        for _ in copy.events(timeout=PATIENCE_S):
            if order.order_id in copy.orders and copy.orders[order.order_id].state is order.state:
                break
        assert told(copy.orders[order.order_id]) == told(order)


def test_refused_evicted_and_cut_off_by_name(gateway: Gateway) -> None:
    address = f"{gateway.address[0]}:{gateway.address[1]}"
    with pytest.raises(LoginRefused):
        Member(address, seat=1, password="wrong")
    first = Member(address, seat=1, password=PASSWORD)
    second = Member(address, seat=1, password=PASSWORD)
    with pytest.raises(CutOff, match="EVICTED"):
        list(first.events(timeout=PATIENCE_S))
    gateway.kick("1")
    with pytest.raises(CutOff, match="KICKED"):
        list(second.events(timeout=PATIENCE_S))
    first.close()
    second.close()
