"""The watch over one day: every command with its events, in order."""

from types import SimpleNamespace

from checkers import combinations, exchange
from checkers.answer import Answer
from checkers.market import Market, hold
from checkers.members import Members
from checkers.reasons_exchange import of_exchange
from checkers.wire import HEAD, LAYOUTS, MEMBER_LAST, REASON, command_of, events_of


class Watch:
    """Feed it commands with their events (`see`); it raises Violation at the first broken rule.

    `market` is what it knows then, to be compared with the tables of the system that it watches.
    """

    def __init__(self) -> None:
        self.market = Market()
        self._sequence: int | None = None
        self._time_ns = 0
        self._members = Members(self.market)

    def see(self, seat: int, message: bytes, events: bytes) -> None:
        """One command of `seat` (SBE message) and the bytes of all its events."""
        found = list(events_of(events))
        self._check_heads(found)
        answer, self.market.now_ns = Answer(found), found[0].time_ns
        reason = self._reason_before_ids(seat, message)
        if reason:
            self._take_early_reject(answer, seat, message, reason)
        else:
            command = command_of(message)
            assert command is not None
            if command.template_id <= MEMBER_LAST:
                self._members.take(answer, seat, command, message)
            else:
                self._exchange(answer, command)
        combinations.behind(self.market, answer)
        answer.end()

    def _check_heads(self, events: list[SimpleNamespace]) -> None:
        """Sequence, time and index of spec/journal.md."""
        hold(events, "a command makes at least one event")
        first = events[0]
        hold(self._sequence in (None, first.sequence - 1), "sequences rise by 1", first)
        hold(first.time_ns > self._time_ns, "times rise", first)
        for index, event in enumerate(events):
            head = (event.sequence, event.time_ns, event.index)
            hold(head == (first.sequence, first.time_ns, index), "one head, index + 1", event)
        self._sequence, self._time_ns = first.sequence, first.time_ns

    def check_totals(self) -> None:
        """Trades make as many longs as shorts, and open interest counts them (orders.md)."""
        made = {number: [0, 0] for number in self.market.instruments}
        for (_, number, _), row in self.market.rows.items():
            for side in (0, 1):
                made[number][side] += row.today[side] + row.yesterday[side] - row.given[side]
        for number, (longs, shorts) in made.items():
            instrument = self.market.instruments[number]
            interest = instrument.open_interest - instrument.given_interest
            hold(longs == shorts, "as many longs as shorts", number, longs, shorts)
            if instrument.product.offset_rule:
                hold(longs == interest, "open interest counts the longs", number, longs, interest)
        standing = {order.id for order in self.market.live()}
        for order in self.market.orders.values():
            live = order.resting or order.waiting
            hold(order.done != live, "an order is done, or rests, or waits", order)
            hold(live == (order.id in standing), "one that lives is found", order)

    def _reason_before_ids(self, seat: int, message: bytes) -> int:
        """Checks 1 to 5 of risk.md."""
        _, template, schema, _ = HEAD.unpack_from(message)
        if template >= 100 or template not in LAYOUTS or schema != 7701:
            return REASON.TEMPLATE_UNKNOWN
        command = command_of(message)
        if command is None:
            return REASON.LENGTH_WRONG
        if seat and seat not in self.market.seats:
            return REASON.SEAT_UNKNOWN
        if self.market.day != 1 and not (command.template == "day_open" and not self.market.day):
            return REASON.DAY_NOT_OPEN
        return REASON.NOT_PERMITTED if (seat == 0) == (template <= MEMBER_LAST) else 0

    def _take_early_reject(self, answer: Answer, seat: int, message: bytes, reason: int) -> None:
        command = command_of(message)
        named = command is not None and command.template_id <= MEMBER_LAST
        self._take_rejected(
            answer,
            seat=seat,
            member=self.market.seats.get(seat, 0),
            reject_reason=reason,
            client_id=command.client_id if named else 0,
            command=HEAD.unpack_from(message)[1],
            instrument=0,
            account=0,
            order_id=0,
        )

    def _take_rejected(self, answer: Answer, **fields: int) -> None:
        answer.take("command_rejected", **fields)
        self.market.rejects += 1

    def _exchange(self, answer: Answer, command: SimpleNamespace) -> None:
        reason = of_exchange(self.market, command)
        if not reason:
            exchange.apply(self.market, answer, command)
            return
        subject = self._subject(command)
        self._take_rejected(answer, reject_reason=reason, command=command.template_id, **subject)

    def _subject(self, command: SimpleNamespace) -> dict[str, int]:
        """What the refusal of an exchange's command names (risk.md)."""
        names = ("member", "account", "instrument", "client_id", "order_id", "seat")
        subject = dict.fromkeys(names, 0)
        if command.template not in ("order_carry", "forced_close"):
            return subject
        account = self.market.accounts.get(command.account)
        if account is not None:
            subject |= {"member": account.member, "account": command.account}
        if command.instrument in self.market.instruments:
            subject["instrument"] = command.instrument
        if command.template == "order_carry":
            subject |= {"client_id": command.client_id, "seat": command.carried_seat}
            subject["order_id"] = command.carried_order_id
        return subject
