"""A venue and its feed in a thread, and a network between feed and receiver that loses packets."""

import random
import socket
import threading
import time
from collections.abc import Callable
from types import TracebackType

from feed.living import Living, Queues, core_queues, fixed_clock, submit
from twinex.venue.feed.channel import Channel
from twinex.venue.feed.publisher import Publisher
from twinex.venue.venue import Venue

GROUP = "239.255.77.1"


class Lossy(Channel):
    """A relay: of the packets it is given it loses some, doubles some, and lets some wait."""

    def __init__(self, address: tuple[str, int], seed: int, share: float) -> None:
        super().__init__([address])
        self._random, self._share = random.Random(seed), share
        self._late: list[bytes] = []
        self.lost = self.doubled = self.delayed = 0

    def send(self, packet: bytes) -> None:
        draw = self._random.random() / self._share
        if draw < 1:
            self.lost += 1
        elif draw < 2:
            self.doubled += 1
            super().send(packet)
            super().send(packet)
        elif draw < 3:
            self.delayed += 1
            self._late.append(packet)
        else:
            super().send(packet)
        while len(self._late) > self._random.randint(0, 4):
            super().send(self._late.pop(self._random.randrange(len(self._late))))


class Served:
    """Lives `frames`, `batch` at a time, with a publisher over it, in a thread of its own.

    `lived` is set when the last command is done and sent; the publisher goes on serving.
    """

    def __init__(
        self,
        frames: list[bytes],
        channels: dict[str, Channel],
        *,
        batch: int = 20,
        pause_s: float = 0,
    ) -> None:
        self._frames, self._batch, self._pause_s = frames, batch, pause_s
        self._venue = Venue(clock=fixed_clock)
        self._living = Living(self._venue)
        self.publisher = Publisher(self._living.events, self._living.streams, channels)
        self.lived = threading.Event()
        self.queues: Queues = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    @property
    def recovery(self) -> tuple[str, int]:
        return self.publisher.recovery.address

    @property
    def log_ends(self) -> dict[int, int]:
        """Of each stream: the sequence to come."""
        return {i: log.next_sequence for i, log in enumerate(self._living.streams.logs)}

    def _run(self) -> None:
        for start in range(0, len(self._frames), self._batch):
            submit(self._venue, self._frames[start : start + self._batch])
            self.publisher.step(self._pause_s)
        self.publisher.step()
        self.queues = core_queues(self._venue)
        self.lived.set()
        ended = False
        while not self._stop.is_set():
            self.publisher.step(0.002)
            if not ended:
                self.publisher.end()
                ended = True

    def __enter__(self) -> "Served":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()
        self.publisher.close()
        self._venue.close()


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def wait_for(
    condition: Callable[[], bool], step: Callable[[], object], limit_s: float = 60
) -> None:
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end, "it did not come"
        step()
