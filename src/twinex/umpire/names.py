"""What a market calls its contracts, and on what tick they trade: learned from its commands."""

from dataclasses import dataclass, field

from twinex.umpire.schema import SCHEMA, Fields
from twinex.umpire.state import State

PRICE_UNIT = 10_000
PRICE_DIGITS = 4
CHINA_HOURS = 8
_TEACHING = {
    SCHEMA.named(name).id: name
    for name in ("product_define", "instrument_define", "combination_define")
}


@dataclass
class Names:
    """Symbols, products and ticks by their numbers; what is not known yet goes by its number.

    `utc_offset_hours`: what the exchange's clock adds to UTC.
    """

    utc_offset_hours: int = CHINA_HOURS
    symbols: dict[int, str] = field(default_factory=dict)
    product_of: dict[int, int] = field(default_factory=dict)
    products: dict[int, str] = field(default_factory=dict)
    ticks: dict[int, int] = field(default_factory=dict)
    combinations: set[int] = field(default_factory=set)

    def learn(self, body: bytes) -> None:
        """Take what a command defines. Refused definitions do no harm: they are only names."""
        name = _TEACHING.get(int.from_bytes(body[2:4], "little"))
        if name is None:
            return
        message = SCHEMA.named(name)
        if len(body) < 8 + message.block_bytes:
            return
        fields = message.decode(body, 8)
        if name == "product_define":
            self.products[fields["product"]] = fields["product_name"]
            self.ticks[fields["product"]] = fields["tick"]
            return
        number = fields["instrument"]
        self.symbols[number] = fields["symbol"]
        self.product_of[number] = fields.get("product_of") or self.product_of.get(
            fields.get("leg_1", 0), 0
        )
        if name == "combination_define":
            self.combinations.add(number)

    def learn_state(self, state: State) -> None:
        """Take ticks and products of a state image, which has no symbols."""
        for row in state["products"]:
            self.ticks[row["number"]] = row["tick"]
        for row in state["instruments"]:
            self.product_of[row["number"]] = row["product"]
            if row["leg_1"]:
                self.combinations.add(row["number"])

    def symbol(self, instrument: int) -> str:
        """What the market calls an instrument; `instrument 7` where it is not known."""
        return self.symbols.get(instrument) or f"instrument {instrument}"

    def product(self, number: int) -> str:
        return self.products.get(number) or f"product {number}"

    def digits(self, fields: Fields) -> int:
        """Digits behind the point that prices beside these fields are written with."""
        instrument = abs(fields.get("instrument", 0))
        tick = fields.get("tick", 0) or self.ticks.get(self.product_of.get(instrument, 0), 0)
        return digits_of(tick)


def digits_of(value: int) -> int:
    """Digits behind the point that a price of `value` units needs; 0 needs none."""
    digits = PRICE_DIGITS
    while digits and value % 10 == 0:
        value //= 10
        digits -= 1
    return digits
