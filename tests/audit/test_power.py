"""Rehearsals of the audit: their worth in closed form, their cohorts, their counts."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from studies import measured_nodes

from nodal_staging import tables
from nodal_staging.audit.location_mix import Mix
from nodal_staging.audit.rehearsal import Evidence, draw_patients, weight_worth, worth
from nodal_staging.audit.shortcut_power import (
    POWER,
    Plan,
    Rehearsals,
    rehearse_audit,
    rehearse_size,
)
from nodal_staging.datasets.split import DatasetError, Split
from nodal_staging.estimates.auc import empirical_auc
from nodal_staging.estimates.patient_bootstrap import BootstrapOptions
from nodal_staging.estimates.proportions import wilson_interval

LOCATIONS = np.array(["a", "b", "c"])
MIX = Mix(LOCATIONS, np.array([[600.0, 300.0, 100.0], [100.0, 300.0, 600.0]]))
EVIDENCE = Evidence(0.8, 0.3)


def test_the_worth_is_that_of_many_nodes():
    rng = np.random.default_rng(1)
    n = 100_000
    positive = np.repeat([True, False], n)
    shares = MIX.counts / MIX.counts.sum(axis=1, keepdims=True)
    places = [rng.choice(LOCATIONS, n, p=row) for row in shares[::-1]]
    ratio = MIX.ratio_at(np.concatenate(places))
    alone = EVIDENCE.draw(positive, np.arange(2 * n), rng)
    assert empirical_auc(alone, positive) == pytest.approx(0.8, abs=0.004)
    score = alone + 0.6 * ratio
    expected = empirical_auc(score, positive) - 0.8
    assert worth(MIX, 0.6, EVIDENCE) == pytest.approx(expected, abs=0.004)


def test_the_weight_of_a_worth_has_that_worth():
    weight = weight_worth(MIX, 0.05, EVIDENCE)
    assert 0 < weight < 1
    assert worth(MIX, weight, EVIDENCE) == pytest.approx(0.05, abs=1e-9)
    assert worth(MIX, 0, EVIDENCE) == pytest.approx(0, abs=1e-12)
    largest = worth(MIX, 1, EVIDENCE)
    assert largest > max(worth(MIX, w, EVIDENCE) for w in (0.8, 0.9, 1.1, 1.3))
    assert weight_worth(MIX, largest + 0.001, EVIDENCE) is None


def test_evidence_of_a_patient_is_correlated_as_configured():
    rng = np.random.default_rng(2)
    patient = np.repeat(np.arange(20_000), 2)
    pairs = EVIDENCE.draw(np.ones(40_000, bool), patient, rng).reshape(-1, 2)
    assert np.corrcoef(pairs.T)[0, 1] == pytest.approx(0.3, abs=0.03)


def test_patients_are_drawn_with_all_their_nodes():
    nodes = measured_nodes(90, seed=1, patients=30)
    drawn = draw_patients(nodes, 50, np.random.default_rng(3))
    assert drawn["node_id"].is_unique
    assert drawn["patient_id"].nunique() == 50
    kept = ["status", "location"]
    known = {tuple(map(tuple, own[kept].to_numpy())) for _, own in by_patient(nodes)}
    found = {tuple(map(tuple, own[kept].to_numpy())) for _, own in by_patient(drawn)}
    assert found <= known


def by_patient(nodes):
    return nodes.sort_values("node_id").groupby("patient_id")


def rehearsed(folder, patients=(), number=12, **changes):
    nodes = measured_nodes(400, seed=5, patients=90)
    rng = np.random.default_rng(6)
    common = nodes["location"].isin(tables.LOCATIONS[:4])
    chance = np.where(common, 0.7, 0.2)
    status = np.where(rng.random(400) < chance, "positive", "negative")
    tables.write(nodes.assign(status=status), folder / "nodes.tsv", tables.NODES)
    rehearse_audit(
        nodes=folder / "nodes.tsv",
        plan=Plan(
            split=Split("patient", 0.3, 1),
            folds=2,
            rehearsals=Rehearsals(0.04, [1.0], list(patients), number, EVIDENCE),
            bootstrap=BootstrapOptions(150, 0.95, changes.get("seed", 1)),
        ),
        output=folder / "power.tsv",
    )
    return tables.read(folder / "power.tsv", POWER)


@pytest.mark.simulation
def test_a_stronger_shortcut_is_found_more_often(tmp_path):
    found = rehearsed(tmp_path, [150])
    for _, rows in found[found["mix"] == "study"].groupby("patients"):
        ordered = rows.sort_values("weight")
        assert ordered["worth"].is_monotonic_increasing
        assert ordered["share"].is_monotonic_increasing
        assert ordered["worth"].iloc[1] == pytest.approx(0.04)
        assert ordered["share"].iloc[0] <= 2 / 12 < ordered["share"].iloc[-1]
    assert set(found["patients"]) == {90, 150}
    own = found["patients"] == 90
    assert (found["own_size"] == own.map({True: "yes", False: "no"})).all()
    for row in found.to_dict("records"):
        assert row["share"] == row["flagged"] / 12
        expected = wilson_interval(row["flagged"], 12, level=0.95)
        assert (row["lower"], row["upper"]) == pytest.approx(expected)


def test_rehearsals_repeat_themselves(tmp_path):
    first = rehearsed(tmp_path, number=2)
    assert rehearsed(tmp_path, number=2).equals(first)
    again = rehearsed(tmp_path, number=2, seed=2)
    assert not again["test_nodes"].equals(first["test_nodes"])


def test_a_given_split_is_rehearsed_as_it_is(tmp_path):
    nodes = measured_nodes(300, seed=8, patients=60)
    names = sorted(nodes["patient_id"].unique())
    chosen = ["test"] * 24 + ["unused"] * 6 + ["train"] * 30
    table = pd.DataFrame({"patient_id": names, "set": chosen})
    table.to_csv(tmp_path / "split.tsv", sep="\t", index=False)
    # Nodes of test patients are at one place, so no other node can be taken for one.
    tested = nodes["patient_id"].isin(names[:24])
    places = np.where(tested, "iliac", "axillary")
    plan = Plan(
        split=Split("patient", 0.01, 1, given=tmp_path / "split.tsv"),
        folds=2,
        rehearsals=Rehearsals(0.04, [1.0], [], 8, EVIDENCE),
        bootstrap=BootstrapOptions(50, 0.95, 1),
    )
    for patients in (60, 120):
        for row in rehearse_size(nodes.assign(location=places), patients, plan):
            assert row["test_patients"] == 0.4 * patients
            expected = tested.sum() * patients / 60
            assert row["test_nodes"] == pytest.approx(expected, rel=0.1)
            # One location alone says nothing, so there is no verdict on it.
            assert row["flagged"] == 0 or row["mix"] == "shuffled"


def test_strata_of_the_study_are_those_of_rehearsals():
    nodes = measured_nodes(400, seed=5, patients=90)
    # With many negative nodes, no draw of patients has to be repeated.
    status = np.where(np.arange(400) % 4 == 0, "positive", "negative")
    nodes = nodes.assign(status=status)
    drawn = draw_patients(nodes, 200, np.random.default_rng(3))
    assert set(drawn["short_axis_mm"]) <= set(nodes["short_axis_mm"])
    plan = Plan(
        split=Split("patient", 0.3, 1, strata_mm=[8, 10]),
        folds=2,
        rehearsals=Rehearsals(0.04, [], [], 2, EVIDENCE),
        bootstrap=BootstrapOptions(20, 0.95, 1),
    )
    stratified = rehearse_size(nodes, 90, plan)
    anyhow = rehearse_size(nodes, 90, replace(plan, split=Split("patient", 0.3, 1)))
    assert stratified[0]["test_nodes"] != anyhow[0]["test_nodes"]


def test_a_size_that_cannot_be_split_is_named(tmp_path):
    with pytest.raises(DatasetError, match=r"audit_power\.patients: 1 patients"):
        rehearsed(tmp_path, [1], number=1)
