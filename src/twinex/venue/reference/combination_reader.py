"""The `[[combinations]]` of a market file, read and checked; rules as in `spec/combinations.md`."""

from collections.abc import Mapping, Sequence
from datetime import date

from twinex.venue.reference.market import CombinationRule, Leg, Product
from twinex.venue.reference.table import Node

_SYMBOL_BYTES = 32
_MONTH_DIGITS = 4


def read_combinations(
    node: Node | None, products: Sequence[Product]
) -> tuple[CombinationRule, ...]:
    """All combinations, in the file's order; none where it has none. Raises MarketError."""
    by_name = {product.name: product for product in products}
    found: list[CombinationRule] = []
    for element in node.elements() if node else ():
        rule = _read(element, by_name)
        for other in found:
            if (rule.name, rule.leg_1, rule.leg_2) == (other.name, other.leg_1, other.leg_2):
                text = f"{rule.name} of these legs: already defined at {other.where}"
                raise element.mistake(text)
        found.append(rule)
    return tuple(found)


def _read(node: Node, products: Mapping[str, Product]) -> CombinationRule:
    table = node.table().only("name", "listed", "leg_1", "leg_2")
    name = table.need("name", "what its symbols begin with")
    legs = [_leg(table.need(key, "a leg"), products) for key in ("leg_1", "leg_2")]
    if legs[0] == legs[1]:
        raise table.need("leg_2", "a leg").mistake("expected another leg than leg_1")
    size = len(name.text().encode()) + sum(_symbol_bytes(leg) for leg in legs) + len(" &")
    if size > _SYMBOL_BYTES:
        raise name.expected(f"a name {size - _SYMBOL_BYTES} bytes shorter, for symbols of 32 bytes")
    _check_alike(node, *(products[leg.product] for leg in legs))
    return CombinationRule(
        where=node.source.where(node.path),
        name=name.text(),
        listed=table.need("listed", "the first trading day").day(),
        leg_1=legs[0],
        leg_2=legs[1],
    )


def _leg(node: Node, products: Mapping[str, Product]) -> Leg:
    """`{ product = "IF", month = 1 }`, or `{ product = "S", symbol = "S1" }` without months."""
    table = node.table()
    name = table.need("product", "a product's name")
    product = products[name.choice(products)]
    contracts = product.contracts
    if product.strikes is not None:
        raise name.expected("a product that is no option")
    if contracts.symbols:
        table.only("product", "symbol")
        symbol = table.need("symbol", f"one of {', '.join(contracts.symbols)}")
        return Leg(product.name, 0, symbol.choice(contracts.symbols))
    table.only("product", "month")
    always = contracts.nearest + contracts.quarters  # even months may be among these
    month = table.need("month", "a place among the product's months, 1 for the nearest")
    return Leg(product.name, month.integer(1, max(always, contracts.evens_within // 2)), "")


def _symbol_bytes(leg: Leg) -> int:
    return len(leg.symbol.encode()) or len(leg.product.encode()) + _MONTH_DIGITS


def _check_alike(node: Node, one: Product, two: Product) -> None:
    """What the core asks of the legs' products, on all days."""
    days = {day for product in (one, two) for day, _ in product.tick.entries}
    pairs: dict[str, list[tuple[object, object]]] = {
        "tick": [(_tick_on(one, day), _tick_on(two, day)) for day in sorted(days)],
        "multiplier": [(one.multiplier, two.multiplier)],
        "offset_rule": [(one.rules.offset_rule, two.rules.offset_rule)],
        "funds_checked": [(one.rules.funds_checked, two.rules.funds_checked)],
    }
    for what, values in pairs.items():
        if any(None not in pair and pair[0] != pair[1] for pair in values):
            raise node.mistake(f"expected legs of one {what}: {one.name} and {two.name} differ")


def _tick_on(product: Product, day: date) -> object:
    """The tick in force on `day`, None before the first."""
    return next((tick for start, tick in reversed(product.tick.entries) if start <= day), None)
