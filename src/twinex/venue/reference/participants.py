"""Members, their rates, seats, related accounts, rights and opening positions as commands.

At CFFEX each hedge flag is a trading code (交易编码) of its own, with positions of its own
(rulebook 2.2): a client who hedges and speculates has two accounts here, one for each flag.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType

from twinex.venue.reference.listing import Instrument
from twinex.venue.reference.market import COUNT_MAXIMUM, Market, Product, Rates
from twinex.venue.reference.mistakes import ParticipantError
from twinex.venue.wire.messages import MessageError, encode
from twinex.venue.wire.schema import ENUMS

HEDGES = ENUMS["Hedge"]
RIGHTS = ENUMS["Right"]
SELF_TRADE_MODES = ENUMS["SelfTradeMode"]
MONEY_UNIT = 10_000  # internal money units in one yuan
GROUP_MAXIMUM = 1_000_000  # spec/operator.md


@dataclass(frozen=True)
class OpeningPosition:
    """Lots carried over night in one instrument."""

    symbol: str
    long: int = 0
    short: int = 0


@dataclass(frozen=True)
class TradingCode:
    """An account: one client with one hedge flag at one member.

    `rights` maps product names to "none", "close_only" or "full"; products left out are full.
    `group`: the related accounts (实际控制关系账户) that it belongs to, 0 for none.
    """

    account: int
    name: str
    client: int
    hedge: str = "speculation"
    active: bool = True
    rights: Mapping[str, str] = field(default_factory=dict)
    positions: tuple[OpeningPosition, ...] = ()
    group: int = 0


@dataclass(frozen=True)
class Member:
    """A member, its seats and its trading codes. `credit` is in yuan.

    `rates` None: the market's, if it has any.
    """

    member: int
    name: str
    seats: tuple[int, ...]
    codes: tuple[TradingCode, ...]
    credit: Decimal = Decimal(0)
    active: bool = True
    rates: Rates | None = None


def participants(
    market: Market,
    members: Iterable[Member],
    instruments: Iterable[Instrument] = (),
    groups: Mapping[int, str] = MappingProxyType({}),
) -> list[bytes]:
    """Commands that define `members`: all members, their rates, seats, groups of related accounts,
    accounts and opening positions.

    `instruments` (from `listing`) are needed for opening positions only. `groups` maps numbers to
    self-trade modes ("cancel_newest" …); a group that only an account names has the market's mode.
    Raises ParticipantError for an id used twice, an unknown product, right, hedge flag or mode, a
    rate or a group out of bounds, or an unlisted position.
    """
    members = list(members)
    _check_unique("member", [m.member for m in members])
    _check_unique("seat", [seat for m in members for seat in m.seats])
    _check_unique("account", [code.account for m in members for code in m.codes])
    numbers = {one.symbol: one.number for one in instruments}
    messages = [_member(member) for member in members]
    messages += [message for member in members for message in _rates(market, member)]
    for member in members:
        messages += [
            encode("seat_define", member=member.member, seat_number=seat) for seat in member.seats
        ]
    messages += _groups(market, members, groups)
    for member in members:
        messages += [_account(market, member, code) for code in member.codes]
    for member in members:
        for code in member.codes:
            messages += _positions(code, numbers)
    return messages


def right_change(market: Market, account: int, product: str, right: str) -> bytes:
    """`right_set`: what an account may do in one product from now on."""
    number = _product(market, product, f"account {account}").number
    return encode("right_set", right=_right(right, account), account=account, product=number)


def credit_change(member: int, credit: Decimal) -> bytes:
    """`credit_set`: a member's credit from now on, in yuan."""
    return encode("credit_set", member=member, credit=_money(credit, member))


def numbered_members(
    count: int,
    *,
    seats_each: int = 1,
    clients_each: int = 2,
    hedges: tuple[str, ...] = ("speculation",),
    credit: Decimal = Decimal(10_000_000_000),
    related: bool = False,
) -> list[Member]:
    """`count` members for demos and tests, everything permitted.

    Member m has the seats (m-1)*seats_each + 1 and so on; clients are numbered through all
    members, and so are accounts: one for each client and hedge flag. `related`: the accounts of a
    client are a group, numbered as the client.
    """
    members = []
    for number in range(1, count + 1):
        first_seat = (number - 1) * seats_each + 1
        clients = range((number - 1) * clients_each + 1, number * clients_each + 1)
        codes = tuple(code for one in clients for code in trading_codes(one, hedges, related))
        seats = tuple(range(first_seat, first_seat + seats_each))
        members.append(Member(number, f"M{number:04d}", seats, codes, credit))
    return members


def trading_codes(
    client: int, hedges: tuple[str, ...], related: bool = False
) -> Iterator[TradingCode]:
    """One trading code per hedge flag; account = (client - 1) * flags + place of the flag."""
    for place, hedge in enumerate(hedges, start=1):
        account = (client - 1) * len(hedges) + place
        name = f"{client:08d}-{HEDGES[hedge]}"
        yield TradingCode(account, name, client, hedge, group=client if related else 0)


