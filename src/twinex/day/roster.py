"""Who trades in the simulated day: members, seats, trading codes and what they hold overnight."""

from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from twinex.venue.reference import Market, Member, OpeningPosition, TradingCode
from twinex.venue.wire import codes
from twinex.venue.wire.schema import ENUMS

Ints = npt.NDArray[np.int64]

MAKER, TAKER, HEDGER, HOLDER, BARRED = range(5)
ROLE_NAMES = ("makers", "takers", "hedgers", "holders", "barred")

MEMBERS = 12
MAKERS = 4
INACTIVE_MEMBER = 12
SEATS_EACH = 2
_CLIENTS_EACH = 12
LONG, SHORT = 0, 1
_CREDIT = Decimal(10**13)  # yuan: no member runs out in a day
_DEALS_OVERNIGHT = 6
_BUSY_WEIGHT = 60  # a contract with this weight has twice the open interest of one without any
_HEDGE_NAMES = {value: name for name, value in ENUMS["Hedge"].items()}
_MEMBER_NAMES = """
    Hongqiao Lujiazui Jianguo Futian Tianhe Jiangbei Gulou Wuhou Siming Shinan Binhu Baoding
"""


@dataclass(frozen=True)
class Roster:
    """One row a trading code (交易编码); `names` are the members' by number."""

    names: dict[int, str]
    account: Ints
    member: Ints
    seat: Ints
    hedge: Ints
    role: Ints
    active: npt.NDArray[np.bool_]
    close_only: npt.NDArray[np.bool_]

    def rows(self, role: int) -> Ints:
        """Rows of the trading codes with a role."""
        return np.flatnonzero(self.role == role)


def build_roster() -> Roster:
    """Twelve members: four make markets, seven have clients who trade, one has been suspended."""
    rows: list[tuple[int, int, int, int]] = []  # member, client, hedge, role
    for maker in range(1, MAKERS + 1):
        rows.append((maker, 1, codes.HEDGE_MARKET_MAKER, MAKER))
    for broker in range(MAKERS + 1, MEMBERS):
        rows += [(broker, n, codes.HEDGE_SPECULATION, TAKER) for n in range(1, _CLIENTS_EACH + 1)]
        rows.append((broker, 1, codes.HEDGE_HEDGE, HEDGER))
        rows.append((broker, _CLIENTS_EACH + 1, codes.HEDGE_SPECULATION, HOLDER))
    barred = _CLIENTS_EACH + 2
    rows.append((MAKERS + 1, barred, codes.HEDGE_SPECULATION, BARRED))  # inactive: may only close
    rows.append((MAKERS + 2, barred, codes.HEDGE_SPECULATION, BARRED))  # no right to open
    rows.append((INACTIVE_MEMBER, 1, codes.HEDGE_SPECULATION, BARRED))
    member, client, hedge, role = (
        np.array(column, dtype=np.int64) for column in zip(*rows, strict=True)
    )
    which = np.cumsum(role == BARRED) * (role == BARRED)
    return Roster(
        names=dict(enumerate(_MEMBER_NAMES.split(), start=1)),
        account=member * 10_000 + client * 10 + hedge,
        member=member,
        seat=member * 10 + 1 + client % SEATS_EACH,
        hedge=hedge,
        role=role,
        active=which != 1,
        close_only=which == 2,
    )


def overnight(roster: Roster, weight: Ints, seed: int) -> Ints:
    """Lots that holders, hedgers and the barred carried over night, [row, contract, long/short].

    Every buyer has a seller: in each contract the longs of all codes equal the shorts. Contracts
    that trade more (`weight`) are held more.
    """
    random = np.random.default_rng(seed)
    held = np.zeros((len(roster.account), len(weight), 2), dtype=np.int64)
    owners = np.flatnonzero(roster.role >= HEDGER)
    for slot in range(len(weight)):
        for _ in range(_DEALS_OVERNIGHT):
            buyer, seller = random.choice(owners, 2, replace=False)
            lots = int(random.integers(5, 60)) * int(_BUSY_WEIGHT + weight[slot]) // _BUSY_WEIGHT
            held[buyer, slot, LONG] += lots
            held[seller, slot, SHORT] += lots
    return held


def as_members(roster: Roster, market: Market, symbols: list[str], held: Ints) -> list[Member]:
    """The roster as reference data; `symbols` names the contracts of `held`."""
    barred = dict.fromkeys((product.name for product in market.products), "close_only")
    return [
        Member(
            member=member,
            name=name,
            seats=tuple(member * 10 + number for number in range(1, SEATS_EACH + 1)),
            codes=tuple(
                _code(roster, int(row), barred, symbols, held)
                for row in np.flatnonzero(roster.member == member)
            ),
            credit=_CREDIT,
            active=member != INACTIVE_MEMBER,
        )
        for member, name in roster.names.items()
    ]


def _code(
    roster: Roster, row: int, barred: dict[str, str], symbols: list[str], held: Ints
) -> TradingCode:
    account = int(roster.account[row])
    return TradingCode(
        account=account,
        name=f"{account:08d}",
        client=account // 10,
        hedge=_HEDGE_NAMES[int(roster.hedge[row])],
        active=bool(roster.active[row]),
        rights=barred if roster.close_only[row] else {},
        positions=tuple(
            OpeningPosition(symbols[slot], int(held[row, slot, LONG]), int(held[row, slot, SHORT]))
            for slot in np.flatnonzero(held[row].any(axis=1))
        ),
    )
