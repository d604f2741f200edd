"""The two-way decomposition against statsmodels, and against what is built in."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm

from nodal_staging.estimates.two_way import TwoWay, slopes


@pytest.fixture
def values():
    rng = np.random.default_rng(5)
    rows, columns = rng.normal(size=(7, 1, 1)), rng.normal(size=(1, 4, 1))
    return 100 + 2 * rows + columns + rng.normal(0, 0.5, (7, 4, 3))


def by_statsmodels(values):
    places = [index.ravel() for index in np.indices(values.shape)]
    frame = pd.DataFrame({"y": values.ravel(), "row": places[0], "column": places[1]})
    found = anova_lm(ols("y ~ C(row) * C(column)", frame).fit())
    return found["sum_sq"].to_numpy()


def test_sums_of_squares_are_those_of_an_analysis_of_variance(values):
    found = TwoWay.plain(values).sums_of_squares()[0]
    assert found == pytest.approx(by_statsmodels(values), rel=1e-9)


def test_a_weighted_row_is_a_row_that_stands_there_as_often(values):
    times = np.array([[2, 0, 1, 1, 3, 0, 1], [1, 1, 1, 1, 1, 1, 1]])
    found = TwoWay(values, times.astype(float)).sums_of_squares()
    repeated = np.repeat(values, times[0], axis=0)
    grand, column = repeated.mean(), repeated.mean(axis=(0, 2))
    row, cell = repeated.mean(axis=(1, 2)), repeated.mean(axis=2)
    expected = [
        12 * ((row - grand) ** 2).sum(),
        3 * len(repeated) * ((column - grand) ** 2).sum(),
        3 * ((cell - row[:, None] - column + grand) ** 2).sum(),
        ((repeated - cell[..., None]) ** 2).sum(),
    ]
    assert found[0] == pytest.approx(expected, rel=1e-9)
    assert found[1] == pytest.approx(by_statsmodels(values), rel=1e-9)


def test_an_additive_layout_has_neither_interaction_nor_repeats():
    row, column = np.array([0.0, 2.0, 7.0]), np.array([1.0, -1.0])
    values = (row[:, None] + column)[..., None] + np.zeros(4)
    shares = TwoWay.plain(values).shares()[0]
    total = row.var() + column.var()
    expected = [row.var() / total, column.var() / total, 0, 0]
    assert shares == pytest.approx(expected, abs=1e-12)


def test_a_constant_has_no_shares():
    assert np.isnan(TwoWay.plain(np.ones((3, 2, 2))).shares()).all()


def test_slopes_are_those_of_least_squares():
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=8), rng.normal(size=(2, 8))
    weights = np.array([np.ones(8), [2, 1, 0, 1, 1, 3, 0, 1]])
    found = slopes(x, y, weights)
    for slope, own, times in zip(found, y, weights.astype(int), strict=True):
        expected = np.polyfit(np.repeat(x, times), np.repeat(own, times), 1)[0]
        assert slope == pytest.approx(expected)


def test_there_is_no_slope_on_a_constant():
    assert np.isnan(slopes(np.full(5, 3.1), np.arange(5.0), np.ones((1, 5))))[0]
