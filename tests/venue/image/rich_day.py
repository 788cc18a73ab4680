"""A random day in which every kind of state comes up: for images, whatever the rules of the market.

Nothing here knows what the venue answers: commands are drawn, many are refused, many are not.
"""

import random
from typing import Any

from twinex.venue.wire import codes
from twinex.venue.wire.messages import encode, frame
from twinex.venue.wire.schema import COMMANDS, FRAME_HEADER_BYTES

TICK, CENTRE = 10, 1_000
LIMITS = {"lower_limit": (CENTRE - 40) * TICK, "upper_limit": (CENTRE + 40) * TICK}
MEMBERS, ACCOUNTS, INSTRUMENTS, PRODUCTS = 3, 9, 6, 3
COMBINATIONS = {50: (28, 7), 3: (7, 28), 30: (14, 35), 20: (42, 21)}  # in a product each
LATER = {1: (28, 7), 60: (21, 42), 8: (14, 7), 9: (14, 3)}  # in the day; two that there cannot be
FIRST = 501  # sequences and order ids of earlier days lie below
RULES = {
    "post_only_allowed": 1,
    "stops_allowed": 2,
    "display_minimum": 2,
    "self_trade_checked": 1,
    "request_width_ticks": 2,
    "request_interval_ns": 50,
    "opening_cap": 400,
    "band_ticks": 60,
}
ENUM_RULES = {name: getattr(codes, f"RULE_{name.upper()}") for name in (*RULES, "quote_rule")}


