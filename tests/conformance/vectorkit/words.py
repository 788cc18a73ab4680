"""What event lines are made of: the words of one line, and the event that they ask for."""

from dataclasses import dataclass, field

from vectorkit.parse import EventLine
from vectorkit.world import decimal


@dataclass
class Expected:
    """One event that must come: its name, and the fields that are compared."""

    line: EventLine
    name: str
    fields: dict[str, int]


@dataclass
class Words:
    """The words of one event line, taken from the left; `extra` are its `field=value`."""

    rest: list[str]
    extra: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, line: EventLine) -> "Words":
        plain = [word for word in line.words[1:] if "=" not in word]
        pairs = [word.partition("=") for word in line.words[1:] if "=" in word]
        return cls(plain, {key: value for key, _, value in pairs})

    def next(self, wanted: str = "") -> str:
        """The next word; if `wanted` is given it must be that one."""
        if not self.rest or (wanted and self.rest[0] != wanted):
            raise ValueError(f"{wanted or 'another word'!r} is missing before {self.rest}")
        return self.rest.pop(0)

    def number(self, before: str = "") -> int:
        if before:
            self.next(before)
        return int(self.next())

    def pair(self, before: str, between: str) -> tuple[int, int]:
        self.next(before)
        left, right = self.next().split(between)
        return int(left), int(right)

    def accept(self, word: str) -> bool:
        if self.rest and self.rest[0] == word:
            del self.rest[0]
            return True
        return False

    def amount(self) -> dict[str, int]:
        """`5 @ 3500.0`"""
        quantity = self.number()
        self.next("@")
        return {"quantity": quantity, "price": decimal(self.next())}
