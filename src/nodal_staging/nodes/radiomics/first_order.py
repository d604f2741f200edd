"""Distribution of the attenuation inside a node, without its place."""

import numpy as np
import numpy.typing as npt

from nodal_staging.study.arrays import FloatArray


def first_order_features(values: npt.ArrayLike) -> dict[str, float]:
    """Describe the distribution of the values of a node.

    Parameters
    ----------
    values
        Attenuation in HU of the voxels of the node ``(n,)``, n at least 1.

    Returns
    -------
    Feature to value. ``coefficient_of_variation``, ``quartile_dispersion``, ``energy``
    and ``root_mean_square`` depend on the zero of the scale. Skewness and kurtosis of
    equal values, and quotients of 0, are NaN.

    References
    ----------
    IBSI reference manual, section 3.3 (intensity-based statistical features).
    """
    values_hu: FloatArray = np.asarray(values, np.float64).ravel()
    mean = values_hu.mean()
    centred = values_hu - mean
    variance = np.mean(centred**2)
    p10, p25, median, p75, p90 = np.percentile(values_hu, [10, 25, 50, 75, 90])
    inner = values_hu[(values_hu >= p10) & (values_hu <= p90)]
    energy = np.sum(values_hu**2)
    found = {
        "mean_hu": mean,
        "variance": variance,
        "skewness": quotient(np.mean(centred**3), variance**1.5),
        "excess_kurtosis": quotient(np.mean(centred**4), variance**2) - 3,
        "median_hu": median,
        "minimum_hu": values_hu.min(),
        "percentile_10_hu": p10,
        "percentile_90_hu": p90,
        "maximum_hu": values_hu.max(),
        "interquartile_range": p75 - p25,
        "intensity_range": np.ptp(values_hu),
        "mean_absolute_deviation": np.abs(centred).mean(),
        "robust_mean_absolute_deviation": np.abs(inner - inner.mean()).mean(),
        "median_absolute_deviation": np.abs(values_hu - median).mean(),
        "coefficient_of_variation": quotient(np.sqrt(variance), mean),
        "quartile_dispersion": quotient(p75 - p25, p75 + p25),
        "energy": energy,
        "root_mean_square": np.sqrt(energy / len(values_hu)),
    }
    return {name: float(value) for name, value in found.items()}


def quotient(above: float, below: float) -> float:
    """Divide; the quotient by 0 is NaN."""
    return float(above) / float(below) if below else float("nan")
