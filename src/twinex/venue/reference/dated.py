"""Values that exchanges change by notice: dated, and staged along a contract's life."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import IntEnum
from typing import Generic, TypeVar

from twinex.venue.reference.mistakes import NotInForceError

T = TypeVar("T")


@dataclass(frozen=True)
class Dated(Generic[T]):
    """Values with the day each came into force, oldest first; `where`: file, line and name."""

    where: str
    entries: tuple[tuple[date, T], ...]

    def on(self, day: date) -> T:
        """The value in force on `day` (a trading day). Raises NotInForceError before the first."""
        for start, value in reversed(self.entries):
            if start <= day:
                return value
        first = self.entries[0][0]
        raise NotInForceError(
            f"{self.where}: no value in force on {day}: the first is from {first}; "
            "add an entry with an earlier `from`"
        )

    def values(self) -> list[T]:
        return [value for _, value in self.entries]


class Stage(IntEnum):
    """Stages of a contract's life that change its margin or position limit, in order of time."""

    LISTING = 0
    MONTH_BEFORE_DELIVERY = 1  # from the first day of the month before the contract month
    NEAR_DELIVERY_MONTH = 2  # from the second trading day before the contract month
    DELIVERY_MONTH = 3  # from the first day of the contract month
    LAST_DAYS = 4  # from the second trading day before the last trading day


@dataclass(frozen=True)
class Staged:
    """One value for each stage that changes it; a stage without its own keeps the one before."""

    values: tuple[tuple[Stage, Decimal], ...]

    def at(self, stage: Stage) -> Decimal:
        return [value for start, value in self.values if start <= stage][-1]
