"""Under which conditions a benchmark ran, and its figures as a table."""

import os
import platform
import re
from typing import Any

import llvmlite.binding
import numba
import numpy as np
from rich.console import Console
from rich.table import Table


def lines() -> list[str]:
    """Processor, cores, load, versions."""
    load = ", ".join(f"{share:.1f}" for share in os.getloadavg())
    return [
        f"processor {_processor()} ({llvmlite.binding.get_host_cpu_name()}), "
        f"{os.cpu_count()} cores, load {load}",
        f"Python {platform.python_version()}, Numba {numba.__version__}, NumPy {np.__version__}, "
        f"{platform.system()} {platform.release()}",
    ]


def _processor() -> str:
    try:
        with open("/proc/cpuinfo") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _print_conditions() -> Console:
    console = Console(highlight=False)
    for line in lines():
        console.print(f"[dim]{line}[/]")
    return console


def report(name: str, figures: dict[str, Any]) -> None:
    """Conditions and figures, for people."""
    console = _print_conditions()
    table = Table(title=f"bench {name}", title_justify="left", show_header=False, box=None)
    for key, value in figures.items():
        if isinstance(value, dict):
            table.add_row(key, "")
            for part, figure in value.items():
                table.add_row(f"  {part}", _shown(figure))
        else:
            table.add_row(key, _shown(value))
    console.print(table)


def report_rows(name: str, rows: dict[str, dict[str, Any]], columns: dict[str, str]) -> None:
    """Conditions, and a line for each row: its figures named in `columns`, under those headings."""
    console = _print_conditions()
    table = Table(title=f"bench {name}", title_justify="left", box=None)
    table.add_column()
    for heading in columns.values():
        table.add_column(heading, justify="right", no_wrap=True)
    for key, figures in rows.items():
        title = re.sub(r"(?<=\d)_(?=\d)", ",", key).replace("_", " ")
        table.add_row(title, *(_shown(figures[column]) for column in columns))
    console.print(table)


def _shown(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
