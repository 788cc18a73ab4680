"""One journal record in, its events out: the checks that come first, then its handler."""

import numpy as np

from twinex.venue.compiler import apart, inlined, inner
from twinex.venue.core import (
    acts,
    carry,
    combinations,
    emit,
    implied,
    orders,
    phases,
    quotes,
    reference,
    risk,
    rules,
    stops,
)
from twinex.venue.core.ids import find_id
from twinex.venue.core.legs import is_combination
from twinex.venue.core.limits import LEGS, NIL
from twinex.venue.wire import codes
from twinex.venue.wire.schema import COMMANDS, HEADER_BYTES, RECORD_HEADER_BYTES, SCHEMA_ID

_BLOCK_LENGTHS = np.zeros(100, dtype=np.int64)  # by template id; 0 = no such command
for _template in COMMANDS.values():
    _BLOCK_LENGTHS[_template.id] = _template.block_length
MEMBER_TEMPLATE_LAST = 19


@inlined
def apply(core, records, at, body_crc):
    """Apply the record at row `at` of the record union to the core.

    Room for what it may make has been checked (`room`). Writes at least one event.
    """
    now = core.now[0]
    command = records[at]
    now["sequence"] = command["sequence"]
    now["time_ns"] = command["time_ns"]
    now["index"] = 0
    now["event_start"] = now["event_position"]
    now["seat"] = command["seat"]
    now["member"] = _member_of(core, np.int64(command["seat"]))
    now["body_crc"] = body_crc
    now["commands"] += 1
    template = np.int64(command["template_id"])
    reason = _check_command(core, records, at, template)
    if reason == 0 and template <= MEMBER_TEMPLATE_LAST:
        _apply_member(core, records, at, template)
    else:
        if reason == 0:
            reason = _apply_exchange(core, command, template)
        if reason != 0:
            _refuse(core, records, at, template, reason)
    judges_stops = template <= MEMBER_TEMPLATE_LAST or template == codes.FORCED_CLOSE
    if now["combination_count"] > 0:
        implied.judge(core, judges_stops)
    elif now["stops"] > 0 and judges_stops:
        stops.judge_trades(core, now["event_start"], now["event_position"])
    assert now["index"] > 0
    now["events"] += now["index"]


@inner
def _member_of(core, seat):
    if 0 < seat < len(core.seats):
        return core.seats[seat]
    return np.int64(NIL)


@inner
def _is_whole(records, at, template):
    """Is the block at least the schema's, and the record as long as the block needs?"""
    command = records[at]
    block = np.int64(command["block_length"])
    if block < _BLOCK_LENGTHS[template]:
        return False
    if template == codes.MASS_QUOTE:
        return quotes.group_fits(records, at, block)
    needed = RECORD_HEADER_BYTES + ((HEADER_BYTES + block + 7) & ~np.int64(7))
    return needed == np.int64(command["length"])


@inner
def _is_command(command, template):
    if template >= len(_BLOCK_LENGTHS) or _BLOCK_LENGTHS[template] == 0:
        return False
    return command["schema_id"] == SCHEMA_ID


@apart
def _refuse(core, records, at, template, reason):
    """command_rejected of a command that its sender's checks 1 to 5 or the exchange's refuse.

    The owner of an order that the exchange brings is told, once it is known.
    """
    command, zero = records[at], np.int64(0)
    if reason > codes.REJECT_DAY_NOT_OPEN and (
        template == codes.ORDER_CARRY or template == codes.FORCED_CLOSE
    ):
        _refuse_order(core, command, template, reason)
        return
    client_id = _client_id_of(records, at, template)
    emit.rejected(core, template, reason, client_id, zero, zero, zero)


@inner
def _refuse_order(core, command, template, reason):
    account, number = np.int64(command["account"]), np.int64(command["instrument"])
    client_id, order_id, seat = np.int64(0), np.int64(0), np.int64(0)
    if template == codes.ORDER_CARRY:
        client_id, order_id = command["client_id"], command["carried_order_id"]
        seat = np.int64(command["carried_seat"])
    member = np.int64(NIL)
    if reference.is_account(core, account):
        member = core.accounts[account]["member"]
    else:
        account = np.int64(0)
    if not risk.is_instrument(core, number):
        number = np.int64(0)
    emit.rejected_for(core, template, reason, client_id, number, account, order_id, member, seat)


