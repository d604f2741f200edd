"""Hostile scores through the public path: the right number, or one clear sentence."""

import numpy as np
import pandas as pd
import pytest
from evaluation import evaluate_into
from score_files import dataset, write_scores
from studies import measured_nodes, write_study

from nodal_staging import tables
from nodal_staging.classifiers.readers import score_reader
from nodal_staging.classifiers.scores import score_table
from nodal_staging.statistics.auc_differences import AUC_DIFFERENCES, compare_aucs
from nodal_staging.statistics.calibration import CALIBRATION
from nodal_staging.statistics.decision_curve import DECISION_CURVE
from nodal_staging.statistics.mcnemar import MCNEMAR, compare_classifiers
from nodal_staging.study.errors import InputError

NODES = dataset(20, 20)
TRUTH = (NODES["status"] == "positive").to_numpy()


def computed(folder, score, nodes=NODES, name="a", **options):
    path = write_scores(folder / f"{name}.csv", score_table(nodes, score, "test"))
    return evaluate_into(folder, name, path, threshold_source="test", **options)


def test_constant_scores(tmp_path):
    found = computed(tmp_path, np.full(40, 0.5))
    assert found["auc"]["estimate"] == 0.5
    assert "no width" in found["auc"]["note"]
    assert found["threshold"]["n_tied"] == 2
    assert found["calibration"]["mixes"]["test"]["status"] == "constant"
    assert found["optimism"]["expected"]["balanced_accuracy"] == 0
    assert found["metrics"]["npv"]["estimate"] is None
    benefit = tables.read(tmp_path / "a.decision.tsv", DECISION_CURVE)
    assert set(benefit["tp"]) == {0, 20}


def test_ties_everywhere(tmp_path):
    """Two values: 15 of 20 positives and 5 of 20 negatives above, AUC 3/4."""
    score = np.where(np.arange(40) % 8 < 2, ~TRUTH, TRUTH).astype(float) / 2 + 0.2
    found = computed(tmp_path, score)
    assert found["auc"]["estimate"] == 0.75
    assert found["confusion"] == {"tp": 15, "fn": 5, "tn": 15, "fp": 5}
    groups = tables.read(tmp_path / "a.calibration.tsv", CALIBRATION)
    assert groups["n"].tolist() == [20, 20]
    assert groups["observed"].tolist() == [0.25, 0.75]


def test_perfect_separation(tmp_path):
    found = computed(tmp_path, np.where(TRUTH, 0.9, 0.1))
    assert found["auc"]["estimate"] == 1
    assert "independent pairs" in found["auc"]["note"]
    clustered = found["auc"]["intervals"]["obuchowski_logit"]
    k = int(found["auc"]["note"].split("exact for ")[1].split()[0])
    assert clustered["lower"] == pytest.approx(0.025 ** (1 / k), abs=1e-12)
    assert (clustered["upper"], clustered["method"]) == (1, "exact_bound_patients")
    assert found["calibration"]["mixes"]["test"]["status"] == "perfectly_separated"
    specificity = found["metrics"]["specificity"]
    assert (specificity["estimate"], specificity["upper"]) == (1, 1)
    assert specificity["lower"] == pytest.approx(20 / (20 + 1.959964**2), abs=1e-6)
    band = tables.read(tmp_path / "a.band.tsv", tables.BAND)
    assert (band["lower"] == 1).all()


def test_a_floor_gives_the_band_a_width_where_it_has_none(tmp_path):
    found = computed(tmp_path, np.where(TRUTH, 0.9, 0.1), band_floor="wilson")
    band = tables.read(tmp_path / "a.band.tsv", tables.BAND)
    floor = found["band"]["floor"]
    assert floor == pytest.approx(20 / (20 + 1.959964**2), abs=1e-6)
    assert (band["lower"] == floor).all()
    assert found["band"]["coverage"] == "pointwise"


@pytest.mark.parametrize("cases", [0, 1])
def test_hardly_a_case_is_one_sentence(tmp_path, cases):
    nodes = NODES.assign(
        status=["positive"] * cases + ["negative"] * (40 - cases),
        patient_id=[f"P{i}" for i in range(40)],
    )
    with pytest.raises(InputError, match=f"found {cases} nodes of {cases} patients"):
        computed(tmp_path, np.linspace(50, 99, 40), nodes)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (np.inf, r"node N0003: expected a finite score, found inf"),
        (-np.inf, r"node N0003: expected a finite score, found -inf"),
        (
            np.nan,
            r"a\.csv, row 5, column score: found an empty cell, expected a number",
        ),
    ],
)
def test_scores_that_are_no_numbers_are_one_sentence(tmp_path, value, words):
    score = np.linspace(0, 1, 40)
    score[3] = value
    with pytest.raises(InputError, match=words) as caught:
        computed(tmp_path, score)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "a.json").exists()


