"""The mix of nodes of the test patients, and a draw that keeps it."""

import numpy as np
import pandas as pd
import pytest

from nodal_staging import tables
from nodal_staging.datasets.balance import BALANCE, cells_of, draw_alike, write_balance
from nodal_staging.datasets.split import Split, split_test
from nodal_staging.phantom.truth import Dials, draw_nodes

PAPER = Dials(431 / 2616, 1.0, 0.5, 1.2, 0.8, 0.3, 0.3, 0.0)
LIMITS_MM = [5, 8, 10]


def cohort(seed, patients=240, nodes=1100):
    names = [f"P{number:03}" for number in range(patients)]
    frame = draw_nodes(names, nodes, PAPER, seed=seed)
    rng = np.random.default_rng(seed)
    larger = frame["status"].eq("positive") * 2
    return frame.assign(short_axis_mm=rng.gamma(6, 1.0, len(frame)) + larger)


def largest_difference(nodes, split):
    """Compare shares by definition: a loop over cells, no table of counts."""
    _, rest = split_test(nodes, split)
    tested = nodes.drop(rest.index)
    cells, part = cells_of(nodes, LIMITS_MM), cells_of(tested, LIMITS_MM)
    apart = []
    for cell, members in cells.groupby(list(cells.columns)):
        if len(members) >= 5:
            own = (part == list(cell)).all(axis=1).sum()
            apart.append(abs(own / len(part) - len(members) / len(cells)))
    return max(apart)


def test_a_stratified_draw_keeps_the_mix_twice_as_well_as_a_random_one():
    found = {None: [], tuple(LIMITS_MM): []}
    for seed in range(20):
        nodes = cohort(seed)
        for strata, apart in found.items():
            split = Split("patient", 0.15, seed, strata_mm=strata)
            apart.append(largest_difference(nodes, split))
    drawn, alike = (np.mean(apart) for apart in found.values())
    assert alike <= drawn / 2


def test_as_many_positives_as_asked_for_and_another_seed_draws_others():
    nodes = cohort(3)
    positive = nodes["status"].eq("positive").groupby(nodes["patient_id"]).sum()
    drawn = [
        draw_alike(nodes, 27, LIMITS_MM, np.random.default_rng(seed)) for seed in (1, 2)
    ]
    assert [positive[list(patients)].sum() for patients in drawn] == [27, 27]
    assert drawn[0] != drawn[1]
    again = draw_alike(nodes, 27, LIMITS_MM, np.random.default_rng(1))
    assert again == drawn[0]


def test_the_table_counts_all_nodes_of_the_test_patients(tmp_path):
    nodes = cohort(5, patients=30, nodes=150)
    rest = [name for name in tables.NODES.columns if name not in nodes.columns]
    frame = nodes.assign(**dict.fromkeys(rest, 1)).assign(flags="ok")
    numbers = {
        name: float
        for name, column in tables.NODES.columns.items()
        if column.dtype == "float64"
    }
    frame = frame.astype(numbers)
    tables.write(
        frame[list(tables.NODES.columns)], tmp_path / "nodes.tsv", tables.NODES
    )
    tested = frame[frame["patient_id"].isin(["P001", "P002", "P003"])]
    some = tested.groupby("patient_id").head(1).assign(fold=0)
    columns = list(tables.DATASET.columns)
    tables.write(some[columns], tmp_path / "test.tsv", tables.DATASET)
    write_balance(
        nodes=tmp_path / "nodes.tsv",
        test=tmp_path / "test.tsv",
        limits_mm=LIMITS_MM,
        output=tmp_path / "balance.tsv",
    )
    found = tables.read(tmp_path / "balance.tsv", BALANCE)
    assert found["nodes"].sum() == 150
    assert found["test_nodes"].sum() == len(tested)
    row = found[found["nodes"] >= 5].iloc[0]
    a, b = row["test_nodes"] / len(tested), row["nodes"] / 150
    expected = (a - b) / np.sqrt((a * (1 - a) + b * (1 - b)) / 2)
    assert row["standardised_difference"] == pytest.approx(expected)
    few = found.loc[found["nodes"] < 5, "standardised_difference"]
    assert few.isna().all()
    assert isinstance(few, pd.Series)
    assert len(few)
