"""Patients are staged by the locations of their nodes, and counted one by one."""

import itertools
import json

import numpy as np
import pandas as pd
import pytest
from score_files import write_scores
from studies import measured_nodes

from nodal_staging import tables
from nodal_staging.classifiers.scores import score_table
from nodal_staging.estimates.auc import empirical_auc
from nodal_staging.estimates.proportions import wilson_interval
from nodal_staging.statistics.patients.accuracy import (
    ACCURACY,
    CHANGES_OF_STAGE,
    CONFUSION,
    judge_patients,
)
from nodal_staging.statistics.patients.staged_patients import (
    STAGES,
    PatientFiles,
    ProtocolError,
    calls_of,
    stage_patients,
)
from nodal_staging.statistics.patients.stages import Stage


@pytest.mark.parametrize(
    "found",
    [
        found
        for size in range(4)
        for found in itertools.combinations(tables.LOCATIONS, size)
    ],
)
def test_every_set_of_locations_has_the_stage_of_the_table(found):
    pelvic = ("iliac" in found) + ("perirectal" in found)
    beyond = len(found) > pelvic
    expected = Stage(f"N{pelvic}", "M1a" if beyond else "M0")
    assert Stage.of([*found, *found]) == expected


def test_two_pelvic_locations_and_an_inguinal_node_are_n2_m1a():
    assert Stage.of(["iliac", "perirectal", "inguinal"]) == Stage("N2", "M1a")


def test_m_counts_more_than_n():
    order = [Stage(n, m) for m in ("M0", "M1a") for n in ("N0", "N1", "N2")]
    ranks = [stage.rank for stage in order]
    assert ranks == sorted(ranks)
    assert len(set(ranks)) == len(order)


@pytest.fixture
def nodes() -> pd.DataFrame:
    return measured_nodes(200, seed=1, patients=60)


def write_files(folder, nodes, score, *, decided=None, name="a"):
    """Write the files of a classifier; the test set is every second node."""
    frame = score_table(nodes, score, "test", positive=decided)
    scores = write_scores(folder / f"{name}.csv", frame[::2])
    every = frame.assign(
        partition=tables.ALL_TEST_NODES,
        prediction=pd.Series(None, index=frame.index, dtype="str"),
    )
    (folder / "all").mkdir(exist_ok=True)
    tables.write(every, folder / "all" / f"{name}.csv", tables.SCORES)
    threshold = 0.6 if decided is None else None
    statistics = folder / f"{name}.json"
    statistics.write_text(json.dumps({"threshold": {"value": threshold}}))
    return PatientFiles(folder / "all" / f"{name}.csv", scores, statistics)


def judged(folder, nodes, files, *, protocol="patient"):
    tables.write(nodes, folder / "nodes.tsv", tables.NODES)
    stage_patients(
        classifiers=files,
        nodes=folder / "nodes.tsv",
        protocol=protocol,
        output=folder / "stages.tsv",
    )
    names = {"accuracy": ACCURACY, "confused": CONFUSION, "changes": CHANGES_OF_STAGE}
    outputs = {name: folder / f"{name}.tsv" for name in names}
    judge_patients(
        stages=folder / "stages.tsv",
        all_test_nodes={name: one.all_test_nodes for name, one in files.items()},
        level=0.95,
        **outputs,
    )
    found = [tables.read(path, names[name]) for name, path in outputs.items()]
    return tables.read(folder / "stages.tsv", STAGES), *found


def test_counts_are_those_of_a_count_by_hand(tmp_path, nodes):
    score = np.random.default_rng(1).random(200)
    files = {"a": write_files(tmp_path, nodes, score)}
    stages, accuracy, confused, changes = judged(tmp_path, nodes, files)
    known = nodes.assign(called=score >= 0.6, score=score)
    known["positive"] = known["status"] == "positive"
    both = 0
    for patient, own in known.groupby("patient_id"):
        row = stages.set_index("patient_id").loc[patient]
        reference = Stage.of(own.loc[own["positive"], "location"])
        called = Stage.of(own.loc[own["called"], "location"])
        assert (row["reference_n"], row["reference_m"]) == (reference.n, reference.m)
        assert (row["called_n"], row["called_m"]) == (called.n, called.m)
        assert row["nodes"] == len(own)
        assert row["highest_score"] == own["score"].max()
        both += own["positive"].any() and own["called"].any()
    anywhere = accuracy.set_index("endpoint").loc["any_node"]
    patients = known.groupby("patient_id")
    sick = patients["positive"].any().to_numpy()
    assert anywhere["tp"] == both
    assert anywhere["tp"] + anywhere["fn"] == sick.sum()
    ends = wilson_interval(both, int(sick.sum()), level=0.95)
    measured = (anywhere["sensitivity_lower"], anywhere["sensitivity_upper"])
    assert measured == pytest.approx(ends)
    area = empirical_auc(patients["score"].max().to_numpy(), sick)
    assert anywhere["auc"] == pytest.approx(area)
    for stage in ("N", "M"):
        rows = confused[confused["reference"].str.startswith(stage)]
        assert rows["patients"].sum() == len(stages)
    [counts] = changes.to_dict("records")
    assert counts["upstaged"] + counts["downstaged"] + counts["same"] == len(stages)
    assert counts["upstaged"] > 0
    assert counts["downstaged"] > 0


def test_false_positive_nodes_are_counted_where_nine_tenths_are_found(tmp_path, nodes):
    score = np.random.default_rng(2).random(200)
    files = {"a": write_files(tmp_path, nodes, score)}
    *_, changes = judged(tmp_path, nodes, files)
    positive = nodes["status"].eq("positive").to_numpy()
    cut = np.sort(score[positive])[::-1][int(np.ceil(0.9 * positive.sum())) - 1]
    expected = (score[~positive] >= cut).sum() / nodes["patient_id"].nunique()
    [found] = changes.to_dict("records")
    assert found["false_positives_per_patient"] == pytest.approx(expected)
    assert found["at_node_sensitivity"] >= 0.9


@pytest.mark.parametrize(
    ("name", "tie"),
    [("short_axis_10mm", True), ("attenuation_27hu", False), ("rf_all", False)],
)
def test_a_decision_at_one_half_keeps_its_rule_for_ties(tmp_path, nodes, name, tie):
    score = np.random.default_rng(3).choice([0.2, 0.5, 0.8], 200)
    decided = (score > 0.5) | (tie & (score == 0.5))
    files = write_files(tmp_path, nodes, score, decided=decided, name=name)
    every, called = calls_of(name, files)
    order = {node: place for place, node in enumerate(nodes["node_id"])}
    places = [order[node] for node in every.node_id]
    assert (called == decided[places]).all()


def test_a_perfect_classifier_changes_no_stage(tmp_path, nodes):
    score = nodes["status"].eq("positive").to_numpy(float)
    files = {"a": write_files(tmp_path, nodes, score)}
    _, accuracy, confused, changes = judged(tmp_path, nodes, files)
    assert (accuracy[["fn", "fp"]] == 0).all(axis=None)
    assert changes.loc[0, "same"] == changes.loc[0, "patients"]
    off = confused[confused["reference"] != confused["called"]]
    assert off["patients"].sum() == 0


def test_a_split_by_node_is_refused_with_the_fix(tmp_path, nodes):
    files = {"a": write_files(tmp_path, nodes, np.linspace(0, 1, 200))}
    with pytest.raises(ProtocolError, match=r"set datasets\.protocol: patient"):
        judged(tmp_path, nodes, files, protocol="node")
