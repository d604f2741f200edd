"""pROC's stratified bootstrap from pROC's own draws, a hundred times as fast.

pROC draws the nodes of a replicate with R's generator and then builds an ROC curve in
interpreted code: half a minute for one classifier with 10,000 replicates and a band of
101 points. Here R draws the same nodes for the same seed, and all curves are read in
one pass (``replicates``). The ends are those of ``ci.auc``, ``ci.se`` and ``ci.sp``
for that seed; on every study pROC itself repeats the first replicates, and the two
must agree to 1e-12. ``statistics.bootstrap_engine: proc`` has pROC do all of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from nodal_staging.estimates.implementation_agreement import NOWHERE, compare_exact
from nodal_staging.estimates.replicates import CELLS_AT_ONCE, Classes, Replicates
from nodal_staging.statistics.proc import GRID_DIGITS, Interval, RocCurve
from nodal_staging.study.arrays import BoolArray, FloatArray

Engine = Literal["replayed", "proc"]

REPEATED = 100
"""Replicates that pROC itself repeats."""


@dataclass(frozen=True, slots=True, eq=False)
class Bootstrap:
    """Percentile intervals over stratified replicates.

    Attributes
    ----------
    auc
        Of the area.
    band
        Of the sensitivity at given specificities: lower, median, upper ``(k, 3)``.
    specificity
        Of the specificity at one sensitivity, likewise ``(3,)``.
    """

    auc: Interval
    band: FloatArray
    specificity: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class BootstrapSettings:
    """Settings of the bootstrap.

    Attributes
    ----------
    grid, target
        Specificities of the band ``(k,)``, and the sensitivity whose specificity is
        settings for.
    level, replicates
        Confidence level, and how often nodes are drawn.
    seeds
        For R, of ``auc``, ``band`` and ``specificity``, so that no result depends on
        the order of calls.
    """

    grid: FloatArray
    target: float
    level: float
    replicates: int
    seeds: Mapping[str, int]


def by_proc(curve: RocCurve, settings: BootstrapSettings) -> Bootstrap:
    """Have pROC draw and compute every replicate."""
    often: dict[str, Any] = {"level": settings.level, "replicates": settings.replicates}
    return Bootstrap(
        curve.bootstrap_interval(seed=settings.seeds["auc"], **often),
        curve.sensitivity_band(settings.grid, seed=settings.seeds["band"], **often),
        curve.specificity_interval(
            np.array([settings.target]), seed=settings.seeds["specificity"], **often
        )[0],
    )


def replayed(
    curve: RocCurve, score: FloatArray, positive: BoolArray, settings: BootstrapSettings
) -> Bootstrap:
    """Compute from R's draws what pROC computes for the same seeds.

    Parameters
    ----------
    curve
        Of the scores.
    score, positive
        ``(n,)``, in the order in which ``curve`` got them.
    settings
        Settings of the bootstrap.
    """
    classes = Classes.of(score, positive)
    grid = np.round(settings.grid, GRID_DIGITS)
    target = np.round(np.array([settings.target]), GRID_DIGITS)
    read = {
        "auc": (NOWHERE, NOWHERE),
        "band": (grid, NOWHERE),
        "specificity": (NOWHERE, target),
    }
    found = {
        name: _replicates(
            curve, classes, settings.seeds[name], settings.replicates, *where
        )
        for name, where in read.items()
    }
    lower, _, upper = _quantiles(found["auc"].auc, settings.level)
    return Bootstrap(
        Interval(float(lower), float(upper), settings.level, "bootstrap"),
        _quantiles(found["band"].sensitivity, settings.level).T,
        _quantiles(found["specificity"].specificity[:, 0], settings.level),
    )


def compare_first(
    curve: RocCurve, score: FloatArray, positive: BoolArray, settings: BootstrapSettings
) -> float:
    """Have pROC repeat the first replicates; return the largest difference.

    Raises
    ------
    AgreementError
        If any end differs by more than 1e-12.
    """
    first = BootstrapSettings(
        settings.grid,
        settings.target,
        settings.level,
        min(REPEATED, settings.replicates),
        settings.seeds,
    )
    theirs, ours = by_proc(curve, first), replayed(curve, score, positive, first)
    return max(
        compare_exact(
            "replayed bootstrap of the AUC",
            [theirs.auc.lower, theirs.auc.upper],
            [ours.auc.lower, ours.auc.upper],
        ),
        compare_exact("replayed band", theirs.band.ravel(), ours.band.ravel()),
        compare_exact("replayed specificity", theirs.specificity, ours.specificity),
    )


def _replicates(
    curve: RocCurve,
    classes: Classes,
    seed: int,
    replicates: int,
    specificities: FloatArray,
    sensitivities: FloatArray,
) -> Replicates:
    """Draw with R, compute here."""
    at_once = max(1, CELLS_AT_ONCE // classes.nodes)
    return Replicates.joined(
        [
            classes.replicates(cases, controls, specificities, sensitivities)
            for controls, cases in curve.draws(
                replicates=replicates, seed=seed, at_once=at_once
            )
        ]
    )


def _quantiles(values: FloatArray, level: float) -> FloatArray:
    """Return lower end, median and upper end, R's type 7, over the first axis."""
    tail = (1 - level) / 2
    return np.asarray(np.quantile(values, [tail, 0.5, 1 - tail], axis=0))
