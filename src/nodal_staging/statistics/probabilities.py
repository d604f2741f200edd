"""Scores as probabilities: whether they are, and what they are at a prevalence.

A classifier that was trained on as many positive as negative nodes takes a node to be
positive too often where positives are few. Its probabilities are moved to a prevalence
by Bayes' theorem: ``logit p' = logit p + logit prevalence - logit prior``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from scipy.special import logit

from nodal_staging import tables
from nodal_staging.classifiers.labelled_scores import LabelledScores
from nodal_staging.study.arrays import FloatArray

FINEST = float(np.finfo(float).epsneg)
"""The smallest distance from 1 that a number can have; one from 0 that is finer would
make a score of 1 infinitely certain."""

Status = Literal["ok", "not_a_probability", "outside_0_1", "hard_decisions"]


@dataclass(frozen=True, slots=True)
class Prevalences:
    """Shares of positive nodes at which results are reported.

    Attributes
    ----------
    natural
        Share among all nodes of the study, or None where it is unknown.
    given
        Further shares at which PPV and NPV are reported.
    """

    natural: float | None = None
    given: Sequence[float] = ()

    @classmethod
    def read(cls, nodes: str | Path, given: Sequence[float] = ()) -> "Prevalences":
        """Take the natural prevalence from all measured nodes (``tables.NODES``)."""
        status = tables.read(nodes, tables.NODES)["status"]
        return cls(float((status == "positive").mean()), given)


@dataclass(frozen=True, slots=True)
class ProbabilityOptions:
    """How scores are taken as probabilities.

    Attributes
    ----------
    meant
        Whether the classifier means its scores as probabilities.
    prior
        Share of positive nodes that the scores assume: that of the training set.
    groups
        Number of reliability groups.
    """

    meant: bool
    prior: float = 0.5
    groups: int = 10


@dataclass(frozen=True, slots=True, eq=False)
class Probabilities:
    """Scores as given, and their log odds, at the prior of the training set.

    Attributes
    ----------
    score
        ``(n,)``, in [0, 1].
    log_odds
        ``(n,)``, finite.
    prior
        Share of positive nodes that the scores take for granted.
    clip, clipped
        How near to 0 and 1 a score may be, and how many were nearer: 0 and 1 have no
        odds. It is half the smallest distance that any other score keeps, at most
        0.01 and at least ``FINEST``.
    """

    score: FloatArray
    log_odds: FloatArray
    prior: float
    clip: float
    clipped: int

    def at(self, prevalence: float) -> FloatArray:
        """Return the probabilities where so many nodes are positive ``(n,)``.

        By Bayes' theorem from the scores as given: 0 and 1 stay what they are.
        """
        if prevalence == self.prior:
            return self.score
        ratio = prevalence / (1 - prevalence) * (1 - self.prior) / self.prior
        moved = self.score * ratio
        return np.asarray(moved / (moved + (1 - self.score)), float)

    def log_odds_at(self, prevalence: float) -> FloatArray:
        """Return the log odds where so many nodes are positive ``(n,)``."""
        return np.asarray(self.log_odds + logit(prevalence) - logit(self.prior), float)


def status_of(tested: LabelledScores, *, meant: bool) -> Status:
    """Say whether the scores can be taken as probabilities.

    Parameters
    ----------
    tested
        The test partition.
    meant
        Whether the classifier means them so; a rating or a size is none.
    """
    if not meant:
        return "not_a_probability"
    if tested.score.min() < 0 or tested.score.max() > 1:
        return "outside_0_1"
    if np.isin(tested.score, (0, 1)).all():
        return "hard_decisions"
    return "ok"


def probabilities_of(score: FloatArray, *, prior: float) -> Probabilities:
    """Take scores in [0, 1], not all of them 0 or 1, as probabilities."""
    distance = np.minimum(score, 1 - score)
    clip = min(0.01, max(float(distance[distance > 0].min()) / 2, FINEST))
    return Probabilities(
        score,
        np.asarray(logit(np.clip(score, clip, 1 - clip)), float),
        prior,
        clip,
        int((distance < clip).sum()),
    )
