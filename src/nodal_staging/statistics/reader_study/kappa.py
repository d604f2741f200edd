"""How far two readers agree: shares of equal ratings, and kappa.

Kappa is one less the disagreement seen over that expected from the readers' own
margins. Disagreement weighs 1 for any two different ratings (unweighted), the number
of steps between them (linear), or its square (quadratic). Intervals come from drawing
patients, since ratings of nodes of one patient resemble each other.

References
----------
Cohen, Psychol Bull 1968;70:213.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd

from nodal_staging.statistics.reader_study.calls import (
    CALLED_FROM,
    LEVELS,
    Rater,
    in_common,
)
from nodal_staging.study.seeds import named_seed
from nodal_staging.tables.columns import count, number, optional_number, table, text

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
TextArray = npt.NDArray[np.str_]
Row = dict[str, object]

CELLS = LEVELS * LEVELS
CELLS_PER_CHUNK = 4_000_000

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
    readers: Sequence[Rater], *, level: float, replicates: int, seed: int
) -> pd.DataFrame:
    """Return ``AGREEMENT`` of all pairs, each on the nodes that both rated.

    Parameters
    ----------
    readers
        In order.
    level, replicates
        Confidence level, and how often patients are drawn.
    seed
        Of the study.
    """
    rows = [
        _row(a, b, level, replicates, named_seed(seed, a.classifier, b.classifier))
        for a, b in combinations(readers, 2)
    ]
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


def _row(a: Rater, b: Rater, level: float, replicates: int, seed: int) -> Row:
    """Describe one pair."""
    common = in_common([a, b])
    places = (common.scores - 1).astype(np.int64)
    cell = places[0] * LEVELS + places[1]
    tables = _by_patient(cell, common.patient_id)
    whole = _measures(tables.sum(axis=0, keepdims=True))
    drawn = _drawn(tables, common.positive, common.patient_id, replicates, seed)
    row: Row = {
        "reader_a": a.classifier,
        "reader_b": b.classifier,
        "n": len(cell),
        "n_patients": len(tables),
        **{f"n_{name}": _same(tables.sum(axis=0), name) for name in SHARES},
        "level": level,
        "replicates": replicates,
        "undefined_replicates": max(int(np.isnan(v).sum()) for v in drawn.values()),
        "seed": seed,
    }
    for name, values in drawn.items():
        row[name] = float(whole[name][0])
        row[f"{name}_lower"], row[f"{name}_upper"] = _interval(values, level)
    return row


def _by_patient(cell: IntArray, patient_id: TextArray) -> IntArray:
    """Count each patient's nodes by both ratings ``(patients, cells)``."""
    patient = np.unique(patient_id, return_inverse=True)[1]
    patients = int(patient.max()) + 1
    counts = np.bincount(patient * CELLS + cell, minlength=patients * CELLS)
    return counts.reshape(patients, CELLS)


def _same(counts: IntArray, name: str) -> int:
    return int(counts.reshape(LEVELS, LEVELS)[SHARES[name]].sum())


def _measures(counts: IntArray) -> dict[str, FloatArray]:
    """Return every measure of tables ``(b, cells)``."""
    table = counts.reshape(-1, LEVELS, LEVELS)
    total = table.sum(axis=(1, 2))
    shares = {name: table[:, same].sum(axis=1) / total for name, same in SHARES.items()}
    return shares | {name: kappa(table, weights) for name, weights in WEIGHTS.items()}


def _drawn(
    tables: IntArray,
    positive: npt.NDArray[np.bool_],
    patient_id: TextArray,
    replicates: int,
    seed: int,
) -> dict[str, FloatArray]:
    """Return every measure over replicates of drawn patients.

    Patients are drawn within those with positive nodes only, negative only, or both,
    so that the mix of the classes stays.
    """
    rng = np.random.default_rng(seed)
    patient = np.unique(patient_id, return_inverse=True)[1]
    kind = (np.bincount(patient, positive) > 0) + 2 * (
        np.bincount(patient, ~positive) > 0
    )
    parts = [
        _measures(_draw(tables, kind, size, rng))
        for size in _chunks(replicates, len(tables))
    ]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _draw(
    tables: IntArray, kind: IntArray, size: int, rng: np.random.Generator
) -> IntArray:
    """Sum the tables of drawn patients ``(size, cells)``."""
    drawn = np.zeros((size, CELLS), np.int64)
    for value in np.unique(kind):
        members = np.flatnonzero(kind == value)
        even = np.full(len(members), 1 / len(members))
        times = rng.multinomial(len(members), even, size=size)
        drawn += times @ tables[members]
    return drawn


def _chunks(replicates: int, patients: int) -> Iterator[int]:
    step = max(1, CELLS_PER_CHUNK // patients)
    for start in range(0, replicates, step):
        yield min(step, replicates - start)


def _interval(values: FloatArray, level: float) -> tuple[float, float]:
    """Return the percentile interval of the replicates that are defined."""
    known = values[~np.isnan(values)]
    if not len(known):
        return np.nan, np.nan
    lower, upper = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return float(lower), float(upper)
