"""`twinex bench`: run one of the checkout's benchmarks."""

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

EPILOG = """
[bold]Examples[/bold]

twinex bench                 which benchmarks there are

twinex bench core            run one

twinex bench core --json     its figures alone, for other programs

twinex bench agree --commands 100000     what else it takes, behind its name
"""


SETTINGS = {"allow_extra_args": True, "ignore_unknown_options": True}


class BenchError(Exception):
    """A benchmark that is not there; the text says which are."""


def bench(
    ctx: typer.Context,
    name: Annotated[
        str | None, typer.Argument(help="benchmarks/bench_NAME.py; without it they are listed.")
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print the final JSON object alone, on one line.")
    ] = False,
) -> None:
    """Run a benchmark. The last line it prints is one JSON object with every figure.

    Options that are not named here are the benchmark's own.
    """
    root = _checkout()
    directory = root / "benchmarks"
    names = sorted(path.stem.removeprefix("bench_") for path in directory.glob("bench_*.py"))
    if name is None:
        for known in names:
            typer.echo(known)
        return
    name = name.replace("-", "_")
    if name not in names:
        raise BenchError(
            f"no benchmark {name!r} in {directory}: it has {', '.join(names) or 'none'}"
        )
    command = [sys.executable, "-m", f"benchmarks.bench_{name}", *ctx.args]
    if not json:
        raise typer.Exit(subprocess.run(command, check=False, cwd=root).returncode)
    done = subprocess.run(command, check=False, cwd=root, stdout=subprocess.PIPE, text=True)
    if done.returncode == 0:
        typer.echo(done.stdout.rstrip().rpartition("\n")[2])
    raise typer.Exit(done.returncode)


def _checkout() -> Path:
    """The checkout's root, from which its benchmarks import each other."""
    from twinex.venue.wire.schema import spec_directory

    root = spec_directory().parent
    if not (root / "benchmarks").is_dir():
        raise BenchError("benchmarks are part of the source checkout: run `twinex bench` in one")
    return root
