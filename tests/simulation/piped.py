"""A system in a process of its own: the mirror on PyPy, much faster; one with a planted fault."""

import atexit
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np

from simulation.records import Batch
from simulation.served import HEAD
from twinex.mirror.__main__ import NURSERY
from twinex.umpire.system import System

TESTS = Path(__file__).parents[1]
SOURCES = TESTS.parent / "src"


def interpreter() -> str | None:
    """PyPy, if it is installed."""
    return shutil.which("pypy3")


class PipeBroken(Exception):  # noqa: N818
    """The process on the other side ended, or raised: the text says what."""


class Piped(System):
    """A system behind a pipe; its process ends with `close`."""

    def __init__(
        self,
        room: str,
        first_sequence: int = 1,
        *,
        program: str = sys.executable,
        sources: Path = SOURCES,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        """`room`: `venue` or `mirror`, as it stands in `sources`."""
        self.name = room
        paths = os.pathsep.join([str(sources), str(TESTS)])
        self._process = subprocess.Popen(
            [program, "-m", "simulation.served", room],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={"PYPY_GC_NURSERY": NURSERY, **environment, "PYTHONPATH": paths},
        )
        self._ask(b"N", str(first_sequence).encode())

    def start(self, batch: Batch) -> None:
        self._send(b"A", batch.records.tobytes())

    def finish(self) -> np.ndarray:
        return np.frombuffer(self._answer(), np.uint8)

    def apply(self, record: bytes) -> bytes:
        return self._ask(b"A", record)

    def apply_all(self, records: Sequence[bytes]) -> bytes:
        return self._ask(b"A", b"".join(records))

    def image(self) -> bytes:
        return self._ask(b"I", b"")

    def go_on_from(self, octets: bytes) -> None:
        """Leave everything behind for the state of an image."""
        self._ask(b"F", octets)

    def begin(self, first_sequence: int) -> None:
        """A new day in the same process."""
        self._ask(b"N", str(first_sequence).encode())

    def _ask(self, asked: bytes, octets: bytes) -> bytes:
        self._send(asked, octets)
        return self._answer()

    def _send(self, asked: bytes, octets: bytes) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(HEAD.pack(asked, len(octets)))
            self._process.stdin.write(octets)
            self._process.stdin.flush()
        except BrokenPipeError:
            raise PipeBroken(f"the process ended with {self._process.wait()}") from None

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
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            try:
                stream.close()
            except BrokenPipeError:
                continue  # what it never read


class PipedMirror(Piped):
    """The mirror on PyPy, or on this Python where there is none.

    Its process lives on for the next day: what PyPy has compiled of one it need not compile again.
    """

    _spare: ClassVar[list["subprocess.Popen[bytes]"]] = []

    def __init__(self, first_sequence: int = 1) -> None:
        if not self._spare:
            super().__init__("mirror", first_sequence, program=interpreter() or sys.executable)
            atexit.register(super().close)
            return
        self.name, self._process = "mirror", self._spare.pop()
        self.begin(first_sequence)

    @classmethod
    def from_image(cls, octets: bytes) -> "PipedMirror":
        system = cls()
        system.go_on_from(octets)
        return system

    def close(self) -> None:
        """Leave the process to the next day; one that ended is gone."""
        if self._process.poll() is None:
            self._spare.append(self._process)
