"""Verdict on a claim, from the intervals of its numbers and their limits.

A claim holds where the interval of each number that it rests on lies on the claimed
side of its limit; it does not hold where one of them lies on the other side; in
between it is inconclusive (sample too small).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Self

from nodal_staging.estimates.interval import Interval

Verdict = Literal["holds", "does not hold", "inconclusive", "depends on the training"]

HOLDS: Verdict = "holds"
FAILS: Verdict = "does not hold"
OPEN: Verdict = "inconclusive"
VARIES: Verdict = "depends on the training"

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
        """Say on which side of the limit the whole interval lies, if it has a width."""
        interval = Interval.of(self.estimate.lower, self.estimate.upper)
        if interval.above(self.limit):
            return HOLDS if self.side == "above" else FAILS
        if interval.below(self.limit):
            return HOLDS if self.side == "below" else FAILS
        return OPEN


def above(estimate: Estimate, limit: float) -> Part:
    """Claim that a number exceeds a limit."""
    return Part(estimate, "above", limit)


def below(estimate: Estimate, limit: float) -> Part:
    """Claim that a number stays below a limit."""
    return Part(estimate, "below", limit)


def over_trainings(verdicts: Sequence[Verdict]) -> Verdict:
    """Return the verdict on a claim that was put to several trainings of the CNNs."""
    return verdicts[0] if len(set(verdicts)) == 1 else VARIES


def together(verdicts: Sequence[Verdict]) -> Verdict:
    """Return the verdict on a claim that rests on several parts."""
    if FAILS in verdicts:
        return FAILS
    return HOLDS if verdicts and set(verdicts) == {HOLDS} else OPEN
