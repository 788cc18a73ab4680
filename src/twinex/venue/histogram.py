"""A histogram of durations that compiled code fills: 32 buckets for each doubling, so 3% wide."""

import numpy as np

from twinex.venue.compiler import inner

_SUB_BITS = 5
_SUB = 1 << _SUB_BITS
BUCKETS = _SUB * 50


def empty() -> np.ndarray:
    """A histogram without entries (int64)."""
    return np.zeros(BUCKETS, dtype=np.int64)


@inner
def record(histogram, value):
    """Count `value` (non-negative)."""
    shift = 0
    while value >= 2 * _SUB:
        value >>= 1
        shift += 1
    place = shift * _SUB + value
    histogram[min(place, len(histogram) - 1)] += 1


def value_at(place: int) -> float:
    """The middle of bucket `place`."""
    shift = max(0, place // _SUB - 1)
    return (place - shift * _SUB + 0.5) * (1 << shift) if shift else float(place)


def quantile(histogram: np.ndarray, share: float) -> float:
    """The value below which `share` (0..1) of the entries lie; 0.0 if there are none."""
    total = int(histogram.sum())
    if total == 0:
        return 0.0
    place = int(np.searchsorted(np.cumsum(histogram), share * total, side="left"))
    return value_at(min(place, len(histogram) - 1))
