"""Subgroups are counted, and too small ones say so in a word."""

import json

import numpy as np
import pytest
from score_files import write_scores
from studies import measured_nodes

from nodal_staging import tables
from nodal_staging.classifiers.labelled_scores import ScoreError
from nodal_staging.classifiers.scores import score_table
from nodal_staging.estimates.auc_intervals import logit_interval
from nodal_staging.estimates.delong import clustered_auc
from nodal_staging.estimates.proportions import wilson_interval
from nodal_staging.statistics.subgroups import SUBGROUPS, band_names, compute_subgroups


def evaluated(folder, nodes, score, *, threshold=0.5, tested=None):
    tables.write(nodes, folder / "nodes.tsv", tables.NODES)
    frame = score_table(nodes, score, "test")
    path = write_scores(folder / "a.csv", frame if tested is None else tested(frame))
    (folder / "a.json").write_text(json.dumps({"threshold": {"value": threshold}}))
    compute_subgroups(
        classifiers={"a": (path, folder / "a.json")},
        nodes=folder / "nodes.tsv",
        bands_mm=[5, 8, 10],
        confidence_level=0.95,
        subgroups=folder / "subgroups.tsv",
    )
    return tables.read(folder / "subgroups.tsv", SUBGROUPS)


def test_every_node_is_in_one_location_and_one_band(tmp_path):
    nodes = measured_nodes(200, seed=1, patients=60)
    score = np.random.default_rng(1).random(200)
    found = evaluated(tmp_path, nodes, score)
    for grouping in ("all", "location", "short_axis"):
        rows = found[found["grouping"] == grouping]
        assert rows["n"].sum() == 200
        for count in ("tp", "fn", "tn", "fp"):
            assert rows[count].sum() == found.iloc[0][count]
    named = found[found["grouping"] == "location"]["subgroup"].tolist()
    assert named == [name for name in tables.SHOWN_LOCATIONS if name in named]


def test_a_row_is_what_its_nodes_alone_give(tmp_path):
    nodes = measured_nodes(200, seed=2, patients=60)
    score = np.random.default_rng(2).random(200)
    found = evaluated(tmp_path, nodes, score, threshold=0.4)
    members = (nodes["short_axis_mm"] >= 5) & (nodes["short_axis_mm"] < 8)
    row = found[found["subgroup"] == "5 to < 8 mm"].iloc[0]
    positive = nodes["status"].eq("positive").to_numpy()[members]
    mine, patient = score[members], nodes["patient_id"].to_numpy(str)[members]
    area = clustered_auc(mine, positive, patient)
    assert row["auc"] == pytest.approx(area.estimate, abs=1e-15)
    ends = logit_interval(area, level=0.95)
    assert (row["auc_lower"], row["auc_upper"]) == pytest.approx(ends, abs=1e-15)
    tp = int((positive & (mine >= 0.4)).sum())
    assert row["sensitivity"] == tp / positive.sum()
    assert row["sensitivity_lower"] == pytest.approx(
        wilson_interval(tp, int(positive.sum()), level=0.95)[0]
    )
    assert row["auc_status"] == "ok"


def test_bounds_belong_to_the_band_above(tmp_path):
    nodes = measured_nodes(8, seed=1).assign(
        short_axis_mm=[4.9, 5, 7.9, 8, 9.9, 10, 12, 30],
        status=["positive", "negative"] * 4,
    )
    found = evaluated(tmp_path, nodes, np.arange(8) / 8)
    bands = found[found["grouping"] == "short_axis"].set_index("subgroup")["n"]
    assert bands.to_dict() == dict(
        zip(band_names([5, 8, 10]), [1, 2, 2, 3], strict=True)
    )


@pytest.mark.parametrize(
    ("status", "patient", "score", "expected"),
    [
        ("ppp", "abc", [1, 2, 3], "one_class"),
        ("ppn", "abc", [1, 2, 3], "too_few"),
        ("ppnn", "aabc", [1, 2, 3, 4], "too_few"),
        ("ppnn", "abcd", [3, 4, 1, 2], "perfect_separation"),
        ("ppnn", "abcd", [1, 1, 1, 1], "no_variance"),
    ],
)
def test_too_small_is_a_word_and_no_nan(tmp_path, status, patient, score, expected):
    """The small group is inguinal; others make the whole evaluable."""
    n = len(status)
    nodes = measured_nodes(n + 20, seed=3)
    words = {"p": "positive", "n": "negative"}
    nodes["location"] = ["inguinal"] * n + ["cervical"] * 20
    nodes["status"] = [words[s] for s in status] + ["positive", "negative"] * 10
    nodes["patient_id"] = [*patient, *(f"P{i}" for i in range(20))]
    rest = np.random.default_rng(1).random(20)
    found = evaluated(tmp_path, nodes, [*score, *rest], threshold=2)
    row = found[found["subgroup"] == "inguinal"].iloc[0]
    assert row["auc_status"] == expected
    if expected == "perfect_separation":
        # Two independent pairs of patients: A squared is 2.5 %.
        assert row["auc_lower"] == pytest.approx(np.sqrt(0.025), abs=1e-12)
        assert row["auc_upper"] == 1
    else:
        assert np.isnan(row["auc_lower"])
    assert np.isnan(row["auc"]) == (expected == "one_class")
    assert row["n"] == n


def test_a_node_that_was_not_measured_is_named(tmp_path):
    nodes = measured_nodes(30, seed=1)

    def rename(frame):
        return frame.assign(node_id=frame["node_id"].replace("N0003", "N9999"))

    with pytest.raises(ScoreError, match=r"node N9999: not among the measured nodes"):
        evaluated(tmp_path, nodes, np.arange(30) / 30, tested=rename)
