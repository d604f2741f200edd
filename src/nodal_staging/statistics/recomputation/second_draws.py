"""Other draws of patients, and where the end of a bootstrap interval can lie.

Patients are drawn within three kinds (positive nodes only, negative only, both), as
the first implementation does, but by another generator and another way: a multinomial
number of times each. A written end at probability p is right if it lies between the
quantiles of these draws at the ends of the exact interval of its rank, at the chance of
six standard errors.
"""

from dataclasses import dataclass, field
from functools import cache

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
TextArray = npt.NDArray[np.str_]

DRAWS = 3000
STANDARD_ERRORS = 6
GENERATOR = "multinomial draws of patients (NumPy’s Philox)"


@dataclass(frozen=True, eq=False)
class Drawn:
    """How often each patient is in each draw ``(draws, patients)``.

    Attributes
    ----------
    patient
        Number of each node's patient ``(n,)``.
    times
        ``(draws, patients)``.
    """

    patient: npt.NDArray[np.int64]
    times: FloatArray

    def sums(self, *columns: npt.ArrayLike) -> list[FloatArray]:
        """Sum columns of one value per node over the nodes drawn, ``(draws,)`` each."""
        each = np.stack([np.asarray(column, float) for column in columns], axis=1)
        held = np.zeros((self.times.shape[1], each.shape[1]))
        np.add.at(held, self.patient, each)
        return list((self.times @ held).T)


@dataclass
class Draws:
    """Draws by who is drawn, each made once."""

    known: dict[bytes, Drawn] = field(default_factory=dict)

    def of(self, positive: BoolArray, patient: TextArray) -> Drawn:
        """Draw the patients of some nodes ``(n,)``."""
        key = positive.tobytes() + "\n".join(patient).encode()
        if key not in self.known:
            self.known[key] = _draw(positive, patient)
        return self.known[key]


def _draw(positive: BoolArray, patient: TextArray) -> Drawn:
    number, names = pd.factorize(patient)
    both = pd.DataFrame({"positive": positive, "negative": ~positive})
    has = both.groupby(number).any()
    kind = (has["positive"] * 1 + has["negative"] * 2).to_numpy()
    rng = np.random.Generator(np.random.Philox(20200326))
    times = np.zeros((DRAWS, len(names)))
    for one in (1, 2, 3):
        members = np.flatnonzero(kind == one)
        if len(members):
            times[:, members] = rng.multinomial(
                len(members), np.full(len(members), 1 / len(members)), DRAWS
            )
    return Drawn(np.asarray(number, np.int64), times)


def limits(
    values: FloatArray, probability: float, replicates: int
) -> tuple[float, float]:
    """Return where a written quantile can lie.

    Parameters
    ----------
    values
        Of these draws; NaN where undefined.
    probability
        Of the quantile.
    replicates
        Behind the written one.
    """
    known = values[~np.isnan(values)]
    ends = np.quantile(known, _ranks(probability, replicates, len(known)))
    return float(ends[0]), float(ends[1])


@cache
def _ranks(probability: float, replicates: int, draws: int) -> tuple[float, float]:
    """Return the ends of the exact interval of a rank, as probabilities."""
    n = 1 / (1 / replicates + 1 / draws)
    k = np.floor(probability * (n - 1)) + 1
    chance = stats.norm.sf(STANDARD_ERRORS)
    low = float(stats.beta.ppf(chance, k, n - k + 1))
    return low, float(stats.beta.isf(chance, k + 1, n - k)) if k < n else 1.0
