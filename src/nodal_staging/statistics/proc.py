"""pROC, the engine of record for ROC curves, through rpy2.

pROC has defaults that change results silently. Each call here states its options and
checks the result:

- ``levels`` and ``direction`` are given; ``direction="auto"`` compares medians and
  turns a useless classifier into one slightly above chance.
- ``ci.auc`` bootstraps only with ``method="bootstrap"``; with ``boot.n`` alone it
  returns DeLong's interval under the name of 10,000 replicates. The attribute
  ``method`` of every interval is compared with the requested method.
- The generator is set by kind and seed directly before each interval.

References
----------
Robin et al., BMC Bioinformatics 2011;12:77.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from nodal_staging.statistics.embedded_r import ProcError, r_vector, start_r
from nodal_staging.study.arrays import BoolArray, FloatArray, IntArray

Method = Literal["bootstrap", "delong"]

MAX_SEED = 2**31 - 1
GRID_DIGITS = 12
"""Specificities are rounded to it: 3 * 0.1 misses the step at 0.3 that 0.3 hits."""

DRAW = """
function(times, controls, cases) vapply(
  seq_len(times),
  function(i) c(
    sample.int(controls, replace = TRUE), sample.int(cases, replace = TRUE)
  ),
  integer(controls + cases)
)
"""
"""What pROC draws for each replicate: ``sample(controls)``, then ``sample(cases)``."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval and the method that pROC itself says it used."""

    lower: float
    upper: float
    level: float
    method: str


@dataclass(frozen=True, slots=True)
class PairedTest:
    """DeLong's test of two AUCs on the same nodes; None where nothing varies."""

    difference: float
    lower: float | None
    upper: float | None
    level: float
    z: float | None
    p: float | None


