"""Every vector against the mirror on PyPy; the other tests run it on this Python."""

import pytest
from simulation.piped import PipedMirror, interpreter
from vectorkit.parse import read_all
from vectorkit.replay import replay

from twinex.mirror.sequencer import Sequencer


class PyPyMirror:
    """The mirror's core in a process of PyPy's, behind the mirror's sequencer in this one."""

    def __init__(self, first_sequence: int) -> None:
        self._sequencer, self.core = Sequencer(first_sequence), PipedMirror(first_sequence)

    def send(self, seat: int, message: bytes, time_ns: int) -> bytes:
        return self.core.apply(self._sequencer.record(seat, message, time_ns))

    def image(self) -> bytes:
        return self.core.image()


@pytest.mark.skipif(not interpreter(), reason="pypy3 is not installed (Debian: apt install pypy3)")
def test_every_case_on_pypy() -> None:
    for case in read_all():
        mirror = PyPyMirror(case.setup.first_sequence)
        replay(case, mirror)
        mirror.core.close()
