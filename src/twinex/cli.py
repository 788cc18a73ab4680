"""The command line: `twinex day`, `tape`, `journal`, `book`, `image`, `umpire`, `restart`, …

The rooms are imported by the commands that need them, so that `--help` answers at once.
"""

import os
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

import twinex
from twinex.commands import (
    bench,
    book,
    day,
    feed,
    image,
    journal,
    restart,
    roll,
    tape,
    top,
    umpire,
    venue,
)
from twinex.commands.output import error_console

_PRODUCT = "twinex."
_INTERRUPTED = 130  # as a shell says it of a program that SIGINT ended
_EPILOG = "Start with [bold]twinex day[/bold]: a whole simulated trading day in about two minutes."


class Commands(TyperGroup):
    """Commands whose own errors end in one line on stderr and exit status 2; no traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            # Whoever read us has seen enough (`| head`): nothing is left to say.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(0) from None
        except KeyboardInterrupt as stop:
            _complain(f"interrupted: {stop}" if str(stop) else "interrupted")
            raise typer.Exit(_INTERRUPTED) from None
        except OSError as error:
            # A file or a directory of the person's that no room has met with a name of its own.
            _complain(f"{error.filename or 'the system'}: {error.strerror or error}")
            raise typer.Exit(2) from error
        except Exception as error:
            if not type(error).__module__.startswith(_PRODUCT):
                raise
            _complain(str(error))
            raise typer.Exit(2) from error


def _complain(words: str) -> None:
    """One line on stderr."""
    from rich.text import Text

    line = Text.assemble(("twinex:", "bold red"), " ", " ".join(words.split()))
    error_console().print(line, soft_wrap=True)


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
app.command("restart", epilog=restart.EPILOG)(restart.restart)
app.command("roll", epilog=roll.EPILOG)(roll.roll)
app.command("top", epilog=top.EPILOG)(top.top)
app.command("bench", epilog=bench.EPILOG, context_settings=bench.SETTINGS)(bench.bench)
app.add_typer(tape.app, name="tape")
app.add_typer(journal.app, name="journal")
app.add_typer(image.app, name="image")
app.add_typer(umpire.app, name="umpire")
app.add_typer(venue.app, name="venue")
app.add_typer(feed.app, name="feed")


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
