"""A day drawn at random: every command, on a small market in which much meets."""

import random
from collections.abc import Iterator

from vectorkit.wire import Value, encode

FIRST_SEQUENCE = 5001
START_NS = 1_767_574_800 * 10**9
DAY = 20260105
Sent = tuple[int, bytes, int]  # seat, message, what the clock reads

PRODUCT = {
    "kinds_allowed": 15,
    "times_allowed": 31,
    "amend_allowed": 1,
    "protection_allowed": 1,
    "minimum_allowed": 1,
    "funds_checked": 1,
    "tick": 10_000,
    "multiplier": 5,
    "quantity_minimum": 1,
    "quantity_maximum_limit": 50,
    "quantity_maximum_market": 20,
    "quantity_step": 1,
}
PRODUCTS = {
    1: {"offset_rule": 1, "limit_priority": 1, "price_rule": 1, "auction_rule": 0},
    2: {"offset_rule": 2, "limit_priority": 2, "market_price_rule": 1, "auction_rule": 1},
    3: {"offset_rule": 0, "auction_rule": 2},
}
RULES = {10: 200, 11: 15, 12: 1, 13: 2, 14: 2, 15: 1, 16: 3, 17: 20, 19: 1, 20: 3_000_000}
CONTRACTS = {1: 1, 2: 1, 3: 2, 4: 2, 5: 3}
SPREADS = {12: (1, 2), 13: (4, 3)}
MIDDLE = 4000
SEATS = {11: 1, 12: 1, 21: 2, 31: 3}
ACCOUNTS = {101: 1, 102: 1, 201: 2, 202: 2, 301: 3}
MODES = (0, 1, 2, 3, 4)


