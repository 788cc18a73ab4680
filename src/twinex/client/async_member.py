"""`AsyncMember` and `AsyncDropCopy`: asyncio fronts of a desk.

All runs in the loop that opened it. Commands are sent by plain calls; only waits are awaited.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from time import monotonic
from types import TracebackType
from typing import Self

from twinex.client.commands import Command
from twinex.client.desk import Desk
from twinex.client.errors import ClientError, DayOver, EventsMissed, NotConnected
from twinex.client.events import Event
from twinex.client.front import CLOSE_S, CONNECT_S, READ_BYTES
from twinex.client.order import Order, Request
from twinex.client.route import Route
from twinex.client.trading import Reading, Trading
from twinex.client.waiting import Until, reached, too_late

_log = logging.getLogger("twinex.client")


class AsyncRequest(Request):
    """A command of an `AsyncMember`."""

    def __init__(self, front: "_AsyncFront", client_id: int = 0) -> None:
        super().__init__(client_id)
        self._front = front

    async def wait(self, timeout: float | None = None) -> Event:
        """As `SentRequest.wait`."""
        await self._front.wait_for(self, Until.ANSWERED, timeout)
        assert self.answer is not None, "answered"
        return self.answer


class AsyncOrder(Order):
    """An order of an `AsyncMember`."""

    def __init__(self, front: "_AsyncFront", client_id: int = 0) -> None:
        super().__init__(client_id)
        self._front = front

    async def wait(self, until: Until = Until.ANSWERED, timeout: float | None = None) -> Self:
        """As `PlacedOrder.wait`."""
        await self._front.wait_for(self, until, timeout)
        return self


class _AsyncFront(Reading[AsyncOrder]):
    """A user's connection and the task that keeps it."""

    def __init__(
        self,
        addresses: str | Sequence[str],
        make_desk: Callable[[Callable[[int], Order]], Desk],
        patience_s: float | None,
        backlog: int,
        open_s: float,
    ) -> None:
        self._route = Route(addresses, patience_s)
        self._desk = make_desk(lambda client_id: AsyncOrder(self, client_id))
        self._open_s = open_s
        self._waiting: set[asyncio.Future[None]] = set()
        self._events: deque[Event] = deque()
        self._backlog = backlog
        self._missed = 0
        self._failure: ClientError | None = None
        self._is_closing = False
        self._writer: asyncio.StreamWriter | None = None
        self._task: asyncio.Task[None] | None = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._desk!r} at {self._route}>"

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def open(self) -> Self:
        """Logs in and reads the stream up to now; `async with` does it. Errors as of `Member`."""
        assert self._task is None, "opened once"
        self._task = asyncio.create_task(self._run())
        try:
            done = await self._until(
                lambda: self._is_ended or self._desk.is_caught_up, self._open_s
            )
            if self._failure is not None and not isinstance(self._failure, DayOver):
                raise self._failure
            if not done:
                raise NotConnected(f"the day so far was not told within {self._open_s} s")
        except BaseException:
            await self.close()
            raise
        return self

    def _why(self) -> ClientError | None:
        """What ended it, to be raised; without the tracebacks of those who raised it before."""
        return self._failure and self._failure.with_traceback(None)

    @property
    def _is_ended(self) -> bool:
        return self._failure is not None or self._is_closing

    async def close(self) -> None:
        """As `Member.close`."""
        if self._task is None or self._is_closing:
            return
        self._is_closing = True
        self._desk.log_out()
        self._flush()
        self._stir()
        if self._writer is None:
            self._task.cancel()
        await asyncio.wait([self._task], timeout=CLOSE_S)
        self._task.cancel()
        await asyncio.wait([self._task])

    async def events(self, timeout: float | None = None) -> AsyncIterator[Event]:
        """As `Member.events`."""
        while True:
            if not await self._until(lambda: bool(self._events) or self._is_ended, timeout):
                raise TimeoutError(f"no event in {timeout} s")
            if self._missed:
                missed, self._missed = self._missed, 0
                raise EventsMissed(f"{missed} events were not read in time")
            if self._events:
                yield self._events.popleft()
            elif self._failure is None or isinstance(self._failure, DayOver):
                return
            else:
                raise self._failure

    async def wait_for(self, request: Request, until: Until, timeout: float | None) -> None:
        """What the handles' `wait` calls."""
        await self._until(lambda: reached(request, until) or self._is_ended, timeout)
        if not reached(request, until):
            closed = NotConnected("closed before the answer came") if self._is_closing else None
            raise self._why() or closed or too_late(request, until, timeout)

    async def _until(self, come: Callable[[], bool], timeout: float | None) -> bool:
        """Waits until `come()`; False where it did not in `timeout` seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                while not come():
                    turn = asyncio.get_running_loop().create_future()
                    self._waiting.add(turn)
                    try:
                        await turn
                    finally:
                        self._waiting.discard(turn)
        return come()

    def _stir(self) -> None:
        for turn in self._waiting:
            if not turn.done():
                turn.set_result(None)

    # ---- the task ----

    async def _run(self) -> None:
        error: ClientError = NotConnected("the client's own task failed")
        try:
            while not self._is_ended:
                lost = await self._connection()
                if not self._is_closing:
                    pause_s = self._route.failed(lost, monotonic())
                    _log.warning("%r: %s; trying %s", self._desk, lost, self._route)
                    await self._until(lambda: self._is_ended, pause_s)
        except ClientError as final:
            error = final
        finally:
            if not self._is_closing:
                self._failure = error
            self._stir()

    async def _connection(self) -> ClientError:
        """One connection from its beginning to its end, and why it ended."""
        host, port = self._route.address
        try:
            async with asyncio.timeout(CONNECT_S):
                reader, writer = await asyncio.open_connection(host, port)
        except (OSError, TimeoutError) as error:
            return NotConnected(f"{self._route}: {error or 'no answer'}")
        self._writer = writer
        self._desk.connect(monotonic())
        try:
            return await self._serve(reader)
        finally:
            self._writer = None
            writer.transport.abort() if not self._is_closing else writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader) -> ClientError:
        refusal: ClientError | None = None
        try:
            while await self._turn(reader):
                pass
        except ClientError as error:
            refusal = error
        except OSError as error:
            _log.info("%r: %s", self._desk, error)
        lost = self._desk.lost()
        self._stir()
        return refusal or lost

    async def _turn(self, reader: asyncio.StreamReader) -> bool:
        """Sends what is to be sent, waits, reads; False when the connection is over."""
        wait_s = self._desk.poll(monotonic())
        self._flush()
        try:
            async with asyncio.timeout(wait_s):
                octets = await reader.read(READ_BYTES)
        except TimeoutError:
            return True
        if not octets:
            return False
        was_in = self._desk.is_logged_in
        now = monotonic()
        self._take(self._desk.receive(octets, now))
        if self._desk.is_logged_in and not was_in:
            self._route.made(now)
        self._stir()
        return not self._desk.is_over

    def _take(self, events: list[Event]) -> None:
        self._events.extend(events)
        while len(self._events) > self._backlog:
            self._events.popleft()
            self._missed += 1

    def _flush(self) -> None:
        if self._writer is not None and self._desk.outgoing:
            self._writer.write(bytes(self._desk.outgoing))
            self._desk.outgoing.clear()


class AsyncDropCopy(_AsyncFront):
    """As `DropCopy`, for asyncio."""

    def __init__(
        self,
        addresses: str | Sequence[str],
        *,
        member: int,
        password: str,
        sequence: int = 1,
        patience_s: float | None = 60.0,
        backlog: int = 100_000,
        open_s: float = 60.0,
    ) -> None:
        def desk(new_order: Callable[[int], Order]) -> Desk:
            return Desk(f"D{member}", password, 0, sequence, new_order)

        super().__init__(addresses, desk, patience_s, backlog, open_s)


class AsyncMember(_AsyncFront, Trading[AsyncOrder, AsyncRequest]):
    """As `Member`, for asyncio: `async with AsyncMember(...) as member`. Commands are plain calls;
    `await order.wait()`, `async for event in member.events()`."""

    def __init__(
        self,
        addresses: str | Sequence[str],
        *,
        seat: int,
        password: str,
        history: bool = False,
        patience_s: float | None = 60.0,
        backlog: int = 100_000,
        open_s: float = 60.0,
    ) -> None:
        def desk(new_order: Callable[[int], Order]) -> Desk:
            return Desk(str(seat), password, seat, 1, new_order, history)

        super().__init__(addresses, desk, patience_s, backlog, open_s)

    async def settle(self, timeout: float | None = None) -> None:
        """As `Member.settle`."""
        done = await self._until(lambda: self._desk.is_all_answered or self._is_ended, timeout)
        if not self._desk.is_all_answered:
            late = TimeoutError(f"not every command was answered in {timeout} s")
            raise self._why() or (NotConnected("closed") if done else late)

    def _submit(self, command: Command, request: Request) -> None:
        if self._task is None or self._is_ended:
            raise self._why() or NotConnected("not open: use `async with`, or `open`")
        self._desk.submit(command, request, monotonic())
        self._flush()

    def _next_id(self) -> int:
        return self._desk.next_client_id()

    def _new_order(self, client_id: int = 0) -> AsyncOrder:
        return AsyncOrder(self, client_id)

    def _new_request(self) -> AsyncRequest:
        return AsyncRequest(self)
