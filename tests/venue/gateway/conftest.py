"""Connections that a test has left open are closed behind it."""

from collections.abc import Iterator

import pytest
from talk import OPEN


@pytest.fixture(autouse=True)
def _closed_behind() -> Iterator[None]:
    yield
    while OPEN:
        OPEN.pop().close()
