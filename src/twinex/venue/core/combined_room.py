"""Room that combinations need for the next command: bounds of their fills and of their ladders."""

import numpy as np

from twinex.venue.compiler import apart, inner
from twinex.venue.core.legs import is_combination
from twinex.venue.core.limits import FILLS_A_STEP, LEVELS_MAX, NIL, STEPS_MAX
from twinex.venue.wire import codes


@apart
def fills_with_combinations(core, command, template, fills):
    """`fills` of a command, and those of the steps behind it.

    An order of a combination takes a lot a step, and uses up one of three orders or is filled.
    Trades of legs may set off all of their stops.
    """
    now, number = core.now[0], np.int64(command["instrument"])
    if template == codes.ORDER_ENTER and is_combination(core, number):
        fills = _fills_of_entry(core, command, core.instruments[number])
    fills += FILLS_A_STEP * STEPS_MAX
    if now["stops"] > 0:
        for at in range(now["combination_count"]):
            instrument = core.instruments[core.combinations[at]]
            fills += _fills_of_stops(core.instruments[instrument["leg_1"]])
            fills += _fills_of_stops(core.instruments[instrument["leg_2"]])
    return fills


@inner
def _fills_of_entry(core, command, instrument):
    lots = np.int64(command["quantity"])
    product = core.products[instrument["product"]]
    if not 0 < lots <= product["quantity_maximum_limit"]:
        return np.int64(0)
    parts = _parts(instrument) + _parts(core.instruments[instrument["leg_1"]])
    return FILLS_A_STEP * min(lots, parts + _parts(core.instruments[instrument["leg_2"]]) + 1)


@inner
def _parts(instrument):
    """Orders, and parts of icebergs, that can be filled."""
    return instrument["live_orders"] + instrument["slices"]


@inner
def _fills_of_stops(instrument):
    """Fills of all stops of an instrument."""
    if instrument["stops"] == 0:
        return np.int64(0)
    return _parts(instrument) + instrument["stops"]


@inner
def ranks_of_legs(core, one, two):
    """Levels of a combination of these legs; 0 if there can be none."""
    if not _is_leg(core, one) or not _is_leg(core, two):
        return np.int64(0)
    leg_1, leg_2 = core.instruments[one], core.instruments[two]
    lower, upper = leg_1["lower"] - leg_2["upper"], leg_1["upper"] - leg_2["lower"]
    ranks = (upper - lower) // leg_1["tick"] + 1
    return ranks if ranks <= LEVELS_MAX else np.int64(0)


@inner
def _is_leg(core, number):
    return 0 < number < len(core.instruments) and core.instruments[number]["product"] != NIL


@inner
def ranks_with_limits(core, number, lower, upper):
    """Levels of all combinations of leg `number`, if it had these limits."""
    ranks = np.int64(0)
    for at in range(core.now[0]["combination_count"]):
        instrument = core.instruments[core.combinations[at]]
        if instrument["leg_1"] == number:
            other = core.instruments[instrument["leg_2"]]
        elif instrument["leg_2"] == number:
            other = core.instruments[instrument["leg_1"]]
        else:
            continue
        width = upper - lower + other["upper"] - other["lower"]
        ranks += min(width // instrument["tick"] + 1, np.int64(LEVELS_MAX))
    return ranks
