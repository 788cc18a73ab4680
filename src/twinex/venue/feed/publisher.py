"""The feed of a day: follows committed events, sends every stream, answers who missed some.

    with Publisher.of_day("days/20260105", {"L3": Channel([("239.10.10.3", 30003)])}) as feed:
        while not feed.ended:
            feed.step(timeout_s=0.001)

One thread, no locks: `step` reads up to the release gate, sends, beats, and serves TCP.
"""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType

from twinex.venue.feed import mold
from twinex.venue.feed.channel import Address, Channel
from twinex.venue.feed.definitions import JournalDefinitions
from twinex.venue.feed.log import Log
from twinex.venue.feed.recovery import Recovery
from twinex.venue.feed.streams import L1, L2, L3, Streams
from twinex.venue.journal.reader import EventReader

INTERVAL_NS = 500_000_000  # of best prices by the clock, as CTP has it
_HEARTBEAT_NS = 1_000_000_000
_BLOCKS_A_STEP = 16
LEVELS = {"L3": L3, "L2": L2, "L1": L1, "I1": L1}  # I1: L1 at an interval
_BY_CLOCK = "I1"


class _Sender:
    """One stream's session: what of its log is sent."""

    def __init__(self, stream: str, log: Log, channel: Channel | None) -> None:
        self.stream, self.log, self.channel = stream, log, channel
        self.session = b""
        self.next_sequence = 1
        self._silence = 0  # count of the packets that say nothing: heartbeats
        self._sent_ns = 0

    def send(self, now_ns: int) -> None:
        """All that is new, in packets as full as they get; a heartbeat where there is nothing."""
        stop = self.log.next_sequence
        for following, packet in mold.packets(self.log, self.session, self.next_sequence, stop):
            self._out(packet, now_ns)
            self.next_sequence = following
        if now_ns - self._sent_ns >= _HEARTBEAT_NS:
            self._out(mold.head(self.session, self.next_sequence, self._silence), now_ns)

    def skip(self) -> None:
        """What there is so far was sent by another."""
        self.next_sequence = self.log.next_sequence

    def end(self, now_ns: int) -> None:
        """The session is over: say so, now and instead of heartbeats."""
        self._silence = mold.END_OF_SESSION
        self._out(mold.head(self.session, self.next_sequence, self._silence), now_ns)

    def _out(self, packet: bytes, now_ns: int) -> None:
        self._sent_ns = now_ns
        if self.channel is not None:
            self.channel.send(packet)


class Publisher:
    """Sends the streams of one day. `channels`: by the names of LEVELS, those that are wanted.

    `clock` (ns) moves only what is no function of events: heartbeats, and the stream I1, every
    `interval_ns`. TCP is served at `recovery.address` (by default a free port of this machine).
    With `resume` what is committed before the first `step` is not sent: another publisher has sent
    it, this one goes on with its sessions. Sessions end with the day, or by `end`.
    """

    def __init__(
        self,
        events: EventReader,
        streams: Streams,
        channels: Mapping[str, Channel],
        *,
        recovery: Address = ("127.0.0.1", 0),
        interval_ns: int = INTERVAL_NS,
        clock: Callable[[], int] = time.time_ns,
        resume: bool = False,
    ) -> None:
        unknown = set(channels) - set(LEVELS)
        if unknown:
            raise ValueError(f"no streams {sorted(unknown)}: there are {', '.join(LEVELS)}")
        self.streams = streams
        self._events, self._clock, self._interval_ns = events, clock, interval_ns
        self._by_clock = Log()
        logs = {name: streams.logs[level] for name, level in LEVELS.items()}
        logs[_BY_CLOCK] = self._by_clock
        self._senders = {name: _Sender(name, logs[name], channels.get(name)) for name in LEVELS}
        self._logs: dict[bytes, Log] = {}
        self.recovery = Recovery(recovery, self._logs, self._snapshot)
        self._told_ns, self._skipping = clock(), resume
        self.ended = False

    @classmethod
    def of_day(
        cls, directory: Path | str, channels: Mapping[str, Channel], **options: object
    ) -> "Publisher":
        """Of a day's directory, from its first event on; `options` as the constructor's."""
        streams = Streams(JournalDefinitions.of(directory))
        return cls(EventReader(directory), streams, channels, **options)  # type: ignore[arg-type]

    def step(self, timeout_s: float = 0.0) -> None:
        """What there is to do now; waits at most `timeout_s` for a receiver's request."""
        whole = self._follow()
        self._name_sessions()
        now_ns = self._clock()
        if whole:
            self._tell_by_clock(now_ns)
        self._send(whole, now_ns)
        if self.streams.books.now[0]["ended"] and not self.ended:
            self.end()
        if whole:
            self.recovery.serve(timeout_s)

    def _send(self, whole: bool, now_ns: int) -> None:
        for sender in self._senders.values():
            if self._skipping and whole:
                sender.skip()
            if sender.session and (whole or not self._skipping):
                sender.send(now_ns)
        self._skipping = self._skipping and not whole

    def _follow(self) -> bool:
        """Committed events into the streams; did it come to the gate?"""
        for _ in range(_BLOCKS_A_STEP):
            block = self._events.poll()
            if block is None:
                self.streams.settle()
                return True
            self.streams.add(block)
        return False

    def _name_sessions(self) -> None:
        """Sessions carry the trading day: they begin with its first event."""
        day = int(self.streams.books.now[0]["trading_day"])
        if day == 0 or self._logs:
            return
        for name, sender in self._senders.items():
            sender.session = mold.session_name(name, day)
            self._logs[sender.session] = sender.log

    def _tell_by_clock(self, now_ns: int) -> None:
        if now_ns - self._told_ns >= self._interval_ns:
            self._told_ns = now_ns
            self.streams.tell_tops(self._by_clock, now_ns)

    def _snapshot(self, session: bytes, log: Log) -> None:
        name = session[:2].decode()
        self.streams.snapshot(LEVELS[name], self._senders[name].log.next_sequence, log)

    def end(self) -> None:
        """Say that the sessions are over; `step` goes on saying so, and serving TCP."""
        self.ended = True
        for sender in self._senders.values():
            if sender.session:
                sender.end(self._clock())

    def close(self) -> None:
        """Give sockets back; the day's files stay as they are."""
        self.recovery.close()
        for sender in self._senders.values():
            if sender.channel is not None:
                sender.channel.close()

    def __enter__(self) -> "Publisher":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
