"""What follows from calling nodes positive or negative: threshold, counts, metrics."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from nodal_staging import metrics
from nodal_staging.clustered import f1_interval
from nodal_staging.labelled_scores import LabelledScores, ScoreError, read_partition
from nodal_staging.operating_points import TieRule, empirical_curve, youden_choice

BoolArray = npt.NDArray[np.bool_]
Block = dict[str, Any]


def choose_threshold(
    tested: LabelledScores,
    scores: str | Path,
    *,
    classifier: str,
    source: str,
    tie_rule: TieRule,
) -> Block:
    """Choose the threshold, unless the classifier has decided by itself.

    Parameters
    ----------
    tested
        The test partition.
    scores
        The whole file, for its out-of-fold rows.
    classifier
        Name for messages.
    source
        ``out_of_fold``, or ``test`` as published, which is optimistic by two to
        three points of accuracy at the published size.
    tie_rule
        Which of several thresholds with the same Youden index is taken.

    Raises
    ------
    ScoreError
        If there are no nodes to choose a threshold on.
    """
    if tested.decided is not None:
        return {
            "rule": "given",
            "source": "given",
            "value": None,
            "tie_rule": "none",
            "n_tied": 0,
            "tied": [],
        }
    chosen_on = tested if source == "test" else _tuning(scores, source, classifier)
    choice = youden_choice(
        empirical_curve(chosen_on.score, chosen_on.positive), tie_rule
    )
    return {
        "rule": "youden",
        "source": source,
        "value": choice.threshold,
        "tie_rule": tie_rule,
        "n_tied": len(choice.tied),
        "tied": list(choice.tied),
    }


def describe_decisions(
    tested: LabelledScores,
    called: BoolArray,
    *,
    prevalence: float | None,
    level: float,
    replicates: int,
    seed: int,
) -> Block:
    """Return counts, metrics with intervals, and what they mean at a prevalence.

    Parameters
    ----------
    tested, called
        The test partition, and who of it is called positive ``(n,)``.
    prevalence
        Share of positive nodes outside the test set, or None where it is unknown.
    level
        Confidence level of every interval.
    replicates, seed
        Of the bootstrap over patients that F1 needs, being no share of nodes.
    """
    counts = metrics.confusion(tested.positive, called)
    blocks = {
        name: _share(numerator, denominator, level)
        for name, (numerator, denominator) in counts.counts().items()
    }
    lower, upper = f1_interval(
        tested.positive,
        called,
        tested.patient_id,
        level=level,
        replicates=replicates,
        rng=np.random.default_rng(seed),
    )
    blocks["f1"] |= {
        "lower": lower,
        "upper": upper,
        "method": "patient_bootstrap",
        "replicates": replicates,
        "seed": seed,
    }
    return {
        "confusion": asdict(counts),
        "metrics": blocks,
        "binary_auc": {"estimate": metrics.binary_auc(counts)},
        "natural_prevalence": _at_prevalence(counts, prevalence),
    }


def _tuning(scores: str | Path, source: str, classifier: str) -> LabelledScores:
    """Read the nodes on which the threshold is chosen."""
    try:
        return read_partition(scores, source, classifier=classifier)
    except ScoreError as error:
        raise ScoreError(
            f"no threshold can be chosen: {error}; or fill in prediction, or set "
            "statistics/threshold_source to test"
        ) from error


def _share(numerator: int, denominator: int, level: float) -> Block:
    """Return a share of nodes with its counts and Wilson interval."""
    interval = metrics.wilson_interval(numerator, denominator, level=level)
    lower, upper = interval or (None, None)
    return {
        "estimate": metrics.proportion(numerator, denominator),
        "numerator": numerator,
        "denominator": denominator,
        "lower": lower,
        "upper": upper,
        "level": level,
        "method": "wilson",
    }


def _at_prevalence(counts: metrics.Confusion, prevalence: float | None) -> Block | None:
    """Transfer PPV and NPV from the mix of the test set."""
    if prevalence is None:
        return None
    ppv, npv = metrics.predictive_values(counts, prevalence)
    return {"prevalence": prevalence, "ppv": ppv, "npv": npv}
