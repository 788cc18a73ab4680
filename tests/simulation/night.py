"""From the image of an ended day to the opening of the next (spec/state.md, Over night).

Rules, people, holdings and lasting orders come over as the image has them; the market is the same.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from checkers.days import Command
from checkers.wire import BY_NAME, ENUMS, encode

from twinex.venue.image.image import Image, from_bytes

_RULES = vars(ENUMS["Rule"])
_LASTING = ("client_id", "account", "price", "quantity", "side", "time_in_force", "offset")
_LASTING = (*_LASTING, "hedge", "display_quantity", "good_till_day", "instrument")
_STOP = ("kind", "minimum_quantity", "stop_price", "trail")


def opening(octets: bytes, trading_day: int) -> tuple[int, int, list[Command]]:
    """(first sequence, chain, commands up to continuous trading) of the day behind an image."""
    image = from_bytes(np.frombuffer(octets, np.uint8))
    first_sequence, chain = image.sequence + 1, int(image.day["chain"])
    messages = [encode("day_open", trading_day=trading_day, first_sequence=first_sequence)]
    messages += _market(image)
    messages += _people(image)
    messages += _holdings(image)
    messages += [_carry(row, post_only=int(row["post_only"])) for row in image["orders"]]
    for row in image["stops"]:
        messages.append(_carry(row, **{name: int(row[name]) for name in _STOP}))
    messages.append(encode("phase_set", phase=2))
    return first_sequence, chain, [(0, message) for message in messages]


def _market(image: Image) -> Iterator[bytes]:
    carried = BY_NAME["product_define"][1].names
    for row in _rows(image, "products"):
        row["product"] = row.pop("number")
        known = {name: value for name, value in row.items() if name in carried}
        yield encode("product_define", **known)
        for name, value in row.items():
            if name in _RULES and name not in known and value:
                rule = {"rule": _RULES[name], "value": value}
                yield encode("rule_set", product=row["product"], **rule)
    rows = _rows(image, "instruments")
    for row in rows:
        if not row["leg_1"]:
            yield _instrument(row)
    for row in rows:
        if row["leg_1"]:
            legs = {"leg_1": row["leg_1"], "leg_2": row["leg_2"]}
            yield encode("combination_define", instrument=row["number"], **legs)


def _instrument(row: Mapping[str, int]) -> bytes:
    return encode(
        "instrument_define",
        instrument=row["number"],
        product_of=row["product"],
        lower_limit=row["lower_limit"],
        upper_limit=row["upper_limit"],
        previous_settlement=row["previous_settlement"],
        previous_close=row["last_price"],
        instrument_position_limit=row["position_limit"],
        open_interest=row["open_interest"],
    )


def _people(image: Image) -> Iterator[bytes]:
    for row in _rows(image, "members"):
        who = {"member": row["number"], "active": row["active"]}
        yield encode("member_define", credit=row["credit"], **who)
    for row in _rows(image, "seats"):
        yield encode("seat_define", seat_number=row["number"], member=row["member"])
    for row in _rows(image, "groups"):
        yield encode("group_define", group=row["number"], self_trade_mode=row["self_trade_mode"])
    for row in _rows(image, "accounts"):
        rights = {name: row[name] for name in ("open_products", "close_products", "active")}
        who = {"account": row["number"], "member": row["member"], "group": row["group"]}
        yield encode("account_define", **who, **rights)


def _holdings(image: Image) -> Iterator[bytes]:
    for row in _rows(image, "positions"):
        long = row["long_today"] + row["long_yesterday"]
        short = row["short_today"] + row["short_yesterday"]
        if long or short:
            names = {"account": row["account"], "instrument": row["instrument"]}
            held = {"long_yesterday": long, "short_yesterday": short}
            yield encode("position_set", position_hedge=row["hedge"], **names, **held)


def _rows(image: Image, section: str) -> list[dict[str, int]]:
    rows = image[section]
    return [{name: int(row[name]) for name in rows.dtype.names or ()} for row in rows]


def _carry(row: Any, **more: int) -> bytes:
    return encode(
        "order_carry",
        carried_order_id=int(row["order_id"]),
        carried_remaining=int(row["remaining"]),
        carried_seat=int(row["seat"]),
        **{name: int(row[name]) for name in _LASTING},
        **more,
    )
