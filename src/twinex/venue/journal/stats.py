"""What a day's files hold, counted: messages a template, messages a minute, bytes."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl

from twinex.venue.journal.columns import UNDECODED, by_template, heads_of, sizes_of
from twinex.venue.journal.layout import EVENTS, JOURNAL, segment_numbers
from twinex.venue.journal.reader import EventReader, JournalReader

_MINUTE_NS = 60_000_000_000


@dataclass
class _Counts:
    """Counters of one kind, by (kind, template) and by minute since the epoch."""

    kind: str
    messages: Counter[str] = field(default_factory=Counter)
    minutes: Counter[int] = field(default_factory=Counter)
    size: int = 0
    sequences: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class DayStatistics:
    """Counts of what is committed.

    `templates`: kind (`journal`, `events`), template, messages. `minutes`: minute (UTC), commands,
    events. `journal_bytes` and `event_bytes` are of messages, without heads and unused ends.
    Sequences are 0 where there is no record.
    """

    first_sequence: int
    last_sequence: int
    segments: int
    journal_bytes: int
    event_bytes: int
    templates: pl.DataFrame
    minutes: pl.DataFrame

    @property
    def commands(self) -> int:
        return self._messages(JOURNAL)

    @property
    def events(self) -> int:
        return self._messages(EVENTS)

    def _messages(self, kind: str) -> int:
        return int(self.templates.filter(pl.col("kind") == kind)["messages"].sum())


def collect(directory: Path | str) -> DayStatistics:
    """Count a day up to its gate. Raises NotAJournal, GateBroken, CorruptJournal."""
    commands = _count(JournalReader(directory), JOURNAL)
    events = _count(EventReader(directory), EVENTS)
    return DayStatistics(
        min(commands.sequences, default=0),
        max(commands.sequences, default=0),
        len(segment_numbers(Path(directory), JOURNAL)),
        commands.size,
        events.size,
        _templates(commands, events),
        _minutes(commands, events),
    )


def _count(reader: JournalReader | EventReader, kind: str) -> _Counts:
    counts = _Counts(kind)
    while block := reader.poll():
        rows = heads_of(block, kind)
        for template, group in by_template(block, kind):
            counts.messages[template.name if template else UNDECODED] += len(group)
        minutes, times = np.unique(rows["time_ns"] // _MINUTE_NS, return_counts=True)
        counts.minutes.update(dict(zip(minutes.tolist(), times.tolist(), strict=True)))
        counts.size += int(sizes_of(block).sum())
        counts.sequences += [int(rows["sequence"][0]), int(rows["sequence"][-1])]
    return counts


def _templates(*counts: _Counts) -> pl.DataFrame:
    rows = [
        (of_kind.kind, name, count)
        for of_kind in counts
        for name, count in of_kind.messages.most_common()
    ]
    schema = {"kind": pl.String, "template": pl.String, "messages": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _minutes(commands: _Counts, events: _Counts) -> pl.DataFrame:
    minutes = sorted(commands.minutes | events.minutes)
    frame = pl.DataFrame(
        {
            "minute": [minute * _MINUTE_NS for minute in minutes],
            "commands": [commands.minutes[minute] for minute in minutes],
            "events": [events.minutes[minute] for minute in minutes],
        },
        schema={"minute": pl.Int64, "commands": pl.Int64, "events": pl.Int64},
    )
    return frame.with_columns(pl.col("minute").cast(pl.Datetime("ns", "UTC")))
