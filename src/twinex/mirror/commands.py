"""The day's commands, as section 14 of a state image keeps them: 24 bytes each, no object."""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct
from typing import Any

# client_id, body_crc, member, quote, command, reject_reason: a row of section 14. `quote` is the
# Quote of a quote_enter that was done and no withdrawal, 1 of a mass_quote with an entry accepted.
Command = tuple[int, int, int, Any, int, int]

_ROW = Struct("<qIi4xHH")
_UNUSED = bytes(_ROW.size)


class Commands:
    """What became of each command from first_sequence on, None of one that used no client id.

    A day has millions of them, asked for again where a client id comes twice or names an order.
    `quotes` holds, by place, what the few of them leave that `quote` says.
    """

    __slots__ = ("_rows", "quotes")

    def __init__(self) -> None:
        self._rows = bytearray()
        self.quotes: dict[int, Any] = {}

    def append(self, command: Command | None) -> None:
        """Note the next one."""
        if command is None:
            self._rows += _UNUSED
            return
        client_id, body_crc, member, quote, template, reason = command
        if quote:
            self.quotes[len(self)] = quote
        self._rows += _ROW.pack(client_id, body_crc, member, template, reason)

    def __len__(self) -> int:
        return len(self._rows) // _ROW.size

    def __getitem__(self, place: int) -> Command | None:
        assert 0 <= place < len(self)
        client_id, *told, template, reason = _ROW.unpack_from(self._rows, place * _ROW.size)
        if not client_id:
            return None
        body_crc, member = told
        return client_id, body_crc, member, self.quotes.get(place, 0), template, reason

    def __iter__(self) -> Iterator[Command | None]:
        return map(self.__getitem__, range(len(self)))
