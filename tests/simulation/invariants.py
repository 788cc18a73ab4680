"""What must hold whatever a system computes, held against its events alone.

    invariants = Invariants()
    invariants.see(batch, events)        # raises Violated with the command's sequence

Neither system is asked. From the journal come only the definitions (legs, multipliers, rules) that
an accepted reference command made. What is held:

* heads: sequences and indices without gaps, times that rise, trade ids without gaps;
* lives: an order id is used once; nothing is said of an order that is done; what was filled,
  cancelled and reduced and what is left make up its total; whatever enters rests, waits or is done;
* volume: the lots that an order's fills tell are those of the trades that name it;
* money: what the fills of a command cost its buyers is what its sellers got;
* positions: rows move by the fills since they were told last, and are told after every fill;
* open interest: moves by who opens and who closes;
* books: filled in price-time order, with the rules' exceptions, and never crossed in continuous;
* totals: `auction_matched`, `mass_quoted`'s day and `day_ended` count what was told before.
"""

from collections import Counter
from types import SimpleNamespace

import numpy as np
from checkers.wire import BY_NAME, ENUMS, command_of

from simulation.columns import Columns, Index
from simulation.ledger import Ledger, Violated
from simulation.queues import Contract, Order
from simulation.records import HEADER_BYTES, Batch

__all__ = ["Invariants", "Violated"]
_DEFINES = {BY_NAME[name][0] for name in ("product_define", "instrument_define")}
_COMBINATION = BY_NAME["combination_define"][0]
_DEFINES.add(_COMBINATION)
_CONTINUOUS = ENUMS["Phase"].continuous
_SOURCE_AUCTION = ENUMS["PriceSource"].auction


