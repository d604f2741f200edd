"""The independent implementation against loops, scikit-learn and R's own draws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu
from sklearn.metrics import roc_auc_score

from nodal_staging.estimates import (
    auc,
    auc_intervals,
    implementation_agreement,
    replicates,
)
from nodal_staging.estimates.implementation_agreement import AgreementError
from nodal_staging.estimates.replicates import Classes
from nodal_staging.statistics.proc import RocCurve

GRID = np.round(np.linspace(0, 1, 21), 12)
CLASSES = st.tuples(
    st.lists(st.integers(0, 6), min_size=2, max_size=12),
    st.lists(st.integers(0, 6), min_size=2, max_size=12),
)


def joined(cases, controls):
    """Return scores and status of two classes."""
    score = np.array([*cases, *controls], float)
    return score, np.arange(len(score)) < len(cases)


def psi(case, control):
    """Return what a pair contributes to Mann-Whitney's statistic."""
    return 1.0 if case > control else 0.5 if case == control else 0.0


def binormal(n=30, shift=1.5, levels=None, seed=0):
    """Return scores and status of two equal classes, in steps if asked for."""
    rng = np.random.default_rng(seed)
    positive = np.arange(2 * n) < n
    score = rng.normal(size=2 * n) + shift * positive
    return (np.round(score * levels) if levels else score), positive


@given(CLASSES)
def test_placements_against_all_pairs(classes):
    cases, controls = classes
    table = np.array([[psi(x, y) for y in controls] for x in cases])
    above, below = auc.placements(*joined(cases, controls))
    assert above == pytest.approx(table.mean(axis=1), abs=1e-14)
    assert below == pytest.approx(table.mean(axis=0), abs=1e-14)


def test_area_as_in_scikit_learn_and_scipy():
    score, positive = binormal(levels=3)
    area = auc.placements(score, positive)[0].mean()
    wins = mannwhitneyu(score[positive], score[~positive]).statistic
    assert area == pytest.approx(roc_auc_score(positive, score), abs=1e-14)
    assert area == pytest.approx(wins / 30**2, abs=1e-14)


@given(CLASSES)
def test_delong_against_the_covariance_of_pairs(classes):
    """Variance of the mean over pairs, summed over pairs that share a node."""
    cases, controls = classes
    m, n = len(cases), len(controls)
    table = np.array([[psi(x, y) for y in controls] for x in cases])
    centred = table - table.mean()
    ten = sum((row.mean()) ** 2 for row in centred) / (m - 1)
    one = sum((column.mean()) ** 2 for column in centred.T) / (n - 1)
    error, _, _ = auc_intervals.delong_interval(*joined(cases, controls), level=0.95)
    assert error**2 == pytest.approx(ten / m + one / n, abs=1e-14)


def sensitivity_by_walking(cases, controls, wanted):
    """Walk down a curve point by point, as one would with a pencil."""
    cuts = [-np.inf, *np.unique([*cases, *controls]) + 0.5]
    points = [
        (np.mean(np.less(controls, c)), np.mean(np.greater_equal(cases, c)))
        for c in cuts
    ]
    for place, (specificity, sensitivity) in enumerate(points):
        if specificity == wanted:
            return sensitivity
        if specificity > wanted:
            before, high = points[place - 1]
            share = (wanted - before) / (specificity - before)
            return high + share * (sensitivity - high)
    raise AssertionError


GIVEN = np.arange(7.0)


def one_replicate(cases, controls):
    """Return the distinct scores 0 to 6 and the counts of one replicate."""
    counts = [np.bincount(c, minlength=7)[None, :] for c in (cases, controls)]
    everyone = np.arange(7)
    return Classes(GIVEN, GIVEN, everyone, everyone), counts


@given(CLASSES)
@settings(max_examples=50)
def test_sensitivities_against_walking_the_curve(classes):
    curves, counts = one_replicate(*classes)
    found = curves.sensitivities(*counts, GRID)[0]
    expected = [sensitivity_by_walking(*classes, x) for x in GRID]
    assert found == pytest.approx(expected, abs=1e-13)


@given(CLASSES)
@settings(max_examples=50)
def test_specificities_against_walking_the_curve_from_the_other_end(classes):
    """Signs turned and classes exchanged, sensitivity is specificity."""
    curves, counts = one_replicate(*classes)
    found = curves.specificities(*counts, GRID)[0]
    turned = [[-score for score in one] for one in reversed(classes)]
    expected = [sensitivity_by_walking(*turned, x) for x in GRID]
    assert found == pytest.approx(expected, abs=1e-13)


@given(CLASSES)
@settings(max_examples=30)
def test_areas_from_counts_against_all_pairs(classes):
    cases, controls = classes
    curves, counts = one_replicate(cases, controls)
    expected = np.mean([[psi(x, y) for y in controls] for x in cases])
    assert curves.areas(*counts)[0] == pytest.approx(expected, abs=1e-14)


def r_uniforms(seed, count):
    """Replay R's Mersenne Twister as ``set.seed`` starts it."""
    state = seed
    for _ in range(50):
        state = (69069 * state + 1) % 2**32
    key = np.empty(625, np.uint32)
    for place in range(625):
        state = (69069 * state + 1) % 2**32
        key[place] = state
    twister = np.random.MT19937()
    twister.state = {
        "bit_generator": "MT19937",
        "state": {"key": key[1:], "pos": 624},
    }
    return twister.random_raw(count) * 2.3283064365386963e-10


