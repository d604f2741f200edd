"""pROC's results of one classifier, and their comparison with ``agreement``."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nodal_staging.estimates import agreement, auc
from nodal_staging.estimates.curve import empirical_curve, interpolated_specificity
from nodal_staging.statistics import proc, proc_bootstrap
from nodal_staging.statistics.proc_bootstrap import Engine, Question

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
    target, specificity_at_target, specificity_interval
        A sensitivity, the specificity interpolated there, and lower end, median and
        upper end of it ``(3,)``.
    replicates, auc_seed, band_seed, specificity_seed
        Of the bootstraps.
    engine
        Who computed the replicates: ``replayed`` from R's draws, or ``proc``.
    replay_difference
        Largest difference where pROC repeated the first replicates; None if it
        computed all of them.
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
    specificity_interval: FloatArray
    replicates: int
    auc_seed: int
    band_seed: int
    specificity_seed: int
    engine: Engine
    replay_difference: float | None


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
    specificity_seed: int,
    engine: Engine = "replayed",
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
    auc_seed, band_seed, specificity_seed
        For R, one per statistic, so that no result depends on the order of calls.
    engine
        ``proc`` has pROC compute every replicate, ``replayed`` only the first ones;
        both give the same ends.

    Raises
    ------
    AgreementError
        If pROC does not repeat the first replicates.
    """
    curve = proc.RocCurve(score, positive)
    seeds = {"auc": auc_seed, "band": band_seed, "specificity": specificity_seed}
    asked = Question(grid, target, level, replicates, seeds)
    if engine == "proc":
        drawn, difference = proc_bootstrap.by_proc(curve, asked), None
    else:
        drawn = proc_bootstrap.replayed(curve, score, positive, asked)
        difference = proc_bootstrap.compare_first(curve, score, positive, asked)
    thresholds, sensitivities, specificities = curve.points()
    return ProcResults(
        auc=curve.auc(),
        delong=curve.delong_interval(level=level),
        bootstrap=drawn.auc,
        thresholds=thresholds,
        sensitivities=sensitivities,
        specificities=specificities,
        grid=grid,
        band=drawn.band,
        target=target,
        specificity_at_target=curve.specificity_at(target),
        specificity_interval=drawn.specificity,
        replicates=replicates,
        auc_seed=auc_seed,
        band_seed=band_seed,
        specificity_seed=specificity_seed,
        engine=engine,
        replay_difference=difference,
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
    _, lower, upper = auc.delong_interval(score, positive, level=level)
    ours = agreement.bootstrap(
        score,
        positive,
        results.grid,
        replicates=agreement.check_replicates(len(score), results.replicates),
        rng=rng,
        sensitivities=np.array([results.target]),
    )
    exact = agreement.compare_exact
    return {
        "auc_difference": exact(
            "AUC", results.auc, auc.placements(score, positive)[0].mean()
        ),
        "delong_difference": exact(
            "DeLong interval",
            [results.delong.lower, results.delong.upper],
            [lower, upper],
        ),
        "curve_difference": _compare_curves(results, score, positive),
        "bootstrap_difference": _compare_ends(
            "bootstrap interval of the AUC",
            results,
            np.array([[results.bootstrap.lower], [results.bootstrap.upper]]),
            ours.auc[:, None],
        ),
        "band_difference": _compare_ends(
            "band of the sensitivity",
            results,
            results.band[:, [0, 2]].T,
            ours.sensitivity,
        ),
        "specificity_difference": _compare_ends(
            "interval of the specificity",
            results,
            results.specificity_interval[[0, 2], None],
            ours.specificity,
        ),
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


def _compare_ends(
    quantity: str, results: ProcResults, ends: FloatArray, ours: FloatArray
) -> float:
    """Compare lower and upper ends ``(2, k)`` with replicates of ours ``(b, k)``."""
    level = results.bootstrap.level
    return max(
        agreement.compare_quantile(
            quantity,
            end,
            ours,
            probability=probability,
            replicates=results.replicates,
        )
        for end, probability in zip(
            ends, ((1 - level) / 2, (1 + level) / 2), strict=True
        )
    )
