"""Where commands print: consoles, and the line that shows while kernels compile.

Colours follow the terminal and NO_COLOR; what is piped elsewhere is plain text of a fixed width.
"""

import os
import sys

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

_PIPED_WIDTH = 100


class Screen(Console):
    """A console whose reader may leave early (`| head`): that is no failure."""

    def on_broken_pipe(self) -> None:
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0)


def console() -> Console:
    """Standard output."""
    return Screen(width=None if sys.stdout.isatty() else _PIPED_WIDTH, highlight=False)


def error_console() -> Console:
    """Standard error."""
    return Console(stderr=True, highlight=False)


def warm_up(shown: Console, *, gateway: bool = False) -> None:
    """Load the venue's kernels, compiling those that this machine has not compiled yet.

    How far that is shows from the first that has to be compiled: a cache may be there in part.
    `gateway`: those of the gateway too.
    """
    from twinex.venue.compiler import FUNCTIONS
    from twinex.venue.warm import warm_up as load_kernels

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:.0f} of {task.total:.0f}"),
        TimeElapsedColumn(),
    )
    progress = Progress(*columns, console=shown, transient=True)
    task = progress.add_task("compiling", total=len(FUNCTIONS))

    def tell(done: int, total: int, name: str) -> None:
        if done == 1:
            shown.print("Compiling for this machine: once for each version, about a minute.")
            progress.start()
        progress.update(task, completed=done, total=total, description=f"compiling {name}")

    try:
        load_kernels(tell, gateway=gateway)
    finally:
        if progress.live.is_started:  # stopping what never began would print an empty line
            progress.stop()
