"""Random days: commands of every kind, mostly sensible, often on the edge, some plainly bad.

    setup, commands = RandomDay(random.Random(seed)).write(2000)   # lists of (seat, message)

The same seed writes the same day. `random` may also be hypothesis' (`strategies.randoms()`): then a
failing day is shrunk. Products draw their rules, so a few dozen seeds meet most combinations.
"""

import random
from types import SimpleNamespace

from checkers.wire import HEAD, SCHEMA_ID, encode

Command = tuple[int, bytes]  # seat, message
PHASES_OPEN = (2, 2, 2, 2, 2, 2, 3, 3, 3, 4, 5, 5, 8, 1)
CENTRE = 1000  # the middle price, in ticks


class RandomDay:
    """Writes one day. `products`, `members`, `accounts`: how many of each there are."""

    def __init__(
        self,
        random: random.Random,
        *,
        products: int = 3,
        members: int = 3,
        first_sequence: int = 1,
        ticks: int = 24,
    ) -> None:
        self.random, self.ticks = random, ticks
        self.members = list(range(1, members + 1))
        self.seats = {seat: 1 + (seat - 1) % members for seat in range(1, 2 * members + 1)}
        self.accounts = {
            account: 1 + (account - 1) % members for account in range(1, 2 * members + 2)
        }
        self.products = {number: self._rules(number) for number in range(1, products + 1)}
        self.instruments = {
            number: 1 + (number - 1) % products for number in range(1, 2 * products + 1)
        }
        self.first_sequence = first_sequence
        self.sequence = first_sequence - 1
        self.last_id = dict.fromkeys(self.members, 0)
        self.sent: list[Command] = []
        self.repairs: list[bytes] = []  # what brings the market back to normal trading
        self.entered: dict[int, list[tuple[int, int, int]]] = {
            member: [] for member in self.members
        }

    # -- the setup ---------------------------------------------------------------------------

    def write(self, count: int, *, end: bool = True) -> tuple[list[Command], list[Command]]:
        """(reference data up to the open market, `count` commands and the end of the day)."""
        setup = [self._number(command) for command in self._setup()]
        commands = [self._number(self._command()) for _ in range(count)]
        if end:
            commands.append(self._number((0, encode("day_end", trading_day=20260105))))
        return setup, commands

    def _number(self, command: Command) -> Command:
        self.sequence += 1
        return command

    def _rules(self, number: int) -> SimpleNamespace:
        pick = self.random.choice
        return SimpleNamespace(
            product=number,
            product_class=0,
            price_rule=pick((0, 1)),
            auction_rule=pick((0, 1, 2)),
            limit_priority=pick((0, 1, 2)),
            offset_rule=pick((1, 1, 2, 2, 0)),
            market_price_rule=pick((0, 1)),
            kinds_allowed=pick((15, 15, 15, 1, 3)),
            times_allowed=pick((7, 7, 7, 1, 5)),
            amend_allowed=pick((1, 1, 0)),
            protection_allowed=pick((1, 0)),
            funds_checked=pick((0, 1)),
            tick=pick((1, 10, 200)),
            multiplier=pick((1, 10, 300)),
            quantity_minimum=1,
            quantity_maximum_limit=pick((20, 50)),
            quantity_maximum_market=pick((20, 60)),
            quantity_step=1,
            position_limit=pick((0, 0, 40)),
            minimum_allowed=pick((1, 1, 0)),
        )

    def _setup(self) -> list[Command]:
        messages = [encode("day_open", trading_day=20260105, first_sequence=self.first_sequence)]
        messages += [encode("product_define", **vars(rules)) for rules in self.products.values()]
        messages += [self._instrument(number) for number in self.instruments]
        for member in self.members:
            credit = self.random.choice((10**8, 10**12, 10**12))
            messages.append(encode("member_define", member=member, active=1, credit=credit))
        for seat, member in self.seats.items():
            messages.append(encode("seat_define", seat_number=seat, member=member))
        for account in self.accounts:
            messages.append(self._account(account, active=1))
        messages += [self._position() for _ in range(8)]
        messages += [encode("phase_set", product=0, phase=self.random.choice((2, 3)))]
        return [(0, message) for message in messages]

    def _tick_of(self, instrument: int) -> int:
        return int(self.products[self.instruments[instrument]].tick)

    def _instrument(self, number: int) -> bytes:
        tick = self._tick_of(number)
        lower = (CENTRE - self.random.randint(1, self.ticks)) * tick
        upper = (CENTRE + self.random.randint(1, self.ticks)) * tick
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

    def _position(self) -> bytes:
        return encode(
            "position_set",
            instrument=self._some_instrument(),
            account=self.random.choice(list(self.accounts)),
            long_yesterday=self.random.randint(0, 40),
            short_yesterday=self.random.randint(0, 40),
            position_hedge=self.random.choice((0, 0, 1, 4)),
        )

    # -- one command -------------------------------------------------------------------------

    def _command(self) -> Command:
        if self.repairs and self.random.random() < 0.1:
            return 0, self.repairs.pop(self.random.randrange(len(self.repairs)))
        draw = self.random.random()
        for share, write in _SHARES:
            draw -= share
            if draw < 0:
                command = write(self)
                self.sent.append(command)
                return command
        return self._enter()

    def _some_instrument(self) -> int:
        if self.random.random() < 0.01:
            return self.random.choice((0, -1, len(self.instruments) + 1, 2**31 - 1))
        return self.random.choice(list(self.instruments))

    def _sender(self) -> tuple[int, int]:
        seat = self.random.choice(list(self.seats))
        return seat, self.seats[seat]

    def _new_id(self, member: int) -> int:
        """Mostly the next, sometimes a leap (also in eights: ids of one lane of a table)."""
        leap = self.random.choice((1, 1, 1, 1, 8, 64, 2**33))
        if self.last_id[member] + leap < 2**62:
            self.last_id[member] += leap
        return 0 if self.random.random() < 0.005 else self.last_id[member]

    def _price(self, instrument: int, side: int) -> int:
        """Often near the middle, often behind it, so that books grow deep; rarely no price."""
        tick = self._tick_of(instrument) if instrument in self.instruments else 1
        draw = self.random.random()
        if draw < 0.02:
            return self.random.choice((0, -tick, CENTRE * tick + 1, 10**12, -(2**63), 2**63 - 1))
        if draw < 0.5:
            away = self.random.randint(-3, 3)
        else:
            away = self.random.randint(-self.ticks // 6, self.ticks)
        return (CENTRE - away if side == 0 else CENTRE + away) * tick

    def _enter(self) -> Command:
        seat, member = self._sender()
        instrument = self._some_instrument()
        own = [account for account, owner in self.accounts.items() if owner == member]
        kind, time_in_force, offset = self._choice_of_product(instrument)
        side = self.random.choice((0, 1))
        usual = (1, 2, 2, 3, 3, 5) if kind == 0 else (1, 5, 10, 20, 20, 50)
        quantity = self.random.choice((*usual, 8, self.random.randint(-1, 60)))
        minimum = self.random.choice((0, 0, 2, 5)) if time_in_force == 1 else 0
        if instrument in self.instruments and self.random.random() < 0.9:
            minimum *= self.products[self.instruments[instrument]].minimum_allowed
        client_id = self._new_id(member)
        if kind == 0 and time_in_force == 0:
            self.entered[member].append((self.sequence + 1, client_id, instrument))
        fields = {
            "client_id": client_id,
            "instrument": instrument,
            "account": self.random.choice(own) if self.random.random() < 0.99 else 1,
            "price": self._price(instrument, side)
            if kind == 0 or self.random.random() < 0.2
            else 0,
            "quantity": quantity,
            "minimum_quantity": minimum if self.random.random() < 0.99 else 1,
            "side": side,
            "kind": kind,
            "time_in_force": time_in_force,
            "offset": offset,
            "hedge": self.random.choice((0, 0, 0, 1)),
        }
        if self.random.random() < 0.005:
            fields[self.random.choice(("side", "kind", "offset", "hedge"))] = 9
        return seat, encode("order_enter", **fields)

    def _choice_of_product(self, instrument: int) -> tuple[int, int, int]:
        """(kind, time in force, offset): mostly what the product allows."""
        pick = self.random.choice
        kind, time_in_force = pick((0, 0, 0, 0, 0, 0, 1, 2, 3)), pick((0, 0, 0, 0, 1, 2))
        offset = pick((0, 0, 0, 1, 1, 2))
        if instrument not in self.instruments or self.random.random() < 0.03:
            return kind, time_in_force, offset
        rules = self.products[self.instruments[instrument]]
        kind = kind if rules.kinds_allowed >> kind & 1 else 0
        time_in_force = time_in_force if rules.times_allowed >> time_in_force & 1 else 0
        return kind, time_in_force, min(offset, rules.offset_rule)

    def _target(self, member: int) -> tuple[dict[str, int], int]:
        """An order by its id or its client id, and its instrument; rarely one of somebody else."""
        draw = self.random.random()
        if draw < 0.03:
            odd = (-1, 1, -1024, 2**63 - 1024, -(2**63), 1 << 50)
            return {"order_id": self.random.choice(odd)}, 1
        if draw < 0.06:
            return {"target_client_id": self.random.choice((0, -1, 2**63 - 1, 7))}, 1
        whose = member if draw < 0.97 else self.random.choice(self.members)
        known = self.entered[whose][-15:]
        if not known:
            return {"order_id": 1024}, 1
        sequence, client_id, instrument = self.random.choice(known)
        if self.random.random() < 0.3:
            return {"target_client_id": client_id}, instrument
        return {"order_id": sequence * 1024}, instrument

    def _cancel(self) -> Command:
        seat, member = self._sender()
        target, _ = self._target(member)
        return seat, encode("order_cancel", client_id=self._new_id(member), **target)

    def _amend(self) -> Command:
        seat, member = self._sender()
        target, instrument = self._target(member)
        return seat, encode(
            "order_amend",
            client_id=self._new_id(member),
            new_price=self._price(instrument, self.random.choice((0, 1))),
            new_quantity=self.random.choice((1, 2, 3, 5, 8, 20, self.random.randint(-1, 60))),
            **target,
        )

    def _mass(self) -> Command:
        seat, member = self._sender()
        pick = self.random.choice
        return seat, encode(
            "mass_cancel",
            client_id=self._new_id(member),
            instrument=pick((0, self._some_instrument())),
            product=pick((0, 0, 1, 2, 63)),
            account=pick((0, 0, *self.accounts)),
            mass_side=pick((0, 1, 2, 2, 3)),
        )

    def _again(self) -> Command:
        """A member's command once more: the same bytes, or other ones under the same id."""
        if not self.sent:
            return self._enter()
        seat, message = self.random.choice(self.sent[-200:])
        if self.random.random() < 0.4 and len(message) == 48:
            message = message[:-8] + bytes([self.random.randint(0, 2)]) + message[-7:]
        return seat, message

    def _phase(self) -> Command:
        """Mostly back to continuous trading, of one product or of all."""
        product = self.random.choice((0, *self.products, *self.products))
        phase = self.random.choice(PHASES_OPEN)
        if self.random.random() < 0.01:
            product = self.random.choice(list(self.products))
            phase = self.random.choice((0, 0, 6, 7, 9))
        elif phase != 2:
            self.repairs.append(encode("phase_set", product=product, phase=2))
        return 0, encode("phase_set", product=product, phase=phase)

    def _halt(self) -> Command:
        """One instrument halts; mostly all go on again."""
        draw = self.random.random()
        if draw < 0.7:
            return 0, encode("halt_set", halted=0)
        self.repairs.append(encode("halt_set", halted=0))
        instrument = self._some_instrument() if draw < 0.9 else 0
        product = self.random.choice((0, *self.products))
        halted = self.random.choice((0, 1, 1, 1, 2))
        return 0, encode("halt_set", instrument=instrument, product=product, halted=halted)

    def _limits(self) -> Command:
        instrument = self.random.choice(list(self.instruments))
        tick = self._tick_of(instrument)
        lower = (CENTRE - self.random.randint(-1, self.ticks)) * tick
        upper = (CENTRE + self.random.randint(-1, 2 * self.ticks)) * tick
        return 0, encode("limits_set", instrument=instrument, lower_limit=lower, upper_limit=upper)

    def _timer(self) -> Command:
        product = self.random.choice((0, *self.products))
        return 0, encode("timer", product=product, timer_kind=self.random.choice((0, 0, 0, 1)))

    def _reference(self) -> Command:
        pick, member = self.random.choice, self.random.choice(self.members)
        account = pick(list(self.accounts))
        normal = [
            encode("member_define", member=member, active=1, credit=10**12),
            self._account(account, active=1),
        ]
        if self.random.random() < 0.3:
            self.repairs += normal
            return 0, pick(
                (
                    encode("member_define", member=member, active=0, credit=10**9),
                    encode("credit_set", member=member, credit=pick((0, 10**7, -1))),
                    self._account(account, active=0),
                    encode("account_define", account=account, member=1, active=1),
                    encode("right_set", account=account, product=pick((1, 2)), right=pick((0, 1))),
                )
            )
        return 0, pick(
            (
                *normal,
                encode("right_set", account=account, product=pick((1, 2, 3, 9)), right=2),
                encode("seat_define", seat_number=pick((7, 8)), member=member),
                self._position(),
                encode("product_define", **vars(self.products[1])),
                self._instrument(pick(list(self.instruments))),
            )
        )

    def _account(self, account: int, active: int) -> bytes:
        rights = {"open_products": 0xFF, "close_products": 0xFF}
        member = self.accounts[account]
        return encode("account_define", account=account, member=member, active=active, **rights)

    def _bad(self) -> Command:
        """What no sender should send: unknown templates, short blocks, strangers, wrong doors."""
        seat, member = self._sender()
        good = encode("order_cancel", client_id=self._new_id(member))
        pick = self.random.choice
        return pick(
            (
                (
                    seat,
                    HEAD.pack(24, pick((0, 5, 19, 34, 99, 101, 65535)), SCHEMA_ID, 0) + bytes(24),
                ),
                (seat, HEAD.pack(24, 2, 1, 0) + good[8:]),
                (seat, HEAD.pack(pick((16, 0, 400, 65535)), 2, SCHEMA_ID, 0) + good[8:]),
                (seat, HEAD.pack(40, 2, SCHEMA_ID, 1) + good[8:] + bytes(16)),
                (seat, good[: pick((8, 15, 31))]),
                (pick((-1, 99, 2**31 - 1, -(2**31))), good),
                (0, good),
                (seat, encode("phase_set", product=1, phase=2)),
                (0, encode("day_open", trading_day=20260106)),
                (seat, HEAD.pack(2000, 2, SCHEMA_ID, 0) + good[8:] + bytes(1976)),
            )
        )


_SHARES = (
    (0.12, RandomDay._cancel),
    (0.09, RandomDay._amend),
    (0.006, RandomDay._mass),
    (0.02, RandomDay._again),
    (0.02, RandomDay._phase),
    (0.01, RandomDay._halt),
    (0.008, RandomDay._limits),
    (0.03, RandomDay._timer),
    (0.02, RandomDay._reference),
    (0.02, RandomDay._bad),
)
