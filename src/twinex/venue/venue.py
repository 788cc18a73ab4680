"""The venue, wired in flow order: frames -> sequencer -> journal -> core -> events -> release gate.

    venue = Venue()                                   # in memory, for research
    venue = Venue("days/20260105", durability="disk") # a day on disk
    venue = Venue.reopen("days/20260105")             # go on after a stop
    venue.write_image()                               # so that a restart is quick
    events = venue.send(seat, message)                # one command, all its events
    events = venue.submit(frames)                     # many framed commands at compiled speed

Nothing is returned, and no reader sees anything, before its command is committed
(`spec/journal.md`, release gate).
"""

import os
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

import numpy as np

from twinex.venue import histogram
from twinex.venue.clock import ns_per_tick
from twinex.venue.core import room, state
from twinex.venue.core.view import Depth, dump, indicate, read_depth
from twinex.venue.image.check import check_image
from twinex.venue.image.errors import ImageError
from twinex.venue.image.file import images_in, read_image, write_image
from twinex.venue.image.image import Image
from twinex.venue.image.load import load
from twinex.venue.image.take import take
from twinex.venue.journal.checksum import TABLE
from twinex.venue.journal.day import Day
from twinex.venue.journal.errors import DiskFailed, MarkMismatch
from twinex.venue.journal.layout import DEFAULT_SEGMENT_BYTES
from twinex.venue.journal.reader import JournalReader
from twinex.venue.journal.recovery import Mark
from twinex.venue.sequencer import (
    TAIL,
    Frames,
    Journal,
    frames_over,
    journal_over,
    replay,
    sequence,
)
from twinex.venue.watch import Watch
from twinex.venue.wire.messages import MessageError, decode, encode, frame, padded
from twinex.venue.wire.schema import FRAME_HEADER_BYTES, RECORD, RECORD_HEADER_BYTES, union_view

_DURABILITIES = ("memory", "disk")


class VenueError(Exception):
    """The venue was asked for something it cannot do."""


class VenueStopped(VenueError):  # noqa: N818
    """The venue stopped, by `close` or by an error: reopen the day, its journal is what counts."""


class BadFrame(VenueError):  # noqa: N818
    """Bytes that are no frame: nothing of them, nor of what follows, was done.

    `events` (uint8) are those of the commands before them in the same call, which are committed.
    """

    def __init__(self, text: str, events: np.ndarray | None = None) -> None:
        super().__init__(text)
        self.events = np.zeros(0, dtype=np.uint8) if events is None else events


class Statistics(NamedTuple):
    """Counts of the day so far."""

    commands: int
    events: int
    orders: int
    trades: int
    volume: int
    rejects: int
    live_orders: int


class Restart(NamedTuple):
    """How a day was opened again: from `image`, or by all of its journal (None).

    `sequence`: the last command that the image holds, 0 without one. `passed_over`: later images
    that were not good, each with its reason.
    """

    image: Path | None
    sequence: int
    passed_over: tuple[str, ...]


