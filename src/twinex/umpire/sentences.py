"""What commands ask and what events tell, each as a sentence of the market.

`{field}` is the field's value in words, `{field#}` its number. `[...]` is left out where nothing
in it says anything (0, or what is usual); `[this|that]` says `that` instead.
"""

import re

from twinex.umpire.names import Names
from twinex.umpire.schema import Fields
from twinex.umpire.values import value_text

_ORDER = "{side} {quantity} {instrument}[ @ {price}][ {kind}]"
_TERMS = "[ {time_in_force}][ till {good_till_day}][ {offset}][ {hedge}]"
_ENTERED = f"{_ORDER}{_TERMS}[ post-only {{post_only}}][ showing {{display_quantity}}]"
_LEFT = "{side} {quantity} {instrument} @ {price}"
_TARGET = "[ order {order_id}][ the order of client id {target_client_id}]"
_SCOPE = (
    "[ of member {member}][ of account {account}][ in {instrument}][ in {product}]"
    "[, {mass_side} only][, {mass_scope} only]"
)
_WHY = " ({operator_reason})"
_HELD = (
    "long {long_today} today and {long_yesterday} before, short {short_today} today and "
    "{short_yesterday} before"
)
_FROZEN = (
    "[, frozen long {long_frozen} and {long_frozen_today} of today]"
    "[, frozen short {short_frozen} and {short_frozen_today} of today]"
)
_SIDES = "{instrument} {bid_quantity} @ {bid_price} / {ask_quantity} @ {ask_price}"

SENTENCES = {
    # What a seat does.
    "order_enter": f"enters {_ENTERED}, account {{account}}",
    "order_cancel": f"cancels{_TARGET}",
    "order_amend": f"amends{_TARGET} to {{new_quantity}} @ {{new_price}}",
    "mass_cancel": "cancels everything of its own"
    "[ of account {account}][ in {instrument}][ in {product}][, {mass_side} only]"
    "[, {mass_scope} only]",
    "stop_enter": f"enters a stop: {_ORDER}{_TERMS}"
    "[ at {stop_price}][ trailing by {trail}], account {account}",
    "quote_enter": f"quotes {_SIDES}, account {{account}}",
    "mass_quote": "quotes {entries}",
    "quote_request": "asks for quotes in {instrument}, account {account}",
    # What the exchange does.
    "day_open": "opens trading day {trading_day} of {market}, first sequence {first_sequence}",
    "product_define": "defines product {product_name} as number {product#}",
    "instrument_define": "lists {symbol} as number {instrument#} in {product_of}, "
    "limits {lower_limit} to {upper_limit}",
    "member_define": "defines member {member}[ {member_name}], credit {credit}, active {active}",
    "seat_define": "gives seat {seat_number} to member {member}",
    "account_define": "defines account {account} of member {member}[ in group {group}], "
    "active {active}",
    "right_set": "sets the right of account {account} in {product} to {right}",
    "credit_set": "sets the credit of member {member} to {credit}",
    "position_set": "sets what account {account} holds in {instrument} from before to "
    "long {long_yesterday}, short {short_yesterday} ({position_hedge})",
    "limits_set": "sets the limits of {instrument} to {lower_limit} and {upper_limit}",
    "phase_set": "puts [{product}|every product] into {phase}",
    "halt_set": "sets halted to {halted} for [{instrument}|all][ of {product}]",
    "timer": "has the time come for {timer_kind} of [{product}|every product]",
    "day_end": "ends trading day {trading_day}: {commands} commands, {events} events, "
    "CRC {events_crc}",
    "rule_set": "sets {rule} of {product}[, {instrument}] to {value}",
    "group_define": "defines group {group}: {self_trade_mode}",
    "rate_set": "lets member {member} send {entries_max} entries and {cancels_max} cancels "
    "in {window_ns} ns",
    "block_set": f"sets blocked to {{blocked}} for[ member {{member}}][ account {{account}}]{_WHY}",
    "operator_cancel": f"cancels everything{_SCOPE}{_WHY}",
    "forced_close": f"closes for account {{account}}: {_LEFT}[ {{offset}}][ {{hedge}}]{_WHY}",
    "trade_bust": f"busts trade {{trade_id}}{_WHY}",
    "trade_correct": f"corrects trade {{trade_id}} to {{price}}{_WHY}",
    "order_carry": "carries order {carried_order_id} over night: {carried_remaining} left of "
    f"{_ORDER}[ stop at {{stop_price}}], account {{account}}",
    "combination_define": "lists {symbol} as number {instrument#}: {leg_1} less {leg_2}",
    # What comes of it.
    "order_accepted": f"order {{order_id}} accepted: {_ENTERED}, account {{account}}"
    "[ ({operator_reason})]",
    "command_rejected": "{command} rejected: {reject_reason}[, order {order_id}][ in {instrument}]",
    "command_repeated": "{command} seen before at {first_seen}: {reject_reason}"
    "[, order {order_id}]",
    "order_filled": f"order {{order_id}} filled: {_LEFT}, {{remaining}} left, {{role}}, "
    "trade {trade_id}",
    "trade": "trade {trade_id}: {quantity} {instrument} @ {price}, "
    "buyer {buy_order_id}, seller {sell_order_id}, open interest {open_interest}",
    "order_rested": f"order {{order_id}} rests: {_LEFT}",
    "order_cancelled": f"order {{order_id}} cancelled: {_LEFT}, {{cancel_reason}}"
    "[ ({operator_reason})]",
    "order_amended": f"order {{order_id}} amended: {_LEFT}, {{remaining}} left, "
    "place kept {priority_kept}",
    "mass_cancelled": "{count} orders cancelled[ of account {account}][ in {instrument}]"
    "[ in {product}][ ({operator_reason})]",
    "position_changed": f"account {{account}} in {{instrument}}: {_HELD}{_FROZEN}",
    "phase_changed": "{product} is in {phase}",
    "auction_indicated": "{instrument} would cross at {auction_price}: {auction_volume} lots, "
    "surplus {surplus}",
    "auction_matched": "{instrument} crossed at {auction_price}: {auction_volume} lots, "
    "surplus {surplus}",
    "halt_changed": "{instrument} halted {halted}",
    "limits_changed": "{instrument} has limits {lower_limit} and {upper_limit}",
    "reference_changed": "{changed_by} done for number {number}",
    "day_opened": "trading day {trading_day} is open",
    "day_ended": "trading day {trading_day} is over: {orders} orders, {trades} trades, "
    "{volume} lots, {rejects} rejects",
    "stop_accepted": f"stop {{order_id}} accepted: {_ORDER}{_TERMS}[ at {{stop_price}}]"
    "[ trailing by {trail}], account {account}",
    "stop_triggered": f"stop {{order_id}} set off at {{stop_price}}: {_LEFT}",
    "order_refreshed": f"order {{order_id}} shows anew: {_LEFT}, {{remaining}} left",
    "order_reduced": f"order {{order_id}} reduced: {_LEFT}, {{remaining}} left, {{cancel_reason}}",
    "quote_accepted": "quote in {instrument} accepted[, bid {bid_order_id}][, ask {ask_order_id}]",
    "mass_quoted": "{count} quotes accepted",
    "quote_requested": "quotes are asked for in {instrument}",
    "rule_changed": "{rule} of {product}[, {instrument}] is {value}",
    "block_changed": "blocked {blocked} for [account {account} of ]member {member}"
    " ({operator_reason})",
    "trade_busted": f"trade {{trade_id}} busted: {{quantity}} {{instrument}} @ {{price}}{_WHY}",
    "trade_corrected": "trade {trade_id} corrected: {quantity} {instrument} from {old_price} "
    f"to {{price}}{_WHY}",
}

