"""The nodes of Figure 1 follow from their rule."""

import numpy as np
import pandas as pd
import pytest
from studies import measured_nodes

from nodal_staging import tables
from nodal_staging.nodes.example_nodes import (
    EXAMPLES,
    NoExampleError,
    choose_examples,
    typical_nodes,
)


def candidates(n=60, seed=3, **columns):
    nodes = measured_nodes(n, seed, patients=n // 3)
    suv = np.random.default_rng(seed).lognormal(1, 1, n)
    nodes = nodes.assign(exam_id="E" + nodes["patient_id"], suv_max=suv)
    return nodes.assign(**columns)


def nearest(nodes, status):
    """Return the ids of a status by distance from the median, written another way."""
    own = nodes[nodes["status"] == status]
    distances = {}
    for row in own.itertuples():
        total = 0.0
        for column in ("volume_mm3", "suv_max"):
            values = sorted(np.log(own[column]))
            quartiles = np.percentile(values, [25, 50, 75])
            away = np.log(getattr(row, column)) - quartiles[1]
            total += (away / (quartiles[2] - quartiles[0])) ** 2
        distances[row.node_id] = total
    return sorted(distances, key=lambda node_id: (distances[node_id], node_id))


@pytest.mark.parametrize("seed", range(5))
def test_the_nodes_nearest_to_the_median_are_shown(seed):
    nodes = candidates(seed=seed)
    chosen = typical_nodes(nodes).set_index("panel")
    positive, owner = nearest(nodes, "positive"), nodes.set_index("node_id")
    assert chosen.loc["a", "node_id"] == positive[0]
    assert chosen.loc["b", "node_id"] == nearest(nodes, "negative")[0]
    first = owner.loc[positive[0], "patient_id"]
    others = [n for n in positive if owner.loc[n, "patient_id"] != first]
    assert chosen.loc["c", "node_id"] == others[0]


def test_the_order_of_the_rows_decides_nothing():
    nodes = candidates()
    shuffled = nodes.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(typical_nodes(nodes), typical_nodes(shuffled))


def test_equal_nodes_come_in_the_order_of_their_names():
    nodes = candidates(volume_mm3=300.0, suv_max=4.0)
    positive = sorted(nodes.loc[nodes["status"] == "positive", "node_id"])
    chosen = typical_nodes(nodes)
    assert chosen["node_id"].iloc[0] == positive[0]
    assert (chosen["distance"] == 0).all()


def test_nodes_without_uptake_are_shown_only_where_none_has_it():
    nodes = candidates()
    typical = typical_nodes(nodes)["node_id"].iloc[0]
    nodes.loc[nodes["node_id"] == typical, "suv_max"] = np.nan
    assert typical not in set(typical_nodes(nodes)["node_id"])
    chosen = typical_nodes(nodes.assign(suv_max=np.nan))
    assert chosen["suv_max"].isna().all()
    assert np.isfinite(chosen["distance"]).all()


def test_a_cold_node_is_far_and_not_infinitely_far():
    nodes = candidates(suv_max=0.0)
    assert np.isfinite(typical_nodes(nodes)["distance"]).all()


def test_a_single_patient_or_node_fills_both_positive_panels():
    nodes = candidates(patient_id="P1")
    chosen = typical_nodes(nodes)["node_id"]
    assert chosen.iloc[2] == nearest(nodes, "positive")[1]
    positive = nodes[nodes["status"] == "positive"].head(1)
    few = pd.concat([positive, nodes[nodes["status"] == "negative"]])
    chosen = typical_nodes(few)["node_id"]
    assert chosen.iloc[0] == chosen.iloc[2] == positive["node_id"].iloc[0]


def test_a_test_set_without_positive_nodes_is_refused():
    with pytest.raises(NoExampleError, match="no positive node"):
        typical_nodes(candidates(status="negative"))


def test_only_test_nodes_are_chosen_and_their_exams_named(tmp_path):
    nodes = candidates()
    tested = nodes.head(30)
    columns = list(tables.DATASET.columns)
    tables.write(
        nodes[list(tables.NODES.columns)], tmp_path / "nodes.tsv", tables.NODES
    )
    tables.write(tested.assign(fold=0)[columns], tmp_path / "test.tsv", tables.DATASET)
    sheet = nodes.assign(label="1", segmentation=None, suggested=None)
    tables.write(
        sheet[list(tables.NODE_SHEET.columns)], tmp_path / "sheet", tables.NODE_SHEET
    )
    choose_examples(
        nodes=tmp_path / "nodes.tsv",
        test=tmp_path / "test.tsv",
        sheet=tmp_path / "sheet",
        output=tmp_path / "chosen.tsv",
    )
    chosen = tables.read(tmp_path / "chosen.tsv", EXAMPLES)
    assert set(chosen["node_id"]) <= set(tested["node_id"])
    assert list(chosen["exam_id"]) == list("E" + chosen["patient_id"])
    assert list(chosen["status"]) == ["positive", "negative", "positive"]
