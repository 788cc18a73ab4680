"""On which line each key of a TOML text stands.

The standard library parses TOML but keeps no positions, and neither does tomlkit give any. This
walker only finds keys and values; it trusts that `tomllib` has accepted the text before.
"""

from bisect import bisect_right

Path = tuple[str | int, ...]

_SPACE = " \t\r\n"
_VALUE_END = ",]}#\n"
_TRIPLES = ('"""', "'''")


def locate(text: str) -> dict[Path, int]:
    """Line number (from 1) of every table, key and array element of a valid TOML `text`.

    Paths are those of the parsed document: `("products", 0, "tick", 1, "value")`.
    """
    return _Walker(text).walk()


class _Walker:
    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.lines: dict[Path, int] = {}
        self.starts = [0, *(i + 1 for i, c in enumerate(text) if c == "\n")]
        self.elements: dict[Path, int] = {}

    def walk(self) -> dict[Path, int]:
        prefix: Path = ()
        while self._skip_blank():
            if self.text.startswith("[[", self.position):
                prefix = self._header(2)
            elif self.text[self.position] == "[":
                prefix = self._header(1)
            else:
                self._pair(prefix)
        return self.lines

    def _mark(self, path: Path) -> None:
        self.lines.setdefault(path, bisect_right(self.starts, self.position))

    def _skip_blank(self) -> bool:
        """Past spaces, line ends and comments. False at the end of the text."""
        while self.position < len(self.text):
            character = self.text[self.position]
            if character == "#":
                end = self.text.find("\n", self.position)
                self.position = len(self.text) if end < 0 else end
            elif character in _SPACE:
                self.position += 1
            else:
                return True
        return False

    def _header(self, brackets: int) -> Path:
        line_mark = self.position
        self.position += brackets
        parts = self._keys()
        self._skip_blank()
        self.position += brackets
        end, self.position = self.position, line_mark
        path: Path = ()
        for depth, part in enumerate(parts, start=1):
            path = (*path, part)
            self._mark(path)
            if brackets == 2 and depth == len(parts):
                self.elements[path] = self.elements.get(path, -1) + 1
            if path in self.elements:
                path = (*path, self.elements[path])
                self._mark(path)
        self.position = end
        return path

    def _keys(self) -> list[str]:
        """A dotted key; the position ends on what follows it (`=` or `]`)."""
        keys = []
        while True:
            self._skip_blank()
            keys.append(self._key())
            self._skip_blank()
            if self.text[self.position] != ".":
                return keys
            self.position += 1

    def _key(self) -> str:
        start = self.position
        if self.text[start] in "\"'":
            self._skip_string()
            return self.text[start + 1 : self.position - 1]
        while self.text[self.position] not in " \t.=]":
            self.position += 1
        return self.text[start : self.position]

    def _pair(self, prefix: Path) -> None:
        start = self.position
        keys = self._keys()
        after, self.position = self.position + 1, start
        for depth in range(1, len(keys) + 1):
            self._mark((*prefix, *keys[:depth]))
        self.position = after
        self._value((*prefix, *keys))

    def _value(self, path: Path) -> None:
        self._skip_blank()
        self._mark(path)
        character = self.text[self.position]
        if character in "\"'":
            self._skip_string()
        elif character == "[":
            self._inside("]", path)
        elif character == "{":
            self._inside("}", path)
        else:
            while self.position < len(self.text) and self.text[self.position] not in _VALUE_END:
                self.position += 1

    def _inside(self, close: str, path: Path) -> None:
        """The elements of an array, or the pairs of an inline table."""
        self.position += 1
        index = 0
        while self._skip_blank() and self.text[self.position] != close:
            if self.text[self.position] == ",":
                self.position += 1
            elif close == "]":
                self._value((*path, index))
                index += 1
            else:
                self._pair(path)
        self.position += 1

    def _skip_string(self) -> None:
        quote = self.text[self.position]
        mark = quote * 3 if self.text.startswith(_TRIPLES, self.position) else quote
        self.position += len(mark)
        while not self.text.startswith(mark, self.position):
            escaped = quote == '"' and self.text[self.position] == "\\"
            self.position += 2 if escaped else 1
        self.position += len(mark)
        if len(mark) == 3:  # up to two more quotes belong to the text
            while self.text.startswith(quote, self.position):
                self.position += 1
