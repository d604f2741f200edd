"""Who hosts a transplanted node, and how transplants are compared with the truth."""

import numpy as np
import pandas as pd
import pytest
from studies import measured_nodes

from nodal_staging import tables
from nodal_staging.audit.counterfactual.effect_tables import CNN_SCORES, EFFECTS
from nodal_staging.audit.counterfactual.summary import (
    ScoredCopies,
    measure_counterfactual,
    with_observed_evidence,
)
from nodal_staging.audit.counterfactual.transplant_agreement import agreement
from nodal_staging.audit.counterfactual.transplanted import (
    TransplantOptions,
    make_transplants,
    of_nodes,
)
from nodal_staging.estimates.patient_bootstrap import BootstrapOptions, PatientBootstrap
from nodal_staging.figures.counterfactual import draw_counterfactual
from nodal_staging.nodes.patch_files import write_patches
from nodal_staging.phantom.copies import COPIES

OPTIONS = TransplantOptions(nodes=10, renderings=2, seed=3)


@pytest.fixture(scope="module")
def nodes():
    return measured_nodes(400, seed=4, patients=80)


@pytest.fixture(scope="module")
def planned(nodes, tmp_path_factory):
    folder = tmp_path_factory.mktemp("transplants")
    tables.write(nodes, folder / "nodes.tsv", tables.NODES)
    columns = ["node_id", "patient_id", "location", "status"]
    test = nodes[columns].head(60).assign(fold=0)
    tables.write(test, folder / "test.tsv", tables.DATASET)
    return of_nodes(folder / "nodes.tsv", folder / "test.tsv", OPTIONS)


def test_every_node_gets_hosts_at_every_location(planned):
    assert len(planned) == 10 * 9 * 2
    assert planned["node_id"].is_unique
    cells = planned.groupby(["original", "location"])["recipient"].nunique()
    assert set(cells) == {2}


def test_hosts_are_other_patients_at_the_location_with_smaller_nodes(nodes, planned):
    known = nodes.set_index("node_id")
    hosts = known.loc[planned["recipient"]].reset_index()
    assert (hosts["location"] == planned["location"]).all()
    assert (hosts["patient_id"] != planned["patient_id"]).all()
    smaller = hosts["volume_mm3"] <= planned["volume_mm3"]
    for place in np.flatnonzero(~smaller):
        row = planned.iloc[place]
        others = known[known["location"] == row["location"]]
        others = others[others["patient_id"] != row["patient_id"]]
        assert (others["volume_mm3"] <= row["volume_mm3"]).sum() < 2
    assert smaller.mean() > 0.8


def test_a_location_without_hosts_is_left_out(nodes, tmp_path):
    few = nodes[nodes["location"] != "cervical"]
    tables.write(few, tmp_path / "nodes.tsv", tables.NODES)
    columns = ["node_id", "patient_id", "location", "status"]
    test = few[columns].head(60).assign(fold=0)
    tables.write(test, tmp_path / "test.tsv", tables.DATASET)
    found = of_nodes(tmp_path / "nodes.tsv", tmp_path / "test.tsv", OPTIONS)
    assert set(found["location"]) == {*tables.LOCATIONS} - {"cervical"}


def test_without_hosts_nothing_is_measured_and_the_figure_says_so(nodes, tmp_path):
    alone = nodes.assign(patient_id="P1")
    tables.write(alone, tmp_path / "nodes.tsv", tables.NODES)
    columns = ["node_id", "patient_id", "location", "status"]
    test = alone[columns].head(60).assign(fold=0)
    tables.write(test, tmp_path / "test.tsv", tables.DATASET)
    found = of_nodes(tmp_path / "nodes.tsv", tmp_path / "test.tsv", OPTIONS)
    assert found.empty
    tables.write(found[list(COPIES.columns)], tmp_path / "copies.tsv", COPIES)
    tables.write(
        pd.DataFrame({"node_id": []}, dtype=str), tmp_path / "s.tsv", CNN_SCORES
    )
    outputs = {name: tmp_path / f"{name}.tsv" for name in ("counterfactual", "effects")}
    measure_counterfactual(
        scored=ScoredCopies(tmp_path / "copies.tsv", None, tmp_path / "s.tsv"),
        models=None,
        statistics={},
        truth=None,
        nodes=tmp_path / "nodes.tsv",
        bootstrap=BootstrapOptions(10, 0.95, 1),
        **outputs,
    )
    assert tables.read(outputs["effects"], EFFECTS).empty
    figure = tmp_path / "figure.svg"
    draw_counterfactual(**outputs, synthetic=False, output=[figure])
    assert "no node could be transplanted" in figure.read_text()


def test_transplants_are_made_of_the_named_patches(planned, tmp_path):
    some = planned.head(2)
    mask = np.zeros((12, 80, 80), np.uint8)
    mask[5:7, 38:42, 38:42] = 1
    patches = {
        name: (np.full(mask.shape, hu, np.int16) + 150 * mask.astype(np.int16), mask)
        for hu, names in ((-100, some["donor"]), (-90, some["recipient"]))
        for name in names
    }
    write_patches(tmp_path / "p.h5", patches, size=80, spacing_mm=1.0, depth=12)
    made = make_transplants(some, tmp_path / "p.h5", spacing_mm=1.0, seed=1)
    assert (made.images[:, mask > 0] == 50).all()
    assert (made.images[:, mask == 0] == -90).all()
    assert (made.masks == mask).all()


def test_the_prior_of_patients_is_counted(nodes):
    copies = with_observed_evidence(nodes[["location"]], nodes)
    ratio = copies.groupby("location")["location_evidence"].first()
    counts = nodes.groupby(["location", "status"]).size().unstack() + 0.5
    odds = counts["positive"] / counts["negative"]
    expected = np.log(odds) - np.log(
        counts["positive"].sum() / counts["negative"].sum()
    )
    assert ratio.to_numpy() == pytest.approx(expected[ratio.index].to_numpy())


def test_agreement_is_the_correlation_of_the_effects():
    rng = np.random.default_rng(6)
    place = rng.normal(size=9)
    exact = rng.normal(0, 3, (20, 1)) + place + rng.normal(0, 0.5, (20, 9))
    approximate = rng.normal(0, 3, (20, 1)) + 0.8 * place + rng.normal(0, 0.5, (20, 9))
    names = np.arange(20).astype(str)
    options = BootstrapOptions(300, 0.95, 1)
    drawn = PatientBootstrap(np.arange(20) % 2 == 0, names, options)
    found = agreement(exact, approximate, drawn)
    x, y = (cells - cells.mean(axis=1)[:, None] for cells in (exact, approximate))
    assert found["correlation"] == pytest.approx(
        np.corrcoef(x.ravel(), y.ravel())[0, 1]
    )
    assert found["lower"] < found["correlation"] < found["upper"]
    means = x.mean(axis=0), y.mean(axis=0)
    assert found["correlation_of_locations"] == pytest.approx(np.corrcoef(*means)[0, 1])
    assert found["slope_of_locations"] == pytest.approx(np.polyfit(*means, 1)[0])
    same = agreement(exact, exact, drawn)
    assert same["correlation"] == pytest.approx(1)
    assert same["exact_location_share"] == same["transplanted_location_share"]
