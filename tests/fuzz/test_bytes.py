"""Byte strings that hypothesis draws, one submission after another on one day, and shrinks."""

import os
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzz.ground import Ground, good_frames
from fuzz.mutator import EXTREMES
from twinex.venue.wire.schema import COMMANDS, HEADER_BYTES, SCHEMA_ID, Template

_TEMPLATES = st.sampled_from(sorted(COMMANDS.values(), key=lambda template: template.id))
_NUMBERS = st.integers(0, 9) | st.sampled_from(EXTREMES.tolist())
_SEATS = st.integers(0, 7) | st.integers(-(1 << 31), (1 << 31) - 1)


@lru_cache
def _good() -> list[bytes]:
    return [each for part in good_frames(5, 300) for each in part]


@st.composite
def commands(draw: st.DrawFn) -> bytes:
    """A whole frame of some template, its numbers small or extreme, its lengths mostly right."""
    template: Template = draw(_TEMPLATES)
    block = np.zeros(template.block_length, np.uint8)
    row = block.view(template.block)[0]
    for name in template.block.names or ():
        kind = template.block[name]
        if kind.kind in "iu":
            row[name] = np.array(draw(_NUMBERS)).astype(kind)
    length = HEADER_BYTES + template.block_length + draw(st.sampled_from([0, 0, 0, -8, 3, 8]))
    head = np.array([template.block_length, template.id, SCHEMA_ID, 0], "<u2").tobytes()
    message = (head + block.tobytes() + bytes(8))[:length]
    return _framed(draw(_SEATS), message)


@st.composite
def changed(draw: st.DrawFn) -> bytes:
    """A good frame with other bytes somewhere in it."""
    octets = bytearray(draw(st.sampled_from(_good())))
    for _ in range(draw(st.integers(0, 3))):
        octets[draw(st.integers(0, len(octets) - 1))] = draw(st.integers(0, 255))
    return bytes(octets)


def _framed(seat: int, message: bytes) -> bytes:
    head = np.array([len(message), seat], "<i4").tobytes()
    return head + message + bytes(-len(message) % 8)


FRAMES = st.binary(max_size=96) | commands() | changed()
SUBMISSIONS = st.lists(st.lists(FRAMES, min_size=1, max_size=4).map(b"".join), max_size=12)


def _throw(submissions: list[bytes]) -> None:
    ground = Ground(11, warm=40)
    for octets in submissions:
        ground.throw(np.frombuffer(octets, np.uint8))
    ground.hold()


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(SUBMISSIONS)
def test_drawn_bytes(submissions: list[bytes]) -> None:
    _throw(submissions)


@pytest.mark.soak
def test_ten_thousand_drawn_byte_strings() -> None:
    examples = int(os.environ.get("TWINEX_EXAMPLES", "10000"))
    drawn = settings(
        max_examples=examples,
        deadline=None,
        derandomize=False,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )(given(SUBMISSIONS)(_throw))
    drawn()
