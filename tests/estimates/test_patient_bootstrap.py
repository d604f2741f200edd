"""Resampled patients: the law of a case that is known, and all nodes of a patient."""

import numpy as np
import pandas as pd
import pytest

from nodal_staging.estimates import patient_bootstrap
from nodal_staging.estimates.patient_bootstrap import BootstrapOptions, PatientBootstrap


def draws(positive, patient, replicates, seed, level=0.95):
    options = BootstrapOptions(replicates, level, seed)
    return PatientBootstrap(np.asarray(positive, bool), np.asarray(patient), options)


def test_f1_interval_of_the_binomial_case():
    """Patients with one positive node each: F1 = 2 TP / (TP + P) in a known law."""
    from_law = np.random.default_rng(5).binomial(80, 0.75, size=200_000)
    expected = np.quantile(2 * from_law / (from_law + 80), [0.025, 0.975])
    drawn = draws(np.ones(80), np.arange(80).astype(str), 20_000, 6)
    hits = drawn.sums([np.arange(80) < 60])[:, 0]
    found = drawn.interval(2 * hits / (hits + 80))
    assert found == pytest.approx(expected, abs=0.006)


def test_a_patient_comes_with_all_nodes_and_every_kind_keeps_its_number():
    patient = np.array(["a", "a", "b", "b", "c", "d", "d", "e"])
    positive = np.array([1, 0, 1, 0, 1, 0, 0, 1], bool)
    drawn = draws(positive, patient, 500, 1)
    ones = np.ones(8)
    sums = drawn.sums([*(ones * (patient == name) for name in "abcde"), positive])
    often = sums[:, :5] / [2, 2, 1, 2, 1]
    assert (often == often.round()).all()
    assert (often[:, [0, 1]].sum(axis=1) == 2).all()
    assert (often[:, [2, 4]].sum(axis=1) == 2).all()
    assert (often[:, 3] == 1).all()
    assert often[:, 0].mean() == pytest.approx(1, abs=0.2)
    assert (sums[:, 5] == 4).all()


def test_patients_are_the_same_for_every_question():
    rng = np.random.default_rng(1)
    positive, patient = rng.random(40) < 0.5, rng.integers(0, 15, 40).astype(str)
    drawn = draws(positive, patient, 100, 9)
    values = rng.normal(size=(3, 40))
    together = drawn.sums(list(values))
    assert together[:, 2] == pytest.approx(drawn.sums([values[2]])[:, 0], abs=1e-12)


