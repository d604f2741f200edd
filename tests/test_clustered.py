"""Obuchowski's variance against a double loop and a simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from r_session import robjects
from sklearn.metrics import roc_auc_score

from nodal_staging.agreement import delong_interval
from nodal_staging.clustered import (
    ClusteredArea,
    clustered_auc,
    clustered_difference,
    f1_interval,
    logit_interval,
)

NODE = st.tuples(st.integers(0, 5), st.booleans(), st.integers(0, 4))


def psi(case, control):
    """Return what a pair contributes to the area."""
    return 1.0 if case > control else 0.5 if case == control else 0.0


def variance_by_loops(score, positive, patient, psi=psi):
    """Write down Obuchowski's formulae as printed."""
    cases = [(s, p) for s, y, p in zip(score, positive, patient, strict=True) if y]
    others = [(s, p) for s, y, p in zip(score, positive, patient, strict=True) if not y]
    m, n = len(cases), len(others)
    area = np.mean([[psi(x, y) for y, _ in others] for x, _ in cases])
    ten = one = mixed = 0.0
    patients = sorted(set(patient))
    for who in patients:
        a = sum(
            np.mean([psi(x, y) for y, _ in others]) - area for x, p in cases if p == who
        )
        b = sum(
            np.mean([psi(x, y) for x, _ in cases]) - area for y, p in others if p == who
        )
        ten, one, mixed = ten + a * a, one + b * b, mixed + a * b
    i10, i01 = (len({p for _, p in group}) for group in (cases, others))
    s10 = i10 / ((i10 - 1) * m) * ten
    s01 = i01 / ((i01 - 1) * n) * one
    s11 = len(patients) / (len(patients) - 1) * mixed
    return s10 / m + s01 / n + 2 * s11 / (m * n)


@given(st.lists(NODE, min_size=6, max_size=20))
def test_standard_error_against_the_printed_formulae(nodes):
    score, positive, patient = (np.array(column) for column in zip(*nodes, strict=True))
    groups = [np.unique(patient[positive]), np.unique(patient[~positive])]
    if min(map(len, groups)) < 2:
        return
    found = clustered_auc(score.astype(float), positive, patient.astype(str))
    expected = variance_by_loops(score, positive, patient)
    if expected > 1e-12:
        assert found.variance == "obuchowski"
        assert found.standard_error**2 == pytest.approx(expected, abs=1e-13)
    else:
        error, _, _ = delong_interval(score.astype(float), positive, level=0.95)
        assert (found.standard_error, found.variance) == (error, "delong")


TWICE_SCORED = st.tuples(
    st.integers(0, 5), st.booleans(), st.integers(0, 4), st.integers(0, 4)
)


@given(st.lists(TWICE_SCORED, min_size=6, max_size=20))
def test_difference_against_the_printed_formulae(nodes):
    score, positive, patient, other = (
        np.array(column) for column in zip(*nodes, strict=True)
    )
    groups = [np.unique(patient[positive]), np.unique(patient[~positive])]
    if min(map(len, groups)) < 2:
        return
    found = clustered_difference(
        score.astype(float), other.astype(float), positive, patient.astype(str)
    )
    both = list(zip(score, other, strict=True))
    expected = variance_by_loops(
        both, positive, patient, lambda x, y: psi(x[0], y[0]) - psi(x[1], y[1])
    )
    areas = [roc_auc_score(positive, s) for s in (score, other)]
    assert found.estimate == pytest.approx(areas[0] - areas[1], abs=1e-12)
    if expected > 1e-12:
        assert found.standard_error**2 == pytest.approx(expected, abs=1e-13)
    else:
        assert found.variance == "delong"


def test_difference_of_independent_nodes_is_that_of_proc():
    """One node per patient: roc.test's z of two paired curves is ours."""
    rng = np.random.default_rng(4)
    positive = np.arange(80) < 35
    score = rng.normal(size=80) + positive
    other = 0.5 * score + rng.normal(size=80)
    patient = np.array([f"P{i}" for i in range(80)])
    found = clustered_difference(score, other, positive, patient)
    roc_test = robjects.r(
        """function(y, a, b) {
            curve <- function(x) pROC::roc(y, x, direction = "<", levels = c(0, 1))
            pROC::roc.test(curve(a), curve(b), method = "delong", paired = TRUE)
        }"""
    )
    columns = map(robjects.FloatVector, (positive.astype(float), score, other))
    z = roc_test(*columns).rx2("statistic")[0]
    assert found.estimate / found.standard_error == pytest.approx(z, rel=1e-9)


