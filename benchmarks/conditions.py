"""Under which conditions a benchmark ran, and its figures as a table."""

import os
import platform
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


def report(name: str, figures: dict[str, Any]) -> None:
    """Conditions and figures, for people."""
    console = Console(highlight=False)
    for line in lines():
        console.print(f"[dim]{line}[/]")
    table = Table(title=f"bench {name}", title_justify="left", show_header=False, box=None)
    for key, value in figures.items():
        if isinstance(value, dict):
            table.add_row(key, "")
            for part, figure in value.items():
                table.add_row(f"  {part}", _shown(figure))
        else:
            table.add_row(key, _shown(value))
    console.print(table)


def _shown(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
