"""Our trades and books against the exchange's: how many agree, the first difference in words."""

from dataclasses import dataclass, field

import numpy as np

from twinex.tape.columns import PHASE_WORDS
from twinex.tape.exact import price_text

TRADE_FIELDS = ("buyer", "seller", "price", "quantity")
SIDE_WORDS = ("ask", "bid")


@dataclass
class Result:
    """What a comparison found. `ok` is false once there is any difference; `wrong` are the places
    of the lines that tell of one."""

    ok: bool = True
    lines: list[str] = field(default_factory=list)
    wrong: set[int] = field(default_factory=set)

    def note(self, line: str, ok: bool = True) -> None:
        if not ok:
            self.wrong.add(len(self.lines))
        self.lines.append(line)
        self.ok = self.ok and ok

    def add(self, other: "Result") -> None:
        """Take over another comparison's lines and verdict."""
        self.wrong |= {len(self.lines) + place for place in other.wrong}
        self.lines += other.lines
        self.ok = self.ok and other.ok


def compare_trades(exchange: np.ndarray, ours: np.ndarray) -> Result:
    """Compare trades in order, phase by phase.

    Both are structured arrays with at least buyer, seller, price, quantity and phase
    (`columns.TRADE` and order numbers of the tape).
    """
    result = Result()
    for phase, word in enumerate(PHASE_WORDS):
        theirs = exchange[exchange["phase"] == phase]
        own = ours[ours["phase"] == phase]
        if len(theirs) or len(own):
            _compare_phase(result, word, theirs, own)
    stray = np.count_nonzero(ours["phase"] >= len(PHASE_WORDS))
    if stray:
        result.note(f"{stray} of our trades are in a phase no tape has", ok=False)
    if len(exchange) == 0:
        result.note("the exchange's trades are empty: nothing was compared", ok=False)
    return result


def _compare_phase(result: Result, word: str, theirs: np.ndarray, ours: np.ndarray) -> None:
    common = min(len(theirs), len(ours))
    equal = np.ones(common, dtype=bool)
    for name in TRADE_FIELDS:
        equal &= theirs[name][:common] == ours[name][:common]
    same = int(np.count_nonzero(equal))
    whole = same == len(theirs) == len(ours)
    result.note(f"{word}: {same} of {len(theirs)} trades come out the same", ok=whole)
    if whole:
        return
    first = common if equal.all() else int(np.argmin(equal))
    exchange_says = _trade_words(theirs, first)
    result.note(
        f"trade {first + 1} of the {word}: the exchange says {exchange_says}, "
        f"we say {_trade_words(ours, first)}",
        ok=False,
    )
    if len(theirs) != len(ours):
        result.note(
            f"{word}: the exchange made {len(theirs)} trades, we made {len(ours)}", ok=False
        )


def _trade_words(trades: np.ndarray, index: int) -> str:
    if index >= len(trades):
        return "there is none"
    trade = trades[index]
    return (
        f"buyer {trade['buyer']} seller {trade['seller']} "
        f"{price_text(trade['price'])} x {trade['quantity']}"
    )


def compare_books(published: np.ndarray, ours: np.ndarray, determined: np.ndarray) -> Result:
    """Compare books row by row.

    `published` and `ours`: int64 (rows, levels, 4), the columns ask price, ask size, bid price, bid
    size, an empty level with size 0. `determined`: bool (rows, 2, levels), asks first: levels whose
    state the tape determines. The others must agree too where our book was set right from the
    published row, and are counted apart.
    """
    result = Result()
    if published.shape != ours.shape:
        result.note(f"books differ in shape: {published.shape} and {ours.shape}", ok=False)
        return result
    equal = _levels_equal(published, ours)
    for known, word in ((determined, "determined"), (~determined, "undetermined")):
        total, same = int(known.sum()), int((equal & known).sum())
        result.note(f"{same} of {total} levels the tape leaves {word} agree", ok=same == total)
    if not equal.all():
        result.note(_first_level(published, ours, equal), ok=False)
    if not determined.any():
        result.note("the tape determines no level: nothing was compared", ok=False)
    return result


def _levels_equal(published: np.ndarray, ours: np.ndarray) -> np.ndarray:
    """bool (rows, 2, levels). Two empty levels are equal whatever their prices say."""
    sides = []
    for price, size in ((0, 1), (2, 3)):
        prices = published[:, :, price] == ours[:, :, price]
        empty = published[:, :, size] == 0
        sides.append((published[:, :, size] == ours[:, :, size]) & (prices | empty))
    return np.stack(sides, axis=1)


def _first_level(published: np.ndarray, ours: np.ndarray, equal: np.ndarray) -> str:
    row, side, level = np.unravel_index(int(np.argmin(equal)), equal.shape)
    says = [
        f"{book[row, level, 2 * side + 1]} at {price_text(book[row, level, 2 * side])}"
        for book in (published, ours)
    ]
    return (
        f"after message {row}, {SIDE_WORDS[side]} level {level + 1}: the exchange says {says[0]}, "
        f"we say {says[1]}"
    )
