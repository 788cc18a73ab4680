"""Command streams for benchmarks: seeded, vectorised, with every reject reason in them.

`stream(count)` gives framed commands of a market of our own (`markets/open.toml` rules): resting
and crossing orders, opening and closing, cancels and amends over several instruments, members and
accounts, and among them one command for every reject reason of the spec, again and again.
"""

import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numba import njit

from twinex.venue.wire import codes
from twinex.venue.wire.messages import encode, frame, frame_array

SEED = 20260105
MEMBERS = 50
ACCOUNTS_A_MEMBER = 20
INSTRUMENTS = 20
TICK = 2000
LOWER, UPPER = 36_000_000, 44_000_000
MIDDLE = (LOWER + UPPER) // 2
HELD = 100_000  # lots each way
TRADED_TICKS = 4  # orders nearer to the middle than this mostly trade
ONE_IN_REJECTED = 25  # every 25th command is refused on purpose

# Products: 1 trades; 2 holds still in a phase without entry; 3 collects for an auction; 4 has few
# capabilities; 5 takes no cancels. Instruments 1..INSTRUMENTS belong to 1, the next four to 2..5;
# the last is halted.
STILL, AUCTION, PLAIN, NO_CANCEL, HALTED = range(INSTRUMENTS + 1, INSTRUMENTS + 6)
EVERYTHING = 0b111110


class Stream(NamedTuple):
    """Framed commands: `opening` sets the market up, `body` is what is timed (uint8)."""

    opening: np.ndarray
    opening_commands: int
    body: np.ndarray
    body_commands: int

    @property
    def frames(self) -> np.ndarray:
        """Both, one after the other."""
        return np.concatenate([self.opening, self.body])

    @property
    def commands(self) -> int:
        return self.opening_commands + self.body_commands

    def starts(self) -> np.ndarray:
        """Byte of the body at which each frame begins, and the body's length (int64)."""
        return np.append(frame_offsets(self.body), len(self.body))

    def pieces(self, commands: int) -> list[np.ndarray]:
        """The body in pieces of so many commands; the last may be shorter."""
        return pieces_of(self.body, commands)


def pieces_of(frames: np.ndarray, commands: int) -> list[np.ndarray]:
    """Frames in pieces of so many commands; the last may be shorter."""
    bounds = [*frame_offsets(frames)[::commands].tolist(), len(frames)]
    return [frames[start:end] for start, end in itertools.pairwise(bounds)]


def frame_offsets(frames: np.ndarray) -> np.ndarray:
    """Byte at which each frame begins (int64)."""
    words = np.ascontiguousarray(frames).view(np.int64)
    starts = np.zeros(len(words), dtype=np.int64)
    return starts[: _walk(words, starts)]


@njit
def _walk(words, starts):
    """Fill `starts` with the bytes at which frames begin; how many there are."""
    place = count = 0
    while place < len(words):
        starts[count] = place << 3
        count += 1
        place += 1 + (((words[place] & 0xFFFFFFFF) + 7) >> 3)
    return count


def product_define(number: int, **changes: Any) -> bytes:
    fields: dict[str, Any] = {
        "product": number,
        "product_name": f"P{number}",
        "price_rule": codes.PRICE_RULE_MIDDLE,
        "limit_priority": codes.PRIORITY_CLOSING_FIRST,
        "offset_rule": codes.OFFSET_RULE_OPEN_CLOSE,
        "kinds_allowed": 15,
        "times_allowed": 7,
        "amend_allowed": 1,
        "protection_allowed": 0,
        "minimum_allowed": 1,
        "funds_checked": 1,
        "tick": TICK,
        "multiplier": 300,
        "quantity_minimum": 2,
        "quantity_maximum_limit": 100,
        "quantity_maximum_market": 50,
        "quantity_step": 2,
        "position_limit": 100_000_000,
    }
    return encode("product_define", **(fields | changes))


def _instrument(number: int, product: int, **changes: Any) -> bytes:
    fields: dict[str, Any] = {
        "instrument": number,
        "product_of": product,
        "symbol": f"I{number}",
        "lower_limit": LOWER,
        "upper_limit": UPPER,
        "previous_settlement": MIDDLE,
    }
    return encode("instrument_define", **(fields | changes))


