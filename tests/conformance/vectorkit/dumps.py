"""`bytes.txt` and `image_bytes.txt` of `spec/vectors`: annotated bytes, read back as fields."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from vectorkit.parse import VECTORS, VectorError

DUMPS = VECTORS / "bytes.txt"
IMAGE_DUMPS = VECTORS / "image_bytes.txt"
_TITLE = re.compile(r"== (.+?)\s+\[(.+)\]$")
_LINE = re.compile(
    r"\s*(\d+)  ((?:[0-9a-f]{2} ?)+?)\s{2,}(…|\([^)]+\)|\w+)(?: = (-?\d+))?(?:   # .*)?$"
)


@dataclass
class Spot:
    """One annotated field: where it lies, and the number written beside it (None: text)."""

    offset: int
    content: bytes
    number: int | None


@dataclass
class Dump:
    """One dump: its title, all its bytes, its named fields."""

    title: str
    content: bytes = b""
    fields: dict[str, Spot] = field(default_factory=dict)


def read_dumps(text: str | None = None, path: Path = DUMPS) -> list[Dump]:
    """All dumps of a file (or of `text`); VectorError for a line that is none or misplaced."""
    dumps: list[Dump] = []
    for place, line in enumerate((text or path.read_text(encoding="utf-8")).splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        title, row = _TITLE.match(line), _LINE.match(line)
        if title:
            dumps.append(Dump(title[1]))
        elif row and dumps and int(row[1]) == len(dumps[-1].content):
            _append(dumps[-1], bytes.fromhex(row[2]), row[3], row[4])
        else:
            raise VectorError(f"{path.name}:{place}: no line of a dump, or its offset is wrong")
    return dumps


def _append(dump: Dump, content: bytes, name: str, number: str | None) -> None:
    if name == "…":
        list(dump.fields.values())[-1].content += content
    elif not name.startswith("("):
        value = int(number) if number is not None else None
        dump.fields[name] = Spot(len(dump.content), content, value)
    elif set(content) != {0} and "version" not in name:
        raise VectorError(f"{dump.title}: {name} is not zero")
    dump.content += content
