"""Synthetic exams read back by other programs: geometry, values, bytes, canaries."""

import hashlib
import itertools

import numpy as np
import pandas as pd
import pydicom
import pytest
import SimpleITK as sitk
from dicom_files import read_whole
from scipy import ndimage
from small_cohort import draw_sheets, simulate_shard

from nodal_staging import tables
from nodal_staging.cohort.sheets import read_exams
from nodal_staging.exams.dicom import index_ct, index_pet
from nodal_staging.exams.segmentation.matching import match
from nodal_staging.exams.segmentation.reading import read_segmentation
from nodal_staging.nodes.example_nodes import EXAMPLES
from nodal_staging.phantom import body
from nodal_staging.phantom.anatomy import REGIONS
from nodal_staging.phantom.examples import CohortFiles, simulate_examples
from nodal_staging.phantom.node import (
    HILUM_RADIUS,
    lens_distance,
    make_node,
    paint_node,
    volume_mm3,
)
from nodal_staging.phantom.pet import MUSCLE_SUV
from nodal_staging.phantom.scanner import Scanner
from nodal_staging.phantom.synthetic_cohort import Enrolment
from nodal_staging.study.temporary_folders import SEAL

pytestmark = pytest.mark.phantom

SCANNER = Scanner(
    body={"width_mm": 148, "depth_mm": 112, "region_height_mm": 20},
    ct={
        "field_mm": [160, 128],
        "pixel_mm": 2.0,
        "slice_mm": 4.0,
        "noise_hu": 5,
        "blur_mm": 0.5,
    },
    pet={"voxel_mm": 4.0, "bqml_share": 0.5},
    segmentation={"per_node_share": 0.3, "json_share": 0.5},
)


def draw(folder, n_shards=1):
    draw_sheets(
        folder,
        Enrolment(9, 45, 0.25),
        SCANNER,
        seed=1,
        per_node_share=0.3,
        n_shards=n_shards,
    )


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    folder = tmp_path_factory.mktemp("raw")
    draw(folder)
    simulate_shard(folder, SCANNER, seed=1)
    return folder


@pytest.fixture(scope="module")
def used(raw):
    sheet = tables.read(raw / "exams.tsv", tables.EXAM_SHEET)
    return sheet[sheet["pet"].notna()]


def sheets(folder):
    return {"exams": folder / "exams.tsv", "nodes": folder / "nodes.tsv"}


def sums(folder):
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != SEAL
    }


def test_an_exam_has_the_same_bytes_in_another_shard(raw, tmp_path):
    draw(tmp_path, n_shards=2)
    for shard in ("1-of-2", "2-of-2"):
        simulate_shard(tmp_path, SCANNER, seed=1, shard=shard)
    ours = sums(raw / "1-of-1")
    theirs = sums(tmp_path / "1-of-2") | sums(tmp_path / "2-of-2")
    assert ours == theirs


def test_ct_reads_the_same_in_simpleitk(raw, used):
    folder = raw / used["ct"].iloc[0]
    found = index_ct(folder)
    series, acquisition = found.series, found.acquisition
    ours = read_whole(folder, series)
    names = [str(sorted(folder.iterdir())[item.file]) for item in series.slices]
    image = sitk.ReadImage(names)
    theirs = sitk.GetArrayFromImage(image)
    inside = ours > -1024
    np.testing.assert_array_equal(ours[inside], theirs[inside])
    np.testing.assert_allclose(image.GetOrigin(), series.lattice.origin_mm, atol=1e-4)
    assert acquisition.contrast_agent


def test_segmentations_lie_on_the_ct_and_name_every_node(raw, used):
    """Old and new files of MITK, of the whole exam and of single nodes."""
    sheet = {exam.exam_id: exam for exam in read_exams(**sheets(raw))}
    truth = tables.read(raw / "truth.tsv", tables.TRUTH).set_index("node_id")
    kinds = set()
    for row in used.itertuples():
        series = index_ct(raw / row.ct).series
        for path, wanted in sheet[row.exam_id].segmentations(raw).items():
            found = read_segmentation(path)
            for region in found.regions:
                assert series.lattice.difference(region.lattice) is None
            matched = match(found, wanted)
            values = truth.loc[list(wanted), "label_value"]
            assert matched == {node_id: (0, value) for node_id, value in values.items()}
            names = {label.name for label in found.labels}
            assert names == set(truth.loc[list(wanted), "label_name"])
            kinds.add((len(wanted) > 1, b"labelgroups" in path.read_bytes()))
    assert kinds == {(True, False), (True, True), (False, False)}


def test_nodes_lie_where_the_segmentation_says(raw, used):
    """Labelled voxels are brighter than the fat right around them."""
    for row in used[used["segmentation"].notna()].itertuples():
        series = index_ct(raw / row.ct).series
        hu = read_whole(raw / row.ct, series)
        image = sitk.ReadImage(str(raw / row.segmentation))
        values = sitk.GetArrayFromImage(image)
        ring = ndimage.binary_dilation(values > 0, iterations=2) & (values == 0)
        assert np.median(hu[values > 0]) > np.median(hu[ring]) + 40


def test_uptake_comes_back_through_both_encodings(raw, used):
    """Muscle has its uptake whatever the units, and positive nodes shine."""
    truth = tables.read(raw / "truth.tsv", tables.TRUTH)
    units = set()
    for row in used.itertuples():
        pet = index_pet(raw / row.pet).series
        suv = read_whole(raw / row.pet, pet)
        units.add(pydicom.dcmread(sorted((raw / row.pet).iterdir())[0]).Units)
        muscle = suv[(suv > 0.5) & (suv < 0.7)]
        assert np.median(muscle) == pytest.approx(MUSCLE_SUV, rel=0.05)
        own = truth[truth["exam_id"] == row.exam_id]
        assert suv.max() > 0.6 * own["suv_peak"].max()
    assert units == {"CNTS", "BQML"}


