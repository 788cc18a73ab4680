"""The steps of a day made from a small schedule."""

from twinex.day.timetable import SECOND_NS, steps, trading_seconds
from twinex.venue.wire import codes

START = 1_000_000 * SECOND_NS
ORDERING, MATCH = codes.PHASE_AUCTION_ORDERING, codes.PHASE_AUCTION_MATCH
CONTINUOUS, CLOSED = codes.PHASE_CONTINUOUS, codes.PHASE_CLOSED


def at(seconds: int) -> int:
    return START + seconds * SECOND_NS


SCHEDULE = [
    (at(0), 1, ORDERING),
    (at(60), 1, MATCH),
    (at(100), 1, CONTINUOUS),
    (at(100), 2, CONTINUOUS),
    (at(7300), 1, CLOSED),
    (at(7300), 2, CLOSED),
]


def test_every_change_comes_at_its_time_and_in_order() -> None:
    found = [(s.time_ns, p, phase) for s in steps(SCHEDULE, 10) for p, phase in s.changes]
    assert found == SCHEDULE


def test_steps_go_forward_and_stay_inside_their_phase() -> None:
    times = [step.time_ns for step in steps(SCHEDULE, 10)]
    assert times == sorted(set(times))
    assert [s.time_ns for s in steps(SCHEDULE, 10) if s.last] == [at(59), at(7299)]


def test_nobody_works_where_nothing_trades() -> None:
    quiet = [s for s in steps(SCHEDULE, 10) if at(60) < s.time_ns < at(100)]
    assert quiet == []
    assert trading_seconds(SCHEDULE) == 59 + 7199


def test_an_auction_is_indicated_every_ten_seconds() -> None:
    due = [step.time_ns for step in steps(SCHEDULE, 5) if step.auctions]
    assert due == [at(second) for second in (10, 20, 30, 40, 50)]


def test_the_session_is_busiest_at_its_ends() -> None:
    def weight(second: int) -> int:
        return next(s.weight for s in steps(SCHEDULE, 10) if s.time_ns >= at(second))

    assert weight(300) > weight(3600) < weight(7000)


def test_steps_of_any_length_cover_the_same_seconds() -> None:
    for seconds in (1, 7, 60, 1000, 100_000):
        assert sum(step.seconds for step in steps(SCHEDULE, seconds)) == trading_seconds(SCHEDULE)
