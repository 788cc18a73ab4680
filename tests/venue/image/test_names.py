"""Names over night: of definitions that were done, the last; rights by the products' names."""

from pathlib import Path

from living import octets_of
from rich_day import RichDay

from twinex.venue.image.names import Names, names_of
from twinex.venue.image.people import people
from twinex.venue.venue import Venue
from twinex.venue.wire.messages import decode, encode, frame
from twinex.venue.wire.schema import ENUMS

FIRST = 501


def _lived(directory: Path, *further: bytes) -> Venue:
    """A day of rich reference data, then these commands of the exchange."""
    venue = Venue(directory, first_sequence=FIRST)
    venue.submit(octets_of(RichDay(3).frames(0, end=False)))
    for message in further:
        venue.send(0, message)
    return venue


def test_refused_definitions_name_nothing(tmp_path: Path) -> None:
    further = (
        encode("instrument_define", instrument=7, product_of=2, symbol="TWICE"),
        encode("instrument_define", instrument=8, product_of=2, symbol="NO-LIMITS"),
        encode("product_define", product=1, product_name="TWICE"),
        encode("account_define", account=1, member=3, account_name="OTHERS"),
        encode("member_define", member=2, active=2, member_name="NEITHER"),
    )
    _lived(tmp_path / "day", *further).close()
    names = names_of(tmp_path / "day")
    assert names.symbols[7].startswith("P2260")
    assert 8 not in names.symbols
    assert names.products == {1: "P1", 2: "P2", 3: "P3"}
    assert names.accounts[1] == (0, "")
    assert names.members[2] == ""


def test_the_last_name_stands(tmp_path: Path) -> None:
    member = {"member": 2, "active": 1, "credit": 5}
    account = {"account": 4, "member": 2, "active": 1, "client": 77}
    further = (
        encode("member_define", member_name="FIRST", **member),
        encode("member_define", member_name="LAST", **member),
        encode("account_define", account_name="HIS", **account),
    )
    _lived(tmp_path / "day", *further).close()
    names = names_of(tmp_path / "day")
    assert names.members[2] == "LAST"
    assert names.accounts[4] == (77, "HIS")


def test_a_member_cannot_name_anything(tmp_path: Path) -> None:
    with _lived(tmp_path / "day") as venue:
        bad = frame(3, encode("member_define", member=1, active=1, member_name="MINE"))
        venue.submit(octets_of([bad]))
    assert names_of(tmp_path / "day").members[1] == ""


def test_rights_follow_the_names_of_products(tmp_path: Path) -> None:
    right = encode("right_set", account=1, product=3, right=ENUMS["Right"]["close_only"])
    with _lived(tmp_path / "day", right) as venue:
        image = venue.image()
    names = Names({}, {1: "P1", 2: "P2", 3: "P3"}, {}, {1: (9, "HERS")})
    definitions = [decode(each) for each in people(image, names, {"P3": 1, "P1": 7, "NEW": 2})]
    (found,) = [
        each.fields
        for each in definitions
        if each.name == "account_define" and each.fields["account"] == 1
    ]
    assert found["open_products"] == 1 << 7
    assert found["close_products"] == 1 << 7 | 1 << 1
    assert (found["client"], found["account_name"]) == (9, "HERS")


def test_people_go_on_as_they_were(tmp_path: Path) -> None:
    rate = encode("rate_set", member=2, window_ns=10**9, entries_max=50, cancels_max=7)
    with _lived(tmp_path / "day", rate) as venue:
        image, mark = venue.image(), venue.sequence
        names = names_of(tmp_path / "day")
        products = {name: number for number, name in names.products.items()}
        definitions = people(image, names, products)
    header = encode("day_open", trading_day=20260106, first_sequence=mark + 1)
    with Venue(first_sequence=mark + 1, chain=image.mark.chain) as following:
        for message in (header, *definitions):
            following.send(0, message)
        assert following.statistics().rejects == 0
        again = following.image()
    for section in ("seats", "groups", "accounts"):
        assert again[section].tobytes() == image[section].tobytes()
    for field in ("number", "active", "credit", "window_ns", "entries_max", "cancels_max"):
        assert again["members"][field].tolist() == image["members"][field].tolist()