class Invariants(Ledger):
    """The watch over one day, from its first record on. Handlers are named as the events are."""

    def __init__(self) -> None:
        super().__init__()
        self._columns = Columns(self)
        self._next = self._time_ns = 0
        self._products: dict[int, SimpleNamespace] = {}
        self._phases: dict[int, int] = {}
        self._changed: set[int] = set()  # contracts whose book is to be looked at
        self._batch: Batch | None = None
        self._counts: Counter[str] = Counter()

    def see(self, batch: Batch, events: np.ndarray) -> int:
        """A batch and all its events (uint8); how many there are. Raises Violated."""
        self._batch = batch
        words = np.ascontiguousarray(events).view(np.int64)
        index = Index(words)
        self._hold_heads(batch, index)
        firsts = (index.indices == 0).tolist()
        sequence = batch.first_sequence - 1
        for is_first, (handler, row) in zip(firsts, self._columns.calls(words, index), strict=True):
            if is_first:
                self._end_command()
                sequence += 1
                self.sequence = sequence
            if handler is not None:
                handler(*row)
        self._end_command()
        return len(firsts)

    def _hold_heads(self, batch: Batch, index: Index) -> None:
        """Each command is answered, in order; its events are counted from 0."""
        first = self.sequence = batch.first_sequence
        self.hold(index.is_whole, "events are whole")
        self.hold(self._next in (0, first), "no command is left out")
        self._next = first + len(batch)
        starts = np.flatnonzero(index.indices == 0)
        answered = index.sequences[starts]
        self.hold(np.array_equal(answered, np.arange(first, self._next)), "each is answered once")
        counts = np.diff([*starts, len(index.indices)])
        due = np.arange(len(index.indices)) - np.repeat(starts, counts)
        self.hold(np.array_equal(index.indices, due), "indices have no gaps")
        one_head = np.array_equal(index.sequences, np.repeat(answered, counts))
        self.hold(one_head, "an event names its command")
        times = index.times[starts]
        self.hold(int(times[0]) > self._time_ns and bool((np.diff(times) > 0).all()), "times rise")
        self._time_ns = int(times[-1])

    def _end_command(self) -> None:
        """What must hold between two commands."""
        self.settle()
        for number in self._changed:
            contract = self.contracts[number]
            if self._trades_now(contract):
                self.hold(not contract.is_crossed(), "no book is crossed", number)
        self._changed.clear()

    def _trades_now(self, contract: Contract) -> bool:
        parts = contract.legs or (contract,)
        is_open = all(self._phases.get(each.product) == _CONTINUOUS for each in parts)
        return is_open and not contract.halted and not any(each.halted for each in parts)

    # -- definitions -------------------------------------------------------------------------

    def reference_changed(self, sequence: int, changed_by: int) -> None:
        if changed_by not in _DEFINES:
            return
        assert self._batch is not None
        record = self._batch[sequence - self._batch.first_sequence]
        command = command_of(record[HEADER_BYTES:])
        assert command is not None, "an accepted definition can be read"
        if changed_by == _COMBINATION:
            self._define_combination(command)
        elif command.template == "product_define":
            self._products[command.product] = command
        else:
            self._define_contract(command)

    def _define_contract(self, command: SimpleNamespace) -> None:
        self.contracts[command.instrument] = self._contract(
            command.instrument,
            self._products[command.product_of],
            (command.lower_limit, command.upper_limit),
            command.open_interest,
        )

    def _define_combination(self, command: SimpleNamespace) -> None:
        one, two = (self.contracts[leg] for leg in (command.leg_1, command.leg_2))
        made = self._contract(command.instrument, self._products[one.product], (0, 0), 0)
        made.legs = (one, two)
        self.contracts[command.instrument] = made

    def _contract(
        self, number: int, product: SimpleNamespace, limits: tuple[int, int], interest: int
    ) -> Contract:
        return Contract(
            number,
            product.product,
            product.multiplier,
            product.offset_rule != 0,
            product.limit_priority,
            *limits,
            interest,
        )

    def limits_changed(self, instrument: int, lower_limit: int, upper_limit: int) -> None:
        contract = self.contracts[instrument]
        if contract.legs is None:
            contract.lower, contract.upper = lower_limit, upper_limit
        due = (lower_limit, upper_limit)
        self.hold(contract.limits() == due, "a combination's limits follow its legs'", instrument)

    def phase_changed(self, product: int, phase: int) -> None:
        self._phases[product] = phase
        self._changed |= {n for n, each in self.contracts.items() if each.product == product}

    def halt_changed(self, instrument: int, halted: int) -> None:
        self.contracts[instrument].halted = bool(halted)
        self._changed.add(instrument)

    # -- books -------------------------------------------------------------------------------

    def order_rested(self, order_id: int, quantity: int, price: int) -> None:
        order = self.alive(order_id)
        self.hold(not order.resting and not order.waiting, "what rests comes to rest once", order)
        if order.remaining is None and quantity != order.display:
            order.remaining = quantity
        if order.remaining is not None:
            shown = min(order.display or order.remaining, order.remaining)
            self.hold(quantity == shown, "what rests shows what is left of it", order, quantity)
        order.price, order.shown = price, quantity
        self.contracts[order.instrument].enter(order)
        self._changed.add(order.instrument)

    def order_refreshed(self, order_id: int, quantity: int, remaining: int) -> None:
        order = self.alive(order_id)
        self.hold(order.resting and order.shown == 0, "an iceberg shows anew when used up", order)
        self.hold(order.remaining == remaining, "what is left of an iceberg", order, remaining)
        self.hold(quantity == min(order.display, remaining), "what it shows", order, quantity)
        contract = self.contracts[order.instrument]
        contract.leave(order)
        order.shown = quantity
        contract.enter(order)

    def auction_matched(
        self, instrument: int, auction_price: int, auction_volume: int, surplus: int
    ) -> None:
        told = [
            each for each in self.traded if each[0] == instrument and each[3] == _SOURCE_AUCTION
        ]
        volume = sum(quantity for _, quantity, _, _ in told)
        self.hold(volume == auction_volume, "an auction's volume is that of its trades", instrument)
        prices = {price for _, _, price, _ in told}
        self.hold(prices <= {auction_price}, "an auction has one price", instrument, prices)
        if volume == 0:
            self.hold(surplus == 0 and auction_price == 0, "no trade, no price", instrument)

    # -- counts ------------------------------------------------------------------------------

    def command_rejected(self) -> None:
        self._counts["rejects"] += 1

    def day_ended(self, orders: int, trades: int, volume: int, rejects: int) -> None:
        due = (self.accepted, self.last_trade, self.volume, self._counts["rejects"])
        self.hold((orders, trades, volume, rejects) == due, "the day's counts", due)

    def orders_alive(self) -> list[Order]:
        """Orders that rest or wait, as told."""
        return [order for order in self.orders.values() if not order.done]
