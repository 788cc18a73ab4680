"""What makes events of event lines: whose order a line is about, and what is due in its fields."""

from collections.abc import Callable

from vectorkit.parse import EventLine
from vectorkit.words import Expected, Words
from vectorkit.world import Command, World

_ORDER = ("instrument", "account", "side")
_QUEUES = ("order_cancel", "order_amend")

Maker = Callable[["Builder", EventLine, Words], None]


class Builder:
    """The events of one command, line after line.

    `incoming` is the order that a line without a label is about: the command's own, the target of
    a cancel or amend, the leg of a quote accepted last, or the stop set off last.
    """

    def __init__(self, world: World, command: Command) -> None:
        self.world = world
        self.command = command
        self.events: list[Expected] = []
        self.step: list[Expected] = []  # the fills of a combination's orders in the step at hand
        self.met: Command = command  # by `meets`, the resting order of the combination
        self.incoming = command.target if command.name in _QUEUES else command.order or command
        self.has_order = command.name in (*_QUEUES, "order_enter", "stop_enter") or bool(
            command.order
        )

    def put(self, line: EventLine, name: str, fields: dict[str, int]) -> None:
        self.events.append(Expected(line, name, fields))

    def is_named(self, words: Words, place: int = 0) -> bool:
        return len(words.rest) > place and words.rest[place] in self.world.labels

    def order(self, words: Words) -> Command:
        """The order named next, or the incoming one."""
        return self.world.labels[words.next()] if self.is_named(words) else self.own()

    def comes_in(self, words: Words) -> Command:
        """As `order`; lines without a label are about it from now on."""
        self.incoming, self.has_order = self.order(words), True
        return self.incoming

    def own(self) -> Command:
        if self.incoming is None or not self.has_order:
            raise ValueError("the order must be named")
        return self.incoming

    def identity(self, order: Command) -> dict[str, int]:
        """Order id, client id, instrument, account, member, seat and side of an order."""
        fields = {key: int(order.fields.get(key, 0)) for key in [*_ORDER, "client_id"]}
        return fields | {"order_id": order.order_id, "member": order.member, "seat": order.seat}

    def sender(self) -> dict[str, int]:
        """Client id, member and seat of the command."""
        client = int(self.command.fields.get("client_id", 0))
        return {"client_id": client, "member": self.command.member, "seat": self.command.seat}

    def sent(self, *keys: str) -> dict[str, int]:
        """Fields of the command as they were sent; 0 where it has none of that name."""
        return {key: int(self.command.fields.get(key, 0)) for key in keys}
