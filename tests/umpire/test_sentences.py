"""Commands, events and rows in words: every kind, and no two values alike."""

import random
import re
from typing import Any

import pytest

from twinex.umpire.layout import SECTIONS
from twinex.umpire.names import Names
from twinex.umpire.rows import key_text
from twinex.umpire.schema import SCHEMA, Field, Fields, Message
from twinex.umpire.sentences import SENTENCES, sentence
from twinex.umpire.values import clock_text, money_text, price_text, value_text

NAMES = Names(
    symbols={7: "IF2607", 9: "SP IF2607&IF2608"},
    product_of={7: 1, 9: 1},
    products={1: "IF"},
    ticks={1: 2_000},
    combinations={9},
)
MESSAGES = list(SCHEMA.messages.values())


def _drawn(field: Field, draw: random.Random) -> Any:
    if field.code.endswith("s"):
        return "IF2607" if field.meaning == "text" else draw.randbytes(int(field.code[:-1]))
    if field.name in SCHEMA.enum_of:
        return draw.choice(list(SCHEMA.enum_of[field.name]))
    if field.name == "instrument":
        return draw.choice((0, 7, 9, 11))
    return draw.choice((0, 1, 2, draw.randrange(1 << 16)))


def _fields(message: Message, draw: random.Random) -> Fields:
    fields = {field.name: _drawn(field, draw) for field in message.fields}
    if message.group is not None:
        entries = [_fields(message.group, draw) for _ in range(draw.randrange(6))]
        fields[message.group.name] = entries
    return fields


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.name)
def test_every_message_is_worded(message: Message) -> None:
    draw = random.Random(message.id)
    told = set(re.findall(r"\{(\w+)#?\}", SENTENCES[message.name]))
    beside = {"instrument"} if message.name == "order_amend" else set()
    assert told <= {field.name for field in message.fields} | {"entries"} | beside
    for _ in range(50):
        words = sentence(message.name, _fields(message, draw), NAMES)
        assert words
        assert not set("{}[]|") & set(words)
        assert "  " not in words


def test_no_other_message_is_worded() -> None:
    assert SENTENCES.keys() == {message.name for message in MESSAGES}


ORDER = {"instrument": 7, "price": 40_010_000, "quantity": 5, "account": 1003, "side": 1}


def _said(name: str, **fields: Any) -> str:
    empty = {field.name: 0 for field in SCHEMA.named(name).fields}
    return sentence(name, {**empty, **fields}, NAMES)


@pytest.mark.parametrize(
    ("name", "fields", "words"),
    [
        ("order_enter", ORDER, "enters sell 5 IF2607 @ 4001.0, account 1003"),
        (
            "order_enter",
            {**ORDER, "price": 0, "kind": 1, "time_in_force": 1, "offset": 1},
            "enters sell 5 IF2607 market fak close, account 1003",
        ),
        (
            "order_enter",
            {**ORDER, "price": 0, "instrument": 9},
            "enters sell 5 SP IF2607&IF2608 @ 0.0, account 1003",
        ),
        ("order_cancel", {"order_id": 9216}, "cancels order 9216"),
        ("order_cancel", {"target_client_id": 4}, "cancels the order of client id 4"),
        (
            "order_amend",
            {"order_id": 9216, "new_price": 40_010_000, "new_quantity": 5, "instrument": 7},
            "amends order 9216 to 5 @ 4001.0",
        ),
        ("mass_cancel", {"mass_side": 2}, "cancels everything of its own"),
        (
            "mass_cancel",
            {"mass_side": 0, "instrument": 7, "mass_scope": 2},
            "cancels everything of its own in IF2607, buy only, quotes only",
        ),
        ("phase_set", {"phase": 2}, "puts every product into continuous"),
        ("phase_set", {"phase": 2, "product": 1}, "puts IF into continuous"),
        (
            "command_rejected",
            {"command": 3, "reject_reason": 71, "order_id": 9216},
            "order_amend rejected: ORDER_DONE, order 9216",
        ),
        (
            "order_filled",
            {**ORDER, "order_id": 9216, "remaining": 2, "role": 1, "trade_id": 3},
            "order 9216 filled: sell 5 IF2607 @ 4001.0, 2 left, incoming, trade 3",
        ),
    ],
)
def test_sentences_of_the_market(name: str, fields: Fields, words: str) -> None:
    assert _said(name, **fields) == words


def test_a_mass_quote_tells_its_first_entries() -> None:
    sides = {"bid_price": 40_000_000, "ask_price": 40_010_000, "bid_quantity": 1, "ask_quantity": 2}
    entries = [{"instrument": 7, **sides}] * 5
    words = sentence("mass_quote", {"entries": entries}, NAMES)
    assert words.startswith("quotes IF2607 1 @ 4000.0 / 2 @ 4001.0; ")
    assert words.endswith(" and 2 more")
    assert sentence("mass_quote", {"entries": []}, NAMES) == "quotes nothing"


def _blocks() -> list[tuple[str, str, str]]:
    """Message or section, field, and its `struct` code."""
    groups = [message.group for message in MESSAGES if message.group]
    found = [
        (message.name, field.name, field.code)
        for message in (*MESSAGES, *groups)
        for field in message.fields
        if not field.code.endswith("s")
    ]
    return found + [(name, field, "B") for name, one in SECTIONS.items() for field in one.fields]


def test_two_values_are_never_written_alike() -> None:
    draw = random.Random(11)
    judged = 0
    for block, name, _ in _blocks():
        values = {draw.randrange(1 << draw.choice((3, 8, 30, 62))) for _ in range(60)} | {0, 1, 2}
        beside = {"instrument": 7} if name != "instrument" else {}
        texts = {value_text(name, value, {**beside, name: value}, NAMES) for value in values}
        narrow = name in ("events_crc", "body_crc")  # 32 bits are all they have
        assert narrow or len(texts) == len(values), (block, name)
        judged += 1
    assert judged > 400


def test_prices_money_and_clocks() -> None:
    assert price_text(40_010_000, 1) == "4001.0"
    assert price_text(40_010_001, 1) == "4001.0001"
    assert price_text(-5_000, 1) == "-0.5"
    assert price_text(50_000, 0) == "5"
    assert money_text(12_345_000_000) == "1,234,500.00"
    assert money_text(-101) == "-0.0101"
    at = 1_783_305_062_000_417_003
    assert clock_text(at, 8) == "10:31:02.000417"
    assert clock_text(at, 8, 9) == "10:31:02.000417003"


@pytest.mark.parametrize("section", SECTIONS)
def test_every_row_has_a_name(section: str) -> None:
    numbers = {"instrument": 7, "order_id": 9216, "trade_id": 4, "sequence": 812, "number": 7}
    names = (*SECTIONS[section].fields, *SECTIONS[section].key)
    fields = {name: numbers.get(name, 1) for name in names}
    words = key_text(section, fields, NAMES)
    assert words in {
        "day", "product 7", "IF2607", "member 7", "seat 7", "group 7", "account 7",
        "account 1 in IF2607, arbitrage", "order 9216 in IF2607", "trade 4 in IF2607",
        "order 9216", "sequence 812",
    }  # fmt: skip


def test_what_has_no_name_goes_by_its_number() -> None:
    assert NAMES.symbol(8) == "instrument 8"
    assert value_text("side", 7, {}, NAMES) == "7 (no side)"
    assert value_text("instrument", -7, {}, NAMES) == "IF2607, busted"
    assert value_text("command", 99, {}, NAMES) == "99 (no template)"
