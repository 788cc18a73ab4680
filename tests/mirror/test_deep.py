"""Deep queues, many stops, large members: the results are those of the plain rule."""

import os
import random

import pytest
from drawn import PRODUCT, START_NS
from vectorkit.wire import HEAD, Event, Value, decode, encode

from twinex.mirror import book, matching
from twinex.mirror.checks import minding_group
from twinex.mirror.core import Core
from twinex.mirror.market import Market, Order, Stop
from twinex.mirror.sequencer import Sequencer
from twinex.mirror.waiting import Waiting

SEED = int(os.environ.get("TWINEX_SEED", random.SystemRandom().randrange(10**9)))
TICK = PRODUCT["tick"]
LOWER, MIDDLE, UPPER = 1000, 5000, 9000  # in ticks
BUY, SELL, OPEN, CLOSE, FOK = 0, 1, 0, 1, 2


class Deep:
    """A market of one contract; every member holds what it may close, and may quote nothing."""

    def __init__(self, **rules: int) -> None:
        self.core, self.sequencer = Core(1), Sequencer(1)
        self.client_id = 0
        self.exchange("day_open", trading_day=20260105, first_sequence=1)
        product = {**PRODUCT, "offset_rule": 1, "limit_priority": 1, "quantity_maximum_limit": 9999}
        self.exchange("product_define", product=1, **product, **rules)
        for rule in (13, 14):  # stops, trailing ones too; icebergs
            self.exchange("rule_set", product=1, rule=rule, value=2)
        limits = {"lower_limit": LOWER * TICK, "upper_limit": UPPER * TICK}
        settled = {"previous_settlement": MIDDLE * TICK}
        self.exchange("instrument_define", instrument=1, product_of=1, **limits, **settled)
        for member in (1, 2, 3):
            self.exchange("member_define", member=member, active=1, credit=2**62)
            self.exchange("seat_define", seat_number=member, member=member)
            rights = {"active": 1, "open_products": 2, "close_products": 2}
            self.exchange("account_define", account=member, member=member, **rights)
            held = {"long_yesterday": 10**6, "short_yesterday": 10**6}
            self.exchange("position_set", instrument=1, account=member, **held)
        self.exchange("phase_set", product=1, phase=2)

    def exchange(self, name: str, **fields: Value) -> None:
        self._apply(0, encode(name, fields))

    def send(self, member: int, name: str, **fields: Value) -> list:
        """The events of a member's command, by its seat and account of the same number."""
        self.client_id += 1
        if name in ("order_enter", "stop_enter"):
            fields = {"instrument": 1, "account": member, "quantity": 1, **fields}
        return self._apply(member, encode(name, {"client_id": self.client_id, **fields}))

    def enter(self, member: int, side: int, price: int, **fields: Value) -> int:
        """The id of an order that rests."""
        events = self.send(member, "order_enter", side=side, price=price * TICK, **fields)
        assert events[-1].name == "order_rested"
        return (self.sequencer.sequence - 1) << 10

    def side(self, side: int) -> book.Side:
        return self.core.market.instruments[1].sides[side]

    def queued(self, side: int) -> list[int]:
        """Ids of the orders of one side, in their order."""
        return [order.order_id for order in self.side(side)]

    def _apply(self, seat: int, message: bytes) -> list[Event]:
        stream = self.core.apply(self.sequencer.record(seat, message, START_NS))
        events = []
        while stream:
            length = HEAD.size + HEAD.unpack_from(stream)[0]
            events.append(decode(stream[:length]))
            stream = stream[length:]
        return events