def opening() -> list[tuple[int, bytes]]:
    """The day header, reference data and phases: (seat, message)."""
    messages = [
        encode("day_open", trading_day=20260105, schema_version=0, market="OPEN"),
        encode("day_open", trading_day=20260105),  # DAY_ALREADY_OPEN
        product_define(1),
        product_define(2),
        product_define(3),
        product_define(
            4,
            kinds_allowed=1,
            times_allowed=1,
            offset_rule=codes.OFFSET_RULE_TODAY_YESTERDAY,
            amend_allowed=0,
            position_limit=10,
        ),
        product_define(5),
    ]
    messages += [_instrument(number, 1) for number in range(1, INSTRUMENTS + 1)]
    messages += [_instrument(INSTRUMENTS + product - 1, product) for product in (2, 3, 4, 5)]
    messages.append(_instrument(HALTED, 1))
    for member in range(1, MEMBERS + 2):
        credit = 1 << 58 if member <= MEMBERS else 1
        messages.append(encode("member_define", member=member, active=1, credit=credit))
        messages.append(encode("seat_define", member=member, seat_number=member))
    messages.append(encode("member_define", member=MEMBERS + 2, active=0))
    messages.append(encode("seat_define", member=MEMBERS + 2, seat_number=MEMBERS + 2))
    rights = {"open_products": EVERYTHING, "close_products": EVERYTHING, "active": 1}
    for account in range(1, MEMBERS * ACCOUNTS_A_MEMBER + 1):
        member = (account - 1) // ACCOUNTS_A_MEMBER + 1
        messages.append(encode("account_define", account=account, member=member, **rights))
    poor, idle, closing, barred = (MEMBERS * ACCOUNTS_A_MEMBER + n for n in (1, 2, 3, 4))
    messages.append(encode("account_define", account=poor, member=MEMBERS + 1, **rights))
    messages.append(encode("account_define", account=idle, member=1, **(rights | {"active": 0})))
    close_only = rights | {"open_products": 0}
    messages.append(encode("account_define", account=closing, member=1, **close_only))
    messages.append(encode("account_define", account=barred, member=1, active=1))
    messages += _held()
    messages.append(encode("phase_set", product=1, phase=codes.PHASE_CONTINUOUS))
    messages.append(encode("phase_set", product=3, phase=codes.PHASE_AUCTION_ORDERING))
    messages.append(encode("phase_set", product=4, phase=codes.PHASE_CONTINUOUS))
    messages.append(encode("phase_set", product=5, phase=codes.PHASE_AUCTION_NO_CANCEL))
    messages.append(encode("halt_set", instrument=HALTED, halted=1))
    return [(0, message) for message in messages]


def _held() -> list[bytes]:
    """What every account holds from the days before: enough to close all day."""
    return [
        encode(
            "position_set",
            account=account,
            instrument=instrument,
            long_yesterday=HELD,
            short_yesterday=HELD,
        )
        for account in range(1, MEMBERS * ACCOUNTS_A_MEMBER + 1)
        for instrument in range(1, INSTRUMENTS + 1)
    ]


