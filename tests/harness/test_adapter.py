"""The public harness's adapter: its reports are a plain book's, and the book is the venue's."""

import ast
import ctypes
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from twinex.venue.compiler import PLAIN

ROOT = Path(__file__).resolve().parents[2]
ADAPTER = ROOT / "benchmarks" / "harness"

NEW, CANCEL, MODIFY = 0, 1, 2
ACK, TRADE, CANCEL_ACK, MODIFY_ACK, CANCEL_REJECT, MODIFY_REJECT = range(6)

pytestmark = pytest.mark.skipif(PLAIN, reason="C calls the adapter: there is no plain one")


class PlainBook:
    """Price, then time: what the harness's messages do, in the plainest way."""

    def __init__(self) -> None:
        self.sides: tuple[list[list[int]], list[list[int]]] = ([], [])  # [id, price, lots]
        self.reports: list[tuple[int, ...]] = []

    def _find(self, order_id: int) -> tuple[int, list[int]] | None:
        for side in (0, 1):
            for order in self.sides[side]:
                if order[0] == order_id:
                    return side, order
        return None

    def _enter(self, side: int, order: list[int], is_ioc: bool) -> None:
        others = self.sides[1 - side]
        sign = 1 if side == 0 else -1
        while order[2] > 0 and others:
            best = min(others, key=lambda each: sign * each[1])  # the first of equal ones
            if sign * best[1] > sign * order[1]:
                break
            lots = min(order[2], best[2])
            self.reports.append((TRADE, 0, lots, best[1], order[0], best[0]))
            order[2] -= lots
            best[2] -= lots
            if best[2] == 0:
                others.remove(best)
        if order[2] > 0 and is_ioc:
            self.reports.append((CANCEL_ACK, side, order[2], order[1], order[0], 0))
        elif order[2] > 0:
            self.sides[side].append(order)

    def apply(self, kind: int, order_id: int, side: int, price: int, lots: int, ioc: int) -> None:
        if kind == NEW:
            self.reports.append((ACK, side, lots, price, order_id, 0))
            self._enter(side, [order_id, price, lots], bool(ioc))
            return
        found = self._find(order_id)
        if found is None:
            reject = CANCEL_REJECT if kind == CANCEL else MODIFY_REJECT
            self.reports.append((reject, 0, 0, 0, order_id, 0))
            return
        side, order = found
        self.sides[side].remove(order)
        if kind == CANCEL:
            self.reports.append((CANCEL_ACK, side, order[2], order[1], order_id, 0))
        else:
            self.reports.append((MODIFY_ACK, side, lots, price, order_id, 0))
            self._enter(side, [order_id, price, lots], False)


def _messages(source: random.Random, count: int) -> list[tuple[int, ...]]:
    made: list[tuple[int, ...]] = []
    for number in range(1, count + 1):
        kind = source.choices((NEW, CANCEL, MODIFY), (5, 3, 2))[0]
        order_id = number if kind == NEW else source.randrange(1, number + 1)
        price, lots = 10_000 + source.randrange(-15, 16), source.randrange(1, 20)
        made.append((kind, order_id, source.randrange(2), price, lots, int(source.random() < 0.2)))
    return made


def _reports_of(
    messages: list[tuple[int, ...]], capacity: int = 1 << 16, batch: int = 1 << 14
) -> list[tuple[int, ...]]:
    """What the adapter reports through a ring of that capacity, drained after every batch."""
    from benchmarks.harness import engine, matcher, ring

    rows = np.zeros(len(messages), matcher.MESSAGE)
    for row, (kind, order_id, side, price, lots, ioc) in zip(rows, messages, strict=True):
        row["type"], row["order_id"], row["sequence"] = kind, order_id, order_id
        row["price"], row["quantity"], row["side"], row["ioc"] = price, lots, side, ioc
    made = engine.Engine(capacity)
    kind = ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_int64] * 4)
    run, drain = (kind(address) for address in engine.functions()[:2])
    places, words = made.places.ctypes.data, len(made.places)
    out = np.zeros(2 * capacity, ring.REPORT)
    done, reports = 0, []
    while done < len(rows):
        due = min(batch, len(rows) - done)
        lived = run(places, words, rows[done:].ctypes.data, due)
        done += lived
        count = drain(places, words, out.ctypes.data, len(out))
        assert count < len(out)
        reports += [_report(row) for row in out[:count]]
        if lived < due:
            made.make_room()
    return reports


def _report(row: Any) -> tuple[int, ...]:
    maker = int(row["maker"]) if row["type"] == TRADE else 0
    numbers = (row["type"], row["side"], row["quantity"], row["price"], row["order_id"])
    return (*map(int, numbers), maker)


def test_the_reports_are_a_plain_books() -> None:
    seed = int(os.environ.get("TWINEX_SEED", random.SystemRandom().randrange(10**9)))
    print(f"seed {seed}")
    for one in (1, 2, seed):
        messages, book = _messages(random.Random(one), 3_000), PlainBook()
        for message in messages:
            book.apply(*message)
        assert sum(report[0] == TRADE for report in book.reports) > 300
        assert _reports_of(messages) == book.reports


@pytest.mark.parametrize("capacity", range(200, 210))
def test_no_report_is_lost_where_the_ring_begins_anew(capacity: int) -> None:
    """A message's reports may end anywhere in the ring, and a lap of it anywhere in a message."""
    messages, book = _messages(random.Random(capacity), 6_000), PlainBook()
    for message in messages:
        book.apply(*message)
    assert len(book.reports) > 10 * 2 * capacity
    assert _reports_of(messages, capacity, batch=3) == book.reports


_BROKEN = """
import sys
sys.path[:0] = sys.argv[1:3]
from twinex.venue.core import book
from twinex.venue.compiler import inlined
@inlined
def best_rank(instrument, side):
    return instrument["ranks"]  # as if no side ever held an order
book.best_rank = best_rank
import test_adapter
print(sum(each[0] == 1 for each in test_adapter._reports_of(test_adapter._two_that_trade())))
"""


def _two_that_trade() -> list[tuple[int, ...]]:
    return [(NEW, 1, 1, 10_000, 5, 0), (NEW, 2, 0, 10_000, 5, 0)]


def test_the_book_is_the_venues(tmp_path: Path) -> None:
    """Where the venue's book is broken, so is the adapter: it has none of its own."""
    assert sum(report[0] == TRADE for report in _reports_of(_two_that_trade())) == 1
    done = subprocess.run(
        [sys.executable, "-c", _BROKEN, str(ROOT), str(Path(__file__).parent)],
        env={**os.environ, "TWINEX_CACHE": str(tmp_path)},  # a cache would know the whole book
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    assert done.stdout.split() == ["0"]


# What a book keeps of its levels and queues, and what it alone writes.
_QUEUES = {"head", "tail", "volume", "next", "previous", "best_buy", "best_sell", "closing_tails"}
_MAY_READ = {("matcher.py", "volume"), ("ring.py", "head")}  # `depth`; the head of a report


def _fields_of(tree: ast.AST) -> set[str]:
    return {
        node.slice.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Subscript)
        and isinstance(node.slice, ast.Constant)
        and isinstance(node.slice.value, str)
    }


def test_the_adapter_touches_no_queue() -> None:
    touched: set[tuple[str, str]] = set()
    for source in ADAPTER.glob("*.py"):
        fields: Any = _fields_of(ast.parse(source.read_text()))
        touched |= {(source.name, field) for field in fields & _QUEUES}
    assert touched <= _MAY_READ
