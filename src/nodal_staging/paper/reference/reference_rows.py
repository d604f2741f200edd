"""The numbers of a classifier against the reference, and against the true status."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from nodal_staging.estimates.imperfect_reference import (
    Reference,
    auc_bounds,
    corrected_auc,
    corrected_rates,
    least_specificity,
    rate_bounds,
)
from nodal_staging.estimates.patient_bootstrap import BootstrapOptions
from nodal_staging.paper.reference.assumptions import (
    ASSUMED,
    Assumption,
    Uncertain,
    drawn_interval,
)
from nodal_staging.paper.reference.observed import Observed, Source
from nodal_staging.study.arrays import FloatArray
from nodal_staging.study.seeds import stream
from nodal_staging.tables.columns import number, one_of, optional_number, table, text

Row = dict[str, Any]

MEASURES = ("auc", "sensitivity", "specificity")

COMPATIBLE = "compatible"
OUTSIDE = "outside"
INCOMPATIBLE = "incompatible with independent errors"
IMPOSSIBLE = "reference not possible"
STATUSES = (COMPATIBLE, OUTSIDE, INCOMPATIBLE, IMPOSSIBLE)

REFERENCE = table(
    {
        "source": one_of(["paper", "study"]),
        "classifier": text(),
        "measure": one_of(list(MEASURES)),
        "assumed": one_of(list(ASSUMED)),
        "reference_sensitivity": number(0, 1),
        "reference_specificity": number(0, 1),
        "called_positive": number(0, 1),
        "prevalence": optional_number(0, 1),
        "in_positive": optional_number(0, 1),
        "in_negative": optional_number(0, 1),
        "of_a_perfect_one": optional_number(0, 1),
        "observed": number(0, 1),
        "observed_lower": optional_number(0, 1),
        "observed_upper": optional_number(0, 1),
        "corrected": optional_number(),
        "corrected_lower": optional_number(),
        "corrected_upper": optional_number(),
        "status": one_of(list(STATUSES)),
        "bound_lower": optional_number(0, 1),
        "bound_upper": optional_number(0, 1),
        "least_specificity": optional_number(0, 1),
        "true": optional_number(0, 1),
    },
    unique=["source", "classifier", "measure", "assumed"],
)
"""A measure of a classifier against the reference, and what it is against the true
status. ``called_positive``, ``prevalence``: positive by the reference and truly, where
nothing is balanced; ``in_positive``, ``in_negative``: truly positive among those called
positive and negative. ``of_a_perfect_one``: what a perfect classifier would show.
``corrected``: if errors of the reference are independent of the classifier given the
true status. ``outside``: the corrected value is no fraction, but its interval holds
some. ``bound_*``: what the truth can be, whatever the errors depend on.
``least_specificity``: of the reference, from which on the lower end of the interval is
possible. ``true``: known of a synthetic cohort alone."""


def rows_of(
    source: Source,
    one: Observed,
    assumed: Sequence[Assumption],
    options: BootstrapOptions,
) -> Iterator[Row]:
    """Yield ``REFERENCE``: each measure of a classifier by each assumption.

    Parameters
    ----------
    source, one
        Whose number it is.
    assumed
        What is assumed of the reference.
    options
        Confidence level and seed; there are as many draws as the assumptions have.
    """
    rng = stream(options.seed, "reference", source, one.classifier)
    size = (len(MEASURES), len(assumed[0].drawn.share))
    seen = {
        measure: (value, value.drawn(normal, level=options.level))
        for measure, normal in zip(MEASURES, rng.standard_normal(size), strict=True)
        if (value := getattr(one, measure)) is not None
    }
    for each in assumed:
        corrected = _corrected(seen, each)
        bounds = _bounds(one, each)
        for measure, (value, _) in seen.items():
            if each.assumed == "range" and np.isnan(value.lower):
                continue
            point, drawn = corrected[measure]
            lower, upper = drawn_interval(drawn, level=options.level)
            low, high = bounds.get(measure, (None, None))
            yield {
                "source": source,
                "classifier": one.classifier,
                "measure": measure,
                "assumed": each.assumed,
                **_described(each.point),
                "of_a_perfect_one": _perfect(measure, each.point),
                "observed": value.value,
                "observed_lower": value.lower,
                "observed_upper": value.upper,
                "corrected": point,
                "corrected_lower": lower,
                "corrected_upper": upper,
                "status": judged(point, lower, upper),
                "bound_lower": low,
                "bound_upper": high,
                "least_specificity": _least(measure, value, each),
                "true": one.true.get(measure),
            }


def judged(value: float, lower: float, upper: float) -> str:
    """Say whether a corrected fraction is one; NaN where it could not be computed."""
    if np.isnan(value):
        return IMPOSSIBLE
    if lower > 1 or upper < 0:
        return INCOMPATIBLE
    return COMPATIBLE if 0 <= value <= 1 else OUTSIDE


def _corrected(
    seen: Mapping[str, tuple[Uncertain, FloatArray]], each: Assumption
) -> dict[str, tuple[float, FloatArray]]:
    """Return each measure against the true status, and draws of it ``(b,)``."""
    found = {}
    if "auc" in seen:
        value, drawn = seen["auc"]
        found["auc"] = (
            float(corrected_auc(value.value, each.point)),
            corrected_auc(drawn, each.drawn),
        )
    if {"sensitivity", "specificity"} <= set(seen):
        (hit, hits), (passed, passes) = seen["sensitivity"], seen["specificity"]
        points = corrected_rates(hit.value, passed.value, each.point)
        draws = corrected_rates(hits, passes, each.drawn)
        for measure, point, drawn in zip(MEASURES[1:], points, draws, strict=True):
            found[measure] = (float(point), drawn)
    return found


def _bounds(one: Observed, each: Assumption) -> dict[str, tuple[float, float]]:
    """Return what each measure can be, whatever the errors depend on."""
    found: dict[str, tuple[float, float]] = {}
    if each.assumed == "range" or np.isnan(each.point.share):
        return found
    if one.scores is not None:
        found["auc"] = auc_bounds(one.scores.score, one.scores.positive, each.point)
    if one.sensitivity is not None and one.specificity is not None:
        found["sensitivity"], found["specificity"] = rate_bounds(
            one.sensitivity.value, one.specificity.value, each.point
        )
    return found


def _described(point: Reference) -> Row:
    """Return the columns that describe the reference."""
    return {
        "reference_sensitivity": float(point.sensitivity),
        "reference_specificity": float(point.specificity),
        "called_positive": float(point.share),
        "prevalence": float(point.prevalence),
        "in_positive": float(point.in_positive),
        "in_negative": float(point.in_negative),
    }


def _perfect(measure: str, point: Reference) -> float:
    """Return what a perfect classifier would show."""
    shown = {
        "auc": point.highest_auc,
        "sensitivity": point.in_positive,
        "specificity": 1 - point.in_negative,
    }
    return float(shown[measure])


def _least(measure: str, value: Uncertain, each: Assumption) -> float | None:
    """Return the specificity of the reference that an AUC needs at the least."""
    lower = value.value if np.isnan(value.lower) else value.lower
    if measure != "auc" or each.assumed == "range" or lower <= 0.5:
        return None
    point = each.point
    return float(least_specificity(lower, point.sensitivity, point.share))
