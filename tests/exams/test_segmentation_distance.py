"""Distance of the planes of a DICOM SEG that does not state it, and node volumes."""

import numpy as np
import pytest
from segmentation_files import dicom_bytes, seg_dataset

from nodal_staging.exams.dicom import index_ct
from nodal_staging.exams.segmentation.reading import read_segmentation
from nodal_staging.exams.segmentation.resampling import place
from nodal_staging.geometry import Lattice

CT = Lattice((40, 12, 12), (2.0, 2.0, 2.0), (-12.0, -12.0, 0.0))


def volume_mm3(folder, planes, lattice=CT, **measures) -> float:
    """Return the volume on the CT of four voxels in each of some planes.

    ``measures`` are SliceThickness and SpacingBetweenSlices, absent unless given.
    """
    values = np.zeros(lattice.shape, np.uint16)
    values[planes, 4:6, 4:6] = 1
    dataset = seg_dataset(values, lattice)
    stated = dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    for name in ("SliceThickness", "SpacingBetweenSlices"):
        delattr(stated, name)
        if name in measures:
            setattr(stated, name, measures[name])
    path = folder / "seg.dcm"
    path.write_bytes(dicom_bytes(dataset))
    (region,) = read_segmentation(path, ct=CT).regions
    voxels = place(region, CT).mask.sum()
    return round(float(voxels * CT.voxel_volume_mm3), 6)


VOXEL_MM3 = 8.0
SPARSE = list(range(0, 32, 2))


@pytest.mark.parametrize("thickness", [2.0, 5.0, 40.0, 1.0, None])
def test_a_node_of_one_slice_stays_one_slice(tmp_path, thickness):
    """The CT decides, whatever the thickness: 4 voxels of 8 cubic mm are 32."""
    stated = {} if thickness is None else {"SliceThickness": thickness}
    assert volume_mm3(tmp_path, [7], **stated) == 4 * VOXEL_MM3


@pytest.mark.parametrize("thickness", [2.0, 5.0, 3.0, 1.0, None])
def test_a_node_in_every_second_slice_keeps_its_voxels(tmp_path, thickness):
    stated = {} if thickness is None else {"SliceThickness": thickness}
    assert volume_mm3(tmp_path, SPARSE, **stated) == 64 * VOXEL_MM3


@pytest.mark.parametrize("thickness", [2.0, 5.0, 1.0, None])
def test_a_node_in_all_slices_keeps_its_voxels(tmp_path, thickness):
    stated = {} if thickness is None else {"SliceThickness": thickness}
    assert volume_mm3(tmp_path, [5, 6, 7], **stated) == 12 * VOXEL_MM3


def test_thick_slices_are_told_from_sparse_ones(tmp_path):
    """Positions and thickness agree, or the distance is stated: slices of 4 mm."""
    thick = Lattice((20, 12, 12), (2.0, 2.0, 4.0), CT.origin_mm)
    for stated in ({"SliceThickness": 4.0}, {"SpacingBetweenSlices": 4.0}):
        # The CT's centres between two planes belong to the next one, up to the last.
        found = volume_mm3(tmp_path, [3, 4, 5], thick, **stated)
        assert found == 6 * 4 * VOXEL_MM3


def test_planes_beside_those_of_the_ct_have_their_own_thickness(tmp_path):
    beside = Lattice((20, 12, 12), (2.0, 2.0, 3.0), (-12.0, -12.0, 0.7))
    # 12.7 mm +- 1.5 mm: of the centres at 2 mm, those at 12 and 14.
    found = volume_mm3(tmp_path, [4], beside, SliceThickness=3.0)
    assert found == 8 * VOXEL_MM3


def test_sparse_frames_of_a_file(faults, tmp_path):
    """Of the CT's 2 mm slices, every second has a frame: 64 voxels and no more."""
    source = faults / "segmentation"
    ct = index_ct(source / "ct").series.lattice
    path = source / "seg_sparse_nosbs.dcm"
    regions = read_segmentation(path, ct=ct).regions
    assert sum(place(region, ct).mask.sum() for region in regions) == 64


@pytest.mark.parametrize(("stated", "remarks"), [(20.0, 1), (2.0, 0), (-2.0, 0)])
def test_a_distance_that_the_frames_contradict_is_remarked(tmp_path, stated, remarks):
    values = np.zeros(CT.shape, np.uint16)
    values[5:9, 4:6, 4:6] = 1
    dataset = seg_dataset(values, CT)
    measures = dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    measures.SpacingBetweenSlices = stated
    path = tmp_path / "seg.dcm"
    path.write_bytes(dicom_bytes(dataset))
    notes = read_segmentation(path, ct=CT).notes
    assert len(notes) == remarks
    assert all("is 20 mm, but its frames lie 2 mm apart" in note for note in notes)
