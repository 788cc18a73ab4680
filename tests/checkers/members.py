"""Members' commands: client ids, rates, what judges each, what it does (risk.md, orders.md)."""

import zlib
from dataclasses import dataclass
from types import SimpleNamespace

from checkers import quotes, reasons_combined, reasons_later, trading
from checkers.answer import Answer
from checkers.market import Market, Order
from checkers.wire import REASON

ENTRIES = ("order_enter", "stop_enter", "order_amend", "quote_enter", "mass_quote", "quote_request")
_LATER = ("order_cancel", "order_amend")
WITHDRAWN = (0, 0, 0)  # of no account: the key of no quote
_FREE = ("order_cancel", "mass_cancel")
Target = Order | list[Order] | None  # an order, the live legs of a quote, or nothing


@dataclass
class Outcome:
    """What became of the first command with its id, and the order or quote that it made."""

    body_crc: int
    sequence: int
    template: str
    reason: int
    made: Order | quotes.Key | None


class Members:
    """The commands of all members of one day."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self._ids: dict[tuple[int, int], Outcome] = {}  # (member, client id) -> outcome

    def take(self, answer: Answer, seat: int, command: SimpleNamespace, message: bytes) -> None:
        """Checks 6 and 7, then the command itself; its outcome is kept under its id."""
        member = self.market.seats[seat]
        key = (member, command.client_id)
        target, leg = self._target(member, command)
        subject = _subject(command, target)
        about = {"seat": seat, "member": member, "client_id": command.client_id, **subject}
        about["command"] = command.template_id
        if command.client_id <= 0:
            self._take_rejected(answer, REASON.CLIENT_ID_INVALID, about)
            return
        body_crc = zlib.crc32(message.ljust((len(message) + 7) // 8 * 8, b"\0"))
        if key in self._ids:
            self._take_repeated(answer, body_crc, self._ids[key], about)
            return
        sequence, made = answer.sequence, None
        reason = self._reason(member, command, target, leg)
        if reason:
            self._take_rejected(answer, reason, about)
        else:
            made = self._do(answer, seat, command, target)
        self._ids[key] = Outcome(body_crc, sequence, command.template, reason, made)

    def _take_rejected(self, answer: Answer, reason: int, about: dict[str, int]) -> None:
        answer.take("command_rejected", reject_reason=reason, **about)
        self.market.rejects += 1

    def _take_repeated(
        self, answer: Answer, body_crc: int, first: Outcome, about: dict[str, int]
    ) -> None:
        if body_crc != first.body_crc:
            self._take_rejected(answer, REASON.ID_REUSED, about)
            return
        if isinstance(first.made, Order):
            about = {**about, "order_id": first.made.id}
        answer.take(
            "command_repeated", reject_reason=first.reason, first_seen=first.sequence, **about
        )

    def _reason(self, member: int, command: SimpleNamespace, target: Target, leg: bool) -> int:
        return self._reason_of_sender(member, command.template) or self._reason_of(
            member, command, target, leg
        )

    def _reason_of_sender(self, member: int, template: str) -> int:
        """Checks 7a, 8 and 8a; an entry command is counted here, whatever becomes of it."""
        market = self.market
        rate = market.rates.get(member)
        if rate and template in ENTRIES:
            full = rate.full(0, market.now_ns)
            rate.counts[0] += 1
            if full:
                return REASON.ENTRY_RATE_EXCEEDED
        if rate and template == "order_cancel" and rate.full(1, market.now_ns):
            return REASON.CANCEL_RATE_EXCEEDED
        if template in _FREE:
            return 0
        if not market.members[member].active:
            return REASON.MEMBER_INACTIVE
        return REASON.MEMBER_BLOCKED if ("member", member) in market.blocked else 0

    def _reason_of(self, member: int, command: SimpleNamespace, target: Target, leg: bool) -> int:
        market = self.market
        if command.template in _LATER:
            if command.template == "order_cancel":
                return reasons_later.of_cancel(market, target, leg)
            return reasons_later.of_amend(market, command, target, leg)
        if command.template == "mass_quote":
            return 0
        judge = {
            "order_enter": reasons_combined.of_entry,
            "stop_enter": reasons_combined.of_entry,
            "mass_cancel": reasons_later.of_mass,
            "quote_enter": quotes.of_quote,
            "quote_request": quotes.of_request,
        }
        return judge[command.template](market, command, member)

    def _do(
        self, answer: Answer, seat: int, command: SimpleNamespace, target: Target
    ) -> Order | quotes.Key | None:
        """A command that passed every check; the order or quote that it made."""
        market = self.market
        if command.template in ("order_enter", "stop_enter"):
            return trading.enter(market, answer, seat, command)
        if command.template == "order_amend":
            assert isinstance(target, Order)
            trading.amend(market, answer, target, command)
        elif command.template == "order_cancel":
            assert target is not None
            trading.cancel(market, answer, target, command)
            rate = market.rates.get(market.seats[seat])
            if rate:
                rate.counts[1] += 1
        elif command.template == "quote_enter":
            quotes.enter(market, answer, seat, command)
            withdrawn = command.bid_quantity == command.ask_quantity == 0
            return WITHDRAWN if withdrawn else quotes.key_of(command)
        else:
            does = {
                "mass_cancel": trading.mass_cancel,
                "mass_quote": quotes.mass,
                "quote_request": quotes.request,
            }
            does[command.template](market, answer, seat, command)
        return None

    def _target(self, member: int, command: SimpleNamespace) -> tuple[Target, bool]:
        """What a cancel or amend names, if it is its member's; is it a leg by its order id?"""
        if command.template not in _LATER:
            return None, False
        number = command.order_id
        if number:
            if number % 1024 and self.market.quoted.get(number // 1024) == member:
                return None, True
            found = self.market.orders.get(number)
            mine = found is not None and found.member == member and not found.forced
            return (found if mine and not number % 1024 else None), False
        outcome = self._ids.get((member, command.target_client_id))
        made = outcome.made if outcome else None
        if isinstance(made, tuple):
            return [leg for leg in self.market.legs(made) if leg], False
        return made, False


def _subject(command: SimpleNamespace, target: Target) -> dict[str, int]:
    """What a refusal or repetition names (risk.md, orders.md)."""
    if command.template == "mass_quote":
        return {"instrument": 0, "account": 0, "order_id": 0}
    if command.template not in _LATER:
        named = {"instrument": command.instrument, "account": command.account}
        return {**named, "order_id": 0}
    if not isinstance(target, Order):
        return {"instrument": 0, "account": 0, "order_id": command.order_id}
    if target.done:
        return {"instrument": 0, "account": 0, "order_id": target.id}
    named = {"instrument": target.instrument, "account": target.account}
    return {**named, "order_id": target.id}
