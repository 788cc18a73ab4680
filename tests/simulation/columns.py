"""Events as rows of Python numbers, a handler's parameters naming the fields that it wants."""

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from checkers.wire import BY_NAME, HEAD
from numba import njit

Handler = Callable[..., None]


@njit(cache=True)
def _walk(words, offsets, templates):
    """Fill the words at which events begin, and their templates; how many there are, or -1."""
    place = count = 0
    while place < len(words):
        head = words[place]
        offsets[count] = place
        templates[count] = (head >> 16) & 0xFFFF
        count += 1
        place += (HEAD_BYTES + (head & 0xFFFF)) >> 3
    return count if place == len(words) else -1


HEAD_BYTES = HEAD.size


class Columns:
    """The handlers of an object, by event: those methods that are called as events are."""

    def __init__(self, owner: Any) -> None:
        self._handlers: dict[int, Handler] = {}
        self._rows: dict[int, np.dtype[Any]] = {}
        for name, (template, layout) in BY_NAME.items():
            handler = getattr(owner, name, None)
            if template < 100 or handler is None:
                continue
            fields = list(inspect.signature(handler).parameters)
            self._handlers[template] = handler
            self._rows[template] = np.dtype(
                {
                    "names": fields,
                    "formats": [layout.places[field][0] for field in fields],
                    "offsets": [HEAD_BYTES + layout.places[field][1] for field in fields],
                    "itemsize": HEAD_BYTES + layout.length,
                }
            )

    def calls(self, words: np.ndarray, events: "Index") -> Iterator[tuple[Handler | None, tuple]]:
        """For each event, in order: its handler and the arguments (None where there is none)."""
        rows = {
            template: iter(self._of(words, events.offsets[events.templates == template], kind))
            for template, kind in self._rows.items()
        }
        handlers = self._handlers
        for template in events.templates.tolist():
            if template in handlers:
                yield handlers[template], next(rows[template])
            else:
                yield None, ()

    def _of(self, words: np.ndarray, offsets: np.ndarray, kind: np.dtype) -> list[tuple]:
        inside = np.arange(kind.itemsize // 8)
        octets = words[offsets[:, None] + inside].view(np.uint8)
        return octets.reshape(-1).view(kind).tolist() if len(offsets) else []


class Index:
    """Where events begin in their words (int64), and their heads: sequence, time, index."""

    def __init__(self, words: np.ndarray) -> None:
        offsets, templates = np.zeros((2, len(words) // 3 + 2), np.int64)
        count = int(_walk(words, offsets, templates))
        self.is_whole = count >= 0
        count = max(count, 0)
        self.offsets, self.templates = offsets[:count], templates[:count]
        self.sequences = words[self.offsets + 1]
        self.times = words[self.offsets + 2]
        self.indices = words[self.offsets + 3] & 0xFFFFFFFF
