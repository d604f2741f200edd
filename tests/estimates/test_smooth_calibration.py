"""Distances from a smooth calibration curve: statsmodels, and planted truth."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.special import expit, logit

from nodal_staging.estimates.smooth_calibration import calibration_distances


def drawn(seed, n, slope=1.0):
    """Draw probabilities, and statuses of which ``slope`` bends the log odds."""
    rng = np.random.default_rng(seed)
    odds = rng.normal(0, 1.5, n)
    return odds, (rng.uniform(size=n) < expit(slope * odds)).astype(float), rng


@pytest.mark.parametrize("seed", range(3))
def test_curve_and_distances_as_of_statsmodels(seed):
    odds, positive, rng = drawn(seed, 150, 0.6)
    weight = rng.uniform(0.5, 2, 150)
    a, b, c = np.quantile(odds, [0.1, 0.5, 0.9])
    plus = [np.clip(odds - knot, 0, None) ** 3 for knot in (a, b, c)]
    bend = plus[0] - plus[1] * (c - a) / (c - b) + plus[2] * (b - a) / (c - b)
    design = np.column_stack([np.ones(150), odds, bend])
    model = sm.GLM(positive, design, sm.families.Binomial(), freq_weights=weight)
    apart = np.abs(model.fit(tol=1e-12).fittedvalues - expit(odds))
    found = calibration_distances(expit(odds), odds, positive, weight[None])[0]
    assert found[0] == pytest.approx(np.average(apart, weights=weight), abs=1e-6)
    order = np.argsort(apart)
    share = np.cumsum(weight[order]) / weight.sum()
    for value, quantile in zip(found[1:], (0.5, 0.9), strict=True):
        expected = apart[order][np.argmax(share >= quantile)]
        assert value == pytest.approx(expected, abs=1e-6)


def test_what_is_planted_is_measured():
    odds, positive, _ = drawn(7, 40_000)
    calibrated = calibration_distances(
        expit(odds), odds, positive, np.ones((1, 40_000))
    )
    assert calibrated[0, 0] < 0.01
    odds, positive, _ = drawn(8, 40_000, 0.5)
    planted = np.abs(expit(odds / 2) - expit(odds))
    found = calibration_distances(expit(odds), odds, positive, np.ones((1, 40_000)))[0]
    expected = [planted.mean(), *np.quantile(planted, [0.5, 0.9])]
    assert found == pytest.approx(expected, abs=0.012)


def test_without_a_curve_there_is_no_number():
    odds = logit(np.array([0.2, 0.2, 0.2, 0.2, 0.8]))
    positive = np.array([0.0, 1, 0, 1, 1])
    assert np.isnan(
        calibration_distances(expit(odds), odds, positive, np.ones((1, 5)))
    ).all()
    odds = np.linspace(-2, 2, 40)
    apart = (odds > 0).astype(float)
    weight = np.ones((2, 40))
    assert np.isnan(calibration_distances(expit(odds), odds, apart, weight)).all()
