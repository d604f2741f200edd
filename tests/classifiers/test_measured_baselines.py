"""Attenuation and volume from raw files to the baseline, against SimpleITK alone."""

import re

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk
from small_cohort import SHARD, draw_sheets, simulate_shard, small_scanner

from nodal_staging import tables
from nodal_staging.classifiers.baselines import score_baseline
from nodal_staging.cohort.contrast_and_dose import Rules
from nodal_staging.cohort.inclusion_criteria import Limits
from nodal_staging.cohort.inspected_shard import InspectedShard
from nodal_staging.cohort.inspection import inspect_exams
from nodal_staging.nodes.measurements import measure_nodes
from nodal_staging.phantom.synthetic_cohort import Enrolment

SCANNER = small_scanner(noise_hu=9)


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    """Return the folder of four synthetic exams, their nodes measured."""
    folder = tmp_path_factory.mktemp("raw")
    draw_sheets(folder, Enrolment(4, 18, 0.0), SCANNER, seed=5)
    simulate_shard(folder, SCANNER, seed=5)
    sheets = {"exams": folder / "exams.tsv", "nodes": folder / "nodes.tsv"}
    inspect_exams(
        **sheets,
        shard=SHARD,
        rules=Rules(low_dose_mas=40),
        on_bad_exam="fail",
        inspections=folder / "inspections.tsv",
        index=folder / "index.json",
    )
    measure_nodes(
        shard=InspectedShard(
            name=SHARD,
            **sheets,
            inspections=folder / "inspections.tsv",
            index=folder / "index.json",
            limits=Limits(),
        ),
        refused_share=0.5,
        on_bad_exam="fail",
        output=folder / "measured.tsv",
        lost=folder / "lost.tsv",
    )
    return folder


@pytest.fixture(scope="module")
def measured(raw):
    return tables.read(raw / "measured.tsv", tables.NODES).set_index("node_id")


@pytest.fixture(scope="module")
def by_simpleitk(raw):
    """Measure every node with the readers of ITK."""
    exams = tables.read(raw / "exams.tsv", tables.EXAM_SHEET).set_index("exam_id")
    rows = {}
    for exam_id, nodes in tables.read(raw / "nodes.tsv", tables.NODE_SHEET).groupby(
        "exam_id"
    ):
        exam = exams.loc[exam_id]
        files = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(raw / exam["ct"]))
        ct = sitk.ReadImage(files)
        labels = sitk.ReadImage(str(raw / exam["segmentation"]))
        labels = sitk.Resample(labels, ct, sitk.Transform(), sitk.sitkNearestNeighbor)
        hu, value = map(sitk.GetArrayFromImage, (ct, labels))
        for node in nodes.itertuples():
            own = hu[value == int(re.search(r"\d+", node.label)[0])]
            rows[node.node_id] = {
                "median_hu": np.median(own),
                "volume_mm3": own.size * np.prod(ct.GetSpacing()),
            }
    return pd.DataFrame.from_dict(rows, orient="index")


def test_medians_and_volumes_are_those_of_simpleitk(measured, by_simpleitk):
    assert len(measured) == 18
    for column in ("median_hu", "volume_mm3"):
        np.testing.assert_allclose(
            measured[column], by_simpleitk.loc[measured.index, column], atol=1e-4
        )


def test_the_attenuation_baseline_calls_what_simpleitk_measures(
    raw, measured, by_simpleitk, tmp_path
):
    rows = measured.reset_index()[["node_id", "patient_id", "location", "status"]]
    for name, part in (("test", rows[:9]), ("training", rows[9:])):
        tables.write(part.assign(fold=1), tmp_path / f"{name}.tsv", tables.DATASET)
    score_baseline(
        baseline="attenuation_27hu",
        nodes=raw / "measured.tsv",
        training=tmp_path / "training.tsv",
        test=tmp_path / "test.tsv",
        scores=tmp_path / "scores.csv",
    )
    scores = tables.read(tmp_path / "scores.csv", tables.SCORES).set_index("node_id")
    expected = by_simpleitk.loc[scores.index, "median_hu"] > 27
    assert (scores["prediction"] == "positive").tolist() == expected.tolist()
    assert 0 < expected.sum() < len(expected)
