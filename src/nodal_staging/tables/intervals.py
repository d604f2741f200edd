"""How intervals are written: ``0.907 (95% CI 0.837-0.948)``.

In the cell of a table the level may stand in the heading of its column. Where an end
is negative, "to" parts the two, since a hyphen before a minus sign cannot be read.
"""

from math import isnan

from nodal_staging.estimates.interval import Interval
from nodal_staging.tables.rounding import MINUS, MISSING, number, setting_percent


def percent_of(level: float) -> str:
    """Write a confidence level in percent.

    Examples
    --------
    >>> percent_of(0.95)
    '95%'
    """
    return f"{setting_percent(level)}%"


def ci(level: float) -> str:
    """Name an interval by its level, for headings and sentences.

    Examples
    --------
    >>> ci(0.975)
    '97.5% CI'
    """
    return f"{percent_of(level)} CI"


def interval(
    lower: float | None, upper: float | None, digits: int = 3, *, scale: float = 1
) -> str:
    """Write the ends of an interval; a dash where it is undefined.

    Without width it says that no resampling changes the estimate, not that the
    estimate is certain.

    Parameters
    ----------
    lower, upper
        The ends; None or NaN where there is none.
    digits
        After the decimal point.
    scale
        100 for fractions that are written in percent.

    Examples
    --------
    >>> interval(1.0, 1.0)
    '\u2013'
    >>> interval(0.8371, 0.948), interval(0.5, 0.75, 1, scale=100), interval(-1, 2, 0)
    ('0.837-0.948', '50.0-75.0', '\u22121 to 2')
    """
    ends = Interval.of(lower, upper).ends
    if ends is None:
        return MISSING
    low, high = (number(scale * end, digits) for end in ends)
    return f"{low} to {high}" if MINUS in low + high else f"{low}-{high}"


def percent_interval(lower: float | None, upper: float | None) -> str:
    """Write an interval of fractions in percent, with a digit after the point."""
    return interval(lower, upper, 1, scale=100)


def with_interval(
    value: float | None,
    lower: float | None,
    upper: float | None,
    digits: int = 3,
    *,
    scale: float = 1,
    level: float | None = None,
) -> str:
    """Write an estimate with its interval; a dash where there is no estimate.

    Parameters
    ----------
    value, lower, upper
        The estimate and the ends of its interval; None or NaN where there is none.
    digits
        After the decimal point.
    scale
        100 for fractions that are written in percent.
    level
        Confidence level; None where a heading names it.

    Examples
    --------
    >>> with_interval(0.907, 0.837, 0.948, level=0.95)
    '0.907 (95% CI 0.837-0.948)'
    """
    if value is None or isnan(value):
        return MISSING
    of_level = "" if level is None else f"{ci(level)} "
    ends = interval(lower, upper, digits, scale=scale)
    return f"{number(scale * value, digits)} ({of_level}{ends})"
