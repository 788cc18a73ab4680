"""`twinex image`: write, show, check and compare state images of a day."""

import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.table import Table

from twinex.commands.output import console, warm_up
from twinex.commands.place import require_day

if TYPE_CHECKING:
    from twinex.venue.image.image import Image

app = typer.Typer(
    help="Write, show, check and compare state images of a day.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    epilog="A state image stands for the journal up to it: a restart is quick, and a day can roll "
    "to the next.",
)
Day = Annotated[
    Path, typer.Argument(metavar="DAY", help="The day's directory.", callback=require_day)
]
Which = Annotated[
    Path,
    typer.Argument(
        metavar="IMAGE", help="An image, or a day's directory: the latest of its images."
    ),
]


class ImageMissing(Exception):  # noqa: N818
    """There is no image where one was named; the text says what to do."""


@app.command()
def write(day: Day) -> None:
    """Write an image of the state at the day's last command.

    The day must not be running: it is opened as after a stop, and closed again.
    """
    from twinex.venue.venue import Venue

    shown = console()
    warm_up(shown)
    with Venue.reopen(day) as venue:
        started = time.perf_counter()
        path = venue.write_image()
        seconds = time.perf_counter() - started
        image = venue.image()
    shown.print(
        f"{path}: sequence {image.sequence}, {image.length:,} bytes in {seconds:.2f} s, "
        f"hash {image.hash.hex()}",
        soft_wrap=True,
    )


@app.command()
def show(image: Which) -> None:
    """Show what an image holds. Every hash is checked, and the rows against one another."""
    from twinex.venue.image.check import check_image

    shown, found = console(), _read(image)
    check_image(found)
    day = found.day
    shown.print(
        f"{found.path}\ntrading day {found.trading_day}, sequence {found.sequence}, term "
        f"{day['term']}, chain {int(day['chain']):016x}\nhash {found.hash.hex()}",
        soft_wrap=True,
    )
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("section")
    table.add_column("rows", justify="right")
    table.add_column("bytes", justify="right")
    for name, rows in found.sections.items():
        table.add_row(name, f"{len(rows):,}", f"{rows.nbytes:,}")
    shown.print(table)


@app.command()
def check(day: Day) -> None:
    """Replay the day's journal in a new core and hold the state against every image of the day.

    Exit status 1 if an image is damaged or another state than the journal makes.
    """
    from twinex.venue.image.errors import ImageError
    from twinex.venue.image.file import images_in, read_image

    shown, good = console(), True
    warm_up(shown)
    images = {}
    for path in reversed(images_in(day)):
        try:
            image = read_image(path)
            images[image.sequence] = image
        except ImageError as error:
            shown.print(str(error), soft_wrap=True)
            good = False
    for state in _states(day, images):
        written = images.pop(state.sequence)
        found = _told(written, state)
        good = good and not found
        shown.print(found or f"{written.path}: the state that the journal makes", soft_wrap=True)
    for image in images.values():
        shown.print(f"{image.path}: the journal ends before {image.sequence}", soft_wrap=True)
    if images or not good:
        raise typer.Exit(1)


def _states(day: Path, sequences: Iterable[int]) -> Iterator["Image"]:
    """The states behind these sequences, of a new core that lives through the journal.

    Sequences that the journal does not hold are passed over.
    """
    import numpy as np

    from twinex.umpire.recorded import Recorded, sequence_of
    from twinex.umpire.systems import VenueSystem
    from twinex.venue.image.image import from_bytes

    recorded, due = Recorded(day, so_far=True), set(sequences)
    system = VenueSystem(recorded.start)
    for batch in recorded.batches(sorted(due)):
        system.apply_all(batch)
        if sequence_of(batch[-1]) in due:
            yield from_bytes(np.frombuffer(system.image(), np.uint8))


@app.command()
def diff(one: Which, other: Which) -> None:
    """Say where two images differ. Exit status 1 if they do."""
    found = _told(_read(one), _read(other))
    console().print(found or "the same state", soft_wrap=True)
    if found:
        raise typer.Exit(1)


def _told(one: "Image", other: "Image") -> str:
    from twinex.venue.image.difference import differences

    lines = differences(one, other)
    return "\n".join([f"{one.path}: another state", *lines]) if lines else ""


def _read(path: Path) -> "Image":
    """The image in a file, or the latest of a day. Raises ImageMissing and the image's errors."""
    from twinex.venue.image.file import images_in, read_image

    if not path.is_dir():
        return read_image(path)
    images = images_in(path)
    if not images:
        raise ImageMissing(f"{path} holds no image: `twinex image write {path}` makes one")
    return read_image(images[0])
