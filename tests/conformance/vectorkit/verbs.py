"""The words of a row as a command's name, fields and entries; `spec/vectors/README.md` has them."""

import re

from vectorkit.wire import ENUMS, TEMPLATES, Entries, Field, Value
from vectorkit.world import MEMBER_TEMPLATE_LAST, World, decimal, number

_FLAGS = {
    "fak": ("time_in_force", "fak"),
    "fok": ("time_in_force", "fok"),
    "gtd": ("time_in_force", "gtd"),
    "gtc": ("time_in_force", "gtc"),
    "close": ("offset", "close"),
    "close_today": ("offset", "close_today"),
    "arbitrage": ("hedge", "arbitrage"),
    "hedge": ("hedge", "hedge"),
    "market_maker": ("hedge", "market_maker"),
    "market": ("kind", "market"),
    "best": ("kind", "best"),
    "five_levels": ("kind", "five_levels"),
    "post_only": ("post_only", "1"),
}
_VALUED = {  # a word that a value follows
    "@": "price",
    "at": "stop_price",
    "trail": "trail",
    "shows": "display_quantity",
    "until": "good_till_day",
    "left": "carried_remaining",
}
_ALIASES = {"id": "client_id", "reason": "operator_reason", "order": "carried_order_id"}
_TIMES = re.compile(r"x\d+$")
Fields = dict[str, Value]
Read = tuple[str, Fields, Entries]


def read(world: World, words: list[str], account: int, place: int) -> Read:
    """Template name, fields and group entries of a row; `place` is its number in the case."""
    verb, rest = words[0], words[1:]
    if verb in ("buy", "sell"):
        return _order(world, "order_enter", {"client_id": place, "account": account}, words)
    if verb == "stop":
        return _order(world, "stop_enter", {"client_id": place, "account": account}, rest)
    if verb in ("carry", "forced_close"):
        return _for_account(world, verb, rest)
    if verb in ("cancel", "amend"):
        return _change(world, "order_" + verb, place, rest)
    if verb in ("quote", "request"):
        own: Fields = {"client_id": place, "instrument": 1, "account": account}
        name = {"quote": "quote_enter", "request": "quote_request"}[verb]
        return name, _options(world, name, own, rest), []
    if verb == "mass_quote":
        return _mass_quote(world, account, place, rest)
    if verb == "combination":
        return _combination(world, rest)
    is_members = TEMPLATES[verb].id <= MEMBER_TEMPLATE_LAST
    return verb, _options(world, verb, {"client_id": place} if is_members else {}, rest), []


def _order(world: World, name: str, fields: Fields, words: list[str]) -> Read:
    """`buy 5 …`"""
    fields |= {"instrument": 1, "side": ENUMS["Side"][words[0]], "quantity": int(words[1])}
    return name, _options(world, name, fields, words[2:]), []


def _combination(world: World, words: list[str]) -> Read:
    """`combination 12 of 1 - 2`: its number and its legs'."""
    number_of, of, leg_1, minus, leg_2, *more = words
    if (of, minus) != ("of", "-"):
        raise ValueError("a combination is '12 of 1 - 2'")
    fields: Fields = {"instrument": int(number_of), "leg_1": int(leg_1), "leg_2": int(leg_2)}
    return "combination_define", _options(world, "combination_define", fields, more), []


def _for_account(world: World, verb: str, words: list[str]) -> Read:
    """`carry A1 buy 5 …`, `forced_close A1 sell 5 …`: what the exchange enters for an account."""
    seat, account = world.seats[words[0]]
    if verb == "forced_close":
        return _order(world, verb, {"account": account}, words[1:])
    name, fields, _ = _order(
        world, "order_carry", {"account": account, "carried_seat": seat}, words[1:]
    )
    fields.setdefault("carried_remaining", fields["quantity"])
    return name, fields, []


def _mass_quote(world: World, account: int, place: int, words: list[str]) -> Read:
    """`id=9 bid 5 @ P ask 5 @ P | bid … instrument=2 x3`: entries are parted by bars."""
    message: Fields = {"client_id": place}
    if words and words[0].startswith("id="):
        message["client_id"] = int(words.pop(0).removeprefix("id="))
    parts: list[list[str]] = [[]]
    for word in words:
        if word == "|":
            parts.append([])
        else:
            parts[-1].append(word)
    spots = TEMPLATES["mass_quote"].group
    assert spots is not None
    entries: Entries = []
    for part in parts:
        times = int(part.pop().removeprefix("x")) if part and _TIMES.match(part[-1]) else 1
        own: Fields = {"instrument": 1, "account": account}
        if part != ["empty"]:
            entries += [_read_options(world, spots.fields, own, part)] * times
    return "mass_quote", message, entries


def _change(world: World, name: str, place: int, words: list[str]) -> Read:
    fields: Fields = {"client_id": place}
    if words[0] in world.labels:
        fields["order_id"] = world.labels[words[0]].order_id
        words = words[1:]
    elif words[0].startswith("client="):
        fields["target_client_id"] = int(words[0].partition("=")[2])
        words = words[1:]
    elif "=" not in words[0]:
        raise ValueError(f"no command is labelled {words[0]!r}")
    numbers = [word for word in words if word.lstrip("-").isdigit() and words.index(word) < 2]
    if name == "order_amend":
        fields["new_quantity"] = int(numbers[0])
        words.remove(numbers[0])
    return name, _options(world, name, fields, words), []


def _options(world: World, name: str, fields: Fields, words: list[str]) -> Fields:
    return _read_options(world, TEMPLATES[name].fields, fields, words)


def _read_options(
    world: World, spots: dict[str, Field], fields: Fields, words: list[str]
) -> Fields:
    """Flags, words with a value and `field=value` behind a verb."""
    rest = list(words)
    while rest:
        word = rest.pop(0)
        key, equals, text = word.partition("=")
        if equals:
            key = _ALIASES.get(key, key) if key not in spots else key
            fields[key] = _value(world, spots[key], text)
        elif word in ("bid", "ask") and f"{word}_quantity" in spots:
            fields[f"{word}_quantity"] = int(rest.pop(0))
            if rest.pop(0) != "@":
                raise ValueError(f"'@' is missing behind {word}")
            fields[f"{word}_price"] = decimal(rest.pop(0))
        elif word in _VALUED and rest:
            _take(spots, fields, word, rest.pop(0))
        elif word in _FLAGS and _FLAGS[word][0] in spots:
            key, text = _FLAGS[word]
            fields[key] = number(spots[key], text)
        elif word != "none" or "bid_quantity" not in spots:
            raise ValueError(f"{word!r} is not understood")
    return fields


def _take(spots: dict[str, Field], fields: Fields, word: str, text: str) -> None:
    """A word of `_VALUED` and what follows it; `until` makes the order good till that day."""
    key = "new_price" if word == "@" and "new_price" in spots else _VALUED[word]
    fields[key] = number(spots[key], text)
    if word == "until":
        fields["time_in_force"] = spots["time_in_force"].enum["gtd"]


def _value(world: World, spot: Field, text: str) -> Value:
    """As `number`; an order id may be written `a+1`, from the order labelled a."""
    label, _, more = text.partition("+")
    if spot.name == "order_id" and label in world.labels:
        return world.labels[label].order_id + int(more or 0)
    return number(spot, text)
