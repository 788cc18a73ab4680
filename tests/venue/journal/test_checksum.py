"""`checksum` against zlib, compiled and with the compiler switched off."""

import os
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from twinex.venue.compiler import kernel
from twinex.venue.journal.carryless import CARRYLESS
from twinex.venue.journal.checksum import TABLE, chain_next, chain_next_plain, crc32, crc32_of_three

int64s = st.integers(-(1 << 63), (1 << 63) - 1)
crcs = st.integers(0, (1 << 32) - 1)


@kernel
def crc_of(words, place, count, seed, table):
    return crc32(words, place, count, seed, table)


@kernel
def crc_of_three(first, second, third, seed, table):
    return crc32_of_three(first, second, third, seed, table)


@kernel
def chain_of(chain, crc):
    return chain_next(chain, crc)


def crc_at(content: bytes, place: int, seed: int) -> int:
    """`crc32` of `content` (whole words) laid at word `place` of a buffer full of ones."""
    words = np.full(place + len(content) // 8 + 2, -1, dtype=np.int64)
    words[place : place + len(content) // 8] = np.frombuffer(content, dtype=np.int64)
    return int(crc_of(words, place, len(content) // 8, seed, TABLE))


contents = st.lists(int64s, max_size=40).map(lambda words: np.array(words, np.int64).tobytes())


@settings(max_examples=300, deadline=None)
@given(content=contents, place=st.integers(0, 3), seed=crcs)
@example(content=b"", place=0, seed=0)
@example(content=b"\xff" * 304, place=1, seed=0xFFFFFFFF)
def test_crc_is_zlibs(content: bytes, place: int, seed: int) -> None:
    assert crc_at(content, place, seed) == zlib.crc32(content, seed)


@pytest.mark.parametrize("count", range(40))
def test_crc_of_every_small_count(count: int) -> None:
    content = bytes((7 * place + 0x80) & 0xFF for place in range(8 * count))
    assert crc_at(content, 0, 0) == zlib.crc32(content)


@settings(max_examples=300, deadline=None)
@given(words=st.tuples(int64s, int64s, int64s), seed=crcs)
@example(words=(-1, -1, -1), seed=0xFFFFFFFF)
def test_crc_of_three_words_is_zlibs(words: tuple[int, int, int], seed: int) -> None:
    expected = zlib.crc32(np.array(words, np.int64).tobytes(), seed)
    assert int(crc_of_three(*words, seed, TABLE)) == expected


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


@pytest.mark.skipif(not CARRYLESS, reason="this is a run without, or the processor cannot")
@pytest.mark.parametrize("without", ["NUMBA_DISABLE_JIT=1", "NUMBA_CPU_NAME=generic"])
def test_the_same_without_the_instruction(without: str, tmp_path: Path) -> None:
    name, value = without.split("=")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__],
        env={**os.environ, name: value, "TWINEX_CACHE": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
