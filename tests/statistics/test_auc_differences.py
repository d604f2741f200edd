"""Paired differences of AUCs against pROC, resampling and closed forms."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import t as student
from scipy.stats import ttest_ind
from score_files import dataset, normal_scores, write_scores

from nodal_staging import tables
from nodal_staging.classifiers.labelled_scores import ScoreError
from nodal_staging.classifiers.scores import score_table
from nodal_staging.estimates import auc, delong
from nodal_staging.estimates.implementation_agreement import AgreementError
from nodal_staging.estimates.paired_tests import holm
from nodal_staging.estimates.wald import wald_p
from nodal_staging.statistics import auc_differences
from nodal_staging.statistics.auc_differences import AUC_DIFFERENCES, compare_aucs
from nodal_staging.statistics.proc import RocCurve

NODES = dataset(30, 30)
TRUTH = (NODES["status"] == "positive").to_numpy()


def compared(folder, scores, nodes=NODES):
    files = [
        write_scores(folder / f"{name}.csv", score_table(nodes, score, "test"))
        for name, score in scores.items()
    ]
    compare_aucs(
        classifiers=list(scores),
        scores=files,
        confidence_level=0.95,
        differences=folder / "differences.tsv",
    )
    return tables.read(folder / "differences.tsv", AUC_DIFFERENCES)


@pytest.fixture
def three(tmp_path):
    rng = np.random.default_rng(1)
    shared = rng.normal(size=60)
    scores = {
        name: shift * TRUTH + shared + 0.7 * rng.normal(size=60)
        for name, shift in (("a", 2.0), ("b", 1.2), ("c", 0.4))
    }
    return scores, compared(tmp_path, scores)


def test_every_pair_is_that_of_roc_test(three):
    scores, found = three
    assert list(zip(found["classifier_a"], found["classifier_b"], strict=True)) == [
        ("a", "b"),
        ("a", "c"),
        ("b", "c"),
    ]
    for row in found.to_dict("records"):
        pair = row["classifier_a"], row["classifier_b"]
        # Nodes are sorted by name in the file, as they already are here.
        curves = [RocCurve(scores[name], TRUTH) for name in pair]
        test = curves[0].compare(curves[1], level=0.95)
        assert row["status"] == "ok"
        assert row["difference"] == pytest.approx(test.difference, abs=1e-12)
        assert row["delong_p"] == pytest.approx(test.p, rel=1e-9)
        assert row["delong_lower"] == pytest.approx(test.lower, abs=1e-12)
        assert row["delong_upper"] == pytest.approx(test.upper, abs=1e-12)
    for method in ("delong", "clustered"):
        expected = holm(found[f"{method}_p"].to_numpy(float))
        assert found[f"{method}_p_holm"].tolist() == expected.tolist()


def test_one_node_per_patient_makes_both_methods_one(tmp_path):
    rng = np.random.default_rng(2)
    nodes = NODES.assign(patient_id=[f"P{i}" for i in range(60)])
    scores = {name: normal_scores(nodes, 1, rng) for name in "ab"}
    row = compared(tmp_path, scores, nodes).iloc[0]
    for part in ("standard_error", "z"):
        assert row[f"clustered_{part}"] == pytest.approx(
            row[f"delong_{part}"], rel=1e-9
        )
    error, freedom = row["clustered_standard_error"], row["clustered_freedom"]
    law = student(freedom, row["difference"], error)
    ends = row[["clustered_lower", "clustered_upper"]]
    assert list(ends) == pytest.approx(law.interval(0.95), rel=1e-9)
    tail = student.sf(abs(row["clustered_z"]), freedom)
    assert row["clustered_p"] == pytest.approx(2 * tail, rel=1e-9)


def test_degrees_of_freedom_are_those_of_welchs_test():
    """Node by node, placements of both classes are two samples of other variances."""
    rng = np.random.default_rng(9)
    positive = np.arange(50) < 18
    scores = rng.normal(size=(2, 50)) + positive * np.array([[1.0], [2.0]])
    found = delong.clustered_areas(
        scores,
        positive,
        np.arange(50).astype(str),
        contrasts=delong.DIFFERENCE,
    )
    above, below = (
        np.subtract(*(auc.placements(score, positive)[side] for score in scores))
        for side in (0, 1)
    )
    welch = ttest_ind(above, below, equal_var=False)
    assert found.freedom[0] == pytest.approx(welch.df, rel=1e-12)


@pytest.mark.simulation
@pytest.mark.parametrize("patients", [20, 35])
def test_the_level_of_the_clustered_test_is_kept_with_few_patients(patients):
    """600 cohorts of nodes alike within patients; the normal law rejects too often."""
    rng = np.random.default_rng(patients)
    rejected, cohorts = 0, 600
    patient = np.repeat(np.arange(patients), 4)
    for _ in range(cohorts):
        common = rng.normal(size=(4, patients))[:, patient]
        own = rng.normal(size=(4, len(patient)))
        status, shared, one, two = np.sqrt(0.3) * common + np.sqrt(0.7) * own
        positive = status > 0.4
        scores = np.stack([one, two]) + shared + 2.1 * positive
        found = delong.clustered_areas(
            scores, positive, patient.astype(str), contrasts=delong.DIFFERENCE
        )
        difference, variance = found.contrast([1.0])
        p = wald_p(difference, np.sqrt(variance), freedom=found.freedom[0])
        rejected += p < 0.05
    assert rejected / cohorts < 0.05 + 2.6 * np.sqrt(0.05 * 0.95 / cohorts)


def test_clustered_error_is_the_spread_over_resampled_patients(tmp_path):
    rng = np.random.default_rng(3)
    nodes = dataset(90, 90).assign(patient_id=[f"P{i // 6:03d}" for i in range(180)])
    truth = (nodes["status"] == "positive").to_numpy()
    patient = np.arange(180) // 6
    bent = rng.normal(size=(2, 30))[:, patient]
    scores = {
        name: shift * truth + 1.2 * own + rng.normal(size=180)
        for name, shift, own in (
            ("a", 1.5, bent[0] * truth),
            ("b", 1.0, bent[1] * truth),
        )
    }
    row = compared(tmp_path, scores, nodes).iloc[0]
    draws = []
    for _ in range(2000):
        rows = (6 * rng.integers(0, 30, 30)[:, None] + np.arange(6)).ravel()
        areas = [
            auc.placements(score[rows], truth[rows])[0].mean()
            for score in scores.values()
        ]
        draws.append(areas[0] - areas[1])
    assert row["clustered_standard_error"] == pytest.approx(np.std(draws), rel=0.12)
    assert row["clustered_standard_error"] > 1.15 * row["delong_standard_error"]


def test_the_same_order_and_no_variance_are_words_and_never_nan(tmp_path):
    rng = np.random.default_rng(4)
    score = rng.normal(size=60) + TRUTH
    found = compared(
        tmp_path,
        {
            "a": score,
            "stretched": 3 * score + 1,
            "perfect": TRUTH.astype(float),
            "constant": np.ones(60),
        },
    ).set_index(["classifier_a", "classifier_b"])
    same = found.loc[("a", "stretched")]
    assert (same["status"], same["difference"], same["delong_p"]) == (
        "same_order",
        0,
        1,
    )
    nothing = found.loc[("perfect", "constant")]
    assert (nothing["status"], nothing["difference"]) == ("no_variance", 0.5)
    assert nothing[["delong_p", "delong_lower", "clustered_p"]].isna().all()
    assert found.loc[("a", "perfect"), "status"] == "ok"
    tested = found["delong_p"].notna()
    assert found.loc[tested, "delong_p_holm"].notna().all()


def test_a_difference_between_both_implementations_fails(tmp_path, monkeypatch):
    real = delong.delong_areas

    def wrong(*scores, **options):
        areas = real(*scores, **options)
        return replace(areas, covariance=areas.covariance * (1 + 1e-9))

    monkeypatch.setattr(auc_differences, "delong_areas", wrong)
    rng = np.random.default_rng(5)
    with pytest.raises(AgreementError, match="of the difference, a and b"):
        compared(tmp_path, {name: normal_scores(NODES, 1, rng) for name in "ab"})


def test_other_nodes_are_refused(tmp_path):
    rng = np.random.default_rng(6)
    one = score_table(NODES, normal_scores(NODES, 1, rng), "test")
    files = [
        write_scores(tmp_path / "a.csv", one),
        write_scores(tmp_path / "b.csv", one.drop(index=7)),
    ]
    with pytest.raises(ScoreError, match=r"a and b.*N0007 in one of them only"):
        compare_aucs(
            classifiers=["a", "b"],
            scores=files,
            confidence_level=0.95,
            differences=tmp_path / "d.tsv",
        )


def test_a_reader_who_left_out_nodes_is_compared_on_the_others(tmp_path):
    rng = np.random.default_rng(4)
    network = TRUTH + rng.normal(size=60)
    reader = 0.5 * TRUTH + rng.normal(size=60)
    read = np.arange(60) >= 7
    files = [
        write_scores(tmp_path / "cnn.csv", score_table(NODES, network, "test")),
        write_scores(
            tmp_path / "reader.csv", score_table(NODES[read], reader[read], "test")
        ),
    ]
    pair = {"confidence_level": 0.95, "differences": tmp_path / "found.tsv"}
    compare_aucs(classifiers=["cnn_xmask", "reader_1"], scores=files, **pair)
    found = tables.read(tmp_path / "found.tsv", AUC_DIFFERENCES).iloc[0]
    expected = [RocCurve(s[read], TRUTH[read]).auc() for s in (network, reader)]
    assert found["n_positive"] + found["n_negative"] == 53
    assert [found["auc_a"], found["auc_b"]] == pytest.approx(expected, abs=1e-12)
    with pytest.raises(ScoreError, match="expected the same nodes"):
        compare_aucs(classifiers=["cnn_xmask", "mine"], scores=files, **pair)
