"""Thresholds and what follows from them, on a classifier that is counted by hand."""

import numpy as np
import pytest
from score_files import dataset, write_scores

from nodal_staging.classifiers.labelled_scores import ScoredClassifier
from nodal_staging.classifiers.scores import score_table
from nodal_staging.estimates.patient_bootstrap import BootstrapOptions, PatientBootstrap
from nodal_staging.statistics.decisions import (
    ThresholdRule,
    choose_threshold,
    describe_decisions,
)
from nodal_staging.statistics.probabilities import Prevalences

NODES = dataset(5, 5)


@pytest.fixture
def classifier(tmp_path):
    """Return ten test nodes whose scores count from 0, positive where even."""
    path = write_scores(tmp_path / "a.csv", score_table(NODES, range(10), "test"))
    return ScoredClassifier.read("a", path)


def described(classifier, called, prevalence):
    tested = classifier.test
    options = BootstrapOptions(200, 0.95, 1)
    drawn = PatientBootstrap(tested.positive, tested.patient_id, options)
    return describe_decisions(tested, called, Prevalences(prevalence), drawn)


@pytest.mark.parametrize("tie_rule", ["lowest", "highest"])
def test_all_tied_thresholds_are_listed(classifier, tie_rule):
    """Positives at 0, 2, ...: the index is 0 or -1/5 in turn."""
    found = choose_threshold(classifier, ThresholdRule("test", tie_rule))
    tied = [0.0, 1.5, 3.5, 5.5, 7.5, np.nextafter(9, 10)]
    assert found["tied"] == tied
    assert found["n_tied"] == 6
    assert found["value"] == (tied[0] if tie_rule == "lowest" else tied[-1])
    assert found["tie_rule"] == tie_rule


def test_counts_become_metrics(classifier):
    called = np.array([1, 1, 1, 0, 1, 0, 0, 0, 0, 0], bool)
    found = described(classifier, called, 0.1)
    assert found["confusion"] == {"tp": 3, "fn": 2, "tn": 4, "fp": 1}
    estimates = {name: m["estimate"] for name, m in found["metrics"].items()}
    assert estimates == {
        "accuracy": 7 / 10,
        "sensitivity": 3 / 5,
        "specificity": 4 / 5,
        "ppv": 3 / 4,
        "npv": 4 / 6,
        "f1": 6 / 9,
    }
    assert found["binary_auc"]["estimate"] == 0.7
    natural = found["natural_prevalence"]
    assert natural["ppv"] == pytest.approx(0.06 / (0.06 + 0.18), abs=1e-15)


def test_nothing_called_positive_has_no_ppv(classifier):
    found = described(classifier, np.zeros(10, bool), None)
    assert found["metrics"]["ppv"]["estimate"] is None
    assert found["metrics"]["ppv"]["lower"] is None
    assert found["metrics"]["f1"]["estimate"] == 0
    assert found["natural_prevalence"] is None
