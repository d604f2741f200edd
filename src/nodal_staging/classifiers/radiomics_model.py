"""A logistic regression or a forest on many features, prepared within the training set.

Everything that is learned, also which features are used, is learned from the nodes that
are handed to ``fit``: the folds of the penalty prepare their features by themselves.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedGroupKFold

from nodal_staging.estimates.ranks import average_ranks
from nodal_staging.study.arrays import BoolArray, FloatArray, IntArray, TextArray

PENALTIES = tuple(10 ** (exponent / 2) for exponent in range(-6, 4))
"""Inverse weights of the squared coefficients (scikit-learn's ``C``)."""

TOLERANCE, INNER_TOLERANCE = 1e-6, 1e-3
INNER_FOLDS = 5
MOST_ALIKE = 0.95
"""Absolute rank correlation from which the later one of two features is left out."""

LEAST_VARIED = 0.05
"""A feature needs this share of nodes that differ from its most common value."""


@dataclass(frozen=True, slots=True, eq=False)
class Preparation:
    """How features are filled in, chosen and scaled.

    Attributes
    ----------
    median
        Of every feature ``(f,)``, for nodes without it.
    kept
        Places of the features that are used ``(k,)``.
    mean, scale
        Of the used features ``(k,)``.
    """

    median: FloatArray
    kept: IntArray
    mean: FloatArray
    scale: FloatArray

    @classmethod
    def of(cls, values: FloatArray) -> "Preparation":
        """Learn it from training nodes ``(n, f)``."""
        median = np.array([_median(column) for column in values.T])
        filled = np.where(np.isnan(values), median, values)
        kept = _kept(filled)
        used = filled[:, kept]
        return cls(median, kept, used.mean(axis=0), used.std(axis=0))

    def filled(self, values: FloatArray) -> FloatArray:
        """Return all features ``(n, f)``, the median where one is NaN."""
        return np.where(np.isnan(values), self.median, values)

    def applied(self, values: FloatArray) -> FloatArray:
        """Return the used features ``(n, k)``, standardised."""
        scaled: FloatArray = (self.filled(values)[:, self.kept] - self.mean) / (
            self.scale
        )
        return scaled


class RadiomicsModel:
    """A classifier in the form of scikit-learn.

    Attributes
    ----------
    preparation, regression
        What ``fit`` has learned.
    penalty
        The chosen one of ``PENALTIES``.
    """

    preparation: Preparation
    regression: LogisticRegression
    penalty: float

    def fit(
        self, values: FloatArray, positive: BoolArray, groups: TextArray
    ) -> "RadiomicsModel":
        """Choose the penalty and fit the model.

        Parameters
        ----------
        values
            Features ``(n, f)``, NaN where one is not defined.
        positive, groups
            Status and patient of each node ``(n,)``.
        """
        self.penalty = _best_penalty(values, positive, groups)
        self.preparation = Preparation.of(values)
        prepared = self.preparation.applied(values)
        self.regression = _regression(self.penalty, TOLERANCE).fit(prepared, positive)
        return self

    @property
    def classes_(self) -> BoolArray:
        """The order of the columns of ``predict_proba``."""
        return np.asarray(self.regression.classes_, bool)

    def predict_proba(self, values: FloatArray) -> FloatArray:
        """Return the probability of each class ``(n, 2)``."""
        prepared = self.preparation.applied(values)
        return np.asarray(self.regression.predict_proba(prepared), float)


class RadiomicsForest:
    """A random forest on features that are prepared as those of the regression.

    Attributes
    ----------
    preparation, forest
        What ``fit`` has learned.
    """

    preparation: Preparation
    forest: RandomForestClassifier

    def __init__(self, new_forest: Callable[[], RandomForestClassifier]) -> None:
        """Take what returns a forest that is not fitted yet."""
        self._new_forest = new_forest

    def fit(self, values: FloatArray, positive: BoolArray) -> "RadiomicsForest":
        """Choose the features and fit the forest.

        Parameters
        ----------
        values
            Features ``(n, f)``, NaN where one is not defined.
        positive
            Status of each node ``(n,)``.
        """
        self.preparation = Preparation.of(values)
        self.forest = self._new_forest()
        self.forest.fit(self.preparation.applied(values), positive)
        return self

    @property
    def classes_(self) -> BoolArray:
        """The order of the columns of ``predict_proba``."""
        return np.asarray(self.forest.classes_, bool)

    def predict_proba(self, values: FloatArray) -> FloatArray:
        """Return the probability of each class ``(n, 2)``."""
        prepared = self.preparation.applied(values)
        return np.asarray(self.forest.predict_proba(prepared), float)


def _regression(penalty: float, tolerance: float) -> LogisticRegression:
    return LogisticRegression(C=penalty, tol=tolerance, max_iter=10_000)


def _best_penalty(values: FloatArray, positive: BoolArray, groups: TextArray) -> float:
    """Return the penalty of the smallest log loss on held-out patients."""
    folds = min(INNER_FOLDS, len(np.unique(groups)))
    smallest = min(int(positive.sum()), int((~positive).sum()))
    if min(folds, smallest) < 2:
        return PENALTIES[len(PENALTIES) // 2]
    splitter = StratifiedGroupKFold(n_splits=min(folds, smallest))
    losses = np.zeros(len(PENALTIES))
    for kept, held_out in splitter.split(values, positive, groups):
        if len(np.unique(positive[kept])) > 1 and len(held_out):
            losses += _losses(values, positive, kept, held_out)
    return PENALTIES[int(np.argmin(losses))]


def _losses(
    values: FloatArray, positive: BoolArray, kept: IntArray, held_out: IntArray
) -> FloatArray:
    """Return the summed log loss of each penalty on held-out nodes."""
    preparation = Preparation.of(values[kept])
    known, unknown = (preparation.applied(values[rows]) for rows in (kept, held_out))
    probability = [
        _regression(penalty, INNER_TOLERANCE)
        .fit(known, positive[kept])
        .predict_proba(unknown)
        for penalty in PENALTIES
    ]
    return np.array(
        [
            log_loss(positive[held_out], one, labels=[False, True], normalize=False)
            for one in probability
        ]
    )


def _median(column: FloatArray) -> float:
    known = column[~np.isnan(column)]
    return float(np.median(known)) if len(known) else 0.0


def _kept(filled: FloatArray) -> IntArray:
    """Return the features that vary and are unlike all earlier ones."""
    varied = [place for place, column in enumerate(filled.T) if _varies(column)]
    if not varied:
        return np.zeros(0, int)
    correlation = rank_correlation(filled[:, varied])
    kept: list[int] = []
    for place in range(len(varied)):
        if not kept or np.abs(correlation[place, kept]).max() <= MOST_ALIKE:
            kept.append(place)
    return np.array(varied)[kept]


def _varies(column: FloatArray) -> bool:
    commonest = np.unique(column, return_counts=True)[1].max()
    return bool(1 - commonest / len(column) >= LEAST_VARIED and column.std() > 0)


def rank_correlation(values: FloatArray) -> FloatArray:
    """Return Spearman's correlation of all pairs of columns ``(f, f)``.

    Parameters
    ----------
    values
        ``(n, f)``; columns that vary.
    """
    ranks = [average_ranks(column) for column in values.T]
    return np.atleast_2d(np.corrcoef(ranks))
