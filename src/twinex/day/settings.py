"""What a simulated day is made from. The same settings give the same journal, byte for byte."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

DEFAULT_DAY = date(2026, 7, 6)
DEFAULT_COMMANDS = 1_500_000
COMMANDS_A_STEP = 100


class DayError(Exception):
    """A simulated day that cannot be run as asked; the text says what to change."""


@dataclass(frozen=True)
class Settings:
    """`commands`: how many to send, about. `directory`: of the day; None keeps nothing on disk."""

    market: str = "cffex"
    trading_day: date = DEFAULT_DAY
    seed: int = 1
    commands: int = DEFAULT_COMMANDS
    directory: Path | None = None
    durability: str = "memory"