def test_a_node_that_stands_twice_is_one_sentence(tmp_path):
    twice = pd.concat([NODES, NODES.iloc[[4]]])
    with pytest.raises(InputError, match=r"a\.csv.*N0004") as caught:
        computed(tmp_path, np.linspace(0, 1, 41), twice)
    assert "\n" not in str(caught.value)


def test_a_reader_who_skipped_a_node_is_one_sentence(tmp_path):
    nodes = measured_nodes(12, seed=1)
    paths = write_study(tmp_path, nodes, 12)
    sheet = pd.DataFrame({"reader": "R", "node_id": nodes["node_id"], "rating": "2"})
    sheet.drop(index=5).to_csv(tmp_path / "readings.tsv", sep="\t", index=False)
    with pytest.raises(InputError, match=r"R.*N0005"):
        score_reader(
            reader="R",
            readings=tmp_path / "readings.tsv",
            test=paths["test"],
            unread="refuse",
            scores=tmp_path / "reader_1.csv",
        )


def test_ratings_are_ranked_and_never_calibrated(tmp_path):
    rating = np.where(TRUTH, 3, 2) + np.where(np.arange(40) % 8 < 2, 1, 0)
    found = computed(tmp_path, rating, name="reader_1")
    assert found["calibration"]["status"] == "not_a_probability"
    assert found["decision_curve"]["rule"] == "decision"
    assert tables.read(tmp_path / "reader_1.calibration.tsv", CALIBRATION).empty


@pytest.mark.simulation
def test_no_table_of_comparisons_holds_nan_or_a_wrong_word(tmp_path):
    rng = np.random.default_rng(1)
    scores = {
        "perfect": np.where(TRUTH, 0.9, 0.1),
        "constant": np.full(40, 0.5),
        "ties": np.where(rng.random(40) < 0.3, ~TRUTH, TRUTH) * 0.6 + 0.2,
        "again": np.where(TRUTH, 0.8, 0.2),
    }
    for name, score in scores.items():
        computed(tmp_path, score, name=name)
    files = [tmp_path / f"{name}.csv" for name in scores]
    compare_classifiers(
        classifiers=list(scores),
        scores=files,
        statistics=[tmp_path / f"{name}.json" for name in scores],
        significance=0.005,
        comparisons=tmp_path / "mcnemar.tsv",
    )
    compare_aucs(
        classifiers=list(scores),
        scores=files,
        confidence_level=0.95,
        differences=tmp_path / "auc.tsv",
    )
    tests = tables.read(tmp_path / "mcnemar.tsv", MCNEMAR)
    assert tests.notna().all(axis=None)
    same = tests[
        tests["classifier_b"].eq("again") & tests["classifier_a"].eq("perfect")
    ]
    assert same["status"].tolist() == ["identical_predictions"]
    areas = tables.read(tmp_path / "auc.tsv", AUC_DIFFERENCES)
    known = areas[areas["status"].isin(["ok", "same_order"])]
    # Equal orders need no law, hence no degrees of freedom.
    assert known.drop(columns="clustered_freedom").notna().all(axis=None)
    assert known.loc[known["status"] == "ok", "clustered_freedom"].min() >= 1


@pytest.mark.parametrize("prevalence", [0.001, 0.165, 0.999])
def test_predictive_values_at_a_given_prevalence(tmp_path, prevalence):
    score = np.where(np.arange(40) % 8 < 2, ~TRUTH, TRUTH) / 2 + 0.2
    found = computed(tmp_path, score, prevalences=[prevalence])["at_prevalence"]
    assert [one["origin"] for one in found] == ["given"]
    hits, alarms = 0.75 * prevalence, 0.25 * (1 - prevalence)
    ppv = found[0]["ppv"]
    assert ppv["estimate"] == pytest.approx(hits / (hits + alarms), abs=1e-14)
    assert ppv["lower"] < ppv["estimate"] < ppv["upper"]
