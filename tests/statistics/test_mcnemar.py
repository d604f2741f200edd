"""McNemar's test against published values, R and statsmodels."""

import json
from itertools import product

import numpy as np
import pytest
from r_session import robjects
from scipy.optimize import minimize_scalar
from scipy.stats import chi2, norm
from score_files import dataset, write_scores
from statsmodels.stats.contingency_tables import mcnemar as statsmodels_mcnemar
from statsmodels.stats.multitest import multipletests

from nodal_staging import tables
from nodal_staging.classifiers.labelled_scores import ScoreError
from nodal_staging.classifiers.scores import score_table
from nodal_staging.estimates.paired_tests import (
    Discordance,
    difference_interval,
    holm,
    p_clustered,
    p_corrected,
    p_exact,
    p_mid,
    p_uncorrected,
    sign_flip_p,
)
from nodal_staging.statistics.mcnemar import MCNEMAR, compare_classifiers

PAIRS = [(8, 0), (0, 8), (28, 9), (1, 7), (5, 5), (1, 1), (3, 2), (1, 0), (140, 95)]


@pytest.mark.parametrize(("b", "c"), PAIRS)
def test_corrected_p_is_that_of_r(b, c):
    table = robjects.r["matrix"](robjects.IntVector([50, b, c, 50]), nrow=2)
    expected = robjects.r("mcnemar.test")(table).rx2("p.value")[0]
    assert p_corrected(Discordance(b, c)) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("b", "c"), [*PAIRS, (0, 0), (1200, 1100)])
def test_exact_p_is_that_of_statsmodels(b, c):
    expected = statsmodels_mcnemar([[50, b], [c, 50]], exact=True).pvalue
    assert p_exact(Discordance(b, c)) == pytest.approx(expected, rel=1e-9)


def test_mid_p_of_the_published_example():
    """Fagerland et al. 2013: airway responsiveness, 1 and 7 discordant pairs."""
    pair = Discordance(1, 7)
    assert p_exact(pair) == pytest.approx(0.0703, abs=5e-5)
    assert p_mid(pair) == pytest.approx(0.0391, abs=5e-5)
    assert p_corrected(pair) == pytest.approx(0.0771, abs=5e-5)


@pytest.mark.parametrize(("b", "c"), PAIRS)
def test_mid_p_counts_half_of_what_was_seen(b, c):
    n = b + c
    weights = [1.0]
    for k in range(n):
        weights.append(weights[-1] * (n - k) / (k + 1))
    chance = np.array(weights) / 2.0**n
    further = np.abs(np.arange(n + 1) - n / 2) > abs(b - n / 2)
    as_far = np.abs(np.arange(n + 1) - n / 2) == abs(b - n / 2)
    expected = chance[further].sum() + chance[as_far].sum() / 2
    assert p_mid(Discordance(b, c)) == pytest.approx(expected, rel=1e-10)


def test_without_discordance_every_p_is_one():
    nothing = Discordance(0, 0)
    assert (p_corrected(nothing), p_exact(nothing), p_mid(nothing)) == (1, 1, 1)


def test_equal_discordance_is_no_difference():
    assert p_corrected(Discordance(6, 6)) == 1.0
    assert p_exact(Discordance(6, 6)) == 1.0


def test_a_p_too_small_for_a_double_is_zero():
    assert p_exact(Discordance(0, 5000)) == 0.0


def test_holm_as_in_statsmodels():
    p = np.array([0.01, 0.04, 0.03, 0.005, 0.04, 1.0])
    expected = multipletests(p, method="holm")[1]
    assert holm(p) == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize(("b", "c"), [*PAIRS, (0, 0)])
def test_one_node_per_patient_makes_the_clustered_tests_the_plain_ones(b, c):
    each = np.array([1] * b + [-1] * c + [0] * 7)
    pair = Discordance(b, c)
    assert sign_flip_p(each) == pytest.approx(p_exact(pair), rel=1e-12)
    assert p_clustered(each) == pytest.approx(p_uncorrected(pair), rel=1e-12)


@pytest.mark.parametrize(
    "each", [[3, -1, 2, 0, 1], [1, 1, -4, 2], [5], [2, 2, 2, -1, -1, 3]]
)
def test_exact_p_of_patients_by_turning_every_sign(each):
    sums = [abs(np.dot(signs, each)) for signs in product((1, -1), repeat=len(each))]
    expected = np.mean(np.array(sums) >= abs(sum(each)))
    assert sign_flip_p(np.array(each)) == pytest.approx(expected, abs=1e-14)


@pytest.mark.simulation
def test_thousands_of_patients_have_an_exact_p():
    rng = np.random.default_rng(1)
    each = rng.choice([-3, -2, -1, 0, 1, 2, 3], 20_000)
    each[:200] = 2
    expected = p_clustered(each)
    assert sign_flip_p(each) == pytest.approx(expected, abs=0.01)


