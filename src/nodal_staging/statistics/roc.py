"""What is reported of the ROC curve: area, intervals, target sensitivity, band."""

from dataclasses import asdict
from typing import Any, Literal

import pandas as pd

from nodal_staging.classifiers.labelled_scores import LabelledScores
from nodal_staging.estimates.auc_intervals import logit_interval, unit_interval
from nodal_staging.estimates.curve import attained
from nodal_staging.estimates.delong import ClusteredArea
from nodal_staging.estimates.proportions import wilson_interval
from nodal_staging.statistics import proc
from nodal_staging.statistics.cross_check import ProcResults
from nodal_staging.study.arrays import BoolArray

Block = dict[str, Any]
Floor = Literal["none", "wilson"]

ENGINES = {
    "proc": "{}",
    "replayed": "R's draws, computed by nodal_staging, the first repeated by {}",
}


def describe_area(results: ProcResults, tested: LabelledScores) -> Block:
    """Report the AUC with three intervals and two standard errors."""
    level = results.bootstrap.level
    error, _, _ = unit_interval(tested.by_node, [1.0], level=level)
    engine = proc.engine()
    return {
        "estimate": results.auc,
        "direction": "<",
        "intervals": {
            "bootstrap": _interval(
                results.bootstrap,
                engine,
                results.settings.replicates,
                results.settings.seeds["auc"],
            )
            | {"computed_by": ENGINES[results.engine].format(engine)},
            "delong": _interval(results.delong, engine),
            "obuchowski_logit": _logit(tested.area, level),
        },
        "standard_error": {
            "delong": error,
            "obuchowski": tested.area.standard_error,
        },
        "note": _note(error, tested.area),
    }


def describe_binary_area(
    tested: LabelledScores, called: BoolArray, *, level: float
) -> Block:
    """Report the area under the curve of one point, with intervals.

    Parameters
    ----------
    tested, called
        The test partition, and which of its nodes are called positive ``(n,)``.
    level
        Confidence level.
    """
    hard = tested.dichotomised(called)
    area = hard.area
    error, lower, upper = unit_interval(hard.by_node, [1.0], level=level)
    delong = proc.Interval(lower, upper, level, "delong")
    return {
        "estimate": area.estimate,
        "intervals": {
            "delong": _interval(delong, "nodal_staging"),
            "obuchowski_logit": _logit(area, level),
        },
        "standard_error": {"delong": error, "obuchowski": area.standard_error},
    }


def describe_target(results: ProcResults, tested: LabelledScores) -> Block:
    """Report the operating point at the target sensitivity.

    The interval of the attained point takes its threshold as given; that of the
    interpolated specificity (pROC's ``ci.sp``) accounts for that choice.
    """
    curve, settings = tested.curve, results.settings
    place = attained(curve, settings.target)
    tp, tn = int(curve.true_positives[place]), int(curve.true_negatives[place])
    level = settings.level
    lower, _, upper = map(float, results.specificity_interval)
    return {
        "target": settings.target,
        "attained": {
            "threshold": float(curve.thresholds[place]),
            "sensitivity": float(curve.sensitivities[place]),
            "specificity": float(curve.specificities[place]),
            "tp": tp,
            "tn": tn,
            "sensitivity_interval": _wilson(tp, curve.positives, level),
            "specificity_interval": _wilson(tn, curve.negatives, level),
        },
        "interpolated": {
            "specificity": results.specificity_at_target,
            "lower": lower,
            "upper": upper,
            "level": level,
            "method": "bootstrap",
            "replicates": settings.replicates,
            "seed": settings.seeds["specificity"],
        },
    }


def describe_band(results: ProcResults, floor: float | None) -> Block:
    """Say how the band was made; it holds at each specificity, not at all at once."""
    return {
        "coverage": "pointwise",
        "level": results.settings.level,
        "replicates": results.settings.replicates,
        "seed": results.settings.seeds["band"],
        "floor": floor,
    }


def band_floor(results: ProcResults, positives: int, kind: Floor) -> float | None:
    """Return what the lower limit of the band cannot exceed, or None.

    Where every positive node is found, every replicate finds them all, and the band
    has no width. Wilson's lower limit of ``positives`` of ``positives`` is what such
    a count can support.
    """
    if kind == "none":
        return None
    limits = wilson_interval(positives, positives, level=results.bootstrap.level)
    return None if limits is None else limits[0]


def band_table(results: ProcResults, floor: float | None) -> pd.DataFrame:
    """Return the band as ``tables.BAND``, its lower limit held down by a floor."""
    ribbon = pd.DataFrame(results.band, columns=["lower", "median", "upper"])
    ribbon.insert(0, "specificity", results.settings.grid)
    if floor is not None:
        ribbon["lower"] = ribbon["lower"].clip(upper=floor)
    return ribbon


def curve_table(results: ProcResults) -> pd.DataFrame:
    """Return the operating points as ``tables.ROC``, as pROC has them."""
    return pd.DataFrame(
        {
            "threshold": results.thresholds,
            "sensitivity": results.sensitivities,
            "specificity": results.specificities,
        }
    )


def _interval(
    interval: proc.Interval,
    engine: str,
    replicates: int | None = None,
    seed: int | None = None,
) -> Block:
    """Write down an interval and all that is needed to repeat it."""
    origin = {"engine": engine, "replicates": replicates, "seed": seed}
    return asdict(interval) | origin


def _logit(area: ClusteredArea, level: float) -> Block:
    """Return the interval over patients on the logit scale."""
    lower, upper = logit_interval(area, level=level)
    exact = area.estimate in (0, 1)
    method = "exact_bound_patients" if exact else f"{area.variance}_logit"
    return _interval(proc.Interval(lower, upper, level, method), "nodal_staging")


def _wilson(numerator: int, denominator: int, level: float) -> list[float]:
    """Return both limits of a share of nodes."""
    return list(wilson_interval(numerator, denominator, level=level) or ())


def _note(error: float, area: ClusteredArea) -> str | None:
    """Say where an interval of the AUC is not what it seems."""
    if area.estimate in (0, 1):
        return (
            "Every resampling of these nodes gives the same area: the bootstrap and "
            f"DeLong's method give no interval. The other is exact for {area.pairs} "
            "independent pairs of nodes of different patients."
        )
    if error == 0:
        return (
            "Every resampling of these nodes gives the same area: intervals have no "
            "width and say nothing about precision."
        )
    if area.variance == "delong":
        return (
            "Too few patients: Obuchowski's variance is not positive, DeLong's "
            "stands in for it."
        )
    return None