def _bad(turn: int) -> Iterator[tuple[int, bytes]]:
    """One command for every reject reason that a market day can meet, with fresh ids of `turn`."""
    ids = iter(range((1 << 40) + turn * 100, (1 << 40) + turn * 100 + 100))
    poor, idle, closing, barred = (MEMBERS * ACCOUNTS_A_MEMBER + n for n in (1, 2, 3, 4))

    def enter(seat: int = 1, **changes: Any) -> tuple[int, bytes]:
        fields: dict[str, Any] = {
            "client_id": next(ids),
            "instrument": 1,
            "account": 1,
            "price": LOWER,
            "quantity": 2,
        }
        return seat, encode("order_enter", **(fields | changes))

    unknown = bytearray(encode("order_cancel", client_id=next(ids)))
    unknown[2:4] = (77).to_bytes(2, "little")
    yield 1, bytes(unknown)
    short = bytearray(encode("order_cancel", client_id=next(ids)))
    short[0:2] = (16).to_bytes(2, "little")
    yield 1, bytes(short[:24])
    yield enter(seat=9_999)
    yield 1, encode("phase_set", phase=codes.PHASE_CLOSED)
    yield enter(client_id=0)
    first = next(ids)
    kept = enter(client_id=first, instrument=NO_CANCEL)
    yield kept
    yield kept  # repeated
    yield enter(client_id=first, quantity=4)
    yield enter(seat=MEMBERS + 2)
    yield enter(account=0)
    yield enter(account=idle)
    yield enter(instrument=9_999)
    yield enter(account=barred)
    yield enter(account=closing)
    yield enter(instrument=HALTED)
    yield enter(instrument=STILL)
    yield 1, encode("order_cancel", client_id=next(ids), target_client_id=first)
    yield enter(instrument=AUCTION, kind=codes.KIND_MARKET, price=0)
    yield enter(side=9)
    yield enter(instrument=PLAIN, kind=codes.KIND_BEST, price=0)
    yield enter(instrument=PLAIN, time_in_force=codes.TIME_FOK)
    yield enter(offset=codes.OFFSET_CLOSE_TODAY)
    yield enter(minimum_quantity=1)
    yield enter(price=MIDDLE + 1)
    yield enter(price=UPPER + TICK)
    yield enter(price=LOWER - TICK)
    yield enter(kind=codes.KIND_MARKET)
    yield enter(quantity=1)
    yield enter(quantity=102)
    yield enter(quantity=3)
    yield enter(account=2, offset=codes.OFFSET_CLOSE, hedge=1)
    yield enter(instrument=PLAIN, offset=codes.OFFSET_CLOSE_TODAY)
    yield enter(instrument=PLAIN, offset=codes.OFFSET_CLOSE)
    yield enter(instrument=PLAIN, quantity=12)
    yield enter(seat=MEMBERS + 1, account=poor)
    yield 1, encode("order_cancel", client_id=next(ids), target_client_id=1 << 50)
    done = next(ids)
    yield enter(client_id=done, time_in_force=codes.TIME_FAK)
    yield 1, encode("order_cancel", client_id=next(ids), target_client_id=done)
    plain = next(ids)
    yield enter(client_id=plain, instrument=PLAIN)
    amend = {"target_client_id": plain, "new_price": LOWER, "new_quantity": 2}
    yield 1, encode("order_amend", client_id=next(ids), **amend)
    yield 1, encode("order_cancel", client_id=next(ids), target_client_id=plain)
    yield 0, encode("credit_set", member=1, credit=-1)
    yield 0, encode("credit_set", member=900_000, credit=1)
    yield 0, product_define(1)
    yield 0, encode("phase_set", product=1, phase=codes.PHASE_AUCTION_MATCH)
    yield 0, encode("limits_set", instrument=PLAIN, lower_limit=UPPER, upper_limit=LOWER)
    yield 0, encode("day_open", trading_day=20260105)


def bad_commands(turn: int) -> list[bytes]:
    """The frames of `_bad`."""
    return [frame(seat, message) for seat, message in _bad(turn)]


def _traffic(count: int, generator: np.random.Generator) -> list[np.ndarray]:
    """`count` good commands as rows of bytes: 50% rest, 13% cross, 30% cancel, 7% amend."""
    kind = generator.choice(4, size=count, p=[0.50, 0.13, 0.30, 0.07])
    member = generator.integers(1, MEMBERS + 1, size=count)
    client_id = _count_by(member)
    enters = frame_array("order_enter", count)
    enters["seat"], enters["client_id"] = member, client_id
    enters["instrument"] = generator.integers(1, INSTRUMENTS + 1, size=count)
    own = generator.integers(0, ACCOUNTS_A_MEMBER, size=count)
    enters["account"] = (member - 1) * ACCOUNTS_A_MEMBER + own + 1
    side = generator.integers(0, 2, size=count)
    away = generator.geometric(0.1, size=count).clip(1, 900)
    away = np.where(kind == 1, -generator.geometric(0.3, size=count).clip(1, 20), away)
    enters["side"] = side
    enters["price"] = MIDDLE + np.where(side == 0, -away, away) * TICK
    enters["quantity"] = 2 * generator.geometric(0.25, size=count).clip(1, 25)
    crossing = kind == 1
    enters["time_in_force"] = np.where(crossing, generator.integers(0, 2, size=count), 0)
    market = crossing & (generator.random(count) < 0.3)
    enters["kind"] = np.where(market, generator.integers(1, 4, size=count), 0)
    enters["time_in_force"] = np.where(market, codes.TIME_FAK, enters["time_in_force"])
    enters["price"] = np.where(market, 0, enters["price"])
    enters["offset"] = np.where(generator.random(count) < 0.4, codes.OFFSET_CLOSE, 0)
    target = _targets(kind, member, client_id, (kind == 0) & (away > TRADED_TICKS), generator)
    cancels, amends = frame_array("order_cancel", count), frame_array("order_amend", count)
    for array in (cancels, amends):
        array["seat"], array["client_id"] = member, client_id
        array["target_client_id"] = target
    amends["new_quantity"] = 2 * generator.integers(1, 20, size=count)
    amends["new_price"] = MIDDLE + np.where(side == 0, -away, away) * TICK
    return [enters, cancels, amends, kind]


