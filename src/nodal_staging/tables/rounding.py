"""The one rounding rule of everything that is printed.

Halves are rounded away from zero, and a value is rounded once: a share of nodes from
its integer counts, never from a number that was rounded before.
"""

from fractions import Fraction
from math import floor, isnan

MISSING = "\u2013"
"""Where there is no value, for instance because nothing divides it."""

MINUS = "\u2212"


def half_up(value: Fraction | float, digits: int) -> str:
    """Round to a number of digits after the point, halves away from zero.

    Parameters
    ----------
    value
        A fraction of counts, or a number taken at its exact binary value.
    digits
        After the decimal point.

    Examples
    --------
    >>> half_up(Fraction(1, 8), 2), half_up(Fraction(5, 2), 0)
    ('0.13', '3')
    """
    scaled = floor(abs(Fraction(value)) * 10**digits + Fraction(1, 2))
    sign = MINUS if value < 0 and scaled else ""
    whole, rest = divmod(scaled, 10**digits)
    return f"{sign}{whole}.{rest:0{digits}d}" if digits else f"{sign}{whole}"


def grouped(value: Fraction | float, digits: int = 0) -> str:
    """Round as ``half_up``, with commas between thousands.

    Examples
    --------
    >>> grouped(1150), grouped(Fraction(24691, 2), 1)
    ('1,150', '12,345.5')
    """
    text = half_up(value, digits)
    whole, point, rest = text.removeprefix(MINUS).partition(".")
    return f"{MINUS * text.startswith(MINUS)}{int(whole):,}{point}{rest}"


def number(value: float | None, digits: int = 3) -> str:
    """Round as ``grouped``; a dash where there is no value.

    Examples
    --------
    >>> number(1234.5678), number(float("nan"))
    ('1,234.568', '\u2013')
    """
    return MISSING if value is None or isnan(value) else grouped(value, digits)


def count(value: int) -> str:
    """Write a count, with commas between thousands."""
    return grouped(value)


def counted(value: int, one: str, more: str) -> str:
    """Write a count and what is counted, in the singular or the plural.

    Examples
    --------
    >>> counted(1, "node", "nodes"), counted(1200, "node", "nodes")
    ('1 node', '1,200 nodes')
    """
    return f"{count(value)} {one if value == 1 else more}"


def and_more(count: int) -> str:
    """Write how many more there are than those that were named, if any.

    Examples
    --------
    >>> "P1" + and_more(2), "P1" + and_more(0)
    ('P1 (and 2 more)', 'P1')
    """
    return f" (and {count} more)" if count > 0 else ""


def truncated(value: Fraction | float, digits: int) -> str:
    """Cut a number that is not negative after a number of digits.

    For numbers that are compared with those of a source that truncates; nothing of ours
    is printed so.

    Examples
    --------
    >>> truncated(Fraction(8923, 100), 0)
    '89'
    """
    whole, rest = divmod(floor(Fraction(value) * 10**digits), 10**digits)
    return f"{whole}.{rest:0{digits}d}" if digits else f"{whole}"


def percent(numerator: int, denominator: int, digits: int = 0) -> str:
    """Return a share of counts in percent, without the sign for percent.

    Examples
    --------
    >>> percent(115, 130), percent(1, 8, 1)
    ('88', '12.5')
    """
    if not denominator:
        return MISSING
    return half_up(Fraction(100 * numerator, denominator), digits)


def percentage(fraction: float | None, digits: int = 1) -> str:
    """Return a fraction in percent, without the sign; a dash where there is none."""
    return number(None if fraction is None else 100 * fraction, digits)


def written(value: float) -> Fraction:
    """Take a setting as the decimal number that it is written as.

    Examples
    --------
    >>> written(0.9)
    Fraction(9, 10)
    """
    return Fraction(str(value))


def setting_percent(value: float) -> str:
    """Print a setting in percent with all its digits; it is never rounded.

    Examples
    --------
    >>> setting_percent(0.95), setting_percent(0.975)
    ('95', '97.5')
    """
    return f"{float(100 * written(value)):.12g}"


def p_value(p: float) -> str:
    """Write a p value with three digits; never as 0 or 1, which none is.

    A dash stands where there is none (NaN).

    Examples
    --------
    >>> p_value(0.00049), p_value(0.0496), p_value(1.0)
    ('< 0.001', '0.050', '> 0.999')
    """
    if isnan(p):
        return MISSING
    if p < 0.001:
        return "< 0.001"
    return "> 0.999" if p > 0.999 else half_up(p, 3)


def equated(p: float) -> str:
    """Write a p value as a sentence has it.

    Examples
    --------
    >>> equated(0.0496), equated(1e-6)
    ('= 0.050', '< 0.001')
    """
    text = p_value(p)
    return text if text[0] in "<>" else f"= {text}"
