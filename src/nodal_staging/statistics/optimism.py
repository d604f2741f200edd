"""What a threshold chosen on the test set claims too much.

The published study chose its thresholds on the nodes it then counted. Here both ways
stand side by side, whichever of them the study uses:

- ``apparent``: chosen on the test set, counted on it;
- ``honest``: chosen out of fold, counted on the test set;
- their difference, which is that of this one test set;
- ``expected``: the difference to be expected, by Efron's bootstrap. Nodes are drawn
  within each class, a threshold is chosen on the draw, and counted on the draw and on
  the test set.
"""

from dataclasses import asdict
from typing import Any

import numpy as np

from nodal_staging.classifiers.labelled_scores import (
    LabelledScores,
    ScoredClassifier,
    ScoreError,
)
from nodal_staging.estimates import proportions
from nodal_staging.estimates.curve import Curve, TieRule, youden_choice
from nodal_staging.estimates.replicates import chunks
from nodal_staging.study.arrays import FloatArray, IntArray

Block = dict[str, Any]

REPLICATES = 1000
"""The standard deviation of an optimism is about 0.03, so its mean is good to 0.001."""


def show_optimism(
    classifier: ScoredClassifier, *, tie_rule: TieRule, rng: np.random.Generator
) -> Block:
    """Compare the threshold of the test set with that of the out-of-fold scores.

    Parameters
    ----------
    classifier
        With its test and out-of-fold scores.
    tie_rule
        Which of several thresholds with the same Youden index is taken.
    rng
        Random stream of the expected optimism.

    Returns
    -------
    ``status`` (ok, given, no_out_of_fold), and the blocks named in the module; a
    status of ``given`` has none, one of ``no_out_of_fold`` no honest one.
    """
    tested = classifier.test
    if tested.decided is not None:
        return {"status": "given"}
    apparent = _outcome(tested, youden_choice(tested.curve, tie_rule).threshold)
    found: Block = {
        "status": "no_out_of_fold",
        "apparent": apparent,
        "honest": None,
        "difference": None,
        "expected": _expected(tested.curve, tie_rule, rng),
    }
    try:
        tuning = classifier.out_of_fold
    except ScoreError:
        return found
    if tuning.decided is not None:
        return found
    honest = _outcome(tested, youden_choice(tuning.curve, tie_rule).threshold)
    difference = {
        name: apparent[name] - honest[name]
        for name in ("accuracy", "balanced_accuracy")
    }
    return found | {"status": "ok", "honest": honest, "difference": difference}


def _outcome(tested: LabelledScores, threshold: float) -> Block:
    """Count what a threshold leads to on the test set."""
    counts = proportions.confusion(tested.positive, tested.calls(threshold))
    right, n = counts.counts()["accuracy"]
    return {
        "threshold": threshold,
        "confusion": asdict(counts),
        "accuracy": right / n,
        "balanced_accuracy": proportions.binary_auc(counts),
    }


def _expected(curve: Curve, tie_rule: TieRule, rng: np.random.Generator) -> Block:
    """Return the mean gap between the draw that chose a threshold and the test set."""
    cases = -np.diff(curve.true_positives)
    controls = np.diff(curve.true_negatives)
    gaps = np.concatenate(
        [
            _gaps(curve, cases, controls, tie_rule, size, rng)
            for size in chunks(REPLICATES, len(curve.thresholds))
        ],
        axis=1,
    )
    accuracy, balanced = gaps.mean(axis=1)
    return {
        "accuracy": float(accuracy),
        "balanced_accuracy": float(balanced),
        "replicates": REPLICATES,
        "method": "bootstrap_optimism",
    }


def _gaps(
    curve: Curve,
    cases: IntArray,
    controls: IntArray,
    tie_rule: TieRule,
    size: int,
    rng: np.random.Generator,
) -> FloatArray:
    """Return gaps of accuracy and balanced accuracy ``(2, size)``."""
    m, n = curve.positives, curve.negatives
    drawn = (
        rng.multinomial(m, cases / m, size=size),
        rng.multinomial(n, controls / n, size=size),
    )
    below = [np.cumsum(part, axis=1) for part in drawn]
    start = np.zeros((size, 1), np.int64)
    hits = m - np.hstack([start, below[0]])
    passed = np.hstack([start, below[1]])
    index = hits * n + passed * m
    if tie_rule == "lowest":
        chosen = index.argmax(axis=1)
    else:
        chosen = index.shape[1] - 1 - index[:, ::-1].argmax(axis=1)
    rows = np.arange(size)
    more_hits = hits[rows, chosen] - curve.true_positives[chosen]
    more_passed = passed[rows, chosen] - curve.true_negatives[chosen]
    return np.stack(
        [(more_hits + more_passed) / (m + n), (more_hits / m + more_passed / n) / 2]
    )
