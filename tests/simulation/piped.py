"""The mirror in a process of its own, on PyPy where there is one: much faster."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np

from simulation.records import Batch
from simulation.served import HEAD

_TESTS = Path(__file__).parents[1]


def interpreter() -> str | None:
    """PyPy, if it is installed."""
    return shutil.which("pypy3")


class PipeBroken(Exception):  # noqa: N818
    """The process on the other side ended or raised; the text says what it said last."""


class PipedMirror:
    """A mirror behind a pipe. The process ends with this object."""

    name = "mirror"

    def __init__(self, first_sequence: int = 1) -> None:
        self._process = _started()
        self._ask(b"N", str(first_sequence).encode())

    @classmethod
    def from_image(cls, octets: bytes) -> "PipedMirror":
        system = cls()
        system._ask(b"F", octets)
        return system

    def start(self, batch: Batch) -> None:
        self._send(b"A", batch.records.tobytes())

    def finish(self) -> np.ndarray:
        return np.frombuffer(self._answer(), np.uint8)

    def image(self) -> bytes:
        return self._ask(b"I", b"")

    def _ask(self, asked: bytes, octets: bytes) -> bytes:
        self._send(asked, octets)
        return self._answer()

    def _send(self, asked: bytes, octets: bytes) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(HEAD.pack(asked, len(octets)))
        self._process.stdin.write(octets)
        self._process.stdin.flush()

    def _answer(self) -> bytes:
        assert self._process.stdout is not None
        head = self._process.stdout.read(HEAD.size)
        if len(head) < HEAD.size:
            raise PipeBroken(f"the process ended with {self._process.wait()}")
        said, length = HEAD.unpack(head)
        octets = self._process.stdout.read(length)
        if said != b".":
            raise PipeBroken(octets.decode(errors="replace"))
        return octets

    def close(self) -> None:
        """End the process."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None and not stream.closed:
                stream.close()

    def __del__(self) -> None:
        self.close()


def _started() -> "subprocess.Popen[bytes]":
    """The process, with the product's sources and the tests on its path."""
    paths = os.pathsep.join([str(_TESTS.parent / "src"), str(_TESTS)])
    return subprocess.Popen(
        [interpreter() or sys.executable, "-m", "simulation.served"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": paths},
    )
