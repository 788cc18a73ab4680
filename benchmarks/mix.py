"""exchange-core's mix of commands, written against the venue's own book.

Of a hundred commands 9 enter an order that rests, 3 take liquidity at once (fak), 6 cancel and 82
amend. A `Writer` drives a venue of its own: it looks at its tables, writes a few commands that name
orders that live, submits them, and looks again. So every amend and cancel names a live order, but
for those that a fill within the same few commands took away; what is written is the same for the
same seed. Nine of ten amends move the price, one reduces; one in 160 moves crosses the book.
Half the amends and cancels name their order by its client id, half by its order id.

`Market` says how large: resting orders spread over as many levels that three of four levels have
one (1,000 in 750). `hot`: nine of ten commands go to one order in a hundred, and these to the
hundredth of the levels next to the middle; without it all orders are alike.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from benchmarks.workload import EVERYTHING, MIDDLE, Stream, product_define
from twinex.venue.core.state import LIVE
from twinex.venue.sequencer import Frames
from twinex.venue.venue import Venue
from twinex.venue.wire import codes
from twinex.venue.wire.messages import encode, frame
from twinex.venue.wire.schema import COMMANDS, FRAME, HEADER_BYTES, SCHEMA_ID, union_view

SHARES = {"enter": 0.09, "take": 0.03, "cancel": 0.06, "amend": 0.82}
ENTER, TAKE, CANCEL, AMEND = range(4)
ACCOUNTS_A_MEMBER = 20
TICK = 100
BAND_AN_ORDER = 0.83  # levels on each side for every resting order
HOT_ONE_IN = 100
CROSSING_ONE_IN = 160
REDUCED_ONE_IN = 10
QUANTITY_MAX = 20
SEED = 20260105

_ENTER_LENGTH = HEADER_BYTES + COMMANDS["order_enter"].block_length
_CANCEL_LENGTH = HEADER_BYTES + COMMANDS["order_cancel"].block_length
_AMEND_LENGTH = HEADER_BYTES + COMMANDS["order_amend"].block_length
_FRAME_BYTES_MAX = 8 + ((max(_ENTER_LENGTH, _CANCEL_LENGTH, _AMEND_LENGTH) + 7) & ~7)
_DRAW_END = 1 << 62


class Market(NamedTuple):
    """How large the market is; `held`: lots that every account holds each way in every contract."""

    instruments: int = 1
    resting: int = 1_000
    accounts: int = 1_000
    held: int = 0

    @property
    def band(self) -> int:
        """Levels on each side of an instrument's middle where orders rest."""
        return max(4, int(BAND_AN_ORDER * self.resting / self.instruments))

    @property
    def chunk(self) -> int:
        """Commands that a writer writes before it looks at the book again."""
        return min(max(4, self.resting // 16), 4096)


class _Hand(NamedTuple):
    """What the writer remembers between commands, for compiled code."""

    band: int
    last_ids: np.ndarray  # of each member
    moved_in: np.ndarray  # by slot: the chunk in which the order was last moved or cancelled


def opening(market: Market) -> list[bytes]:
    """Frames of the day header, reference data, holdings and the open phase."""
    half = market.band + market.band // 100 + 10
    middle = max(MIDDLE, (half + 1) * TICK)
    prices = {"lower_limit": middle - half * TICK, "upper_limit": middle + half * TICK}
    prices["previous_settlement"] = middle
    instruments, accounts = range(1, market.instruments + 1), range(1, market.accounts + 1)
    messages = [encode("day_open", trading_day=20260105, market="OPEN")]
    messages.append(
        product_define(1, quantity_minimum=1, quantity_step=1, tick=TICK, multiplier=10)
    )
    messages += [
        encode("instrument_define", instrument=n, product_of=1, **prices) for n in instruments
    ]
    for member in range(1, _member_of(market.accounts) + 1):
        messages.append(encode("member_define", member=member, active=1, credit=1 << 60))
        messages.append(encode("seat_define", member=member, seat_number=member))
    rights = {"open_products": EVERYTHING, "close_products": EVERYTHING, "active": 1}
    messages += [
        encode("account_define", account=n, member=_member_of(n), **rights) for n in accounts
    ]
    if market.held:
        lots = {"long_yesterday": market.held, "short_yesterday": market.held}
        messages += [
            encode("position_set", account=a, instrument=n, **lots)
            for a in accounts
            for n in instruments
        ]
    messages.append(encode("phase_set", product=1, phase=codes.PHASE_CONTINUOUS))
    return [frame(0, message) for message in messages]


def _member_of(account: int) -> int:
    return (account - 1) // ACCOUNTS_A_MEMBER + 1


class Writer:
    """Writes the commands of one day, in order: `opening`, `filling`, then `traffic` as often."""

    def __init__(self, market: Market, seed: int = SEED) -> None:
        self.market = market
        self._generator = np.random.default_rng(seed)
        self._venue = Venue(clock=lambda: 1, keep=False)
        self._last_ids = np.zeros(_member_of(market.accounts) + 1, dtype=np.int64)
        self._moved_in = np.zeros(0, dtype=np.int64)
        self._chunks = 0
        frames = opening(market)
        self.opening, self.opening_commands = np.frombuffer(b"".join(frames), np.uint8), len(frames)
        self._venue.submit(self.opening)

    @property
    def levels(self) -> int:
        """Levels with orders now."""
        return int((self._venue.core.levels["head"] != 0).sum())

    @property
    def live_orders(self) -> int:
        return self._venue.statistics().live_orders

    @property
    def commands(self) -> int:
        """Written so far."""
        return self._venue.sequence

    @property
    def refused(self) -> int:
        return self._venue.statistics().rejects

    def close(self) -> None:
        self._venue.close()

    def filling(self) -> np.ndarray:
        """Frames (uint8) of as many orders as shall rest."""
        return self._write(np.full(self.market.resting, ENTER, dtype=np.uint8), 1 << 16, hot=False)

    def traffic(self, count: int, *, hot: bool = False) -> np.ndarray:
        """Frames (uint8) of `count` commands of the mix."""
        shares = list(SHARES.values())
        kinds = self._generator.choice(len(shares), size=count, p=shares).astype(np.uint8)
        return self._write(kinds, self.market.chunk, hot)

    def _write(self, kinds: np.ndarray, chunk: int, hot: bool) -> np.ndarray:
        draws = self._generator.integers(0, _DRAW_END, size=(len(kinds), 4))
        parts = []
        for start in range(0, len(kinds), chunk):
            part = self._write_chunk(
                kinds[start : start + chunk], draws[start : start + chunk], hot
            )
            self._venue.submit(part)
            parts.append(part)
        return np.concatenate(parts)

    def _write_chunk(self, kinds: np.ndarray, draws: np.ndarray, hot: bool) -> np.ndarray:
        core = self._venue.core
        if len(self._moved_in) != len(core.orders):
            self._moved_in = np.zeros(len(core.orders), dtype=np.int64)
        self._chunks += 1
        octets = np.zeros(len(kinds) * _FRAME_BYTES_MAX + FRAME.itemsize & ~7, dtype=np.uint8)
        frames = Frames(octets.view(np.int64), union_view(octets, FRAME))
        hand = _Hand(self.market.band, self._last_ids, self._moved_in)
        length = _write(core, frames, self.market, hand, kinds, draws, self._chunks, hot)
        return octets[:length]


def stream(count: int, market: Market, seed: int = SEED) -> tuple[Stream, dict[str, int]]:
    """`count` commands of the mix; what stands when they begin belongs to the opening.

    The figures: live orders and levels with orders when they begin and when they end.
    """
    writer = Writer(market, seed)
    head = np.concatenate([writer.opening, writer.filling(), writer.traffic(market.resting)])
    figures = {"resting_orders": writer.live_orders, "levels_with_orders": writer.levels}
    body = writer.traffic(count)
    figures["resting_orders_after"] = writer.live_orders
    writer.close()
    return Stream(head, writer.opening_commands + 2 * market.resting, body, count), figures


@njit(nogil=True)
def _write(core, frames, market, hand, kinds, draws, chunk, hot):
    """One command for each of `kinds`; bytes written."""
    place = 0
    for row in range(len(kinds)):
        frame = frames.frames[place >> 3]
        kind, draw = kinds[row], draws[row]
        is_hot = hot and draw[3] % 10 != 0
        slot = 0
        if kind != ENTER:
            slot = _pick(core, hand, draw[0], chunk, is_hot)
        if slot == 0:
            length = _enter(core, frame, market, hand, draw, is_hot)
        elif kind == TAKE:
            length = _take(core, frame, market, hand, draw, slot)
        else:
            length = _name(core, frame, hand, draw, slot, kind, is_hot, chunk)
        frame["length"] = length
        place += 8 + ((length + 7) & ~7)
    return place


@njit(nogil=True)
def _pick(core, hand, draw, chunk, is_hot):
    """A live order that this chunk has not moved; 0 if none is found soon."""
    high = core.now[0]["order_high"]
    for _ in range(64):
        slot = 1 + draw % max(high, 1)
        if is_hot:
            slot = 1 + (slot - 1) // HOT_ONE_IN * HOT_ONE_IN
        if core.orders[slot]["flags"] & LIVE != 0 and hand.moved_in[slot] != chunk:
            return slot
        draw = (
            (draw & 0x7FFFFFFF) * 1103515245 + (draw >> 31) + 12345
        )  # fits: overflow is undefined
    return 0


@njit(nogil=True)
def _head(frame, template, length, seat, hand):
    """Header and a fresh client id of the seat's member."""
    frame["seat"] = seat
    frame["block_length"] = length - HEADER_BYTES
    frame["template_id"] = template
    frame["schema_id"] = SCHEMA_ID
    hand.last_ids[seat] += 1
    frame["client_id"] = hand.last_ids[seat]


@njit(nogil=True)
def _price(core, hand, instrument, side, draw, is_hot):
    """A price on the own side of the middle, buys below it."""
    band = hand.band // HOT_ONE_IN + 1 if is_hot else hand.band
    row = core.instruments[instrument]
    middle = row["lower"] + row["ranks"] // 2 * row["tick"]
    away = draw % band
    return middle - (1 + away) * TICK if side == 0 else middle + away * TICK


@njit(nogil=True)
def _enter(core, frame, market, hand, draw, is_hot):
    """An order that rests."""
    account = 1 + (draw[1] >> 8) % market.accounts
    _head(frame, codes.ORDER_ENTER, _ENTER_LENGTH, (account - 1) // ACCOUNTS_A_MEMBER + 1, hand)
    side = draw[1] & 1
    instrument = 1 + (draw[0] >> 8) % market.instruments
    frame["account"] = account
    frame["instrument"] = instrument
    frame["side"] = side
    frame["price"] = _price(core, hand, instrument, side, draw[2], is_hot)
    frame["quantity"] = 1 + (draw[3] >> 8) % QUANTITY_MAX
    if market.held > 0 and (draw[3] >> 20) % 5 < 2:
        frame["offset"] = codes.OFFSET_CLOSE
    return _ENTER_LENGTH


@njit(nogil=True)
def _take(core, frame, market, hand, draw, slot):
    """A fak order against the side of order `slot`: more than usual while too many rest."""
    account = 1 + (draw[1] >> 8) % market.accounts
    _head(frame, codes.ORDER_ENTER, _ENTER_LENGTH, (account - 1) // ACCOUNTS_A_MEMBER + 1, hand)
    order = core.orders[slot]
    instrument = core.instruments[order["instrument"]]
    frame["account"] = account
    frame["instrument"] = order["instrument"]
    frame["side"] = 1 - order["side"]
    frame["price"] = instrument["upper"] if order["side"] == 1 else instrument["lower"]
    frame["time_in_force"] = codes.TIME_FAK
    frame["quantity"] = 1 + draw[2] % 3
    if core.now[0]["live_orders"] > market.resting:
        frame["quantity"] = QUANTITY_MAX // 2 + draw[2] % (2 * QUANTITY_MAX)
    return _ENTER_LENGTH


@njit(nogil=True)
def _name(core, frame, hand, draw, slot, kind, is_hot, chunk):
    """A cancel or amend of order `slot`."""
    order = core.orders[slot]
    seat = (order["account"] - 1) // ACCOUNTS_A_MEMBER + 1
    length = _CANCEL_LENGTH if kind == CANCEL else _AMEND_LENGTH
    template = codes.ORDER_CANCEL if kind == CANCEL else codes.ORDER_AMEND
    _head(frame, template, length, seat, hand)
    if draw[1] & 1 != 0:
        frame["order_id"] = order["order_id"]
    else:
        frame["target_client_id"] = order["client_id"]
    if kind == AMEND:
        _change(core, frame, hand, draw, order, is_hot)
    hand.moved_in[slot] = chunk
    return length


@njit(nogil=True)
def _change(core, frame, hand, draw, order, is_hot):
    """Another price, or at the same price fewer lots."""
    side = np.int64(order["side"])
    if draw[1] % REDUCED_ONE_IN == 0:
        instrument = core.instruments[order["instrument"]]
        away = order["rank"] * instrument["tick"]
        price = instrument["upper"] - away if side == 0 else instrument["lower"] + away
        frame["new_price"] = price
        frame["new_quantity"] = order["quantity"] - order["remaining"] // 2
        return
    if (draw[1] >> 8) % CROSSING_ONE_IN == 0:
        side = 1 - side
    frame["new_price"] = _price(core, hand, order["instrument"], side, draw[2], is_hot)
    frame["new_quantity"] = order["quantity"]
