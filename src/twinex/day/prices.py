"""What things are worth in the simulated day: seeded random walks and option values, in integers.

Every family (an index, or the bonds of one tenor) has a latent price that walks. Futures follow it
in proportion to their settlement, options by Bachelier's formula from an integer table. Prices are
in 1/10000 of the quote unit throughout.
"""

import math

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

ONE = 1 << 16
_COINS = 64  # coin tosses of a step: the sum has a standard deviation of 4
_STEPS_DEVIATION = 43_200  # 100 * sqrt(14400 s) * sqrt((2*4)**2 + (3*4)**2) / 4
_FINE = 1 << 16  # a walk keeps its prices so much finer: a bond moves less than a unit a second
_TABLE_STEPS = 8  # entries per standard deviation

# Bachelier's h(x) = phi(x) - x * (1 - PHI(x)), x = 0, 1/8, 2/8 ..., in units of 1/65536.
_TIME_VALUE = """
    26145 22253 18766 15674 12963 10612 8596 6889 5460 4279 3315 2538 1921 1436 1060 773 556
    396 278 192 131 89 59 39 25 16 10 6 4 2 1 1 0
"""
# PHI(x), the delta of a call that far in the money, x = 0, 1/8 ..., in units of 1/65536.
_DELTA = """
    32768 36028 39237 42347 45316 48104 50684 53033 55138 56997 58612 59994 61158 62123 62911
    63544 64045 64435 64735 64961 65129 65252 65341 65404 65448
"""
TIME_VALUE = np.array(_TIME_VALUE.split(), dtype=np.int64)
DELTA = np.array(_DELTA.split(), dtype=np.int64)


class Walk:
    """Latent prices of all families, one step after another."""

    def __init__(self, start: Ints, daily_basis_points: Ints, seed: int) -> None:
        """`start`: prices at the open. `daily_basis_points`: typical move of a 4-hour day."""
        self._random = np.random.default_rng(seed)
        self.start = start.copy()
        self.price = start.copy()
        self._fine = start * _FINE
        self._daily = self._fine // 10_000 * daily_basis_points

    def advance(self, seconds: int) -> None:
        """One step of `seconds`: a common move, a move of each family, a slight pull back."""
        scale = self._daily * math.isqrt(seconds * 10_000) // _STEPS_DEVIATION
        own = self._random.binomial(_COINS, 0.5, len(self.price)) - _COINS // 2
        common = int(self._random.binomial(_COINS, 0.5)) - _COINS // 2
        pull = (self.start * _FINE - self._fine) // 60_000 * seconds
        self._fine += (own * 2 + common * 3) * (scale // 4) + pull
        self.price = self._fine // _FINE


def round_to(price: Ints, tick: Ints) -> Ints:
    """The multiple of `tick` nearest to `price`."""
    rounded: Ints = (price + tick // 2) // tick * tick
    return rounded


def time_value(distance: Ints, deviation: Ints) -> Ints:
    """Value of an option over its parity. `distance` = |forward - strike|, in price units."""
    place = np.minimum(distance * _TABLE_STEPS // deviation, len(TIME_VALUE) - 2)
    rest = np.minimum(distance * _TABLE_STEPS - place * deviation, deviation)
    low, high = TIME_VALUE[place], TIME_VALUE[place + 1]
    value: Ints = (low * deviation - (low - high) * rest) // ONE
    return value


def option_value(forward: Ints, strike: Ints, deviation: Ints, call: npt.NDArray[np.bool_]) -> Ints:
    """Bachelier value; `deviation`: the forward's standard deviation until expiry, in price."""
    gain = np.where(call, forward - strike, strike - forward)
    value: Ints = np.maximum(gain, 0) + time_value(np.abs(gain), deviation)
    return value


def option_delta(forward: Ints, strike: Ints, deviation: Ints, call: npt.NDArray[np.bool_]) -> Ints:
    """Lots of the underlying that one lot is worth, in 1/65536; negative for puts."""
    distance = forward - strike
    place = np.minimum(np.abs(distance) * _TABLE_STEPS // deviation, len(DELTA) - 1)
    delta = np.where(distance >= 0, DELTA[place], ONE - DELTA[place])
    signed: Ints = np.where(call, delta, delta - ONE)
    return signed
