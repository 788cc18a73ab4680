"""The mirror stands apart: on the standard library and itself alone, as Python 3.9 reads it."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

MIRROR = Path(__file__).parents[2] / "src" / "twinex" / "mirror"
FILES = sorted(MIRROR.glob("*.py"))
FUNCTION_LINES_MAX = 60


def _modules(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports say where they come from"
            yield node.module or ""


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_it_imports_nothing_but_the_standard_library_and_itself(path: Path) -> None:
    for module in _modules(ast.parse(path.read_text(encoding="utf-8"))):
        own = module == "twinex.mirror" or module.startswith("twinex.mirror.")
        assert own or module.split(".")[0] in sys.stdlib_module_names, module


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_python_3_9_reads_it(path: Path) -> None:
    ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 9))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_its_functions_fit_on_a_page(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno is not None
            assert node.end_lineno - node.lineno < FUNCTION_LINES_MAX, node.name


def test_there_is_something_to_test() -> None:
    assert {"core.py", "matching.py", "image.py"} <= {path.name for path in FILES}
