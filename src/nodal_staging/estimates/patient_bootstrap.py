"""Percentile intervals over resampled patients.

Nodes of a patient resemble each other, so patients are drawn, with replacement, and
each comes with all its nodes. Patients are drawn within three kinds: those with
positive nodes only, with negative nodes only, and with both. No replicate then lacks a
class, and the mix of the test set stays what it is.

The kinds are those of the nodes that are analysed. Nodes of one class have a single
kind, and the scheme is then the plain bootstrap of patients. A kind of one patient adds
no variance, since that patient is in every replicate.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import nan

import numpy as np
import numpy.typing as npt

from nodal_staging.estimates.ranks import average_ranks
from nodal_staging.study.arrays import BoolArray, FloatArray, IntArray, TextArray

CELLS_AT_ONCE = 2_000_000

FEWEST_PATIENTS = 2
"""Fewer have no spread, and no interval is given."""

NO_SPREAD = 1e-9
"""A product of two standard deviations of ranks below it is zero."""


@dataclass(frozen=True, slots=True)
class BootstrapOptions:
    """How often patients are drawn, the confidence level, and the seed."""

    replicates: int
    level: float
    seed: int

    def described(self) -> dict[str, str | float | int]:
        """Return what a file says of an interval, next to its ends."""
        return {
            "level": self.level,
            "method": "patient_bootstrap",
            "replicates": self.replicates,
            "seed": self.seed,
        }


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value over nodes with its percentile interval; NaN where undefined."""

    value: float
    lower: float
    upper: float
    nodes: int
    patients: int

    def named(self, value: str, lower: str, upper: str) -> dict[str, float]:
        """Return value and ends under the names of columns."""
        return {value: self.value, lower: self.lower, upper: self.upper}


