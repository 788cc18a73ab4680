"""Walls between rooms: who may import whom, and what no core may touch."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src"
PACKAGE = SOURCE / "twinex"
ROOMS = {entry.stem for entry in PACKAGE.iterdir() if entry.stem[0] not in "_."}

# What each room may import of the others. A room that is not listed here fails the test.
ALLOWED = {
    "venue": set(),
    "show": {"venue"},
    "readers": {"venue", "show"},
    "tape": {"venue", "show"},
    "day": {"venue", "show", "readers"},
    "umpire": {"venue", "mirror"},  # see KNOWING
    "commands": {"venue", "show", "readers", "tape", "day", "umpire", "client"},
    "cli": {"commands"},
    "client": set(),  # what a member imports: it knows the market by spec/ alone
}
MIRROR = "mirror"  # shares nothing with any room, and uses the standard library only
STANDARD = (MIRROR, "client")  # use the standard library only

# The umpire compares without knowing whom: what else it has imports neither system.
KNOWING = {
    "systems.py": ("twinex.venue.", "twinex.mirror."),  # makes them
    "recorded.py": ("twinex.venue.journal.",),  # reads a day's files
}
COMPARING = ("compare", "difference", "page", "state", "rows", "around", "sentences")

CORE_MAY_IMPORT = {
    "numpy",
    "numba",
    "typing",
    "twinex.venue.compiler",
    "twinex.venue.tables",
    "twinex.venue.core",
    "twinex.venue.wire.codes",
    "twinex.venue.wire.schema",
}
LOOKING_ON = {"view.py", "check.py"}  # read the tables from outside; no command runs through them


def _files(room: str) -> list[Path]:
    path = PACKAGE / room
    return sorted(path.rglob("*.py")) if path.is_dir() else [path.with_suffix(".py")]


def _imports(path: Path) -> Iterator[str]:
    """Full names of what a file imports, wherever in it the import stands."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _room_of(name: str) -> str | None:
    parts = name.split(".")
    return parts[1] if parts[0] == "twinex" and len(parts) > 1 and parts[1] in ROOMS else None


@pytest.mark.parametrize("room", sorted(ROOMS - {MIRROR}))
def test_room_imports_only_what_it_may(room: str) -> None:
    allowed = ALLOWED[room] | {room, None}
    wrong = [
        f"{path.relative_to(SOURCE)} imports {name}"
        for path in _files(room)
        for name in _imports(path)
        if _room_of(name) not in allowed
    ]
    assert wrong == []


@pytest.mark.parametrize("room", STANDARD)
def test_shares_nothing(room: str) -> None:
    standard = sys.stdlib_module_names
    wrong = [
        f"{path.relative_to(SOURCE)} imports {name}"
        for path in _files(room)
        for name in _imports(path)
        if not name.startswith(f"twinex.{room}") and name.split(".")[0] not in standard
    ]
    assert wrong == []


def test_the_umpire_compares_without_knowing_whom() -> None:
    wrong = [
        f"{path.relative_to(SOURCE)} imports {name}"
        for path in _files("umpire")
        for name in _imports(path)
        if _room_of(name) not in ("umpire", None)
        and not name.startswith(KNOWING.get(path.name, ()))
    ]
    assert wrong == []


def test_nothing_of_a_system_is_loaded_to_compare() -> None:
    imports = "; ".join(f"import twinex.umpire.{name}" for name in COMPARING)
    loaded = "{name.split('.')[1] for name in sys.modules if name.startswith('twinex.')}"
    command = [sys.executable, "-c", f"import sys; {imports}; print(*{loaded})"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["umpire"]


def _core_files() -> list[Path]:
    return [path for path in _files("venue/core") if path.name not in LOOKING_ON]


@pytest.mark.parametrize("path", _core_files(), ids=lambda path: path.name)
def test_core_imports_no_clock_no_file_no_chance(path: Path) -> None:
    wrong = [
        name
        for name in _imports(path)
        if not any(name == known or name.startswith(known + ".") for known in CORE_MAY_IMPORT)
    ]
    assert wrong == []


@pytest.mark.parametrize("path", _core_files(), ids=lambda path: path.name)
def test_core_has_no_floats(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        is_float = isinstance(node, ast.Constant) and isinstance(node.value, float)
        is_division = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)
        is_cast = isinstance(node, ast.Name) and node.id == "float"
        line = getattr(node, "lineno", 0)
        found = is_float or is_division or is_cast
        assert not found, f"{path.name}:{line} has a float"


def test_core_refuses_to_start_without_its_assertions() -> None:
    command = [sys.executable, "-O", "-c", "import twinex.venue.compiler"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "without -O" in done.stderr
