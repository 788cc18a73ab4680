"""From a failing day to a short one that still fails: chunks go, large ones first (ddmin).

A chunk is taken out and what stands behind it numbered anew, cancels and amends following their
orders; where the failure needs the numbers as they were, it is replaced by timers instead, which do
nothing, and these are taken out one by one at the end where that is possible.
"""

from collections.abc import Callable

from checkers.wire import encode

from simulation.case import Case
from simulation.pair import Difference, Maker

TRIES_MAX = 1_500
STILL = encode("timer")  # of all products; shows indications, changes nothing

Fails = Callable[[Case], Difference | None]


def shrink(case: Case, left: Maker, right: Maker, tries: int = TRIES_MAX) -> Case:
    """The shortest case found in so many tries whose difference is of the same kind."""
    search = _Search(left, right, tries)
    case = search.cut_tail(case)
    size = max(1, len(case.commands) // 2)
    while size:
        case = search.drop(case, size)
        size //= 2
    return search.drop_stills(search.drop(case, 1))


class _Search:
    """The tries left, and what is asked of a smaller case."""

    def __init__(self, left: Maker, right: Maker, tries: int) -> None:
        self.left, self.right, self.tries = left, right, tries

    def fails(self, case: Case) -> bool:
        if self.tries <= 0 or not case.commands:
            return False
        self.tries -= 1
        difference = case.live(self.left, self.right)
        return difference is not None and difference.what == case.what

    def cut_tail(self, case: Case) -> Case:
        """Nothing behind the command after which it showed."""
        difference = case.live(self.left, self.right)
        if difference is None:
            return case
        last = difference.sequence - case.first_sequence + 1
        shorter = case.without(last, len(case.commands))
        return shorter if self.fails(shorter) else case

    def drop(self, case: Case, size: int) -> Case:
        """Once over the case from its end, by chunks of `size`."""
        stop = len(case.commands)
        while stop > 0:
            start = max(0, stop - size)
            shorter = case.without(start, stop)
            if self.fails(shorter):
                case = shorter
            elif any(each.message != STILL for each in case.commands[start:stop]):
                stilled = case.stilled(start, stop, STILL)
                case = stilled if self.fails(stilled) else case
            stop = start
        return case

    def drop_stills(self, case: Case) -> Case:
        """All timers at once, if that may be."""
        kept = [place for place, each in enumerate(case.commands) if each.message != STILL]
        shorter = case.only(kept)
        return shorter if self.fails(shorter) else case
