"""One journal record in, its events out: the checks that come first, then its handler."""

import numpy as np

from twinex.venue.compiler import inlined, inner
from twinex.venue.core import emit, orders, phases, reference
from twinex.venue.core.ids import find_id
from twinex.venue.core.limits import LEGS, NIL
from twinex.venue.wire import codes
from twinex.venue.wire.schema import COMMANDS, HEADER_BYTES, RECORD_HEADER_BYTES, SCHEMA_ID

_BLOCK_LENGTHS = np.zeros(100, dtype=np.int64)  # by template id; 0 = no such command
for _template in COMMANDS.values():
    _BLOCK_LENGTHS[_template.id] = _template.block_length
MEMBER_TEMPLATE_LAST = 19


@inlined
def apply(core, command, body_crc):
    """Apply one record (`command`: a row of the record union) to the core.

    Room for what it may make has been checked (`room`). Writes at least one event.
    """
    now = core.now[0]
    now["sequence"] = command["sequence"]
    now["time_ns"] = command["time_ns"]
    now["index"] = 0
    now["seat"] = command["seat"]
    now["member"] = _member_of(core, np.int64(command["seat"]))
    now["body_crc"] = body_crc
    now["commands"] += 1
    template = np.int64(command["template_id"])
    reason = _check_command(core, command, template)
    if reason == 0 and template <= MEMBER_TEMPLATE_LAST:
        _apply_member(core, command, template)
    else:
        if reason == 0:
            reason = _apply_exchange(core, command, template)
        if reason != 0:
            client_id = _client_id_of(command, template)
            emit.rejected(core, template, reason, client_id, 0, 0, 0)
    assert now["index"] > 0
    now["events"] += now["index"]


@inner
def _member_of(core, seat):
    if 0 < seat < len(core.seats):
        return core.seats[seat]
    return np.int64(NIL)


@inner
def _is_whole(command, template):
    """Is the block at least the schema's, and the record as long as the block needs?"""
    block = np.int64(command["block_length"])
    needed = RECORD_HEADER_BYTES + ((HEADER_BYTES + block + 7) & ~np.int64(7))
    return block >= _BLOCK_LENGTHS[template] and needed == np.int64(command["length"])


@inner
def _is_command(command, template):
    if template >= len(_BLOCK_LENGTHS) or _BLOCK_LENGTHS[template] == 0:
        return False
    return command["schema_id"] == SCHEMA_ID


@inner
def _client_id_of(command, template):
    """The client id of a member's command that is whole; else 0."""
    if template > MEMBER_TEMPLATE_LAST or not _is_command(command, template):
        return np.int64(0)
    return command["client_id"] if _is_whole(command, template) else np.int64(0)


@inlined
def _check_command(core, command, template):
    """Checks 1 to 5 of `spec/risk.md`."""
    now = core.now[0]
    if not _is_command(command, template):
        return np.int64(codes.REJECT_TEMPLATE_UNKNOWN)
    if not _is_whole(command, template):
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
def _apply_member(core, command, template):
    """Checks 6 to 8, then the handler; its outcome is kept under the client id."""
    now = core.now[0]
    client_id = command["client_id"]
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
    reason = _handle(core, command, template)
    used["command"] = template
    used["reject_reason"] = reason
    if reason != 0:
        _reject(core, command, template, reason)


@inlined
def _handle(core, command, template):
    """Check 8 and the handler of a member's command."""
    if template == codes.MASS_CANCEL:
        return orders.mass_cancel(core, command)
    is_active = core.members[core.now[0]["member"]]["active"] != 0
    if template == codes.ORDER_ENTER:
        if not is_active:
            return np.int64(codes.REJECT_MEMBER_INACTIVE)
        return orders.enter(core, command)
    if template == codes.ORDER_AMEND and not is_active:
        return np.int64(codes.REJECT_MEMBER_INACTIVE)
    slot, order_id = orders.find_target(core, command)
    if slot == NIL:
        return np.int64(codes.REJECT_ORDER_UNKNOWN)
    if template == codes.ORDER_CANCEL:
        return orders.cancel(core, command, slot, order_id)
    return orders.amend(core, command, slot, order_id)


@inner
def _subject(core, command, template):
    """(instrument, account, order id) that the answer to a member's command names."""
    if template == codes.ORDER_ENTER or template == codes.MASS_CANCEL:
        return np.int64(command["instrument"]), np.int64(command["account"]), np.int64(0)
    slot, order_id = orders.find_target(core, command)
    zero = np.int64(0)
    if slot == NIL:
        return zero, zero, command["order_id"]
    if not orders.is_live(core, slot, order_id):
        return zero, zero, order_id
    order = core.orders[slot]
    return np.int64(order["instrument"]), np.int64(order["account"]), order_id


@inner
def _reject(core, command, template, reason):
    instrument, account, order_id = _subject(core, command, template)
    client_id = command["client_id"]
    emit.rejected(core, template, reason, client_id, instrument, account, order_id)


@inner
def _repeat(core, command, template, used):
    instrument, account, order_id = _subject(core, command, template)
    if template == codes.ORDER_ENTER and used["reject_reason"] == 0:
        order_id = used["sequence"] * LEGS
    emit.repeated(core, template, used, instrument, account, order_id)


@inner
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
    assert template == codes.POSITION_SET
    return reference.set_position(core, command)
