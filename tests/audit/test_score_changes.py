"""Changes of calls and scores at a frozen threshold, and their agreement."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from nodal_staging.audit.robustness.score_changes import (
    Outcome,
    ScoreChanges,
    logits,
)
from nodal_staging.audit.robustness.stability import (
    is_plausible,
    stability,
    stable_nodes,
)
from nodal_staging.classifiers.scores import called_positive
from nodal_staging.estimates.curve import empirical_curve, youden_choice
from nodal_staging.estimates.intraclass_correlation import absolute_agreement
from nodal_staging.estimates.patient_bootstrap import BootstrapOptions, PatientBootstrap
from nodal_staging.estimates.resampled_areas import resampled_areas

JUDGES = np.array(
    [[9, 6, 8, 7, 10, 6], [2, 1, 4, 1, 5, 2], [5, 3, 6, 2, 6, 4], [8, 2, 8, 6, 9, 7]]
).T
"""Six targets by four judges (Shrout and Fleiss 1979, table 2)."""


def test_agreement_is_that_of_the_published_example():
    found, lower, upper = absolute_agreement(JUDGES.astype(float), level=0.95)
    assert found == pytest.approx(0.29, abs=0.005)
    assert (lower, upper) == pytest.approx((0.019, 0.761), abs=0.001)


def test_agreement_of_equal_and_of_constant_measurements():
    values = np.arange(6.0)
    equal = absolute_agreement(np.column_stack([values, values]), level=0.95)
    assert equal == (1, 1, 1)
    assert np.isnan(absolute_agreement(np.ones((6, 2)), level=0.95)).all()
    # A bias costs agreement though the correlation is perfect.
    found = absolute_agreement(np.column_stack([values, values + 2]), level=0.95)
    assert found[0] == pytest.approx(3.5 / (3.5 + 2), abs=1e-12)


def draws(n=60, seed=0, replicates=300):
    rng = np.random.default_rng(seed)
    positive = rng.random(n) < 0.5
    patients = np.array([f"P{p:02d}" for p in rng.integers(0, n // 2, n)])
    return PatientBootstrap(positive, patients, BootstrapOptions(replicates, 0.95, 1))


def test_resampled_areas_are_those_of_weighted_nodes():
    drawn = draws(replicates=20)
    score = np.random.default_rng(2).integers(0, 7, 60).astype(float)
    times = drawn.times[:, drawn.patient]
    expected = [
        roc_auc_score(drawn.positive, score, sample_weight=weight) for weight in times
    ]
    np.testing.assert_allclose(resampled_areas(score, drawn), expected, atol=1e-12)


def outcome(score, threshold, name="hu_shift", strength=20.0):
    score = np.atleast_2d(score)
    return Outcome(name, strength, score, called_positive(score, threshold))


def shifted_case():
    """Return an informative score, and the same with all logits higher by 1."""
    drawn = draws()
    rng = np.random.default_rng(3)
    latent = rng.normal(size=60) + 2 * drawn.positive
    before, after = (1 / (1 + np.exp(-one)) for one in (latent, latent + 1))
    threshold = youden_choice(empirical_curve(before, drawn.positive), "lowest")
    return drawn, before, after, threshold.threshold


def test_a_bias_of_all_logits_moves_calls_and_not_the_auc():
    drawn, before, after, threshold = shifted_case()
    names = [f"N{i}" for i in range(60)]
    changes = ScoreChanges(outcome(before, threshold), names, drawn)
    row = changes.row(outcome(after, threshold))
    called = [one >= threshold for one in (before, after)]
    positive = drawn.positive
    sensitivity = [one[positive].mean() for one in called]
    specificity = [1 - one[~positive].mean() for one in called]
    assert row["sensitivity"] == pytest.approx(sensitivity[1])
    assert row["sensitivity_change"] == pytest.approx(np.diff(sensitivity)[0])
    assert row["specificity_change"] == pytest.approx(np.diff(specificity)[0])
    assert row["specificity_change_upper"] < 0
    assert row["calls_changed"] == np.mean(called[0] != called[1]) > 0.1
    assert row["auc_change"] == row["auc_change_lower"] == row["auc_change_upper"] == 0
    assert row["logit_shift"] == pytest.approx(1)
    assert row["logit_sd"] == pytest.approx(0, abs=1e-9)


def test_a_threshold_that_is_chosen_again_would_hide_it():
    drawn, before, after, threshold = shifted_case()
    names = [f"N{i}" for i in range(60)]
    again = youden_choice(empirical_curve(after, drawn.positive), "lowest").threshold
    changes = ScoreChanges(outcome(before, threshold), names, drawn)
    assert changes.row(outcome(after, again))["calls_changed"] == 0
    assert changes.row(outcome(after, threshold))["calls_changed"] > 0


def test_directions_count_as_their_mean():
    drawn, before, after, threshold = shifted_case()
    names = [f"N{i}" for i in range(60)]
    changes = ScoreChanges(outcome(before, threshold), names, drawn)
    alone = changes.row(outcome(after, threshold))
    both = changes.row(outcome(np.stack([before, after]), threshold))
    for name in ("sensitivity_change", "specificity_change", "calls_changed"):
        assert both[name] == pytest.approx(alone[name] / 2)
    assert both["calls_changed_in_any"] == alone["calls_changed"]
    assert both["logit_shift"] == pytest.approx(0.5)


def test_noise_has_no_change_of_auc_beyond_its_interval():
    covered = []
    for seed in range(30):
        drawn = draws(seed=seed)
        rng = np.random.default_rng(seed + 100)
        before, after = rng.random((2, 60))
        names = [f"N{i}" for i in range(60)]
        changes = ScoreChanges(outcome(before, 0.5), names, drawn)
        row = changes.row(outcome(after, 0.5))
        covered.append(row["auc_change_lower"] <= 0 <= row["auc_change_upper"])
        assert row["icc"] < 0.5
    assert np.mean(covered) > 0.8


def test_scores_of_0_and_1_have_finite_logits():
    assert np.isfinite(logits(np.array([0.0, 0.5, 1.0]))).all()
    assert logits(np.array([0.5])) == 0


def test_a_node_is_stable_if_no_plausible_perturbation_changes_its_call():
    drawn = draws(n=8)
    before = np.array([0.9, 0.6, 0.4, 0.1, 0.9, 0.6, 0.4, 0.1])
    up, down = outcome(before + 0.15 * (before < 0.5), 0.5), outcome(before - 0.05, 0.5)
    names = [f"N{i}" for i in range(8)]
    rows = stable_nodes(outcome(before, 0.5), [up, down], names, drawn.positive)
    assert [row["stable"] for row in rows] == ["yes", "yes", "no", "yes"] * 2
    right = (before >= 0.5) == drawn.positive
    found = stability(rows, drawn)
    stable = np.array([row["stable"] == "yes" for row in rows])
    assert (found["nodes"], found["stable"]) == (8, 6)
    assert found["stable_accuracy"] == pytest.approx(right[stable].mean())
    assert found["unstable_accuracy"] == pytest.approx(right[~stable].mean())
    change = np.log(0.55 / 0.45) - np.log(0.4 / 0.6)
    assert rows[2]["largest_change"] == pytest.approx(change)


def test_nodes_without_plausible_perturbations_are_stable():
    drawn = draws(n=8)
    before = np.linspace(0.1, 0.9, 8)
    names = [f"N{i}" for i in range(8)]
    rows = stable_nodes(outcome(before, 0.5), [], names, drawn.positive)
    assert {row["stable"] for row in rows} == {"yes"}
    assert stability(rows, drawn)["unstable_accuracy"] != 0


def test_what_is_plausible_is_bounded_either_way():
    bounds = {"hu_shift": 10, "dilate": 1}
    assert is_plausible("hu_shift", -10, bounds)
    assert not is_plausible("hu_shift", 20, bounds)
    assert not is_plausible("blur", 0.5, bounds)
