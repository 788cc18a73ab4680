"""Commands that make far more events than one segment holds: a thousand orders at one price."""

import pytest
from vectorkit.parse import VECTORS, Case, Reader
from vectorkit.replay import replay
from vectorkit.systems import VenueSystem

CROWD = 1000
SEGMENT_BYTES = 16384  # the least the venue takes
_RESTING = "".join(f"> s{at}: B1 sell 1 @ 3980.0 => rests\n" for at in range(CROWD))
_BEGIN = f"""== a crowd   [R 3; matching.md]
given AUCTION
but product_define 1 quantity_maximum_limit={CROWD}
"""
_LAST = f"""     position A1 long {CROWD}+0
     position B1 short {CROWD}+0
"""


def _fills(line: str) -> str:
    return "".join(
        line.format(order=f"s{at}", left=CROWD - 1 - at, number=at + 1) for at in range(CROWD)
    )


def _auction() -> str:
    pairs = _fills("     pair b {order} 1 @ 3980.0 left {left}/0 #{number} oi {number}\n")
    return f"""> b: A1 buy {CROWD} @ 3980.0 => rests
{_RESTING}> X phase_set product=1 phase=auction_match
     phase 1 auction_match
{pairs}     matched 1 3980.0 volume {CROWD} surplus 0
{_LAST}"""


def _sweep() -> str:
    fills = _fills("     fill {order} 1 @ 3980.0 sell left {left}/0 #{number} oi {number}\n")
    return f"""{_RESTING}> X phase_set product=1 phase=continuous => phase 1 continuous
> b: A1 buy {CROWD} @ 3980.0
     accepted
{fills}{_LAST}"""


def _mass_cancel() -> str:
    cancels = _fills("     cancelled {order} 1 @ 3980.0 mass\n")
    return f"""{_RESTING}> B1 mass_cancel mass_side=none
{cancels}     mass_cancelled {CROWD}
"""


def _expiry() -> str:
    cancels = _fills("     cancelled {order} 1 @ 3980.0 expired\n")
    return f"""{_RESTING}> X phase_set product=1 phase=closed
     phase 1 closed
{cancels}"""


def _read(rows: str) -> Case:
    reader = Reader()
    reader.read("setups.txt", (VECTORS / "setups.txt").read_text(encoding="utf-8"))
    reader.read("crowd.txt", _BEGIN + rows)
    return reader.cases[0]


@pytest.mark.parametrize(
    "rows",
    [_auction(), _sweep(), _mass_cancel(), _expiry()],
    ids=["auction", "sweep", "mass cancel", "expiry"],
)
def test_a_crowd_in_small_segments(rows: str) -> None:
    case = _read(rows)
    small = replay(case, VenueSystem(segment_bytes=SEGMENT_BYTES))
    assert small == replay(case, VenueSystem())
