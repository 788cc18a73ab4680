"""What a fast day draws from: frames of a random day, and bundles that set things right.

A random day (`checkers.days`) knows how to be right, on the edge and wrong in every command of the
schema; a fast day draws such frames again and again and gives them fresh ids, targets and prices.
Without feedback a market would soon stand still (closed, blocked, out of funds): so every so often
a *bundle* of commands opens everything again, under rules drawn anew.
"""

import random
from collections.abc import Iterator

import numpy as np
from checkers import day_exchange
from checkers.days import CENTRE, Command, RandomDay
from checkers.wire import BY_NAME, KIND, PHASE, TIME, command_of, encode, frame

POOL = 4_000
BUNDLES = 16
TICKS = (6, 10, 10, 24, 60)  # half the width between limits: close together much trades
_KEPT_ONE_IN = {  # of the acts that hinder trading
    **dict.fromkeys(("phase_set", "halt_set", "mass_cancel", "operator_cancel"), 8),
    **dict.fromkeys(("block_set", "rate_set", "member_define", "account_define"), 12),
    **dict.fromkeys(("credit_set", "right_set", "rule_set", "limits_set"), 6),
}
_RARE = {BY_NAME[name][0]: one_in for name, one_in in _KEPT_ONE_IN.items()}
_LAST_PHASES = (6, 7)
_MORE = {"position_limit": (0, 0, 60, 400), "amend_allowed": (1, 1, 1, 0)}
_MORE |= {"opening_cap": (0, 0, 0, 2_000, 10**5), "quantity_maximum_limit": (20, 50, 200)}
_MORE |= {"kinds_allowed": (15, 15, 15, 15, 3), "times_allowed": (31, 31, 31, 31, 13)}
_MORE |= {"display_minimum": (1, 1, 1, 1, 2, 0), "quantity_minimum": (2,)}


