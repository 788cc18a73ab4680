"""Events as the lines of `spec/vectors/README.md`, for a person who compares them."""

from decimal import Decimal

from vectorkit.wire import TEMPLATES, Event, Value
from vectorkit.world import SCALED, World

_LINES = {
    "order_accepted": "accepted {order}{quantity} @ {price}",
    "command_rejected": "rejected {reject_reason}",
    "command_repeated": "repeated {reject_reason} first {first}",
    "order_filled": "filled {order}{quantity} @ {price} left {remaining} {price_source}",
    "trade": "trade {quantity} @ {price} {price_source} #{trade_id} oi {open_interest}",
    "order_rested": "rested {order}{quantity} @ {price}",
    "order_cancelled": "cancelled {order}{quantity} @ {price} {cancel_reason}",
    "order_amended": "amended {order}{quantity} @ {price} left {remaining} kept={priority_kept}",
    "mass_cancelled": "mass_cancelled {count}",
    "position_changed": "position {account} instrument={instrument} hedge={hedge}"
    " long {long_today}+{long_yesterday} short {short_today}+{short_yesterday}"
    " frozen {long_frozen_today}+{long_frozen} {short_frozen_today}+{short_frozen}",
    "phase_changed": "phase {product} {phase}",
    "auction_indicated": "indicated {instrument} {auction_price} volume {auction_volume}"
    " surplus {surplus}",
    "auction_matched": "matched {instrument} {auction_price} volume {auction_volume}"
    " surplus {surplus}",
    "halt_changed": "halt {instrument} {halted}",
    "limits_changed": "limits {instrument} {lower_limit} {upper_limit}",
    "reference_changed": "reference {number}",
    "stop_accepted": "waits {order}{quantity} @ {price} at {stop_price} trail {trail}",
    "stop_triggered": "triggered {order}{quantity} at {stop_price}",
    "order_refreshed": "refreshed {order}{quantity} @ {price} left {remaining}",
    "order_reduced": "reduced {order}{quantity} @ {price} left {remaining}",
    "quote_accepted": "quoted {instrument} {account} bid {bid} ask {ask}",
    "mass_quoted": "mass_quoted {count}",
    "quote_requested": "requested {instrument}",
    "rule_changed": "rule {product} {instrument} {rule} {value}",
    "block_changed": "block {member} {account} {blocked} {operator_reason}",
    "trade_busted": "busted #{trade_id} {quantity} @ {price} {operator_reason}",
    "trade_corrected": "corrected #{trade_id} {quantity} @ {price} from {old_price}"
    " {operator_reason}",
    "day_opened": "day_opened {trading_day}",
    "day_ended": "day_ended orders {orders} trades {trades} volume {volume} rejects {rejects}",
}


def value(event: str, field: str, number: Value) -> str:
    """A field's value as a person writes it: a decimal price, an enum's name, a number."""
    for word, code in TEMPLATES[event].fields[field].enum.items():
        if code == number:
            return word
    return f"{Decimal(int(number)) / 10000}" if field in SCALED else str(number)


def line(world: World, event: Event) -> str:
    """An event as a table line; every order stands with its label, or its id without one."""
    shown = {key: value(event.name, key, number) for key, number in event.fields.items()}
    orders = {command.order_id: label for label, command in world.labels.items()}
    labels = {command.sequence: label for label, command in world.labels.items()}
    names = {
        key: orders.get(int(number), number)
        for key, number in event.fields.items()
        if key.endswith("order_id")
    }
    more = {"order": f"{names.get('order_id')} "}
    more |= {side: names.get(f"{side}_order_id") for side in ("bid", "ask")}
    first = event.fields.get("first_seen")
    more["first"] = labels.get(int(first or 0), first)
    return _LINES[event.name].format_map(shown | more)
