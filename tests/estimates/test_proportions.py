"""Metrics against closed forms and statsmodels."""

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from nodal_staging.estimates.proportions import (
    Confusion,
    binary_auc,
    confusion,
    predictive_values,
    proportion,
    wilson_interval,
)

# The published status CNN as far as its percentages tell: 56 of 65 and 60 of 65.
PUBLISHED = Confusion(tp=56, fn=9, tn=60, fp=5)


def test_confusion_counts_every_node_once():
    positive = np.array([1, 1, 1, 0, 0, 0, 0], bool)
    called = np.array([1, 1, 0, 1, 0, 0, 0], bool)
    assert confusion(positive, called) == Confusion(tp=2, fn=1, tn=3, fp=1)


def test_metrics_are_their_counts():
    assert PUBLISHED.counts() == {
        "accuracy": (116, 130),
        "sensitivity": (56, 65),
        "specificity": (60, 65),
        "ppv": (56, 61),
        "npv": (60, 69),
        "f1": (112, 126),
    }


def test_binary_auc_of_equal_halves_is_the_accuracy():
    assert binary_auc(PUBLISHED) == pytest.approx(116 / 130, abs=1e-15)


def test_nothing_divided_by_nothing_is_none():
    nobody = Confusion(tp=0, fn=5, tn=5, fp=0)
    assert proportion(*nobody.counts()["ppv"]) is None
    assert wilson_interval(*nobody.counts()["ppv"], level=0.95) is None
    assert predictive_values(nobody, 0.2)[0] is None


@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
@pytest.mark.parametrize(("k", "n"), [(0, 10), (1, 10), (56, 65), (65, 65), (3, 4000)])
def test_wilson_as_in_statsmodels(k, n, level):
    expected = proportion_confint(k, n, alpha=1 - level, method="wilson")
    assert wilson_interval(k, n, level=level) == pytest.approx(expected, abs=1e-12)


def test_wilson_of_none_and_all_ends_exactly():
    assert wilson_interval(0, 7, level=0.95)[0] == 0.0
    assert wilson_interval(7, 7, level=0.95)[1] == 1.0


def test_predictive_values_at_the_own_prevalence_are_the_observed_ones():
    ppv, npv = predictive_values(PUBLISHED, 0.5)
    assert ppv == pytest.approx(56 / 61, abs=1e-15)
    assert npv == pytest.approx(60 / 69, abs=1e-15)


def test_predictive_values_of_a_counted_population():
    # 1,000 nodes, 16 % positive: 160 * 56/65 hits and 840 * 5/65 false alarms.
    hits, alarms = 160 * 56 / 65, 840 * 5 / 65
    assert predictive_values(PUBLISHED, 0.16)[0] == pytest.approx(
        hits / (hits + alarms), abs=1e-14
    )
