"""The mirror under a tape: what `VenuePlayer` asks of a system, over the mirror's core."""

from itertools import islice

import numpy as np

from twinex.mirror.core import Core
from twinex.mirror.sequencer import Sequencer
from twinex.venue.core.view import Depth, Level
from twinex.venue.venue import Statistics
from twinex.venue.wire.messages import encode
from twinex.venue.wire.schema import FRAME_HEADER_BYTES


class MirrorDay:
    """A day of the mirror in memory. Made with the arguments of `Venue`, of which it uses one."""

    def __init__(self, _directory: None, *, clock, **_options: object) -> None:
        self._clock, self._sequencer, self._core = clock, Sequencer(), Core()

    def __enter__(self) -> "MirrorDay":
        return self

    def __exit__(self, *_: object) -> None: ...

    def reserve(self, **_sizes: int) -> None: ...

    def submit(self, octets: np.ndarray) -> np.ndarray:
        """Every frame of the batch, sequenced at one reading of the clock, and applied."""
        batch, place, clock_ns, answers = octets.tobytes(), 0, self._clock(), []
        while place < len(batch):
            length = int.from_bytes(batch[place : place + 4], "little")
            seat = int.from_bytes(batch[place + 4 : place + 8], "little")
            start = place + FRAME_HEADER_BYTES
            record = self._sequencer.record(seat, batch[start : start + length], clock_ns)
            answers.append(self._core.apply(record))
            place = start + (length + 7 & ~7)
        return np.frombuffer(b"".join(answers), dtype=np.uint8)

    def book(self, instrument: int, depth: int) -> Depth:
        """The best levels: price, lots that the book shows, orders."""
        buys, sells = self._core.market.instruments[instrument].sides
        return Depth(_levels(buys, depth), _levels(sells, depth))

    def statistics(self) -> Statistics:
        market = self._core.market
        return Statistics(
            commands=market.commands_count,
            events=market.events_count,
            orders=market.orders_accepted,
            trades=len(market.trades),
            volume=market.volume,
            rejects=market.rejects,
            live_orders=sum(1 for order in market.live() if order.shown),
        )

    def day_end_message(self, events_crc: int) -> bytes:
        market = self._core.market
        mark = market.chain - (market.chain >> 63 << 64)  # as signed
        return encode(
            "day_end",
            trading_day=market.trading_day,
            commands=market.commands_count,
            events=market.events_count,
            events_crc=events_crc,
            mark_leader=mark,
            alone=1,
        )

    def service_time_ns(self, *shares: float) -> list[float]:
        return [0.0 for _ in shares]


def _levels(side, depth: int) -> list[Level]:
    queues = ((key, list(side.queue(key))) for key in islice(reversed(side.keys), depth))
    return [
        Level(side.sign * key, sum(order.shown for order in queue), len(queue))
        for key, queue in queues
    ]
