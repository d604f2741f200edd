"""Points of the learning curve are smaller studies with the same test set."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from nodal_staging import tables
from nodal_staging.classifiers.cnn import learning_curve
from nodal_staging.classifiers.cnn.learning_curve import Point
from nodal_staging.classifiers.scores import score_table
from nodal_staging.datasets.split import DatasetError, Split, make_datasets
from nodal_staging.nodes import patch_files
from nodal_staging.phantom.truth import Dials, draw_nodes
from nodal_staging.study.files import write_json


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    """Return what a study of 600 nodes in 150 patients has before its sets."""
    folder = tmp_path_factory.mktemp("cohort")
    dials = Dials(0.4, 1.0, 0.5, 1.2, 0.8, 0.3, 0.3, 0.0)
    drawn = draw_nodes([f"P{k:03}" for k in range(150)], 600, dials, seed=2)
    frame = drawn[["node_id", "patient_id", "location", "status"]].copy()
    for name in tables.NODES.columns:
        if name not in frame:
            frame[name] = "ok" if name == "flags" else 1.0
    tables.write(frame, folder / "nodes.tsv", tables.NODES)
    empty = np.zeros((2, 2, 2), np.int16), np.zeros((2, 2, 2), np.uint8)
    images = dict.fromkeys(frame["node_id"], empty)
    patch_files.write_patches(folder / "1.h5", images, size=2, spacing_mm=1.0)
    return {
        "nodes": folder / "nodes.tsv",
        "patches": [folder / "1.h5"],
        "split": Split("patient", 0.2, 7),
    }


def draw(study, folder, percent, repeat):
    paths = {
        name: folder / f"{percent}_{repeat}_{name}.tsv"
        for name in ("status_balanced", "location_balanced")
    }
    learning_curve.draw_share(
        **study["files"],
        share=learning_curve.Share(percent, repeat, seed=7),
        training=paths,
    )
    return {name: tables.read(path, tables.DATASET) for name, path in paths.items()}


@pytest.fixture(scope="module")
def study(cohort, tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    names = ("test", "status_balanced", "location_balanced", "dropped")
    paths = {name: folder / f"{name}.tsv" for name in names}
    make_datasets(
        **cohort,
        folds=2,
        test=paths["test"],
        training={name: paths[name] for name in names[1:3]},
        dropped=paths["dropped"],
    )
    sets = {name: tables.read(paths[name], tables.DATASET) for name in names[:3]}
    files = {name: cohort[name] for name in ("nodes", "patches")}
    return sets | {"files": files | {n: paths[n] for n in ("test", "dropped")}}


def test_the_whole_is_the_study_itself(study, tmp_path):
    for name, drawn in draw(study, tmp_path, 100, 1).items():
        assert drawn["node_id"].tolist() == study[name]["node_id"].tolist()


@pytest.mark.parametrize("percent", [10, 50])
def test_a_share_has_its_patients_balance_and_none_that_is_tested(
    study, tmp_path, percent
):
    whole = draw(study, tmp_path, 100, 1)["status_balanced"]
    for drawn in draw(study, tmp_path, percent, 1).values():
        assert not set(drawn["patient_id"]) & set(study["test"]["patient_id"])
        assert drawn["status"].eq("positive").mean() == 0.5
    part = draw(study, tmp_path, percent, 1)["status_balanced"]
    assert len(part) == pytest.approx(len(whole) * percent / 100, rel=0.5)


def test_shares_of_a_draw_are_nested_and_draws_differ(study, tmp_path):
    patients = {
        (percent, repeat): set(
            draw(study, tmp_path, percent, repeat)["status_balanced"]["patient_id"]
        )
        for percent, repeat in ((20, 1), (20, 2))
    }
    order = draw(study, tmp_path, 60, 1)["status_balanced"]["patient_id"]
    positives = draw(study, tmp_path, 20, 1)["status_balanced"]
    kept = set(positives.loc[positives["status"] == "positive", "patient_id"])
    assert kept <= set(order)
    assert patients[20, 1] != patients[20, 2]


def test_too_small_a_share_is_one_sentence(study, tmp_path):
    with pytest.raises(DatasetError, match=r"learning_curve\.percents"):
        draw(study, tmp_path, 1, 1)


def write_point(folder, point, score, positive):
    """Write scores of a test set and the card of a training; return their paths."""
    name = f"{point.percent}_{point.repeat}"
    dataset = pd.DataFrame(
        {
            "node_id": [f"N{k}" for k in range(len(score))],
            "patient_id": [f"P{k // 3}" for k in range(len(score))],
            "status": np.where(positive, "positive", "negative"),
        }
    )
    table = score_table(dataset, score, "test")
    tables.write(table, folder / f"{name}.csv", tables.SCORES)
    write_json(folder / f"{name}.json", {"training_nodes": 7 * point.percent})
    return folder / f"{name}.csv", folder / f"{name}.json"


@pytest.mark.parametrize("synthetic", [True, False])
def test_points_carry_auc_interval_size_and_ceiling(tmp_path, synthetic):
    rng = np.random.default_rng(1)
    positive = np.arange(60) % 2 == 1
    scores, cards, expected = {}, {}, {}
    for percent, repeat in ((100, 0), (50, 1)):
        point = Point(percent, repeat, "xmask")
        score = rng.random(60) / 2 + positive / 4
        scores[point], cards[point] = write_point(tmp_path, point, score, positive)
        expected[percent] = roc_auc_score(positive, score)
    truth = tmp_path / "truth.json"
    views = {view: {"auc": 0.9} for view in ("all", "node_only")}
    lower = {view: {"auc": 0.8} for view in views}
    content = {"ceilings": views, "realistic_ceilings": lower}
    write_json(truth, {name: {"status_balanced": of} for name, of in content.items()})
    learning_curve.gather_learning_curve(
        scores=scores,
        cards=cards,
        truth=truth if synthetic else None,
        level=0.95,
        output=tmp_path / "curve.tsv",
    )
    found = tables.read(tmp_path / "curve.tsv", tables.LEARNING_CURVE)
    found = found.set_index("percent")
    for percent, auc in expected.items():
        row = found.loc[percent]
        assert row["auc"] == pytest.approx(auc)
        assert row["lower"] < auc < row["upper"]
        assert row["nodes"] == 7 * percent
    assert found["realistic_ceiling"].eq(0.8).all() == synthetic
    assert found["ceiling"].isna().all() != synthetic
