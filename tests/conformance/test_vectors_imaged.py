"""Vectors against a system read back from its image before every command (spec/state.md)."""

import os
import random

import numpy as np
import pytest
from vectorkit.parse import Case, read_all
from vectorkit.replay import replay
from vectorkit.systems import VenueSystem

from twinex.venue.image.check import check_image
from twinex.venue.image.image import from_bytes
from twinex.venue.image.load import load

SEED = int(os.environ.get("TWINEX_SEED", random.SystemRandom().randrange(10**9)))
DRAWN = random.Random(SEED).sample(read_all(), 40)


class ImagedVenue(VenueSystem):
    """The venue, its core made anew from an image before each command; its ids lie elsewhere."""

    def send(self, seat: int, message: bytes, time_ns: int) -> bytes:
        image = from_bytes(np.frombuffer(self.image(), dtype=np.uint8))
        check_image(image)
        self._venue._core = load(image, salt=random.getrandbits(62))
        self._venue._enter_event_segment()
        return super().send(seat, message, time_ns)


@pytest.mark.parametrize("case", DRAWN, ids=lambda case: case.name)
def test_a_system_read_back_before_every_command_answers_the_same(case: Case) -> None:
    print(f"seed {SEED}")
    replay(case, ImagedVenue(first_sequence=case.setup.first_sequence))
