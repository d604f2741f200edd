"""Percentile intervals over resampled patients, for whatever is a sum over nodes.

Patients are drawn within those with positive nodes only, with negative nodes only, and
with both, so that no replicate lacks a class and the mix of the test set stays what it
is.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

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