def r_samples(uniforms, n):
    """Replay ``sample(n, replace = TRUE)`` by rejection, in fewer than 16 bits."""
    mask = (1 << int(n - 1).bit_length()) - 1
    for uniform in uniforms:
        drawn = int(uniform * 65536) & mask
        if drawn < n:
            yield drawn


@pytest.mark.parametrize("levels", [None, 2])
def test_with_the_draws_of_r_both_are_the_same(levels):
    """What pROC does is a stratified percentile bootstrap, controls drawn first."""
    score, positive = binormal(levels=levels)
    replicates, n = 200, 30
    draws = r_samples(r_uniforms(99, 5 * replicates * n), n)
    classes = Classes.of(score, positive)
    drawn = np.array(
        [[next(draws) for _ in range(2 * n)] for _ in range(replicates)], np.int64
    )
    ours = classes.replicates(drawn[:, n:], drawn[:, :n], GRID, GRID)
    curve = RocCurve(score, positive)
    drawn = {"level": 0.95, "replicates": replicates, "seed": 99}
    interval = curve.bootstrap_interval(**drawn)
    ends = np.quantile(ours.auc, [0.025, 0.975])
    assert (interval.lower, interval.upper) == pytest.approx(ends, abs=1e-12)
    for theirs, values in (
        (curve.sensitivity_band(GRID, **drawn), ours.sensitivity),
        (curve.specificity_interval(GRID, **drawn), ours.specificity),
    ):
        expected = np.quantile(values, [0.025, 0.5, 0.975], axis=0).T
        assert theirs == pytest.approx(expected, abs=1e-12)


def test_bootstrap_keeps_the_classes_and_is_unbiased():
    score, positive = binormal()
    found = implementation_agreement.bootstrap(
        score, positive, GRID, replicates=4000, rng=np.random.default_rng(1)
    )
    area = auc.placements(score, positive)[0].mean()
    error, _, _ = auc_intervals.delong_interval(score, positive, level=0.95)
    assert found.auc.shape == (4000,)
    assert found.sensitivity.shape == (4000, len(GRID))
    assert found.auc.mean() == pytest.approx(area, abs=5 * error / np.sqrt(4000))
    assert found.auc.std() == pytest.approx(error, rel=0.1)


def test_chunks_change_nothing(monkeypatch):
    score, positive = binormal(levels=2)

    def drawn():
        rng = np.random.default_rng(1)
        found = implementation_agreement.bootstrap(
            score, positive, GRID, replicates=50, rng=rng
        )
        return found.auc.tolist(), found.sensitivity.tolist()

    whole = drawn()
    monkeypatch.setattr(replicates, "CELLS_AT_ONCE", 500)
    assert drawn() == whole


def test_the_check_draws_more_where_that_is_cheap():
    assert implementation_agreement.check_replicates(130, 2000) == 40_000
    assert implementation_agreement.check_replicates(130, 50_000) == 50_000
    assert implementation_agreement.check_replicates(100_000, 10_000) == 10_000


def test_a_deterministic_difference_is_an_error():
    assert implementation_agreement.compare_exact("AUC", 0.5, 0.5 + 1e-14) < 1e-13
    with pytest.raises(AgreementError, match=r"AUC: pROC 0\.5"):
        implementation_agreement.compare_exact("AUC", 0.5, 0.5 + 1e-11)
    with pytest.raises(AgreementError, match="AUC"):
        implementation_agreement.compare_exact("AUC", np.nan, 0.5)
    with pytest.raises(AgreementError, match="pROC has 2 values, the check 3"):
        implementation_agreement.compare_exact("points", [0, 1], [0, 1, 2])


def test_quantiles_may_differ_by_chance_and_not_by_more():
    rng = np.random.default_rng(1)
    ours = rng.normal(size=(10_000, 1))
    where = {"probability": 0.025, "replicates": 2000}
    for seed in range(50):
        draws = np.random.default_rng(seed).normal(size=2000)
        end = np.array([np.quantile(draws, 0.025)])
        assert (
            implementation_agreement.compare_quantile("end", end, ours, **where) < 0.3
        )
    for wrong in (-2.7, -1.5):
        with pytest.raises(AgreementError, match=r"end at probability 0\.025"):
            implementation_agreement.compare_quantile(
                "end", np.array([wrong]), ours, **where
            )


@pytest.mark.simulation
@pytest.mark.parametrize("replicates", [100, 200, 2000])
@pytest.mark.parametrize("probability", [0.025, 0.975])
def test_quantiles_of_few_and_lumpy_replicates_agree(replicates, probability):
    """A band over 9 positive nodes takes ten values; small ranks are Poisson."""
    where = {"probability": probability, "replicates": replicates}
    draw = np.random.default_rng(1)
    ours = draw.binomial(9, [0.9, 0.98, 0.995], (40_000, 3)) / 9
    for _ in range(2000):
        theirs = draw.binomial(9, [0.9, 0.98, 0.995], (replicates, 3)) / 9
        end = np.quantile(theirs, probability, axis=0)
        implementation_agreement.compare_quantile("band", end, ours, **where)
