"""Obuchowski's variance against a double loop and a simulation."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from r_session import robjects
from scipy.special import expit
from scipy.stats import binomtest, norm
from scipy.stats import t as student
from sklearn.metrics import roc_auc_score

from nodal_staging.estimates.auc_intervals import delong_interval, logit_interval
from nodal_staging.estimates.delong import (
    DIFFERENCE,
    ClusteredArea,
    clustered_areas,
    clustered_auc,
    clustered_difference,
    delong_areas,
)
from nodal_staging.estimates.implementation_agreement import bootstrap
from nodal_staging.estimates.proportions import unanimous_bound

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
    """400 cohorts of 60 patients with 4 nodes, score and status correlated.

    The true coverage is to lie in 0.93 to 0.97, the node bootstrap's below it; both
    bounds are widened by 2.6 standard errors of a share of 400 (1 in 100).
    """
    rng = np.random.default_rng(3)
    truth, cohorts = 0.8556, 400
    covered, naive, by_node = 0, 0, 0
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
        drawn = bootstrap(values, positive, np.empty(0), replicates=200, rng=rng).auc
        low, high = np.quantile(drawn, [0.025, 0.975])
        by_node += low <= truth <= high
    slack = 2.6 * np.sqrt(0.95 * 0.05 / cohorts)
    assert 0.93 - slack < covered / cohorts < 0.97 + slack
    assert by_node / cohorts < 0.93 - slack
    assert naive / cohorts < 0.93 - slack


def test_logit_interval_is_symmetric_there_and_stays_inside():
    low, high = logit_interval(ClusteredArea(0.97, 0.02), level=0.95)
    logit = [np.log(a / (1 - a)) for a in (low, 0.97, high)]
    assert logit[1] - logit[0] == pytest.approx(logit[2] - logit[1], abs=1e-12)
    assert logit[2] - logit[1] == pytest.approx(
        1.959963984540054 * 0.02 / (0.97 * 0.03), rel=1e-12
    )
    assert 0 < low < 0.97 < high < 1


def test_with_few_patients_the_interval_is_of_students_t():
    """On the logit scale, 2.262 errors to either side with ten pairs of patients."""
    many, few = ClusteredArea(0.9, 0.04), ClusteredArea(0.9, 0.04, pairs=10)
    low, high = logit_interval(few, level=0.95)
    ends = student(9, np.log(9), 0.04 / 0.09).interval(0.95)
    assert (low, high) == pytest.approx(tuple(expit(end) for end in ends), rel=1e-12)
    inner = logit_interval(many, level=0.95)
    assert low < inner[0] < inner[1] < high


@pytest.mark.parametrize("area", [0.0, 1.0])
def test_perfect_separation_without_patients_has_no_width(area):
    assert logit_interval(ClusteredArea(area, 0.0), level=0.95) == (area, area)


@pytest.mark.parametrize(
    ("status", "patients", "pairs"),
    [
        ("pppnnnn", "abcdefg", 3),
        # Patients with both statuses serve as either, but only once.
        ("pnpnpnpn", "aabbccdd", 2),
        ("ppppnpn", "aabcdbe", 2),
    ],
)
def test_a_perfect_auc_has_the_exact_bound_of_independent_pairs(
    status, patients, pairs
):
    positive = np.array([one == "p" for one in status])
    area = clustered_auc(positive + 0.0, positive, np.array(list(patients)))
    exact = binomtest(pairs, pairs).proportion_ci(0.95, method="exact")
    assert logit_interval(area, level=0.95) == pytest.approx((exact.low, 1))
    turned = clustered_auc(-1.0 * positive, positive, np.array(list(patients)))
    assert logit_interval(turned, level=0.95) == pytest.approx((0, 1 - exact.low))


@pytest.mark.simulation
@pytest.mark.parametrize("shared", [0.0, 0.8])
def test_the_bound_of_a_perfect_auc_is_kept(shared):
    """At that AUC all nodes are in order in at most 2.5 % of 4,000 cohorts."""
    rng = np.random.default_rng(8)
    truth, cohorts, patients = unanimous_bound(10, 0.95), 4000, 20
    shift = np.sqrt(2) * norm.ppf(truth)
    patient = np.repeat(np.arange(patients), 2)
    positive = patient < patients // 2
    common = rng.normal(size=(cohorts, patients))[:, patient]
    own = rng.normal(size=(cohorts, len(patient)))
    score = np.sqrt(shared) * common + np.sqrt(1 - shared) * own + shift * positive
    perfect = score[:, positive].min(axis=1) > score[:, ~positive].max(axis=1)
    assert perfect.mean() <= 0.025


def test_an_area_next_to_zero_has_an_interval():
    """Far out on the logit scale, where the exponential overflows."""
    assert logit_interval(ClusteredArea(1e-6, 0.01), level=0.95) == (0, 1)


@given(st.lists(st.tuples(NODE, st.integers(0, 5)), min_size=6, max_size=20))
def test_variance_of_a_difference_from_its_covariances(nodes):
    """Var(A - B) by hand: deviations of the difference, cluster by cluster."""
    one = [(s, y, p) for (s, y, p), _ in nodes]
    score, positive, patient = (np.array(column) for column in zip(*one, strict=True))
    other = np.array([b for _, b in nodes], float)
    score = score.astype(float)
    groups = [np.unique(patient[positive]), np.unique(patient[~positive])]
    if min(map(len, groups)) < 2:
        return
    pair, patients = np.stack([score, other]), patient.astype(str)
    areas = clustered_areas(pair, positive, patients)
    found = areas.contrast([1, -1])[1]
    at_once = clustered_areas(pair, positive, patients, contrasts=DIFFERENCE)
    assert at_once.covariance[0, 0] == pytest.approx(found, abs=1e-15)
    assert at_once.estimates[0] == pytest.approx(
        areas.estimates[0] - areas.estimates[1], abs=1e-15
    )
    table = np.array(
        [
            [
                psi(score[i], score[j]) - psi(other[i], other[j])
                for j in np.where(~positive)[0]
            ]
            for i in np.where(positive)[0]
        ]
    )
    assert found == pytest.approx(
        variance_of_pairs(table, patient[positive], patient[~positive]), abs=1e-13
    )


def variance_of_pairs(table, case_patient, control_patient):
    """Obuchowski's variance of the mean of any table of pairs."""
    centred = table - table.mean()
    m, n = table.shape
    patients = set(case_patient) | set(control_patient)
    ten = {p: centred.mean(axis=1)[case_patient == p].sum() for p in patients}
    one = {p: centred.mean(axis=0)[control_patient == p].sum() for p in patients}
    i10, i01, i = len(set(case_patient)), len(set(control_patient)), len(patients)
    return (
        i10 / (i10 - 1) * sum(v**2 for v in ten.values()) / m**2
        + i01 / (i01 - 1) * sum(v**2 for v in one.values()) / n**2
        + 2 * i / (i - 1) * sum(ten[p] * one[p] for p in patients) / (m * n)
    )


