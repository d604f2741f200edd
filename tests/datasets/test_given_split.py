"""Splits that a person gives."""

import h5py
import numpy as np
import pandas as pd
import pytest

from nodal_staging import tables
from nodal_staging.classifiers.cnn.learning_curve import Share, draw_share
from nodal_staging.cohort.given_split import (
    SplitError,
    SplitSheet,
    read_given_split,
)
from nodal_staging.datasets import split
from nodal_staging.datasets.leakage import SplitRecord, certify_datasets, split_sum
from nodal_staging.phantom.truth import Dials, draw_nodes
from nodal_staging.study.files import read_json

PAPER = Dials(431 / 2616, 1.0, 0.5, 1.2, 0.8, 0.3, 0.3, 0.0)
NAMES = ("test", "status_balanced", "location_balanced")
FOLDS = 3


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    """Return a folder with measured nodes and the index of their patches."""
    folder = tmp_path_factory.mktemp("cohort")
    patients = [f"P{number:03}" for number in range(150)]
    nodes = draw_nodes(patients, 800, PAPER, seed=2)
    columns = set(tables.NODES.columns) - {*nodes.columns, "flags", "n_voxels"}
    frame = nodes.assign(**dict.fromkeys(columns, 1.0), n_voxels=1, flags="ok")
    whole = ("components", "second_voxels", "slices", "outlines")
    frame = frame.astype(dict.fromkeys(whole, int))
    tables.write(frame[list(tables.NODES.columns)], folder / "n.tsv", tables.NODES)
    with h5py.File(folder / "patches.h5", "w") as file:
        file["node_id"] = np.array(list(nodes["node_id"]), dtype="S")
        file["sha256"] = np.array([f"{n:064}" for n in range(800)], dtype="S64")
    return folder


def made(cohort, folder, given=None, protocol="patient"):
    """Make the datasets and return their tables by name."""
    folder.mkdir()
    paths = {name: folder / f"{name}.tsv" for name in (*NAMES, "dropped")}
    split.make_datasets(
        nodes=cohort / "n.tsv",
        patches=[cohort / "patches.h5"],
        split=split.Split(protocol, 0.15, 1, given),
        folds=FOLDS,
        test=paths["test"],
        training={name: paths[name] for name in NAMES[1:]},
        dropped=paths["dropped"],
    )
    return paths


def nodes_of(cohort):
    return tables.read(cohort / "n.tsv", tables.NODES)


def as_given(cohort, paths, folder):
    """Write a drawn split as a person would give it, by node, in another order."""
    nodes = nodes_of(cohort)
    tested = tables.read(paths["test"], tables.DATASET)
    lost = tables.read(paths["dropped"], tables.DROPPED)
    aside = lost.loc[lost["dataset"] == "test", "node_id"]
    part = np.where(nodes["node_id"].isin(tested["node_id"]), "test", "train")
    part = np.where(nodes["node_id"].isin(aside), "unused", part)
    path = folder / "split.tsv"
    rows = nodes[["node_id"]].assign(set=part).sample(frac=1, random_state=3)
    rows.to_csv(path, sep="\t", index=False)
    return path


@pytest.mark.parametrize("protocol", ["patient", "node"])
def test_a_drawn_split_that_is_given_back_makes_the_same_bytes(
    cohort, tmp_path, protocol
):
    drawn = made(cohort, tmp_path / "drawn", protocol=protocol)
    given = as_given(cohort, drawn, tmp_path)
    again = made(cohort, tmp_path / "again", given, protocol)
    for name in NAMES:
        assert again[name].read_bytes() == drawn[name].read_bytes(), name
    lost = tables.read(again["dropped"], tables.DROPPED)
    known = tables.read(drawn["dropped"], tables.DROPPED)
    known["reason"] = known["reason"].where(known["dataset"] != "test", "as_given")
    lost["reason"] = lost["reason"].str.replace("unused_as_given", "as_given")
    pd.testing.assert_frame_equal(lost, known)


def by_patient(cohort, tmp_path, **changes):
    """Write a split by patient: the first 40 test, the others train in folds."""
    patients = sorted(set(nodes_of(cohort)["patient_id"]))
    rows = pd.DataFrame({"patient_id": patients})
    rows["set"] = np.where(rows.index < 40, "test", "train")
    rows["fold"] = np.where(rows.index < 40, "", (rows.index % FOLDS + 1).astype(str))
    path = tmp_path / "split.csv"
    rows.assign(**changes).to_csv(path, index=False)
    return path, rows