@inner
def _client_id_of(records, at, template):
    """The client id of a member's command that is whole; else 0."""
    command = records[at]
    if template > MEMBER_TEMPLATE_LAST or not _is_command(command, template):
        return np.int64(0)
    return command["client_id"] if _is_whole(records, at, template) else np.int64(0)


@inlined
def _check_command(core, records, at, template):
    """Checks 1 to 5 of `spec/risk.md`."""
    now = core.now[0]
    command = records[at]
    if not _is_command(command, template):
        return np.int64(codes.REJECT_TEMPLATE_UNKNOWN)
    if not _is_whole(records, at, template):
        return np.int64(codes.REJECT_LENGTH_WRONG)
    if command["seat"] != 0 and now["member"] == NIL:
        return np.int64(codes.REJECT_SEAT_UNKNOWN)
    if now["day"] != 1 and not (template == codes.DAY_OPEN and now["day"] == 0):
        return np.int64(codes.REJECT_DAY_NOT_OPEN)
    is_members = template <= MEMBER_TEMPLATE_LAST
    if is_members != (command["seat"] != 0):
        return np.int64(codes.REJECT_NOT_PERMITTED)
    return np.int64(0)


@inlined
def _apply_member(core, records, at, template):
    """Checks 6 to 8a, then the handler; its outcome is kept under the client id."""
    now = core.now[0]
    command = records[at]
    client_id = command["client_id"]
    now["client_id"] = client_id
    if client_id <= 0:
        _reject(core, command, template, np.int64(codes.REJECT_CLIENT_ID_INVALID))
        return
    row = find_id(core.ids, now["id_salt"], now["member"], client_id)
    used = core.ids[row]
    if used["client_id"] != 0:
        if np.int64(used["body_crc"]) == now["body_crc"]:
            _repeat(core, command, template, used)
        else:
            _reject(core, command, template, np.int64(codes.REJECT_ID_REUSED))
        return
    used["client_id"] = client_id
    used["sequence"] = now["sequence"]
    used["body_crc"] = now["body_crc"]
    used["member"] = now["member"]
    used["command"] = 0  # not yet an order that a target_client_id could name
    now["id_count"] += 1
    reason = _handle(core, records, at, template)
    used["command"] = template
    used["reject_reason"] = reason
    if reason != 0:
        _reject(core, command, template, reason)


@inlined
def _handle(core, records, at, template):
    """Checks 7a to 8a and the handler of a member's command."""
    command = records[at]
    if template == codes.MASS_CANCEL:
        return orders.mass_cancel(core, command)
    member = core.members[core.now[0]["member"]]
    if member["window_ns"] != 0:
        reason = _check_rate(core, member, template)
        if reason != 0:
            return np.int64(reason)
    if template == codes.ORDER_CANCEL:
        return _cancel(core, command, member)
    if member["active"] == 0:
        return np.int64(codes.REJECT_MEMBER_INACTIVE)
    if member["blocked"] != 0:
        return np.int64(codes.REJECT_MEMBER_BLOCKED)
    if template == codes.ORDER_ENTER:
        if is_combination(core, np.int64(command["instrument"])):
            return combinations.enter(core, command)
        return orders.enter(core, command)
    if template == codes.ORDER_AMEND:
        slot, order_id = orders.find_target(core, command)
        if slot == NIL:
            return np.int64(codes.REJECT_ORDER_UNKNOWN)
        if slot < 0:
            return np.int64(codes.REJECT_QUOTE_LEG)
        return orders.amend(core, command, slot, order_id)
    return _handle_rest(core, records, at, template)


@apart
def _handle_rest(core, records, at, template):
    command = records[at]
    if template == codes.STOP_ENTER:
        return stops.enter(core, command)
    if template == codes.QUOTE_ENTER:
        return quotes.enter(core, command)
    if template == codes.MASS_QUOTE:
        return quotes.enter_mass(core, records, at)
    assert template == codes.QUOTE_REQUEST
    return quotes.request(core, command)


@inlined
def _cancel(core, command, member):
    """order_cancel of an order, or by its client id of a quote."""
    slot, order_id = orders.find_target(core, command)
    if slot == NIL:
        return np.int64(codes.REJECT_ORDER_UNKNOWN)
    if slot > NIL:
        reason = orders.cancel(core, command, slot, order_id)
    elif order_id != 0:
        return np.int64(codes.REJECT_QUOTE_LEG)
    else:
        reason = quotes.cancel_quote(core, -slot, command["client_id"])
    if reason == 0 and member["window_ns"] != 0:
        member["cancels"] += 1
    return reason


