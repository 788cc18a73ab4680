"""A core made from a state image: it goes on as the core that the image was taken of."""

from typing import Any

import numpy as np

from twinex.venue.core import room
from twinex.venue.core.accounts import move_positions
from twinex.venue.core.bits import words_for
from twinex.venue.core.limits import LEGS
from twinex.venue.core.state import Core
from twinex.venue.image.errors import InconsistentImage
from twinex.venue.image.image import Image
from twinex.venue.image.kernels import enlist_orders, enter_commands, queue_orders
from twinex.venue.image.layout import PRODUCT_RULES, position_keys
from twinex.venue.wire import codes

BUY = codes.SIDE_BUY


def load(image: Image, salt: int = 0) -> Core:
    """A core in the state of `image`, without an event buffer (`room.with_events`).

    `salt` as of `room.empty_core`. The image's sections must hang together (`check.check_image`);
    raises InconsistentImage for what only shows here.
    """
    core = _sized(room.empty_core(salt), image)
    _day(core, image)
    _products(core, image)
    _instruments(core, image)
    _participants(core, image)
    _positions(core, image)
    _commands(core, image)
    _orders(core, image)
    return core


def _sized(core: Core, image: Image) -> Core:
    """Tables with room for what the image holds."""

    def numbered(table: np.ndarray, section: str) -> np.ndarray:
        rows = image[section]
        return _of(table, int(rows["number"][-1]) + 1 if len(rows) else 0)

    orders = _of(core.orders, len(image["orders"]) + 2)
    positions = _of(core.positions, len(image["positions"]) + 2)
    levels, words = _ladder_sizes(image)
    return core._replace(
        instruments=numbered(core.instruments, "instruments"),
        members=numbered(core.members, "members"),
        accounts=numbered(core.accounts, "accounts"),
        seats=numbered(core.seats, "seats"),
        levels=_of(core.levels, int(levels.sum())),
        bits=_of(core.bits, int(words.sum())),
        orders=orders,
        scratch=_of(core.scratch, len(orders)),
        slots=_of(core.slots, len(image["commands"])),
        positions=positions,
        position_index=_of(core.position_index, 4 * len(positions)),
        touched=_of(core.touched, len(positions)),
        ids=_of(core.ids, 2 * np.count_nonzero(image["commands"]["client_id"])),
    )


def _of(table: np.ndarray, rows: int) -> np.ndarray:
    """The empty `table`, or a larger one where it has fewer than `rows` rows."""
    return table if len(table) >= rows else room.zeros(int(rows), table.dtype)


def _ladder_sizes(image: Image) -> tuple[np.ndarray, np.ndarray]:
    """Levels and words of bits that each instrument's ladder needs, both sides."""
    rows = image["instruments"]
    ranks = (rows["upper_limit"] - rows["lower_limit"]) // _ticks(image) + 1
    words = np.array([words_for(each) for each in ranks.tolist()], dtype=np.int64)
    return 2 * ranks, 2 * words


def _of_product(image: Image, name: str) -> np.ndarray:
    """A product's figure for each instrument."""
    products = image["products"]
    places = np.searchsorted(products["number"], image["instruments"]["product"])
    found: np.ndarray = products[name][places]
    return found


def _ticks(image: Image) -> np.ndarray:
    return _of_product(image, "tick")


def _fill(table: np.ndarray, rows: Any, source: np.ndarray, names: str) -> None:
    """Fields that table and section call the same."""
    for name in names.split():
        table[name][rows] = source[name]


def _day(core: Core, image: Image) -> None:
    now, day = core.now[0], image.day
    for name in (
        "sequence time_ns first_sequence commands events volume rejects trading_day".split()
    ):
        now[name] = day[name]
    now["orders_accepted"], now["last_trade_id"] = day["orders"], day["trades"]
    now["day"] = day["state"]


def _products(core: Core, image: Image) -> None:
    rows = image["products"]
    known = [name for name in PRODUCT_RULES.split() if name in (core.products.dtype.names or ())]
    _fill(core.products, rows["number"], rows, " ".join(known))
    core.products["defined"][rows["number"]] = 1


