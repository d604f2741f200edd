"""Thresholds and what follows from them, on a classifier that is counted by hand."""

import numpy as np
import pytest
from scipy.stats import binomtest
from score_files import dataset, normal_scores, write_scores
from sklearn.metrics import roc_auc_score

from nodal_staging.classifiers.labelled_scores import ScoredClassifier
from nodal_staging.classifiers.scores import score_table
from nodal_staging.estimates.patient_bootstrap import BootstrapOptions, PatientBootstrap
from nodal_staging.statistics.decisions import describe_decisions
from nodal_staging.statistics.probabilities import Prevalences
from nodal_staging.statistics.youden_threshold import ThresholdRule, choose_threshold

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


def test_a_share_that_all_nodes_reach_has_the_exact_bound_of_its_patients(classifier):
    """Five patients, each with a positive node that is found."""
    tested = classifier.test
    found = described(classifier, tested.positive.copy(), 0.1)["metrics"]
    of_patients = found["sensitivity"]["patient_bootstrap"]
    exact = binomtest(5, 5).proportion_ci(0.95, method="exact")
    assert of_patients["lower"] == pytest.approx(exact.low, abs=1e-12)
    assert of_patients["upper"] == 1
    assert of_patients["method"] == "exact_bound_patients"
    none = described(classifier, ~tested.positive, 0.1)["metrics"]
    assert none["specificity"]["patient_bootstrap"]["lower"] == 0
    assert none["specificity"]["patient_bootstrap"]["upper"] == pytest.approx(
        1 - exact.low, abs=1e-12
    )


@pytest.mark.parametrize(("shift", "weak"), [(0.0, True), (2.0, False)])
def test_a_threshold_of_much_weaker_folds_is_flagged(tmp_path, shift, weak):
    rng = np.random.default_rng(3)
    parts = [
        score_table(nodes, normal_scores(nodes, of, rng), partition)
        for nodes, of, partition in (
            (dataset(60, 60), 2.0, "test"),
            (dataset(60, 60, "T"), shift, "out_of_fold"),
        )
    ]
    path = write_scores(tmp_path / "a.csv", *parts)
    rule = ThresholdRule("out_of_fold", "lowest")
    found = choose_threshold(ScoredClassifier.read("a", path), rule)
    assert found["weak_folds"] == weak
    held_out = parts[1]
    expected = roc_auc_score(held_out["status"] == "positive", held_out["score"])
    assert found["chosen_on_auc"] == pytest.approx(expected, abs=1e-12)


def test_nothing_called_positive_has_no_ppv(classifier):
    found = described(classifier, np.zeros(10, bool), None)
    assert found["metrics"]["ppv"]["estimate"] is None
    assert found["metrics"]["ppv"]["lower"] is None
    assert found["metrics"]["f1"]["estimate"] == 0
    assert found["natural_prevalence"] is None
