"""Agreement of repeated measurements: ICC(2,1), absolute agreement.

References
----------
Shrout and Fleiss, Psychol Bull 1979;86:420, ICC(2,1). Interval: McGraw and Wong,
Psychol Methods 1996;1:30, table 7, ICC(A,1).
"""

from math import nan

from scipy.special import fdtri

from nodal_staging.study.arrays import FloatArray


def absolute_agreement(
    values: FloatArray, *, level: float
) -> tuple[float, float, float]:
    """Return ICC(2,1) of a single measurement and its interval.

    Parameters
    ----------
    values
        n subjects by k measurements ``(n, k)``, both at least 2.
    level
        Confidence level.

    Returns
    -------
    Correlation and the ends of its interval; 1 without a width where all measurements
    of a subject are equal, NaN where the subjects are.
    """
    n, k = values.shape
    subjects, measurements, error = _mean_squares(values)
    if subjects == 0:
        return nan, nan, nan
    below = subjects + (k - 1) * error + k / n * (measurements - error)
    found = (subjects - error) / below
    if found == 1:
        return 1.0, 1.0, 1.0
    freedom = _freedom(found, n, k, measurements, error)
    upper_tail = (1 + level) / 2
    high = fdtri(n - 1, freedom, upper_tail)
    low = fdtri(freedom, n - 1, upper_tail)
    rest = k * measurements + (k * n - k - n) * error
    lower = n * (subjects - high * error) / (high * rest + n * subjects)
    upper = n * (low * subjects - error) / (rest + n * low * subjects)
    return float(found), float(lower), float(upper)


def _mean_squares(values: FloatArray) -> tuple[float, float, float]:
    """Return the mean squares of subjects, measurements and error."""
    n, k = values.shape
    of_subject, of_measurement = values.mean(axis=1), values.mean(axis=0)
    whole = values.mean()
    rest = values - of_subject[:, None] - of_measurement[None, :] + whole
    return (
        k * float(((of_subject - whole) ** 2).sum()) / (n - 1),
        n * float(((of_measurement - whole) ** 2).sum()) / (k - 1),
        float((rest**2).sum()) / ((n - 1) * (k - 1)),
    )


def _freedom(found: float, n: int, k: int, measurements: float, error: float) -> float:
    """Return Satterthwaite's degrees of freedom of the interval."""
    a = k * found / (n * (1 - found))
    b = 1 + k * found * (n - 1) / (n * (1 - found))
    below = (a * measurements) ** 2 / (k - 1) + (b * error) ** 2 / ((n - 1) * (k - 1))
    return float((a * measurements + b * error) ** 2 / below)
