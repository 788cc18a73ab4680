"""What an operator asks of a running venue: phases, halts, limits, kicks, the end of the day.

Whatever changes the market is journaled as a command of the exchange (seat 0).
"""

import threading
import time
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from twinex.venue.gateway.control import ControlError, Request
from twinex.venue.gateway.gateway import Gateway
from twinex.venue.journal.reader import EventReader
from twinex.venue.reference import Market, schedule
from twinex.venue.venue import Venue
from twinex.venue.wire.messages import decode_stream, encode, frames
from twinex.venue.wire.schema import ENUMS

_PHASES = ENUMS["Phase"]
_REASONS = {code: name for name, code in ENUMS["RejectReason"].items()}


class Operator:
    """Answers requests (`control`), and sends the phases of a calendar where it is asked to."""

    def __init__(self, gateway: Gateway, venue: Venue, directory: Path) -> None:
        self._gateway, self._venue, self._directory = gateway, venue, directory
        self._does: Mapping[str, Callable[[Request], object]] = {
            "status": self._status,
            "phase": self._phase,
            "halt": self._halt,
            "limits": self._limits,
            "kick": self._kick,
            "end": self._end,
            "stop": self._stop,
        }

    def answer(self, request: Request) -> object:
        """What came of a request. Raises ControlError."""
        request = dict(request)
        does = self._does.get(str(request.pop("do", "")))
        if does is None:
            raise ControlError(f"asks for one of {', '.join(self._does)}")
        try:
            return does(request)
        except (KeyError, TypeError, ValueError) as error:
            raise ControlError(f"{type(error).__name__}: {error}") from error

    def _send(self, message: bytes) -> list[str]:
        """One command of the exchange; its events by name. Raises ControlError for a refusal."""
        block = np.frombuffer(frames(0, [message]), np.uint8)
        octets = self._gateway.submit(block).result()
        assert isinstance(octets, bytes)
        events = list(decode_stream(octets))
        for event in events:
            if event.name == "command_rejected" and event.fields["seat"] == 0:
                raise ControlError(f"refused: {_REASONS[event.fields['reject_reason']]}")
        return [event.name for event in events]

    def _status(self, _: Request) -> object:
        return self._gateway.ask(self._gateway.status).result()

    def _phase(self, asked: Request) -> object:
        name = str(asked["phase"])
        if name.upper() not in _PHASES and name not in _PHASES:
            raise ControlError(f"no phase {name!r}: {', '.join(map(str.lower, _PHASES))}")
        code = _PHASES.get(name, _PHASES.get(name.upper(), 0))
        return self._send(encode("phase_set", product=int(asked.get("product", 0)), phase=code))

    def _halt(self, asked: Request) -> object:
        places = {key: int(asked.get(key, 0)) for key in ("instrument", "product")}
        return self._send(encode("halt_set", halted=int(bool(asked.get("halted", True))), **places))

    def _limits(self, asked: Request) -> object:
        fields = {key: int(asked[key]) for key in ("instrument", "lower_limit", "upper_limit")}
        return self._send(encode("limits_set", **fields))

    def _kick(self, asked: Request) -> object:
        user = str(asked["user"])
        if not self._gateway.kick(user).result():
            raise ControlError(f"user {user} is not logged in")
        return user

    def _end(self, _: Request) -> object:
        """Close every product and end the day; the market's thread does both at once."""

        def end() -> list[str]:
            closed = self._venue.send(0, encode("phase_set", phase=_PHASES["closed"]))
            crc = 0
            reader = EventReader(self._directory)
            while block := reader.poll():
                crc = zlib.crc32(block.octets[block.start : block.end].data, crc)
            ended = self._venue.send(0, self._venue.day_end_message(crc))
            return [event.name for octets in (closed, ended) for event in decode_stream(octets)]

        names = self._gateway.ask(end).result()
        assert isinstance(names, list)
        return {name: names.count(name) for name in sorted(set(names))}

    def _stop(self, _: Request) -> object:
        self._gateway.stop()
        return "stopping"

    # -- the calendar ------------------------------------------------------------------------

    def follow_calendar(self, market: Market, trading_day: Any) -> threading.Thread:
        """Send each phase when it is due; those before now at once, the last of each product.

        While the clock is in doubt (`Watch.schedule_suspended`) nothing is sent.
        """
        entries = schedule(market, trading_day)
        begun = {product: phase for at, product, phase in entries if at <= time.time_ns()}
        following = [entry for entry in entries if entry[0] > time.time_ns()]

        def run() -> None:
            for product, phase in begun.items():
                self._send(encode("phase_set", product=product, phase=phase))
            for at, product, phase in following:
                while (left := at - time.time_ns()) > 0 or self._venue.watch.schedule_suspended:
                    if self._gateway.wait_stopped(min(max(left, 0) / 1e9, 1.0) or 0.1):
                        return
                self._send(encode("phase_set", product=product, phase=phase))

        thread = threading.Thread(target=run, name="twinex-calendar", daemon=True)
        thread.start()
        return thread
