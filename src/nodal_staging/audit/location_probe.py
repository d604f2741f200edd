"""A linear probe for the location in numbers that describe a node.

The probe is a multinomial logistic regression on standardised features. Its penalty is
chosen by folds of patients within the training set; the test set is only scored.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedGroupKFold

from nodal_staging.study.arrays import BoolArray, FloatArray, IntArray, TextArray

PENALTIES = (0.01, 0.1, 1.0, 10.0)
"""Inverse weights of the squared coefficients (scikit-learn's ``C``)."""
FOLDS = 5
TOLERANCE = 1e-3
OTHER = "other"
FEWEST_TRAINING, FEWEST_TEST = 10, 3
"""Locations with fewer nodes are merged into ``OTHER``."""


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """Locations as numbers.

    Attributes
    ----------
    names
        Of the levels, those with enough nodes in alphabetical order, then ``OTHER``.
    training, test
        Number of the level of each node.
    merged
        Locations that are part of ``OTHER``.
    """

    names: list[str]
    training: IntArray
    test: IntArray
    merged: list[str]

    @classmethod
    def of(cls, training: TextArray, test: TextArray) -> "Levels":
        """Give the locations of training and test nodes numbers."""
        counts = [pd.Series(nodes).value_counts() for nodes in (training, test)]
        every = sorted({*training, *test})
        kept = [
            name
            for name in every
            if counts[0].get(name, 0) >= FEWEST_TRAINING
            and counts[1].get(name, 0) >= FEWEST_TEST
        ]
        merged = [name for name in every if name not in kept]
        names = kept + [OTHER] * bool(merged)
        number = {name: names.index(name if name in kept else OTHER) for name in every}
        of_training, of_test = (
            np.array([number[name] for name in nodes], int)
            for nodes in (training, test)
        )
        return cls(names, of_training, of_test, merged)


@dataclass(frozen=True, slots=True, eq=False)
class Probe:
    """A fitted probe.

    Attributes
    ----------
    mean, scale
        Of each feature among training nodes ``(d,)``.
    regression
        The fitted model.
    """

    mean: FloatArray
    scale: FloatArray
    regression: LogisticRegression

    @classmethod
    def fit(cls, values: FloatArray, level: IntArray, penalty: float) -> "Probe":
        """Fit it to features ``(n, d)`` and levels ``(n,)``."""
        scale = values.std(axis=0)
        mean, scale = values.mean(axis=0), np.where(scale > 0, scale, 1.0)
        model = LogisticRegression(C=penalty, tol=TOLERANCE, max_iter=2000)
        return cls(mean, scale, model.fit((values - mean) / scale, level))

    def probabilities(self, values: FloatArray, levels: int) -> FloatArray:
        """Return the probability of each level ``(n, levels)``; 0 of unknown ones."""
        found = np.zeros((len(values), levels))
        scaled = (values - self.mean) / self.scale
        found[:, self.regression.classes_] = self.regression.predict_proba(scaled)
        return found

    def directions(self, levels: int) -> FloatArray:
        """Return how each level's log odds change with the features ``(levels, d)``."""
        found = np.zeros((levels, len(self.mean)))
        slopes = self.regression.coef_ / self.scale
        if len(slopes) == 1:  # of two levels, scikit-learn keeps one
            slopes = np.concatenate([-slopes, slopes])
        found[self.regression.classes_] = slopes
        return found


def best_penalty(values: FloatArray, level: IntArray, patient: TextArray) -> float:
    """Return the penalty of the smallest log loss on held-out patients.

    Parameters
    ----------
    values, level, patient
        Features ``(n, d)``, level and patient ``(n,)`` of training nodes.
    """
    folds = min(FOLDS, int(np.bincount(level)[np.unique(level)].min()))
    if folds < 2 or len(np.unique(patient)) < folds:
        return PENALTIES[len(PENALTIES) // 2]
    losses = np.zeros(len(PENALTIES))
    classes = np.unique(level)
    for kept, held_out in StratifiedGroupKFold(folds).split(values, level, patient):
        for place, penalty in enumerate(PENALTIES):
            probe = Probe.fit(values[kept], level[kept], penalty)
            shown = probe.probabilities(values[held_out], int(level.max()) + 1)
            losses[place] += log_loss(
                level[held_out],
                np.clip(shown[:, classes], 1e-12, None),
                labels=classes,
            ) * len(held_out)
    return PENALTIES[int(losses.argmin())]


def exchanged_between_patients(
    level: IntArray, patient: TextArray, rng: np.random.Generator
) -> IntArray:
    """Return levels that patients have exchanged: what holds if nothing is encoded.

    Patients with equally many nodes swap their levels, in order; a patient who is alone
    with that number draws from the levels of another patient.

    Parameters
    ----------
    level, patient
        Of each node ``(n,)``.
    rng
        Of the draw.
    """
    names, sizes = np.unique(patient, return_counts=True)
    rows = [np.flatnonzero(patient == name) for name in names]
    found = level.copy()
    for size in np.unique(sizes):
        members = np.flatnonzero(sizes == size)
        if len(members) > 1:
            for to, source in zip(members, rng.permutation(members), strict=True):
                found[rows[to]] = level[rows[source]]
        elif len(rows) > 1:
            others = [place for place in range(len(rows)) if place != members[0]]
            source = rows[rng.choice(others)]
            found[rows[members[0]]] = level[rng.choice(source, size)]
    return found


def one_against_others(
    score: FloatArray, own: BoolArray, among: BoolArray, times: FloatArray
) -> FloatArray:
    """Return the AUC of own nodes against others in each draw, NaN without a pair.

    Parameters
    ----------
    score, own, among
        Score, membership, and whether a node counts ``(n,)``.
    times
        How often each node is drawn ``(draws, n)``.
    """
    cases, others = own & among, ~own & among
    above = score[cases][:, None] - score[others]
    wins = (np.sign(above) + 1) / 2
    of_cases, of_others = times[:, cases], times[:, others]
    won = np.einsum("dn,dn->d", of_cases @ wins, of_others)
    pairs = of_cases.sum(axis=1) * of_others.sum(axis=1)
    area: FloatArray = np.full(len(times), np.nan)
    np.divide(won, pairs, out=area, where=pairs > 0)
    return area
