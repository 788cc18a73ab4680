"""The rows of sessions, their buffers, and how long one has patience with them."""

from typing import NamedTuple

import numpy as np

from twinex.venue.compiler import inner
from twinex.venue.gateway import calls
from twinex.venue.tables import table

IN_BYTES = 32_768  # of a session's buffer for what came
OUT_BYTES = 65_536
BATCH_BYTES = 2 << 20  # frames done together
SECOND_NS = 1_000_000_000

# Why a session ended (`seats.ENDINGS`, spec/session.md).
(OPEN, LOST, LOGGED_OUT, PACKET_INVALID, MESSAGE_SHORT, LISTENS_ONLY, SILENT, SLOW_READER,
 EVICTED, KICKED, CLOSING) = range(11)  # fmt: skip

SESSION = np.dtype(
    [
        ("fd", "i4"),
        ("stream", "i4"),  # row of the index
        ("seat", "i4"),  # 0: a drop copy, it only listens
        ("in_start", "i4"),
        ("in_end", "i4"),
        ("out_start", "i4"),
        ("out_end", "i4"),
        ("chunk", "i4"),  # that held the message before `next`
        ("next", "i8"),  # message to copy into the buffer next, from 0
        ("heard_ns", "i8"),  # steady time at which bytes came last
        ("sent_ns", "i8"),
        ("full_ns", "i8"),  # since when the connection takes nothing; 0: it does
        ("second", "i8"),  # in which `taken` commands came
        ("taken", "i8"),
        ("limit", "i8"),  # of `taken`; 0 = none
        ("ending", "u1"),  # why it ends; 0 = it is open
        ("waits", "u1"),  # it has packets to read without a new byte
        ("held", "u1"),  # over its limit: not read until the next second
        ("closed", "u1"),  # end of session was said
        ("unused", "i4"),
    ]
)

# One row: what the loop knows about itself.
LINES = np.dtype(
    [
        ("epoll", "i8"),
        ("high", "i8"),  # rows of sessions in use lie below
        ("batch_end", "i8"),  # bytes of frames
        ("batch_commands", "i8"),
        ("waiting_first", "i8"),  # place in `waiting` of the session whose turn is next
        ("waiting", "i8"),  # how many wait
        ("ended", "i8"),  # sessions whose `ending` nobody has seen to
        ("bytes_in", "i8"),
        ("bytes_out", "i8"),
        ("now_ns", "i8"),  # steady time of this turn
        ("heartbeat_ns", "i8"),  # `Patience`
        ("silent_ns", "i8"),
        ("slow_ns", "i8"),
    ]
)


class Patience(NamedTuple):
    """How long one waits for what, in seconds (spec/session.md).

    `heartbeat`: without a word from the server; it looks every 50 ms and promises one a second.
    `silent`: without a byte of the client; `slow`: while it takes none; `login`: until it has
    logged in.
    """

    heartbeat: float = 0.9
    silent: float = 15.0
    slow: float = 10.0
    login: float = 5.0


PATIENCE = Patience()


class Lines(NamedTuple):
    """Sessions and their buffers. `state` is one row of LINES."""

    state: np.ndarray
    sessions: np.ndarray
    received: np.ndarray  # uint8[rows * IN_BYTES]
    sending: np.ndarray  # uint8[rows * OUT_BYTES]
    waiting: np.ndarray  # int32, a ring: rows with packets that are read without a new byte
    batch: np.ndarray  # uint8: frames
    words: np.ndarray  # the same as int64
    wish: np.ndarray  # one row of calls.READY


def empty_lines(rows: int, epoll: int, patience: Patience) -> Lines:
    """Room for so many sessions; row 0 is nobody."""
    batch, state = np.zeros(BATCH_BYTES, np.uint8), np.zeros(1, LINES)
    state["epoll"] = epoll
    for name in ("heartbeat", "silent", "slow"):
        state[f"{name}_ns"] = int(getattr(patience, name) * SECOND_NS)
    return Lines(
        state,
        np.zeros(rows, SESSION),
        np.zeros(rows * IN_BYTES, np.uint8),
        np.zeros(rows * OUT_BYTES, np.uint8),
        np.zeros(rows, np.int32),
        batch,
        batch.view(np.int64),
        np.zeros(1, calls.READY),
    )


@inner
def lines_tables(lines):
    """As kernels hand them on; buffers stay arrays, for their addresses."""
    return Lines(
        table(lines.state),
        table(lines.sessions),
        lines.received,
        lines.sending,
        table(lines.waiting),
        lines.batch,
        table(lines.words),
        lines.wish,
    )
