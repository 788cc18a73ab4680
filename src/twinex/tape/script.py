"""A recording ready to be played: the venue's day around it, and its orders as commands."""

from typing import NamedTuple

import numpy as np

from twinex.tape import lobster, lobster_player, shanghai
from twinex.tape.errors import TapeError
from twinex.tape.kinds import Kind, Recording
from twinex.tape.stage import Stage, lobster_stage, shanghai_stage


class NothingToPlay(TapeError):  # noqa: N818
    """A tape of snapshots: it holds no orders."""


class Script(NamedTuple):
    """`commands`: columns.COMMAND."""

    stage: Stage
    commands: np.ndarray


def script_of(recording: Recording) -> Script:
    """Read a recording. Raises NothingToPlay for ticks, and what reading and staging raise."""
    if recording.kind is Kind.SHANGHAI_ORDERS:
        stock = shanghai.read_day(*recording.paths)
        return Script(shanghai_stage(stock), stock.commands)
    if recording.kind is Kind.LOBSTER:
        book = lobster.read_day(*recording.paths)
        return Script(lobster_stage(book), lobster_player.player(book).commands)
    raise NothingToPlay(
        f"{recording.paths[0]} holds snapshots, no orders: nothing to play. "
        "`twinex tape check` recomputes its limits and settlement price"
    )
