"""A core made from a state image: it goes on as the core that the image was taken of."""

from typing import Any

import numpy as np

from twinex.venue.core import room
from twinex.venue.core.bits import words_for
from twinex.venue.core.limits import LEGS
from twinex.venue.core.state import (
    COMBINATION,
    ICEBERG,
    LASTING,
    LIVE,
    POST_ONLY,
    QUOTE,
    WAITING,
    Core,
)
from twinex.venue.image.errors import InconsistentImage
from twinex.venue.image.holdings import enter_holdings, find_rows, quote_rows
from twinex.venue.image.image import Image
from twinex.venue.image.kernels import (
    DONE_SLOT,
    enlist_orders,
    enter_commands,
    note_carried_orders,
    queue_orders,
)
from twinex.venue.image.layout import (
    ACCOUNT_FIELDS,
    INSTRUMENT_FIELDS,
    MEMBER_FIELDS,
    PRODUCT_RULES,
)
from twinex.venue.image.take import windows_at
from twinex.venue.wire import codes

BUY = codes.SIDE_BUY


def load(image: Image, salt: int = 0) -> Core:
    """A core in the state of `image`, without an event buffer (`room.with_events`).

    `salt` as of `room.empty_core`. The image's sections must hang together (`check.check_image`);
    raises InconsistentImage for what only shows here.
    """
    core = _sized(room.empty_core(salt), image)
    _day(core, image)
    _fill(core.products, image["products"]["number"], image["products"], PRODUCT_RULES)
    core.products["defined"][image["products"]["number"]] = 1
    _instruments(core, image)
    _participants(core, image)
    enter_holdings(core, image)
    _commands(core, image)
    _orders(core, image)
    core.trades[1 : len(image["trades"]) + 1] = image["trades"]
    return core


def _sized(core: Core, image: Image) -> Core:
    """Tables with room for what the image holds."""
    live = len(image["orders"]) + len(image["stops"])
    orders = _of(core.orders, live + 2)
    # besides the image's rows: those that stand beside quotes, and groups'
    positions = _of(core.positions, 2 * (len(image["positions"]) + len(image["quotes"])) + 2)
    levels, words = _ladder_sizes(image)
    used = int(np.count_nonzero(image["commands"]["client_id"]))
    numbered = ("instruments", "members", "accounts", "seats", "groups")
    return core._replace(
        **{name: _of(getattr(core, name), _highest(image, name) + 1) for name in numbered},
        combinations=_of(core.combinations, int((image["instruments"]["leg_1"] != 0).sum()) + 1),
        levels=_of(core.levels, int(levels.sum())),
        bits=_of(core.bits, int(words.sum())),
        orders=orders,
        extras=_of(core.extras, len(orders)),
        scratch=_of(core.scratch, len(orders)),
        slots=_of(core.slots, len(image["commands"])),
        carried=_of(core.carried, 2 * len(image["carried"]) + 2),
        positions=positions,
        holders=_of(core.holders, len(positions)),
        position_index=_of(core.position_index, 4 * len(positions)),
        touched=_of(core.touched, len(positions)),
        trades=_of(core.trades, len(image["trades"]) + 1),
        ids=_of(core.ids, 2 * used + 2),
    )


def _of(table: np.ndarray, rows: int) -> np.ndarray:
    """The empty `table`, or a larger one where it has fewer than `rows` rows."""
    return table if len(table) >= rows else room.zeros(rows, table.dtype)


def _highest(image: Image, section: str) -> int:
    numbers = image[section]["number"]
    return int(numbers[-1]) if len(numbers) else 0


def _of_product(image: Image, name: str) -> np.ndarray:
    """A product's figure for each instrument."""
    products = image["products"]
    places = np.searchsorted(products["number"], image["instruments"]["product"])
    found: np.ndarray = products[name][places]
    return found


def _ladder_sizes(image: Image) -> tuple[np.ndarray, np.ndarray]:
    """Levels and words of bits that each instrument's ladder needs, both sides."""
    rows = image["instruments"]
    ranks = (rows["upper_limit"] - rows["lower_limit"]) // _of_product(image, "tick") + 1
    words = np.array([words_for(each) for each in ranks.tolist()], dtype=np.int64)
    return 2 * ranks, 2 * words


def _fill(table: np.ndarray, rows: Any, source: np.ndarray, names: str) -> None:
    """The fields that table and section call the same."""
    for name in names.split():
        table[name][rows] = source[name]


def _day(core: Core, image: Image) -> None:
    now, day = core.now[0], image.day
    for name in ("sequence", "time_ns", "first_sequence", "commands", "events", "volume"):
        now[name] = day[name]
    now["rejects"], now["trading_day"] = day["rejects"], day["trading_day"]
    now["orders_accepted"], now["last_trade_id"] = day["orders"], day["trades"]
    now["day"] = day["state"]


def _instruments(core: Core, image: Image) -> None:
    """Instruments with empty ladders, one behind the other."""
    rows = image["instruments"]
    numbers, table = rows["number"], core.instruments
    levels, words = _ladder_sizes(image)
    _fill(table, numbers, rows, INSTRUMENT_FIELDS)
    table["lower"][numbers], table["upper"][numbers] = rows["lower_limit"], rows["upper_limit"]
    for name in ("tick", "multiplier"):
        table[name][numbers] = _of_product(image, name)
    for name in ("ranks", "best_buy", "best_sell"):
        table[name][numbers] = levels // 2
    table["words_a_side"][numbers] = words // 2
    table["level_base"][numbers] = np.cumsum(levels) - levels
    table["word_base"][numbers] = np.cumsum(words) - words
    now = core.now[0]
    now["level_count"], now["word_count"] = levels.sum(), words.sum()
    now["instrument_high"] = _highest(image, "instruments")
    combinations = numbers[rows["leg_1"] != 0]
    core.combinations[: len(combinations)] = combinations
    now["combination_count"] = len(combinations)


