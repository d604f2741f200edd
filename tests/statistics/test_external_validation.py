"""A frozen study on another cohort: refusals, verdicts, and what is never fitted."""

import json
import logging
import re
from dataclasses import replace
from hashlib import sha256

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from score_files import simulate
from studies import measured_nodes

from nodal_staging import tables
from nodal_staging.classifiers.cnn.predicted_nodes import PREDICTIONS
from nodal_staging.classifiers.labelled_scores import LabelledScores, ScoredClassifier
from nodal_staging.estimates.interval import Interval
from nodal_staging.estimates.patient_bootstrap import BootstrapOptions
from nodal_staging.nodes.patch_files import write_patches
from nodal_staging.statistics.external.frozen_study import (
    CohortFiles,
    ExternalError,
    FrozenNetwork,
    verify_frozen_study,
)
from nodal_staging.statistics.external.transport import (
    TRANSPORT,
    ExternalFiles,
    compare_cohorts,
    measure_cohort,
    measure_transport,
    verdict,
)
from nodal_staging.statistics.youden_threshold import ThresholdRule, choose_threshold
from nodal_staging.study.files import read_json, write_json

NAME = "cnn_xmask"
OPTIONS = BootstrapOptions(200, 0.95, 5)
MARGIN = 0.05


def cohort(seed: int, *, auc: float, patients: int = 240) -> LabelledScores:
    """Return binormal scores of six nodes a patient, which have a tenth in common."""
    rng = np.random.default_rng(seed)
    patient = np.repeat(np.arange(patients), 6)
    n = len(patient)
    positive = rng.random(n) < 0.5
    own, shared = rng.standard_normal(n), rng.standard_normal(patients)
    score = positive * norm.ppf(auc) * 2**0.5
    score = score + 0.1**0.5 * shared[patient] + 0.9**0.5 * own
    names = np.array([f"N{i:05d}" for i in range(n)])
    return LabelledScores(
        names, np.array([f"P{p:04d}" for p in patient]), positive, score, None
    )


def compared(seed: int, auc: float, other: float, **sizes: int):
    """Compare a study with another cohort, both simulated."""
    few = replace(OPTIONS, replicates=20)
    study = measure_cohort(cohort(2 * seed, auc=auc, **sizes), 0.7, few)
    external = measure_cohort(cohort(2 * seed + 1, auc=other, **sizes), 0.7, few)
    return compare_cohorts(study, external, MARGIN)


def test_the_same_performance_is_transported():
    verdicts = [compared(seed, 0.86, 0.86)["verdict"] for seed in range(20)]
    assert verdicts.count("transported") >= 18
    assert "not_transported" not in verdicts


def test_a_large_loss_is_not_transported_and_a_small_cohort_undecided():
    lost = [compared(seed, 0.86, 0.72)["verdict"] for seed in range(10)]
    assert lost.count("not_transported") >= 9
    few = [compared(seed, 0.86, 0.86, patients=20)["verdict"] for seed in range(10)]
    assert few.count("undecided") >= 9


@pytest.mark.simulation
def test_the_interval_of_the_difference_covers_no_difference():
    rows = [compared(seed, 0.86, 0.86, patients=60) for seed in range(200)]
    covered = np.mean(
        [
            row["auc_difference_lower"] <= 0 <= row["auc_difference_upper"]
            for row in rows
        ]
    )
    assert 0.92 <= covered <= 0.98


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (-0.049, 0.049, "transported"),
        (-0.051, 0.02, "undecided"),
        (-0.2, -0.051, "not_transported"),
        (0.06, 0.1, "undecided"),
        (None, None, "undecided"),
    ],
)
def test_the_margin_decides(low, high, expected):
    assert verdict(Interval(low, high), MARGIN) == expected


def test_sensitivity_and_specificity_are_those_at_the_frozen_threshold():
    scores = cohort(3, auc=0.8, patients=30)
    found = measure_cohort(scores, 1.1, OPTIONS)
    sensitivity, ends = found.rates["sensitivity"]
    assert sensitivity == np.mean(scores.score[scores.positive] >= 1.1)
    assert found.rates["specificity"][0] == np.mean(
        scores.score[~scores.positive] < 1.1
    )
    assert ends.lower < sensitivity < ends.upper


