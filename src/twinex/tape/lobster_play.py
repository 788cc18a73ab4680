"""Driving a book through a LOBSTER day, message by message."""

from collections.abc import Iterator
from typing import Protocol

from twinex.tape.lobster_player import Play
from twinex.venue.wire import codes


class Book(Protocol):
    """What a player drives."""

    def enter(self, order: int, side: int, price: int, quantity: int, fak: bool) -> None:
        """A limit order, for the day or fill-and-kill."""

    def amend(self, order: int, price: int, new_quantity: int) -> None:
        """`new_quantity` is the new total, filled lots included."""

    def cancel(self, order: int) -> None: ...

    def halt(self, halted: bool) -> None: ...

    def levels(self, depth: int) -> list[list[int]]:
        """`depth` rows of ask price, ask size, bid price, bid size; zeros where there is none."""


def play(result: Play, book: Book, depth: int = 10) -> Iterator[list[list[int]]]:
    """Drive `book` through the day; yields its `depth` best levels after each message."""
    rows = result.commands.tolist()
    names = result.commands.dtype.names
    assert names is not None
    start = 0
    for end in result.ends.tolist():
        for row in rows[start:end]:
            _apply(book, dict(zip(names, row, strict=True)))
        start = end
        yield book.levels(depth)


def _apply(book: Book, command: dict[str, int]) -> None:
    template, order = command["template"], command["order"]
    if template == codes.ORDER_ENTER:
        fak = command["time_in_force"] == codes.TIME_FAK
        book.enter(order, command["side"], command["price"], command["quantity"], fak)
    elif template == codes.ORDER_AMEND:
        book.amend(order, command["price"], command["quantity"])
    elif template == codes.ORDER_CANCEL:
        book.cancel(order)
    else:
        book.halt(bool(command["halted"]))
