"""Events as the lines of `spec/vectors/README.md`, for a person who compares them."""

from decimal import Decimal

from vectorkit.commands import LEGS, SCALED, World
from vectorkit.wire import TEMPLATES, Event, Value

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
    labels = {command.sequence: label for label, command in world.labels.items()}
    order_id, first = event.fields.get("order_id"), event.fields.get("first_seen")
    order = labels.get(int(order_id or 0) // LEGS, order_id)
    more = {"order": f"{order} ", "first": labels.get(int(first or 0), first)}
    return _LINES[event.name].format_map(shown | more)
