"""A LOBSTER day as commands for a book, and what the tape determines of that book.

The book is seeded from the row after the first message: one order of our own per level and side.
From then on a message gives one command; an execution is an incoming opposite fill-and-kill order
at the execution price, which must meet the order that the tape names. Messages that name orders
from before the start take lots from the order of our own at their price.

**Determined.** The tape tells of events at the ten best levels only. A level published after
message i is determined if its price was no worse than the tenth published price after message
i - 1 (or that side had fewer than ten levels): then all that happened to it was on the tape, and
message i was the last of it. A level that has just come up from beyond the tenth is undetermined
in that one row: lots may have come and gone there unseen. Our book is then set right from the
published row, by the smallest change the rest of the tape allows, and the level is determined
from the next message on for as long as it is in view.

**Setting right.** Lots too many: first those of told orders that no later message names (they are
gone, or nobody will know), then of our own orders. Lots too few: one more order of our own at the
end of the queue.

**Time priority.** An execution must name the first order of the best level. Where another order
stands before it, that one goes behind, as an order of our own: at a doubtful level our queue was
a guess; anywhere else the tape contradicts price-time priority, and the play says where.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from twinex.tape import lobster
from twinex.tape.errors import TapeBroken
from twinex.tape.exact import price_text
from twinex.tape.lobster_ledger import Ledger, Level, Order
from twinex.venue.wire import codes

_SELL, _BUY = codes.SIDE_SELL, codes.SIDE_BUY
_SIDES = ((_SELL, 0, 1), (_BUY, 2, -1))  # side, its price column in a book, sign: less is better


@dataclass
class Counts:
    """How the day went, in events."""

    messages: Counter[int] = field(default_factory=Counter)  # by message type
    unknown: int = 0  # messages that name an order from before the start, or one entered unseen
    unseen_levels: int = 0  # came up with no order of ours: one of our own was entered
    resized_levels: int = 0  # came up with another size than ours: set right
    kept_levels: int = 0  # came up with the size our book had kept
    gone_levels: int = 0  # our book had kept a level that the tape passed over: cancelled
    refitted: int = 0  # a named order was not as our book had it, at a doubtful level
    requeued: int = 0  # orders of our book that stood before the executed one
    executions: int = 0  # visible executions
    in_turn: int = 0  # of those, the order named was first of the best level, as told


@dataclass(frozen=True)
class Play:
    """Commands for a whole day. `commands[:ends[i]]` make the book after message i."""

    commands: np.ndarray  # columns.COMMAND
    ends: np.ndarray  # int64, one for each message
    trades: np.ndarray  # columns.TRADE: what the commands trade, by price-time priority
    determined: np.ndarray  # bool (messages, 2, depth), asks first
    counts: Counts
    contradictions: list[str]  # where the tape contradicts price-time priority or itself


def determined_levels(books: np.ndarray) -> np.ndarray:
    """Which published levels the tape determines (see the module): bool (rows, 2, depth)."""
    known = np.zeros((len(books), 2, books.shape[1]), dtype=bool)
    for index, (_, column, sign) in enumerate(_SIDES):
        prices, sizes = books[:, :, column] * sign, books[:, :, column + 1]
        open_ended = sizes[:-1, -1:] == 0
        in_view = (sizes[1:] > 0) & (prices[1:] <= prices[:-1, -1:])
        known[1:, index] = open_ended | in_view
    return known


def player(day: lobster.BookDay) -> Play:
    """The whole day as commands. Raises TapeBroken if a message cannot be played."""
    return Player(day).run()


class Player:
    """Turns the messages of one day into commands, in tape order, once."""

    def __init__(self, day: lobster.BookDay) -> None:
        self.day = day
        self.determined = determined_levels(day.books)
        told = day.messages["order"][day.messages["type"] == lobster.NEW]
        self.ledger = Ledger(newest=int(told[0]) if len(told) else 0)
        self.counts = Counts()
        self.contradictions: list[str] = []
        self.hidden: tuple[set[int], set[int]] = (set(), set())  # our prices beyond the tenth
        self.future = _future_lots(day.messages)
        self.handlers: dict[int, Callable[..., None]] = {
            lobster.NEW: self._new,
            lobster.REDUCED: self._take,
            lobster.DELETED: self._take,
            lobster.EXECUTED: self._executed,
            lobster.EXECUTED_HIDDEN: self._hidden_execution,
            lobster.HALT: self._halt,
        }

    def run(self) -> Play:
        messages, books = self.day.messages.tolist(), self.day.books
        self._seed(messages[0])
        ends = [self.ledger.commands_count]
        moved = np.any(books[1:, :, ::2] != books[:-1, :, ::2], axis=(1, 2)).tolist()
        for index, message in enumerate(messages[1:], start=1):
            self.ledger.row, self.ledger.time_ns = index, message[0]
            self.counts.messages[message[1]] += 1
            self.handlers[message[1]](*message[1:])
            if moved[index - 1]:
                self._follow_view(index)
            ends.append(self.ledger.commands_count)
        return Play(
            self.ledger.commands(),
            np.array(ends, dtype=np.int64),
            self.ledger.trades(),
            self.determined,
            self.counts,
            self.contradictions,
        )

    def _seed(self, message: tuple[int, ...]) -> None:
        """Row 0 is the book after message 0, so that message is in it already."""
        self.ledger.time_ns = message[0]
        self._spend(message[2], message[3])
        for level in self.day.books[0].tolist():
            for side, column, _ in _SIDES:
                if level[column + 1]:
                    self.ledger.enter(side, level[column], level[column + 1])

    def _spend(self, number: int, quantity: int) -> None:
        if number in self.future:
            self.future[number] -= quantity

    def _new(self, _kind: int, number: int, quantity: int, price: int, side: int) -> None:
        if number in self.ledger.orders:
            raise TapeBroken(f"message {self.ledger.row}: order {number} is in the book already")
        self.ledger.enter(side, price, quantity, number)

    def _take(self, kind: int, number: int, quantity: int, price: int, side: int) -> None:
        """Types 2 and 3: lots leave without a trade."""
        level = self._level(number, quantity, price, side)
        named = self._named(level, kind, number, quantity)
        self._spend(number, quantity)
        for order in named:
            lots = min(quantity, order.remaining)
            self.ledger.reduce(order, lots)
            quantity -= lots
            if quantity == 0:
                break

    def _executed(self, kind: int, number: int, quantity: int, price: int, side: int) -> None:
        level = self._level(number, quantity, price, side)
        named = self._named(level, kind, number, quantity)
        in_turn = self._bring_forward(level, named)
        met = self.ledger.execute(level, quantity)
        assert all(order in named for order in met)
        self.counts.executions += 1
        self.counts.in_turn += in_turn
        self._spend(number, quantity)

    def _hidden_execution(self, *_message: int) -> None:
        """A hidden order was never in the book."""

    def _halt(self, _kind: int, _number: int, _quantity: int, price: int, _side: int) -> None:
        """Orders are taken again as soon as quotes resume; nothing trades before the tape says."""
        self.ledger.set_halt(price == lobster.HALT_BEGINS)

    def _level(self, number: int, quantity: int, price: int, side: int) -> Level:
        level = self.ledger.sides[side].get(price)
        if level is None or level.size < quantity:
            raise TapeBroken(
                f"message {self.ledger.row}: order {number} should have {quantity} lots at "
                f"{price_text(price)}; there are {level.size if level else 0}"
            )
        return level

    def _named(self, level: Level, kind: int, number: int, quantity: int) -> list[Order]:
        """The orders that stand for the one a message names: it, or our own at its price."""
        if number not in self.ledger.orders:
            self.counts.unknown += 1
        for attempt in range(2):
            order = self.ledger.orders.get(number)
            orders = level.own_for(number) if order is None else [order]
            lots = sum(order.remaining for order in orders)
            exact = kind == lobster.DELETED and order is not None
            if lots == quantity or (lots > quantity and not exact):
                return orders
            if attempt == 0:
                self._doubt(level, f"order {number} has {lots} lots, the tape takes {quantity}")
                self.counts.refitted += 1
                self._refit(level, level.size)
        raise TapeBroken(f"message {self.ledger.row}: order {number} cannot lose {quantity} lots")

    def _bring_forward(self, level: Level, named: list[Order]) -> bool:
        """Lots that stand before the executed order go behind it. True if there were none."""
        in_turn = level.head() in named
        while level.head() not in named:
            first = level.head()
            self._doubt(level, f"order {named[0].number} is executed before order {first.number}")
            self.counts.requeued += 1
            self.ledger.to_the_end(first)
        return in_turn

    def _doubt(self, level: Level, words: str) -> None:
        """A contradiction, if the tape had told every order of this level."""
        if not level.doubtful:
            self.contradictions.append(f"message {self.ledger.row}: {words}")

    def _follow_view(self, index: int) -> None:
        """Set right what came up from beyond the tenth level; remember what went out of view."""
        books = self.day.books
        for place, (side, column, sign) in enumerate(_SIDES):
            levels = self.ledger.sides[side]
            prices = books[index, :, column].tolist()
            published = dict(zip(prices, books[index, :, column + 1].tolist(), strict=True))
            hidden = self.hidden[place]
            known = self.determined[index, place]
            if not known.all():
                last = prices[-1] * sign if published[prices[-1]] else None
                passed = [price for price in hidden if last is None or price * sign <= last]
                for price in passed:
                    hidden.discard(price)
                    if price not in published:
                        self._gone(levels[price])
                for level in np.flatnonzero(~known).tolist():
                    if published[prices[level]]:
                        self._came_up(side, prices[level], published[prices[level]])
            before = books[index - 1, :, column].tolist()
            hidden.update(price for price in before if price in levels and price not in published)

    def _gone(self, level: Level) -> None:
        self.counts.gone_levels += 1
        for order in list(level.queue.values()):
            self.ledger.reduce(order, order.remaining)

    def _came_up(self, side: int, price: int, size: int) -> None:
        level = self.ledger.sides[side].get(price)
        if level is None:
            self.counts.unseen_levels += 1
            self.ledger.enter(side, price, size)
            return
        level.doubtful = True
        if level.size == size:
            self.counts.kept_levels += 1
        else:
            self.counts.resized_levels += 1
            self._refit(level, size)

    def _refit(self, level: Level, size: int) -> None:
        """Make the level's lots `size`, with told orders as large as later messages show them."""
        side, price = level.head().side, level.head().price
        shown = {order: min(order.remaining, self.future[order.number]) for order in level.told()}
        lots = sum(shown.values()) + sum(order.remaining for order in level.own())
        if lots < size:
            self.ledger.enter(side, price, size - lots)
        for order, kept in shown.items():
            if order.remaining > kept:
                self.ledger.reduce(order, order.remaining - kept)
        for order in level.own()[::-1] + level.told()[::-1]:
            surplus = min(level.size - size, order.remaining)
            if surplus > 0:
                self.ledger.reduce(order, surplus)
        level.doubtful = True


def _future_lots(messages: np.ndarray) -> Counter[int]:
    """Lots that messages take from each order, over the whole day."""
    kinds = (lobster.REDUCED, lobster.DELETED, lobster.EXECUTED)
    taking = messages[np.isin(messages["type"], kinds)]
    lots: Counter[int] = Counter()
    for number, quantity in zip(taking["order"].tolist(), taking["quantity"].tolist(), strict=True):
        lots[number] += quantity
    return lots
