"""What moves the score of a node: the node itself, its location, or its rendering.

Log odds of copies of nodes: every node at every location, in one or more patients.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from nodal_staging.audit.counterfactual.effect_tables import SHARES
from nodal_staging.estimates.patient_bootstrap import BootstrapOptions, PatientBootstrap
from nodal_staging.estimates.two_way import TwoWay, slopes
from nodal_staging.phantom.truth import LATENTS
from nodal_staging.study.arrays import BoolArray, FloatArray


@dataclass(frozen=True, slots=True)
class Effect:
    """A quantity with its percentile interval; None where there is none."""

    quantity: str
    value: float
    lower: float | None
    upper: float | None


@dataclass(frozen=True, eq=False)
class CopiedNodes:
    """Nodes that were copied, and what is known of them.

    Attributes
    ----------
    nodes
        ``patient_id``, ``status``, ``own_location`` and ``node_evidence`` (the
        log-likelihood ratio, NaN where unknown) of each, by name.
    location_evidence
        Log prior ratio of each location by name, in the order of the locations.
    options
        Replicates, confidence level, and the seed of the draws.
    """

    nodes: pd.DataFrame
    location_evidence: "pd.Series[float]"
    options: BootstrapOptions

    @cached_property
    def drawn(self) -> PatientBootstrap:
        """Draws of the patients from whom the nodes come."""
        patients = self.nodes["patient_id"].to_numpy(str)
        return PatientBootstrap(self.positive, patients, self.options)

    @property
    def positive(self) -> BoolArray:
        """Which nodes are positive ``(n,)``."""
        return np.asarray(self.nodes["status"].eq("positive"), bool)

    @cached_property
    def weights(self) -> FloatArray:
        """How often each node counts ``(1 + replicates, n)``; once in the first row."""
        times = self.drawn.times[:, self.drawn.patient]
        return np.vstack([np.ones(len(self.nodes)), times])

    @property
    def own_place(self) -> BoolArray:
        """Which location is the node's own ``(n, locations)``."""
        own = self.nodes["own_location"].to_numpy(str)
        return np.asarray(
            own[:, None] == self.location_evidence.index.to_numpy(str), bool
        )

    def effect(self, quantity: str, draws: FloatArray) -> Effect:
        """Return a quantity: the first draw is of the nodes as they are."""
        lower, upper = self.drawn.interval(draws[1:])
        known = np.isfinite(draws[0])
        return Effect(
            quantity,
            float(draws[0]),
            lower if known else None,
            upper if known else None,
        )


@dataclass(frozen=True, slots=True, eq=False)
class ClassifierScores:
    """Log odds and calls of a classifier.

    Attributes
    ----------
    log_odds, called
        Of copies ``(nodes, locations, renderings)``.
    doses
        Change of the log odds with a latent, per standard deviation, of each node
        ``(nodes, latents)``; NaN where a node was not rendered with other latents.
    """

    log_odds: FloatArray
    called: BoolArray
    doses: FloatArray


def effects_of(scores: ClassifierScores, copied: CopiedNodes) -> Iterator[Effect]:
    """Yield every quantity of ``QUANTITIES`` for one classifier.

    Parameters
    ----------
    scores, copied
        Of the same nodes, in the same order.
    """
    layout = TwoWay(scores.log_odds, copied.weights)
    shares = layout.shares()
    for quantity, draws in zip(SHARES, shares.T, strict=True):
        yield copied.effect(quantity, draws)
    yield copied.effect("excess_share", shares[:, 1] - shares[:, 3])
    by_location = layout.column_means()
    evidence = copied.location_evidence.to_numpy(float)
    slope = slopes(evidence, by_location, np.ones(by_location.shape))
    yield copied.effect("location_slope", slope)
    by_node = scores.log_odds.mean(axis=(1, 2))
    evidence = copied.nodes["node_evidence"].to_numpy(float)
    slope = slopes(evidence, by_node, copied.weights)
    yield copied.effect("node_slope", slope)
    yield from _calls(scores.called, copied)
    yield from _areas(scores.log_odds, copied)
    for latent, values in zip(LATENTS, scores.doses.T, strict=True):
        yield copied.effect(f"{latent}_slope", _means(values, copied.weights))


