"""An interval that may be undefined, and what may be concluded from it.

Resampling of nodes that are all alike gives an interval without width. It says that no
resampling changes the estimate, not that the estimate is certain: such an interval is
undefined, lies on neither side of a limit, and is printed as a dash.
"""

from dataclasses import dataclass
from math import isnan

LEAST_WIDTH = 1e-9
"""What is narrower has the width of rounding errors."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Both ends of an interval, or neither.

    Attributes
    ----------
    lower, upper
        None where the interval is undefined.
    """

    lower: float | None
    upper: float | None

    @classmethod
    def of(cls, lower: float | None, upper: float | None) -> "Interval":
        """Take ends that may be missing (None or NaN) or without width between them.

        Examples
        --------
        >>> Interval.of(0.8, 0.9).above(0.75), Interval.of(1.0, 1.0).above(0.75)
        (True, None)
        """
        if lower is None or upper is None or isnan(lower) or isnan(upper):
            return cls(None, None)
        if upper - lower < LEAST_WIDTH:
            return cls(None, None)
        return cls(float(lower), float(upper))

    @property
    def ends(self) -> tuple[float, float] | None:
        """Both ends; None where the interval is undefined."""
        if self.lower is None or self.upper is None:
            return None
        return self.lower, self.upper

    def above(self, limit: float) -> bool | None:
        """Tell whether the interval lies above a limit; None where it is undefined."""
        return None if self.ends is None else self.ends[0] > limit

    def below(self, limit: float) -> bool | None:
        """Tell whether the interval lies below a limit; None where it is undefined."""
        return None if self.ends is None else self.ends[1] < limit
