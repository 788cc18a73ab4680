"""The checkers find a lie: events of a true day, one field changed, dropped, doubled or swapped."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from checkers import Violation, Watch
from checkers.days import RandomDay
from checkers.wire import HEAD, LAYOUTS, REASON, encode, events_of

venue = pytest.importorskip("twinex.venue.venue")

Seen = tuple[int, bytes, bytes]  # seat, message, events


@pytest.fixture(scope="module")
def days() -> list[list[Seen]]:
    """True days: every command with its events. Every second one has days before it."""
    lived = []
    for seed in range(10):
        first = 1 if seed % 2 else 2_000
        combined = 0.1 if seed % 3 == 2 else 0.0
        day = RandomDay(random.Random(seed), first_sequence=first, combined=combined)
        setup, commands = day.write(800)
        system = venue.Venue(clock=lambda: 1, first_sequence=first)
        late = (1, encode("order_cancel", client_id=2**62))
        whole = [*setup, *commands, late]
        lived.append([(seat, m, system.send(seat, m)) for seat, m in whole])
    return lived


def _watch(seen: list[Seen]) -> None:
    watch = Watch()
    for command in seen:
        watch.see(*command)
    watch.check_totals()


def _places(events: bytes) -> Iterator[tuple[int, int]]:
    """(template, position) of each event."""
    position = 0
    while position < len(events):
        block, template, _, _ = HEAD.unpack_from(events, position)
        yield template, position
        position += 8 + block


def _every_field() -> list[tuple[str, str]]:
    return [
        (layout.name, field)
        for template, layout in LAYOUTS.items()
        if template > 100
        for field in layout.names
        if field != "index"
    ]


def test_checkers_share_no_code_with_what_they_judge() -> None:
    for path in Path(__file__).parent.glob("*.py"):
        if not path.name.startswith("test_"):
            assert "twinex" not in path.read_text(), f"{path.name} knows the product"


def test_true_days_pass(days: list[list[Seen]]) -> None:
    for seen in days:
        _watch(seen)


def test_these_days_send_every_command_and_meet_every_reason(days: list[list[Seen]]) -> None:
    """What a day never does no checker judges."""
    done, refused = set(), set()
    for seen in days:
        for _, message, events in seen:
            for event in events_of(events):
                if event.template == "command_rejected":
                    refused.add(event.reject_reason)
                elif event.index == 0 and event.template != "command_repeated":
                    done.add(HEAD.unpack_from(message)[1])
    assert done == {template for template in LAYOUTS if template < 100}
    assert refused == set(vars(REASON).values()) - {REASON.NONE}


@pytest.mark.parametrize(("name", "field"), _every_field())
def test_a_lie_in_any_field_of_any_event_is_found(
    days: list[list[Seen]], name: str, field: str
) -> None:
    template = next(number for number, layout in LAYOUTS.items() if layout.name == name)
    found = [
        (seen, place, position)
        for seen in days
        for place, (_, _, events) in enumerate(seen)
        for kind, position in _places(events)
        if kind == template
    ]
    assert found, f"no {name} in these days"
    seen, place, position = found[len(found) // 2]
    seat, message, events = seen[place]
    lying = bytearray(events)
    offset = position + 8 + LAYOUTS[template].places[field][1]
    if field == "time_ns":
        lying[offset : offset + 8] = bytes(8)
    else:
        lying[offset] ^= 1
    with pytest.raises(Violation):
        _watch([*seen[:place], (seat, message, bytes(lying)), *seen[place + 1 : place + 2]])


def _drop_last(events: bytes) -> bytes:
    return events[: list(_places(events))[-1][1]]


def _double_last(events: bytes) -> bytes:
    return events + events[list(_places(events))[-1][1] :]


@pytest.mark.parametrize("lie", [_drop_last, _double_last])
def test_an_event_too_few_or_too_many_is_found(days: list[list[Seen]], lie) -> None:
    for place in range(40, len(days[0]), 37):
        seat, message, events = days[0][place]
        with pytest.raises(Violation):
            _watch([*days[0][:place], (seat, message, lie(events))])


def test_a_missing_command_is_found(days: list[list[Seen]]) -> None:
    with pytest.raises(Violation, match="sequences rise"):
        _watch([*days[0][:100], *days[0][101:]])
