"""Rehearsals of the audit: cohorts like the study's, scores with a known shortcut.

A rehearsed cohort draws patients of the study with replacement, each with the status
and the location of its nodes, and is split as the study is. A node's evidence is the
log-likelihood ratio of the phantom's truth model, seen with noise: mu x - mu^2 / 2 with
x normal about 0 or mu, correlated within a patient. A score adds the log-likelihood
ratio of the location, times a weight: 0 reads the node alone, 1 is the ideal observer.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from nodal_staging.audit.location_mix import Mix
from nodal_staging.study.arrays import BoolArray, FloatArray, TextArray

KEPT = ["status", "location", "short_axis_mm", "tested"]
"""Columns of a node that a rehearsed cohort keeps, where the study has them."""

HALVINGS = 50
"""Of the interval in which a weight is searched, to the last digits of its worth."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the node itself tells.

    Attributes
    ----------
    node_auc
        AUC of the node's evidence alone, above 0.5.
    icc
        Share of the variance of x that the nodes of a patient have in common.
    """

    node_auc: float
    icc: float

    @property
    def shift(self) -> float:
        """How far x of positive nodes is shifted, in standard deviations."""
        return float(np.sqrt(2) * ndtri(self.node_auc))

    def draw(
        self, positive: BoolArray, patient: TextArray, rng: np.random.Generator
    ) -> FloatArray:
        """Draw the log-likelihood ratio of each node ``(n,)``."""
        number = np.unique(patient, return_inverse=True)[1]
        shared = rng.standard_normal(int(number.max()) + 1)[number]
        own = rng.standard_normal(len(number))
        x = np.sqrt(self.icc) * shared + np.sqrt(1 - self.icc) * own
        mu = self.shift
        ratio: FloatArray = mu * (x + mu * positive) - mu**2 / 2
        return ratio


def worth(mix: Mix, weight: float, evidence: Evidence) -> float:
    """Return by how much a weight of the location raises the AUC.

    That is, the AUC less that over pairs of the same location, in closed form: the
    scores of two nodes differ by a normal variable.
    """
    negative, positive = mix.counts / mix.counts.sum(axis=1, keepdims=True)
    mu = evidence.shift
    apart = mix.ratio[:, None] - mix.ratio[None, :]
    won = ndtr((mu**2 + weight * apart) / (np.sqrt(2) * mu))
    return float(positive @ won @ negative) - evidence.node_auc


def weight_worth(mix: Mix, wanted: float, evidence: Evidence) -> float | None:
    """Return the weight that is worth so much AUC; None if the largest worth is less.

    The ideal observer has the largest AUC, so no weight above 1 is tried.
    """
    if worth(mix, 1, evidence) < wanted:
        return None
    low, high = 0.0, 1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if worth(mix, middle, evidence) < wanted:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def draw_patients(
    nodes: pd.DataFrame, patients: int, rng: np.random.Generator
) -> pd.DataFrame:
    """Draw patients with replacement, each with all its nodes.

    Parameters
    ----------
    nodes
        ``tables.NODES`` of the study, in any order. If ``tested`` is a column (whether
        a node is tested), the share of patients with tested nodes is that of the study.
    patients
        How many are drawn.
    rng
        Random numbers.

    Returns
    -------
    node_id, patient_id (new, since a patient may be drawn twice), and the columns of
    ``KEPT`` that the nodes have.
    """
    ordered = nodes.sort_values("node_id", ignore_index=True)
    names, number = np.unique(ordered["patient_id"], return_inverse=True)
    rows = pd.Series(np.arange(len(ordered))).groupby(number).agg(list)
    if "tested" in ordered:
        testing = np.bincount(number, ordered["tested"].to_numpy(float)) > 0
        tests = round(patients * testing.mean())
        parts = [(testing, tests), (~testing, patients - tests)]
        draws = [rng.choice(np.flatnonzero(own), count) for own, count in parts]
        places = np.concatenate(draws)
    else:
        places = rng.integers(0, len(names), patients)
    drawn = [rows[place] for place in places]
    kept = [name for name in KEPT if name in ordered]
    found = ordered.loc[np.concatenate(drawn), kept].reset_index(drop=True)
    new = np.repeat(np.arange(patients), [len(own) for own in drawn])
    found.insert(0, "node_id", [f"N{place:06}" for place in range(len(found))])
    found.insert(1, "patient_id", [f"P{place:06}" for place in new])
    return found