@inner
def _check_rate(core, member, template):
    """Check 7a: fixed windows; entries count when they come, cancels when they are done."""
    window = core.now[0]["time_ns"] // member["window_ns"]
    if window != member["window"]:
        member["window"] = window
        member["entries"] = 0
        member["cancels"] = 0
    if template == codes.ORDER_CANCEL:
        if member["cancels_max"] != 0 and member["cancels"] >= member["cancels_max"]:
            return codes.REJECT_CANCEL_RATE_EXCEEDED
        return 0
    member["entries"] += 1
    if member["entries_max"] != 0 and member["entries"] > member["entries_max"]:
        return codes.REJECT_ENTRY_RATE_EXCEEDED
    return 0


@inner
def _subject(core, command, template):
    """(instrument, account, order id) that the answer to a member's command names."""
    zero = np.int64(0)
    if template == codes.MASS_QUOTE:
        return zero, zero, zero
    if template != codes.ORDER_CANCEL and template != codes.ORDER_AMEND:
        return np.int64(command["instrument"]), np.int64(command["account"]), zero
    slot, order_id = orders.find_target(core, command)
    if slot <= NIL:
        return zero, zero, command["order_id"]
    if not orders.is_live(core, slot, order_id):
        return zero, zero, order_id
    order = core.orders[slot]
    return np.int64(order["instrument"]), np.int64(order["account"]), order_id


@apart
def _reject(core, command, template, reason):
    instrument, account, order_id = _subject(core, command, template)
    client_id = command["client_id"]
    emit.rejected(core, template, reason, client_id, instrument, account, order_id)


@apart
def _repeat(core, command, template, used):
    instrument, account, order_id = _subject(core, command, template)
    is_order = template == codes.ORDER_ENTER or template == codes.STOP_ENTER
    if is_order and used["reject_reason"] == 0:
        order_id = used["sequence"] * LEGS
    emit.repeated(core, template, used, instrument, account, order_id)


@apart
def _apply_exchange(core, command, template):
    """The exchange's own commands; returns the reject reason."""
    if template == codes.PHASE_SET:
        return phases.phase_set(core, command)
    if template == codes.TIMER:
        return phases.timer(core, command)
    if template == codes.HALT_SET:
        return phases.halt_set(core, command)
    if template == codes.LIMITS_SET:
        return phases.limits_set(core, command)
    if template == codes.DAY_OPEN:
        return phases.day_open(core, command)
    if template == codes.DAY_END:
        return phases.day_end(core)
    if template == codes.PRODUCT_DEFINE:
        return reference.define_product(core, command)
    if template == codes.INSTRUMENT_DEFINE:
        return reference.define_instrument(core, command)
    if template == codes.MEMBER_DEFINE:
        return reference.define_member(core, command)
    if template == codes.SEAT_DEFINE:
        return reference.define_seat(core, command)
    if template == codes.ACCOUNT_DEFINE:
        return reference.define_account(core, command)
    if template == codes.RIGHT_SET:
        return reference.set_right(core, command)
    if template == codes.CREDIT_SET:
        return reference.set_credit(core, command)
    if template == codes.POSITION_SET:
        return reference.set_position(core, command)
    return _act(core, command, template)


@inner
def _act(core, command, template):
    """The exchange's acts of `spec/operator.md`, and what it carries over night."""
    if template == codes.COMBINATION_DEFINE:
        return combinations.define(core, command)
    if template == codes.RULE_SET:
        return rules.set_rule(core, command)
    if template == codes.GROUP_DEFINE:
        return acts.define_group(core, command)
    if template == codes.RATE_SET:
        return acts.set_rate(core, command)
    if template == codes.BLOCK_SET:
        return acts.set_block(core, command)
    if template == codes.OPERATOR_CANCEL:
        return acts.cancel_on_behalf(core, command)
    if template == codes.FORCED_CLOSE:
        return acts.force_close(core, command)
    if template == codes.TRADE_BUST:
        return acts.bust_trade(core, command)
    if template == codes.TRADE_CORRECT:
        return acts.correct_trade(core, command)
    assert template == codes.ORDER_CARRY
    return carry.carry(core, command)
