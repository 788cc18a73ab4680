"""The picture of a book."""

import io

from rich.console import Console

from twinex.show.picture import draw_book

BIDS = [("4599.8", 12, 3), ("4599.6", 1, 1)]
ASKS = [("4600.0", 4, 1), ("4600.4", 24, 2)]


def drawn(*arguments: object) -> list[str]:
    out = io.StringIO()
    Console(file=out, width=80).print(draw_book(*arguments))
    return out.getvalue().splitlines()


def test_asks_stand_above_bids_best_in_the_middle() -> None:
    text = "\n".join(drawn("IF2607", BIDS, ASKS))
    places = [text.index(price) for price in ("4600.4", "4600.0", "4599.8", "4599.6")]
    assert places == sorted(places)
    assert "24 in 2" in text
    assert "4 in 1" not in text


def test_the_longest_bar_is_the_most_lots() -> None:
    lines = [line for line in drawn("", BIDS, ASKS) if "4600.4" in line or "4599.8" in line]
    assert lines[0].count("█") == 2 * lines[1].count("█")


def test_an_empty_side_is_said() -> None:
    assert any("no asks" in line for line in drawn("", BIDS, []))
    assert any("no bids" in line for line in drawn("", [], ASKS))
    assert not any("no " in line for line in drawn("", BIDS, ASKS))


def test_title_and_footer() -> None:
    lines = drawn("IF2607 at noon", BIDS, ASKS, "last 4600.0")
    assert "IF2607 at noon" in lines[0]
    assert "last 4600.0" in lines[-1]
