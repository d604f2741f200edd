"""Copies of a node are the same node, and what is cut is what was rendered."""

import dataclasses

import numpy as np
import pytest
from scipy.stats import f
from small_cohort import dials, small_scanner

from nodal_staging import tables
from nodal_staging.audit.counterfactual.effect_tables import moved_by_location
from nodal_staging.audit.counterfactual.summary import measured_effects, with_evidence
from nodal_staging.classifiers.cnn.sampling import HALF_DEPTH
from nodal_staging.estimates.patient_bootstrap import BootstrapOptions
from nodal_staging.nodes.patch_files import read_slabs
from nodal_staging.nodes.patches import Cube
from nodal_staging.nodes.radiomics.node_features import RADIOMICS
from nodal_staging.phantom.copies import COPIES, CopyOptions
from nodal_staging.phantom.copy_rendering import CopyFiles, render_copies, shape_copy
from nodal_staging.phantom.node import core_hu, hilum_share
from nodal_staging.phantom.truth import draw_nodes

OPTIONS = CopyOptions(nodes=4, renderings=1, dosed_nodes=1, seed=2)
DIALS = dials()
LATENTS = {"size": 0.3, "attenuation": -0.4, "hilum": 0.2}


def scanner():
    small = small_scanner(noise_hu=8)
    finer = {"pixel_mm": 1.0, "slice_mm": 3.0}
    return dataclasses.replace(
        small, body=small.body | {"region_height_mm": 24}, ct=small.ct | finer
    )


def render(folder, options=OPTIONS):
    patients = [f"P{number:02}" for number in range(12)]
    truth = draw_nodes(patients, 40, DIALS, seed=2)
    described = {"exam_id": "E1", "suv_peak": 1.0, "label_value": 1, "label_name": "a"}
    truth = truth.assign(**described, label="1", segmentation=None)
    tables.write(truth[list(tables.TRUTH.columns)], folder / "truth.tsv", tables.TRUTH)
    test = truth[["node_id", "patient_id", "location", "status"]].assign(fold=0)
    tables.write(test, folder / "test.tsv", tables.DATASET)
    names = {"copies": "copies.tsv", "radiomics": "radiomics.tsv"}
    files = {name: folder / path for name, path in names.items()}
    render_copies(
        truth=folder / "truth.tsv",
        test=folder / "test.tsv",
        scanner=scanner(),
        cube=Cube(80, 1.0, "centroid"),
        options=options,
        output=CopyFiles(**files, patches=folder / "patches.h5"),
    )


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    folder = tmp_path_factory.mktemp("copies")
    render(folder)
    return folder


@pytest.fixture(scope="module")
def copies(rendered):
    return tables.read(rendered / "copies.tsv", COPIES)


def shaped(**changes):
    node = shape_copy({"original": "N1"} | LATENTS | changes, seed=1)
    return dataclasses.asdict(node)


def differing(one, other):
    return {name for name in one if not np.array_equal(one[name], other[name])}


def test_only_what_was_changed_differs_between_copies():
    own = shaped()
    assert differing(own, shaped()) == set()
    bright, filled = shaped(attenuation=1.0), shaped(hilum=1.0)
    assert differing(own, bright) == {"core_hu"}
    assert bright["core_hu"] == core_hu(1.0)
    assert differing(own, filled) == {"hilum_share"}
    assert filled["hilum_share"] == hilum_share(1.0)
    large = shaped(size=1.0)
    assert {"axes", "radius_mm", "reach_mm"} <= differing(own, large)
    assert {"surface", "texture", "core_hu"}.isdisjoint(differing(own, large))
    ratio = (large["radius_mm"] / own["radius_mm"]) ** 3
    assert ratio == pytest.approx(np.exp(0.7 * 0.7))


@pytest.mark.phantom
def test_every_copy_is_measured_and_has_its_slices(rendered, copies):
    assert len(copies) == 4 * 9 + 9
    radiomics = tables.read(rendered / "radiomics.tsv", RADIOMICS)
    assert radiomics["node_id"].tolist() == copies["node_id"].tolist()
    names = list(copies["node_id"])
    images, masks = read_slabs([rendered / "patches.h5"], names, half_depth=HALF_DEPTH)
    assert images.shape == masks.shape == (len(copies), 2 * HALF_DEPTH, 80, 80)
    # A node lies in the middle of its patch, and is as bright there as on the CT.
    assert (
        masks[:, HALF_DEPTH - 1 : HALF_DEPTH + 1, 39:41, 39:41]
        .any(axis=(1, 2, 3))
        .all()
    )
    seen = [
        np.median(image[mask > 0]) for image, mask in zip(images, masks, strict=True)
    ]
    assert np.corrcoef(seen, copies["median_hu"])[0, 1] > 0.9


@pytest.mark.phantom
def test_copies_of_a_node_have_its_size_and_attenuation(copies):
    """A reader of the node alone sees no location, whatever the anatomy around it."""
    copies = with_evidence(copies, DIALS)
    measured = {
        "cnn_xmask": copies["median_hu"] / 10,
        "rf_status_balanced": np.log(copies["volume_mm3"]),
    }
    odds = {name: np.asarray(values, float) for name, values in measured.items()}
    called = {name: values > np.median(values) for name, values in odds.items()}
    options = BootstrapOptions(100, 0.95, 1)
    effects = measured_effects(copies, odds, called, options)
    for _, rows in effects.groupby("classifier"):
        found = rows.set_index("quantity")
        share = found["value"]
        assert share["node_share"] > 0.85
        # 8 degrees of freedom of the location, 24 of what differs from cell to cell.
        ratio = (share["location_share"] / 8) / (share["interaction_share"] / 24)
        assert f.sf(ratio, 8, 24) > 0.001
        assert not moved_by_location(found)


@pytest.mark.phantom
def test_a_copy_depends_on_the_seed_and_its_node_alone(rendered, tmp_path):
    render(tmp_path, dataclasses.replace(OPTIONS, nodes=2, dosed_nodes=0))
    names = list(tables.read(tmp_path / "copies.tsv", COPIES)["node_id"])
    assert len(names) == 18
    again, before = (
        read_slabs([folder / "patches.h5"], names, half_depth=HALF_DEPTH)
        for folder in (tmp_path, rendered)
    )
    for one, other in zip(again, before, strict=True):
        assert (one == other).all()