def exact_delong_variance(scores, positive):
    """Return DeLong's variance of the difference of two AUCs, in fractions."""
    total = Fraction(0)
    for mine, others in ((positive, ~positive), (~positive, positive)):
        wins = [
            [sum(2 * (x > y) + (x == y) for y in score[others]) for x in score[mine]]
            for score in scores
        ]
        apart = [
            Fraction(int(a) - int(b), 2 * int(others.sum()))
            for a, b in zip(*wins, strict=True)
        ]
        mean, n = sum(apart) / len(apart), len(apart)
        total += sum((one - mean) ** 2 for one in apart) / (n - 1) / n
    return float(total)


def test_the_variance_of_a_small_difference_keeps_its_digits():
    """One node moved past another; three covariances would cancel to 1e-11."""
    rng = np.random.default_rng(7)
    positive = np.arange(130) < 65
    score = rng.normal(size=130) + 1.5 * positive
    for _ in range(20):
        other = score.copy()
        other[rng.integers(130)] = score[rng.integers(130)]
        pair = np.stack([score, other])
        expected = exact_delong_variance(pair, positive)
        found = delong_areas(pair, positive, contrasts=DIFFERENCE).covariance[0, 0]
        assert found == pytest.approx(expected, rel=1e-13, abs=1e-20)
