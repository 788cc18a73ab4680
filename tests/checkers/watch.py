"""The watch over one day: every command with its events, in order."""

import zlib
from types import SimpleNamespace

from checkers import exchange, reasons, trading
from checkers.answer import Answer
from checkers.market import Market, Order, hold
from checkers.wire import CANCEL, HEAD, LAYOUTS, MEMBER_LAST, REASON, command_of, events_of

_MEMBERS = ("order_enter", "order_cancel", "order_amend", "mass_cancel")


class Watch:
    """Feed it commands with their events (`see`); it raises Violation at the first broken rule.

    `market` is what it knows then, to be compared with the tables of the system that it watches.
    """

    def __init__(self) -> None:
        self.market = Market()
        self._sequence: int | None = None
        self._time_ns = 0
        # (member, client id) -> body checksum, sequence, template, reject reason, order
        self._ids: dict[tuple[int, int], tuple[int, int, str, int, Order | None]] = {}

    def see(self, seat: int, message: bytes, events: bytes) -> None:
        """One command of `seat` (SBE message) and the bytes of all its events."""
        found = list(events_of(events))
        self._check_heads(found)
        answer = Answer(found)
        reason = self._reason_before_ids(seat, message)
        if reason:
            self._take_early_reject(answer, seat, message, reason)
        else:
            command = command_of(message)
            assert command is not None
            if command.template_id <= MEMBER_LAST:
                self._member(answer, seat, command, message)
            elif answer.is_next("command_rejected"):
                self._take_refused_exchange(answer, command)
            else:
                exchange.apply(self.market, answer, command)
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
            hold(order.done != order.resting, "an order rests or is done", order)
            hold(order.resting == (order.id in standing), "one that rests is in the book", order)

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

    def _take_refused_exchange(self, answer: Answer, command: SimpleNamespace) -> None:
        reasons_known = {80, 81, 82, 83, 84, 85}
        hold(answer.next.reject_reason in reasons_known, "a reason of phases.md", answer.next)
        self._take_rejected(answer, command=command.template_id, member=0, seat=0, client_id=0)

    def _member(self, answer: Answer, seat: int, command: SimpleNamespace, message: bytes) -> None:
        """Checks 6 and 7, then the command itself; its outcome is kept under its id."""
        market = self.market
        member = market.seats[seat]
        key = (member, command.client_id)
        target = self._target(member, command)
        subject = self._subject(command, target)
        about = {"seat": seat, "member": member, "client_id": command.client_id, **subject}
        if command.client_id <= 0:
            reason = REASON.CLIENT_ID_INVALID
            self._take_rejected(answer, reject_reason=reason, command=command.template_id, **about)
            return
        body_crc = zlib.crc32(message.ljust((len(message) + 7) // 8 * 8, b"\0"))
        if key in self._ids:
            self._take_repeated(answer, command, body_crc, key, about)
            return
        reason = self._reason_of(member, command, target)
        sequence = answer.next.sequence
        if reason:
            self._take_rejected(answer, reject_reason=reason, command=command.template_id, **about)
        elif command.template == "order_enter":
            trading.enter(market, answer, seat, command)
        elif command.template == "mass_cancel":
            trading.mass_cancel(market, answer, seat, command)
        elif command.template == "order_cancel":
            trading.take_cancelled(market, answer, target, CANCEL.member, command.client_id)
        else:
            trading.amend(market, answer, target, command)
        is_order = command.template == "order_enter" and reason == 0
        order = market.orders[sequence * 1024] if is_order else None
        self._ids[key] = (body_crc, sequence, command.template, reason, order)

    def _take_repeated(
        self,
        answer: Answer,
        command: SimpleNamespace,
        body_crc: int,
        key: tuple[int, int],
        about: dict[str, int],
    ) -> None:
        first_crc, sequence, template, reason, order = self._ids[key]
        if body_crc != first_crc:
            self._take_rejected(
                answer, reject_reason=REASON.ID_REUSED, command=command.template_id, **about
            )
            return
        hold(template == command.template, "the same bytes are the same command", command)
        if order is not None:
            about = {**about, "order_id": order.id}
        answer.take(
            "command_repeated",
            reject_reason=reason,
            command=command.template_id,
            first_seen=sequence,
            **about,
        )

    def _reason_of(self, member: int, command: SimpleNamespace, target: Order | None) -> int:
        if command.template == "order_enter":
            return reasons.of_enter(self.market, command, member)
        if command.template == "mass_cancel":
            return reasons.of_mass(self.market, command, member)
        if command.template == "order_cancel":
            return reasons.of_cancel(self.market, target)
        return reasons.of_amend(self.market, command, target, member)

    def _target(self, member: int, command: SimpleNamespace) -> Order | None:
        """The order that a cancel or amend names, if it is its member's."""
        if command.template not in ("order_cancel", "order_amend"):
            return None
        if command.order_id:
            order = self.market.orders.get(command.order_id)
        else:
            order = self._ids.get((member, command.target_client_id), (0, 0, "", 0, None))[4]
        return order if order is not None and order.member == member else None

    def _subject(self, command: SimpleNamespace, target: Order | None) -> dict[str, int]:
        """What a refusal or repetition names (risk.md, orders.md)."""
        if command.template in ("order_enter", "mass_cancel"):
            named = {"instrument": command.instrument, "account": command.account}
            return {**named, "order_id": 0}
        if target is None:
            return {"instrument": 0, "account": 0, "order_id": command.order_id}
        if target.done:
            return {"instrument": 0, "account": 0, "order_id": target.id}
        named = {"instrument": target.instrument, "account": target.account}
        return {**named, "order_id": target.id}
