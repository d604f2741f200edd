"""The errors that are assumed of the reference test, as published or as simulated."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isnan
from typing import Any, Literal, Self

import numpy as np
from scipy.special import expit, logit

from nodal_staging.estimates.imperfect_reference import Reference
from nodal_staging.estimates.proportions import normal_quantile
from nodal_staging.study.arrays import FloatArray

Assumed = Literal["value", "range", "lowest", "highest"]

ASSUMED: tuple[Assumed, ...] = ("value", "range", "lowest", "highest")
"""The published value of both rates; any within the limits of both; both lowest limits;
both highest limits."""

NEAREST = 1e-9
"""Distance from 0 and 1 up to which a fraction has a logit."""


@dataclass(frozen=True, slots=True)
class Uncertain:
    """A fraction and its interval; NaN where it has none."""

    value: float
    lower: float
    upper: float

    @classmethod
    def exactly(cls, value: float) -> Self:
        """Take a number that has no interval, since it is known."""
        return cls(value, value, value)

    def drawn(self, normal: FloatArray, *, level: float) -> FloatArray:
        """Turn standard normal draws to draws of the fraction.

        On the logit scale, with a spread of its own below and above the value, so that
        the interval and the value are quantiles of the draws. NaN without an interval.
        """
        if self.lower == self.value == self.upper:
            return np.full(normal.shape, self.value)
        low, middle, high = (
            logit(np.clip(end, NEAREST, 1 - NEAREST))
            for end in (self.lower, self.value, self.upper)
        )
        spread = np.where(normal < 0, middle - low, high - middle)
        drawn: FloatArray = expit(middle + normal * spread / normal_quantile(level))
        return drawn


@dataclass(frozen=True, slots=True)
class ReferenceTest:
    """Sensitivity and specificity of the test that labels the nodes.

    Attributes
    ----------
    sensitivity, specificity
        Against the true status, with the limits within which they are looked for.
    origin
        Where they are from, in words.
    unit
        What they were counted of.
    """

    sensitivity: Uncertain
    specificity: Uncertain
    origin: str
    unit: Literal["node", "patient"] = "node"

    @classmethod
    def of(cls, section: Mapping[str, Any]) -> Self:
        """Take the section ``reference`` of the configuration."""
        hit, passed = (
            Uncertain(*map(float, section[name]))
            for name in ("sensitivity", "specificity")
        )
        return cls(hit, passed, section["from"], section["unit"])

    @property
    def known(self) -> bool:
        """Whether neither rate has limits."""
        rates = (self.sensitivity, self.specificity)
        return all(rate.lower == rate.upper for rate in rates)


@dataclass(frozen=True, slots=True, eq=False)
class Assumption:
    """What is assumed of the reference: one number each, and draws ``(b,)``."""

    assumed: Assumed
    point: Reference
    drawn: Reference


def assumptions(
    test: ReferenceTest,
    share: float,
    shares: FloatArray,
    *,
    level: float,
    rng: np.random.Generator,
) -> list[Assumption]:
    """Return all assumptions on a reference; one where its rates are known.

    Parameters
    ----------
    test
        Its rates.
    share, shares
        Nodes that it calls positive where nothing is balanced, and draws of that
        ``(b,)``.
    level
        Of the limits of both rates.
    rng
        Of the draws of both rates.
    """
    rates = (test.sensitivity, test.specificity)
    ends = {
        "value": [rate.value for rate in rates],
        "lowest": [rate.lower for rate in rates],
        "highest": [rate.upper for rate in rates],
    }
    found = []
    for assumed in ASSUMED[: 1 if test.known else None]:
        hit, passed = ends.get(assumed, ends["value"])
        hits, passes = (
            rate.drawn(rng.standard_normal(len(shares)), level=level)
            if assumed == "range"
            else np.full(len(shares), point)
            for rate, point in zip(rates, (hit, passed), strict=True)
        )
        found.append(
            Assumption(
                assumed,
                Reference.of(hit, passed, share),
                Reference.of(hits, passes, shares),
            )
        )
    return found


def drawn_interval(drawn: FloatArray, *, level: float) -> tuple[float, float]:
    """Return the percentile interval of draws; NaN where they are not numbers.

    Draws in which the reference is not possible are left out, unless they are half.
    """
    known = drawn[~np.isnan(drawn)]
    if 2 * len(known) <= len(drawn):
        return float("nan"), float("nan")
    lower, upper = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return float(lower), float(upper)


def ends_or(value: float, lower: float | None, upper: float | None) -> Uncertain:
    """Return a number with its interval, if it has both ends and they differ."""
    if lower is None or upper is None or isnan(lower) or lower == upper:
        return Uncertain(value, float("nan"), float("nan"))
    return Uncertain(value, lower, upper)
