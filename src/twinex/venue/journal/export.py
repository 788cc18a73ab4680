"""A day's commands and events as Parquet files, one a template (`twinex journal export DAY`).

    commands/order_enter.parquet    sequence, time_ns, term, seat, and the fields of the message
    events/trade.parquet            the fields of the event (sequence, time_ns, index are the first)
    commands/undecoded.parquet      what members sent that is no message: template_id and body

Prices, money and times stay the integers of the schema. A field that is an enum has a second
column, `FIELD_name`. Hashes are hexadecimal text. The repeating group of a mass quote is a column
of lists of its entries (`frame.explode("entries").unnest("entries")` makes rows of them).
"""

from pathlib import Path

import numpy as np
import polars as pl

from twinex.venue.journal.columns import (
    RECORD_COLUMNS,
    UNDECODED,
    by_template,
    entries_at,
    enum_of_field,
    heads_of,
    message_title,
)
from twinex.venue.journal.errors import named
from twinex.venue.journal.layout import EVENTS, JOURNAL
from twinex.venue.journal.reader import Block, EventReader, JournalReader, record_at
from twinex.venue.wire.schema import Template

_PART_ROWS = 1 << 20  # rows kept in memory for one template before they go to a part file
_FOLDER = {JOURNAL: "commands", EVENTS: "events"}


def export_day(
    directory: Path | str, target: Path | str, *, part_rows: int = _PART_ROWS
) -> dict[Path, int]:
    """Write a day's committed commands and released events below `target`; rows of each file.

    Files of an earlier export are replaced. At most `part_rows` rows a template are kept in memory.
    Raises NotAJournal, GateBroken, CorruptJournal, and DiskFull or DirectoryVanished for `target`.
    """
    written = {}
    for kind, reader in ((JOURNAL, JournalReader(directory)), (EVENTS, EventReader(directory))):
        files = _Files(Path(target) / _FOLDER[kind], part_rows)
        try:
            while block := reader.poll():
                for name, frame in _frames(block, kind):
                    files.add(name, frame)
            written.update(files.finish())
        except OSError as cause:
            raise named(cause, files.folder) from cause
    return written


class _Files:
    """The Parquet files of one folder: rows collect in memory, then in parts, then in one file."""

    def __init__(self, folder: Path, part_rows: int) -> None:
        self.folder, self._part_rows = folder, part_rows
        self._frames: dict[str, list[pl.DataFrame]] = {}
        self._parts: dict[str, list[Path]] = {}
        self._rows: dict[str, int] = {}
        folder.mkdir(parents=True, exist_ok=True)

    def add(self, name: str, frame: pl.DataFrame) -> None:
        frames = self._frames.setdefault(name, [])
        frames.append(frame)
        self._rows[name] = self._rows.get(name, 0) + len(frame)
        if sum(map(len, frames)) >= self._part_rows:
            parts = self._parts.setdefault(name, [])
            parts.append(self.folder / f".{name}-{len(parts)}.part")
            pl.concat(frames).write_parquet(parts[-1])
            frames.clear()

    def finish(self) -> dict[Path, int]:
        """Put the parts together; rows of each file."""
        written = {}
        for name, frames in sorted(self._frames.items()):
            path = self.folder / f"{name}.parquet"
            parts = self._parts.get(name, [])
            lazy = [pl.scan_parquet(part) for part in parts]
            lazy += [frame.lazy() for frame in frames]
            pl.concat(lazy).sink_parquet(path)
            for part in parts:
                part.unlink()
            written[path] = self._rows[name]
        return written


def _frames(block: Block, kind: str) -> list[tuple[str, pl.DataFrame]]:
    """The block's messages as one table a template."""
    frames = []
    for template, rows in by_template(block, kind):
        if template is None:
            frames.append((UNDECODED, _undecoded(block, rows)))
        else:
            table = _table(template, rows, kind)
            if template.group is not None:
                table = table.with_columns(_entries(block, template, rows))
            frames.append((template.name, table))
    return frames


def _entries(block: Block, template: Template, rows: np.ndarray) -> pl.Series:
    """The repeating groups of the commands whose records are `rows`, one list each."""
    group = template.group
    assert group is not None
    names = group.block.names or ()
    places = dict(zip(heads_of(block, JOURNAL)["sequence"].tolist(), block.places, strict=True))
    lists = []
    for sequence in rows["sequence"].tolist():
        entries = entries_at(block.octets, int(places[sequence]), template)
        assert entries is not None, "rows of a template have whole groups"
        lists.append([dict(zip(names, entry, strict=True)) for entry in entries.tolist()])
    kind = pl.List(pl.Struct(dict.fromkeys(names, pl.Int64)))
    return pl.Series(group.name, lists, dtype=kind)


def _table(template: Template, rows: np.ndarray, kind: str) -> pl.DataFrame:
    columns = {}
    if kind == JOURNAL:
        columns = {name: _column(rows[name]) for name in RECORD_COLUMNS}
    enums = enum_of_field()
    for name in template.block.names or ():
        title = message_title(kind, name)
        columns[title] = _column(rows[title])
        names = enums.get((template.name, name))
        if names is not None:
            columns[f"{title}_name"] = columns[title].replace_strict(
                names, default=None, return_dtype=pl.String
            )
    return pl.DataFrame(columns)


def _column(values: np.ndarray) -> pl.Series:
    if values.dtype.kind == "S":
        return pl.Series([one.decode(errors="replace") for one in values.tolist()], dtype=pl.String)
    if values.dtype.kind == "V":
        return pl.Series([one.tobytes().hex() for one in values], dtype=pl.String)
    return pl.Series(np.ascontiguousarray(values))


def _undecoded(block: Block, rows: np.ndarray) -> pl.DataFrame:
    wanted = set(rows["sequence"].tolist())
    records = [record_at(block.octets, place) for place in block.places.tolist()]
    columns = {name: _column(rows[name]) for name in (*RECORD_COLUMNS, "template_id")}
    bodies = [record.body for record in records if record.sequence in wanted]
    return pl.DataFrame(columns | {"body": pl.Series(bodies, dtype=pl.Binary)})