def test_a_test_set_is_taken_whole_and_folds_are_kept(cohort, tmp_path):
    path, rows = by_patient(cohort, tmp_path)
    paths = made(cohort, tmp_path / "made", path)
    nodes = nodes_of(cohort)
    first = set(rows.loc[rows["set"] == "test", "patient_id"])
    tested = tables.read(paths["test"], tables.DATASET)
    assert set(tested["node_id"]) == set(
        nodes.loc[nodes["patient_id"].isin(first), "node_id"]
    )
    assert tested["status"].value_counts()["negative"] > len(tested) / 2
    folds = rows.set_index("patient_id")["fold"]
    for name in NAMES[1:]:
        trained = tables.read(paths[name], tables.DATASET)
        assert not set(trained["patient_id"]) & first
        assert list(trained["fold"]) == list(
            trained["patient_id"].map(folds).astype(int)
        )
        assert trained["status"].value_counts().nunique() == 1


def test_a_learning_curve_draws_from_those_who_may_train(cohort, tmp_path):
    path, rows = by_patient(cohort, tmp_path)
    paths = made(cohort, tmp_path / "made", path)
    drawn = {name: tmp_path / f"{name}.tsv" for name in NAMES[1:]}
    draw_share(
        nodes=cohort / "n.tsv",
        patches=[cohort / "patches.h5"],
        test=paths["test"],
        dropped=paths["dropped"],
        share=Share(50, 1, seed=1),
        training=drawn,
    )
    training = set(rows.loc[rows["set"] == "train", "patient_id"])
    for file in drawn.values():
        assert set(tables.read(file, tables.DATASET)["patient_id"]) <= training


def refused(cohort, path, protocol="patient"):
    with pytest.raises(SplitError) as found:
        read_given_split(SplitSheet(path, protocol, FOLDS), nodes_of(cohort))
    return str(found.value)


def test_what_does_not_fit_is_refused_with_its_fix(cohort, tmp_path):
    path, rows = by_patient(cohort, tmp_path)

    def said(frame, **options):
        frame.to_csv(path, index=False)
        return refused(cohort, path, **options)

    assert "no row for patient P003 (and 1 more); add a row" in said(
        rows.drop(index=[3, 4])
    )
    assert "patient P000 stands in more than one row" in said(
        pd.concat([rows, rows.head(1)])
    )
    assert "the folds are 1, 2, but datasets.folds is 3" in said(
        rows.assign(fold=rows["fold"].replace("3", "2"))
    )
    assert "no fold for node" in said(
        rows.assign(fold=rows["fold"].where(rows.index != 60, ""))
    )
    assert "no negative node is in the test set" in said(
        rows.assign(set="train", fold=rows.index % FOLDS + 1)
    )
    nodes = nodes_of(cohort)
    sides = np.where(nodes.index % 2, "test", "train")
    mixed = nodes[["node_id"]].assign(set=sides)
    assert "is in two sets; give all nodes of the patient one" in said(mixed)
    mixed.to_csv(path, index=False)
    accepted = read_given_split(SplitSheet(path, "node", FOLDS), nodes)
    assert len(accepted.test) + len(accepted.pool) == len(nodes)
    assert "fold" not in accepted.pool


def test_the_sum_of_a_split_depends_on_who_is_where_alone(cohort, tmp_path):
    paths = made(cohort, tmp_path / "made")
    sets = [tables.read(paths[name], tables.DATASET) for name in NAMES]
    shuffled = [frame.sample(frac=1, random_state=1) for frame in sets]
    assert split_sum(*sets) == split_sum(*shuffled)
    moved = sets[1].assign(fold=sets[1]["fold"] % FOLDS + 1)
    assert split_sum(sets[0], moved, sets[2]) != split_sum(*sets)
    certify_datasets(
        test=paths["test"],
        training={name: paths[name] for name in NAMES[1:]},
        patches=[cohort / "patches.h5"],
        record=SplitRecord("patient", "out_of_fold"),
        output=tmp_path / "certificate.json",
    )
    # Training sets are taken in the order of their names.
    expected = split_sum(sets[0], sets[2], sets[1])
    assert read_json(tmp_path / "certificate.json")["split_sha256"] == expected
