"""The mirror's core: one record of the journal in, the events of its command out.

Checks 1 to 8a of spec/risk.md stand here; then a table of handlers; then what a command sets off.
"""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct
from zlib import crc32

from twinex.mirror import acts, cancel, carry, combinations, entry, phases, quotes, reference, stops
from twinex.mirror.cancel import find_order
from twinex.mirror.codes import Refused
from twinex.mirror.commands import Command
from twinex.mirror.events import COMMAND_REPEATED
from twinex.mirror.image import write_image
from twinex.mirror.image_read import read_image
from twinex.mirror.market import Market, Member
from twinex.mirror.matching import show_rows
from twinex.mirror.messages import BLOCK, BLOCK_LENGTHS, GROUP_SIZE, ORDER_CANCEL, RECORD, SCHEMA

if not __debug__:
    raise RuntimeError("the mirror does not run without its assertions (python -O)")

DAY_OPEN, MASS_QUOTE = 20, 7
NAMING = (2, 3)  # order_cancel, order_amend: they name a target
FREE = (2, 4)  # cancels are no entries, and inactive or blocked members may send them
_CLIENT_ID = Struct("<q")
_SENT = Struct("<8xii")  # instrument and account of the other commands of members

MemberHandler = Callable[[Market, bytes, Member, int], int]
ExchangeHandler = Callable[[Market, bytes], int]
MEMBERS: dict[int, MemberHandler] = {
    1: entry.enter,
    2: cancel.cancel,
    3: cancel.amend,
    4: cancel.mass_cancel,
    5: stops.enter_stop,
    6: quotes.enter,
    7: quotes.enter_mass,
    8: quotes.request,
}
EXCHANGE: dict[int, ExchangeHandler] = {
    20: reference.open_day,
    21: reference.define_product,
    22: reference.define_instrument,
    23: reference.define_member,
    24: reference.define_seat,
    25: reference.define_account,
    26: reference.set_right,
    27: reference.set_credit,
    28: reference.set_position,
    29: phases.set_limits,
    30: phases.set_phase,
    31: phases.set_halt,
    32: phases.run_timer,
    33: phases.end_day,
    34: acts.set_rule,
    35: reference.define_group,
    36: acts.set_rate,
    37: acts.set_block,
    38: acts.cancel_orders,
    39: carry.force_close,
    40: acts.bust_trade,
    41: acts.correct_trade,
    42: carry.carry,
    43: combinations.define,
}


class Core:
    """A market that lives through one day of a journal."""

    __slots__ = ("market",)

    def __init__(self, first_sequence: int = 1, chain: int = 0, time_ns: int = 0) -> None:
        """`chain`, `time_ns`: of the record before the first one, if there was a day before."""
        self.market = Market()
        self.market.sequence = first_sequence - 1
        self.market.chain, self.market.time_ns = chain, time_ns

    def apply(self, record: bytes) -> bytes:
        """The events of one whole record (spec/journal.md), whose crc and chain are trusted."""
        market = self.market
        (length, sequence, time_ns, term, seat, chain, block, template, schema,
         _) = RECORD.unpack_from(record)  # fmt: skip
        assert sequence == market.sequence + 1, "records come in their sequence"
        market.sequence, market.time_ns = sequence, time_ns
        market.chain, market.term = chain, term
        market.commands_count += 1
        market.journal_bytes += length
        events = market.events
        events.sequence, events.time_ns = sequence, time_ns
        pending: list[bytes] = []
        events.pending = pending
        member = market.seats.get(seat)
        reason = general(market, record, member, seat, length, block, template, schema)
        row: Command | None = None
        if reason:
            refuse_general(market, record, member, seat, template, reason)
        elif member is not None:
            row = member_command(market, record, member, seat, template)
        else:
            reason = EXCHANGE[template](market, record)
            if reason:
                market.refuse(template, 0, reason)
        if market.first_sequence:
            market.commands.append(row)
        if market.touched or market.combinations or market.traded:
            settle(market)
        answer = b"".join(pending)
        market.events_count += len(pending)
        market.event_bytes += len(answer)
        return answer

    def image(self) -> bytes:
        """The state image (spec/state.md) after the last command."""
        return write_image(self.market)

    @classmethod
    def from_image(cls, image: bytes) -> Core:
        """The core that an image shows. Raises ImageError where the image is not good."""
        core = cls()
        core.market = read_image(image)
        return core


def general(
    market: Market, record: bytes, member: Member | None, seat: int, length: int, block: int,
    template: int, schema: int,
) -> int:  # fmt: skip
    """[1 to 5] What every command is judged by."""
    least = BLOCK_LENGTHS.get(template)
    if least is None or schema != SCHEMA:
        return Refused.TEMPLATE_UNKNOWN
    needed = BLOCK + block
    if template == MASS_QUOTE:
        needed += entries_length(record, length, block)
    if block < least or length != (needed + 7) & ~7:
        return Refused.LENGTH_WRONG
    if member is None and seat != 0:
        return Refused.SEAT_UNKNOWN
    if market.state != 1 and not (market.state == 0 and template == DAY_OPEN):
        return Refused.DAY_NOT_OPEN
    return 0 if (template >= DAY_OPEN) == (seat == 0) else Refused.NOT_PERMITTED