def score_by_likelihood(b, c, n, delta):
    """Tango's statistic with the constrained maximum found numerically."""

    def against(share):
        cells = np.array([share + delta, share, 1 - 2 * share - delta])
        counts = np.array([b, c, n - b - c])
        some = counts > 0
        if (cells < 0).any() or (cells[some] <= 0).any():
            return np.inf
        return -(counts[some] * np.log(cells[some])).sum()

    low, high = max(0, -delta), (1 - delta) / 2
    share = minimize_scalar(
        against, bounds=(low, high), method="bounded", options={"xatol": 1e-13}
    ).x
    return (b - c - n * delta) / np.sqrt(n * (2 * share + delta * (1 - delta)))


@pytest.mark.parametrize(
    ("b", "c", "n"), [(1, 7, 21), (12, 2, 50), (28, 9, 130), (40, 38, 130), (5, 1, 130)]
)
@pytest.mark.parametrize("level", [0.9, 0.95])
def test_ends_of_the_interval_are_just_not_rejected(b, c, n, level):
    limit = norm.ppf((1 + level) / 2)
    lower, upper = difference_interval(b, c, n, level=level)
    assert score_by_likelihood(b, c, n, lower) == pytest.approx(limit, abs=1e-5)
    assert score_by_likelihood(b, c, n, upper) == pytest.approx(-limit, abs=1e-5)


def test_intervals_as_published():
    """Tango 1998 on the data of Karacan et al.: 0.061 to 0.345."""
    found = difference_interval(12, 2, 50, level=0.95)
    assert found == pytest.approx((0.061, 0.345), abs=5e-4)


@pytest.mark.parametrize(("b", "c"), [(0, 0), (9, 0), (0, 9), (4, 4)])
def test_an_interval_has_a_width_and_keeps_within_one(b, c):
    lower, upper = difference_interval(b, c, 9, level=0.95)
    assert -1 <= lower <= (b - c) / 9 <= upper <= 1
    assert upper - lower > 0.1
    mirrored = difference_interval(c, b, 9, level=0.95)
    assert mirrored == pytest.approx((-upper, -lower), abs=1e-9)


NODES = dataset(6, 6)
TRUTH = (NODES["status"] == "positive").to_numpy()


def given(tmp_path, **wrong):
    """Write classifiers that are wrong at given places, and compare them."""
    files = []
    for name, places in wrong.items():
        called = TRUTH.copy()
        called[places] = ~called[places]
        frame = score_table(NODES, called, "test", positive=called)
        files.append(write_scores(tmp_path / f"{name}.csv", frame))
    statistics = tmp_path / "statistics.json"
    statistics.write_text(json.dumps({"threshold": {"value": None}}))
    compare_classifiers(
        classifiers=list(wrong),
        scores=files,
        statistics=[statistics] * len(files),
        significance=0.05,
        comparisons=tmp_path / "mcnemar.tsv",
    )
    return tables.read(tmp_path / "mcnemar.tsv", MCNEMAR)


def test_pairs_count_who_alone_is_right(tmp_path):
    found = given(tmp_path, a=[0, 1], b=[1, 2, 3, 4], c=[])
    assert found["classifier_a"].tolist() == ["a", "a", "b"]
    assert found["classifier_b"].tolist() == ["b", "c", "c"]
    assert found["only_a_correct"].tolist() == [3, 0, 0]
    assert found["only_b_correct"].tolist() == [1, 2, 4]
    assert found["accuracy_difference"].tolist() == [2 / 12, -2 / 12, -4 / 12]
    assert found["status"].tolist() == ["ok"] * 3
    assert found["p_holm"].tolist() == holm(found["p_exact"].to_numpy()).tolist()


def test_identical_predictions_are_said_in_a_word(tmp_path):
    found = given(tmp_path, a=[0], b=[0]).iloc[0]
    assert found["status"] == "identical_predictions"
    assert (found["p_corrected"], found["p_exact"], found["p_mid"]) == (1, 1, 1)
    assert found["significant"] == "no"


def test_a_classifier_of_one_answer_can_be_compared(tmp_path):
    everything = np.flatnonzero(~TRUTH)
    found = given(tmp_path, right=[], always_positive=everything).iloc[0]
    assert found["only_a_correct"] == 6
    assert found["p_exact"] == pytest.approx(2 / 2**6)


def test_significance_is_held_against_the_corrected_p(tmp_path):
    found = given(tmp_path, right=[], wrong=list(range(7))).iloc[0]
    assert p_exact(Discordance(7, 0)) < found["p_corrected"] < 0.05
    assert found["significant"] == "yes"


