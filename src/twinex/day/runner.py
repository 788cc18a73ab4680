"""A simulated trading day: reference data, phases by the clock, traders in between, the close.

Time is simulated: the venue's clock says what the run tells it. The venue gets every command of a
step as one batch of frames, and the traders read the released events of it before the next step.
"""

import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from twinex.day.crew import Crew
from twinex.day.desk import Desk
from twinex.day.opening import Opening, prepare
from twinex.day.settings import COMMANDS_A_STEP, Settings
from twinex.day.statistics import Statistics
from twinex.day.timetable import SECOND_NS, TRADING, Step, steps, trading_seconds
from twinex.day.valuation import Valuation
from twinex.readers.block import EventBlock
from twinex.readers.ladder import Level
from twinex.show.figures import decimals_of, price_text
from twinex.venue.reference import Market, load_market, schedule
from twinex.venue.venue import Venue
from twinex.venue.wire import codes
from twinex.venue.wire.messages import frames

Bytes = npt.NDArray[np.uint8]

_BEFORE_NS = 600 * SECOND_NS  # reference data come ten minutes before the first phase
_AFTER_NS = 60 * SECOND_NS
_PICTURE_DEPTH = 8
SERVICE_SHARES = (("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999), ("max", 1.0))


@dataclass(frozen=True)
class Moment:
    """How far a run is: for someone who watches. `share` of the day's work done, 0 to 1000."""

    time_ns: int
    share: int
    commands: int
    trades: int
    rejects: int
    seconds: float
    price: str


@dataclass(frozen=True)
class Picture:
    """A book as it stood before its product's last change of phase."""

    instrument: int
    symbol: str
    time_ns: int
    bids: list[Level]
    asks: list[Level]


@dataclass
class Outcome:
    """What a run leaves behind. `seconds` are real ones, `venue_seconds` those inside the venue.

    `statistics` are filled where the day is not kept on disk; else they are read from there.
    """

    settings: Settings
    market: Market
    opening: Opening
    statistics: Statistics
    commands: int = 0
    seconds: float = 0.0
    venue_seconds: float = 0.0
    trades: int = 0
    rejects: int = 0
    pictures: dict[int, Picture] = field(default_factory=dict)
    service_time_ns: dict[str, int] = field(default_factory=dict)


Watch = Callable[[Moment], None]


class DayRun:
    """One run. `run` may be called once."""

    def __init__(self, settings: Settings) -> None:
        """Raises MarketError, CalendarError (reference data) or JournalError (the directory)."""
        self.settings = settings
        self.market = load_market(settings.market)
        self.schedule = schedule(self.market, settings.trading_day)
        self.opening = prepare(self.market, settings.trading_day, settings.seed)
        self.now_ns = self.schedule[0][0] - _BEFORE_NS
        listing, roster = self.opening.listing, self.opening.roster
        self.valuation = Valuation(listing, settings.trading_day, settings.seed)
        self.desk = Desk(roster, listing, self.opening.held, settings.commands * 5 // 4)
        self.crew = Crew(self.desk, self.valuation, settings.seed)
        statistics = Statistics(listing.highest)
        self.outcome = Outcome(settings, self.market, self.opening, statistics)
        self._seconds = self._step_seconds()
        self._total = sum(step.weight for step in steps(self.schedule, self._seconds))
        self._done = 0
        self._events_crc = 0
        self._shown = self._favourites()

    def _step_seconds(self) -> int:
        seconds = trading_seconds(self.schedule)
        return max(1, seconds * COMMANDS_A_STEP // max(1, self.settings.commands))

    def _favourites(self) -> list[int]:
        """Slots whose books are pictured: the busiest future and the busiest option."""
        weight, option = self.valuation.weight, self.valuation.is_option
        shown = [int(np.argmax(np.where(option, -1, weight)))]
        if option.any():
            shown.append(int(np.argmax(np.where(option, weight, -1))))
        return shown

    def run(self, watch: Watch | None = None) -> Outcome:
        """The whole day. `watch` is told after every step."""
        started = time.perf_counter()
        settings = self.settings
        self._venue = Venue(
            settings.directory,
            durability=settings.durability,
            clock=lambda: self.now_ns,
            keep=False,
            measure=True,
        )
        self._venue.reserve(commands=settings.commands * 9 // 8, orders=settings.commands)
        try:
            self._send(self.opening.commands)
            for step in steps(self.schedule, self._seconds):
                self._step(step)
                if watch is not None:
                    watch(self._moment(step, time.perf_counter() - started))
            self._end()
            self.outcome.seconds = time.perf_counter() - started
            self._measure()
        finally:
            self._venue.close()
        return self.outcome

    def _step(self, step: Step) -> None:
        self.now_ns = step.time_ns
        own = step.commands()
        if own:
            self._send(own)
        if step.changes:
            self._refused_outside(step)
        if step.weight == 0:
            return
        self.valuation.advance(step.seconds)
        left = self.settings.commands - self.outcome.commands
        count = max(0, left) * step.weight // max(1, self._total - self._done)
        self._done += step.weight
        total, framed = self.crew.step(count)
        if total:
            self._submit(framed, total)
        if step.last:
            self._picture()

    def _refused_outside(self, step: Step) -> None:
        """A few who missed the end of a session send all the same."""
        changed = [product for product, phase in step.changes if phase not in TRADING]
        closed = np.isin(self.opening.listing.product, changed)
        pieces = self.crew.mischief.act(closed, 4)
        if len(pieces):
            self._submit(pieces.view(np.uint8), len(pieces))

    def _send(self, messages: list[bytes]) -> None:
        self._submit(np.frombuffer(frames(0, messages), dtype=np.uint8), len(messages))

    def _submit(self, framed: Bytes, count: int) -> None:
        started = time.perf_counter()
        events = self._venue.submit(framed)
        self.outcome.venue_seconds += time.perf_counter() - started
        self.outcome.commands += count
        self._events_crc = zlib.crc32(events.data, self._events_crc)
        block = self.crew.hear(events)
        if self.settings.directory is None:
            self.outcome.statistics.add(events)
        self._tally(block)

    def _tally(self, block: EventBlock) -> None:
        self.outcome.trades += len(block.place("trade"))
        self.outcome.rejects += len(block.place("command_rejected"))

    def _picture(self) -> None:
        listing = self.opening.listing
        for slot in self._shown:
            instrument = int(listing.instrument[slot])
            if self.crew.phases[listing.product[slot]] != codes.PHASE_CONTINUOUS:
                continue
            book = self._venue.book(instrument, _PICTURE_DEPTH)
            sides = [[Level(*map(int, row)) for row in side] for side in (book.bids, book.asks)]
            self.outcome.pictures[slot] = Picture(
                instrument, listing.symbols[slot], self.now_ns, sides[0], sides[1]
            )

    def _moment(self, step: Step, seconds: float) -> Moment:
        return Moment(
            self.now_ns,
            1000 * self._done // max(1, self._total),
            self.outcome.commands,
            self.outcome.trades,
            self.outcome.rejects,
            seconds,
            self._favourite_price(),
        )

    @property
    def favourite(self) -> str:
        """Symbol of the busiest future, whose price `Moment` shows."""
        return self.opening.listing.symbols[self._shown[0]]

    def _favourite_price(self) -> str:
        slot = self._shown[0]
        digits = decimals_of(int(self.opening.listing.tick[slot]))
        return price_text(int(self.desk.last_price[slot]), digits)

    def _end(self) -> None:
        self.now_ns += _AFTER_NS
        self._send([self._venue.day_end_message(self._events_crc)])

    def _measure(self) -> None:
        shares = [share for _, share in SERVICE_SHARES]
        times = self._venue.service_time_ns(*shares)
        for (name, _), value in zip(SERVICE_SHARES, times, strict=True):
            self.outcome.service_time_ns[name] = round(value)