@dataclass(frozen=True, eq=False)
class PatientBootstrap:
    """Draws of patients, the same for every quantity of their nodes.

    Attributes
    ----------
    positive, patient_id
        Status and patient per node ``(n,)``.
    options
        Replicates, confidence level, and the seed of the draws.
    """

    positive: BoolArray
    patient_id: TextArray
    options: BootstrapOptions

    @cached_property
    def patient(self) -> IntArray:
        """Number of each node's patient, counted from 0 in the order of names."""
        return np.unique(self.patient_id, return_inverse=True)[1]

    @cached_property
    def kinds(self) -> IntArray:
        """Kind per patient: 1 positive nodes only, 2 negative nodes only, 3 both."""
        has_positive = np.bincount(self.patient, weights=self.positive) > 0
        has_negative = np.bincount(self.patient, weights=~self.positive) > 0
        return np.asarray(has_positive + 2 * has_negative)

    @cached_property
    def times(self) -> FloatArray:
        """How often each patient is in each replicate ``(replicates, patients)``.

        All replicates are in memory at once; ``sums`` needs only a part of them.
        """
        often = np.zeros((self.options.replicates, len(self.kinds)))
        for members, start, times in self._draws():
            often[start : start + len(times), members] = times
        return often

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
        each: FloatArray = np.stack(
            [self._per_patient(column) for column in columns], axis=1
        )
        total = np.zeros((self.options.replicates, each.shape[1]))
        for members, start, times in self._draws():
            total[start : start + len(times)] += times @ each[members]
        return total

    def interval(self, values: FloatArray) -> tuple[float, float] | tuple[None, None]:
        """Return the percentile interval; replicates without a value are left out.

        Parameters
        ----------
        values
            One per replicate, NaN where it divides by nothing.
        """
        known = values[~np.isnan(values)]
        if not len(known):
            return None, None
        level = self.options.level
        lower, upper = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
        return float(lower), float(upper)

    def mean(
        self,
        values: npt.ArrayLike,
        among: BoolArray | None = None,
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
            Denominators ``(n,)``, not negative; 1 by default.
        """
        value = np.asarray(values, float)
        below = np.ones(len(value)) if over is None else np.asarray(over, float)
        used = np.isfinite(value) & np.isfinite(below)
        if among is not None:
            used &= among
        top, bottom = (
            self._per_patient(np.where(used, one, 0.0)) for one in (value, below)
        )
        if bottom.sum() == 0:
            return self._estimate(nan, None, used)
        totals = self.times @ bottom
        ratios = np.full(len(totals), nan)
        np.divide(self.times @ top, totals, out=ratios, where=totals > 0)
        return self._estimate(float(top.sum() / bottom.sum()), ratios, used)

    def correlation(self, a: FloatArray, b: FloatArray) -> Estimate:
        """Return Spearman's correlation of two values over nodes ``(n,)``.

        Nodes without both values are left out. Ranks are those of all nodes: a
        replicate weights them and does not rank again.
        """
        used = np.isfinite(a) & np.isfinite(b)
        if len(np.unique(self.patient[used])) < FEWEST_PATIENTS:
            return self._estimate(nan, None, used)
        ranks = np.stack([average_ranks(values[used]) for values in (a, b)])
        found = _weighted_correlation(ranks, self.times[:, self.patient[used]])
        whole = _weighted_correlation(ranks, np.ones((1, int(used.sum()))))
        return self._estimate(float(whole[0]), found, used)

    def _estimate(
        self, value: float, replicates: FloatArray | None, used: BoolArray
    ) -> Estimate:
        """Give a value its interval, unless the used patients leave it no spread."""
        patients = np.unique(self.patient[used])
        lower, upper = None, None
        if replicates is not None and self._vary(patients):
            lower, upper = self.interval(replicates)
        return Estimate(
            value,
            nan if lower is None else lower,
            nan if upper is None else upper,
            int(used.sum()),
            len(patients),
        )

    def _vary(self, patients: IntArray) -> bool:
        """Tell whether replicates can differ in some patients, given by number."""
        size = np.bincount(self.kinds)
        return len(patients) >= FEWEST_PATIENTS and bool(
            (size[self.kinds[patients]] > 1).any()
        )

    def _per_patient(self, column: npt.ArrayLike) -> FloatArray:
        """Sum a column ``(n,)`` over the nodes of each patient ``(patients,)``."""
        sums = np.bincount(self.patient, np.asarray(column, float), len(self.kinds))
        return np.asarray(sums, float)

    def _draws(self) -> Iterator[tuple[IntArray, int, FloatArray]]:
        """Yield, for one kind and some replicates, how often its patients are drawn.

        Yields
        ------
        Numbers of the kind's patients ``(k,)``, the first replicate, and how often
        each patient is drawn ``(b, k)``.
        """
        # A stream for each kind, so that the size of a chunk changes nothing.
        streams = np.random.default_rng(self.options.seed).spawn(4)
        replicates = self.options.replicates
        for kind in np.unique(self.kinds):
            members = np.flatnonzero(self.kinds == kind)
            n = len(members)
            step = max(1, CELLS_AT_ONCE // n)
            for start in range(0, replicates, step):
                rows = min(step, replicates - start)
                drawn = streams[kind].integers(0, n, (rows, n))
                places = drawn + np.arange(rows)[:, None] * n
                often = np.bincount(places.ravel(), minlength=rows * n)
                yield members, start, often.reshape(rows, n).astype(float)


def _weighted_correlation(pair: FloatArray, weights: FloatArray) -> FloatArray:
    """Return Pearson's correlation of a pair ``(2, n)`` by weights ``(replicates, n)``.

    NaN where a replicate leaves no spread.
    """
    total = weights.sum(axis=1)
    held = np.maximum(total, 1)
    x, y = (weights @ values / held for values in pair)
    xy = weights @ (pair[0] * pair[1]) / held - x * y
    xx, yy = (
        weights @ (values**2) / held - mean**2
        for values, mean in zip(pair, (x, y), strict=True)
    )
    spread = np.sqrt(np.maximum(xx, 0) * np.maximum(yy, 0))
    found = np.full(len(total), nan)
    np.divide(xy, spread, out=found, where=spread > NO_SPREAD)
    bounded: FloatArray = np.clip(found, -1, 1)
    return bounded
