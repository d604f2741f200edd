"""Average precision against scikit-learn, counting, and what knows nothing."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from nodal_staging.estimates.average_precision import average_precision


def sample(seed, n=60, levels=None):
    rng = np.random.default_rng(seed)
    positive = np.arange(n) % 3 == 0
    score = rng.normal(size=n) + positive
    return (np.round(score * levels) if levels else score), positive, rng


@pytest.mark.parametrize("levels", [None, 1, 0.3])
def test_it_is_that_of_scikit_learn_at_the_prevalence_of_the_nodes(levels):
    score, positive, _ = sample(1, levels=levels)
    found = average_precision(score, positive, np.ones((1, 60)), positive.mean())
    assert found[0] == pytest.approx(average_precision_score(positive, score))


def test_draws_and_prevalence_are_weights(monkeypatch):
    score, positive, rng = sample(2, levels=2)
    times = rng.integers(1, 4, (5, 60)).astype(float)
    found = average_precision(score, positive, times, 0.1)
    for row, value in zip(times, found, strict=True):
        m, n = row[positive].sum(), row[~positive].sum()
        weight = row * np.where(positive, 0.1 / m, 0.9 / n)
        expected = average_precision_score(positive, score, sample_weight=weight)
        assert value == pytest.approx(expected)
    monkeypatch.setattr("nodal_staging.estimates.average_precision.AT_ONCE", 100)
    again = average_precision(score, positive, times, 0.1)
    assert again == pytest.approx(found, abs=1e-14)


def test_scores_without_information_have_the_prevalence():
    positive = np.arange(50) < 10
    found = average_precision(np.zeros(50), positive, np.ones((1, 50)), 0.3)
    assert found[0] == pytest.approx(0.3)
    perfect = average_precision(positive * 1.0, positive, np.ones((1, 50)), 0.3)
    assert perfect[0] == pytest.approx(1.0)
