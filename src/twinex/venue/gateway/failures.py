"""Failed logins by address, of the last while."""

import threading
import time
from collections import deque

FAILURES_MOST = 10  # from one address in FAILURE_SECONDS
FAILURE_SECONDS = 60.0
_ADDRESSES_KEPT = 256


class Failures:
    """Who has guessed how often. Threads may share it."""

    def __init__(self) -> None:
        self._times: dict[str, deque[float]] = {}
        self._lock = threading.Lock()
        self._looked_through_at = _ADDRESSES_KEPT

    def note(self, address: str) -> None:
        """One more from there."""
        with self._lock:
            self._times.setdefault(address, deque(maxlen=FAILURES_MOST)).append(time.monotonic())
            if len(self._times) > self._looked_through_at:
                self._drop_old()

    def too_many(self, address: str) -> bool:
        """Did the last few come within a short time?"""
        with self._lock:
            times = self._times.get(address)
            if times is None or len(times) < FAILURES_MOST:
                return False
            return times[0] > time.monotonic() - FAILURE_SECONDS

    def _drop_old(self) -> None:
        """Keep those of the last while, and look again when there are twice as many."""
        since = time.monotonic() - FAILURE_SECONDS
        self._times = {each: times for each, times in self._times.items() if times[-1] > since}
        self._looked_through_at = max(_ADDRESSES_KEPT, 2 * len(self._times))
