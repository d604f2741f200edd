"""What a perturbation does to the calls and scores of one classifier."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import nan
from typing import Any

import numpy as np
import pandas as pd

from nodal_staging.audit.robustness.robustness_tables import (
    COMPARED,
    NOT_USED,
    ROBUSTNESS,
)
from nodal_staging.estimates.auc import empirical_auc
from nodal_staging.estimates.intraclass_correlation import absolute_agreement
from nodal_staging.estimates.patient_bootstrap import Estimate, PatientBootstrap
from nodal_staging.estimates.proportions import normal_quantile, score_interval
from nodal_staging.estimates.resampled_areas import resampled_areas
from nodal_staging.study.arrays import BoolArray, FloatArray

SMALLEST_PROBABILITY = 1e-7
"""Scores nearer to 0 or 1 have the logit of this distance."""


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """Scores and calls of n nodes after one perturbation in d directions.

    Attributes
    ----------
    perturbation, strength
        Which.
    score, called
        ``(d, n)``.
    vanished, too_far, dice
        As in ``ROBUSTNESS``.
    """

    perturbation: str
    strength: float
    score: FloatArray
    called: BoolArray
    vanished: int = 0
    too_far: int = 0
    dice: float = nan


def logits(score: FloatArray) -> FloatArray:
    """Return the logits of scores between 0 and 1, of any shape."""
    bounded = np.clip(score, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
    return np.asarray(np.log(bounded / (1 - bounded)))


class ScoreChanges:
    """The changes of one classifier from its original scores and calls."""

    def __init__(
        self, original: Outcome, node_ids: Sequence[str], drawn: PatientBootstrap
    ) -> None:
        """Take the outcome of the identity, the nodes and the draws of patients."""
        self.original, self.node_ids, self.drawn = original, node_ids, drawn
        self._areas = resampled_areas(original.score[0], drawn)
        self._auc = empirical_auc(original.score[0], drawn.positive)

    def row(self, found: Outcome) -> dict[str, Any]:
        """Return a row of ``ROBUSTNESS`` without the classifier."""
        return {
            "perturbation": found.perturbation,
            "strength": found.strength,
            "status": COMPARED,
            "nodes": len(self.node_ids),
            **self._rates(found),
            **self._calls(found),
            **self._area(found),
            **self._logits(found),
            "vanished": found.vanished,
            "too_far": found.too_far,
            "dice": found.dice,
        }

    def _rates(self, found: Outcome) -> dict[str, float]:
        """Return sensitivity and specificity, and their changes."""
        positive = self.drawn.positive
        row: dict[str, float] = {}
        for name, members in (("sensitivity", positive), ("specificity", ~positive)):
            after = np.equal(found.called, positive).mean(axis=0)
            before = np.equal(self.original.called[0], positive)
            row[name] = float(after[members].mean())
            change = self.drawn.mean(after - before, among=members)
            row |= _named(change, f"{name}_change")
        return row

    def _calls(self, found: Outcome) -> dict[str, float]:
        """Return the share of nodes whose call changes, with Wilson's interval."""
        changed = found.called != self.original.called
        share, nodes = float(changed.mean()), changed.shape[1]
        errors = normal_quantile(self.drawn.options.level)
        lower, upper = score_interval(share, nodes, errors)
        return {
            "calls_changed": share,
            "calls_changed_lower": lower if share > 0 else 0.0,
            "calls_changed_upper": upper if share < 1 else 1.0,
            "calls_changed_in_any": float(changed.any(axis=0).mean()),
        }

    def _area(self, found: Outcome) -> dict[str, float | None]:
        """Return the AUC and its change, over the same draws."""
        areas = [empirical_auc(one, self.drawn.positive) for one in found.score]
        replicates = [resampled_areas(one, self.drawn) for one in found.score]
        lower, upper = self.drawn.interval(np.mean(replicates, axis=0) - self._areas)
        auc = float(np.mean(areas))
        return {
            "auc": auc,
            "auc_change": auc - self._auc,
            "auc_change_lower": lower,
            "auc_change_upper": upper,
        }

    def _logits(self, found: Outcome) -> dict[str, Any]:
        """Return bias and scatter of the logits, and their agreement."""
        before, after = logits(self.original.score), logits(found.score)
        change = (after - before).mean(axis=0)
        agreement = absolute_agreement(
            np.concatenate([before, after]).T, level=self.drawn.options.level
        )
        largest = np.abs(after - before).max(axis=0)
        worst = self.node_ids[int(largest.argmax())] if largest.any() else None
        return {
            "logit_shift": float(change.mean()),
            "logit_sd": float(change.std(ddof=1)),
            **dict(zip(("icc", "icc_lower", "icc_upper"), agreement, strict=True)),
            "worst_node": worst,
        }


def not_used(perturbation: str, strength: float, nodes: int) -> dict[str, Any]:
    """Return the row of a classifier that does not depend on what is perturbed."""
    return {
        "perturbation": perturbation,
        "strength": strength,
        "status": NOT_USED,
        "nodes": nodes,
        "vanished": 0,
        "too_far": 0,
    }


def _named(found: Estimate, name: str) -> Mapping[str, float]:
    return found.named(name, f"{name}_lower", f"{name}_upper")


def frame_of(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return rows as ``ROBUSTNESS``."""
    return pd.DataFrame(rows, columns=list(ROBUSTNESS.columns))
