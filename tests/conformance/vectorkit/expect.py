"""Event lines of a case as the fields that the events must have."""

from vectorkit import answers, spreads
from vectorkit.builder import Builder, Maker
from vectorkit.parse import EventLine, VectorError
from vectorkit.wire import ENUMS, TEMPLATES
from vectorkit.words import Expected, Words
from vectorkit.world import LEGS, Command, World, decimal, number

_HOLDINGS = (
    *("long_today", "long_yesterday", "short_today", "short_yesterday"),
    *("long_frozen_today", "long_frozen", "short_frozen_today", "short_frozen"),
)


def _quoted(build: Builder, line: EventLine, words: Words) -> None:
    """`quoted`, `quoted entry 1`; `bid a.bid` where the leg is an older one."""
    command = build.command
    index = words.number() if words.accept("entry") else 0
    entry = command.entries[index] if command.entries else command.fields
    keys = ("instrument", "account", "hedge")
    fields = build.sender() | {key: int(entry.get(key, 0)) for key in keys}
    first = command.sequence * LEGS + 2 * index + 1
    for leg, side in enumerate(("bid", "ask")):
        fields[f"{side}_order_id"] = first + leg if entry.get(f"{side}_quantity") else 0
        if words.accept(side):
            fields[f"{side}_order_id"] = build.world.labels[words.next()].order_id
    build.put(line, "quote_accepted", fields)


def _mass_quoted(build: Builder, line: EventLine, words: Words) -> None:
    fields = build.sender() | {"instrument": 0, "count": words.number()}
    build.put(line, "mass_quoted", fields)


def _requested(build: Builder, line: EventLine, words: Words) -> None:
    build.put(line, "quote_requested", build.sender() | build.sent("instrument", "account"))


def _position(build: Builder, line: EventLine, words: Words) -> None:
    name = words.next()
    account = build.world.seats[name][1] if name in build.world.seats else int(name)
    fields = dict.fromkeys(_HOLDINGS, 0) | {"account": account, "instrument": 1, "hedge": 0}
    fields["member"] = build.world.owners[account]
    for side in ("long", "short"):
        if words.rest and words.rest[0] == side:
            today, yesterday = words.pair(side, "+")
            fields |= {f"{side}_today": today, f"{side}_yesterday": yesterday}
    if words.accept("frozen"):
        for side in ("long", "short"):
            today, other = words.next().split("+")
            fields |= {f"{side}_frozen_today": int(today), f"{side}_frozen": int(other)}
    build.put(line, "position_changed", fields)


def _auction(name: str) -> Maker:
    def make(build: Builder, line: EventLine, words: Words) -> None:
        fields = {"instrument": words.number(), "auction_price": decimal(words.next())}
        fields["auction_volume"] = words.number("volume")
        fields["surplus"] = words.number("surplus")
        build.put(line, name, fields)

    return make


def _phase(build: Builder, line: EventLine, words: Words) -> None:
    fields = {"product": words.number(), "phase": ENUMS["Phase"][words.next()]}
    build.put(line, "phase_changed", fields)


def _halt(build: Builder, line: EventLine, words: Words) -> None:
    fields = {"instrument": words.number(), "halted": {"on": 1, "off": 0}[words.next()]}
    build.put(line, "halt_changed", fields)


def _limits(build: Builder, line: EventLine, words: Words) -> None:
    fields = {"instrument": words.number(), "lower_limit": decimal(words.next())}
    fields["upper_limit"] = decimal(words.next())
    build.put(line, "limits_changed", fields)


def _reference(build: Builder, line: EventLine, words: Words) -> None:
    fields = {"number": words.number(), "changed_by": build.command.template}
    build.put(line, "reference_changed", fields)


def _mass_cancelled(build: Builder, line: EventLine, words: Words) -> None:
    fields = build.sender() | build.sent("instrument", "account", "product", "operator_reason")
    if build.command.name == "operator_cancel":
        fields |= build.sent("member")
    build.put(line, "mass_cancelled", fields | {"count": words.number()})


def _rule(build: Builder, line: EventLine, words: Words) -> None:
    build.put(line, "rule_changed", build.sent("instrument", "product", "rule", "value"))


def _block(build: Builder, line: EventLine, words: Words) -> None:
    """`block on`, `block off`: the member is the account's where one is named."""
    fields = {"instrument": 0, "blocked": {"on": 1, "off": 0}[words.next()]}
    fields |= build.sent("account", "member", "operator_reason")
    if fields["account"]:
        fields["member"] = build.world.owners[fields["account"]]
    build.put(line, "block_changed", fields)


def _trade_of_today(build: Builder, words: Words) -> dict[str, int]:
    """`#3 2 @ P`, as a bust or correction names it."""
    fields = {"trade_id": int(words.next().removeprefix("#")), "instrument": 1}
    return fields | words.amount() | build.sent("operator_reason")


def _busted(build: Builder, line: EventLine, words: Words) -> None:
    build.put(line, "trade_busted", _trade_of_today(build, words))


def _corrected(build: Builder, line: EventLine, words: Words) -> None:
    fields = _trade_of_today(build, words)
    words.next("from")
    build.put(line, "trade_corrected", fields | {"old_price": decimal(words.next())})


def _day_opened(build: Builder, line: EventLine, words: Words) -> None:
    build.put(line, "day_opened", {"trading_day": words.number()})


def _day_ended(build: Builder, line: EventLine, words: Words) -> None:
    keys = ("orders", "trades", "volume", "rejects")
    build.put(line, "day_ended", {key: words.number(key) for key in keys})


_OTHERS: dict[str, Maker] = {
    "quoted": _quoted,
    "mass_quoted": _mass_quoted,
    "requested": _requested,
    "position": _position,
    "matched": _auction("auction_matched"),
    "indicated": _auction("auction_indicated"),
    "phase": _phase,
    "halt": _halt,
    "limits": _limits,
    "reference": _reference,
    "mass_cancelled": _mass_cancelled,
    "rule": _rule,
    "block": _block,
    "busted": _busted,
    "corrected": _corrected,
    "day_opened": _day_opened,
    "day_ended": _day_ended,
}
MAKERS = answers.MAKERS | spreads.MAKERS | _OTHERS


def expected(world: World, command: Command) -> list[Expected]:
    """The events that must answer `command`, in order. VectorError names file and line."""
    build = Builder(world, command)
    for line in command.row.events:
        try:
            _add(build, line)
        except (ValueError, KeyError, IndexError) as wrong:
            raise VectorError(f"{line.place}: {line}: {wrong}") from wrong
    return build.events


def _add(build: Builder, line: EventLine) -> None:
    """One line: one event, or the several of a short form."""
    words = Words.of(line)
    maker = MAKERS.get(line.words[0])
    if maker is None:
        raise ValueError(f"no event {line.words[0]!r}; there are {', '.join(MAKERS)}")
    start = len(build.events)
    maker(build, line, words)
    if words.rest:
        raise ValueError(f"{' '.join(words.rest)!r} is left over")
    for event in build.events[start:]:
        spots = TEMPLATES[event.name].fields
        for key, text in words.extra.items():
            value = number(spots[key], text)
            if not isinstance(value, int):
                raise ValueError("text cannot be compared")
            event.fields[key] = value