@pytest.fixture(params=[book.Queue, dict])
def queues(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Levels as they are on this interpreter, and as they are on others."""
    monkeypatch.setattr(book, "Queue", request.param)


@pytest.fixture
def draw() -> random.Random:
    print(f"seed {SEED}")
    return random.Random(SEED)


def filled(events: list[Event]) -> list[int]:
    """Ids of the resting orders that filled."""
    fills = (event.fields for event in events if event.name == "order_filled")
    return [fields["order_id"] for fields in fills if fields["role"] == 0]


@pytest.mark.usefixtures("queues")
def test_a_sweep_takes_a_long_queue_in_its_order(draw: random.Random) -> None:
    """Some were cancelled, some queue anew behind an amend, some show a part of their lots."""
    deep, queue = Deep(), []
    for _ in range(3000):
        lots = draw.choice((1, 1, 5))
        order_id = deep.enter(1, SELL, MIDDLE, quantity=lots, display_quantity=2 * (lots == 5))
        queue.append((order_id, lots))
    for order_id, lots in draw.sample(queue, 900):
        queue.remove((order_id, lots))
        if lots == 1:
            queue.append((order_id, 2))
            new = {"new_price": MIDDLE * TICK, "new_quantity": 2}
            deep.send(1, "order_amend", order_id=order_id, **new)
        else:
            deep.send(1, "order_cancel", order_id=order_id)
    assert deep.queued(SELL) == [order_id for order_id, _ in queue]
    expected, total = [], sum(lots for _, lots in queue)
    while queue:
        expected += [order_id for order_id, _ in queue]
        queue = [(order_id, lots - 2) for order_id, lots in queue if lots > 2]
    events = deep.send(2, "order_enter", side=BUY, price=MIDDLE * TICK, quantity=total)
    assert filled(events) == expected
    assert deep.side(SELL).keys == []


@pytest.mark.usefixtures("queues")
def test_a_queue_with_privilege_stands_as_one_list_would(
    draw: random.Random, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Closing orders go behind the closing ones at the head, while the price is a limit price; it
    comes and goes. Nobody is asked for its privilege more than a few times."""
    asked = []
    rule = matching.privileged
    monkeypatch.setattr(matching, "privileged", lambda order: asked.append(order) or rule(order))
    deep, queue, at_limit = Deep(), [], True
    for step in range(2500):
        if step % 300 == 299:
            at_limit = not at_limit
            limits = {"lower_limit": LOWER * TICK, "upper_limit": (UPPER + 1 - at_limit) * TICK}
            deep.exchange("limits_set", instrument=1, **limits)
        if step == 1300:  # an image does not say who came by privilege
            deep.core = Core.from_image(deep.core.image())
        if queue and draw.random() < 0.3:
            order_id, _ = queue.pop(draw.choice((0, draw.randrange(len(queue)))))
            deep.send(1, "order_cancel", order_id=order_id)
        offset = draw.choice((OPEN, CLOSE))
        order_id = deep.enter(1, SELL, UPPER, offset=offset)
        closing = [each == CLOSE for _, each in queue]
        ahead = closing.index(False) if False in closing else len(queue)
        place = ahead if at_limit and offset == CLOSE else len(queue)
        queue.insert(place, (order_id, offset))
        assert step % 20 or deep.queued(SELL) == [each for each, _ in queue]
    assert len(asked) < 4 * 2500
    events = deep.send(2, "order_enter", side=BUY, price=UPPER * TICK, quantity=len(queue))
    assert filled(events) == [order_id for order_id, _ in queue]


def test_a_chain_of_stops_goes_off_one_by_one() -> None:
    deep, count = Deep(), 300
    for step in range(count + 1):
        deep.enter(2, SELL, MIDDLE + 1 + step)
    stops = []
    for step in reversed(range(count)):
        terms = {"price": UPPER * TICK, "stop_price": (MIDDLE + 1 + step) * TICK}
        deep.send(1, "stop_enter", side=BUY, **terms)
        stops.insert(0, (deep.sequencer.sequence - 1) << 10)
    events = deep.send(3, "order_enter", side=BUY, price=(MIDDLE + 1) * TICK)
    triggered = [e.fields["order_id"] for e in events if e.name == "stop_triggered"]
    assert triggered == stops
    assert len(filled(events)) == count + 1


def test_many_stops_of_one_price_go_off_in_order_of_acceptance(draw: random.Random) -> None:
    """Whatever their stop prices, and whether they trail: one trade beyond all sets them off."""
    deep, stops = Deep(), []
    for _ in range(500):
        distance = draw.randint(1, 50) * TICK
        trails = draw.random() < 0.5
        at = {"trail": distance} if trails else {"stop_price": MIDDLE * TICK + distance}
        deep.send(1, "stop_enter", side=BUY, price=MIDDLE * TICK, **at)
        stops.append((deep.sequencer.sequence - 1) << 10)
    for gone in draw.sample(stops, 100):
        stops.remove(gone)
        deep.send(1, "order_cancel", order_id=gone)
    deep.enter(2, SELL, MIDDLE + 50)
    events = deep.send(3, "order_enter", side=BUY, price=(MIDDLE + 50) * TICK)
    triggered = [e.fields["order_id"] for e in events if e.name == "stop_triggered"]
    assert triggered == stops
    assert deep.queued(BUY) == stops


def follow(stop: Stop, price: int) -> bool:
    """The plain rule (orders.md): True if the price sets the stop off, else a trailing one
    follows it."""
    if price >= stop.stop_price if stop.side == BUY else price <= stop.stop_price:
        return True
    if stop.trail and stop.side == BUY:
        stop.stop_price = min(stop.stop_price, price + stop.trail)
    elif stop.trail:
        stop.stop_price = max(stop.stop_price, price - stop.trail)
    return False


@pytest.mark.parametrize("side", [BUY, SELL])
@pytest.mark.parametrize("width", [5, 200])
def test_stops_wait_as_the_plain_rule_has_them(draw: random.Random, side: int, width: int) -> None:
    """Against stops that are judged one by one: who is set off by each price, and where the others
    have gone."""
    waiting, pairs, price = Waiting(1 if side else -1), {}, 1000
    for order_id in range(3000):
        stop, plain = Stop(), Stop()
        for each in (stop, plain):
            each.order_id, each.side = order_id, side
        stop.trail = plain.trail = draw.choice((0, draw.randint(1, width)))
        distance = stop.trail or draw.randint(1, width)  # of one that came over night, any
        distance = draw.choice((distance, distance, draw.randint(1, width)))
        stop.stop_price = plain.stop_price = price - distance if side else price + distance
        waiting.add(stop)
        pairs[order_id] = (stop, plain)
        if draw.random() < 0.3:
            gone, _ = pairs.pop(draw.choice(list(pairs)))
            waiting.remove(gone)
        if draw.random() < 0.4:
            price += draw.randint(-width // 3, width // 3)
            due = {each.order_id for each in waiting.take(price)}
            assert due == {at for at, (_, plain) in pairs.items() if follow(plain, price)}
            for at in due:
                stop, plain = pairs.pop(at)
                assert stop.stop_price == plain.stop_price
            assert all(stop.stop_price == plain.stop_price for stop, plain in pairs.values())
    for stop, _ in pairs.values():
        waiting.remove(stop)
    assert not waiting.fixed
    assert not waiting.trails


def fillable(order: Order, opposite: book.Side) -> int:
    """All that the order could take, counted level by level (matching.md)."""
    group, total = minding_group(order), 0
    for key in opposite.keys_within(opposite.sign * order.price):
        ahead: list[Order] = []
        for resting in opposite.queue(key):
            if group is None or resting.account.group is not group:
                ahead.append(resting)
            elif group.self_trade_mode != 2:
                return total + matching.before_own(ahead, resting)
        total += sum(each.remaining for each in ahead)
    return total


@pytest.mark.parametrize("mode", range(5))
def test_what_can_be_filled_is_known_early(draw: random.Random, mode: int) -> None:
    """As by counting it all; and of a deep level no more is looked at than was asked for."""
    deep = Deep()
    deep.exchange("rule_set", product=1, rule=15, value=1)
    deep.exchange("group_define", group=1, self_trade_mode=mode)
    rights = {"active": 1, "open_products": 2, "close_products": 2}
    deep.exchange("account_define", account=30, member=3, group=1, **rights)
    for _ in range(60):
        account = draw.choices((1, 30), (9, 1))[0]
        terms = {"quantity": draw.choice((2, 5)), "display_quantity": 2, "account": account}
        terms["offset"] = draw.randrange(2) if account == 1 else OPEN
        deep.enter(1 if account == 1 else 3, SELL, UPPER - draw.randrange(4), **terms)
    order = Order()
    instrument = deep.core.market.instruments[1]
    order.instrument, order.account = instrument, deep.core.market.accounts[30]
    order.price, opposite = UPPER * TICK, deep.side(SELL)
    most = fillable(order, opposite)
    bound = opposite.sign * order.price
    for lots in range(1, most + 5):
        assert matching.can_fill(order, opposite, bound, lots) == (lots <= most)


def test_a_fill_or_kill_looks_no_farther_than_it_trades(monkeypatch: pytest.MonkeyPatch) -> None:
    deep, looked, queue = Deep(), [], book.Side.queue
    for _ in range(1000):
        deep.enter(1, SELL, MIDDLE)
    monkeypatch.setattr(
        book.Side, "queue", lambda side, key: (looked.append(o) or o for o in queue(side, key))
    )
    terms = {"price": MIDDLE * TICK, "quantity": 7, "time_in_force": FOK}
    assert len(filled(deep.send(2, "order_enter", side=BUY, **terms))) == 7
    assert len(looked) == 7


def test_a_mass_cancel_looks_at_the_members_own_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    deep = Deep()
    for step in range(500):
        deep.enter(1, SELL, UPPER - step % 7)
    own = [deep.enter(2, BUY, LOWER + step % 3) for step in range(200)]
    terms = {"price": UPPER * TICK, "stop_price": (MIDDLE + 9) * TICK}
    deep.send(2, "stop_enter", side=BUY, **terms)
    own.append((deep.sequencer.sequence - 1) << 10)
    monkeypatch.delattr(Market, "live")
    events = deep.send(2, "mass_cancel", mass_side=2)
    assert [e.fields["order_id"] for e in events[:-1]] == own
    assert events[-1].fields["count"] == len(own)
    assert len(deep.core.market.members[1].orders) == 500