class Venue:
    """One trading day's sequencer, journal and core in this process. Not thread-safe."""

    def __init__(
        self,
        directory: Path | str | None = None,
        *,
        durability: str = "memory",
        clock: Callable[[], int] = time.time_ns,
        steady_clock: Callable[[], int] | None = None,
        segment_bytes: int = DEFAULT_SEGMENT_BYTES,
        keep: bool = True,
        measure: bool = False,
        first_sequence: int = 1,
        chain: int = 0,
        on_alarm: Callable[[str], None] | None = None,
    ) -> None:
        """A new day. Without a directory it lives in memory (`keep=False` forgets what was read).

        `directory` gets its files when the day is opened by `day_open`, the first command.
        `clock`, `steady_clock`, `on_alarm`: see `Watch`. `first_sequence` and `chain` go on from
        the day before.
        """
        if durability not in _DURABILITIES:
            raise VenueError(f"durability {durability!r}: choose one of {', '.join(_DURABILITIES)}")
        if durability == "disk" and directory is None:
            raise VenueError("durability 'disk' needs a directory")
        self.directory = Path(directory) if directory is not None else None
        self.durability = durability
        self.watch = Watch(clock, steady_clock, on_alarm)
        self._options = {"segment_bytes": segment_bytes, "first_sequence": first_sequence}
        self._chain, self._keep = chain, keep
        self.restart: Restart | None = None  # None for a new day
        self.service_times = histogram.empty() if measure else np.zeros(0, dtype=np.int64)
        self._core = room.empty_core(salt=_salt())
        self._tail = np.zeros(1, dtype=TAIL)
        self._day: Day | None = None
        self._journal: Journal
        self._stopped = ""  # why nothing more is accepted
        self._process = os.getpid()
        if self.directory is None:
            self._begin(Day.in_memory(chain=chain, keep=keep, **self._options))

    @classmethod
    def reopen(
        cls,
        directory: Path | str,
        *,
        durability: str = "memory",
        clock: Callable[[], int] = time.time_ns,
        measure: bool = False,
        images: bool = True,
        on_alarm: Callable[[str], None] | None = None,
    ) -> "Venue":
        """Go on with a day after a stop: check its journal, cut a torn tail, replay, release.

        The latest state image that is good stands for the journal up to it (`restart` says which);
        one that is not is passed over with an alarm. `images=False` reads and replays everything.
        Raises the errors of `journal.errors` where the day cannot be trusted.
        """
        venue = cls(
            directory, durability=durability, clock=clock, measure=measure, on_alarm=on_alarm
        )
        try:
            venue._reopen(Path(directory), images)
        except BaseException as error:
            venue.stop(error)
            venue.close()
            raise
        return venue

    def _reopen(self, directory: Path, images: bool) -> None:
        passed_over: list[str] = []
        for path in images_in(directory) if images else ():
            try:
                self._begin_from(path, directory)
            except (ImageError, MarkMismatch, DiskFailed) as error:
                passed_over.append(f"{path.name} is not used: {error}")
                self.watch.say(passed_over[-1])
                continue
            self.restart = Restart(path, int(self._core.now[0]["sequence"]), tuple(passed_over))
            break
        else:
            self._begin(Day.open(directory, durable=self.durability == "disk"))
            self.restart = Restart(None, 0, tuple(passed_over))
        self._replay(self._opened(), self.restart.sequence)

    def _begin_from(self, path: Path, directory: Path) -> None:
        """Stand where an image stands, at the journal's end and behind the image's events."""
        image = read_image(path)
        check_image(image)
        core = load(image, _salt())
        day = Day.open(directory, durable=self.durability == "disk", mark=image.mark)
        self._core = core
        self._begin(day)

    def _begin(self, day: Day) -> None:
        """Stand at the journal's end and at the start of the event stream."""
        self._day = day
        place, tail = day.place, self._tail[0]
        tail["sequence"], tail["time_ns"] = place.next_sequence - 1, place.last_time_ns
        tail["term"], tail["chain"] = place.term, place.chain
        self._enter_journal_segment()
        self._enter_event_segment()

    def _enter_journal_segment(self) -> None:
        journal = self._opened().journal
        self._journal = journal_over(journal.octets, journal.position, journal.limit, self._tail)

    def _enter_event_segment(self) -> None:
        events = self._opened().events
        self._core = room.with_events(self._core, events.octets, events.position, events.limit)

    def _opened(self) -> Day:
        if self._stopped:
            raise VenueStopped(self._stopped)
        if self._day is None:
            raise VenueError("the day is not open: send day_open first")
        return self._day

    # -- commands in, events out ---------------------------------------------------------------

    def send(self, seat: int, message: bytes) -> bytes:
        """One command of `seat` (0 = the exchange); all its event bytes. Raises as `submit`."""
        return self.submit(np.frombuffer(frame(seat, message), dtype=np.uint8)).tobytes()

    def _create_day(self, seat: int, message: bytes) -> None:
        """Make the day's files: the first command must be its header, from the exchange."""
        try:
            head = decode(message)
        except MessageError as error:
            raise BadFrame(f"a day on disk begins with day_open: {error}") from error
        if head.name != "day_open" or seat != 0:
            wrong = f"{head.name} of seat {seat}"
            raise VenueError(f"a day on disk begins with day_open of seat 0, not with {wrong}")
        assert self.directory is not None
        self._begin(
            Day.create(
                self.directory,
                trading_day=head.fields["trading_day"],
                chain=self._chain,
                durable=self.durability == "disk",
                **self._options,
            )
        )

    def submit(self, frames: np.ndarray) -> np.ndarray:
        """Framed commands (`wire.messages.frame`, uint8); their event bytes, once committed.

        The result is a view of the event stream where it lies in one segment, else a copy; it
        cannot be written to.
        Raises BadFrame for bytes that are no frame; commands before them are done and committed,
        and their events are in the error.
        Any other error (DiskFull, DiskFailed, a broken invariant) stops the venue: what the call
        applied is not released, and every later call raises VenueStopped.
        """
        self._require_usable()
        octets = _octets(frames)
        if self._day is None:
            self._create_day(*_first_message(octets))
        source, clock_ns = frames_over(octets), self.watch.read(self.time_ns)
        try:
            events, place = self._sequence(source, len(octets), clock_ns)
            self.commit()
        except BaseException as error:
            self.stop(error)
            raise
        if place < len(octets):
            due = f"no frame at byte {place} of {len(octets)}: length, seat, message due"
            raise BadFrame(due, events)
        return events

    def _require_usable(self) -> None:
        if self._stopped:
            raise VenueStopped(self._stopped)
        if self._is_foreign():
            raise VenueError(f"process {self._process} writes this day: a fork must not")

    def _is_foreign(self) -> bool:
        """Is this a fork's copy? Its files are still those of the process that it left."""
        return self.directory is not None and os.getpid() != self._process

    def _sequence(self, source: Frames, end: int, clock_ns: int) -> tuple[np.ndarray, int]:
        """Sequence and apply frames; their events, and the byte reached: `end` or a bad frame."""
        parts: list[np.ndarray] = []
        begun = self.event_position
        place = 0
        while place < end:
            short, place = sequence(
                self._core, self._journal, source, place, end, clock_ns, self.service_times
            )
            if short in (state.SHORT_NOTHING, state.BAD_FRAME):
                break
            if short == state.SHORT_EVENTS:
                parts.append(self._opened().events.octets[begun : self.event_position])
            self.make_room(int(short), int(source.frames[place >> 3]["length"]))
            if short == state.SHORT_EVENTS:
                begun = self.event_position
        parts.append(self._opened().events.octets[begun : self.event_position])
        events = (parts[0] if len(parts) == 1 else np.concatenate(parts)).view()
        events.flags.writeable = False  # they are released: readers see the same memory
        return events, int(place)

    def make_room(self, short: int, message_bytes: int) -> None:
        """Grow what the core is short of (`core.state.SHORT_…`) before a message of that length."""
        day = self._opened()
        following = int(self._tail[0]["sequence"]) + 1
        if short == state.SHORT_JOURNAL:
            day.journal.position = int(self._tail[0]["position"])
            least = padded(message_bytes) + RECORD_HEADER_BYTES
            day.journal.roll(following, int(self._tail[0]["chain"]), least=least)
            self._enter_journal_segment()
        elif short == state.SHORT_EVENTS:
            day.events.position = self.event_position
            day.events.roll(following, least=int(self._core.now[0]["needed"]))
            self._enter_event_segment()
        else:
            self._core = room.grow(self._core, short)

    def stop(self, error: BaseException) -> None:
        """Fail-stop: what is applied but not committed is never released by this object.

        Whole records behind the last commit stay in the journal: whoever reopens the day applies
        them (`spec/journal.md`: what was not acknowledged may be done or not).
        """
        self._stopped = f"stopped by {type(error).__name__}: {error}; reopen the day"
        if self._day is not None:
            self._day.journal.position = int(self._tail[0]["position"])
        if isinstance(error, AssertionError) and self.directory is not None:
            path = dump(self._core, self.directory)
            if path:
                self._stopped += f"; the core's tables are in {path}"

    @property
    def event_position(self) -> int:
        """Byte of the present event segment where the next event goes."""
        return int(self._core.now[0]["event_position"]) << 3

    def commit(self) -> None:
        """The release gate: under `disk` wait for the disk, then let everything applied through."""
        day, tail, now = self._opened(), self._tail[0], self._core.now[0]
        day.journal.position = int(tail["position"])
        day.events.position = self.event_position
        if self.durability == "disk":
            day.journal.sync()
        day.gate.publish(
            int(tail["sequence"]),
            day.journal.stream_offset,
            day.events.stream_offset,
            bool(now["day"] == 2),
        )

    def _replay(self, day: Day, applied: int) -> None:
        """Apply the journal behind `applied` again; its events are written anew, byte for byte."""
        assert self.directory is not None
        first = applied + 1 if applied else None
        behind = self.sequence - (applied or day.place.first_sequence - 1)
        self._core = room.with_commands(self._core, behind)
        records = JournalReader(self.directory, first, committed_only=False)
        while block := records.poll():
            union = union_view(block.octets, RECORD)
            words = block.octets[: len(block.octets) & ~7].view(np.int64)
            place = block.start
            while place < block.end:
                short, place = replay(self._core, words, union, TABLE, place, block.end)
                if short == state.SHORT_EVENTS:
                    following = int(self._core.now[0]["sequence"]) + 1
                    day.events.position = self.event_position
                    day.events.roll(following, least=int(self._core.now[0]["needed"]))
                    self._enter_event_segment()
                elif short != state.SHORT_NOTHING:
                    self._core = room.grow(self._core, int(short))
        day.events.position = self.event_position
        day.gate.require_reached(self.sequence, day.journal.stream_offset, day.events.stream_offset)
        day.events.trim()
        self.commit()

    # -- state images --------------------------------------------------------------------------

    def image(self) -> Image:
        """The state after the last command (`spec/state.md`), as arrays of its own."""
        self._require_usable()
        day, tail = self._opened(), self._tail[0]
        mark = Mark(
            sequence=int(tail["sequence"]),
            time_ns=int(tail["time_ns"]),
            chain=int(tail["chain"]),
            term=int(tail["term"]),
            journal_bytes=day.journal.stream_offset,
            event_bytes=day.events.stream_offset,
        )
        return take(self._core, mark)

    def write_image(self) -> Path:
        """The state after the last command into the day's directory; on disk when this returns.

        Both streams are synchronised first: if that fails the venue stops, as in `submit`. Where
        the image finds no room (DiskFull, DirectoryVanished, DiskFailed) the day goes on without.
        """
        image = self.image()
        if self.directory is None:
            raise VenueError("a day in memory has no directory for an image: take `image()`")
        try:
            self._opened().synchronise()
        except BaseException as error:
            self.stop(error)
            raise
        return write_image(image, self.directory)

    # -- what one can look at ------------------------------------------------------------------

    @property
    def sequence(self) -> int:
        """Of the last command."""
        return int(self._tail[0]["sequence"])

    @property
    def time_ns(self) -> int:
        """Of the last command; 0 before the first."""
        return int(self._tail[0]["time_ns"])

    @property
    def chain(self) -> int:
        """The journal's rolling hash (int64 with the bits of the spec's uint64)."""
        return int(self._tail[0]["chain"])

    @property
    def day(self) -> Day:
        """Journal, event stream and gate. Raises VenueError before day_open of a day on disk."""
        return self._opened()

    @property
    def core(self) -> state.Core:
        """The core's tables, to look at."""
        return self._core

    @property
    def journal(self) -> Journal:
        """The journal's open end, as the sequencer's kernel takes it."""
        return self._journal

    def book(self, instrument: int, depth: int = 5) -> Depth:
        """The best `depth` levels of each side of an instrument."""
        return read_depth(self._core, instrument, depth)

    def indication(self, instrument: int) -> tuple[int, int, int] | None:
        """(price, volume, surplus) of an auction held now; None if nothing crosses."""
        price, volume, surplus = indicate(self._core, instrument)
        return (price, volume, surplus) if volume else None

    def statistics(self) -> Statistics:
        now = self._core.now[0]
        return Statistics(
            commands=int(now["commands"]),
            events=int(now["events"]),
            orders=int(now["orders_accepted"]),
            trades=int(now["last_trade_id"]),
            volume=int(now["volume"]),
            rejects=int(now["rejects"]),
            live_orders=int(now["live_orders"]),
        )

    def day_end_message(self, events_crc: int) -> bytes:
        """`day_end` as the day stands now (spec/journal.md, A day); the exchange sends it last.

        `events_crc`: the CRC-32 of all event bytes so far. There is no follower to mark.
        """
        counts = self.statistics()
        return encode(
            "day_end",
            trading_day=int(self._core.now[0]["trading_day"]),
            commands=counts.commands,
            events=counts.events,
            events_crc=events_crc,
            mark_leader=self.chain,
            alone=1,
        )

    def service_time_ns(self, *shares: float) -> list[float]:
        """Quantiles of the time a command takes in the core, where `measure` is on."""
        tick = ns_per_tick()
        return [histogram.quantile(self.service_times, share) * tick for share in shares]

    def reserve(self, *, commands: int, orders: int) -> None:
        """Tables for a day of about this size, so that none grows while the market is open.

        The memory of the tables and of the present journal and event segments is touched.
        """
        self._core = room.reserve(self._core, commands=commands, orders=orders)
        if self._day is not None:
            self._day.journal.touch()
            self._day.events.touch()

    def close(self) -> None:
        """Give the day's files back; what is durable is synchronised. Nothing more is accepted."""
        day, self._day = self._day, None
        self._stopped = self._stopped or "the venue is closed; reopen the day"
        if day is not None and not self._is_foreign():
            day.close()

    def __enter__(self) -> "Venue":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _salt() -> int:
    """62 bits that nobody knows: where client ids lie (`core.ids`)."""
    return int.from_bytes(os.urandom(8), "little") >> 2


def _octets(frames: np.ndarray) -> np.ndarray:
    """`frames` as contiguous bytes. Raises BadFrame for anything but a line of uint8."""
    if not isinstance(frames, np.ndarray) or frames.dtype != np.uint8 or frames.ndim != 1:
        kind = getattr(frames, "dtype", type(frames).__name__)
        raise BadFrame(f"frames are one line of uint8, not {kind}: use `.view(numpy.uint8)`")
    return np.ascontiguousarray(frames)


def _first_message(octets: np.ndarray) -> tuple[int, bytes]:
    """Seat and message of the first frame."""
    if len(octets) < FRAME_HEADER_BYTES:
        return 0, b""
    length, seat = octets[:FRAME_HEADER_BYTES].view(np.int32).tolist()
    return seat, octets[FRAME_HEADER_BYTES : FRAME_HEADER_BYTES + max(0, length)].tobytes()
