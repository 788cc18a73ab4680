"""`twinex tape`: recorded markets, described, played and compared."""

from pathlib import Path
from typing import Annotated

import typer

from twinex.commands.output import console

app = typer.Typer(
    help="Recorded markets: look at them, play them, compare.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    epilog="A tape is a Shanghai orders or trades file, a LOBSTER zip, or a CTP tick file.",
)
Files = Annotated[list[Path], typer.Argument(help="One or more tapes.")]


@app.command()
def info(files: Files) -> None:
    """Say what a tape is: its kind, symbol, day, counts, times and prices."""
    from twinex.tape.info import info as describe

    shown = console()
    for place, path in enumerate(files):
        if place:
            shown.print()
        for line in describe(path).lines():
            shown.print(line)
