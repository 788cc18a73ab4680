"""Options that several commands share."""

from typing import Annotated, Literal

import typer

Durability = Annotated[
    Literal["memory", "disk"],
    typer.Option(help="When a command counts as done: memory (applied) or disk (synchronised)."),
]
Keep = Annotated[
    bool, typer.Option("--keep/--no-keep", help="Keep journal and events on disk, or nothing.")
]
