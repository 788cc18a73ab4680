"""How large the two systems are and what they have in common, counted from their source.

    python -m benchmarks.structure

A line of code is one that is neither blank nor comment nor docstring. Imports are modules outside
the standard library; those of the standard library are counted apart. A clone is a run of
`CLONE_TOKENS` tokens that stands in both systems, names and literals as they are written.
"""

import ast
import io
import json
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parents[1] / "src" / "twinex"
CLONE_TOKENS = 30
_SKIPPED = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}


def files(system: str) -> list[Path]:
    """Every source file of `venue` or `mirror`."""
    return sorted((PACKAGE / system).rglob("*.py"))


def _docstrings(tree: ast.AST) -> set[int]:
    """Lines on which docstrings stand."""
    lines: set[int] = set()
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            value = body[0].value
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                lines.update(range(value.lineno, (value.end_lineno or value.lineno) + 1))
    return lines


def tokens(path: Path) -> list[tokenize.TokenInfo]:
    """The file's tokens, without comments, docstrings and layout."""
    text = path.read_text(encoding="utf-8")
    apart = _docstrings(ast.parse(text))
    found = tokenize.generate_tokens(io.StringIO(text).readline)
    return [one for one in found if one.type not in _SKIPPED and one.start[0] not in apart]


def code_lines(path: Path) -> int:
    """Lines that are neither blank nor comment nor docstring."""
    return len({line for one in tokens(path) for line in range(one.start[0], one.end[0] + 1)})


def longest_function(paths: list[Path]) -> int:
    """Lines of the longest function, from its `def` to its end."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return max(
        (node.end_lineno or 0) - node.lineno + 1
        for path in paths
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, kinds)
    )


def imports(paths: list[Path]) -> set[str]:
    """Modules that the files import, by full name."""
    found: set[str] = set()
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                found.add(node.module or "")
    return found


def _runs(paths: list[Path]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every run of tokens, imports left out, and where it stands."""
    for path in paths:
        kept = [one for one in tokens(path) if not one.line.lstrip().startswith(("import", "from"))]
        words = [one.string for one in kept]
        for at in range(len(words) - CLONE_TOKENS + 1):
            where = f"{path.relative_to(PACKAGE)}:{kept[at].start[0]}"
            yield tuple(words[at : at + CLONE_TOKENS]), where


def clones(first: list[Path], second: list[Path]) -> list[str]:
    """Pairs of places that begin the same run of tokens."""
    known = dict(_runs(first))
    return [f"{known[run]} = {where}" for run, where in _runs(second) if run in known]


def figures() -> dict[str, Any]:
    """Sizes of both systems, and what they share."""
    venue, mirror = files("venue"), files("mirror")
    common = imports(venue) & imports(mirror)
    standard = {name for name in common if name.split(".")[0] in sys.stdlib_module_names}
    return {
        "lines": sum(map(code_lines, mirror)),
        "venue_lines": sum(map(code_lines, venue)),
        "files": len(mirror),
        "venue_files": len(venue),
        "longest_function_lines": longest_function(mirror),
        "imports_in_common": len(common - standard),
        "standard_modules_in_common": ", ".join(sorted(standard)),
        "clones": len(clones(venue, mirror)),
    }


if __name__ == "__main__":
    print(json.dumps(figures(), indent=2))
    for pair in clones(files("venue"), files("mirror")):
        print(pair)
