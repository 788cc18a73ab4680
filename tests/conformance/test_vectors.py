"""Every case of `spec/vectors`, against every system; and what the cases cover together."""

from collections.abc import Iterator
from itertools import product

import pytest
from vectorkit.commands import build
from vectorkit.expect import expected
from vectorkit.parse import Case, read_all
from vectorkit.replay import Mismatch, replay
from vectorkit.systems import SYSTEMS, fresh
from vectorkit.wire import ENUMS, TEMPLATES, Field, Value

CASES = read_all()


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case: Case, system: str) -> None:
    try:
        replay(case, fresh(system, case))
    except Mismatch as wrong:
        pytest.fail(str(wrong), pytrace=False)


def _messages() -> Iterator[tuple[str, dict[str, Value]]]:
    """Every command that the cases send and every event that they expect: name and fields."""
    for case in CASES:
        world, setup, rows = build(case)
        for command in (*setup, *rows):
            unsent = dict.fromkeys(TEMPLATES[command.name].fields, 0)
            yield command.name, unsent | command.fields
            group = TEMPLATES[command.name].group
            for entry in command.entries if group else []:
                yield _entry(command.name), dict.fromkeys(group.fields, 0) | entry
        for command in rows:
            for event in expected(world, command):
                yield event.name, event.fields


def _entry(message: str) -> str:
    """The name under which the entries of a message's group are counted."""
    return f"{message} entry"


_ONLY = {("order_reduced", "cancel_reason"): {"self_trade"}}  # all that the field may have
_NEVER_NONE = ("block_changed", "trade_busted", "trade_corrected")  # each names its reason


@pytest.fixture(scope="module")
def seen() -> dict[tuple[str, str], set[Value]]:
    """Values by (message, field)."""
    values: dict[tuple[str, str], set[Value]] = {}
    for name, fields in _messages():
        for key, value in fields.items():
            values.setdefault((name, key), set()).add(value)
    return values


@pytest.mark.parametrize("message", TEMPLATES)
def test_every_message_is_used(message: str, seen: dict[tuple[str, str], set[Value]]) -> None:
    assert any(name == message for name, _ in seen)


def _coded() -> Iterator[tuple[str, Field]]:
    """Every field with an enum, of messages and of their groups' entries."""
    for template in TEMPLATES.values():
        blocks = [(template.name, template.fields)]
        if template.group is not None:
            blocks.append((_entry(template.name), template.group.fields))
        for name, fields in blocks:
            yield from ((name, spot) for spot in fields.values() if spot.enum)


@pytest.mark.parametrize(
    ("message", "spot"),
    [(name, spot) for name, spot in _coded() if spot.name not in ("reject_reason", "mass_side")],
    ids=lambda value: getattr(value, "name", value),
)
def test_every_code_is_used(
    message: str, spot: Field, seen: dict[tuple[str, str], set[Value]]
) -> None:
    """Each enum's values, in each field: sent in some command, or expected in some event."""
    unused = {word for word, code in spot.enum.items() if code not in seen[message, spot.name]}
    if spot.enum == ENUMS["Side"] and message != "trade":
        unused.discard("none")  # of an auction's trade only
    if message in _NEVER_NONE and spot.name == "operator_reason":
        unused.discard("none")
    if (message, spot.name) in _ONLY:
        unused &= _ONLY[message, spot.name]
    assert unused == set()


def test_every_reject_reason_is_expected(seen: dict[tuple[str, str], set[Value]]) -> None:
    reasons = set(ENUMS["RejectReason"].values())
    assert seen["command_rejected", "reject_reason"] == reasons - {ENUMS["RejectReason"]["NONE"]}


def test_mass_cancels_are_of_either_side_and_both(seen: dict[tuple[str, str], set[Value]]) -> None:
    assert set(ENUMS["Side"].values()) <= seen["mass_cancel", "mass_side"]


@pytest.mark.parametrize("event", ["order_accepted", "stop_accepted"])
def test_every_kind_is_accepted_with_every_time_in_force(event: str) -> None:
    accepted = {
        (fields["kind"], fields["time_in_force"]) for name, fields in _messages() if name == event
    }
    kinds, times = ENUMS["PriceKind"].values(), ENUMS["TimeInForce"].values()
    assert accepted == set(product(kinds, times))


def test_every_rule_of_a_product_meets_orders() -> None:
    """Each auction, price, priority and offset rule stands in a setup whose case enters orders."""
    rules = ("auction_rule", "price_rule", "market_price_rule", "limit_priority", "offset_rule")
    met: dict[str, set[int]] = {rule: set() for rule in rules}
    for case in CASES:
        _, setup, rows = build(case)
        if any(command.name == "order_enter" for command in rows):
            for command in setup:
                for rule in rules:
                    if command.name == "product_define":
                        met[rule].add(int(command.fields.get(rule, 0)))
    spots = TEMPLATES["product_define"].fields
    assert met == {rule: set(spots[rule].enum.values()) for rule in rules}
