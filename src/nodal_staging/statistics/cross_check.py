"""pROC's results of one classifier, and their comparison with ``agreement``."""

from dataclasses import dataclass

import numpy as np

from nodal_staging.classifiers.labelled_scores import LabelledScores
from nodal_staging.estimates import implementation_agreement
from nodal_staging.estimates.auc_intervals import unit_interval
from nodal_staging.estimates.curve import Curve, interpolated_specificity
from nodal_staging.statistics import proc, proc_bootstrap
from nodal_staging.statistics.proc_bootstrap import BootstrapSettings, Engine
from nodal_staging.study.arrays import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class ProcResults:
    """What pROC computes for one classifier.

    Attributes
    ----------
    auc, delong, bootstrap
        The area and its intervals.
    thresholds, sensitivities, specificities
        Operating points, thresholds ascending from -inf to inf, ``(k + 1,)``.
    band
        Lower end, median and upper end of the sensitivity at the specificities that
        were settings for ``(g, 3)``.
    specificity_at_target, specificity_interval
        The specificity interpolated at the target sensitivity, and lower
        end, median and upper end of it ``(3,)``.
    settings
        Settings that were given to pROC.
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
    band: FloatArray
    specificity_at_target: float
    specificity_interval: FloatArray
    settings: BootstrapSettings
    engine: Engine
    replay_difference: float | None

    @property
    def repeated(self) -> int | None:
        """How many replicates pROC repeated; None if it computed all of them."""
        if self.replay_difference is None:
            return None
        return min(proc_bootstrap.REPEATED, self.settings.replicates)


def ask_proc(
    tested: LabelledScores, settings: BootstrapSettings, *, engine: Engine = "replayed"
) -> ProcResults:
    """Ask pROC for all that is reported of one classifier.

    Parameters
    ----------
    tested
        The test partition.
    settings
        Points of the curve, confidence level, replicates and seeds.
    engine
        ``proc`` has pROC compute every replicate, ``replayed`` only the first ones;
        both give the same ends.

    Raises
    ------
    AgreementError
        If pROC does not repeat the first replicates.
    """
    score, positive = tested.score, tested.positive
    curve = proc.RocCurve(score, positive)
    if engine == "proc":
        drawn, difference = proc_bootstrap.by_proc(curve, settings), None
    else:
        drawn = proc_bootstrap.replayed(curve, score, positive, settings)
        difference = proc_bootstrap.compare_first(curve, score, positive, settings)
    thresholds, sensitivities, specificities = curve.points()
    return ProcResults(
        auc=curve.auc(),
        delong=curve.delong_interval(level=settings.level),
        bootstrap=drawn.auc,
        thresholds=thresholds,
        sensitivities=sensitivities,
        specificities=specificities,
        band=drawn.band,
        specificity_at_target=curve.specificity_at(settings.target),
        specificity_interval=drawn.specificity,
        settings=settings,
        engine=engine,
        replay_difference=difference,
    )


def compare_with_proc(
    results: ProcResults, tested: LabelledScores, *, rng: np.random.Generator
) -> dict[str, float]:
    """Recompute pROC's results independently; return the largest differences.

    Parameters
    ----------
    results
        From ``ask_proc``.
    tested
        The same test partition.
    rng
        Random stream of the independent bootstrap.

    Raises
    ------
    AgreementError
        If a deterministic quantity differs by more than 1e-12 or a bootstrap
        quantile by more than its Monte-Carlo error.
    """
    settings = results.settings
    _, lower, upper = unit_interval(tested.by_node, [1.0], level=results.delong.level)
    ours = implementation_agreement.bootstrap(
        tested.score,
        tested.positive,
        settings.grid,
        replicates=implementation_agreement.check_replicates(
            len(tested.score), settings.replicates
        ),
        rng=rng,
        sensitivities=np.array([settings.target]),
    )
    exact = implementation_agreement.compare_exact
    return {
        "auc_difference": exact("AUC", results.auc, tested.area.estimate),
        "delong_difference": exact(
            "DeLong interval",
            [results.delong.lower, results.delong.upper],
            [lower, upper],
        ),
        "curve_difference": _compare_curves(results, tested.curve),
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


def _compare_curves(results: ProcResults, curve: Curve) -> float:
    """Compare operating points, largest Youden index and interpolated specificity."""
    youden = results.sensitivities + results.specificities
    ours = curve.sensitivities + curve.specificities
    exact = implementation_agreement.compare_exact
    return max(
        exact("sensitivities", results.sensitivities, curve.sensitivities),
        exact("specificities", results.specificities, curve.specificities),
        exact("largest Youden index", youden.max(), ours.max()),
        exact(
            "specificity at the target sensitivity",
            results.specificity_at_target,
            interpolated_specificity(curve, results.settings.target),
        ),
    )


def _compare_ends(
    quantity: str, results: ProcResults, ends: FloatArray, ours: FloatArray
) -> float:
    """Compare lower and upper ends ``(2, k)`` with replicates of ours ``(b, k)``."""
    level = results.bootstrap.level
    return max(
        implementation_agreement.compare_quantile(
            quantity,
            end,
            ours,
            probability=probability,
            replicates=results.settings.replicates,
        )
        for end, probability in zip(
            ends, ((1 - level) / 2, (1 + level) / 2), strict=True
        )
    )
