"""Members, seats, trading codes, rights and opening positions as messages."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from twinex.venue.reference import (
    Member,
    OpeningPosition,
    ParticipantError,
    Rates,
    TradingCode,
    credit_change,
    listing,
    load_market,
    numbered_members,
    participants,
    right_change,
    trading_codes,
)
from twinex.venue.wire.messages import decode

CFFEX = load_market("cffex")
OPEN = load_market("open")
INSTRUMENTS = listing(CFFEX, date(2021, 1, 4))
ALL = sum(1 << n for n in range(1, 12))


def decoded(members: list[Member]) -> list[tuple[str, dict[str, Any]]]:
    return [tuple(decode(message)) for message in participants(CFFEX, members, INSTRUMENTS)]  # type: ignore[misc]


def one(code: TradingCode) -> list[Member]:
    return [Member(7, "seven", (70,), (code,), Decimal("0.5"))]


def test_a_member_with_everything() -> None:
    position = OpeningPosition("IF2101", long=3, short=2)
    rights = {"IF": "close_only", "T": "none", "IH": "full"}
    code = TradingCode(11, "00000011-2", 4, "hedge", True, rights, (position,))
    found = decoded(one(code))
    assert [kind for kind, _ in found] == [
        "member_define",
        "seat_define",
        "account_define",
        "position_set",
    ]
    assert found[0][1] == {"member": 7, "active": 1, "credit": 5000, "member_name": "seven"}
    assert found[1][1] == {"member": 7, "seat_number": 70}
    assert found[2][1] == {
        "member": 7,
        "active": 1,
        "group": 0,
        "account": 11,
        "open_products": ALL & ~(1 << 1) & ~(1 << 7),
        "close_products": ALL & ~(1 << 7),
        "client": 4,
        "account_name": "00000011-2",
    }
    assert found[3][1] == {
        "instrument": 1,
        "account": 11,
        "long_yesterday": 3,
        "short_yesterday": 2,
        "position_hedge": 2,
    }


def test_numbered_members() -> None:
    flags = ("speculation", "hedge")
    members = numbered_members(3, seats_each=2, clients_each=2, hedges=flags)
    assert [m.seats for m in members] == [(1, 2), (3, 4), (5, 6)]
    codes = [code for member in members for code in member.codes]
    assert [code.account for code in codes] == list(range(1, 13))
    assert [code.client for code in codes] == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6]
    assert [code.name for code in trading_codes(2, flags)] == ["00000002-0", "00000002-2"]
    assert len(decoded(members)) == 3 + 6 + 12


def test_changes() -> None:
    kind, fields = decode(right_change(CFFEX, 11, "T", "close_only"))
    assert (kind, fields) == ("right_set", {"right": 1, "account": 11, "product": 7})
    kind, fields = decode(credit_change(7, Decimal("12.5")))
    assert (kind, fields) == ("credit_set", {"member": 7, "credit": 125_000})


def test_related_accounts_and_rates() -> None:
    flags = ("speculation", "hedge")
    members = numbered_members(2, clients_each=1, hedges=flags, related=True)
    members[0] = replace(members[0], rates=Rates(10**9, 5, 0))
    messages = participants(OPEN, members, groups={2: "reduce", 9: "allow"})
    found = [tuple(decode(message)) for message in messages]
    newest, reduce, allow = 1, 4, 0
    assert [f for kind, f in found if kind == "group_define"] == [
        {"group": 1, "self_trade_mode": newest},  # the market's
        {"group": 2, "self_trade_mode": reduce},
        {"group": 9, "self_trade_mode": allow},
    ]
    assert OPEN.rates is not None
    assert [f for kind, f in found if kind == "rate_set"] == [
        {"member": 1, "entries_max": 5, "cancels_max": 0, "window_ns": 10**9},
        {"member": 2, "entries_max": OPEN.rates.entries_max,
         "cancels_max": OPEN.rates.cancels_max, "window_ns": OPEN.rates.window_ns},
    ]  # fmt: skip
    assert [f["group"] for kind, f in found if kind == "account_define"] == [1, 1, 2, 2]
    kinds = [kind for kind, _ in found]
    assert kinds.index("group_define") < kinds.index("account_define")


def test_a_mode_that_is_none() -> None:
    with pytest.raises(ParticipantError, match="group 3: mode 'cancel' is none of allow,"):
        participants(OPEN, [], groups={3: "cancel"})


BAD = [
    (one(TradingCode(0, "a", 1)), "account 0: expected a number from 1"),
    (one(TradingCode(1, "a", 1, "speculate")), "account 1: hedge 'speculate' is none of"),
    (one(TradingCode(1, "a" * 17, 1)), "account 1: .*over 16 bytes"),
    (one(TradingCode(1, "a", 1, rights={"XX": "full"})), "account 1: .*no product 'XX'"),
    (one(TradingCode(1, "a", 1, rights={"IF": "half"})), "account 1: right 'half' is none of"),
    (one(TradingCode(1, "a", 1, positions=(OpeningPosition("IF2112"),))), "not listed today"),
    (one(TradingCode(1, "a", 1, positions=(OpeningPosition("IF2101", -1),))), "cannot be negative"),
    (one(TradingCode(1, "a", 1, positions=(OpeningPosition("IF2101"),) * 2)), "is given twice"),
    ([Member(1, "a", (1,), ()), Member(1, "b", (2,), ())], "member 1 is defined twice"),
    ([Member(1, "a", (1,), ()), Member(2, "b", (1,), ())], "seat 1 is defined twice"),
    ([Member(1, "a", (), (), Decimal("0.00001"))], "member 1: credit"),
    ([Member(1, "a" * 17, (), ())], "member 1: .*over 16 bytes"),
    ([Member(1, "a", (), (), rates=Rates(0, 1, 1))], "member 1: .*expected a window from 1 ns"),
    ([Member(1, "a", (), (), rates=Rates(1, 2**31, 1))], "counts from 0 to 2147483647"),
    (one(TradingCode(1, "a", 1, group=-1)), "group -1: expected a number from 1 to 1000000"),
    (one(TradingCode(1, "a", 1, group=10**6 + 1)), "group 1000001: expected"),
]


@pytest.mark.parametrize(("members", "text"), BAD, ids=[text for _, text in BAD])
def test_bad_participants(members: list[Member], text: str) -> None:
    with pytest.raises(ParticipantError, match=text):
        participants(CFFEX, members, INSTRUMENTS)
