"""The locator finds every key and element that tomllib finds, on the line where it stands."""

import tomllib
from typing import Any

import pytest

from twinex.venue.reference.loader import markets_directory
from twinex.venue.reference.locator import Path, locate

TRICKY = (
    '''\
# [not.a.table]
a = 1 # "quoted" # twice
"b c" = 'its'
d.e = { f = [1, [2, 3], "]"], g.h = "}" }

[t]
long = """
x = 1
[no]"""""
raw = \'\'\'
y = "'''
    + """
'''
text = "a \\\\" # ["
list = [
    # a comment ]
    { k = 1 },
    { k = 2, l = [
        3 ] },
]
[[t.u]]
k = 1
[t.u.v]
k = 2
[[t.u]]
k = 3
"""
)


def flatten(value: Any, path: Path = ()) -> list[Path]:
    keys = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for key, inner in keys:
        found.append((*path, key))
        if isinstance(inner, dict | list):
            found += flatten(inner, (*path, key))
    return found


def test_lines_of_a_tricky_text() -> None:
    lines = locate(TRICKY)
    assert set(flatten(tomllib.loads(TRICKY))) == set(lines)
    expected: dict[Path, int] = {
        ("a",): 2,
        ("b c",): 3,
        ("d", "e", "f", 1, 0): 4,
        ("d", "e", "g", "h"): 4,
        ("t",): 6,
        ("t", "long"): 7,
        ("t", "raw"): 10,
        ("t", "text"): 13,
        ("t", "list", 1, "k"): 17,
        ("t", "list", 1, "l", 0): 18,
        ("t", "u", 0, "v", "k"): 23,
        ("t", "u", 1, "k"): 25,
    }
    assert {path: lines[path] for path in expected} == expected


@pytest.mark.parametrize("name", ["calendar", "cffex", "open", "shfe", "sse"])
def test_every_key_of_the_shipped_files_is_on_its_line(name: str) -> None:
    text = (markets_directory() / f"{name}.toml").read_text()
    lines = locate(text)
    paths = flatten(tomllib.loads(text))
    assert set(paths) == set(lines)
    shown = text.splitlines()
    for path in paths:
        if isinstance(path[-1], str):
            assert path[-1] in shown[lines[path] - 1], path