def _check_unique(what: str, numbers: list[int]) -> None:
    seen: set[int] = set()
    for number in numbers:
        if number < 1:
            raise ParticipantError(f"{what} {number}: expected a number from 1")
        if number in seen:
            raise ParticipantError(f"{what} {number} is defined twice")
        seen.add(number)


def _member(member: Member) -> bytes:
    try:
        return encode(
            "member_define",
            member=member.member,
            active=member.active,
            credit=_money(member.credit, member.member),
            member_name=member.name,
        )
    except MessageError as error:
        raise ParticipantError(f"member {member.member}: {error}") from error


def _rates(market: Market, member: Member) -> Iterator[bytes]:
    """`rate_set`, for a member that has rates of its own or of the market."""
    rates = market.rates if member.rates is None else member.rates
    if rates is None:
        return
    counts = (rates.entries_max, rates.cancels_max)
    if rates.window_ns < 1 or not all(0 <= count <= COUNT_MAXIMUM for count in counts):
        raise ParticipantError(
            f"member {member.member}: {rates}: expected a window from 1 ns "
            f"and counts from 0 to {COUNT_MAXIMUM}"
        )
    yield encode(
        "rate_set",
        member=member.member,
        window_ns=rates.window_ns,
        entries_max=rates.entries_max,
        cancels_max=rates.cancels_max,
    )


def _groups(market: Market, members: list[Member], modes: Mapping[int, str]) -> Iterator[bytes]:
    """`group_define` for all groups that are given a mode or named by an account, ascending."""
    named = {code.group for member in members for code in member.codes if code.group}
    for group in sorted(named | set(modes)):
        if not 1 <= group <= GROUP_MAXIMUM:
            raise ParticipantError(f"group {group}: expected a number from 1 to {GROUP_MAXIMUM}")
        mode = modes.get(group)
        if mode is not None and mode not in SELF_TRADE_MODES:
            known = ", ".join(SELF_TRADE_MODES)
            raise ParticipantError(f"group {group}: mode {mode!r} is none of {known}")
        number = market.self_trade_mode if mode is None else SELF_TRADE_MODES[mode]
        yield encode("group_define", group=group, self_trade_mode=number)


def _account(market: Market, member: Member, code: TradingCode) -> bytes:
    who = f"account {code.account}"
    if code.hedge not in HEDGES:
        raise ParticipantError(f"{who}: hedge {code.hedge!r} is none of {', '.join(HEDGES)}")
    opens = closes = sum(1 << product.number for product in market.products)
    for name, right in code.rights.items():
        others = ~(1 << _product(market, name, who).number)
        if _right(right, code.account) != RIGHTS["full"]:
            opens &= others
        if right == "none":
            closes &= others
    try:
        return encode(
            "account_define",
            member=member.member,
            active=code.active,
            group=code.group,
            account=code.account,
            open_products=opens,
            close_products=closes,
            client=code.client,
            account_name=code.name,
        )
    except MessageError as error:
        raise ParticipantError(f"{who}: {error}") from error


def _positions(code: TradingCode, numbers: Mapping[str, int]) -> Iterator[bytes]:
    who = f"account {code.account}"
    _check_positions(who, code.positions, numbers)
    for held in code.positions:
        yield encode(
            "position_set",
            instrument=numbers[held.symbol],
            account=code.account,
            long_yesterday=held.long,
            short_yesterday=held.short,
            position_hedge=HEDGES[code.hedge],
        )


def _check_positions(
    who: str, positions: tuple[OpeningPosition, ...], numbers: Mapping[str, int]
) -> None:
    symbols = [held.symbol for held in positions]
    for held in positions:
        if held.symbol not in numbers:
            raise ParticipantError(f"{who}: position in {held.symbol}, which is not listed today")
        if held.long < 0 or held.short < 0:
            raise ParticipantError(f"{who}: {held.symbol}: lots cannot be negative")
        if symbols.count(held.symbol) > 1:
            raise ParticipantError(f"{who}: position in {held.symbol} is given twice")


def _product(market: Market, name: str, who: str) -> Product:
    try:
        return market.product(name)
    except KeyError as error:
        raise ParticipantError(f"{who}: {error.args[0]}") from None


def _right(right: str, account: int) -> int:
    if right not in RIGHTS:
        raise ParticipantError(f"account {account}: right {right!r} is none of {', '.join(RIGHTS)}")
    return RIGHTS[right]


def _money(amount: Decimal, member: int) -> int:
    units = amount * MONEY_UNIT
    if not isinstance(amount, Decimal) or not amount.is_finite() or units % 1 or units < 0:
        raise ParticipantError(f"member {member}: credit {amount} is no multiple of 0.0001 yuan")
    return int(units)
