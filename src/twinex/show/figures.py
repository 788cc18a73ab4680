"""Numbers as people read them, and little pictures made of block characters."""

from collections.abc import Sequence

from twinex.venue.reference.market import PRICE_UNIT

_BARS = "▁▂▃▄▅▆▇█"
_PARTS = " ▏▎▍▌▋▊▉"
_SECOND_NS = 1_000_000_000


def decimals_of(tick: int) -> int:
    """Digits behind the point that prices with this tick (1/10000 of the quote unit) need."""
    digits = len(str(PRICE_UNIT)) - 1
    while digits and tick % 10 == 0:
        tick //= 10
        digits -= 1
    return digits


def price_text(price: int, decimals: int) -> str:
    """`46002000` with one digit: `4600.2`."""
    whole, part = divmod(abs(price), PRICE_UNIT)
    sign = "-" if price < 0 else ""
    fraction = f"{part:04d}"[:decimals]
    return f"{sign}{whole}.{fraction}" if decimals else f"{sign}{whole}"


def percent_text(change: int, base: int) -> str:
    """`change / base` as a signed percentage with two digits."""
    if base == 0:
        return ""
    hundredths = (abs(change) * 20_000 + base) // (2 * base)
    sign = "" if hundredths == 0 else "+" if change > 0 else "-"
    return f"{sign}{hundredths // 100}.{hundredths % 100:02d}%"


def money_text(units: int) -> str:
    """Money in 1/10000 yuan: `1.23 bn`, `456 m` or `7,890` yuan."""
    yuan = units // 10_000
    if yuan >= 10**9:
        return f"{yuan // 10**9:,}.{yuan % 10**9 // 10**7:02d} bn"
    if yuan >= 10**6:
        return f"{yuan // 10**6}.{yuan % 10**6 // 10**5} m"
    return f"{yuan:,}"


def nanoseconds_text(nanoseconds: int) -> str:
    """`850 ns`, `12.3 µs`, `4.1 ms`."""
    for unit, size in (("s", 10**9), ("ms", 10**6), ("µs", 10**3)):
        if nanoseconds >= size:
            return f"{nanoseconds // size}.{nanoseconds % size * 10 // size} {unit}"
    return f"{nanoseconds} ns"


def bytes_text(count: int) -> str:
    """`380 MB`."""
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= size:
            return f"{count // size}.{count % size * 10 // size} {unit}"
    return f"{count} bytes"


def clock_text(time_ns: int, utc_offset_hours: int, *, fraction: bool = False) -> str:
    """Exchange local time of day, `14:57:03`, with milliseconds if asked for."""
    seconds, rest = divmod(time_ns, _SECOND_NS)
    seconds = (seconds + utc_offset_hours * 3600) % 86_400
    text = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return f"{text}.{rest // 1_000_000:03d}" if fraction else text


def sparkline(values: Sequence[int], width: int) -> str:
    """`values` drawn as `width` characters at most, from lowest to highest."""
    if not values:
        return ""
    count = min(width, len(values))
    picked = [values[(place * len(values)) // count] for place in range(count)]
    low, span = min(picked), max(picked) - min(picked)
    if span == 0:
        return _BARS[3] * count
    return "".join(_BARS[(value - low) * (len(_BARS) - 1) // span] for value in picked)


def bar(value: int, largest: int, width: int) -> str:
    """A horizontal bar of `width` characters for the largest value."""
    eighths = value * width * 8 // largest if largest else 0
    if value and not eighths:
        eighths = 1
    whole, part = divmod(eighths, 8)
    return "█" * whole + (_PARTS[part] if part else "")
