"""All nodes of the test patients: none that trains, none of another patient."""

import h5py
import numpy as np
import pandas as pd
import pytest
from studies import measured_nodes

from nodal_staging import tables
from nodal_staging.datasets.split import Split, make_datasets
from nodal_staging.datasets.test_patients import (
    draw_all_test_nodes,
    list_all_test_nodes,
)

TRAINING = ("status_balanced", "location_balanced")


@pytest.fixture
def nodes():
    """Two in three nodes are negative, so that balancing leaves some out."""
    frame = measured_nodes(300, seed=3, patients=80)
    places = np.random.default_rng(1).random(300) < 1 / 3
    return frame.assign(status=np.where(places, "positive", "negative"))


def listed(folder, nodes, protocol, uncut=()):
    """Draw the datasets of a study, and list all nodes of its test patients."""
    tables.write(nodes, folder / "nodes.tsv", tables.NODES)
    patches = folder / "patches.h5"
    with h5py.File(patches, "w") as file:
        known = nodes.loc[~nodes["node_id"].isin(uncut), "node_id"]
        file["node_id"] = np.array(list(known), dtype="S")
        file["sha256"] = np.array(["0" * 64] * len(known), dtype="S")
    drawn = {name: folder / f"{name}.tsv" for name in TRAINING}
    make_datasets(
        nodes=folder / "nodes.tsv",
        patches=[patches],
        split=Split(protocol, 0.2, 5),
        folds=2,
        test=folder / "test.tsv",
        training=drawn,
        dropped=folder / "dropped.tsv",
    )
    list_all_test_nodes(
        nodes=folder / "nodes.tsv",
        patches=[patches],
        test=folder / "test.tsv",
        training=drawn.values(),
        dropped=folder / "dropped.tsv",
        output=folder / "all.tsv",
    )
    names = ("all", "test", *TRAINING)
    return {n: tables.read(folder / f"{n}.tsv", tables.DATASET) for n in names}


@pytest.mark.parametrize("protocol", ["patient", "node"])
def test_the_test_set_is_in_it_and_no_training_node(tmp_path, nodes, protocol):
    found = listed(tmp_path, nodes, protocol)
    every = set(found["all"]["node_id"])
    assert set(found["test"]["node_id"]) < every
    for name in TRAINING:
        assert not every & set(found[name]["node_id"])
    assert (found["all"]["fold"] == 0).all()


def test_every_node_of_a_test_patient_is_in_it(tmp_path, nodes):
    found = listed(tmp_path, nodes, "patient")
    every = found["all"]
    own = nodes[nodes["patient_id"].isin(every["patient_id"])]
    assert set(own["node_id"]) == set(every["node_id"])
    trained = pd.concat([found[name] for name in TRAINING])
    assert not set(every["patient_id"]) & set(trained["patient_id"])


def test_a_node_without_a_patch_is_left_out(tmp_path, nodes):
    (tmp_path / "whole").mkdir()
    whole = listed(tmp_path / "whole", nodes, "patient")
    surplus = set(whole["all"]["node_id"]) - set(whole["test"]["node_id"])
    again = listed(tmp_path, nodes, "patient", uncut=[min(surplus)])
    assert min(surplus) not in set(again["all"]["node_id"])


@pytest.mark.parametrize("protocol", ["patient", "node"])
def test_a_rehearsed_split_is_that_of_the_study(tmp_path, nodes, protocol):
    found = listed(tmp_path, nodes, protocol)["all"]
    drawn = draw_all_test_nodes(nodes, Split(protocol, 0.2, 5), folds=2)
    assert set(drawn["node_id"]) == set(found["node_id"])
