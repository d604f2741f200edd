"""The best AUC that any classifier can reach that sees a given part of the truth.

By Monte Carlo of the log-likelihood ratio (Neyman-Pearson), on the location table of
the cohort as drawn. Mixes differ in the location table alone: an AUC does not depend
on prevalence, so ``status_balanced`` equals ``natural``; in ``location_matched``
location says nothing. With label noise q both the truth and the ratio are those of
the recorded status.
"""

import numpy as np
from scipy.stats import rankdata

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
        Nodes drawn, half of them positive.
    """
    found: dict[str, dict[str, Ceiling]] = {}
    for mix, table in location_tables(counts).items():
        same = found.get("status_balanced") if mix == "natural" else None
        found[mix] = same or _views(table, dials, seed, draws)
    return found


def location_tables(counts: IntArray) -> dict[str, FloatArray]:
    """Return for each mix how likely each location is, given the status.

    Rows are negative and positive; in ``location_matched`` they are equal.
    """
    table = counts / counts.sum(axis=1, keepdims=True)
    matched = np.tile(counts.sum(axis=0) / counts.sum(), (2, 1))
    return {"status_balanced": table, "location_matched": matched, "natural": table}


def _views(
    table: FloatArray, dials: Dials, seed: int, draws: int
) -> dict[str, Ceiling]:
    """Compute every view on one location table ``(status, location)``."""
    rng = stream(seed, "phantom", "ceilings")
    half = draws // 2
    y = np.repeat([0, 1], half)
    latents = rng.standard_normal((draws, len(LATENTS))) + np.outer(y, dials.deltas())
    places = np.concatenate(
        [rng.choice(table.shape[1], size=half, p=table[status]) for status in (0, 1)]
    )
    recorded = y ^ (rng.random(draws) < dials.label_noise).astype(int)
    with np.errstate(divide="ignore"):
        by_location = np.log(table[1]) - np.log(table[0])
    result = {}
    for view, (sees_location, names) in VIEWS.items():
        ratio = by_location[places] if sees_location else np.zeros(draws)
        for name in names:
            shift = dials.deltas()[LATENTS.index(name)]
            ratio = ratio + shift * latents[:, LATENTS.index(name)] - shift**2 / 2
        result[view] = _auc(ratio, recorded, dials.label_noise)
    return result


def _auc(ratio: FloatArray, recorded: IntArray, noise: float) -> Ceiling:
    """Return the rank AUC, and its error from independent batches.

    The noisy posterior is a rising function of the ratio while noise < 0.5, so ranks
    by the ratio are the best ranks for the recorded status too.
    """
    if noise >= 0.5:
        return {"auc": 0.5, "standard_error": 0.0}
    order = np.arange(len(ratio))
    parts = [
        rank_auc(ratio[order % BATCHES == batch], recorded[order % BATCHES == batch])
        for batch in range(BATCHES)
    ]
    error = float(np.std(parts, ddof=1) / np.sqrt(BATCHES))
    return {"auc": rank_auc(ratio, recorded), "standard_error": error}


def rank_auc(score: FloatArray, y: IntArray) -> float:
    """Return the Mann-Whitney AUC, ties counted half."""
    positive = y == 1
    n_positive, n_negative = int(positive.sum()), int((~positive).sum())
    ranks = rankdata(score)[positive].sum() - n_positive * (n_positive + 1) / 2
    return float(ranks / (n_positive * n_negative))
