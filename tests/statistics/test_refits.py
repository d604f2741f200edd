"""Refits: spread over trainings against simulation, and degenerate cases."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from scipy.stats import norm

from nodal_staging import tables
from nodal_staging.estimates.delong import ClusteredArea
from nodal_staging.statistics.refits import (
    REFITS,
    SPREAD,
    Trainings,
    TrainingSpread,
    compare_refits,
    spread_of_areas,
    spread_of_nodes,
    training_spreads,
)


def write_scores(path, score, positive):
    frame = pd.DataFrame(
        {
            "node_id": [f"N{i:03}" for i in range(len(score))],
            "patient_id": [f"P{i // 2:03}" for i in range(len(score))],
            "partition": "test",
            "status": np.where(positive, "positive", "negative"),
            "score": score,
            "prediction": None,
        }
    )
    tables.write(frame, path, tables.SCORES)
    return path


def test_trainings_of_a_study_are_compared_at_its_threshold(tmp_path):
    rng = np.random.default_rng(5)
    positive = np.arange(60) % 3 == 0
    logits = rng.normal(1.5 * positive, 1)
    scores = expit([logits, logits + rng.normal(0, 0.5, 60), logits])
    paths = [
        write_scores(tmp_path / f"{number}.csv", score, positive)
        for number, score in enumerate(scores)
    ]
    statistics = tmp_path / "statistics.json"
    statistics.write_text(json.dumps({"threshold": {"value": 0.6}}))
    compare_refits(
        {"xmask": Trainings(paths, statistics)},
        level=0.95,
        refits=tmp_path / "refits.tsv",
        spread=tmp_path / "spread.tsv",
    )
    refits = tables.read(tmp_path / "refits.tsv", REFITS)
    (row,) = tables.read(tmp_path / "spread.tsv", SPREAD).to_dict("records")
    assert refits["training"].tolist() == [1, 2, 3]
    spread = TrainingSpread.of(refits["auc"].tolist())
    assert training_spreads(tmp_path / "spread.tsv") == {"cnn_xmask": spread}
    assert training_spreads(None) == {}
    pairs = [np.mean(score[positive][:, None] > score[~positive]) for score in scores]
    np.testing.assert_allclose(refits["auc"], pairs)
    calls = scores >= 0.6
    np.testing.assert_allclose(refits["sensitivity"], calls[:, positive].mean(axis=1))
    np.testing.assert_allclose(
        refits["specificity"], (~calls[:, ~positive]).mean(axis=1)
    )
    assert row["calls_that_differ"] == np.mean(calls[0] != calls[1])
    assert row["auc_lowest"] == pytest.approx(min(pairs))
    assert row["auc_highest"] == pytest.approx(max(pairs))
    assert row["lower"] < min(refits["auc"]) < max(refits["auc"]) < row["upper"]


def test_trainings_that_agree_leave_the_interval_of_patients():
    area = ClusteredArea(0.8, 0.04)
    found = spread_of_areas([area] * 4, level=0.95)
    half = norm.ppf(0.975) * 0.04 / (0.8 * 0.2)
    expected = expit(np.log(4) + np.array([-half, half]))
    np.testing.assert_allclose([found["lower"], found["upper"]], expected)
    assert found["auc_sd"] == 0


def test_a_perfect_training_has_no_interval():
    found = spread_of_areas(
        [ClusteredArea(1.0, 0.0), ClusteredArea(0.9, 0.03)], level=0.95
    )
    assert np.isnan(found["lower"])
    assert found["auc_highest"] == 1


def test_the_spread_of_a_node_is_that_of_its_logits():
    rng = np.random.default_rng(2)
    logits = rng.normal(size=2000) + rng.normal(0, 0.4, (6, 2000))
    found = spread_of_nodes(expit(logits), logits > 0)
    assert found["logit_sd"] == pytest.approx(0.4, rel=0.02)
    extreme = np.array([[0.0, 1.0], [0.0, 1.0]])
    assert spread_of_nodes(extreme, extreme > 0.5)["logit_sd"] == 0


@pytest.mark.parametrize("of_trainings", [0.0, 0.1, 0.3])
def test_the_interval_covers_a_new_training_and_new_patients(of_trainings):
    """On the logit scale, where all trainings of a study share its patients."""
    rng = np.random.default_rng(7)
    truth, of_patients, n, covered = 1.4, 0.2, 5, []
    for _ in range(2000):
        shift = rng.normal(0, of_patients)
        auc = expit(truth + shift + rng.normal(0, of_trainings, n))
        areas = [ClusteredArea(a, of_patients * a * (1 - a)) for a in auc]
        found = spread_of_areas(areas, level=0.95)
        new = expit(truth + rng.normal(0, of_trainings))
        covered.append(found["lower"] <= new <= found["upper"])
    assert 0.935 <= np.mean(covered) <= 0.97
