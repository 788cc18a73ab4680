"""`twinex restart`: open a day as after a stop, say by what and how long, and close it again."""

import time
from pathlib import Path
from typing import Annotated

import typer

from twinex.commands.output import console, warm_up
from twinex.commands.place import require_day

EPILOG = """
[bold]Examples[/bold]

twinex restart days/20260706            by the latest good image and the journal behind it

twinex restart days/20260706 --replay   by all of the journal, whatever images there are
"""


def restart(
    day: Annotated[
        Path, typer.Argument(metavar="DAY", help="The day's directory.", callback=require_day)
    ],
    replay: Annotated[
        bool, typer.Option("--replay", help="Read no image: replay all of the journal.")
    ] = False,
) -> None:
    """Bring a day back after a stop, or see that it can be: check, cut a torn end, replay, release.

    What a killed process left is then as a running venue would find it.
    """
    from twinex.venue.venue import Venue

    shown = console()
    warm_up(shown)
    started = time.perf_counter()
    with Venue.reopen(day, images=not replay) as venue:
        seconds = time.perf_counter() - started
        assert venue.restart is not None
        for reason in venue.restart.passed_over:
            shown.print(reason, soft_wrap=True)
        image, first = venue.restart.image, venue.restart.sequence
        by = (
            f"by {image.name} and {venue.sequence - first:,} commands behind it"
            if image
            else ("by all of its journal")
        )
        shown.print(
            f"{day} stands at sequence {venue.sequence}, back in {seconds:.2f} s {by}; "
            f"state {venue.image().hash.hex()}",
            soft_wrap=True,
        )
