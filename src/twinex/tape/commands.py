"""Commands of a tape as the framed bytes that a sequencer takes."""

from typing import NamedTuple

import numpy as np

from twinex.tape.errors import TapeError
from twinex.venue.wire import codes
from twinex.venue.wire.messages import frame_array


class Frames(NamedTuple):
    """`data[offsets[i]:offsets[i + 1]]` is frame i; `times_ns[i]` its time on the tape."""

    data: np.ndarray  # uint8
    offsets: np.ndarray  # int64, one more than there are frames
    times_ns: np.ndarray  # int64


def frames(commands: np.ndarray, seat: int = 1, instrument: int = 1, account: int = 1) -> Frames:
    """Frame `commands` (columns.COMMAND) in their order, as sent from `seat` by `account`.

    Halts are the exchange's own and come from seat 0. Raises TapeError for a template that no
    tape has.
    """
    parts = []
    sizes = np.zeros(len(commands), dtype=np.int64)
    for template in np.unique(commands["template"]).tolist():
        chosen = np.flatnonzero(commands["template"] == template)
        fill = _FILL.get(template)
        if fill is None:
            raise TapeError(f"command {chosen[0]} has template {template}, which tapes do not use")
        rows = fill(commands[chosen], seat, instrument, account)
        sizes[chosen] = rows.dtype.itemsize
        parts.append((chosen, rows))
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    data = np.zeros(offsets[-1], dtype=np.uint8)
    for chosen, rows in parts:
        size = rows.dtype.itemsize
        places = offsets[chosen][:, np.newaxis] + np.arange(size)
        data[places] = rows.view(np.uint8).reshape(len(rows), size)
    return Frames(data, offsets, commands["time_ns"].copy())


def _enter(commands: np.ndarray, seat: int, instrument: int, account: int) -> np.ndarray:
    rows = frame_array("order_enter", len(commands), seat)
    for name in ("client_id", "price", "quantity", "side", "time_in_force"):
        rows[name] = commands[name]
    rows["instrument"], rows["account"] = instrument, account
    rows["kind"], rows["offset"] = codes.KIND_LIMIT, codes.OFFSET_OPEN
    return rows


def _cancel(commands: np.ndarray, seat: int, _instrument: int, _account: int) -> np.ndarray:
    rows = frame_array("order_cancel", len(commands), seat)
    rows["client_id"], rows["target_client_id"] = commands["client_id"], commands["order"]
    return rows


def _amend(commands: np.ndarray, seat: int, _instrument: int, _account: int) -> np.ndarray:
    rows = frame_array("order_amend", len(commands), seat)
    rows["client_id"], rows["target_client_id"] = commands["client_id"], commands["order"]
    rows["new_price"], rows["new_quantity"] = commands["price"], commands["quantity"]
    return rows


def _halt(commands: np.ndarray, _seat: int, instrument: int, _account: int) -> np.ndarray:
    rows = frame_array("halt_set", len(commands), seat=0)
    rows["instrument"], rows["halted"] = instrument, commands["halted"]
    return rows


_FILL = {
    codes.ORDER_ENTER: _enter,
    codes.ORDER_CANCEL: _cancel,
    codes.ORDER_AMEND: _amend,
    codes.HALT_SET: _halt,
}