_ENTRIES_SHOWN = 3
_USUAL = {"mass_side": 2}  # both sides
_OPTIONAL = re.compile(r"\[([^|\]]*)(?:\|([^\]]*))?\]")
_FIELD = re.compile(r"\{(\w+)(#?)\}")


def sentence(name: str, fields: Fields, names: Names) -> str:
    """The message in words. `fields` may name the instrument that prices are of besides."""

    def optional(found: re.Match[str]) -> str:
        told = [field for field, _ in _FIELD.findall(found[1]) if _is_told(field, fields, names)]
        return found[1] if told else found[2] or ""

    def value(found: re.Match[str]) -> str:
        field, plain = found[1], found[2]
        if field == "entries":
            return _entries(fields[field], names)
        return str(fields[field]) if plain else value_text(field, fields[field], fields, names)

    return _FIELD.sub(value, _OPTIONAL.sub(optional, SENTENCES[name]))


def _is_told(field: str, fields: Fields, names: Names) -> bool:
    """Does the field say anything? In a combination a price of 0 does."""
    if field == "price" and fields.get("instrument") in names.combinations:
        return True
    return bool(fields[field] != _USUAL.get(field, 0) and fields[field] != "")


def _entries(entries: list[Fields], names: Names) -> str:
    """The first entries of a mass quote, and how many more there are."""

    def one(fields: Fields) -> str:
        return _FIELD.sub(
            lambda found: value_text(found[1], fields[found[1]], fields, names), _SIDES
        )

    shown = "; ".join(one(entry) for entry in entries[:_ENTRIES_SHOWN])
    more = len(entries) - _ENTRIES_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown or "nothing"
