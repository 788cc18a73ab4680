"""`checksum` against zlib, compiled and with the compiler switched off."""

import os
import subprocess
import sys
import zlib

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from twinex.venue.compiler import PLAIN, kernel
from twinex.venue.journal.checksum import TABLE, chain_next, chain_next_plain, crc32

int64s = st.integers(-(1 << 63), (1 << 63) - 1)
crcs = st.integers(0, (1 << 32) - 1)


@kernel
def crc_of(words, octets, start_byte, length, seed, table):
    return crc32(words, octets, start_byte, length, seed, table)


@kernel
def chain_of(chain, crc):
    return chain_next(chain, crc)


def crc_at(content: bytes, start_word: int, seed: int) -> int:
    """`crc32` of `content` laid at word `start_word` of a buffer full of ones."""
    octets = np.full(8 * (start_word + len(content) // 8 + 2), 0xFF, dtype=np.uint8)
    start = 8 * start_word
    octets[start : start + len(content)] = np.frombuffer(content, dtype=np.uint8)
    return int(crc_of(octets.view(np.int64), octets, start, len(content), seed, TABLE))


@settings(max_examples=300, deadline=None)
@given(content=st.binary(max_size=300), start_word=st.integers(0, 3), seed=crcs)
@example(content=b"", start_word=0, seed=0)
@example(content=b"\xff" * 300, start_word=1, seed=0xFFFFFFFF)
def test_crc_is_zlibs(content: bytes, start_word: int, seed: int) -> None:
    assert crc_at(content, start_word, seed) == zlib.crc32(content, seed)


@pytest.mark.parametrize("size", range(65))
def test_crc_of_every_small_size(size: int) -> None:
    content = bytes((7 * place + 0x80) & 0xFF for place in range(size))
    assert crc_at(content, 0, 0) == zlib.crc32(content)


@settings(max_examples=300, deadline=None)
@given(chain=int64s, crc=crcs)
@example(chain=-1, crc=0)
@example(chain=(1 << 63) - 1, crc=0xFFFFFFFF)
def test_chain_follows_the_spec(chain: int, crc: int) -> None:
    expected = (((chain & (2**64 - 1)) ^ crc) * 0x9E3779B97F4A7C15) % 2**64
    for function in (chain_of, chain_next_plain):
        found = function(chain, crc)
        assert int(found) % 2**64 == expected
        assert -(2**63) <= int(found) < 2**63


@pytest.mark.skipif(PLAIN, reason="this is the run without the compiler")
def test_the_same_without_the_compiler() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
