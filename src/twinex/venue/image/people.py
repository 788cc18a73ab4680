"""Members, seats, groups and accounts of an ended day as definitions of the next."""

from collections.abc import Iterator, Mapping
from typing import Any

from twinex.venue.image.image import Image
from twinex.venue.image.names import Names
from twinex.venue.wire.messages import encode


def people(image: Image, names: Names, products: Mapping[str, int]) -> list[bytes]:
    """Definitions of everybody in `image`, with credits, rates, related accounts and rights.

    `products`: the new day's products by name; an account keeps its rights in those of that name.
    """
    return [
        *_members(image, names),
        *(encode("seat_define", seat_number=n, member=m) for n, m in image["seats"].tolist()),
        *(encode("group_define", group=n, self_trade_mode=m) for n, m in image["groups"].tolist()),
        *_accounts(image, names, products),
    ]


def _members(image: Image, names: Names) -> Iterator[bytes]:
    for row in image["members"]:
        number = int(row["number"])
        yield encode(
            "member_define",
            member=number,
            active=row["active"],
            credit=row["credit"],
            member_name=names.members.get(number, ""),
        )
        if row["window_ns"]:
            rates = {name: row[name] for name in ("window_ns", "entries_max", "cancels_max")}
            yield encode("rate_set", member=number, **rates)


def _accounts(image: Image, names: Names, products: Mapping[str, int]) -> Iterator[bytes]:
    bits = {old: products[name] for old, name in names.products.items() if name in products}
    for row in image["accounts"]:
        client, name = names.accounts.get(int(row["number"]), (0, ""))
        yield encode(
            "account_define",
            account=row["number"],
            member=row["member"],
            active=row["active"],
            group=row["group"],
            open_products=_mapped(row["open_products"], bits),
            close_products=_mapped(row["close_products"], bits),
            client=client,
            account_name=name,
        )


def _mapped(rights: Any, bits: Mapping[int, int]) -> int:
    """Rights as bits of products, by the products' new numbers."""
    return sum(1 << new for old, new in bits.items() if int(rights) >> old & 1)