def entries_length(record: bytes, length: int, block: int) -> int:
    """Bytes that a mass_quote's entries need behind its block; more than it has where they are laid
    out wrongly (quotes.md)."""
    if length < BLOCK + block + 8:
        return length
    size, count = GROUP_SIZE.unpack_from(record, BLOCK + block)
    sound = 1 <= count <= 64 and size >= 48 and size % 8 == block % 8 == 0
    return 8 + count * size if sound else length


def refuse_general(
    market: Market, record: bytes, member: Member | None, seat: int, template: int, reason: int
) -> None:
    """A refusal by checks 1 to 5. It shows the client id where there is one."""
    client_id = 0
    if reason > Refused.LENGTH_WRONG and template < DAY_OPEN:
        (client_id,) = _CLIENT_ID.unpack_from(record, BLOCK)
    market.refuse(template, seat, reason, member.number if member else 0, client_id)


def member_command(
    market: Market, record: bytes, member: Member, seat: int, template: int
) -> Command | None:
    """[6 to 8a], then the command itself; its row of section 14, if it used its client id."""
    (client_id,) = _CLIENT_ID.unpack_from(record, BLOCK)
    if client_id <= 0:
        refuse_early(market, record, member, seat, template, Refused.CLIENT_ID_INVALID)
        return None
    body_crc = crc32(record[40:])
    first_seen = member.client_ids.get(client_id)
    if first_seen is not None:
        repeat(market, record, member, seat, template, first_seen, body_crc)
        return None
    reason = counted(market, member, template) if member.window_ns else 0
    if not reason and template not in FREE and (member.blocked or not member.active):
        reason = Refused.MEMBER_BLOCKED if member.active else Refused.MEMBER_INACTIVE
    if reason:
        refuse_early(market, record, member, seat, template, reason)
    else:
        reason = MEMBERS[template](market, record, member, seat)
        if template == 2 and member.window_ns and not reason:
            member.cancels += 1
    quote, market.quoted = market.quoted, 0
    member.client_ids[client_id] = market.sequence
    return client_id, body_crc, member.number, quote, template, reason


def counted(market: Market, member: Member, template: int) -> int:
    """[7a] Rates (operator.md): fixed windows; entries count when they come, cancels when done."""
    window = market.time_ns // member.window_ns
    if window != member.window:
        member.window = window
        member.entries = member.cancels = 0
    if template == 2:
        full = member.cancels_max and member.cancels >= member.cancels_max
        return Refused.CANCEL_RATE_EXCEEDED if full else 0
    if template in FREE:
        return 0
    full = member.entries_max and member.entries >= member.entries_max
    member.entries += 1
    return Refused.ENTRY_RATE_EXCEEDED if full else 0


def subject(market: Market, record: bytes, member: Member, template: int) -> tuple[int, int, int]:
    """Instrument, account and order id that an answer to a member's command shows."""
    if template in NAMING:
        _, order_id, target = ORDER_CANCEL.unpack_from(record, BLOCK)
        order, order_id, _ = find_order(market, member, order_id, target)
        if order is None:
            return 0, 0, order_id
        return order.instrument.number, order.account.number, order_id
    if template == MASS_QUOTE:
        return 0, 0, 0
    instrument, account = _SENT.unpack_from(record, BLOCK)
    return instrument, account, 0


def refuse_early(
    market: Market, record: bytes, member: Member, seat: int, template: int, reason: int
) -> None:
    """A refusal by checks 6 to 8a."""
    (client_id,) = _CLIENT_ID.unpack_from(record, BLOCK)
    instrument, account, order_id = subject(market, record, member, template)
    market.refuse(template, seat, reason, member.number, client_id, instrument, account, order_id)


def repeat(
    market: Market, record: bytes, member: Member, seat: int, template: int, first_seen: int,
    body_crc: int,
) -> None:  # fmt: skip
    """A client id that was used today: its outcome, or a refusal where the bytes differ."""
    first = market.commands[first_seen - market.first_sequence]
    assert first is not None
    client_id, crc, _, _, command, reason = first
    if crc != body_crc:
        refuse_early(market, record, member, seat, template, Refused.ID_REUSED)
        return
    instrument, account, order_id = subject(market, record, member, template)
    if command in (1, 5) and not reason:
        order_id = first_seen << 10
    market.events.say(
        COMMAND_REPEATED, instrument, order_id, client_id, account, member.number, seat, reason,
        command, first_seen,
    )  # fmt: skip


def settle(market: Market) -> None:
    """What a command sets off: position rows, combinations that come within reach, and stops; the
    latter two again while something trades (orders.md, Order of events)."""
    show_rows(market)
    if market.combinations:
        market.steps = 0
        combinations.follow(market)
    while market.traded:
        if stops.judge_traded(market) and market.combinations:
            combinations.follow(market)