def test_the_table_says_who_is_right_within_each_class(tmp_path):
    """Positives stand at even places: A misses two of them, B three negatives."""
    found = given(tmp_path, a=[0, 2], b=[1, 3, 5]).iloc[0]
    assert (found["sensitivity_n"], found["specificity_n"]) == (6, 6)
    assert (found["sensitivity_only_a"], found["sensitivity_only_b"]) == (0, 2)
    assert (found["specificity_only_a"], found["specificity_only_b"]) == (3, 0)
    assert found["sensitivity_difference"] == pytest.approx(-2 / 6)
    assert found["specificity_difference"] == pytest.approx(3 / 6)
    assert found["specificity_p_exact"] == 2 / 2**3
    counts = ["both_correct", "only_a_correct", "only_b_correct", "both_wrong"]
    assert found[counts].tolist() == [7, 3, 2, 0]


def test_opposite_errors_hide_behind_equal_accuracies(tmp_path):
    found = given(tmp_path, a=[0, 2, 4, 6, 8], b=[1, 3, 5, 7, 9]).iloc[0]
    assert found["accuracy_difference"] == 0
    assert found["p_exact"] == 1
    assert found["sensitivity_p_mid"] < 0.05
    assert found["specificity_p_mid"] < 0.05


def test_patients_are_the_unit_of_the_clustered_test(tmp_path):
    """Two nodes of each patient, positive and negative: sums per patient by hand."""
    found = given(tmp_path, a=[0, 1, 2], b=[2, 4]).iloc[0]
    # Patient 0: B right twice; 1: both wrong on one node; 2: A right once.
    assert found["patients"] == 6
    assert found["patients_discordant"] == 2
    assert found["p_clustered"] == pytest.approx(
        chi2.sf((1 - 2) ** 2 / 5, 1), abs=1e-14
    )
    # Of the four signs of 2 and 1 every sum is at least 1 away from 0.
    assert found["p_clustered_exact"] == 1


def test_intervals_over_patients_within_a_class_by_closed_form(tmp_path):
    """One positive node a patient: Wald's interval of paired shares, n / (n - 1)."""
    found = given(tmp_path, a=[0, 2], b=[4]).iloc[0]
    n, a, b = 6, 1, 2
    variance = ((a + b) - (a - b) ** 2 / n) / n**2 * n / (n - 1)
    half = norm.ppf(0.975) * np.sqrt(variance)
    ends = found[["sensitivity_clustered_lower", "sensitivity_clustered_upper"]]
    assert list(ends) == pytest.approx([(a - b) / n - half, (a - b) / n + half])
    same = found[["specificity_clustered_lower", "specificity_clustered_upper"]]
    assert list(same) == [0, 0]


def compare_two(folder, *frames):
    """Compare two classifiers whose scores contain their decisions."""
    files = [write_scores(folder / f"{i}.csv", f) for i, f in enumerate(frames)]
    statistics = folder / "statistics.json"
    statistics.write_text(json.dumps({"threshold": {"value": None}}))
    compare_classifiers(
        classifiers=["one", "two"],
        scores=files,
        statistics=[statistics] * 2,
        significance=0.05,
        comparisons=folder / "mcnemar.tsv",
    )


def test_other_nodes_are_refused(tmp_path):
    one = score_table(NODES, range(12), "test", positive=TRUTH)
    two = score_table(NODES.iloc[:-1], range(11), "test", positive=TRUTH[:-1])
    with pytest.raises(ScoreError, match=r"one and two.*N0011 in one of them only"):
        compare_two(tmp_path, one, two)


def test_another_status_is_refused(tmp_path):
    other = NODES.assign(status=NODES["status"].iloc[::-1].to_numpy())
    frames = [score_table(n, range(12), "test", positive=TRUTH) for n in (NODES, other)]
    with pytest.raises(ScoreError, match="node N0000: the column status differs"):
        compare_two(tmp_path, *frames)


def test_a_reader_who_left_out_nodes_is_compared_on_the_others(tmp_path):
    nodes = dataset(20, 20)
    truth = (nodes["status"] == "positive").to_numpy()
    network, reader = truth.copy(), truth.copy()
    network[[0, 1, 2]] ^= True
    reader[[2, 3]] ^= True
    read = np.arange(40) != 0
    parts = {
        "cnn_xmask": score_table(nodes, network + 0.0, "test", positive=network),
        "reader_1": score_table(
            nodes[read], reader[read] + 0.0, "test", positive=reader[read]
        ),
    }
    scores = [write_scores(tmp_path / f"{n}.csv", part) for n, part in parts.items()]
    given = tmp_path / "given.json"
    given.write_text(json.dumps({"threshold": {"value": None}}))
    compare_classifiers(
        classifiers=list(parts),
        scores=scores,
        statistics=[given, given],
        significance=0.005,
        confidence_level=0.95,
        comparisons=tmp_path / "mcnemar.tsv",
    )
    found = tables.read(tmp_path / "mcnemar.tsv", MCNEMAR).iloc[0]
    counts = found[["n", "only_a_correct", "only_b_correct", "both_wrong"]]
    assert list(counts) == [39, 1, 1, 1]
