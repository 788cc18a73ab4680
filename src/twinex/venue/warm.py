"""Compile every kernel of the venue once, telling how far it is.

A small day on disk is lived through, stopped and opened again: what a user meets is then compiled.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numba.core import event

from twinex.venue import compiler
from twinex.venue.wire import codes
from twinex.venue.wire.messages import encode

Tell = Callable[[int, int, str], None]  # functions compiled, functions in all, name of the last


class _Counter(event.Listener):
    """Counts functions as Numba finishes them."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._done: set[str] = set()

    def on_start(self, event: Any) -> None:
        pass

    def on_end(self, event: Any) -> None:
        dispatcher = event.data.get("dispatcher")
        function = getattr(dispatcher, "py_func", None)
        if function is None or not function.__module__.startswith("twinex."):
            return
        self._done.add(f"{function.__module__}.{function.__qualname__}")
        total = max(len(compiler.FUNCTIONS), len(self._done))
        self._tell(len(self._done), total, function.__name__.strip("_"))


def warm_up(tell: Tell | None = None, *, gateway: bool = False) -> None:
    """Run every kernel once. `tell` is called for each function compiled; never when warm.

    `gateway`: the gateway's loop too, which is the core once more with sockets around it.
    """
    with tempfile.TemporaryDirectory(prefix="twinex-") as directory:
        if tell is None:
            _run_all(Path(directory) / "day", gateway)
            return
        with event.install_listener("numba:compile", _Counter(tell)):
            _run_all(Path(directory) / "day", gateway)


def _run_all(directory: Path, gateway: bool) -> None:
    _small_day(directory)
    if gateway:
        _small_market(directory)


def _small_day(directory: Path) -> None:
    """Two members, a trade, a look at the book, a state image, a stop, a restart of each kind."""
    from twinex.venue.venue import Venue

    with Venue(directory, segment_bytes=1 << 20, measure=True) as venue:
        venue.reserve(commands=100, orders=10)
        for message in _reference():
            venue.send(0, message)
        for seat, side in ((1, codes.SIDE_BUY), (2, codes.SIDE_SELL)):
            order = {"client_id": 1, "instrument": 1, "account": seat, "quantity": 1}
            venue.send(seat, encode("order_enter", side=side, price=10_000, **order))
        venue.book(1, 5)
        venue.indication(1)
        venue.service_time_ns(0.5)
        venue.write_image()
        venue.submit(np.zeros(0, dtype=np.uint8))
    for images in (False, True):
        with Venue.reopen(directory, images=images) as venue:
            venue.submit(np.zeros(0, dtype=np.uint8))


def _small_market(directory: Path) -> None:
    """The day behind a gateway, which is told to stop."""
    from twinex.venue.gateway.gateway import Gateway
    from twinex.venue.gateway.users import Users
    from twinex.venue.venue import Venue

    with Venue.reopen(directory) as venue:
        gateway = Gateway(venue, Users([]))
        gateway.ask(gateway.stop)
        gateway.run()


def _reference() -> list[bytes]:
    rules = {"product": 1, "tick": 100, "multiplier": 1, "kinds_allowed": 1, "times_allowed": 1}
    sizes = {"quantity_maximum_limit": 10, "quantity_maximum_market": 10, "quantity_minimum": 1}
    limits = {"lower_limit": 9_000, "upper_limit": 11_000, "previous_settlement": 10_000}
    messages = [
        encode("day_open", trading_day=20260105),
        encode("product_define", quantity_step=1, **rules, **sizes),
        encode("instrument_define", instrument=1, product_of=1, **limits),
    ]
    for number in (1, 2):
        rights = {"open_products": 2, "close_products": 2}
        messages += [
            encode("member_define", member=number, active=1),
            encode("seat_define", seat_number=number, member=number),
            encode("account_define", account=number, member=number, active=1, **rights),
        ]
    return [*messages, encode("phase_set", product=1, phase=codes.PHASE_CONTINUOUS)]
