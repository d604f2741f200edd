"""The best AUC that any classifier can reach that sees a given part of the truth.

By Monte Carlo of the log-likelihood ratio (Neyman-Pearson), on the location table of
the cohort as drawn. Mixes differ in the location table alone: an AUC does not depend
on prevalence, so ``status_balanced`` equals ``natural``; in ``location_matched``
location says nothing.

With label noise both the status and the ratio are those that are recorded. How many of
the nodes recorded as positive are so depends on the prevalence, hence nodes are then
drawn at that of the cohort; balancing recorded labels later changes no AUC. Nodes of
``location_matched`` are then matched by their true status, those of a study by the
recorded one.
"""

from functools import cached_property

import numpy as np
from scipy.special import expit, logit

from nodal_staging.phantom.label_noise import error_rates
from nodal_staging.phantom.truth import LATENTS, Dials
from nodal_staging.study.arrays import FloatArray, IntArray
from nodal_staging.study.seeds import stream

DRAWS = 400_000
BATCHES = 20

Ceiling = dict[str, float]
"""``auc`` and its Monte-Carlo ``standard_error``."""

VIEWS: dict[str, tuple[bool, tuple[str, ...]]] = {
    "all": (True, ("size", "attenuation", "hilum")),
    "node_only": (False, ("size", "attenuation", "hilum")),
    "location_size": (True, ("size",)),
    "size": (False, ("size",)),
    "attenuation": (False, ("attenuation",)),
    "hilum": (False, ("hilum",)),
    "location": (True, ()),
}
"""What a classifier sees: location or not, and which latents."""


def ceilings(
    counts: IntArray, dials: Dials, *, seed: int, draws: int = DRAWS
) -> dict[str, dict[str, Ceiling]]:
    """Return AUC and Monte-Carlo standard error for each mix and view.

    Parameters
    ----------
    counts
        Nodes ``(status, location)`` of the cohort, negative first.
    dials
        Shifts of the latents and label noise.
    seed
        The study's seed.
    draws
        Nodes drawn, half of them positive unless there is label noise.
    """
    blind: dict[tuple[str, ...], Ceiling] = {}
    found: dict[str, dict[str, Ceiling]] = {}
    for mix, table in location_tables(counts).items():
        same = found.get("status_balanced") if mix == "natural" else None
        found[mix] = same or _views(table, dials, seed, draws, blind)
    return found


def location_tables(counts: IntArray) -> dict[str, FloatArray]:
    """Return for each mix how likely each location is, given the status.

    Rows are negative and positive; in ``location_matched`` they are equal.
    """
    table = counts / counts.sum(axis=1, keepdims=True)
    matched = np.tile(counts.sum(axis=0) / counts.sum(), (2, 1))
    return {"status_balanced": table, "location_matched": matched, "natural": table}


def _views(
    table: FloatArray,
    dials: Dials,
    seed: int,
    draws: int,
    blind: dict[tuple[str, ...], Ceiling],
) -> dict[str, Ceiling]:
    """Compute every view on one location table ``(status, location)``.

    ``blind`` collects what does not depend on the table, by the latents that are seen:
    views without location, or with one that says nothing.
    """
    drawn = _Draws(table, dials, seed, draws)
    tells = bool((table[0] != table[1]).any())
    result = {}
    for view, (sees_location, names) in VIEWS.items():
        if sees_location and tells:
            result[view] = drawn.ceiling(names, located=True)
        else:
            if names not in blind:
                blind[names] = drawn.ceiling(names, located=False)
            result[view] = blind[names]
    return result


class _Draws:
    """Nodes drawn on one location table; none are drawn before they are needed."""

    def __init__(self, table: FloatArray, dials: Dials, seed: int, draws: int) -> None:
        self._table, self._dials = table, dials
        self._seed, self._draws = seed, draws

    def ceiling(self, names: tuple[str, ...], *, located: bool) -> Ceiling:
        """Return the AUC of the ratio of some latents, with or without location."""
        latents, by_location, recorded, places = self._nodes
        ratio = by_location if located else np.zeros(self._draws)
        for name in names:
            shift = self._dials.deltas()[LATENTS.index(name)]
            ratio = ratio + shift * latents[:, LATENTS.index(name)] - shift**2 / 2
        if (self._rates.sum(axis=0) >= 1).all():
            return {"auc": 0.5, "standard_error": 0.0}
        if located and (self._rates != self._rates[:, :1]).any():
            ratio = self._recorded(ratio, places)
        return _auc(ratio, recorded)

    @cached_property
    def _rates(self) -> FloatArray:
        """How often a recorded status is wrong ``(status, location)``."""
        return error_rates(self._dials.label_noise)

    def _recorded(self, ratio: FloatArray, places: IntArray) -> FloatArray:
        """Return how likely each node is recorded as positive.

        Where errors are the same everywhere it rises with the ratio, which then ranks
        nodes as well. So it does without the location: on average over locations.
        """
        positive = expit(ratio + logit(self._dials.prevalence))
        false_positive, false_negative = self._rates[:, places]
        likely: FloatArray = (
            false_positive + (1 - false_positive - false_negative) * positive
        )
        return likely

    @cached_property
    def _nodes(self) -> tuple[FloatArray, FloatArray, IntArray, IntArray]:
        """Draw latents, ratio of the location, recorded status, and location."""
        rng = stream(self._seed, "phantom", "ceilings")
        table, share = self._table, 0.5
        if self._rates.any():
            share = self._dials.prevalence
        positive = round(self._draws * share)
        sizes = (self._draws - positive, positive)
        y = np.repeat([0, 1], sizes)
        latents = rng.standard_normal((self._draws, len(LATENTS)))
        latents += np.outer(y, self._dials.deltas())
        places = np.concatenate(
            [
                rng.choice(len(row), size=size, p=row)
                for row, size in zip(table, sizes, strict=True)
            ]
        )
        flipped = rng.random(self._draws) < self._rates[y, places]
        with np.errstate(divide="ignore"):
            by_location = np.log(table[1]) - np.log(table[0])
        return latents, by_location[places], y ^ flipped.astype(int), places


def _auc(ratio: FloatArray, recorded: IntArray) -> Ceiling:
    """Return the rank AUC, and its error from independent batches."""
    parts = [
        rank_auc(ratio[batch::BATCHES], recorded[batch::BATCHES])
        for batch in range(BATCHES)
    ]
    error = float(np.std(parts, ddof=1) / np.sqrt(BATCHES))
    return {"auc": rank_auc(ratio, recorded), "standard_error": error}


def rank_auc(score: FloatArray, y: IntArray) -> float:
    """Return the Mann-Whitney AUC, ties counted half."""
    positive = y == 1
    cases, controls = np.sort(score[positive]), np.sort(score[~positive])
    below = np.searchsorted(controls, cases, side="left").sum()
    below += np.searchsorted(controls, cases, side="right").sum()
    return float(below / 2 / (len(cases) * len(controls)))
