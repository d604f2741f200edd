"""Percentile intervals over resampled patients, for whatever is a sum over nodes.

Patients are drawn within those with positive nodes only, with negative nodes only, and
with both, so that no replicate lacks a class and the mix of the test set stays what it
is.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
TextArray = npt.NDArray[np.str_]

CELLS_AT_ONCE = 2_000_000


@dataclass(frozen=True, slots=True, eq=False)
class PatientBootstrap:
    """The same patients for every quantity that is asked for.

    Attributes
    ----------
    positive, patient_id
        Status and patient per node ``(n,)``.
    replicates, seed
        How often patients are drawn, and the seed that draws them.
    """

    positive: BoolArray
    patient_id: TextArray
    replicates: int
    seed: int

    def sums(self, columns: Sequence[npt.ArrayLike]) -> FloatArray:
        """Sum columns over the nodes of the patients that are drawn.

        Parameters
        ----------
        columns
            k columns of one value per node ``(n,)``.

        Returns
        -------
        Sums ``(replicates, k)``.
        """
        patient = np.unique(self.patient_id, return_inverse=True)[1]
        patients = int(patient.max()) + 1
        each: FloatArray = np.stack(
            [
                np.bincount(patient, np.asarray(column, float), minlength=patients)
                for column in columns
            ],
            axis=1,
            dtype=float,
        )
        total = np.zeros((self.replicates, each.shape[1]))
        kinds = self._kinds(patient)
        streams = np.random.default_rng(self.seed).spawn(4)
        for kind in np.unique(kinds):
            members = np.flatnonzero(kinds == kind)
            self._add(total, each[members], streams[kind])
        return total

    def interval(
        self, values: FloatArray, *, level: float
    ) -> tuple[float, float] | tuple[None, None]:
        """Return the percentile interval; replicates without a value are left out.

        Parameters
        ----------
        values
            One per replicate, NaN where it divides by nothing.
        level
            Confidence level.
        """
        known = values[~np.isnan(values)]
        if not len(known):
            return None, None
        lower, upper = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
        return float(lower), float(upper)

    def _kinds(self, patient: IntArray) -> IntArray:
        """Return 1, 2 or 3 per patient: positive nodes, negative nodes, both."""
        has_positive = np.bincount(patient, weights=self.positive) > 0
        has_negative = np.bincount(patient, weights=~self.positive) > 0
        return np.asarray(has_positive + 2 * has_negative)

    def _add(
        self, total: FloatArray, each: FloatArray, rng: np.random.Generator
    ) -> None:
        """Draw the patients of one kind and add what their nodes sum to."""
        n = len(each)
        step = max(1, CELLS_AT_ONCE // n)
        for start in range(0, self.replicates, step):
            rows = min(step, self.replicates - start)
            drawn = rng.integers(0, n, (rows, n)) + np.arange(rows)[:, None] * n
            often = np.bincount(drawn.ravel(), minlength=rows * n).reshape(rows, n)
            total[start : start + rows] += often.astype(float) @ each


FEWEST_PATIENTS = 2
"""Fewer have no spread, and no interval is given."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A ratio of sums over nodes with its percentile interval; NaN where undefined."""

    value: float
    lower: float
    upper: float
    nodes: int
    patients: int


class PatientDraws:
    """Draws of patients, the same for all that is measured on their nodes."""

    def __init__(
        self,
        patient_id: npt.NDArray[np.str_],
        *,
        replicates: int,
        level: float,
        rng: np.random.Generator,
    ) -> None:
        """Draw the patients of n nodes with replacement, all nodes of each."""
        names, self.patient = np.unique(patient_id, return_inverse=True)
        self.level = level
        self.drawn = rng.multinomial(
            len(names), np.full(len(names), 1 / len(names)), size=replicates
        )

    def mean(
        self,
        values: npt.ArrayLike,
        among: npt.NDArray[np.bool_] | None = None,
        *,
        over: npt.ArrayLike | None = None,
    ) -> Estimate:
        """Return the mean of values, or the ratio of their sum to that of others.

        Parameters
        ----------
        values
            ``(n,)``; a node whose value is NaN is left out.
        among
            Nodes that count ``(n,)``; all by default.
        over
            Denominators ``(n,)``; 1 by default.
        """
        value = np.asarray(values, np.float64)
        below = np.ones(len(value)) if over is None else np.asarray(over, np.float64)
        used = np.isfinite(value) & np.isfinite(below)
        if among is not None:
            used &= among
        top, bottom = self._sums(value, used), self._sums(below, used)
        patients = len(np.unique(self.patient[used]))
        if not patients or bottom.sum() == 0:
            nan = float("nan")
            return Estimate(nan, nan, nan, int(used.sum()), patients)
        estimate = float(top.sum() / bottom.sum())
        lower, upper = self._interval(self.drawn @ top, self.drawn @ bottom)
        if patients < FEWEST_PATIENTS:
            lower = upper = float("nan")
        return Estimate(estimate, lower, upper, int(used.sum()), patients)

    def correlation(self, a: FloatArray, b: FloatArray) -> Estimate:
        """Return Spearman's correlation of two values over nodes ``(n,)``.

        Nodes without both values are left out; ranks are those of all nodes, so that
        a draw weighs them instead of ranking anew.
        """
        used = np.isfinite(a) & np.isfinite(b)
        patients = len(np.unique(self.patient[used]))
        nan = float("nan")
        if patients < FEWEST_PATIENTS:
            return Estimate(nan, nan, nan, int(used.sum()), patients)
        ranks = np.stack([rankdata(values[used]) for values in (a, b)])
        weights = self.drawn[:, self.patient[used]].astype(np.float64)
        found = _weighted_correlation(ranks, weights)
        whole = _weighted_correlation(ranks, np.ones((1, int(used.sum()))))
        tail = (1 - self.level) / 2
        if np.isnan(found).all():
            return Estimate(float(whole[0]), nan, nan, int(used.sum()), patients)
        low, high = np.nanquantile(found, [tail, 1 - tail])
        return Estimate(
            float(whole[0]), float(low), float(high), int(used.sum()), patients
        )

    def _sums(
        self, values: FloatArray, used: npt.NDArray[np.bool_]
    ) -> npt.NDArray[np.float64]:
        """Sum over the nodes of each patient."""
        weights = np.where(used, values, 0.0)
        sums = np.bincount(self.patient, weights, self.drawn.shape[1])
        return np.asarray(sums, np.float64)

    def _interval(self, top: FloatArray, bottom: FloatArray) -> tuple[float, float]:
        defined = bottom > 0
        tail = (1 - self.level) / 2
        low, high = np.quantile(top[defined] / bottom[defined], [tail, 1 - tail])
        return float(low), float(high)


def _weighted_correlation(pair: FloatArray, weights: FloatArray) -> FloatArray:
    """Return Pearson's correlation of a pair ``(2, n)`` by weights ``(replicates, n)``.

    NaN where a draw leaves no spread.
    """
    total = weights.sum(axis=1)
    x, y = (weights @ values / total for values in pair)
    xy = weights @ (pair[0] * pair[1]) / total - x * y
    xx, yy = (
        weights @ (values**2) / total - mean**2
        for values, mean in zip(pair, (x, y), strict=True)
    )
    spread = np.sqrt(np.maximum(xx, 0) * np.maximum(yy, 0))
    found = np.full(len(total), np.nan)
    np.divide(xy, spread, out=found, where=spread > 1e-9)
    bounded: FloatArray = np.clip(found, -1, 1)
    return bounded
