"""Prices as the market counts them: integers in 1/10000 of the quote unit."""

from decimal import Context, Decimal, InvalidOperation

_UNIT = 10_000
_STEP = Decimal("0.0001")
_EXACT = Context(prec=40)  # more digits than any price has, whatever the caller's own context
_LIMIT = 1 << 63


def price(text: str | int | Decimal) -> int:
    """`text` in quote units as the integer that messages carry: price("4012.4") is 40124000.

    TypeError for a float, which cannot hold most prices exactly; ValueError where the text is no
    decimal number, is finer than 1/10000, or does not fit 64 bits.
    """
    if isinstance(text, (float, bool)) or not isinstance(text, (str, int, Decimal)):
        raise TypeError(f"{text!r} is no exact price: write price('4012.4') or use Decimal")
    try:
        exact = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text!r} is no price: write it as '4012.4'") from None
    if not exact.is_finite() or abs(exact) > _LIMIT // _UNIT:
        raise ValueError(f"{text!r} is no price: it does not fit")
    rounded = exact.quantize(_STEP, context=_EXACT)
    if rounded != exact:
        raise ValueError(f"{text!r} is finer than 1/10000, the smallest step of a price")
    return int(rounded.scaleb(4, context=_EXACT))


def price_text(value: int) -> str:
    """The integer price as a person writes it: 40124000 is "4012.4"."""
    whole, part = divmod(abs(value), _UNIT)
    digits = f"{part:04}".rstrip("0")
    return ("-" if value < 0 else "") + f"{whole}" + (f".{digits}" if digits else "")
