"""The JSON of a classifier: complete, traceable, the same bytes twice."""

import json

import numpy as np
import pandas as pd
import pytest
from evaluation import evaluate
from score_files import dataset, normal_scores, simulate, write_scores
from studies import measured_nodes

from nodal_staging import tables
from nodal_staging.classifiers import labelled_scores
from nodal_staging.classifiers.labelled_scores import ScoredClassifier, ScoreError
from nodal_staging.classifiers.scores import score_table
from nodal_staging.estimates.curve import empirical_curve, youden_choice
from nodal_staging.estimates.delong import clustered_auc
from nodal_staging.estimates.proportions import binary_auc, confusion
from nodal_staging.statistics import proc
from nodal_staging.study.seeds import named_seed


def computed(scores, folder, **options):
    """Compute and read everything of one classifier."""
    settings = {
        "classifier": "a",
        "nodes": None,
        "replicates": 200,
        "confidence_level": 0.95,
        "seed": 1,
        "threshold_source": "out_of_fold",
        "youden_tie": "lowest",
        "target_sensitivity": 0.9,
    }
    outputs = {
        "statistics": folder / "a.json",
        "roc": folder / "roc.tsv",
        "band": folder / "band.tsv",
    }
    evaluate(scores=scores, **(settings | options), **outputs)
    return json.loads(outputs["statistics"].read_text())


def test_threshold_is_chosen_out_of_fold_and_applied_to_the_test_set(tmp_path):
    found = computed(simulate(tmp_path / "a.csv"), tmp_path)
    frame = pd.read_csv(tmp_path / "a.csv")
    tuning, tested = (frame[frame["partition"] == p] for p in ("out_of_fold", "test"))
    best = youden_choice(
        empirical_curve(
            tuning["score"].to_numpy(), (tuning["status"] == "positive").to_numpy()
        ),
        "lowest",
    )
    assert found["threshold"]["value"] == best.threshold
    assert found["threshold"]["source"] == "out_of_fold"
    called = tested["score"] >= best.threshold
    positive = tested["status"] == "positive"
    assert found["confusion"] == {
        "tp": (positive & called).sum(),
        "fn": (positive & ~called).sum(),
        "tn": (~positive & ~called).sum(),
        "fp": (~positive & called).sum(),
    }


def test_threshold_of_the_test_set_maximises_its_youden_index(tmp_path):
    path = simulate(tmp_path / "a.csv")
    as_published = computed(path, tmp_path, threshold_source="test")
    default = computed(path, tmp_path)
    assert as_published["threshold"]["source"] == "test"
    gain = as_published["binary_auc"]["estimate"] - default["binary_auc"]["estimate"]
    assert gain >= 0


def test_given_decisions_leave_no_threshold(tmp_path):
    found = computed(simulate(tmp_path / "a.csv", decided=True), tmp_path)
    assert found["threshold"]["rule"] == "given"
    assert found["threshold"]["value"] is None
    assert found["threshold"]["tied"] == []


def test_every_interval_says_how_it_was_made(tmp_path):
    found = computed(simulate(tmp_path / "a.csv"), tmp_path)
    intervals = found["auc"]["intervals"]
    assert set(intervals) == {"bootstrap", "delong", "obuchowski_logit"}
    for name, interval in intervals.items():
        assert interval["method"] == name
        assert interval["level"] == 0.95
        assert interval["lower"] < found["auc"]["estimate"] < interval["upper"]
    bootstrap, delong = intervals["bootstrap"], intervals["delong"]
    assert bootstrap["replicates"] == 200
    assert bootstrap["seed"] == named_seed(1, "a", "auc")
    assert bootstrap["engine"].startswith("pROC ")
    assert bootstrap["lower"] != delong["lower"]
    assert bootstrap["upper"] != delong["upper"]


def test_counts_metrics_and_partition_belong_together(tmp_path):
    found = computed(simulate(tmp_path / "a.csv"), tmp_path)
    assert found["n"] == {"positive": 30, "negative": 30, "patients": 30}
    counts, metrics = found["confusion"], found["metrics"]
    assert metrics["sensitivity"]["numerator"] == counts["tp"]
    assert metrics["specificity"]["denominator"] == 30
    assert metrics["f1"]["method"] == "patient_bootstrap"
    assert metrics["f1"]["seed"] > 0
    for metric in metrics.values():
        assert metric["estimate"] == metric["numerator"] / metric["denominator"]
        assert metric["lower"] <= metric["estimate"] <= metric["upper"]
    attained = found["at_target_sensitivity"]["attained"]
    assert attained["tp"] == 27
    assert attained["specificity"] == attained["tn"] / 30


def test_points_and_band_are_tables(tmp_path):
    found = computed(simulate(tmp_path / "a.csv"), tmp_path)
    points = tables.read(tmp_path / "roc.tsv", tables.ROC)
    band = tables.read(tmp_path / "band.tsv", tables.BAND)
    area = np.trapezoid(points["sensitivity"], points["specificity"])
    assert area == pytest.approx(found["auc"]["estimate"], abs=1e-12)
    assert len(band) == 101
    assert (band["lower"] <= band["median"]).all()
    assert (band["median"] <= band["upper"]).all()
    assert band["specificity"].tolist() == [k / 100 for k in range(101)]