class Pool:
    """Frames as rows of one array of words (int64).

    `starts`, `lengths`: of each row, in words. Rows 0..`drawn` are drawn; the other ones stand in
    bundles, each a range of rows: `bundles` open the market again; a pair of `calls` brings a
    product into a call auction, and out of it. `entries`: by product the drawn rows that such an
    auction takes.
    """

    def __init__(self, seed: int, first_sequence: int) -> None:
        source = random.Random(seed)
        ticks = source.choice(TICKS)
        self.day = RandomDay(
            source, products=4, members=4, ticks=ticks, combined=0.05, first_sequence=first_sequence
        )
        self.opening, commands = self.day.write(POOL, end=False)
        rows = [command for command in commands if _is_kept(source, command)]
        self.drawn = len(rows)
        self.bundles = [_append(rows, _bundle(self.day)) for _ in range(BUNDLES)]
        self.calls = [
            (_append(rows, _call(product)), _append(rows, _match(product)))
            for product in self.day.products
        ]
        frames = [frame(*row) for row in rows]
        self.words = np.frombuffer(b"".join(frames), np.int64)
        self.lengths = np.array([len(each) // 8 for each in frames])
        self.starts = np.cumsum(self.lengths) - self.lengths
        heads = self.words[self.starts + 1]
        self.templates = (heads >> 16) & 0xFFFF
        self.seats = (self.words[self.starts] >> 32).astype(np.int64)
        self.entries = [_entries(self.day, rows[: self.drawn], each) for each in self.day.products]


def _append(rows: list[Command], bundle: list[Command]) -> range:
    """The places of a bundle among the rows that it was put behind."""
    rows += bundle
    return range(len(rows) - len(bundle), len(rows))


def _entries(day: RandomDay, rows: list[Command], product: int) -> np.ndarray:
    """The places of limit orders that rest, of a product."""
    found = []
    for place, (_, message) in enumerate(rows):
        command = command_of(message)
        if command is None or command.template != "order_enter":
            continue
        is_limit = (command.kind, command.post_only) == (KIND.limit, 0)
        rests = command.time_in_force in (TIME.day, TIME.gtd, TIME.gtc)
        if is_limit and rests and day.instruments.get(command.instrument) == product:
            found.append(place)
    return np.array(found or [0])


def _call(product: int) -> list[Command]:
    return [(0, encode("phase_set", product=product, phase=PHASE.auction_ordering))]


def _match(product: int) -> list[Command]:
    phases = (PHASE.auction_match, PHASE.continuous)
    matched = [encode("phase_set", product=product, phase=phase) for phase in phases]
    return [(0, encode("timer", product=product)), *((0, message) for message in matched)]


def _is_kept(source: random.Random, command: Command) -> bool:
    """Nothing that ends a product's day, and less of what hinders trading."""
    _, message = command
    template = int.from_bytes(message[2:4], "little")
    if template == BY_NAME["phase_set"][0] and message[28:29] in (b"\6", b"\7"):
        return False
    if template == BY_NAME["order_carry"][0] or template == BY_NAME["day_open"][0]:
        return source.random() < 0.3
    return source.randrange(_RARE.get(template, 1)) == 0


def _bundle(day: RandomDay) -> list[Command]:
    """Everyone may trade again, everything trades or collects; rules and limits drawn anew."""
    pick = day.random.choice
    messages = [encode("rate_set", member=member) for member in day.members]
    for member in day.members:
        credit = pick((*[1 << 60] * 7, 10**10))
        messages.append(encode("member_define", member=member, active=1, credit=credit))
        messages.append(encode("block_set", member=member, operator_reason=6))
    for seat, member in day.seats.items():
        messages.append(encode("seat_define", seat_number=seat, member=member))
    for account in day.accounts:
        messages.append(day.account(account, active=1))
        messages.append(encode("block_set", account=account, operator_reason=6))
    for product in day.products:
        messages += _rules(day, product)
    for number, product in day.instruments.items():
        if day.random.random() < 0.25:
            messages.append(_limits(day, number))
        if day.random.random() < 0.5:
            most = pick((0, 0, 500))
            messages.append(day_exchange.rule(product, "position_limit", most, number))
    messages.append(encode("group_define", group=pick((1, 2)), self_trade_mode=pick(range(5))))
    messages.append(encode("halt_set", halted=0))
    messages += [encode("phase_set", product=product, phase=2) for product in day.products]
    return [(0, message) for message in messages]


def _rules(day: RandomDay, product: int) -> Iterator[bytes]:
    """About half of the product's rules, drawn anew."""
    for name, values in {**day_exchange.MORE_RULES, **_MORE}.items():
        if day.random.random() < 0.5:
            yield day_exchange.rule(product, name, day.random.choice(values))


def _limits(day: RandomDay, number: int) -> bytes:
    tick = day.tick_of(number)
    least = max(3, day.ticks // 2)
    lower = (CENTRE - day.random.randint(least, day.ticks)) * tick
    upper = (CENTRE + day.random.randint(least, day.ticks)) * tick
    return encode("limits_set", instrument=number, lower_limit=lower, upper_limit=upper)


def closing(day: RandomDay, trading_day: int) -> list[Command]:
    """Products close one after another while members go on; the day ends; a late one is refused."""
    late = encode("order_cancel", client_id=1 << 61)
    commands: list[Command] = []
    for product in day.products:
        phase = day.random.choice(_LAST_PHASES)
        commands.append((0, encode("phase_set", product=product, phase=phase)))
        commands += [day.random.choice(day.sent) for _ in range(20)]
        if phase == _LAST_PHASES[0] and day.random.random() < 0.5:
            commands.append((0, encode("phase_set", product=product, phase=_LAST_PHASES[1])))
    commands.append((0, encode("phase_set", product=0, phase=2)))
    return [*commands, (0, encode("day_end", trading_day=trading_day)), (1, late), (0, late)]
