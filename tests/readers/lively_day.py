"""Random days of our own open market, where every order of `spec/` is allowed.

    day = LivelyDay(seed)
    events = day.open()             # reference data, orders carried over night, the first phases
    events = day.step()             # one random command; all its event bytes
    events = day.end()

Prices are few, so that orders meet; many commands are refused, which is as it should be.
"""

import random
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from twinex.venue.reference import (
    combinations,
    day_header,
    listing,
    load_market,
    numbered_members,
    participants,
    reference_commands,
)
from twinex.venue.venue import Venue
from twinex.venue.wire import codes
from twinex.venue.wire.messages import decode_stream, encode, frames

DAY = date(2026, 7, 6)
SYMBOLS = ("AA2607", "AA2608", "BB2607", "BB2608", "CC2607", "DD2607", "S1")
SPREADS = ("SP AA2607&AA2608", "SP BB2607&BB2608")
MEMBERS = 4
ACCOUNTS = range(1, 2 * MEMBERS + 1)  # two each; every one is a group of its own
FIRST = 1_000  # the day's first sequence: orders below it are of the days before
LOT = 5  # the largest step of the contracts
REACH = 6  # ticks on either side of the settlement price
PHASES = (
    [codes.PHASE_CONTINUOUS] * 6
    + [codes.PHASE_AUCTION_ORDERING] * 3
    + [codes.PHASE_AUCTION_NO_CANCEL, codes.PHASE_AUCTION_MATCH, codes.PHASE_NO_TRADING]
)