KEPT = {"ContrastBolusAgent", "Manufacturer", "PatientSex", "PatientAge"}
"""Text that a study may use, or that tells nothing of a person."""


@pytest.mark.parametrize("series", ["ct", "pet"])
def test_identifiers_are_canaries(raw, used, series):
    """Every text attribute that is written, but those that describe the image."""
    path = sorted((raw / used[series].iloc[0]).iterdir())[0]
    header = pydicom.dcmread(path, stop_before_pixels=True)
    assert "CANARY" in path.name
    assert "CANARY" in header.file_meta.SourceApplicationEntityTitle
    words = {
        element.keyword: str(element.value)
        for element in header.iterall()
        if element.VR in {"PN", "LO", "SH", "LT", "ST", "AE"}
        and element.keyword
        and element.keyword not in KEPT
    }
    assert len(words) > 90
    assert all("CANARY" in word for word in words.values())


def test_sheets_and_segmentations_hold_canaries_where_hospitals_do(raw):
    paths = ["ct", "pet", "segmentation"]
    for name in ("exams.tsv", "nodes.tsv", "readings.tsv"):
        sheet = pd.read_csv(raw / name, sep="\t", dtype=str)
        columns = sheet.drop(columns=paths, errors="ignore")
        assert "CANARY" not in columns.to_csv()
    for path in raw.rglob("*.nrrd"):
        assert b"CANARY" in path.read_bytes()[:4000]


def test_the_hilum_has_its_share_of_a_ball():
    points = np.random.default_rng(0).uniform(-1, 1, (400_000, 3))
    ball = points[np.linalg.norm(points, axis=1) <= 1]
    for share in (0.02, 0.1, 0.3, 0.6):
        middle = [lens_distance(share), 0, 0]
        inside = np.linalg.norm(ball - middle, axis=1) < HILUM_RADIUS
        assert inside.mean() == pytest.approx(share, abs=0.005)


def render(size: float, attenuation: float, hilum: float, seed: int):
    """Paint one node without noise on a fine grid."""
    axis = np.arange(-14, 14.1, 0.5)
    z, y, x = np.meshgrid(axis, axis, axis, indexing="ij")
    points = np.stack([x, y, z], axis=-1)[None]
    hu = np.full(z.shape, -100.0, dtype=np.float32)
    rng = np.random.default_rng(seed)
    node = make_node(
        np.zeros(3), size=size, attenuation=attenuation, hilum=hilum, rng=rng
    )
    share = paint_node(hu, points, node, -100.0)
    return hu, share


def test_a_node_has_the_volume_of_its_latent():
    for size in (-1.0, 0.0, 1.0):
        _, share = render(size, 0, 3, 1)
        assert share.sum() * 0.125 == pytest.approx(volume_mm3(size), rel=0.08)


def test_latents_can_be_read_from_the_noiseless_node():
    rng = np.random.default_rng(2)
    latents = rng.standard_normal((120, 3)) * [0.8, 1.2, 1.0]
    read = []
    for number, (size, attenuation, hilum) in enumerate(latents):
        hu, share = render(size, attenuation, hilum, number)
        inside = hu[share > 0.95]
        core = np.percentile(inside, 90)
        read.append((core, (inside < (core - 80) / 2).mean()))
    core, fat = np.array(read).T
    assert np.corrcoef(core, latents[:, 1])[0, 1] > 0.95
    assert abs(np.corrcoef(fat, latents[:, 2])[0, 1]) > 0.95


def test_every_location_has_a_region():
    assert sorted(REGIONS) == sorted(tables.LOCATIONS)


def test_regions_do_not_overlap():
    spans = [body.region_span_mm(name, 30) for name in REGIONS]
    for (_, top), (bottom, _) in itertools.pairwise(spans):
        assert top == bottom


def test_an_exam_that_is_written_again_is_the_same(raw, tmp_path):
    truth = tables.read(raw / "truth.tsv", tables.TRUTH)
    wanted = [truth["exam_id"].iloc[0], truth["exam_id"].iloc[-1]]
    rows = truth[truth["exam_id"].isin(wanted)].groupby("exam_id").first()
    chosen = rows.reset_index().assign(panel=["a", "b"], volume_mm3=1.0)
    chosen = chosen.assign(suv_max=1.0, distance=0.0, candidates=1)
    tables.write(chosen[list(EXAMPLES.columns)], tmp_path / "chosen.tsv", EXAMPLES)
    simulate_examples(
        cohort=CohortFiles(
            exams=raw / "exams.tsv",
            nodes=raw / "nodes.tsv",
            truth=raw / "truth.tsv",
        ),
        chosen=tmp_path / "chosen.tsv",
        scanner=SCANNER,
        seed=1,
        output_exams=tmp_path / "exams.tsv",
        output_nodes=tmp_path / "nodes.tsv",
        output_raw=tmp_path / "again",
    )
    before = {exam.exam_id: exam for exam in read_exams(**sheets(raw))}
    after = {exam.exam_id: exam for exam in read_exams(**sheets(tmp_path))}
    assert set(after) == set(wanted)
    for exam_id, exam in after.items():
        old = before[exam_id]
        pairs = {exam.ct: old.ct, exam.pet: old.pet}
        segmentations = exam.segmentations(tmp_path), old.segmentations(raw)
        pairs |= dict(zip(*segmentations, strict=True))
        for new, first in pairs.items():
            files = sorted(new.iterdir()) if new.is_dir() else [new]
            known = sorted(first.iterdir()) if first.is_dir() else [first]
            assert [f.read_bytes() for f in files] == [f.read_bytes() for f in known]
