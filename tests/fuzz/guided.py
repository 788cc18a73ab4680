"""A coverage-guided fuzzer over the core in plain Python: what atheris finds interesting it keeps.

    make fuzz                               # ten minutes; SECONDS=60 for one
    NUMBA_DISABLE_JIT=1 python tests/fuzz/guided.py CORPUS -max_total_time=600

Every input is read as frames: two bytes choose seat and template, the rest fills the block, so that
the fuzzer need not learn headers; one in 16 is thrown as it is. The day goes on from one input to
the next, and a new one begins where it is over; each input ends with the core's self-check. What
broke a day is kept beside the corpus (`Ground.keep`), with all that came before it.
"""

import sys
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[1]))

with atheris.instrument_imports(include=["twinex.venue.core", "twinex.venue.sequencer"]):
    import numpy as np

    from fuzz.ground import Ground, good_frames
    from twinex.venue.compiler import PLAIN
    from twinex.venue.core import room
    from twinex.venue.wire.schema import COMMANDS, HEADER_BYTES, SCHEMA_ID

COMMANDS_A_DAY = 1_000
INPUT_BYTES_MAX = 400
_TEMPLATES = sorted(COMMANDS.values(), key=lambda template: template.id)


class Days:
    """The present day, and how many there were."""

    def __init__(self, directory: Path) -> None:
        self.directory, self.number = directory, 0
        self.ground = Ground(0, warm=20)

    def see(self, octets: bytes) -> None:
        """One input."""
        if self.ground.is_over or self.ground.venue.sequence > COMMANDS_A_DAY:
            self.number += 1
            self.ground = Ground(self.number, warm=20)
        try:
            self.ground.throw(np.frombuffer(frames_of(octets), np.uint8))
            self.ground.hold()
        except BaseException:
            print("kept in", self.ground.keep(self.directory))
            raise


def frames_of(octets: bytes) -> bytes:
    """The frames that an input stands for."""
    if octets[:1] < b"\x10":
        return octets[1:]
    frames, place = [], 1
    while place + 2 <= len(octets) and len(frames) < 8:
        seat, template = octets[place] % 8, _TEMPLATES[octets[place + 1] % len(_TEMPLATES)]
        if template.name == "day_end" and octets[place] > 7:
            seat = 1
        block = octets[place + 2 : place + 2 + template.block_length]
        head = np.array([template.block_length, template.id, SCHEMA_ID, 0], "<u2").tobytes()
        message = head + block.ljust(template.block_length, b"\0")
        frame = np.array([HEADER_BYTES + template.block_length, seat], "<i4").tobytes()
        frames.append(frame + message + bytes(-len(message) % 8))
        place += 2 + template.block_length
    return b"".join(frames)


def plant(corpus: Path) -> None:
    """Commands of a random day as first inputs, so that not every one need be found."""
    corpus.mkdir(parents=True, exist_ok=True)
    places = {template.id: place for place, template in enumerate(_TEMPLATES)}
    for number, frame in enumerate(each for part in good_frames(1, 300) for each in part):
        template = int.from_bytes(frame[10:12], "little")
        if template in places and len(frame) < INPUT_BYTES_MAX:
            octets = bytes([255, frame[4] % 8, places[template]]) + frame[16:]
            (corpus / f"day-{number}").write_bytes(octets)


def main() -> None:
    assert PLAIN, "coverage is of plain Python: set NUMBA_DISABLE_JIT=1"
    for name in ("ORDERS", "POSITIONS", "IDS", "SLOTS", "LEVELS", "WORDS"):
        setattr(room, f"_START_{name}", 64)
    corpus = Path(sys.argv[1])
    plant(corpus)
    found = f"-artifact_prefix={corpus.parent}/"
    options = [f"-max_len={INPUT_BYTES_MAX}", "-len_control=0", found, *sys.argv[2:]]
    atheris.Setup([sys.argv[0], str(corpus), *options], Days(corpus.parent).see)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
