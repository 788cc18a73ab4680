"""The sequencer's clock rule: time never goes back, and a clock that jumps is told of."""

from collections.abc import Iterator

import pytest

from twinex.venue.venue import Venue
from twinex.venue.wire.messages import decode_stream, encode

SECOND = 10**9
START = 1_783_300_500 * SECOND


class Clocks:
    """A wall clock and a steady one that a test turns."""

    def __init__(self) -> None:
        self.wall, self.steady = START, 77
        self.told: list[str] = []
        self.venue = Venue(
            clock=lambda: self.wall, steady_clock=lambda: self.steady, on_alarm=self.told.append
        )
        self.times: list[int] = []
        self.send(encode("day_open", trading_day=20260706))

    def send(self, message: bytes | None = None) -> int:
        """One command; its time."""
        message = message or encode("member_define", member=1, active=1)
        self.times.append(next(decode_stream(self.venue.send(0, message))).fields["time_ns"])
        return self.times[-1]

    def later(self, wall: int, steady: int) -> int:
        self.wall, self.steady = self.wall + wall, self.steady + steady
        return self.send()


@pytest.fixture
def clocks() -> Iterator[Clocks]:
    clocks = Clocks()
    yield clocks
    assert clocks.times == sorted(set(clocks.times)), "time rises from command to command"
    assert clocks.venue.watch.alarms == clocks.told
    assert clocks.venue.watch.schedule_suspended == bool(clocks.told)
    clocks.venue.watch.resume_schedule()
    assert not clocks.venue.watch.schedule_suspended


def test_a_clock_that_goes_is_taken(clocks: Clocks) -> None:
    assert clocks.later(5 * SECOND, 5 * SECOND) == START + 5 * SECOND
    assert clocks.told == []


def test_a_clock_that_stands_gives_a_nanosecond_each(clocks: Clocks) -> None:
    assert [clocks.later(0, 0) for _ in range(3)] == [START + 1, START + 2, START + 3]
    assert clocks.told == []


def test_a_little_back_is_bridged(clocks: Clocks) -> None:
    assert clocks.later(-SECOND // 10, 0) == START + 1
    assert clocks.told == []


def test_more_than_100_ms_back_is_told(clocks: Clocks) -> None:
    assert clocks.later(-SECOND // 10 - 1, 0) == START + 1
    assert clocks.told == ["the clock stands 100000001 ns behind the journal"]


def test_a_second_ahead_of_the_steady_clock_is_no_jump(clocks: Clocks) -> None:
    assert clocks.later(3 * SECOND, 2 * SECOND) == START + 3 * SECOND
    assert clocks.told == []


def test_more_than_a_second_ahead_is_told(clocks: Clocks) -> None:
    assert clocks.later(3 * SECOND + 1, 2 * SECOND) == START + 3 * SECOND + 1
    assert clocks.told == ["the clock jumped 1000000001 ns forward"]
