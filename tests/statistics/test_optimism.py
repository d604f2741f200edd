"""The optimism of a threshold, against counting and a simulation."""

import numpy as np
import pytest
from score_files import dataset, simulate, write_scores

from nodal_staging.classifiers.labelled_scores import (
    ScoredClassifier,
    read_partition,
)
from nodal_staging.classifiers.scores import score_table
from nodal_staging.estimates.curve import empirical_curve, youden_choice
from nodal_staging.estimates.proportions import binary_auc, confusion
from nodal_staging.statistics.optimism import show_optimism


def shown(path, tie_rule="lowest"):
    classifier = ScoredClassifier.read("a", path)
    return classifier.test, show_optimism(
        classifier, tie_rule=tie_rule, rng=np.random.default_rng(1)
    )


def test_both_thresholds_are_counted_on_the_test_set(tmp_path):
    path = simulate(tmp_path / "a.csv")
    tested, found = shown(path)
    tuning = read_partition(path, "out_of_fold", classifier="a")
    assert found["status"] == "ok"
    for name, chosen_on in (("apparent", tested), ("honest", tuning)):
        curve = empirical_curve(chosen_on.score, chosen_on.positive)
        cut = youden_choice(curve, "lowest").threshold
        counts = confusion(tested.positive, tested.score >= cut)
        assert found[name]["threshold"] == cut
        assert found[name]["balanced_accuracy"] == binary_auc(counts)
        assert found[name]["accuracy"] == (counts.tp + counts.tn) / 60
    gap = found["difference"]["balanced_accuracy"]
    assert gap >= 0
    assert gap == pytest.approx(
        found["apparent"]["balanced_accuracy"] - found["honest"]["balanced_accuracy"]
    )


def test_expected_optimism_is_that_of_the_published_size(tmp_path):
    """Measured for 65 and 65 nodes and an AUC of 0.858: 3.0 points of accuracy."""
    nodes = dataset(65, 65)
    positive = (nodes["status"] == "positive").to_numpy()
    rng = np.random.default_rng(5)
    shift = 1.515  # AUC 0.858
    gains, expected = [], []
    for _ in range(40):
        score, fresh = rng.normal(size=(2, 130)) + shift * positive
        curve = empirical_curve(score, positive)
        cut = youden_choice(curve, "lowest").threshold
        gains.append(
            binary_auc(confusion(positive, score >= cut))
            - binary_auc(confusion(positive, fresh >= cut))
        )
        path = write_scores(tmp_path / "a.csv", score_table(nodes, score, "test"))
        expected.append(shown(path)[1]["expected"]["balanced_accuracy"])
    assert np.mean(gains) == pytest.approx(0.03, abs=0.02)
    assert np.mean(expected) == pytest.approx(0.03, abs=0.008)


@pytest.mark.parametrize("tie_rule", ["lowest", "highest"])
def test_expected_optimism_by_a_loop(tie_rule, tmp_path):
    """Draw node by node, choose with the plain functions, count on both."""
    rng = np.random.default_rng(2)
    nodes = dataset(12, 9)
    positive = (nodes["status"] == "positive").to_numpy()
    score = np.round(2 * rng.normal(size=21) + positive)
    path = write_scores(tmp_path / "a.csv", score_table(nodes, score, "test"))
    tested, found = shown(path, tie_rule)
    gaps = []
    draw = np.random.default_rng(8)
    classes = [np.flatnonzero(tested.positive), np.flatnonzero(~tested.positive)]
    for _ in range(4000):
        rows = np.concatenate([draw.choice(c, len(c)) for c in classes])
        # Thresholds of the test set: those of the draw lie between the same scores.
        curve = empirical_curve(tested.score, tested.positive)
        index = [
            binary_auc(confusion(tested.positive[rows], tested.score[rows] >= cut))
            for cut in curve.thresholds
        ]
        best = np.flatnonzero(np.isclose(index, max(index), atol=1e-12))
        place = best[0] if tie_rule == "lowest" else best[-1]
        called = tested.score >= curve.thresholds[place]
        gaps.append(index[place] - binary_auc(confusion(tested.positive, called)))
    expected = found["expected"]["balanced_accuracy"]
    assert expected == pytest.approx(np.mean(gaps), abs=5 * np.std(gaps) / 800**0.5)
    assert found["status"] == "no_out_of_fold"
    assert found["honest"] is None


def test_who_decides_by_itself_has_no_threshold_to_be_optimistic_about(tmp_path):
    _, found = shown(simulate(tmp_path / "a.csv", decided=True))
    assert found == {"status": "given"}
