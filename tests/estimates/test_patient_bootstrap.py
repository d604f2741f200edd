"""Resampled patients: the law of a case that is known, and all nodes of a patient."""

import numpy as np
import pytest

from nodal_staging.estimates import patient_bootstrap
from nodal_staging.estimates.patient_bootstrap import PatientBootstrap


def test_f1_interval_of_the_binomial_case():
    """Patients with one positive node each: F1 = 2 TP / (TP + P) in a known law."""
    from_law = np.random.default_rng(5).binomial(80, 0.75, size=200_000)
    expected = np.quantile(2 * from_law / (from_law + 80), [0.025, 0.975])
    drawn = PatientBootstrap(np.ones(80, bool), np.arange(80).astype(str), 20_000, 6)
    hits = drawn.sums([np.arange(80) < 60])[:, 0]
    found = drawn.interval(2 * hits / (hits + 80), level=0.95)
    assert found == pytest.approx(expected, abs=0.006)


def test_a_patient_comes_with_all_nodes_and_every_kind_keeps_its_number():
    patient = np.array(["a", "a", "b", "b", "c", "d", "d", "e"])
    positive = np.array([1, 0, 1, 0, 1, 0, 0, 1], bool)
    drawn = PatientBootstrap(positive, patient, 500, 1)
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
    drawn = PatientBootstrap(positive, patient, 100, 9)
    values = rng.normal(size=(3, 40))
    together = drawn.sums(list(values))
    assert together[:, 2] == pytest.approx(drawn.sums([values[2]])[:, 0], abs=1e-12)


def test_the_size_of_a_chunk_changes_nothing(monkeypatch):
    positive, patient = np.arange(30) < 9, (np.arange(30) // 3).astype(str)
    drawn = PatientBootstrap(positive, patient, 200, 9)
    whole = drawn.sums([positive, np.arange(30)])
    monkeypatch.setattr(patient_bootstrap, "CELLS_AT_ONCE", 70)
    assert drawn.sums([positive, np.arange(30)]).tolist() == whole.tolist()


def test_replicates_without_a_value_are_left_out():
    drawn = PatientBootstrap(np.ones(3, bool), np.array(["a", "b", "c"]), 4, 1)
    nothing = np.full(4, np.nan)
    assert drawn.interval(nothing, level=0.9) == (None, None)
    assert drawn.interval(np.array([np.nan, 1, 1, 1]), level=0.9) == (1, 1)
