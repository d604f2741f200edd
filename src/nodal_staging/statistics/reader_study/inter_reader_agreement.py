"""How far readers agree: shares of equal ratings, and kappa.

Kappa is one less the disagreement seen over that expected from the readers' own
margins. Disagreement weighs 1 for any two different ratings (unweighted), the number
of steps between them (linear), or its square (quadratic). Fleiss' kappa and Gwet's
AC1 are of any number of readers (``estimates.chance_corrected``). Intervals come from
drawing patients, since ratings of nodes of one patient resemble each other.

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
from nodal_staging.estimates.chance_corrected import beyond_chance, node_columns
from nodal_staging.estimates.patient_bootstrap import BootstrapOptions, PatientBootstrap
from nodal_staging.statistics.reader_study.ratings import (
    CALLED_FROM,
    LEVELS,
    CommonNodes,
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

BEYOND_CHANCE = ("fleiss", "ac1", "fleiss_calls", "ac1_calls")
"""Of the four ratings, and of likely or not."""

MEASURES = (*SHARES, *WEIGHTS, *BEYOND_CHANCE)

EVERYBODY = "all"
"""Stands for both readers in the row of more than two readers together; no pair has one
reader twice."""

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
"""One row per pair; with three or more readers, a last one of all of them (``all`` and
``all``) on the nodes that all rated, without Cohen's kappa, with shares of nodes on
which all are the same. Kappa is empty where the readers give one and the same rating to
all nodes, since no disagreement is then to be expected; replicates in which a kappa is
undefined are left out of its interval, and the largest number of them is stated."""


def describe_agreement(
    readers: Sequence[CalledNodes], bootstrap: BootstrapOptions
) -> pd.DataFrame:
    """Return ``AGREEMENT`` of all pairs, each on the nodes that both rated, and of all.

    Parameters
    ----------
    readers
        In order.
    bootstrap
        Replicates, confidence level and the seed of the study.
    """
    rows = [_row(a, b, bootstrap) for a, b in combinations(readers, 2)]
    if len(rows) > 1:
        rows.append(_row_of_all(in_common(readers), bootstrap))
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
    drawn = _patients(common, common.raters, bootstrap)
    tables = [cell == place for place in range(CELLS)]
    together = _columns(common)
    sums = drawn.sums([*tables, *together])
    whole = _measures(counts[np.newaxis]) | _of_all(together.sum(axis=1), 2)
    resampled = _measures(sums[:, :CELLS]) | _of_all(sums[:, CELLS:], 2)
    same = {f"n_{name}": _same(counts, name) for name in SHARES}
    return _described(common.raters, common, same, (whole, resampled), drawn)


def _row_of_all(common: CommonNodes, bootstrap: BootstrapOptions) -> Row:
    """Describe more than two readers together."""
    drawn = _patients(common, common.raters, bootstrap)
    alike = {
        "same_rating": (common.scores == common.scores[0]).all(axis=0),
        "same_call": (common.called == common.called[0]).all(axis=0),
    }
    together, shares = _columns(common), list(alike.values())
    sums = drawn.sums([*together, *shares, np.ones(len(shares[0]))])
    readers, width = len(common.raters), len(together)
    whole = _of_all(together.sum(axis=1), readers)
    resampled = _of_all(sums[:, :width], readers)
    for place, (name, one) in enumerate(alike.items()):
        whole[name] = np.asarray(one.mean())
        resampled[name] = sums[:, width + place] / sums[:, -1]
    same = {f"n_{name}": int(one.sum()) for name, one in alike.items()}
    pair = (EVERYBODY, EVERYBODY)
    return _described(pair, common, same, (whole, resampled), drawn)


def _patients(
    common: CommonNodes, names: Sequence[str], bootstrap: BootstrapOptions
) -> PatientBootstrap:
    """Return the draws of patients that the names select."""
    seed = named_seed(bootstrap.seed, *names)
    return PatientBootstrap(
        common.positive, common.patient_id, replace(bootstrap, seed=seed)
    )


def _described(
    pair: Sequence[str],
    common: CommonNodes,
    same: dict[str, int],
    measured: tuple[dict[str, FloatArray], dict[str, FloatArray]],
    drawn: PatientBootstrap,
) -> Row:
    """Return the row of measures of all nodes and of every replicate."""
    whole, resampled = measured
    row: Row = {
        "reader_a": pair[0],
        "reader_b": pair[1],
        "n": len(common.node_id),
        "n_patients": common.sizes["n_patients"],
        **same,
        "level": drawn.options.level,
        "replicates": drawn.options.replicates,
        "undefined_replicates": max(
            int(np.isnan(values).sum()) for values in resampled.values()
        ),
        "seed": drawn.options.seed,
    }
    for name, values in resampled.items():
        row[name] = float(whole[name].squeeze())
        row[f"{name}_lower"], row[f"{name}_upper"] = drawn.interval(values)
    return row


def _columns(common: CommonNodes) -> IntArray:
    """Return what Fleiss' kappa and AC1 add up, of ratings and then of calls."""
    ratings = node_columns((common.scores - 1).astype(np.int64), LEVELS)
    calls = node_columns((common.scores >= CALLED_FROM).astype(np.int64), 2)
    return np.concatenate([ratings, calls])


def _of_all(sums: AnyArray, readers: int) -> dict[str, FloatArray]:
    """Return ``BEYOND_CHANCE`` from sums ``(..., columns)``."""
    ratings = beyond_chance(sums[..., : LEVELS + 1], readers)
    calls = beyond_chance(sums[..., LEVELS + 1 :], readers)
    return ratings | {f"{name}_calls": value for name, value in calls.items()}


def _same(counts: IntArray, name: str) -> int:
    return int(counts.reshape(LEVELS, LEVELS)[SHARES[name]].sum())


def _measures(counts: AnyArray) -> dict[str, FloatArray]:
    """Return every measure of tables ``(b, cells)``."""
    table = counts.reshape(-1, LEVELS, LEVELS)
    total = table.sum(axis=(1, 2))
    shares = {name: table[:, same].sum(axis=1) / total for name, same in SHARES.items()}
    return shares | {name: kappa(table, weights) for name, weights in WEIGHTS.items()}
