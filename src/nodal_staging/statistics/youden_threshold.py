"""The threshold above which a node is called positive, by Youden's index."""

from dataclasses import dataclass
from math import hypot
from typing import Any

from nodal_staging.classifiers.labelled_scores import (
    LabelledScores,
    ScoredClassifier,
    ScoreError,
)
from nodal_staging.estimates.curve import TieRule, youden_choice
from nodal_staging.estimates.delong import ClusteredArea

Block = dict[str, Any]

MUCH_WEAKER = 0.1
"""Difference of AUC from which the models of the folds are another classifier."""

BEYOND_CHANCE = 2.0
"""Standard errors of that difference, test and training patients being others."""


@dataclass(frozen=True, slots=True)
class ThresholdRule:
    """Where the Youden threshold is chosen, unless the scores hold decisions.

    Attributes
    ----------
    source
        ``out_of_fold``, or ``test`` as published, which is optimistic by two to
        three points of accuracy at the published size.
    tie_rule
        Which of several thresholds with the same Youden index is taken.
    """

    source: str
    tie_rule: TieRule


def choose_threshold(classifier: ScoredClassifier, rule: ThresholdRule) -> Block:
    """Choose the threshold, unless the scores of the classifier hold decisions.

    Parameters
    ----------
    classifier
        With the scores on which the threshold is chosen.
    rule
        How.

    Returns
    -------
    The threshold and how it was chosen. ``weak_folds``: the out-of-fold AUC lies below
    that of the tested model by more than ``MUCH_WEAKER`` and ``BEYOND_CHANCE``.

    Raises
    ------
    ScoreError
        If there are no nodes to choose a threshold on.
    """
    if classifier.test.decided is not None:
        return {
            "rule": "given",
            "source": "given",
            "value": None,
            "tie_rule": "none",
            "n_tied": 0,
            "tied": [],
            "chosen_on_auc": None,
            "weak_folds": False,
        }
    chosen_on = _chosen_on(classifier, rule.source)
    choice = youden_choice(chosen_on.curve, rule.tie_rule)
    return {
        "rule": "youden",
        "source": rule.source,
        "value": choice.threshold,
        "tie_rule": rule.tie_rule,
        "n_tied": len(choice.tied),
        "tied": list(choice.tied),
        "chosen_on_auc": chosen_on.area.estimate,
        "weak_folds": _much_weaker(chosen_on.area, classifier.test.area),
    }


def _much_weaker(folds: ClusteredArea, tested: ClusteredArea) -> bool:
    """Tell whether the folds score so much worse that their threshold is another's."""
    gap = tested.estimate - folds.estimate
    error = hypot(tested.standard_error, folds.standard_error)
    return gap > MUCH_WEAKER and gap > BEYOND_CHANCE * error


def _chosen_on(classifier: ScoredClassifier, source: str) -> LabelledScores:
    """Return the nodes on which the threshold is chosen."""
    if source == "test":
        return classifier.test
    try:
        return classifier.out_of_fold
    except ScoreError as error:
        raise ScoreError(
            f"no threshold can be chosen: {error}; or fill in prediction, or set "
            "statistics/threshold_source to test"
        ) from error