def _participants(core: Core, image: Image) -> None:
    members, seats, groups = image["members"], image["seats"], image["groups"]
    _fill(core.members, members["number"], members, MEMBER_FIELDS)
    core.members["defined"][members["number"]] = 1
    core.members["window"][members["number"]] = windows_at(members, int(image.day["time_ns"]))
    core.seats[seats["number"]] = seats["member"]
    core.groups[groups["number"]] = groups["self_trade_mode"] + 1
    accounts = image["accounts"]
    _fill(core.accounts, accounts["number"], accounts, ACCOUNT_FIELDS)


def _commands(core: Core, image: Image) -> None:
    count = enter_commands(core, image["commands"], quote_rows(core, image))
    if count < 0:
        raise InconsistentImage(image.path, "a member's client id stands at two commands")
    core.now[0]["id_count"] = count


def _orders(core: Core, image: Image) -> None:
    """Resting orders in slots 1, 2, … as the image has them, then stops; then into their queues."""
    orders, stops = image["orders"], image["stops"]
    first_stop = len(orders) + 1
    _write_orders(core, image, orders, 1)
    _write_orders(core, image, stops, first_stop)
    _write_resting(core, orders)
    _write_combined(core, orders, image["combined"])
    _write_waiting(core, stops, first_stop)
    core.now[0]["order_high"] = len(orders) + len(stops)
    _queue(core, len(orders))
    ids = np.concatenate([orders["order_id"], stops["order_id"]])
    enlist_orders(core, np.argsort(ids) + 1)
    _note_orders(core, image, ids)


def _write_orders(core: Core, image: Image, rows: np.ndarray, first: int) -> None:
    """What resting orders and stops have in common."""
    table, extras = _slots(core.orders, rows, first), _slots(core.extras, rows, first)
    same = "order_id client_id instrument account seat quantity remaining side offset hedge"
    _fill(table, slice(None), rows, same)
    _fill(extras, slice(None), rows, "good_till_day time_in_force")
    extras["display"] = rows["display_quantity"]
    table["position"] = find_rows(image["positions"], rows)
    flags = np.full(len(rows), LIVE, np.uint8)
    flags[rows["display_quantity"] > 0] |= ICEBERG
    flags[rows["time_in_force"] >= codes.TIME_GTD] |= LASTING
    table["flags"] = flags


def _slots(table: np.ndarray, rows: np.ndarray, first: int) -> np.ndarray:
    return table[first : first + len(rows)]


def _write_resting(core: Core, rows: np.ndarray) -> None:
    table = _slots(core.orders, rows, 1)
    table["flags"][rows["post_only"] != 0] |= POST_ONLY
    table["flags"][rows["order_id"] % LEGS != 0] |= QUOTE
    _slots(core.extras, rows, 1)["shown"] = rows["shown"]
    instruments = core.instruments[rows["instrument"]]
    above, below = instruments["upper"] - rows["price"], rows["price"] - instruments["lower"]
    table["rank"] = np.where(rows["side"] == BUY, above, below) // instruments["tick"]


def _write_combined(core: Core, orders: np.ndarray, rows: np.ndarray) -> None:
    """Orders of combinations, which stand among the resting ones."""
    by_id = np.argsort(orders["order_id"])
    slots = by_id[np.searchsorted(orders["order_id"][by_id], rows["order_id"])] + 1
    core.orders["flags"][slots] |= COMBINATION
    core.extras["price"][slots] = rows["freeze_price_1"]
    core.extras["sent_price"][slots] = rows["freeze_price_2"]


def _write_waiting(core: Core, rows: np.ndarray, first: int) -> None:
    _slots(core.orders, rows, first)["flags"] |= WAITING
    extras = _slots(core.extras, rows, first)
    _fill(extras, slice(None), rows, "stop_price trail kind")
    extras["price"], extras["sent_price"] = rows["freeze_price"], rows["price"]
    extras["minimum"] = rows["minimum_quantity"]


def _queue(core: Core, count: int) -> None:
    """As they stand in the image, privilege at the limit or not."""
    kept = core.products["limit_priority"].copy()
    core.products["limit_priority"] = codes.PRIORITY_TIME
    queue_orders(core, count)
    core.products["limit_priority"] = kept


def _note_orders(core: Core, image: Image, ids: np.ndarray) -> None:
    """Live orders are found by their ids; `ids` stand in slots 1, 2, …"""
    slots = np.arange(1, len(ids) + 1)
    sequences, first = ids // LEGS, int(image.day["first_sequence"])
    today = (sequences >= first) & (ids % LEGS == 0)
    core.slots["slot"][sequences[today] - first] = slots[today]
    carried = image["carried"]
    order = np.argsort(ids)
    places = np.searchsorted(ids[order], carried["order_id"])
    known = places < len(ids)
    known[known] = ids[order][places[known]] == carried["order_id"][known]
    found = np.full(len(carried), DONE_SLOT, np.int64)
    found[known] = slots[order][places[known]]
    owners = carried["member"].astype(np.int64)
    note_carried_orders(core, carried["order_id"].astype(np.int64), found, owners)
    _note_legs(core, image, ids, order)


def _note_legs(core: Core, image: Image, ids: np.ndarray, order: np.ndarray) -> None:
    """The legs of a quote are found beside its position row."""
    quotes, rows = image["quotes"], quote_rows(core, image)[1:]
    for leg in ("bid", "ask"):
        named = quotes[f"{leg}_order_id"]
        lives = named != 0
        places = order[np.searchsorted(ids[order], named[lives])]
        core.holders[leg][rows[lives]] = places + 1
