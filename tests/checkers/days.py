"""Random days: commands of every kind, mostly sensible, often on the edge, some plainly bad.

    setup, commands = RandomDay(random.Random(seed)).write(2000)   # lists of (seat, message)

The same seed writes the same day. `random` may also be hypothesis' (`strategies.randoms()`): then a
failing day is shrunk. Products draw their rules, so a few dozen seeds meet most combinations.
"""

import random
from types import SimpleNamespace

from checkers import day_combinations, day_exchange, day_orders
from checkers.wire import encode

Command = tuple[int, bytes]  # seat, message
SHARES = (*day_orders.SHARES, *day_combinations.SHARES, *day_exchange.SHARES)
TRADING_DAY = 20260105
CENTRE = 1000  # the middle price, in ticks
CARRIED = 14  # orders of the day before, where there was one


class RandomDay:
    """Writes one day. `products`, `members`, `accounts`: how many of each there are.

    A day whose first sequence is not 1 had days before it: orders come over from them.
    `combined`: the share of commands that are orders of combinations, beyond the usual few.
    """

    def __init__(
        self,
        random: random.Random,
        *,
        products: int = 3,
        members: int = 3,
        first_sequence: int = 1,
        ticks: int = 24,
        combined: float = 0.0,
    ) -> None:
        self.random, self.ticks, self.combined = random, ticks, combined
        self.members = list(range(1, members + 1))
        self.seats = {seat: 1 + (seat - 1) % members for seat in range(1, 2 * members + 1)}
        self.accounts = {
            account: 1 + (account - 1) % members for account in range(1, 2 * members + 2)
        }
        self.groups = {account: random.choice((0, 1, 2)) for account in self.accounts}
        self.products = {number: self._rules(number) for number in range(1, products + 1)}
        day_combinations.make_alike(self)
        self.more_rules = {number: self._more_rules() for number in self.products}
        self.instruments = {
            number: 1 + (number - 1) % products for number in range(1, 2 * products + 1)
        }
        self.combinations = day_combinations.some(self)  # number -> legs
        self.limits: dict[int, tuple[int, int]] = {}  # as sent last
        self.first_sequence = first_sequence
        self.sequence = first_sequence - 1
        self.last_id = dict.fromkeys(self.members, 0)
        self.sent: list[Command] = []
        self.repairs: list[bytes] = []  # what brings the market back to normal trading
        # member -> (sequence, client id, instrument) of its orders; of its quotes
        self.entered: dict[int, list[tuple[int, int, int]]] = {each: [] for each in self.members}
        self.quoted: dict[int, list[tuple[int, int, int]]] = {each: [] for each in self.members}
        self.busted: list[int] = []  # trade ids
        self.last_quotes: dict[tuple[int, int, int], dict[str, int]] = {}

    # -- the setup ---------------------------------------------------------------------------

    def write(self, count: int, *, end: bool = True) -> tuple[list[Command], list[Command]]:
        """(reference data up to the open market, `count` commands and the end of the day)."""
        setup = [self._number(command) for command in self._setup()]
        commands = [self._number(self._command()) for _ in range(count)]
        if end:
            commands.append(self._number((0, encode("day_end", trading_day=TRADING_DAY))))
        return setup, commands

    def _number(self, command: Command) -> Command:
        self.sequence += 1
        return command

    def _rules(self, number: int) -> SimpleNamespace:
        pick = self.random.choice
        step = pick((1, 1, 1, 1, 2))
        return SimpleNamespace(
            product=number,
            product_class=0,
            price_rule=pick((0, 1)),
            auction_rule=pick((0, 1, 2)),
            limit_priority=pick((0, 1, 2)),
            offset_rule=pick((1, 1, 2, 2, 0)),
            market_price_rule=pick((0, 1)),
            kinds_allowed=pick((15, 15, 15, 1, 3)),
            times_allowed=pick((31, 31, 31, 7, 1, 13)),
            amend_allowed=pick((1, 1, 0)),
            protection_allowed=pick((1, 0)),
            funds_checked=pick((0, 1)),
            tick=pick((1, 10, 200)),
            multiplier=pick((1, 10, 300)),
            quantity_minimum=step,
            quantity_maximum_limit=pick((20, 50)),
            quantity_maximum_market=pick((20, 60)),
            quantity_step=step,
            position_limit=pick((0, 0, 40)),
            minimum_allowed=pick((1, 1, 0)),
        )

    def _more_rules(self) -> dict[str, int]:
        """Rules that `product_define` does not carry."""
        pick = self.random.choice
        return {name: pick(values) for name, values in day_exchange.MORE_RULES.items()}

    def _setup(self) -> list[Command]:
        messages = [encode("day_open", trading_day=TRADING_DAY, first_sequence=self.first_sequence)]
        messages += [encode("product_define", **vars(rules)) for rules in self.products.values()]
        messages += [self.instrument(number) for number in self.instruments]
        messages += [day_combinations.definition(self, number) for number in self.combinations]
        for product, rules in self.more_rules.items():
            messages += [day_exchange.rule(product, name, value) for name, value in rules.items()]
        for member in self.members:
            credit = self.random.choice((10**8, 10**12, 10**12))
            messages.append(encode("member_define", member=member, active=1, credit=credit))
        for seat, member in self.seats.items():
            messages.append(encode("seat_define", seat_number=seat, member=member))
        for group in (1, 2):
            mode = self.random.choice((0, 1, 2, 3, 4))
            messages.append(encode("group_define", group=group, self_trade_mode=mode))
        messages += [self.account(account, active=1) for account in self.accounts]
        messages += [self.position() for _ in range(40)]
        if self.first_sequence > 1:
            messages += [day_exchange.carry(self)[1] for _ in range(CARRIED)]
        messages += [encode("phase_set", product=0, phase=self.random.choice((2, 3)))]
        return [(0, message) for message in messages]

    def tick_of(self, instrument: int) -> int:
        """Of a combination: its legs'; 1 of what is not defined."""
        first, _ = self.combinations.get(instrument, (instrument, 0))
        return int(self.products[self.instruments[first]].tick) if first in self.instruments else 1

    def instrument(self, number: int) -> bytes:
        tick = self.tick_of(number)
        lower = (CENTRE - self.random.randint(1, self.ticks)) * tick
        upper = (CENTRE + self.random.randint(1, self.ticks)) * tick
        self.limits[number] = (lower, upper)
        half = self.random.choice((0, tick // 2))  # as near to one tick as to the next
        return encode(
            "instrument_define",
            instrument=number,
            product_of=self.instruments[number],
            lower_limit=lower,
            upper_limit=upper,
            previous_settlement=self.random.randrange(lower, upper, tick) + half,
            previous_close=self.random.choice((0, CENTRE * tick + tick // 2)),
            instrument_position_limit=self.random.choice((0, 0, 60)),
            open_interest=1000,
        )

    def position(self) -> bytes:
        return encode(
            "position_set",
            instrument=self.some_instrument(),
            account=self.random.choice(list(self.accounts)),
            long_yesterday=self.random.randint(0, 40),
            short_yesterday=self.random.randint(0, 40),
            position_hedge=self.random.choice((0, 0, 0, 0, 0, 1, 1, 3, 3, 4)),
        )

    def account(self, account: int, active: int) -> bytes:
        rights = {"open_products": 0xFFFF, "close_products": 0xFFFF, "group": self.groups[account]}
        member = self.accounts[account]
        return encode("account_define", account=account, member=member, active=active, **rights)

    # -- one command -------------------------------------------------------------------------

    def _command(self) -> Command:
        if self.repairs and self.random.random() < 0.1:
            return 0, self.repairs.pop(self.random.randrange(len(self.repairs)))
        if self.combined and self.random.random() < self.combined:
            return day_combinations.enter(self)
        draw = self.random.random()
        for share, write in SHARES:
            draw -= share
            if draw < 0:
                command = write(self)
                self.sent.append(command)
                return command
        return day_orders.enter(self)

    def some_instrument(self) -> int:
        if self.random.random() < 0.01:
            return self.random.choice((0, -1, len(self.instruments) + 1, 2**31 - 1))
        if self.combinations and self.random.random() < 0.02:
            return self.random.choice(list(self.combinations))
        return self.random.choice(list(self.instruments))

    def more_rules_of(self, instrument: int) -> dict[str, int]:
        """Rules of its product that the setup sent; none of an unknown one."""
        return self.more_rules.get(self.instruments.get(instrument, 0), {})

    def instrument_with(self, name: str) -> int:
        """Mostly an instrument whose product has that rule."""
        instrument = self.some_instrument()
        for _ in range(3):
            if self.more_rules_of(instrument).get(name) or self.random.random() < 0.03:
                break
            instrument = self.some_instrument()
        return instrument

    def sender(self) -> tuple[int, int]:
        """A seat and its member."""
        seat = self.random.choice(list(self.seats))
        return seat, self.seats[seat]

    def account_of(self, member: int) -> int:
        """One of the member's own; rarely account 1."""
        own = [account for account, owner in self.accounts.items() if owner == member]
        return self.random.choice(own) if self.random.random() < 0.99 else 1

    def new_id(self, member: int) -> int:
        """Mostly the next, sometimes a leap (also in eights: ids of one lane of a table)."""
        leap = self.random.choice((1, 1, 1, 1, 8, 64, 2**33))
        if self.last_id[member] + leap < 2**62:
            self.last_id[member] += leap
        return 0 if self.random.random() < 0.005 else self.last_id[member]

    def price(self, instrument: int, side: int) -> int:
        """Often near the middle, often behind it, so that books grow deep; rarely no price."""
        tick = self.tick_of(instrument)
        draw = self.random.random()
        if draw < 0.02:
            return self.random.choice((0, -tick, CENTRE * tick + 1, 10**12, -(2**63), 2**63 - 1))
        if draw < 0.5:
            away = self.random.randint(-3, 3)
        else:
            away = self.random.randint(-self.ticks // 6, self.ticks)
        price = (CENTRE - away if side == 0 else CENTRE + away) * tick
        if instrument not in self.limits or self.random.random() < 0.05:
            return price
        lower, upper = self.limits[instrument]
        return max(lower, min(upper, price))
