"""The day's commands, as section 14 of a state image keeps them: 24 bytes each, no object."""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct
from typing import Any

# client_id, body_crc, member, quote, command, reject_reason: a row of section 14. `quote` is the
# Quote of a quote_enter that was done and no withdrawal, 1 of a mass_quote with an entry accepted.
Command = tuple[int, int, int, Any, int, int]

_ROW = Struct("<qIi4xHH")
_BLOCK = 1 << 12  # rows


class Commands:
    """What became of each command from first_sequence on, None of one that used no client id.

    A day has millions of them, asked for again where a client id comes twice or names an order.
    `quotes` holds, by place, what the few of them leave that `quote` says.
    """

    __slots__ = ("_blocks", "_count", "quotes")

    def __init__(self) -> None:
        self._blocks: list[bytearray] = []  # of _BLOCK rows each: nothing is copied as they grow
        self._count = 0
        self.quotes: dict[int, Any] = {}

    def append(self, command: Command | None) -> None:
        """Note the next one."""
        place = self._count
        self._count += 1
        if place % _BLOCK == 0:
            self._blocks.append(bytearray(_BLOCK * _ROW.size))
        if command is None:
            return
        client_id, body_crc, member, quote, template, reason = command
        if quote:
            self.quotes[place] = quote
        _ROW.pack_into(
            self._blocks[-1], place % _BLOCK * _ROW.size,
            client_id, body_crc, member, template, reason,
        )  # fmt: skip

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, place: int) -> Command | None:
        assert 0 <= place < self._count
        block = self._blocks[place // _BLOCK]
        row = _ROW.unpack_from(block, place % _BLOCK * _ROW.size)
        client_id, body_crc, member, template, reason = row
        if not client_id:
            return None
        return client_id, body_crc, member, self.quotes.get(place, 0), template, reason

    def __iter__(self) -> Iterator[Command | None]:
        return map(self.__getitem__, range(self._count))
