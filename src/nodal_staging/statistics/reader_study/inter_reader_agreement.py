"""How far two readers agree: shares of equal ratings, and kappa.

Kappa is one less the disagreement seen over that expected from the readers' own
margins. Disagreement weighs 1 for any two different ratings (unweighted), the number
of steps between them (linear), or its square (quadratic). Intervals come from drawing
patients, since ratings of nodes of one patient resemble each other.

References
----------
Cohen, Psychol Bull 1968;70:213.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd

from nodal_staging.classifiers.called_nodes import CalledNodes
from nodal_staging.estimates.patient_bootstrap import BootstrapOptions, PatientBootstrap
from nodal_staging.statistics.reader_study.ratings import (
    CALLED_FROM,
    LEVELS,
    in_common,
)
from nodal_staging.study.arrays import AnyArray, FloatArray, IntArray
from nodal_staging.study.seeds import named_seed
from nodal_staging.tables.columns import count, number, optional_number, table, text

Row = dict[str, object]

CELLS = LEVELS * LEVELS

_STEPS = np.abs(np.subtract.outer(np.arange(LEVELS), np.arange(LEVELS))).astype(float)
_CALLS = np.arange(1, LEVELS + 1) >= CALLED_FROM
WEIGHTS = {
    "kappa_unweighted": (_STEPS > 0).astype(float),
    "kappa_linear": _STEPS,
    "kappa_quadratic": _STEPS**2,
    "kappa_calls": (_CALLS[:, None] != _CALLS[None, :]).astype(float),
}
"""Disagreement ``(levels, levels)``; ``kappa_calls`` is of likely or not alone."""

SHARES = {
    "same_rating": WEIGHTS["kappa_unweighted"] == 0,
    "same_call": WEIGHTS["kappa_calls"] == 0,
}
"""Which pairs of ratings count as the same."""

MEASURES = (*SHARES, *WEIGHTS)

AGREEMENT = table(
    {
        "reader_a": text(),
        "reader_b": text(),
        "n": count(),
        "n_patients": count(),
        "n_same_rating": count(),
        "n_same_call": count(),
        **{
            f"{measure}{end}": optional_number(-1, 1)
            for measure in MEASURES
            for end in ("", "_lower", "_upper")
        },
        "level": number(0, 1),
        "replicates": count(),
        "undefined_replicates": count(),
        "seed": count(),
    },
    unique=["reader_a", "reader_b"],
)
"""One row per pair. Kappa is empty where both readers give one and the same rating
to all nodes, since no disagreement is then to be expected; replicates in which a
kappa is undefined are left out of its interval, and the largest number of them is
stated."""


def describe_agreement(
    readers: Sequence[CalledNodes], bootstrap: BootstrapOptions
) -> pd.DataFrame:
    """Return ``AGREEMENT`` of all pairs, each on the nodes that both rated.

    Parameters
    ----------
    readers
        In order.
    bootstrap
        Replicates, confidence level and the seed of the study.
    """
    rows = [_row(a, b, bootstrap) for a, b in combinations(readers, 2)]
    return pd.DataFrame(rows, columns=list(AGREEMENT.columns))


def kappa(table: npt.ArrayLike, weights: FloatArray) -> FloatArray:
    """Return kappa of tables of two readers' ratings.

    Parameters
    ----------
    table
        Counts by the ratings of both readers ``(..., levels, levels)``.
    weights
        Disagreement ``(levels, levels)``, 0 on the diagonal.

    Returns
    -------
    ``(...)``; NaN where the margins leave no disagreement to be expected.
    """
    counts = np.asarray(table, float)
    total = counts.sum(axis=(-2, -1))
    margins = counts.sum(axis=-1)[..., :, None] * counts.sum(axis=-2)[..., None, :]
    seen = (counts * weights).sum(axis=(-2, -1)) * total
    expected = (margins * weights).sum(axis=(-2, -1))
    defined = expected > 0
    return np.where(defined, 1 - seen / np.where(defined, expected, 1), np.nan)


def _row(a: CalledNodes, b: CalledNodes, bootstrap: BootstrapOptions) -> Row:
    """Describe one pair."""
    common = in_common([a, b])
    places = (common.scores - 1).astype(np.int64)
    cell = places[0] * LEVELS + places[1]
    counts = np.bincount(cell, minlength=CELLS)
    whole = _measures(counts[np.newaxis])
    seed = named_seed(bootstrap.seed, a.classifier, b.classifier)
    drawn = PatientBootstrap(
        common.positive, common.patient_id, replace(bootstrap, seed=seed)
    )
    resampled = _measures(drawn.sums([cell == place for place in range(CELLS)]))
    row: Row = {
        "reader_a": a.classifier,
        "reader_b": b.classifier,
        "n": len(cell),
        "n_patients": common.sizes["n_patients"],
        **{f"n_{name}": _same(counts, name) for name in SHARES},
        "level": bootstrap.level,
        "replicates": bootstrap.replicates,
        "undefined_replicates": max(
            int(np.isnan(values).sum()) for values in resampled.values()
        ),
        "seed": seed,
    }
    for name, values in resampled.items():
        row[name] = float(whole[name][0])
        row[f"{name}_lower"], row[f"{name}_upper"] = drawn.interval(values)
    return row


def _same(counts: IntArray, name: str) -> int:
    return int(counts.reshape(LEVELS, LEVELS)[SHARES[name]].sum())


def _measures(counts: AnyArray) -> dict[str, FloatArray]:
    """Return every measure of tables ``(b, cells)``."""
    table = counts.reshape(-1, LEVELS, LEVELS)
    total = table.sum(axis=(1, 2))
    shares = {name: table[:, same].sum(axis=1) / total for name, same in SHARES.items()}
    return shares | {name: kappa(table, weights) for name, weights in WEIGHTS.items()}
