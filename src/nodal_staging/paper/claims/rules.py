"""What an interval says of a limit, and what several such answers say together.

A claim holds where the interval of each number that it rests on lies on the claimed
side of its limit; it does not hold where one of them lies on the other side; in
between it cannot be told at this size.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Self

Verdict = Literal["holds", "does not hold", "cannot be told"]

HOLDS: Verdict = "holds"
FAILS: Verdict = "does not hold"
OPEN: Verdict = "cannot be told"

HALFWAY = 0.75
"""Half the way from chance to a perfect AUC: what lies above is high, below near
chance. The paper draws no line; this one is ours."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its confidence interval.

    Attributes
    ----------
    what
        In words, for the table.
    value, lower, upper
        None where it could not be computed.
    """

    what: str
    value: float | None
    lower: float | None
    upper: float | None

    @classmethod
    def of(cls, what: str, value: float, lower: float, upper: float) -> Self:
        """Take numbers of which NaN was not measured."""
        numbers = (None if math.isnan(n) else float(n) for n in (value, lower, upper))
        return cls(what, *numbers)


@dataclass(frozen=True, slots=True)
class Part:
    """A number, the side of the limit where the claim wants it, and what it says."""

    estimate: Estimate
    side: Literal["above", "below"]
    limit: float

    @property
    def verdict(self) -> Verdict:
        """Say on which side of the limit the whole interval lies."""
        lower, upper = self.estimate.lower, self.estimate.upper
        if lower is None or upper is None:
            return OPEN
        if lower > self.limit:
            return HOLDS if self.side == "above" else FAILS
        if upper < self.limit:
            return HOLDS if self.side == "below" else FAILS
        return OPEN


def above(estimate: Estimate, limit: float) -> Part:
    """Claim that a number exceeds a limit."""
    return Part(estimate, "above", limit)


def below(estimate: Estimate, limit: float) -> Part:
    """Claim that a number stays below a limit."""
    return Part(estimate, "below", limit)


def together(verdicts: Sequence[Verdict]) -> Verdict:
    """Return the verdict on a claim that rests on several parts."""
    if FAILS in verdicts:
        return FAILS
    return HOLDS if verdicts and set(verdicts) == {HOLDS} else OPEN
