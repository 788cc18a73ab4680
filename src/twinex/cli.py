"""The command line: `twinex day`, `tape`, `journal`, `book`, `bench`.

The rooms are imported by the commands that need them, so that `--help` answers at once.
"""

import os
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

import twinex
from twinex.commands import bench, book, day, journal, tape
from twinex.commands.output import error_console

_PRODUCT = "twinex."
_EPILOG = "Start with [bold]twinex day[/bold]: a whole simulated trading day in about a minute."


class Commands(TyperGroup):
    """Commands whose own errors end in one line on stderr and exit status 2; no traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            # Whoever read us has seen enough (`| head`): nothing is left to say.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(0) from None
        except Exception as error:
            if not type(error).__module__.startswith(_PRODUCT):
                raise
            error_console().print(f"[bold red]twinex:[/] {_one_line(error)}", soft_wrap=True)
            raise typer.Exit(2) from error


def _one_line(error: Exception) -> str:
    from rich.markup import escape

    return escape(" ".join(str(error).split()))


app = typer.Typer(
    cls=Commands,
    name="twinex",
    help="A derivatives market in software.",
    epilog=_EPILOG,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("day", epilog=day.EPILOG)(day.day)
app.command("book", epilog=book.EPILOG)(book.book)
app.command("bench", epilog=bench.EPILOG)(bench.bench)
app.add_typer(tape.app, name="tape")
app.add_typer(journal.app, name="journal")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"twinex {twinex.__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which version.")
    ] = False,
) -> None:
    """A derivatives market in software."""


def main() -> None:
    """Entry point of the `twinex` script."""
    app()