class Drawn:
    """A market's commands, one draw after another; the same seed draws the same day."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)
        self.sequence = FIRST_SEQUENCE
        self.clock = START_NS
        self.client_id = 0
        self.orders: list[tuple[int, int]] = [(11, 2048), (21, 3072), (31, 4096)]  # seat, order id
        self.sent: list[Sent] = []

    def day(self, count: int) -> list[Sent]:
        """Reference data, orders of the day before, then `count` drawn commands."""
        for name, fields in self._reference():
            self._send(0, encode(name, fields))
        for _ in range(count):
            self._one()
        return self.sent

    def _reference(self) -> Iterator[tuple[str, dict[str, Value]]]:
        yield "day_open", {"trading_day": DAY, "first_sequence": FIRST_SEQUENCE}
        for product, rules in PRODUCTS.items():
            yield "product_define", {**PRODUCT, **rules, "product": product}
            for rule, value in RULES.items():
                yield "rule_set", {"product": product, "rule": rule, "value": value}
        for number, product in CONTRACTS.items():
            limits = {"lower_limit": 3960 * 10_000, "upper_limit": 4040 * 10_000}
            price = MIDDLE * 10_000
            yield (
                "instrument_define",
                {"instrument": number, "product_of": product, "previous_settlement": price}
                | limits,
            )
        for number, (one, two) in SPREADS.items():
            yield "combination_define", {"instrument": number, "leg_1": one, "leg_2": two}
        for member in (1, 2, 3):
            yield "member_define", {"member": member, "active": 1, "credit": 10**12}
        for seat, member in SEATS.items():
            yield "seat_define", {"seat_number": seat, "member": member}
        yield "group_define", {"group": 7, "self_trade_mode": self.draw.choice(MODES)}
        for account, member in ACCOUNTS.items():
            fields = {"member": member, "active": 1, "open_products": 14, "close_products": 14}
            fields |= {"account": account, "group": 7 if account in (101, 201) else 0}
            yield "account_define", fields
        yield "rate_set", {"member": 3, "entries_max": 40, "cancels_max": 9, "window_ns": 10**8}
        for account in ACCOUNTS:
            for instrument in (1, 2, 3, 4):
                held = {"long_yesterday": 30, "short_yesterday": 20}
                yield "position_set", {"account": account, "instrument": instrument, **held}
        yield "order_carry", self._carried(2048, 101, 11, "gtc")
        yield "order_carry", self._carried(3072, 202, 21, "gtd") | {"side": 1}
        yield (
            "order_carry",
            self._carried(4096, 301, 31, "gtc") | {"stop_price": 4005 * 10_000, "kind": 1},
        )
        yield "phase_set", {"product": 0, "phase": 3}

    def _carried(self, order_id: int, account: int, seat: int, time: str) -> dict[str, Value]:
        fields: dict[str, Value] = {
            "carried_order_id": order_id,
            "account": account,
            "carried_seat": seat,
            "client_id": 9,
            "instrument": 1,
            "quantity": 5,
            "carried_remaining": 3,
            "time_in_force": 3 if time == "gtd" else 4,
            "good_till_day": DAY + 1 if time == "gtd" else 0,
        }
        return fields | ({"price": 3990 * 10_000} if order_id == 2048 else {"price": 4010 * 10_000})

    def _send(self, seat: int, message: bytes) -> None:
        self.clock += self.draw.choice((0, 1_000, 1_000_000, 2_000_000))
        self.sent.append((seat, message, self.clock))
        self.sequence += 1

    def _one(self) -> None:
        draws = {
            self._enter: 40,
            self._spread: 10,
            self._stop: 6,
            self._cancel: 10,
            self._amend: 12,
            self._quote: 8,
            self._mass_quote: 4,
            self._request: 1,
            self._mass_cancel: 1,
            self._again: 2,
            self._exchange: 6,
        }
        self.draw.choices(list(draws), list(draws.values()))[0]()

    def _member(
        self,
        name: str,
        entries: list[dict[str, Value]] | None = None,
        seat: int = 0,
        **fields: Value,
    ) -> None:
        """A member's command, with an account of the seat's member where it names one."""
        seat = seat or self.draw.choice(list(SEATS))
        own = [account for account, member in ACCOUNTS.items() if member == SEATS[seat]]
        account = self.draw.choice(own)
        self.client_id += 1
        if "account" in fields:
            fields["account"] = account
        for entry in entries or []:
            entry["account"] = account
        self._send(seat, encode(name, {"client_id": self.client_id, **fields}, entries))

    def _price(self, width: int = 8) -> int:
        return (MIDDLE + self.draw.randint(-width, width)) * 10_000

    def _lots(self) -> int:
        return self.draw.choice((1, 1, 2, 3, 5, 8, 20))

    def _terms(self) -> dict[str, Value]:
        """What single orders and stops have in common."""
        draw = self.draw
        time = draw.choices((0, 1, 2, 3, 4), (60, 10, 6, 8, 8))[0]
        kind = draw.choices((0, 1, 2, 3), (80, 8, 6, 6))[0]
        fields: dict[str, Value] = {
            "instrument": draw.choice(list(CONTRACTS)),
            "account": 0,
            "side": draw.randrange(2),
            "kind": kind,
            "time_in_force": time,
            "offset": draw.choices((0, 1, 2), (75, 17, 8))[0],
            "hedge": draw.choices((0, 1, 3), (90, 7, 3))[0],
            "quantity": self._lots(),
            "price": self._price() if kind == 0 or draw.random() < 0.3 else 0,
            "good_till_day": DAY + draw.randrange(3) if time == 3 else 0,
        }
        if time == 1 and draw.random() < 0.3:
            fields["minimum_quantity"] = 1
        if kind == 0 and time in (0, 3, 4) and draw.random() < 0.15:
            fields["display_quantity"] = 2
        return fields

    def _enter(self) -> None:
        fields = self._terms()
        if self.draw.random() < 0.05:
            fields["post_only"] = 1
        self._member("order_enter", **fields)
        self._know(0)

    def _spread(self) -> None:
        fields = self._terms() | {"kind": 0, "display_quantity": 0, "minimum_quantity": 0}
        fields |= {"instrument": self.draw.choice(list(SPREADS)), "good_till_day": 0}
        fields |= {"price": self.draw.randint(-8, 8) * 10_000, "hedge": 0}
        fields |= {"time_in_force": self.draw.choice((0, 0, 0, 1))}
        self._member("order_enter", **fields)
        self._know(0)

    def _stop(self) -> None:
        trail = self.draw.choice((0, 0, 0, 20_000, 50_000))
        stop = {"trail": trail, "stop_price": 0 if trail else self._price(12)}
        self._member("stop_enter", **self._terms(), **stop)
        self._know(0)

    def _know(self, leg: int) -> None:
        """Remember what the last command may have made."""
        self.orders.append((self.sent[-1][0], (self.sequence - 1) * 1024 + leg))

    def _target(self) -> tuple[int, dict[str, Value]]:
        """Mostly the seat that entered it, and how the target is named."""
        seat, order_id = self.draw.choice(self.orders[-50:])
        if seat == 0 or self.draw.random() < 0.05:
            seat = self.draw.choice(list(SEATS))
        if self.draw.random() < 0.2:
            target = self.draw.randint(max(1, self.client_id - 60), self.client_id + 1)
            return seat, {"target_client_id": target}
        return seat, {"order_id": order_id}

    def _cancel(self) -> None:
        seat, target = self._target()
        self._member("order_cancel", seat=seat, **target)

    def _amend(self) -> None:
        seat, target = self._target()
        new = {"new_price": self._price(), "new_quantity": self._lots()}
        self._member("order_amend", seat=seat, **target, **new)

    def _entry(self) -> dict[str, Value]:
        draw = self.draw
        bid = self._price(5)
        entry = {"instrument": draw.choice(list(CONTRACTS)), "hedge": draw.choice((0, 3))}
        if draw.random() < 0.15:
            return entry
        ask = bid + draw.randint(1, 5) * 10_000
        entry |= {"bid_price": bid, "ask_price": ask}
        entry |= {"bid_quantity": self._lots(), "ask_quantity": self._lots()}
        entry |= {"bid_offset": draw.choice((0, 0, 1)), "ask_offset": draw.choice((0, 0, 1))}
        return entry

    def _quote(self) -> None:
        self._member("quote_enter", account=0, **self._entry())
        self._know(1)

    def _mass_quote(self) -> None:
        entries = [self._entry() for _ in range(self.draw.randint(1, 4))]
        self._member("mass_quote", entries)
        self._know(self.draw.randint(1, 8))

    def _request(self) -> None:
        self._member("quote_request", account=0, instrument=self.draw.choice(list(CONTRACTS)))

    def _mass_cancel(self) -> None:
        side, scope = self.draw.choice((0, 1, 2)), self.draw.randrange(4)
        product = self.draw.choice((0, 1, 2, 3))
        self._member("mass_cancel", product=product, mass_side=side, mass_scope=scope)

    def _again(self) -> None:
        """A command once more: the same bytes, or other bytes with its client id."""
        seat, message, _ = self.draw.choice(self.sent)
        self._send(seat, message if self.draw.random() < 0.7 else message[:-8] + bytes(8))

    def _exchange(self) -> None:
        draw = self.draw
        product, instrument = draw.choice((1, 2, 3)), draw.choice((*CONTRACTS, *SPREADS))
        account = draw.choice(list(ACCOUNTS))
        name, fields = draw.choice(
            [
                ("phase_set", {"product": product, "phase": draw.choice((2, 2, 2, 3, 4, 5, 8))}),
                ("phase_set", {"product": 0, "phase": 2}),
                ("halt_set", {"instrument": instrument, "halted": draw.choice((0, 0, 1))}),
                ("timer", {"product": product}),
                ("trade_bust", {"trade_id": draw.randint(1, 40), "operator_reason": 6}),
                ("trade_correct", {"trade_id": draw.randint(1, 40), "price": self._price()}),
                ("group_define", {"group": 7, "self_trade_mode": draw.choice(MODES)}),
                ("block_set", {"account": account, "blocked": draw.randrange(9) == 0}),
                ("operator_cancel", {"account": account, "mass_side": 2, "mass_scope": 0}),
                ("limits_set", self._limits(instrument)),
                ("rate_set", {"member": 2, "entries_max": 90, "window_ns": 10**9}),
                ("forced_close", self._closing(account)),
            ]
        )
        if name in ("trade_bust", "trade_correct", "block_set", "operator_cancel", "forced_close"):
            fields["operator_reason"] = 6
        self._send(0, encode(name, fields))
        self._know(0)

    def _limits(self, instrument: int) -> dict[str, Value]:
        width = self.draw.randint(15, 45)
        limits = {
            "lower_limit": (MIDDLE - width) * 10_000,
            "upper_limit": (MIDDLE + width) * 10_000,
        }
        return {"instrument": instrument, **limits}

    def _closing(self, account: int) -> dict[str, Value]:
        fields = {"account": account, "instrument": self.draw.choice((1, 2, 3, 4)), "offset": 1}
        return fields | {
            "side": self.draw.randrange(2),
            "price": self._price(),
            "quantity": self._lots(),
        }