def _calls(called: BoolArray, copied: CopiedNodes) -> Iterator[Effect]:
    """Yield how often the call of a node changes."""
    yield copied.effect("calls_changed", _means(calls_changed(called), copied.weights))
    pairs = {
        "pairs_changed": pairs_changed(called, axis=1),
        "pairs_changed_same_location": pairs_changed(called, axis=2),
    }
    for quantity, values in pairs.items():
        yield copied.effect(quantity, _means(values, copied.weights))


def calls_changed(called: BoolArray) -> FloatArray:
    """Return whether the call of a node is not the same at all locations ``(n,)``.

    Parameters
    ----------
    called
        ``(nodes, locations, renderings)``; averaged over renderings.
    """
    share = called.mean(axis=1)
    changed: FloatArray = ((share > 0) & (share < 1)).mean(axis=1)
    return changed


def pairs_changed(called: BoolArray, *, axis: int) -> FloatArray:
    """Return the share of pairs along an axis with different calls, by node ``(n,)``.

    NaN where the axis has no pair.
    """
    n = called.shape[axis]
    if n < 2:
        return np.full(len(called), np.nan)
    positive = called.sum(axis=axis)
    differing = 2 * positive * (n - positive) / (n * (n - 1))
    share: FloatArray = differing.mean(axis=1)
    return share


def _means(values: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the mean in each draw ``(draws,)``, over nodes that have a value."""
    known = np.isfinite(values)
    held = weights[:, known].sum(axis=1)
    found = np.full(len(weights), np.nan)
    np.divide(weights[:, known] @ values[known], held, out=found, where=held > 0)
    return found


def _areas(log_odds: FloatArray, copied: CopiedNodes) -> Iterator[Effect]:
    """Yield the AUC at the nodes' own locations, at any, and their difference."""
    a, b = np.flatnonzero(copied.positive), np.flatnonzero(~copied.positive)
    weights = copied.weights[:, a], copied.weights[:, b]
    own = np.ma.masked_array(
        log_odds, ~np.broadcast_to(copied.own_place[..., None], log_odds.shape)
    )
    own_score = np.asarray(own.mean(axis=1))
    renderings = range(log_odds.shape[2])
    at_own = np.mean(
        [_wins(own_score[a, r, None], own_score[b, r, None]) for r in renderings],
        axis=0,
    )
    anywhere = np.mean(
        [_wins(log_odds[a, :, r], log_odds[b, :, r]) for r in renderings], axis=0
    )
    areas = [_area(wins, *weights) for wins in (at_own, anywhere)]
    yield copied.effect("auc_own_location", areas[0])
    yield copied.effect("auc_any_location", areas[1])
    yield copied.effect("auc_gain", areas[0] - areas[1])


def _wins(cases: FloatArray, controls: FloatArray) -> FloatArray:
    """Return how often a case scores above a control ``(cases, controls)``.

    Each has several scores ``(n, k)``, every one of which is compared with every other;
    ties count half.
    """
    difference = cases[:, None, :, None] - controls[None, :, None, :]
    wins: FloatArray = ((difference > 0) + 0.5 * (difference == 0)).mean(axis=(2, 3))
    return wins


def _area(wins: FloatArray, cases: FloatArray, controls: FloatArray) -> FloatArray:
    """Return the AUC of each draw ``(draws,)`` by the weights of cases and controls."""
    won = np.einsum("di,ij,dj->d", cases, wins, controls, optimize=True)
    pairs = cases.sum(axis=1) * controls.sum(axis=1)
    area = np.full(len(won), np.nan)
    np.divide(won, pairs, out=area, where=pairs > 0)
    return area
