"""Adversarial days at some million commands a second: NumPy over the frames of a `Pool`.

    day = FastDay(seed, count=100_000)
    day.opening                       # list of (seat, message)
    for frames in day.body(): ...     # uint8, a block of whole frames each
    day.closing                       # list of (seat, message)

It needs no answers: an order id is its command's sequence * 1024 + leg, and sequences are counted
here. Cancels and amends name recent orders of their member, by order id or client id; some commands
are sent twice; some fields are extremes. Few accounts, few ticks: much trades, limits bite.
"""

from collections.abc import Iterator

import numpy as np
from checkers.days import TRADING_DAY, Command
from checkers.wire import BY_NAME

from simulation.pool import Pool, closing

BLOCK = 1 << 14
BETWEEN = (50, 500)  # commands between two bundles
CALL = (10, 120)  # commands of a call auction
FITTING_SHARE = 0.7  # of the commands of a call: entries into its product
CALLS_SHARE = 0.6  # of the bundles
KNOWN = 64  # orders of a member that are remembered from block to block
_ENTER, _CANCEL, _AMEND, _STOP = (
    BY_NAME[name][0] for name in ("order_enter", "order_cancel", "order_amend", "stop_enter")
)
_QUOTES = tuple(BY_NAME[name][0] for name in ("quote_enter", "mass_quote"))
_DEALS = tuple(BY_NAME[name][0] for name in ("trade_bust", "trade_correct"))
_MEMBER_LAST = 19
_LEGS = 1024
_BACK = 200  # commands between one and its repeat, at most
_TRADES_A_COMMAND = 0.6  # about; trade ids are guessed
_EXTREMES = np.array(
    [0, 1, -1, (1 << 63) - 1, -(1 << 63), 1 << 62, (1 << 31) - 1, -(1 << 31), 1 << 32], np.int64
)
# Words of a frame: its head, the message's head, then the block.
_CLIENT, _NAMES, _PRICE, _LOTS, _SHOWN, _TARGET_ID, _TARGET_CLIENT = 2, 3, 4, 5, 7, 3, 4
_TERMS = 6  # side, kind, time in force, … : a byte each
_OFFSET = 0xFF << 24
_RESTING_TIMES = (0, 3, 4)
_LOW = 0xFFFFFFFF


