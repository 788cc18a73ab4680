"""Which tapes there are, and which files make one recording."""

import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from twinex.tape import shanghai, ticks
from twinex.tape.errors import TapeBroken, TapeMissing
from twinex.tape.locate import existing
from twinex.tape.table import header


class Kind(Enum):
    """What one file holds."""

    SHANGHAI_ORDERS = "Shanghai orders"
    SHANGHAI_TRADES = "Shanghai trades"
    LOBSTER = "LOBSTER"
    TICKS = "CTP ticks"


_COLUMNS = (
    (Kind.SHANGHAI_ORDERS, shanghai.ORDER_COLUMNS),
    (Kind.SHANGHAI_TRADES, shanghai.TRADE_COLUMNS),
    (Kind.TICKS, ticks.COLUMNS),
)


def kind_of(path: Path | str) -> Kind:
    """Raises TapeMissing, and TapeBroken for a file that is no tape."""
    path = existing(path)
    if zipfile.is_zipfile(path):
        return Kind.LOBSTER
    names = set(header(path))
    for kind, columns in _COLUMNS:
        if names.issuperset(columns):
            return kind
    raise TapeBroken(
        f"{path} is no tape that Twinex knows: Shanghai orders or trades, a LOBSTER zip, "
        "or a CTP tick file"
    )


@dataclass(frozen=True)
class Recording:
    """One market day. `paths`: the file, or the orders and the trades of a Shanghai stock."""

    kind: Kind
    paths: tuple[Path, ...]


def recordings(paths: Iterable[Path]) -> list[Recording]:
    """The recordings that files belong to, in their order, each once.

    Either file of a Shanghai stock stands for both. Raises TapeMissing, TapeBroken.
    """
    found = [_recording(path) for path in paths]
    return list(dict.fromkeys(found))


def _recording(path: Path) -> Recording:
    kind = kind_of(path)
    if kind is Kind.SHANGHAI_ORDERS:
        return Recording(kind, (path, _partner(path, "orders", "trades")))
    if kind is Kind.SHANGHAI_TRADES:
        return Recording(Kind.SHANGHAI_ORDERS, (_partner(path, "trades", "orders"), path))
    return Recording(kind, (path,))


def _partner(path: Path, own: str, other: str) -> Path:
    """The file beside `path` with the other word in its name. Raises TapeMissing."""
    before, found, after = path.name.rpartition(own)
    partner = path.with_name(before + other + after)
    if not found or not partner.is_file():
        expected = partner if found else path.with_name(f"..._{other}.csv.gz")
        raise TapeMissing(
            f"{path} holds one stock's {own}, and its {other} are needed too: no tape at "
            f"{expected} (the names must differ in the word '{own}' only)"
        )
    return partner