def test_one_node_per_patient_is_delong():
    rng = np.random.default_rng(1)
    positive = np.arange(50) < 20
    score = rng.normal(size=50) + positive
    patient = np.array([f"P{i}" for i in range(50)])
    expected, _, _ = delong_interval(score, positive, level=0.95)
    assert clustered_auc(score, positive, patient).standard_error == pytest.approx(
        expected, abs=1e-15
    )


def test_copies_of_a_patients_nodes_add_no_certainty():
    rng = np.random.default_rng(2)
    positive = np.arange(60) < 30
    score = rng.normal(size=60) + positive
    patient = np.array([f"P{i}" for i in range(60)])
    once = clustered_auc(score, positive, patient)
    thrice = clustered_auc(*(np.repeat(a, 3) for a in (score, positive, patient)))
    assert thrice.estimate == pytest.approx(once.estimate, abs=1e-15)
    assert thrice.standard_error == pytest.approx(once.standard_error, rel=1e-12)


def test_coverage_where_patients_resemble_themselves():
    """200 cohorts of 60 patients with 4 nodes, score and status correlated."""
    rng = np.random.default_rng(3)
    truth, covered, naive, cohorts = 0.8556, 0, 0, 200
    patient = np.repeat(np.arange(60), 4)
    for _ in range(cohorts):
        status, score = rng.normal(size=(2, 60))
        latent = np.sqrt(0.6) * status[patient] + np.sqrt(0.4) * rng.normal(size=240)
        positive = latent > 0.6
        noise = np.sqrt(0.5) * score[patient] + np.sqrt(0.5) * rng.normal(size=240)
        values = noise + 1.5 * positive
        low, high = logit_interval(
            clustered_auc(values, positive, patient.astype(str)), level=0.95
        )
        covered += low <= truth <= high
        _, low, high = delong_interval(values, positive, level=0.95)
        naive += low <= truth <= high
    assert covered / cohorts > 0.90
    assert naive / cohorts < covered / cohorts - 0.04


def test_logit_interval_is_symmetric_there_and_stays_inside():
    low, high = logit_interval(ClusteredArea(0.97, 0.02), level=0.95)
    logit = [np.log(a / (1 - a)) for a in (low, 0.97, high)]
    assert logit[1] - logit[0] == pytest.approx(logit[2] - logit[1], abs=1e-12)
    assert logit[2] - logit[1] == pytest.approx(
        1.959963984540054 * 0.02 / (0.97 * 0.03), rel=1e-12
    )
    assert 0 < low < 0.97 < high < 1


@pytest.mark.parametrize("area", [0.0, 1.0])
def test_perfect_separation_has_no_width(area):
    assert logit_interval(ClusteredArea(area, 0.0), level=0.95) == (area, area)


def test_f1_interval_of_the_binomial_case():
    """Patients with one positive node each: F1 = 2 TP / (TP + P) in a known law."""
    from_law = np.random.default_rng(5).binomial(80, 0.75, size=200_000)
    expected = np.quantile(2 * from_law / (from_law + 80), [0.025, 0.975])
    positive = np.ones(80, bool)
    called = np.arange(80) < 60
    found = f1_interval(
        positive,
        called,
        np.arange(80).astype(str),
        level=0.95,
        replicates=20_000,
        rng=np.random.default_rng(6),
    )
    assert found == pytest.approx(expected, abs=0.006)


def test_f1_without_variation_has_no_width():
    positive = np.array([True, True, False, False])
    interval = f1_interval(
        positive,
        positive,
        np.array(["a", "b", "c", "d"]),
        level=0.95,
        replicates=100,
        rng=np.random.default_rng(1),
    )
    assert interval == (1.0, 1.0)