class RocCurve:
    """An empirical ROC curve held by R.

    Parameters
    ----------
    score, positive
        Finite scores, higher for positive nodes, and status, ``(n,)``; at least two
        nodes of each class.

    Raises
    ------
    ProcError
        If R or pROC is missing, or the scores would be misread by pROC.
    """

    def __init__(self, score: FloatArray, positive: BoolArray) -> None:
        _require_sound(score, positive)
        self._r = start_r()
        self._curve = self._r("pROC::roc")(
            response=r_vector("IntVector", positive.astype(int)),
            predictor=r_vector("FloatVector", score),
            levels=r_vector("IntVector", [0, 1]),
            direction="<",
            quiet=True,
        )

    def auc(self) -> float:
        """Return the trapezoidal area, equal to Mann-Whitney's with ties at 1/2."""
        return float(self._r("pROC::auc")(self._curve)[0])

    def points(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return thresholds (from -inf to inf), sensitivities and specificities."""
        names = ("thresholds", "sensitivities", "specificities")
        thresholds, sensitivities, specificities = (
            np.array(self._curve.rx2(name), float) for name in names
        )
        return thresholds, sensitivities, specificities

    def delong_interval(self, *, level: float) -> Interval:
        """Return DeLong's interval of the AUC, clipped to [0, 1]."""
        return self._auc_interval("delong", level)

    def bootstrap_interval(
        self, *, level: float, replicates: int, seed: int
    ) -> Interval:
        """Return the percentile interval of the AUC over stratified replicates.

        Parameters
        ----------
        level, replicates
            Confidence level, and how often nodes are drawn within each class.
        seed
            For R, in [1, 2**31 - 1].
        """
        self._set_seed(seed)
        options = {"boot.n": replicates, "boot.stratified": True}
        return self._auc_interval("bootstrap", level, **options)

    def sensitivity_band(
        self, specificities: FloatArray, *, level: float, replicates: int, seed: int
    ) -> FloatArray:
        """Return the pointwise interval of sensitivity at given specificities.

        Parameters
        ----------
        specificities
            ``(k,)`` in [0, 1]; rounded to 12 digits.
        level, replicates, seed
            As for ``bootstrap_interval``; the same seed draws the same nodes.

        Returns
        -------
        Lower end, bootstrap median and upper end, ``(k, 3)``.
        """
        given = {"specificities": specificities}
        return self._curve_intervals("ci.se", given, level, replicates, seed)

    def specificity_interval(
        self, sensitivities: FloatArray, *, level: float, replicates: int, seed: int
    ) -> FloatArray:
        """Return the pointwise interval of specificity at given sensitivities.

        As ``sensitivity_band``, the other way round.
        """
        given = {"sensitivities": sensitivities}
        return self._curve_intervals("ci.sp", given, level, replicates, seed)

    def draws(
        self, *, replicates: int, seed: int, at_once: int
    ) -> Iterator[tuple[IntArray, IntArray]]:
        """Yield the nodes that pROC's stratified bootstrap draws for a seed.

        Parameters
        ----------
        replicates, seed
            As for ``bootstrap_interval``.
        at_once
            Replicates per chunk.

        Yields
        ------
        Which negative and which positive nodes, each class counted from 0 in the
        order of the scores, ``(b, n)`` and ``(b, m)``.
        """
        self._set_seed(seed)
        draw = self._r(DRAW)
        negatives = len(self._curve.rx2("controls"))
        positives = len(self._curve.rx2("cases"))
        for start in range(0, replicates, at_once):
            size = min(at_once, replicates - start)
            drawn = np.asarray(draw(size, negatives, positives)).reshape(
                (negatives + positives, size), order="F"
            )
            yield drawn[:negatives].T - 1, drawn[negatives:].T - 1

    def compare(self, other: "RocCurve", *, level: float) -> PairedTest:
        """Test the difference of two AUCs on the same nodes in the same order.

        Parameters
        ----------
        other
            Its AUC is taken from this one's.
        level
            Of the interval of the difference.
        """
        difference = self.auc() - other.auc()
        found = self._r("pROC::roc.test")(
            self._curve,
            other._curve,
            method="delong",
            paired=True,
            **{"conf.level": level},
        )
        said = str(found.rx2("method")[0])
        if "DeLong" not in said or "correlated" not in said:
            raise ProcError(
                f"pROC returned {said} where DeLong's paired test was expected; "
                "use a version of pROC listed in envs/stats.yaml"
            )
        z, p = (float(found.rx2(name)[0]) for name in ("statistic", "p.value"))
        lower, upper = map(float, found.rx2("conf.int"))
        if not np.isfinite([z, p, lower, upper]).all():
            return PairedTest(difference, None, None, level, None, None)
        return PairedTest(difference, lower, upper, level, z, p)

    def specificity_at(self, sensitivity: float) -> float:
        """Return the specificity at a sensitivity, interpolated where not attained."""
        found = self._r("pROC::coords")(
            self._curve,
            float(sensitivity),
            input="sensitivity",
            ret="specificity",
            transpose=False,
        )
        return float(found[0][0])

    def _curve_intervals(
        self,
        function: str,
        given: dict[str, FloatArray],
        level: float,
        replicates: int,
        seed: int,
    ) -> FloatArray:
        """Return lower end, median and upper end along the curve ``(k, 3)``."""
        self._set_seed(seed)
        ((name, where),) = given.items()
        found = self._r(f"pROC::{function}")(
            self._curve,
            **{
                name: r_vector("FloatVector", np.round(where, GRID_DIGITS)),
                "conf.level": level,
                "boot.n": replicates,
                "boot.stratified": True,
            },
        )
        return np.array(found, float).reshape(len(where), 3)

    def _auc_interval(self, method: Method, level: float, **options: Any) -> Interval:
        """Return an interval of the AUC after a check of its method."""
        found = self._r("pROC::ci.auc")(
            self._curve, method=method, **{"conf.level": level, **options}
        )
        said = str(self._r("attr")(found, "method")[0])
        if said != method:
            raise ProcError(
                f"pROC returned an interval by {said} where {method} was expected; "
                "use a version of pROC listed in envs/stats.yaml"
            )
        lower, _, upper = map(float, found)
        return Interval(lower, upper, level, said)

    def _set_seed(self, seed: int) -> None:
        """Fix R's generator, its kind included."""
        if not 1 <= seed <= MAX_SEED:
            raise ProcError(f"seed {seed} is out of R's range 1 to {MAX_SEED}")
        self._r("RNGkind")("Mersenne-Twister", "Inversion", "Rejection")
        self._r("set.seed")(seed)


def engine() -> str:
    """Name the versions that compute, for example ``pROC 1.18.0 on R 4.2.2``."""
    r = start_r()
    proc = r('as.character(utils::packageVersion("pROC"))')[0]
    return f"pROC {proc} on R {r('as.character(getRversion())')[0]}"


def _require_sound(score: FloatArray, positive: BoolArray) -> None:
    """Refuse what pROC takes silently and wrongly."""
    if not np.isfinite(score).all():
        raise ProcError("expected finite scores; pROC drops or turns others to NaN")
    smaller = int(min(positive.sum(), (~positive).sum()))
    if smaller < 2:
        raise ProcError(
            f"expected at least 2 nodes of each class, found {smaller}; with one, R "
            "resamples the numbers from 1 to its score"
        )