def test_the_size_of_a_chunk_changes_nothing(monkeypatch):
    positive, patient = np.arange(30) < 9, (np.arange(30) // 3).astype(str)
    drawn = draws(positive, patient, 200, 9)
    whole = drawn.sums([positive, np.arange(30)])
    times = drawn.times
    monkeypatch.setattr(patient_bootstrap, "CELLS_AT_ONCE", 70)
    assert drawn.sums([positive, np.arange(30)]).tolist() == whole.tolist()
    assert draws(positive, patient, 200, 9).times.tolist() == times.tolist()


def test_replicates_without_a_value_are_left_out():
    drawn = draws(np.ones(3), ["a", "b", "c"], 4, 1, level=0.9)
    nothing = np.full(4, np.nan)
    assert drawn.interval(nothing) == (None, None)
    assert drawn.interval(np.array([np.nan, 1, 1, 1])) == (1, 1)


def test_sums_and_times_are_the_same_draws():
    positive, patient = np.arange(30) < 9, (np.arange(30) // 4).astype(str)
    drawn = draws(positive, patient, 50, 4)
    values = np.arange(30.0)
    by_hand = [
        sum(
            times[int(name)] * value
            for name, value in zip(patient, values, strict=True)
        )
        for times in drawn.times
    ]
    assert drawn.sums([values])[:, 0] == pytest.approx(by_hand, rel=1e-12)


def test_a_ratio_is_that_of_the_drawn_patients_with_all_their_nodes():
    patient = np.array(["a", "a", "b", "c", "c", "c"])
    positive = np.array([1, 0, 1, 1, 0, 0], bool)
    value = np.array([1.0, 2.0, 5.0, 0.0, np.nan, 4.0])
    below = np.array([2.0, 2.0, 1.0, 1.0, 1.0, 4.0])
    drawn = draws(positive, patient, 400, 3, level=0.8)
    kept = np.isfinite(value)
    by_hand = []
    for times in drawn.times.astype(int):
        rows = np.repeat(np.arange(6), np.where(kept, times[[0, 0, 1, 2, 2, 2]], 0))
        by_hand.append(value[rows].sum() / below[rows].sum())
    found = drawn.mean(value, over=below)
    assert found.value == pytest.approx(np.nansum(value) / below[kept].sum())
    low, high = np.quantile(by_hand, [0.1, 0.9])
    assert (found.lower, found.upper) == pytest.approx((low, high))
    assert (found.nodes, found.patients) == (5, 3)
    alone = drawn.mean(value, patient == "b")
    assert alone.value == 5
    assert np.isnan(alone.lower)
    assert np.isnan(drawn.mean(value, patient == "nobody").value)


def test_patients_that_are_in_every_replicate_leave_no_interval():
    """Each is the only one of its kind, so that replicates cannot differ."""
    patient = np.array(["a", "b", "b", "c", "c", "d"])
    positive = np.array([1, 1, 0, 0, 0, 0], bool)
    drawn = draws(positive, patient, 50, 1)
    among = np.isin(patient, ["a", "b"])
    fixed = drawn.mean(np.arange(6.0), among)
    assert (fixed.value, fixed.patients) == (1, 2)
    assert np.isnan([fixed.lower, fixed.upper]).all()
    assert drawn.mean(np.arange(6.0)).lower < drawn.mean(np.arange(6.0)).upper


def test_the_correlation_of_ranks_by_draws_of_patients():
    rng = np.random.default_rng(0)
    patient = np.repeat([f"P{k}" for k in range(30)], 2)
    size = rng.normal(size=60)
    drawn = draws(np.zeros(60), patient, 500, 8)
    same = drawn.correlation(size, size**3)
    assert same.value == pytest.approx(1)
    assert same.lower == pytest.approx(1)
    other = drawn.correlation(size, rng.normal(size=60))
    assert other.lower < 0 < other.upper
    noisy = -size + rng.normal(size=60)
    expected = pd.Series(size).corr(pd.Series(noisy), "spearman")
    assert drawn.correlation(size, noisy).value == pytest.approx(expected)
    assert expected < 0


def cohort(rng, patients, nodes=4):
    """Return patient, status and a value that patient and status move."""
    patient = np.repeat(np.arange(patients), nodes)
    latent = rng.normal(size=patients)[patient] + rng.normal(size=len(patient))
    positive = latent > 0.8
    value = (
        0.5 * positive
        + rng.normal(size=patients)[patient]
        + rng.normal(size=len(patient))
    )
    return patient, positive, value


def drawn_one_by_one(patient, positive, rng):
    """Draw patients within each kind in a loop; return rows of nodes."""
    kinds = {}
    for name in np.unique(patient):
        own = np.flatnonzero(patient == name)
        kind = (positive[own].any(), (~positive[own]).any())
        kinds.setdefault(kind, []).append(own)
    return np.concatenate(
        [
            members[pick]
            for members in kinds.values()
            for pick in rng.integers(0, len(members), len(members))
        ]
    )


def quantile_error(values, probability):
    """Return the Monte-Carlo standard error of a quantile, by its spacing."""
    spread = np.sqrt(probability * (1 - probability) / len(values))
    low, high = np.quantile(values, [probability - spread, probability + spread])
    return (high - low) / 2


def test_intervals_against_patients_drawn_one_by_one():
    """Both draw 4,000 times; ends may be apart by five errors of their difference."""
    rng = np.random.default_rng(12)
    patient, positive, value = cohort(rng, 40)
    drawn = draws(positive, patient.astype(str), 4000, 5, level=0.9)
    found = drawn.mean(value, positive)
    naive = []
    for _ in range(4000):
        rows = drawn_one_by_one(patient, positive, rng)
        naive.append(value[rows][positive[rows]].mean())
    for end, probability in ((found.lower, 0.05), (found.upper, 0.95)):
        allowed = 5 * np.sqrt(2) * quantile_error(naive, probability)
        assert end == pytest.approx(np.quantile(naive, probability), abs=allowed)


def test_coverage_of_the_mean_over_positive_nodes():
    """300 cohorts of 60 patients; bounds are widened by 2.6 errors of a share of 300.

    The interval that takes nodes as independent falls short.
    """
    rng = np.random.default_rng(13)
    runs, covered, naive = 300, 0, 0
    for _ in range(runs):
        patient, positive, value = cohort(rng, 60)
        drawn = draws(positive, patient.astype(str), 400, 2)
        found = drawn.mean(value, positive)
        covered += found.lower <= 0.5 <= found.upper
        alone = draws(positive, np.arange(240).astype(str), 400, 2)
        by_node = alone.mean(value, positive)
        naive += by_node.lower <= 0.5 <= by_node.upper
    slack = 2.6 * np.sqrt(0.95 * 0.05 / runs)
    assert 0.92 - slack < covered / runs < 0.97 + slack
    assert naive / runs < 0.92 - slack
