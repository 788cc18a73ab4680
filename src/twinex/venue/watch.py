"""The wall clock beside a steady one: jumps raise an alarm (`spec/journal.md`, Sequencer)."""

import time
from collections.abc import Callable

FORWARD_JUMP_NS = 1_000_000_000
BACKWARD_JUMP_NS = 100_000_000


class Watch:
    """The clock of a venue, and what there was to tell a person: `alarms`.

    `clock` gives ns since the epoch; a `steady_clock` beside it (the default has one) makes forward
    jumps visible. `schedule_suspended`: whoever sends scheduled phases waits for a person.
    """

    def __init__(
        self,
        clock: Callable[[], int],
        steady_clock: Callable[[], int] | None,
        on_alarm: Callable[[str], None] | None,
    ) -> None:
        if steady_clock is None and clock is time.time_ns:
            steady_clock = time.monotonic_ns
        self.clock, self._steady_clock, self._on_alarm = clock, steady_clock, on_alarm
        self._readings = (0, 0)
        self.alarms: list[str] = []
        self.schedule_suspended = False

    def read(self, last: int) -> int:
        """The clock; a jump raises an alarm. `last`: time of the last command, 0 for none."""
        now = self.clock()
        if last and now - last < -BACKWARD_JUMP_NS:
            self._alarm(f"the clock stands {last - now} ns behind the journal")
        if self._steady_clock is not None:
            steady = self._steady_clock()
            ahead = (now - self._readings[0]) - (steady - self._readings[1])
            if self._readings[1] and ahead > FORWARD_JUMP_NS:
                self._alarm(f"the clock jumped {ahead} ns forward")
            self._readings = now, steady
        return now

    def resume_schedule(self) -> None:
        """A person has looked at the alarm: scheduled phases may go on."""
        self.schedule_suspended = False

    def _alarm(self, text: str) -> None:
        self.schedule_suspended = True
        self.say(text)

    def say(self, text: str) -> None:
        """Tell a person; nothing is suspended."""
        self.alarms.append(text)
        if self._on_alarm:
            self._on_alarm(text)