# --- from files to files


@pytest.fixture
def study(tmp_path):
    """Write a finished study of one CNN, and another cohort."""
    folder = tmp_path / "study"
    folder.mkdir()
    scores = simulate(folder / "scores.csv")
    (folder / "weights.h5").write_bytes(b"weights")
    rule = ThresholdRule("out_of_fold", "lowest")
    chosen = choose_threshold(ScoredClassifier.read(NAME, scores), rule)
    write_json(folder / "statistics.json", {"threshold": chosen})
    sums = {
        "models/xmask/weights.h5": folder / "weights.h5",
        f"scores/{NAME}.csv": scores,
    }
    recorded = {k: sha256(p.read_bytes()).hexdigest() for k, p in sums.items()}
    write_json(folder / "provenance.json", {"artefacts_sha256": recorded})
    for name, seed, start in (("own", 1, "P"), ("other", 2, "Q")):
        nodes = measured_nodes(60, seed, patients=20)
        nodes["patient_id"] = nodes["patient_id"].str.replace("P", start)
        write_cohort(folder, name, nodes, seed)
    return folder


def write_cohort(folder, name, nodes, seed):
    """Write measurements, and patches of two nodes."""
    tables.write(nodes, folder / f"{name}.tsv", tables.NODES)
    rng = np.random.default_rng(seed)
    patches = {
        node_id: (
            rng.integers(-100, 100, (8, 8, 8)).astype(np.int16),
            np.ones((8, 8, 8), np.uint8),
        )
        for node_id in nodes["node_id"][:2]
    }
    write_patches(folder / f"{name}.h5", patches, size=8, spacing_mm=1.0)


def verify(study, *, allow=False, external="other"):
    cohorts = {
        key: CohortFiles([study / f"{name}.tsv"], [study / f"{name}.h5"])
        for key, name in (("study", "own"), ("external", external))
    }
    network = FrozenNetwork(
        study / "weights.h5", study / "scores.csv", study / "statistics.json"
    )
    verify_frozen_study(
        provenance=study / "provenance.json",
        networks={NAME: network},
        **cohorts,
        allow_shared_pseudonyms=allow,
        output=study / "frozen.json",
    )
    return read_json(study / "frozen.json")


def test_an_unchanged_study_and_other_patients_are_accepted(study):
    found = verify(study)
    threshold = read_json(study / "statistics.json")["threshold"]["value"]
    weights = sha256(b"weights").hexdigest()
    assert found["classifiers"] == {
        NAME: {"weights_sha256": weights, "threshold": threshold}
    }
    assert (found["nodes"], found["nodes_with_status"]) == (60, 60)


def change_weights(study):
    (study / "weights.h5").write_bytes(b"weightS")


def change_scores(study):
    path = study / "scores.csv"
    path.write_text(path.read_text().replace("0.9", "0.8", 1))


def change_threshold(study):
    content = read_json(study / "statistics.json")
    content["threshold"]["value"] += 1e-9
    (study / "statistics.json").write_text(json.dumps(content))


def remove_status(study):
    nodes = measured_nodes(60, 2).assign(status="unknown")
    write_cohort(study, "other", nodes, 2)


def share_patients(study):
    write_cohort(study, "other", measured_nodes(60, 2, patients=20), 2)


def share_images(study):
    nodes = tables.read(study / "other.tsv", tables.NODES)
    write_cohort(study, "other", nodes, 1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (change_weights, "the weights of the CNN, xMask are not those that the study"),
        (change_scores, "the scores of the CNN, xMask are not those that the study"),
        (change_threshold, r"the threshold of the CNN, xMask is 0\.\d+, but its"),
        (remove_status, r"prediction\.nodes: no node .* has a status; fill in"),
        (share_patients, r"prediction\.exams: 17 of 18 patients are in the study"),
        (share_images, r"prediction\.nodes: the images of 2 of 2 nodes are in the"),
    ],
)
def test_what_is_no_external_validation_is_refused(study, change, message):
    change(study)
    with pytest.raises(ExternalError, match=message):
        verify(study)