class RichDay:
    """Frames of one day, drawn from a seed."""

    def __init__(self, seed: int, trading_day: int = 20260105) -> None:
        self.draw = random.Random(seed)
        self.trading_day = trading_day
        self.ids = dict.fromkeys(range(1, MEMBERS + 1), 0)
        self.sequence = FIRST - 1
        self.sent: list[tuple[int, int, int]] = []  # sequence, member, client id

    def frames(self, count: int, *, end: bool = True) -> list[bytes]:
        """Reference data, then `count` commands, then day_end."""
        made = [self._numbered(0, message) for message in self._setup()]
        made += [self._numbered(*self._command()) for _ in range(count)]
        if end:
            made.append(self._numbered(0, encode("day_end", trading_day=self.trading_day)))
        return made

    def _numbered(self, seat: int, message: bytes) -> bytes:
        self.sequence += 1
        return frame(seat, message)

    def _setup(self) -> list[bytes]:
        made = [encode("day_open", trading_day=self.trading_day, first_sequence=FIRST)]
        for product in range(1, PRODUCTS + 1):
            made.append(self._product(product))
            for name, value in {**RULES, "quote_rule": product}.items():
                fields = {"product": product, "rule": ENUM_RULES[name], "value": value}
                made.append(encode("rule_set", **fields))
        for number in range(1, INSTRUMENTS + 1):
            product = 1 + number % PRODUCTS
            made.append(
                encode(
                    "instrument_define",
                    instrument=number * 7,
                    product_of=product,
                    previous_settlement=CENTRE * TICK,
                    open_interest=500,
                    symbol=f"P{product}2606"[:-1] + str(number),
                    **LIMITS,
                )
            )
        made += [self._combination(number) for number in COMBINATIONS]
        made += [encode("group_define", group=n, self_trade_mode=n) for n in range(1, 5)]
        made.append(encode("group_define", group=9, self_trade_mode=self.draw.randrange(5)))
        for member in range(1, MEMBERS + 1):
            made.append(encode("member_define", member=member, active=1, credit=10**14))
            made.append(encode("seat_define", seat_number=member * 3, member=member))
        made += [self._account(account) for account in range(1, ACCOUNTS + 1)]
        made += [self._position() for _ in range(10)]
        made += [self._carry() for _ in range(20)]
        phase = self.draw.choice((codes.PHASE_CONTINUOUS, codes.PHASE_AUCTION_ORDERING))
        return [*made, encode("phase_set", phase=phase)]

    def _product(self, number: int) -> bytes:
        return encode(
            "product_define",
            product=number,
            product_name=f"P{number}",
            tick=TICK,
            multiplier=5,
            limit_priority=number - 1,
            offset_rule=(codes.OFFSET_RULE_NONE, 1, 2)[number % 3],
            price_rule=number % 2,
            auction_rule=number - 1,
            market_price_rule=1,
            kinds_allowed=15,
            times_allowed=31,
            amend_allowed=1,
            protection_allowed=1,
            minimum_allowed=1,
            funds_checked=1,
            quantity_minimum=1,
            quantity_maximum_limit=100,
            quantity_maximum_market=100,
            quantity_step=1,
        )

    def _combination(self, number: int) -> bytes:
        leg_1, leg_2 = {**COMBINATIONS, **LATER}[number]
        symbol = f"SP{number}"
        fields = {"instrument": number, "leg_1": leg_1, "leg_2": leg_2}
        return encode("combination_define", symbol=symbol, **fields)

    def _account(self, account: int) -> bytes:
        return encode(
            "account_define",
            account=account,
            member=1 + account % MEMBERS,
            group=self.draw.choice((0, 0, 1, 2, 3, 4, 9)),
            active=1,
            open_products=14,
            close_products=14,
        )

    def _position(self) -> bytes:
        return encode(
            "position_set",
            instrument=self._instrument(),
            account=self.draw.randint(1, ACCOUNTS),
            long_yesterday=self.draw.randint(0, 90),
            short_yesterday=self.draw.randint(0, 90),
            position_hedge=self.draw.choice((0, 0, 1)),
        )

    def _carry(self) -> bytes:
        account = self.draw.randint(1, ACCOUNTS)
        side = self.draw.randrange(2)
        stops = self.draw.random() < 0.4
        away = self.draw.randint(1, 30) * (1 if side else -1) * (-1 if stops else 1)
        quantity = self.draw.randint(1, 12)
        return encode(
            "order_carry",
            client_id=self.draw.randint(1, 99),
            instrument=self._instrument(),
            account=account,
            price=0 if stops and self.draw.random() < 0.3 else (CENTRE + away) * TICK,
            quantity=quantity,
            side=side,
            time_in_force=4,
            display_quantity=0,
            stop_price=(CENTRE + away) * TICK if stops else 0,
            carried_order_id=self.draw.randrange(1, FIRST) * 1024,
            carried_remaining=self.draw.randint(1, quantity),
            carried_seat=(1 + account % MEMBERS) * 3,
        )

    def _instrument(self) -> int:
        return self.draw.randint(1, INSTRUMENTS) * 7

    def _any_instrument(self) -> int:
        """Now and then a combination, which takes few commands."""
        if self.draw.random() < 0.04:
            return self.draw.choice(list(COMBINATIONS))
        return self._instrument()

    def _price(self, side: int, reach: int = 12) -> int:
        away = self.draw.randint(-3, reach)
        return (CENTRE - away if side == 0 else CENTRE + away) * TICK

    def _command(self) -> tuple[int, bytes]:
        draw = self.draw.random()
        if draw < 0.14:
            return 0, self._exchange()
        member = self.draw.randint(1, MEMBERS)
        self.ids[member] += self.draw.choice((1, 1, 1, 1, 1, 9, 1, 9, 0))
        client_id = max(1, self.ids[member])
        write = self.draw.choices(
            (
                self._order,
                self._combined,
                self._stop,
                self._quote,
                self._mass_quote,
                self._cancel,
                self._amend,
                self._mass_cancel,
                self._request,
            ),
            (40, 16, 12, 10, 4, 14, 12, 1, 5),
        )[0]
        self.sent.append((self.sequence + 1, member, client_id))
        return member * 3, write(member, client_id)

    def _own(self, member: int) -> int:
        return self.draw.choice([n for n in range(1, ACCOUNTS + 1) if 1 + n % MEMBERS == member])

    def _terms(self, member: int, client_id: int) -> dict[str, Any]:
        side = self.draw.randrange(2)
        kind = self.draw.choice((0, 0, 0, 0, 1, 2, 3))
        time_in_force = self.draw.choice((0, 0, 0, 1, 2, 3, 4))
        iceberg = kind == 0 and time_in_force in (0, 3, 4) and self.draw.random() < 0.3
        return {
            "client_id": client_id,
            "instrument": self._any_instrument(),
            "account": self._own(member),
            "price": self._price(side) if kind == 0 or self.draw.random() < 0.3 else 0,
            "quantity": self.draw.randint(4, 30) if iceberg else self.draw.randint(1, 15),
            "side": side,
            "kind": kind,
            "time_in_force": time_in_force,
            "offset": self.draw.choice((0, 0, 0, 0, 1, 2)),
            "hedge": self.draw.choice((0, 0, 0, 1)),
            "display_quantity": self.draw.randint(2, 4) if iceberg else 0,
            "good_till_day": self.trading_day + self.draw.randrange(2) if time_in_force == 3 else 0,
        }

    def _order(self, member: int, client_id: int) -> bytes:
        terms = self._terms(member, client_id)
        rests = terms["kind"] == 0 and terms["time_in_force"] in (0, 3, 4)
        post_only = int(rests and self.draw.random() < 0.2)
        return encode("order_enter", post_only=post_only, **terms)

    def _combined(self, member: int, client_id: int) -> bytes:
        """An order of a combination: its price is a difference, around 0."""
        side = self.draw.randrange(2)
        away = self.draw.randint(-3, 8)
        return encode(
            "order_enter",
            client_id=client_id,
            instrument=self.draw.choice([*COMBINATIONS, *COMBINATIONS, *LATER]),
            account=self._own(member),
            price=(-away if side == 0 else away) * TICK,
            quantity=self.draw.randint(1, 15),
            side=side,
            time_in_force=self.draw.choice((0, 0, 0, 0, 0, 1, 2)),
            offset=self.draw.choice((0, 0, 0, 0, 1, 2)),
            hedge=self.draw.choice((0, 0, 0, 1)),
        )

    def _stop(self, member: int, client_id: int) -> bytes:
        terms = self._terms(member, client_id)
        trail = self.draw.choice((0, 0, self.draw.randint(2, 8) * TICK))
        away = self.draw.randint(1, 12) * (-1 if terms["side"] else 1)
        stop_price = 0 if trail else (CENTRE + away) * TICK
        return encode("stop_enter", stop_price=stop_price, trail=trail, **terms)

    def _sides(self, member: int) -> dict[str, Any]:
        if self.draw.random() < 0.1:
            sides = dict.fromkeys(("bid_price", "ask_price", "bid_quantity", "ask_quantity"), 0)
        else:
            lots = self.draw.randint(1, 8)
            sides = {
                "bid_price": (CENTRE - self.draw.randint(0, 3)) * TICK,
                "ask_price": (CENTRE + self.draw.randint(1, 3)) * TICK,
                "bid_quantity": lots,
                "ask_quantity": lots,
            }
        return {
            "instrument": self._any_instrument(),
            "account": self._own(member),
            "hedge": self.draw.choice((0, 3)),
            **sides,
        }

    def _quote(self, member: int, client_id: int) -> bytes:
        return encode("quote_enter", client_id=client_id, **self._sides(member))

    def _mass_quote(self, member: int, client_id: int) -> bytes:
        entries = [self._sides(member) for _ in range(self.draw.randint(1, 4))]
        return encode("mass_quote", client_id=client_id, entries=entries)

    def _target(self, member: int) -> dict[str, int]:
        """Mostly an own order of today or of earlier days; now and then somebody else's."""
        own = [
            each for each in self.sent[-120:-1] if each[1] == member or self.draw.random() < 0.05
        ]
        if not own:
            return {"order_id": 1024}
        sequence, _, client_id = self.draw.choice(own)
        draw = self.draw.random()
        if draw < 0.1:
            return {"order_id": self.draw.randrange(1, FIRST) * 1024}
        if draw < 0.5:
            return {"target_client_id": client_id}
        return {"order_id": sequence * 1024 + self.draw.choice((0, 0, 0, 0, 0, 0, 1, 2))}

    def _cancel(self, member: int, client_id: int) -> bytes:
        return encode("order_cancel", client_id=client_id, **self._target(member))

    def _amend(self, member: int, client_id: int) -> bytes:
        price, quantity = self._price(self.draw.randrange(2)), self.draw.randint(1, 20)
        target = self._target(member)
        return encode(
            "order_amend", client_id=client_id, new_price=price, new_quantity=quantity, **target
        )

    def _mass_cancel(self, member: int, client_id: int) -> bytes:
        scope, instrument = self.draw.randrange(4), self._instrument()
        fields = {"mass_side": 2, "mass_scope": scope, "instrument": instrument}
        return encode("mass_cancel", client_id=client_id, **fields)

    def _request(self, member: int, client_id: int) -> bytes:
        account = self._own(member)
        return encode(
            "quote_request", client_id=client_id, instrument=self._instrument(), account=account
        )

    def _exchange(self) -> bytes:
        draw, reason = self.draw, {"operator_reason": self.draw.randint(1, 7)}
        rule = draw.choice(list(RULES))
        product = draw.randint(1, PRODUCTS)
        acts = (
            (
                6,
                "phase_set",
                {"product": draw.choice((0, product)), "phase": draw.choice((2, 2, 2, 3, 5, 8))},
            ),
            (3, "halt_set", {"instrument": self._instrument(), "halted": draw.choice((0, 0, 1))}),
            (
                1,
                "halt_set",
                {"instrument": draw.choice(list(COMBINATIONS)), "halted": draw.choice((0, 0, 1))},
            ),
            (2, "halt_set", {"halted": 0}),
            (5, "rule_set", {"product": product, "rule": ENUM_RULES[rule], "value": RULES[rule]}),
            (
                3,
                "rule_set",
                {"product": product, "rule": ENUM_RULES["quote_rule"], "value": product},
            ),
            (1, "rule_set", {"product": product, "rule": codes.RULE_BAND_TICKS, "value": 5}),
            (
                2,
                "rate_set",
                {
                    "member": draw.randint(1, MEMBERS),
                    "window_ns": draw.choice((7, 10**6)),
                    "entries_max": draw.choice((0, 5, 50)),
                    "cancels_max": draw.choice((0, 1)),
                },
            ),
            (1, "rate_set", {"member": draw.randint(1, MEMBERS)}),
            (
                1,
                "block_set",
                {"account": draw.randint(1, 2), "blocked": draw.randrange(2), **reason},
            ),
            (1, "block_set", {"member": draw.randint(1, MEMBERS), "blocked": 0, **reason}),
            (
                1,
                "operator_cancel",
                {
                    "instrument": self._instrument(),
                    "mass_side": draw.randrange(3),
                    "mass_scope": draw.randrange(4),
                    **reason,
                },
            ),
            (
                4,
                "forced_close",
                {
                    "instrument": self._instrument(),
                    "account": draw.randint(1, ACCOUNTS),
                    "price": self._price(draw.randrange(2)),
                    "quantity": draw.randint(1, 5),
                    "side": draw.randrange(2),
                    "offset": 1,
                    **reason,
                },
            ),
            (2, "trade_bust", {"trade_id": draw.randint(1, 60), **reason}),
            (
                2,
                "trade_correct",
                {"trade_id": draw.randint(1, 60), "price": self._price(0), **reason},
            ),
            (
                1,
                "limits_set",
                {
                    "instrument": self._any_instrument(),
                    "lower_limit": (CENTRE - draw.randint(8, 50)) * TICK,
                    "upper_limit": (CENTRE + draw.randint(8, 50)) * TICK,
                },
            ),
            (
                1,
                "group_define",
                {"group": draw.choice((2, 4, 9)), "self_trade_mode": draw.randrange(5)},
            ),
            (
                1,
                "member_define",
                {"member": draw.randint(1, MEMBERS), "active": 1, "credit": 10**14},
            ),
            (1, "timer", {}),
        )
        if draw.random() < 0.02:
            return self._combination(draw.choice(list(LATER)))
        _, name, fields = draw.choices(acts, [share for share, *_ in acts])[0]
        return encode(name, **fields)


def commands_not_drawn(frames: list[bytes]) -> list[str]:
    """Commands of the schema that these frames do not have."""
    start = FRAME_HEADER_BYTES + 2
    known = {int.from_bytes(each[start : start + 2], "little") for each in frames}
    return [name for name, template in COMMANDS.items() if template.id not in known]