def _count_by(member: np.ndarray) -> np.ndarray:
    """1, 2, 3 ... for each member, in order."""
    order = np.argsort(member, kind="stable")
    result = np.empty(len(member), dtype=np.int64)
    starts = np.searchsorted(member[order], np.arange(member.max() + 2))
    result[order] = np.arange(len(member)) - starts[member[order]] + 1
    return result


def _targets(
    kind: np.ndarray,
    member: np.ndarray,
    client_id: np.ndarray,
    stays: np.ndarray,
    generator: np.random.Generator,
) -> np.ndarray:
    """For each row the client id of a resting order of its member.

    Cancels go through the orders from the oldest on, each once; amends name younger ones. Both keep
    to orders that rest some ticks away (`stays`), so that few have traded before. So the book stays
    about as large, and few rows name an order that is already gone.
    """
    result = np.ones(len(member), dtype=np.int64)
    for number in range(1, int(member.max()) + 1):
        rows = np.flatnonzero(member == number)
        entered = np.flatnonzero(stays[rows])
        if len(entered) == 0:
            continue
        turn = np.cumsum(kind[rows] == 2) - 1
        turn = np.where(turn % 2 == 0, turn + 1, turn - 1)  # neighbours change places
        younger = turn + generator.integers(3, 30, size=len(rows))
        turn = np.where(kind[rows] == 3, younger, turn)
        result[rows] = client_id[rows[entered[turn.clip(0, len(entered) - 1)]]]
    return result


def _closing() -> list[tuple[int, bytes]]:
    """The day ends, and one order comes after it (DAY_NOT_OPEN)."""
    late = encode("order_enter", client_id=1 << 50, instrument=1, account=1, price=LOWER)
    return [
        (0, encode("phase_set", phase=codes.PHASE_CLOSED)),
        (0, encode("day_end", trading_day=20260105, alone=1)),
        (1, late),
    ]


def _merged(count: int, bad: list[bytes], generator: np.random.Generator) -> tuple[np.ndarray, int]:
    """`count` commands of good traffic, one of `bad` before every `ONE_IN_REJECTED`th; how many."""
    enters, cancels, amends, kind = _traffic(count, generator)
    rows = [array.view(np.uint8).reshape(count, -1) for array in (enters, cancels, amends)]
    sizes = np.array([rows[0].shape[1], rows[0].shape[1], rows[1].shape[1], rows[2].shape[1]])
    every = ONE_IN_REJECTED - 1
    places = np.arange(every, count, every)[: len(bad)]
    inserted = np.zeros(count, dtype=np.int64)
    inserted[places] = [len(one) for one in bad[: len(places)]]
    lengths = sizes[kind]
    offsets = np.cumsum(lengths + inserted) - lengths
    merged = np.zeros(int((lengths + inserted).sum()), dtype=np.uint8)
    for number, source in ((0, rows[0]), (1, rows[0]), (2, rows[1]), (3, rows[2])):
        chosen = np.flatnonzero(kind == number)
        width = source.shape[1]
        merged[offsets[chosen, None] + np.arange(width)] = source[chosen]
    for place, one in zip(places.tolist(), bad, strict=False):
        end = int(offsets[place])
        merged[end - len(one) : end] = np.frombuffer(one, dtype=np.uint8)
    return merged, count + len(places)


def stream(count: int, seed: int = SEED) -> Stream:
    """The opening; about `count` commands, one in `ONE_IN_REJECTED` refused on purpose; the end."""
    head = b"".join(frame(seat, message) for seat, message in opening())
    turns = count // ((ONE_IN_REJECTED - 1) * len(bad_commands(0))) + 1
    bad = [one for turn in range(turns) for one in bad_commands(turn)]
    merged, commands = _merged(count, bad, np.random.default_rng(seed))
    tail = b"".join(frame(seat, message) for seat, message in _closing())
    body = np.concatenate([merged, np.frombuffer(tail, dtype=np.uint8)])
    opened = np.frombuffer(head, dtype=np.uint8)
    return Stream(opened, len(opening()), body, commands + len(_closing()))
