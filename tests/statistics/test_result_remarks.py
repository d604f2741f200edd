"""Implausible results are remarked, others are not."""

import pandas as pd
import pytest

from nodal_staging import tables
from nodal_staging.statistics.result_remarks import REMARKS, list_remarks
from nodal_staging.study.files import write_json


def dataset(nodes, patients, **cells):
    frame = pd.DataFrame(
        {
            "node_id": [f"N{k}" for k in range(nodes)],
            "patient_id": [f"P{k % patients}" for k in range(nodes)],
            "location": "iliac",
            "status": [tables.STATUS[k % 2] for k in range(nodes)],
            "fold": 0,
        }
    )
    return frame.assign(**cells)


def statistics(
    sensitivity=0.8,
    specificity=0.7,
    auc=0.75,
    lower=0.6,
    upper=0.9,
    weak=False,
    reach=None,
):
    interval = {"lower": lower, "upper": upper, "level": 0.95}
    return {
        "metrics": {
            "sensitivity": {"estimate": sensitivity},
            "specificity": {"estimate": specificity},
        },
        "auc": {"estimate": auc, "intervals": {"obuchowski_logit": interval}},
        "threshold": {"weak_folds": weak, "chosen_on_auc": 0.59},
        "calibration": (
            {"status": "ok"}
            if reach is None
            else {"status": "outside_0_1", "lowest": reach[0], "highest": reach[1]}
        ),
    }


def remarked(folder, *, test=None, training=None, **changes):
    tables.write(
        dataset(50, 20) if test is None else test, folder / "test.tsv", tables.DATASET
    )
    tables.write(
        dataset(40, 9) if training is None else training,
        folder / "training.tsv",
        tables.DATASET,
    )
    write_json(folder / "a.json", statistics(**changes))
    list_remarks(
        test=folder / "test.tsv",
        training={"status_balanced": folder / "training.tsv"},
        classifiers={"cnn_xmask": folder / "a.json"},
        output=folder / "remarks.tsv",
    )
    return tables.read(folder / "remarks.tsv", REMARKS)


def test_a_study_without_oddities_has_no_remark(tmp_path):
    assert remarked(tmp_path).empty


@pytest.mark.parametrize(("nodes", "patients"), [(22, 6), (49, 30), (200, 19)])
def test_a_small_test_set_is_remarked(tmp_path, nodes, patients):
    (found,) = remarked(tmp_path, test=dataset(nodes, patients)).to_dict("records")
    assert (found["code"], found["place"]) == ("small_test_set", "test set")
    assert f"{nodes} nodes of {patients} patients" in found["sentence"]


def test_a_location_of_one_class_is_named(tmp_path):
    training = dataset(40, 9)
    training.loc[:3, "location"] = "axillary"
    training.loc[4:6, "location"] = "cervical"
    training.loc[4:6, "status"] = "positive"
    (found,) = remarked(tmp_path, training=training).to_dict("records")
    assert (found["code"], found["place"]) == (
        "one_class_at_location",
        "status_balanced",
    )
    assert "at cervical;" in found["sentence"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"specificity": 0.0}, "specificity_0"),
        ({"specificity": 1.0}, "specificity_1"),
        ({"sensitivity": 0.0}, "sensitivity_0"),
        ({"sensitivity": 1.0}, "sensitivity_1"),
        ({"auc": 0.3, "lower": 0.2, "upper": 0.45}, "auc_below_chance"),
    ],
)
def test_a_classifier_that_cannot_be_meant_is_named(tmp_path, changes, code):
    (found,) = remarked(tmp_path, **changes).to_dict("records")
    assert (found["code"], found["place"]) == (code, "cnn_xmask")
    assert found["sentence"].startswith("CNN, xMask has ")


def test_a_threshold_of_much_weaker_models_is_named(tmp_path):
    (found,) = remarked(tmp_path, weak=True).to_dict("records")
    assert found["code"] == "weak_folds"
    assert "AUC of 0.590" in found["sentence"]


def test_scores_that_look_like_percentages_are_named(tmp_path):
    (found,) = remarked(tmp_path, reach=(0.5, 97.25)).to_dict("records")
    assert found["code"] == "scores_like_percentages"
    assert "reach 97.25" in found["sentence"]


@pytest.mark.parametrize("reach", [(-3.0, 40.0), (0.0, 250.0)])
def test_other_scores_outside_0_1_do_not_look_like_percentages(tmp_path, reach):
    assert remarked(tmp_path, reach=reach).empty


@pytest.mark.parametrize(
    "changes",
    [
        {"auc": 0.4, "lower": 0.2, "upper": 0.6},
        {"auc": 0.5, "lower": None, "upper": None},
        {"sensitivity": None},
    ],
)
def test_what_may_be_chance_is_not_remarked(tmp_path, changes):
    assert remarked(tmp_path, **changes).empty
