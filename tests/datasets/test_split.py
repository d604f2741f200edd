"""The paper's arithmetic, and splits that keep their promises."""

import h5py
import numpy as np
import pandas as pd
import pytest
from studies import measured_nodes

from nodal_staging import tables
from nodal_staging.datasets import split
from nodal_staging.phantom.truth import Dials, draw_nodes

PAPER = Dials(431 / 2616, 1.0, 0.5, 1.2, 0.8, 0.3, 0.3, 0.0)


@pytest.fixture(scope="module")
def nodes():
    patients = [f"P{number:04}" for number in range(549)]
    drawn = draw_nodes(patients, 2616, PAPER, seed=1)
    return drawn[["node_id", "patient_id", "location", "status"]]


def counts(frame):
    return frame["status"].value_counts().to_dict()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_sizes_are_the_papers(nodes, seed):
    test, pool = split.split_test(nodes, split.Split("node", 0.15, seed))
    balanced = split.draw_status_balanced(pool, seed=seed)
    assert counts(test) == {"positive": 65, "negative": 65}
    assert counts(balanced) == {"positive": 366, "negative": 366}
    assert not set(test["node_id"]) & set(balanced["node_id"])


def test_location_matching_gives_the_papers_548_within_the_draw(nodes):
    sizes = []
    for seed in range(60):
        _, pool = split.split_test(nodes, split.Split("node", 0.15, seed))
        sizes.append(len(split.draw_location_balanced(pool, seed=seed)))
    assert min(sizes) <= 548 <= max(sizes)
    assert np.mean(sizes) == pytest.approx(548, abs=8)


def test_location_balanced_is_balanced_in_every_location(nodes):
    _, pool = split.split_test(nodes, split.Split("node", 0.15, 4))
    matched = split.draw_location_balanced(pool, seed=4)
    table = matched.groupby(["location", "status"]).size().unstack(fill_value=0)
    assert (table["positive"] == table["negative"]).all()
    available = pool.groupby(["location", "status"]).size().unstack(fill_value=0)
    smaller = available.min(axis=1)
    pd.testing.assert_series_equal(table["positive"], smaller, check_names=False)


def test_patient_protocol_keeps_patients_apart(nodes):
    test, pool = split.split_test(nodes, split.Split("patient", 0.15, 5))
    assert counts(test) == {"positive": 65, "negative": 65}
    assert not set(test["patient_id"]) & set(pool["patient_id"])


@pytest.mark.parametrize("seed", range(20))
def test_a_small_cohort_can_be_split_whatever_the_seed(seed):
    """Where test patients have fewer negative nodes, others are drawn."""
    nodes = small(seed)
    test, pool = split.split_test(nodes, split.Split("patient", 0.15, seed))
    wanted = int(0.15 * nodes["status"].eq("positive").sum() + 0.5)
    assert counts(test) == {"positive": wanted, "negative": wanted}
    assert not set(test["patient_id"]) & set(pool["patient_id"])


def small(seed):
    """Return 30 patients with five nodes each, of whom ten have positive ones alone."""
    nodes = measured_nodes(150, seed)
    number = np.arange(150) // 5
    status = np.where(number < 10, "positive", "negative")
    mixed = (number >= 10) & (np.arange(150) % 5 == 0)
    return nodes.assign(
        patient_id=[f"P{n:02}" for n in number],
        status=np.where(mixed, "positive", status),
    )


def test_node_protocol_shares_patients_as_published(nodes):
    test, pool = split.split_test(nodes, split.Split("node", 0.15, 6))
    balanced = split.draw_status_balanced(pool, seed=6)
    siblings = test["patient_id"].isin(set(balanced["patient_id"])).mean()
    assert siblings > 0.5


