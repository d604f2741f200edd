"""McNemar's test against published values, R and statsmodels."""

import json

import numpy as np
import pytest
from r_session import robjects
from score_files import dataset, write_scores
from statsmodels.stats.contingency_tables import mcnemar as statsmodels_mcnemar
from statsmodels.stats.multitest import multipletests

from nodal_staging import tables
from nodal_staging.labelled_scores import ScoreError
from nodal_staging.mcnemar import (
    MCNEMAR,
    Discordance,
    compare_classifiers,
    holm,
    p_corrected,
    p_exact,
    p_mid,
)
from nodal_staging.scores import score_table

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


def test_other_nodes_are_refused(tmp_path):
    one = score_table(NODES, range(12), "test", positive=TRUTH)
    two = score_table(NODES.iloc[:-1], range(11), "test", positive=TRUTH[:-1])
    files = [write_scores(tmp_path / f"{i}.csv", f) for i, f in enumerate((one, two))]
    statistics = tmp_path / "statistics.json"
    statistics.write_text(json.dumps({"threshold": {"value": None}}))
    with pytest.raises(ScoreError, match=r"one and two.*N0011 in one of them only"):
        compare_classifiers(
            classifiers=["one", "two"],
            scores=files,
            statistics=[statistics] * 2,
            significance=0.05,
            comparisons=tmp_path / "mcnemar.tsv",
        )


def test_another_status_is_refused(tmp_path):
    other = NODES.assign(status=NODES["status"].iloc[::-1].to_numpy())
    frames = [score_table(n, range(12), "test", positive=TRUTH) for n in (NODES, other)]
    files = [write_scores(tmp_path / f"{i}.csv", f) for i, f in enumerate(frames)]
    statistics = tmp_path / "statistics.json"
    statistics.write_text(json.dumps({"threshold": {"value": None}}))
    with pytest.raises(ScoreError, match="node N0000: the column status differs"):
        compare_classifiers(
            classifiers=["one", "two"],
            scores=files,
            statistics=[statistics] * 2,
            significance=0.05,
            comparisons=tmp_path / "mcnemar.tsv",
        )
