"""CSV files, gzipped or not, as columns of text: numbers are made exact afterwards."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from twinex.tape.errors import TapeBroken
from twinex.tape.locate import existing


def read_columns(path: Path | str, columns: Sequence[str]) -> pl.DataFrame:
    """The named columns of a CSV file with a header, all as String.

    Raises TapeMissing if there is no such file, TapeBroken if it is no CSV or lacks a column.
    """
    path = existing(path)
    try:
        return pl.read_csv(path, columns=list(columns), infer_schema=False)
    except pl.exceptions.PolarsError as error:
        wanted = ", ".join(columns)
        raise TapeBroken(f"{path}: needs the columns {wanted} as CSV: {error}") from error


def header(path: Path | str) -> list[str]:
    """The names in the first line of a CSV file. Raises TapeMissing, TapeBroken."""
    path = existing(path)
    try:
        return pl.read_csv(path, n_rows=0, infer_schema=False).columns
    except pl.exceptions.PolarsError as error:
        raise TapeBroken(f"{path} cannot be read as CSV: {error}") from error


def integers(frame: pl.DataFrame, name: str) -> np.ndarray:
    """A column of `frame` as int64. Raises TapeBroken when a cell is no integer."""
    try:
        column = frame[name].cast(pl.Int64)
    except pl.exceptions.PolarsError as error:
        raise TapeBroken(f"column {name} is not all integers: {error}") from error
    if column.null_count():
        raise TapeBroken(f"column {name} has empty cells")
    return column.to_numpy()
