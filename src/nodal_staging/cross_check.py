"""pROC's results of one classifier, and their comparison with ``agreement``."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nodal_staging import agreement, proc
from nodal_staging.operating_points import empirical_curve, interpolated_specificity

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class ProcResults:
    """What the engine of record says of one classifier.

    Attributes
    ----------
    auc, delong, bootstrap
        The area and its intervals.
    thresholds, sensitivities, specificities
        Operating points, thresholds ascending from -inf to inf, ``(k + 1,)``.
    grid, band
        Specificities ``(g,)``; lower end, median and upper end of the sensitivity
        there ``(g, 3)``.
    target, specificity_at_target
        A sensitivity, and the specificity interpolated there.
    replicates, auc_seed, band_seed
        Of the two bootstraps.
    """

    auc: float
    delong: proc.Interval
    bootstrap: proc.Interval
    thresholds: FloatArray
    sensitivities: FloatArray
    specificities: FloatArray
    grid: FloatArray
    band: FloatArray
    target: float
    specificity_at_target: float
    replicates: int
    auc_seed: int
    band_seed: int


def ask_proc(
    score: FloatArray,
    positive: BoolArray,
    *,
    grid: FloatArray,
    target: float,
    level: float,
    replicates: int,
    auc_seed: int,
    band_seed: int,
) -> ProcResults:
    """Ask pROC for all that is reported of one classifier.

    Parameters
    ----------
    score, positive
        Finite scores and status ``(n,)``.
    grid, target
        Specificities of the band; sensitivity at which specificity is reported.
    level, replicates
        Confidence level and bootstrap replicates.
    auc_seed, band_seed
        For R, one per statistic, so that no result depends on the order of calls.
    """
    curve = proc.RocCurve(score, positive)
    thresholds, sensitivities, specificities = curve.points()
    return ProcResults(
        auc=curve.auc(),
        delong=curve.delong_interval(level=level),
        bootstrap=curve.bootstrap_interval(
            level=level, replicates=replicates, seed=auc_seed
        ),
        thresholds=thresholds,
        sensitivities=sensitivities,
        specificities=specificities,
        grid=grid,
        band=curve.sensitivity_band(
            grid, level=level, replicates=replicates, seed=band_seed
        ),
        target=target,
        specificity_at_target=curve.specificity_at(target),
        replicates=replicates,
        auc_seed=auc_seed,
        band_seed=band_seed,
    )


def compare_with_proc(
    results: ProcResults,
    score: FloatArray,
    positive: BoolArray,
    *,
    rng: np.random.Generator,
) -> dict[str, float]:
    """Recompute pROC's results independently; return the largest differences.

    Parameters
    ----------
    results
        From ``ask_proc`` for the same nodes.
    score, positive
        ``(n,)``.
    rng
        Random stream of the independent bootstrap.

    Raises
    ------
    AgreementError
        If a deterministic quantity differs by more than 1e-12 or a bootstrap
        quantile by more than its Monte-Carlo error.
    """
    level = results.delong.level
    _, lower, upper = agreement.delong_interval(score, positive, level=level)
    ours = agreement.bootstrap(
        score,
        positive,
        results.grid,
        replicates=max(agreement.REPLICATES, results.replicates),
        rng=rng,
    )
    exact = agreement.compare_exact
    return {
        "auc_difference": exact(
            "AUC", results.auc, agreement.placements(score, positive)[0].mean()
        ),
        "delong_difference": exact(
            "DeLong interval",
            [results.delong.lower, results.delong.upper],
            [lower, upper],
        ),
        "curve_difference": _compare_curves(results, score, positive),
        "bootstrap_difference": _compare_intervals(results, ours.auc),
        "band_difference": _compare_bands(results, ours.sensitivity),
        "check_replicates": len(ours.auc),
    }


def _compare_curves(
    results: ProcResults, score: FloatArray, positive: BoolArray
) -> float:
    """Compare operating points, largest Youden index and interpolated specificity."""
    curve = empirical_curve(score, positive)
    youden = results.sensitivities + results.specificities
    ours = curve.sensitivities + curve.specificities
    exact = agreement.compare_exact
    return max(
        exact("sensitivities", results.sensitivities, curve.sensitivities),
        exact("specificities", results.specificities, curve.specificities),
        exact("largest Youden index", youden.max(), ours.max()),
        exact(
            "specificity at the target sensitivity",
            results.specificity_at_target,
            interpolated_specificity(curve, results.target),
        ),
    )


def _compare_intervals(results: ProcResults, ours: FloatArray) -> float:
    """Compare both ends of the bootstrap interval of the AUC."""
    ends = (results.bootstrap.lower, results.bootstrap.upper)
    return max(
        agreement.compare_quantile(
            "bootstrap interval of the AUC",
            np.array([end]),
            ours[:, None],
            probability=probability,
            replicates=results.replicates,
        )
        for end, probability in zip(ends, _tails(results), strict=True)
    )


def _compare_bands(results: ProcResults, ours: FloatArray) -> float:
    """Compare both ends of the band of sensitivities."""
    ends = (results.band[:, 0], results.band[:, 2])
    return max(
        agreement.compare_quantile(
            "band of the sensitivity",
            end,
            ours,
            probability=probability,
            replicates=results.replicates,
        )
        for end, probability in zip(ends, _tails(results), strict=True)
    )


def _tails(results: ProcResults) -> tuple[float, float]:
    """Return the probabilities of the ends of an interval."""
    level = results.bootstrap.level
    return (1 - level) / 2, (1 + level) / 2