class FastDay:
    """The day of a seed: the same seed, count and first sequence give the same bytes."""

    def __init__(
        self,
        seed: int,
        count: int,
        first_sequence: int = 1,
        opening: list[Command] | None = None,
        trading_day: int = TRADING_DAY,
    ) -> None:
        """`opening`: what a day before leaves to this one (`night.opening`), for the seed's own."""
        self.pool = Pool(seed, first_sequence)
        self.opening = self.pool.opening if opening is None else opening
        self.closing = closing(self.pool.day, trading_day)
        self.count, self._first = count, first_sequence
        self._sequence = first_sequence + len(self.opening)  # of the next command
        self._random = np.random.default_rng(seed)
        self._left = 0  # commands until the next bundle
        members = self.pool.day.members
        self._members = len(members)
        self._known = {member: np.zeros((0, 3), np.int64) for member in members}
        numbers = [*self.pool.day.instruments, *self.pool.day.combinations]
        self._ticks = np.ones(max(numbers) + 2, np.int64)
        for number in numbers:
            self._ticks[number] = self.pool.day.tick_of(number)

    def body(self) -> Iterator[np.ndarray]:
        """Blocks of frames, `count` commands in all."""
        done = 0
        while done < self.count:
            rows = self._rows(min(BLOCK, self.count - done))
            yield self._block(rows).view(np.uint8)
            self._sequence += len(rows)
            done += len(rows)

    def _rows(self, count: int) -> np.ndarray:
        """Rows of the pool: drawn ones, and whole bundles among them."""
        parts, total = [], 0
        while total < count:
            if self._left == 0:
                parts.append(self._bundle())
            else:
                size = min(self._left, count - total)
                parts.append(self._random.integers(0, self.pool.drawn, size))
                self._left -= size
            total += len(parts[-1])
        return np.concatenate(parts)

    def _bundle(self) -> np.ndarray:
        """Rows that open the market again, or that hold an auction, entries before its match."""
        draw = self._random
        if draw.random() < CALLS_SHARE:
            product, count = int(draw.integers(len(self.pool.calls))), int(draw.integers(*CALL))
            call, match = self.pool.calls[product]
            entries = draw.integers(0, self.pool.drawn, count)
            fitting = draw.choice(self.pool.entries[product], count)
            entries = np.where(draw.random(count) < FITTING_SHARE, fitting, entries)
            self._left = int(draw.integers(*BETWEEN))
            return np.concatenate([np.array(call), entries, np.array(match)])
        self._left = int(draw.integers(*BETWEEN))
        return np.array(self.pool.bundles[int(draw.integers(len(self.pool.bundles)))])

    def _block(self, rows: np.ndarray) -> np.ndarray:
        """Their words, with ids, targets, prices and sizes of this place in the day."""
        draw, pool = self._random, self.pool
        lengths = pool.lengths[rows]
        places = np.cumsum(lengths) - lengths
        sources = np.repeat(pool.starts[rows] - places, lengths)
        words = pool.words[sources + np.arange(len(sources))]
        templates, seats = pool.templates[rows], pool.seats[rows]
        members = (seats - 1) % self._members + 1
        sequences = self._sequence + np.arange(len(rows))
        is_member = (templates <= _MEMBER_LAST) & (lengths > _CLIENT) & (seats != 0)
        fresh = np.flatnonzero(is_member & (draw.random(len(rows)) < 0.985))
        words[places[fresh] + _CLIENT] = sequences[fresh] + (1 << 20)
        self._vary_orders(words, rows, places, members)
        client_ids = np.where(is_member, words[places + np.minimum(_CLIENT, lengths - 1)], 0)
        targeted = np.where(lengths > _TARGET_CLIENT, templates, 0)
        self._name_targets(words, places, targeted, members, sequences, client_ids)
        deals = np.flatnonzero(np.isin(templates, _DEALS) & (lengths > _CLIENT))
        most = max(2, int((self._sequence - self._first) * _TRADES_A_COMMAND))
        words[places[deals] + _CLIENT] = draw.integers(1, most, len(deals))
        self._strew(words, places, lengths)
        self._repeat(words, rows, places, lengths)
        return words

    def _vary_orders(
        self, words: np.ndarray, rows: np.ndarray, places: np.ndarray, members: np.ndarray
    ) -> None:
        """Other prices, sizes and accounts for orders and stops of the pool."""
        draw, templates = self._random, self.pool.templates[rows]
        whole = (templates == _ENTER) & (self.pool.lengths[rows] == 8)
        found = np.flatnonzero(whole | ((templates == _STOP) & (self.pool.lengths[rows] == 10)))
        at, names = places[found], words[places[found] + _NAMES]
        numbers, prices = names & _LOW, words[at + _PRICE]
        ticks = self._ticks[np.where(numbers < len(self._ticks), numbers, 0)]
        usual = (prices != 0) & (np.abs(prices) < 1 << 40) & (draw.random(len(found)) < 0.7)
        words[at + _PRICE] = prices + np.where(usual, ticks * draw.integers(-2, 3, len(at)), 0)
        shown = words[at + _SHOWN] & _LOW
        accounts = members[found] + self._members * (draw.random(len(found)) < 0.5)
        changed = draw.random(len(found)) < 0.5
        words[at + _NAMES] = np.where(changed, numbers | accounts << 32, names)
        lots = draw.choice([2, 4, 4, 4, 4, 6, 8, 8, 12, 20, 1, 3], len(found))
        sizes = words[at + _LOTS]
        plain = (draw.random(len(found)) < 0.5) & (sizes >> 32 == 0) & (shown == 0)
        words[at + _LOTS] = np.where(plain, lots, sizes)
        opens = draw.random(len(found)) < 0.4
        words[at + _TERMS] = np.where(opens, words[at + _TERMS] & ~_OFFSET, words[at + _TERMS])

    def _name_targets(
        self,
        words: np.ndarray,
        places: np.ndarray,
        templates: np.ndarray,
        members: np.ndarray,
        sequences: np.ndarray,
        client_ids: np.ndarray,
    ) -> None:
        """Cancels and amends name what their member entered lately; some keep the pool's target."""
        draw = self._random
        is_quote = np.isin(templates, _QUOTES)
        terms = words[places + np.where(templates == _ENTER, _TERMS, 0)]
        may_rest = (terms >> 8 & 0xFF == 0) & np.isin(terms >> 16 & 0xFF, _RESTING_TIMES)
        is_entry = (templates == _ENTER) & may_rest | (templates == _STOP) | is_quote
        names = (templates == _CANCEL) | (templates == _AMEND)
        names &= draw.random(len(names)) < 0.93
        legs = np.where(is_quote, draw.integers(0, 4, len(names)), 0)
        entered = np.stack([sequences, sequences * _LEGS + legs, client_ids], axis=1)
        for member, before in self._known.items():
            own = members == member
            known = np.concatenate([before, entered[own & is_entry]])
            wanted = np.flatnonzero(own & names)
            self._known[member] = known[-KNOWN:]
            if not len(known) or not len(wanted):
                continue
            back = draw.geometric(0.12, len(wanted))
            chosen = known[np.maximum(0, np.searchsorted(known[:, 0], sequences[wanted]) - back)]
            by_client = draw.random(len(wanted)) < 0.3
            by_client &= words[places[wanted] + 1] & 0xFFFF >= 24
            at = places[wanted]
            words[at + _TARGET_ID] = np.where(by_client, 0, chosen[:, 1])
            words[at + _TARGET_CLIENT] = np.where(by_client, chosen[:, 2], 0)

    def _strew(self, words: np.ndarray, places: np.ndarray, lengths: np.ndarray) -> None:
        """An extreme in a word of a block, here and there; headers stay."""
        draw = self._random
        chosen = np.flatnonzero((draw.random(len(places)) < 0.004) & (lengths > _CLIENT))
        inside = _CLIENT + draw.integers(0, lengths[chosen] - _CLIENT)
        words[places[chosen] + inside] = draw.choice(_EXTREMES, len(chosen))

    def _repeat(
        self, words: np.ndarray, rows: np.ndarray, places: np.ndarray, lengths: np.ndarray
    ) -> None:
        """The bytes of an earlier command again, sometimes with another one in its last word."""
        draw = self._random
        for place in np.flatnonzero(draw.random(len(rows)) < 0.01).tolist():
            first = max(0, place - _BACK)
            alike = first + np.flatnonzero(lengths[first:place] == lengths[place])
            if len(alike):
                earlier, size = int(draw.choice(alike)), int(lengths[place])
                source, target = int(places[earlier]), int(places[place])
                words[target : target + size] = words[source : source + size]
                if draw.random() < 0.3:
                    words[target + size - 1] ^= 1