def test_pseudonyms_may_be_equal_by_chance_but_images_may_not(study):
    share_patients(study)
    assert verify(study, allow=True)["pseudonyms_compared"] is False
    write_cohort(study, "other", measured_nodes(60, 2), 1)
    with pytest.raises(ExternalError, match="images of 2 of 2"):
        verify(study, allow=True)


def transported(study, nodes, score):
    """Measure the CNN on nodes of another cohort with given scores."""
    tables.write(nodes, study / "other.tsv", tables.NODES)
    columns = ["node_id", "patient_id", "location", "volume_mm3", "short_axis_mm"]
    predicted = nodes[columns].assign(
        score=score,
        threshold=0.5,
        prediction="negative",
        distance=0.1,
        unseen_percent=50.0,
        far=["yes"] * 15 + ["no"] * (len(nodes) - 15),
    )
    tables.write(predicted, study / "predicted.tsv", PREDICTIONS)
    files = ExternalFiles(
        study / "predicted.tsv",
        study / "scores.csv",
        study / "statistics.json",
        study / "labelled.csv",
    )
    measure_transport(
        networks={NAME: files},
        nodes=[study / "other.tsv"],
        frozen=study / "frozen.json",
        margin=MARGIN,
        bootstrap=OPTIONS,
        output=study / "transport.tsv",
        summary=study / "transport.json",
    )
    return tables.read(study / "transport.tsv", TRANSPORT).iloc[0]


def test_both_cohorts_are_in_the_table_and_unknown_nodes_are_counted(study):
    verify(study)
    nodes = measured_nodes(60, 2, patients=20)
    score = np.where(nodes["status"] == "positive", 0.6, 0.4)
    nodes.loc[:4, "status"] = "unknown"
    score[10:30] = 0.45
    row = transported(study, nodes, score)
    known = nodes["status"] != "unknown"
    positive = nodes["status"] == "positive"
    above = score >= read_json(study / "statistics.json")["threshold"]["value"]
    assert (row["without_status"], row["far_share"]) == (5, 0.25)
    assert row["positive"] + row["negative"] == known.sum()
    assert row["external_sensitivity"] == above[known & positive].mean()
    ours = ScoredClassifier.read(NAME, study / "scores.csv").test
    assert row["study_auc"] == pytest.approx(ours.area.estimate)
    assert row["auc_difference"] == pytest.approx(
        row["external_auc"] - row["study_auc"]
    )
    written = ScoredClassifier.read(NAME, study / "labelled.csv")
    assert len(written.partition("external").score) == known.sum()
    summary = read_json(study / "transport.json")
    assert summary["verdicts"] == {NAME: row["verdict"]}
    assert summary["external"][NAME]["natural_prevalence"]["prevalence"] == (
        pytest.approx(positive[known].mean())
    )


def test_positive_nodes_alone_have_a_sensitivity_and_no_verdict(study, caplog):
    verify(study)
    nodes = measured_nodes(60, 2, patients=20).assign(status="positive")
    with caplog.at_level(logging.WARNING):
        row = transported(study, nodes, np.linspace(0.01, 0.99, 60))
    assert 0 < row["external_sensitivity_lower"] < row["external_sensitivity"] < 1
    assert pd.isna(row["external_auc"])
    assert pd.isna(row["external_specificity"])
    assert (row["verdict"], row["note"]) == ("undecided", "one_class")
    assert "no AUC and no verdict" in caplog.text


def test_reversed_labels_are_suspected(study, caplog):
    verify(study)
    nodes = measured_nodes(200, 2, patients=60)
    score = np.where(nodes["status"] == "positive", 0.3, 0.7)
    score = score + np.random.default_rng(0).normal(0, 0.1, 200)
    with caplog.at_level(logging.WARNING):
        row = transported(study, nodes, np.clip(score, 0, 1))
    assert row["note"] == "labels_may_be_reversed"
    assert re.search(r"AUC of the other cohort is 0\.0\d\d; labels may be", caplog.text)