def test_folds_keep_patients_whole_and_status_even(nodes):
    _, pool = split.split_test(nodes, split.Split("patient", 0.15, 7))
    balanced = split.draw_status_balanced(pool, seed=7)
    folded = split.assign_folds(balanced, protocol="patient", folds=5, seed=7)
    assert folded.groupby("patient_id")["fold"].nunique().max() == 1
    share = folded["status"].eq("positive").groupby(folded["fold"]).mean()
    assert share.between(0.35, 0.65).all()
    assert sorted(folded["fold"].unique()) == [1, 2, 3, 4, 5]


def write_index(path, node_ids):
    """Write what a patch file says of its nodes, without their voxels."""
    with h5py.File(path, "w") as file:
        file["node_id"] = np.array(list(node_ids), dtype="S")
        file["sha256"] = np.array(["0" * 64] * len(node_ids), dtype="S64")


def test_every_unused_node_has_a_reason(nodes, tmp_path):
    frame = nodes.assign(
        **{
            name: 1.0
            for name in tables.NODES.columns
            if name not in nodes.columns and name not in {"flags", "n_voxels"}
        },
        n_voxels=1,
        flags="ok",
    )
    tables.write(frame, tmp_path / "nodes.tsv", tables.NODES)
    uncut = nodes["node_id"].iloc[0]
    write_index(tmp_path / "patches.h5", nodes["node_id"].iloc[1:])
    names = ("test", "status_balanced", "location_balanced", "dropped")
    paths = {name: tmp_path / f"{name}.tsv" for name in names}
    split.make_datasets(
        nodes=tmp_path / "nodes.tsv",
        patches=[tmp_path / "patches.h5"],
        split=split.Split("patient", 0.15, 8),
        folds=3,
        test=paths["test"],
        training={name: paths[name] for name in names[1:3]},
        dropped=paths["dropped"],
    )
    test = tables.read(paths["test"], tables.DATASET)
    dropped = tables.read(paths["dropped"], tables.DROPPED)
    set_aside = dropped.loc[dropped["dataset"] == "test", "node_id"]
    able = set(nodes["node_id"]) - set(test["node_id"]) - set(set_aside)
    for name in ("status_balanced", "location_balanced"):
        used = set(tables.read(paths[name], tables.DATASET)["node_id"])
        lost = set(dropped.loc[dropped["dataset"] == name, "node_id"])
        assert used | lost == able | {uncut}
        assert not used & lost
    cut_out = dropped[dropped["reason"] == "no_patch"]
    assert set(cut_out["node_id"]) == {uncut}
    assert len(cut_out) == 3
    assert uncut not in set(test["node_id"])


def test_too_small_a_cohort_says_so(nodes):
    few = nodes.head(8)
    with pytest.raises(split.DatasetError, match=r"datasets\.folds: 5"):
        split.assign_folds(few, protocol="patient", folds=5, seed=1)


def test_one_patient_is_told_how_many_are_needed(nodes):
    few = nodes[nodes["patient_id"] == nodes["patient_id"].iloc[0]]
    sentence = (
        rf"2 folds need a training set of at least 2 patients .* found {len(few)} "
        r"nodes of 1 patient; enlarge the cohort$"
    )
    with pytest.raises(split.DatasetError, match=sentence):
        split.assign_folds(few, protocol="patient", folds=2, seed=1)


@pytest.mark.parametrize(
    ("kept", "sentence"),
    [(None, "no node can be used; run nodal-staging check"), ("negative", "negative;")],
)
def test_a_cohort_of_one_status_or_none_is_named_for_what_it_is(kept, sentence):
    nodes = measured_nodes(40, patients=20)
    with pytest.raises(split.DatasetError, match=sentence):
        split.require_both_statuses(nodes[nodes["status"] == kept])


def test_nodes_of_unknown_status_or_location_are_counted_and_refused():
    nodes = measured_nodes(40, patients=20)
    nodes.loc[:4, "status"] = tables.UNKNOWN
    nodes.loc[3:6, "location"] = tables.UNKNOWN
    with pytest.raises(
        split.DatasetError,
        match=r"7 of 40 nodes have an unknown status \(5\) or .* \(4\)",
    ):
        split.draw_sides(nodes, split.Split("patient", 0.2, 0), 2)