def test_natural_prevalence_is_that_of_all_nodes(tmp_path):
    columns = {
        name: 1.0 for name in tables.NODES.columns if name not in ("node_id", "flags")
    }
    frame = pd.DataFrame([columns | {"node_id": f"M{i}"} for i in range(10)])
    frame = frame.assign(
        patient_id="P1",
        location="inguinal",
        status=["positive"] * 2 + ["negative"] * 8,
        n_voxels=5,
        flags="ok",
    )
    tables.write(frame, tmp_path / "nodes.tsv", tables.NODES)
    path = simulate(tmp_path / "a.csv")
    natural = computed(path, tmp_path, nodes=tmp_path / "nodes.tsv")
    found = natural["natural_prevalence"]
    assert found["prevalence"] == 0.2
    assert found["ppv"] < natural["metrics"]["ppv"]["estimate"]
    assert found["npv"] > natural["metrics"]["npv"]["estimate"]
    assert computed(path, tmp_path)["natural_prevalence"] is None


def test_same_bytes_twice_in_any_order_of_rows(tmp_path):
    first, second = tmp_path / "1", tmp_path / "2"
    path = simulate(tmp_path / "a.csv")
    computed(path, first)
    shuffled = pd.read_csv(path).sample(frac=1, random_state=1)
    computed(write_scores(tmp_path / "b.csv", shuffled), second)
    for name in ("a.json", "roc.tsv", "band.tsv"):
        assert (first / name).read_bytes() == (second / name).read_bytes()


def test_without_out_of_fold_scores_there_is_no_threshold(tmp_path):
    frame = pd.read_csv(simulate(tmp_path / "a.csv"))
    path = write_scores(tmp_path / "b.csv", frame[frame["partition"] == "test"])
    with pytest.raises(ScoreError, match="no threshold can be chosen: scores of a"):
        computed(path, tmp_path)
    assert computed(path, tmp_path, threshold_source="test")["threshold"]["value"]


@pytest.mark.parametrize("kind", ["perfect", "reversed", "constant", "two values"])
def test_extreme_scores_have_numbers_and_no_nan(tmp_path, kind):
    nodes = dataset(20, 20)
    positive = (nodes["status"] == "positive").to_numpy(float)
    score = {
        "perfect": positive,
        "reversed": -positive,
        "constant": np.ones(40),
        "two values": np.where(np.arange(40) % 8 < 3, 1 - positive, positive),
    }[kind]
    frame = score_table(nodes, score, "test")
    path = write_scores(tmp_path / "a.csv", frame)
    found = computed(path, tmp_path, threshold_source="test")
    expected = {"perfect": 1.0, "reversed": 0.0, "constant": 0.5}
    if kind in expected:
        assert found["auc"]["estimate"] == expected[kind]
    assert (found["auc"]["note"] is not None) == (kind in expected)


def test_infinite_scores_never_reach_the_engine(tmp_path):
    nodes = dataset(5, 5)
    score = normal_scores(nodes, 1, np.random.default_rng(1))
    score[0] = np.inf
    path = write_scores(tmp_path / "a.csv", score_table(nodes, score, "test"))
    with pytest.raises(ScoreError, match="finite"):
        computed(path, tmp_path)


def counting(monkeypatch, place, name):
    """Replace a function by one that notes its arguments; return the notes."""
    real, seen = getattr(place, name), []

    def noted(*arguments, **options):
        seen.append(arguments)
        return real(*arguments, **options)

    monkeypatch.setattr(place, name, noted)
    return seen


def test_files_are_read_once_and_each_curve_is_built_once(tmp_path, monkeypatch):
    """The partitions ``test`` and ``out_of_fold`` have a curve each."""
    nodes = measured_nodes(20, seed=1)
    tables.write(nodes, tmp_path / "nodes.tsv", tables.NODES)
    path = simulate(tmp_path / "a.csv")
    reads = counting(monkeypatch, tables, "read")
    curves = counting(monkeypatch, labelled_scores, "empirical_curve")
    by_node = counting(monkeypatch, labelled_scores, "delong_areas")
    by_patient = counting(monkeypatch, labelled_scores, "clustered_areas")
    in_r = counting(monkeypatch, proc, "RocCurve")
    computed(path, tmp_path, nodes=tmp_path / "nodes.tsv")
    assert [file for file, _ in reads] == [path, tmp_path / "nodes.tsv"]
    assert sorted(len(score) for score, _ in curves) == [60, 100]
    # The scores of both partitions, and the calls as scores of 0 and 1.
    assert len(by_node) == len(by_patient) == 3
    assert len(in_r) == 1


def test_a_scored_classifier_keeps_what_it_derives(tmp_path):
    classifier = ScoredClassifier.read("a", simulate(tmp_path / "a.csv"))
    tested = classifier.test
    assert classifier.test is tested
    assert tested.curve is tested.curve
    assert tested.area is tested.area
    assert tested.area == clustered_auc(
        tested.score, tested.positive, tested.patient_id
    )
    hard = tested.dichotomised(tested.score >= 0.5)
    assert hard.area.estimate == pytest.approx(
        binary_auc(confusion(tested.positive, tested.score >= 0.5)), abs=1e-15
    )
