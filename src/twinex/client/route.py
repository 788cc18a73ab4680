"""Which address to try when, and when to give up. No input or output, no clock of its own."""

import random
from collections.abc import Sequence

from twinex.client.errors import (
    FINAL,
    ClientError,
    CutOff,
    DayOver,
    LoginRefused,
    NotConnected,
    ProtocolError,
)

_STEADY_S = 5.0  # a connection that lasted so long was a good one
_DELAY_FIRST_S = 0.05
_DELAY_MAX_S = 2.0

Address = tuple[str, int]


def parse_address(text: str) -> Address:
    """ "host:port" or "[host]:port" as a pair. ValueError otherwise."""
    host, colon, port = text.rpartition(":")
    if not colon or not host or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise ValueError(f"{text!r} is no address: write host:port")
    return host.strip("[]"), int(port)


class Route:
    """The addresses of a market: a primary and what may stand in for it.

    At the start each is tried once. When a connection is lost, its address is tried again, then the
    others in turn, with growing pauses, for `patience_s` seconds; None = for ever.
    """

    def __init__(self, addresses: str | Sequence[str], patience_s: float | None) -> None:
        listed = [addresses] if isinstance(addresses, str) else list(addresses)
        if not listed:
            raise ValueError("no address: give host:port, or a list of them")
        self._addresses = [parse_address(text) for text in listed]
        self._patience_s = patience_s
        self._at = 0
        self._failures = 0  # since the last steady connection
        self._since = 0.0  # when they began
        self._made_at: float | None = None
        self._was_made = False

    @property
    def address(self) -> Address:
        """The one to try now."""
        return self._addresses[self._at]

    def __str__(self) -> str:
        return f"{self.address[0]}:{self.address[1]}"

    def made(self, now: float) -> None:
        """The login at `address` was accepted."""
        self._was_made, self._made_at = True, now

    def failed(self, error: ClientError, now: float) -> float:
        """Seconds to wait before `address` is tried; raises `error` where there is no use."""
        if isinstance(error, (LoginRefused, ProtocolError, DayOver)):
            raise error
        if isinstance(error, CutOff) and error.reason in FINAL:
            raise error
        made_at, self._made_at = self._made_at, None
        if made_at is not None and now - made_at >= _STEADY_S:
            self._failures = 0
        if self._failures == 0:
            self._since = now
        self._failures += 1
        if not self._was_made:
            return self._first_round(error)
        self._give_up_when_late(error, now)
        leaves = isinstance(error, CutOff) and error.reason == "CLOSING"
        if made_at is None or leaves:
            self._at = (self._at + 1) % len(self._addresses)
        return self._pause()

    def _first_round(self, error: ClientError) -> float:
        if self._failures >= len(self._addresses):
            raise error
        self._at = (self._at + 1) % len(self._addresses)
        return 0.0

    def _give_up_when_late(self, error: ClientError, now: float) -> None:
        if self._patience_s is None or now - self._since < self._patience_s:
            return
        text = f"no market at {self} or beside it for {self._patience_s:.0f} s: {error}"
        raise error if self._patience_s == 0 else NotConnected(text)

    def _pause(self) -> float:
        """Nothing at first, then doubling; uneven, so that members do not come back in step."""
        if self._failures == 1:
            return 0.0
        longest = min(_DELAY_MAX_S, _DELAY_FIRST_S * 2 ** min(self._failures, 10))
        return random.uniform(longest / 2, longest)