class LivelyDay:
    """`venue`; `contracts` and `spreads`: number and product of each of SYMBOLS and SPREADS."""

    def __init__(self, seed: int, directory: Path | None = None) -> None:
        self.random = random.Random(seed)
        self.venue = Venue(directory, first_sequence=FIRST)
        self._market = load_market("open")
        listed = {one.symbol: one for one in listing(self._market, DAY)}
        chosen = [listed[symbol] for symbol in SYMBOLS]
        self.contracts = {one.number: one.product.number for one in chosen}
        self._middle = {one.number: int(one.previous_settlement * 10_000) for one in chosen}
        self._tick = {one.number: int(one.product.tick.on(DAY) * 10_000) for one in chosen}
        spreads = combinations(self._market, DAY, tuple(listed.values()))
        assert tuple(one.symbol for one in spreads) == SPREADS
        self.spreads = {one.number: one.leg_1.product.number for one in spreads}
        for one in spreads:
            self._middle[one.number] = 0  # the legs settled at one price
            self._tick[one.number] = self._tick[one.leg_1.number]
        self._client_id = 0
        self._made = [(1, 0, 1)]  # seat, id and instrument of what was accepted
        self._traded = [(0, 1)]  # trade id and instrument

    def open(self) -> bytes:
        members = numbered_members(MEMBERS, related=True)
        groups = [encode("group_define", group=g, self_trade_mode=g % 5) for g in ACCOUNTS]
        messages = [
            day_header(self._market, DAY, first_sequence=FIRST),
            *reference_commands(self._market, DAY, open_interests=dict.fromkeys(SYMBOLS, 1_600)),
            *participants(self._market, members),
            *groups,
            *[self._holding(number, account) for number in self.contracts for account in ACCOUNTS],
            *[self._carried(place) for place in range(1, 60)],
            encode("phase_set", phase=codes.PHASE_AUCTION_ORDERING),
        ]
        return self._send(0, *messages)

    def step(self) -> bytes:
        acts = {
            self._order: 50, self._spread: 16, self._stop: 8, self._quote: 8, self._mass_quote: 4,
            self._amend: 16, self._cancel: 8, self._mass_cancel: 1, self._operator_cancel: 1,
            self._forced_close: 2, self._bust: 1, self._correct: 1, self._phase: 3, self._halt: 2,
            self._band: 1, self._limits: 1,
        }  # fmt: skip
        (act,) = self.random.choices(list(acts), list(acts.values()))
        seat, name, fields = act()
        return self._send(seat, encode(name, **fields))

    def end(self) -> bytes:
        closed = self._send(0, encode("phase_set", phase=codes.PHASE_CLOSED))
        return closed + self._send(0, self.venue.day_end_message(events_crc=0))

    def _send(self, seat: int, *messages: bytes) -> bytes:
        sent = np.frombuffer(frames(seat, messages), dtype=np.uint8)
        events = self.venue.submit(sent).tobytes()
        for event in decode_stream(events):
            if event.name in ("order_accepted", "stop_accepted"):
                made = [event.fields[name] for name in ("seat", "order_id", "instrument")]
                self._made.append((made[0] or 1, made[1], made[2]))
            elif event.name == "trade":
                self._traded.append((event.fields["trade_id"], event.fields["instrument"]))
        return events

    # -- what every command needs --------------------------------------------------------------

    def _client(self) -> int:
        self._client_id += 1
        return self._client_id

    def _place(self) -> tuple[int, dict[str, Any]]:
        """A seat, and one of its accounts in one of the contracts."""
        seat = self.random.randint(1, MEMBERS)
        account = 2 * seat - self.random.randint(0, 1)
        return seat, {"instrument": self.random.choice(list(self.contracts)), "account": account}

    def _price(self, number: int, away: int = 0) -> int:
        ticks = away or self.random.randint(-REACH, REACH)
        return self._middle[number] + ticks * self._tick[number]

    def _lots(self, most: int = 8) -> int:
        return LOT * self.random.randint(1, most)

    def _terms(self, number: int) -> dict[str, Any]:
        """Side, price kind, time in force and size of an order."""
        pick = self.random.choice
        kind = pick([codes.KIND_LIMIT] * 8 + [codes.KIND_MARKET, codes.KIND_BEST])
        time = pick([codes.TIME_DAY] * 6 + [codes.TIME_FAK, codes.TIME_FOK, codes.TIME_GTC])
        quantity = self._lots()
        resting = kind == codes.KIND_LIMIT and time in (codes.TIME_DAY, codes.TIME_GTC)
        shown = LOT * self.random.randint(0, quantity // LOT) if resting else 0
        return {
            "side": pick((codes.SIDE_BUY, codes.SIDE_SELL)),
            "offset": pick((codes.OFFSET_OPEN, codes.OFFSET_OPEN, codes.OFFSET_CLOSE)),
            "kind": kind,
            "time_in_force": time,
            "price": self._price(number) if kind == codes.KIND_LIMIT else 0,
            "quantity": quantity,
            "display_quantity": pick((0, shown, shown)),
        }

    # -- members' commands -----------------------------------------------------------------------

    def _order(self) -> tuple[int, str, dict[str, Any]]:
        seat, place = self._place()
        terms = self._terms(place["instrument"])
        post_only = int(terms["kind"] == codes.KIND_LIMIT and self.random.random() < 0.1)
        order = {"client_id": self._client(), "post_only": post_only}
        return seat, "order_enter", {**place, **terms, **order}

    def _spread(self) -> tuple[int, str, dict[str, Any]]:
        """An order of a combination: a limit, good for the day or at once, but for a few."""
        seat, place = self._place()
        number, pick = self.random.choice(list(self.spreads)), self.random.choice
        terms = self._terms(number) | {"price": self._price(number)}
        if self.random.random() < 0.9:
            time = pick((codes.TIME_DAY, codes.TIME_DAY, codes.TIME_FAK))
            terms |= {"kind": codes.KIND_LIMIT, "time_in_force": time, "display_quantity": 0}
        order = {"instrument": number, "client_id": self._client()}
        return seat, "order_enter", {**place, **terms, **order}

    def _stop(self) -> tuple[int, str, dict[str, Any]]:
        seat, place = self._place()
        terms, number = self._terms(place["instrument"]), place["instrument"]
        if self.random.random() < 0.3:
            level = {"trail": self._tick[number] * self.random.randint(1, 3)}
        else:
            level = {"stop_price": self._price(number)}
        return seat, "stop_enter", {**place, **terms, **level, "client_id": self._client()}

    def _sides(self, number: int) -> dict[str, Any]:
        """Both sides of a quote; at times one is empty, or both."""
        bid, lots = self.random.randint(-REACH, REACH - 1), self._lots()
        ask = self.random.randint(bid + 1, REACH)
        sizes = self.random.choice([(lots, lots)] * 6 + [(lots, self._lots()), (lots, 0), (0, 0)])
        return {
            "bid_price": self._price(number, bid) if sizes[0] else 0,
            "ask_price": self._price(number, ask) if sizes[1] else 0,
            "bid_quantity": sizes[0],
            "ask_quantity": sizes[1],
            "hedge": codes.HEDGE_MARKET_MAKER,
        }

    def _quote(self) -> tuple[int, str, dict[str, Any]]:
        seat, place = self._place()
        sides = self._sides(place["instrument"])
        return seat, "quote_enter", {**place, **sides, "client_id": self._client()}

    def _mass_quote(self) -> tuple[int, str, dict[str, Any]]:
        seat, place = self._place()
        entries = [
            {"account": place["account"], "instrument": number, **self._sides(number)}
            for number in self.random.sample(list(self.contracts), self.random.randint(1, 5))
        ]
        return seat, "mass_quote", {"client_id": self._client(), "entries": entries}

    def _amend(self) -> tuple[int, str, dict[str, Any]]:
        seat, order_id, number = self.random.choice(self._made[-60:])
        target = {"client_id": self._client(), "order_id": order_id}
        change = {"new_price": self._price(number), "new_quantity": self._lots()}
        return seat, "order_amend", {**target, **change}

    def _cancel(self) -> tuple[int, str, dict[str, Any]]:
        seat, order_id, _ = self.random.choice(self._made[-60:])
        return seat, "order_cancel", {"client_id": self._client(), "order_id": order_id}

    def _mass_cancel(self) -> tuple[int, str, dict[str, Any]]:
        seat, place = self._place()
        place["instrument"] = self.random.choice([place["instrument"], *self.spreads])
        return seat, "mass_cancel", {**place, **self._which(), "client_id": self._client()}

    def _which(self) -> dict[str, Any]:
        return {"mass_side": self.random.randint(0, 2), "mass_scope": self.random.randint(0, 3)}

    # -- the exchange's --------------------------------------------------------------------------

    def _operator_cancel(self) -> tuple[int, str, dict[str, Any]]:
        _, place = self._place()
        return 0, "operator_cancel", {**place, **self._which(), "operator_reason": 5}

    def _forced_close(self) -> tuple[int, str, dict[str, Any]]:
        _, place = self._place()
        return 0, "forced_close", {
            **place, "side": self.random.randint(0, 1), "offset": codes.OFFSET_CLOSE,
            "price": self._price(place["instrument"]), "quantity": self._lots(),
            "operator_reason": 2,
        }  # fmt: skip

    def _bust(self) -> tuple[int, str, dict[str, Any]]:
        trade_id, _ = self.random.choice(self._traded[-20:])
        return 0, "trade_bust", {"trade_id": trade_id, "operator_reason": 6}

    def _correct(self) -> tuple[int, str, dict[str, Any]]:
        trade_id, number = self.random.choice(self._traded[-20:])
        right = {"price": self._price(number), "operator_reason": 6}
        return 0, "trade_correct", {"trade_id": trade_id, **right}

    def _phase(self) -> tuple[int, str, dict[str, Any]]:
        product = self.random.choice([0, *self.contracts.values()])
        return 0, "phase_set", {"product": product, "phase": self.random.choice(PHASES)}

    def _halt(self) -> tuple[int, str, dict[str, Any]]:
        number = self.random.choice([*self.contracts, *self.spreads])
        return 0, "halt_set", {"instrument": number, "halted": int(self.random.random() < 0.15)}

    def _band(self) -> tuple[int, str, dict[str, Any]]:
        product = self.random.choice(list(self.contracts.values()))
        return 0, "rule_set", {
            "product": product, "rule": codes.RULE_BAND_TICKS,
            "value": self.random.choice((0, 2, 4, 1000)),
        }  # fmt: skip

    def _limits(self) -> tuple[int, str, dict[str, Any]]:
        number, ticks = self.random.choice(list(self.contracts)), self.random.randint(3, 50)
        lower, upper = self._price(number, -ticks), self._price(number, ticks)
        limits = {"lower_limit": lower, "upper_limit": upper}
        return 0, "limits_set", {"instrument": number, **limits}

    # -- from the day before ---------------------------------------------------------------------

    def _holding(self, number: int, account: int) -> bytes:
        return encode(
            "position_set", instrument=number, account=account,
            long_yesterday=200, short_yesterday=200,
        )  # fmt: skip

    def _carried(self, place: int) -> bytes:
        """An order of an earlier day, partly filled; every fifth a stop that waits."""
        seat, where = self._place()
        terms = self._terms(where["instrument"])
        terms["time_in_force"] = codes.TIME_GTC
        if terms["kind"] != codes.KIND_LIMIT:
            terms["display_quantity"] = 0
        stop_price = 0 if place % 5 else self._price(where["instrument"])
        return encode(
            "order_carry", **where, **terms, carried_order_id=1024 * place, carried_seat=seat,
            carried_remaining=self.random.randint(1, terms["quantity"]), stop_price=stop_price,
            client_id=place,
        )  # fmt: skip
