"""Implausible masks are remarked; one that covers the CT is refused."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk
import yaml
from dicom_files import write_series
from studies import measured_nodes

from nodal_staging import tables
from nodal_staging.cohort.contrast_and_dose import Rules
from nodal_staging.cohort.inclusion_criteria import Limits
from nodal_staging.cohort.inspected_shard import InspectedShard
from nodal_staging.cohort.inspection import inspect_exams
from nodal_staging.geometry import Lattice
from nodal_staging.nodes.mask_quality import describe_masks
from nodal_staging.nodes.masks import NodeMask
from nodal_staging.nodes.measurements import measure_nodes
from nodal_staging.nodes.node_flags import FLAGS, NodeLimits, flag_nodes

CONFIG = Path(__file__).parents[2] / "config" / "config.yaml"
LIMITS = NodeLimits.of(yaml.safe_load(CONFIG.read_text())["cohort"]["node_limits"])
CT = Lattice((20, 40, 50), (0.5, 0.8, 3.0), (0.0, 0.0, 0.0))


def node(*boxes, start=(0, 0, 0)) -> NodeMask:
    """Return a mask of boxes ``((z, y, x), (depth, height, width))`` on the CT."""
    mask = np.zeros(CT.shape, bool)
    for low, size in boxes:
        mask[tuple(slice(a, a + n) for a, n in zip(low, size, strict=True))] = True
    return NodeMask(mask, start, CT)


def described(*masks):
    names = [f"N{k}" for k in range(len(masks))]
    return [*describe_masks(dict(zip(names, masks, strict=True)), CT).values()]


def test_voxels_that_touch_at_a_corner_are_one_component():
    (found,) = described(node(((2, 2, 2), (1, 1, 1)), ((3, 3, 3), (1, 1, 1))))
    assert (found.components, found.second_voxels, found.apart_mm) == (1, 0, 0)


def test_components_their_size_and_distance():
    """The gaps: 4 columns of 0.5 mm, and 3 slices of 3 mm."""
    (found,) = described(
        node(
            ((5, 5, 5), (2, 4, 4)),
            ((5, 5, 12), (1, 2, 3)),
            ((9, 5, 5), (1, 1, 1)),
        )
    )
    assert (found.components, found.second_voxels) == (3, 6)
    assert found.apart_mm == pytest.approx(9)
    assert found.slices == 3
    assert found.ct_share == pytest.approx((32 + 6 + 1) / 40_000)


def test_holes_borders_and_height_are_those_of_the_mask():
    shell = node(((2, 2, 2), (3, 3, 3)))
    shell.mask[3, 3, 3] = False
    border = node(((0, 5, 5), (2, 1, 1)), ((5, 5, 5), (1, 1, 1)))
    first, second = described(shell, border)
    assert (first.hole_voxels, first.edge_voxels) == (1, 0)
    assert (second.hole_voxels, second.edge_voxels) == (0, 1)
    assert first.height_share == pytest.approx(3 / (CT.shape[0] - 1))


HEIGHTS = {"inguinal": 0.1, "iliac": 0.25, "mediastinal": 0.7, "cervical": 0.92}


def test_wrong_locations_are_found_and_right_ones_are_not(tmp_path):
    """Planted: 2 % of the nodes with another location, scans of different length."""
    rng = np.random.default_rng(11)
    nodes = measured_nodes(2000).assign(volume_mm3=500.0, mean_hu=40.0, median_hu=40.0)
    true = rng.choice(list(HEIGHTS), len(nodes))
    height = [HEIGHTS[name] for name in true] + rng.normal(0, 0.025, len(nodes))
    nodes = nodes.assign(location=true, height_share=np.clip(height, 0, 1))
    wrong = np.sort(rng.choice(len(nodes), 40, replace=False))
    names = list(HEIGHTS)
    for row in wrong:
        other = names[(names.index(true[row]) + 2) % 4]
        nodes.loc[row, "location"] = other
    tables.write(nodes, tmp_path / "nodes.tsv", tables.NODES)
    flag_nodes(
        nodes=[tmp_path / "nodes.tsv"], limits=LIMITS, output=tmp_path / "flags.tsv"
    )
    flags = tables.read(tmp_path / "flags.tsv", tables.NODE_FLAGS)
    found = set(flags.loc[flags["flag"] == "location_implausible", "node_id"])
    planted = set(nodes["node_id"].iloc[wrong])
    assert len(found & planted) >= 0.9 * len(planted)
    assert len(found - planted) <= 0.01 * len(nodes)


def test_slices_with_one_outline_are_counted():
    (straight,) = described(node(((3, 3, 3), (7, 4, 4))))
    assert (straight.slices, straight.outlines) == (7, 1)
    (stepped,) = described(node(((3, 3, 3), (7, 4, 4)), ((5, 3, 3), (2, 5, 4))))
    assert (stepped.slices, stepped.outlines) == (7, 3)


def test_overlap_counts_the_voxels_that_two_boxes_share():
    whole = node(((3, 3, 3), (2, 4, 4)))
    box = np.ones((2, 4, 4), bool)
    part = NodeMask(box, (4, 3, 5), CT.crop((4, 3, 5), box.shape))
    far = NodeMask(box, (12, 20, 20), CT.crop((12, 20, 20), box.shape))
    shares = [found.overlap_share for found in described(whole, part, far)]
    assert shares == [8 / 32, 8 / 32, 0]


# What a node has, and the flag that it gets; all else is plausible.
CASES = [
    ({"components": 2, "second_voxels": 40, "apart_mm": 1.0}, "several_components"),
    ({"components": 2, "second_voxels": 40, "apart_mm": 50.0}, "several_components"),
    ({"components": 2, "second_voxels": 2, "apart_mm": 3.0}, "several_components"),
    ({"components": 3, "second_voxels": 2, "apart_mm": 50.0}, "stray_voxels"),
    ({"n_voxels": 1}, "few_voxels"),
    ({"volume_mm3": 200_001.0}, "large"),
    ({"ct_share": 0.11}, "large_on_ct"),
    ({"slices": 5, "outlines": 1}, "extruded"),
    ({"mean_hu": -201.0}, "like_air"),
    ({"mean_hu": 301.0}, "like_bone"),
    ({"median_hu": -51.0}, "like_fat"),
    ({"edge_voxels": 1}, "touches_edge"),
    ({"hole_voxels": 2}, "hole"),
    ({"height_share": 0.61}, "location_implausible"),
    ({"flags": "outside_pet"}, "outside_pet"),
    ({"overlap_share": 0.01}, "overlap"),
]
PLAUSIBLE = [
    {"n_voxels": 2},
    {"volume_mm3": 199_999.0},
    {"ct_share": 0.1},
    {"slices": 4, "outlines": 1},
    {"slices": 9, "outlines": 2},
    {"mean_hu": -199.0},
    {"mean_hu": 299.0},
    {"median_hu": -49.0},
    {"height_share": 0.59},
]


def flagged(folder, **cells):
    nodes = measured_nodes(12).assign(
        volume_mm3=500.0, mean_hu=40.0, median_hu=40.0, location="iliac"
    )
    for name, value in cells.items():
        nodes.loc[1, name] = value
    tables.write(nodes, folder / "nodes.tsv", tables.NODES)
    output = folder / "flags.tsv"
    flag_nodes(nodes=[folder / "nodes.tsv"], limits=LIMITS, output=output)
    return tables.read(output, tables.NODE_FLAGS)


@pytest.mark.parametrize(("cells", "flag"), CASES, ids=str)
def test_what_cannot_be_meant_is_remarked_with_the_fix(tmp_path, cells, flag):
    found = flagged(tmp_path, **cells)
    assert list(found["node_id"]) == ["N0001"]
    assert list(found["flag"]) == [flag]
    assert found["problem"].iloc[0].startswith("node N0001: ")
    assert len(found["fix"].iloc[0]) > 10


@pytest.mark.parametrize("cells", PLAUSIBLE, ids=str)
def test_what_is_within_the_limits_is_not(tmp_path, cells):
    assert flagged(tmp_path, **cells).empty


def test_every_flag_has_a_case():
    assert {flag.code for flag in FLAGS} == {flag for _, flag in CASES}


def measure(folder, ct, segmentation, refused_share=0.5):
    """Inspect and measure one exam with one row in nodes.tsv."""
    ids = {"patient_id": "P1", "exam_id": "E1"}
    files = {"ct": str(ct), "segmentation": str(segmentation)}
    exam = ids | files | {"contrast": "yes", "low_dose": "no"}
    row = ids | {"node_id": "N1", "label": "1"}
    row |= {"location": "iliac", "status": "positive"}
    sheets = {name: folder / f"{name}.tsv" for name in ("exams", "nodes")}
    tables.write(pd.DataFrame([exam]), sheets["exams"], tables.EXAM_SHEET)
    tables.write(pd.DataFrame([row]), sheets["nodes"], tables.NODE_SHEET)
    seen = {"inspections": folder / "inspected.tsv", "index": folder / "index.json"}
    inspect_exams(**sheets, **seen, shard="1-of-1", rules=Rules(), on_bad_exam="fail")
    measure_nodes(
        shard=InspectedShard(name="1-of-1", **sheets, **seen, limits=Limits()),
        refused_share=refused_share,
        on_bad_exam="exclude",
        output=folder / "measured.tsv",
        lost=folder / "lost.tsv",
    )
    flag_nodes(
        nodes=[folder / "measured.tsv"], limits=LIMITS, output=folder / "flags.tsv"
    )
    return tables.read(folder / "flags.tsv", tables.NODE_FLAGS)


def test_two_lesions_in_one_mask_are_remarked(tmp_path, faults):
    folder = faults / "segmentation"
    found = measure(tmp_path, folder / "ct", folder / "les.nii.gz")
    assert "several_components" in set(found["flag"])
    lesions = sitk.ConnectedComponent(
        sitk.ReadImage(str(folder / "les.nii.gz"), sitk.sitkUInt8), True
    )
    count = int(sitk.GetArrayViewFromImage(lesions).max())
    (problem,) = found.loc[found["flag"] == "several_components", "problem"]
    assert f"form {count} components" in problem


def write_large_mask(tmp_path):
    """Write a CT and a mask of 70% of its voxels."""
    shape = (6, 20, 24)
    write_series(tmp_path / "ct", np.full(shape, 1040))
    image = sitk.ReadImage(
        sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(tmp_path / "ct"))
    )
    values = np.zeros(shape, np.uint8)
    values[:, :14] = 1
    mask = sitk.GetImageFromArray(values)
    mask.CopyInformation(image)
    sitk.WriteImage(mask, str(tmp_path / "mask.nii.gz"))
    return tmp_path / "ct", tmp_path / "mask.nii.gz"


def test_a_mask_of_most_of_the_ct_is_lost_and_not_the_cohort(tmp_path):
    measure(tmp_path, *write_large_mask(tmp_path))
    assert tables.read(tmp_path / "measured.tsv", tables.NODES).empty
    (loss,) = tables.read(tmp_path / "lost.tsv", tables.LOSSES).to_dict("records")
    assert (loss["node_id"], loss["stage"]) == ("N1", "measurement")
    assert loss["reason"] == "covers_ct"
    assert "node N1 covers 70 % of the CT" in loss["problem"]
    assert "less than 50 %" in loss["problem"]


def test_the_share_of_a_refused_node_is_a_limit_of_the_study(tmp_path):
    found = measure(tmp_path, *write_large_mask(tmp_path), refused_share=0.71)
    assert "large_on_ct" in set(found["flag"])
    assert tables.read(tmp_path / "lost.tsv", tables.LOSSES).empty


def test_one_voxel_is_in_the_singular(tmp_path):
    cells = {"components": 2, "second_voxels": 1, "apart_mm": 50.0}
    words = flagged(tmp_path, **cells)["problem"].iloc[0]
    assert "the second largest of 1 voxel, up to 50.0 mm" in words