def _instruments(core: Core, image: Image) -> None:
    """Instruments with empty ladders, one behind the other."""
    rows = image["instruments"]
    numbers, table = rows["number"], core.instruments
    levels, words = _ladder_sizes(image)
    same = "product halted last_price previous_settlement position_limit open_interest"
    _fill(table, numbers, rows, same)
    table["lower"][numbers], table["upper"][numbers] = rows["lower_limit"], rows["upper_limit"]
    table["tick"][numbers] = _ticks(image)
    table["multiplier"][numbers] = _of_product(image, "multiplier")
    for name in ("ranks", "best_buy", "best_sell"):
        table[name][numbers] = levels // 2
    table["words_a_side"][numbers] = words // 2
    table["level_base"][numbers] = np.cumsum(levels) - levels
    table["word_base"][numbers] = np.cumsum(words) - words
    now = core.now[0]
    now["level_count"], now["word_count"] = levels.sum(), words.sum()
    now["instrument_high"] = numbers[-1] if len(numbers) else 0


def _participants(core: Core, image: Image) -> None:
    members, seats, accounts = image["members"], image["seats"], image["accounts"]
    _fill(core.members, members["number"], members, "active credit used")
    core.members["defined"][members["number"]] = 1
    core.seats[seats["number"]] = seats["member"]
    _fill(
        core.accounts,
        accounts["number"],
        accounts,
        "member active open_products close_products",
    )


def _commands(core: Core, image: Image) -> None:
    count = enter_commands(core, image["commands"])
    if count < 0:
        raise InconsistentImage(image.path, "a member's client id stands at two commands")
    core.now[0]["id_count"] = count


def _positions(core: Core, image: Image) -> None:
    rows = image["positions"]
    table = core.positions[1 : len(rows) + 1]
    _fill(table, slice(None), rows, "account instrument hedge ordered")
    for name in ("today", "yesterday", "frozen", "frozen_today"):
        table[name][:, 0], table[name][:, 1] = rows[f"long_{name}"], rows[f"short_{name}"]
    table["opening"][:, 0], table["opening"][:, 1] = rows["opening_buys"], rows["opening_sells"]
    core.now[0]["position_count"] = len(rows)
    move_positions(core.positions, len(rows), core.position_index)


def _orders(core: Core, image: Image) -> None:
    """Orders in slots 1, 2, … as the image has them; into their queues, then their owners' lists."""
    rows, now = image["orders"], core.now[0]
    table = core.orders[1 : len(rows) + 1]
    same = "order_id client_id instrument account seat quantity remaining side offset hedge"
    _fill(table, slice(None), rows, same)
    table["live"] = 1
    instruments = core.instruments[rows["instrument"]]
    away = np.where(
        rows["side"] == BUY,
        instruments["upper"] - rows["price"],
        rows["price"] - instruments["lower"],
    )
    table["rank"] = away // instruments["tick"]
    table["position"] = _position_rows(image, rows)
    now["order_high"] = len(rows)
    _queue(core, len(rows))
    enlist_orders(core, np.argsort(rows["order_id"], kind="stable") + 1)
    places = rows["order_id"] // LEGS - now["first_sequence"]
    core.slots["slot"][places] = np.arange(1, len(rows) + 1)


def _queue(core: Core, count: int) -> None:
    """As they stand in the image, privilege at the limit or not."""
    kept = core.products["limit_priority"].copy()
    core.products["limit_priority"] = codes.PRIORITY_TIME
    queue_orders(core, count)
    core.products["limit_priority"] = kept


def _position_rows(image: Image, orders: np.ndarray) -> np.ndarray:
    """Row in the core's table of each order's position; 0 where the product keeps none."""
    held, wanted = position_keys(image["positions"]), position_keys(orders)
    places = np.searchsorted(held, wanted)
    known = places < len(held)
    known[known] = held[places[known]] == wanted[known]
    return np.where(known, places + 1, 0)
