"""DICOM segmentations of 8 and 16 bits, plain and in RLE, against pydicom."""

import numpy as np
import pydicom
import pytest
import segmentation_files as files
from pydicom.uid import RLELossless
from segmentation_files import GRID, volume

from nodal_staging.exams.segmentation.reading import read_labels, read_segmentation
from nodal_staging.study.errors import SegmentationError


def read(path, content):
    path.write_bytes(content)
    return read_segmentation(path)


def assert_labels(segmentation, values):
    found = np.zeros(values.shape, int)
    for region in segmentation.regions:
        start = np.rint(GRID.to_index(region.lattice.to_points(region.start))).astype(
            int
        )
        z, y, x = (
            slice(a, a + n) for a, n in zip(start, region.mask.shape, strict=True)
        )
        found[z, y, x][region.mask] = region.value
    np.testing.assert_array_equal(found, values)


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("whole", [1, 100, 255])
def test_a_fractional_segmentation_of_two_values_is_read(tmp_path, whole, compressed):
    content = files.dicom_bytes(
        files.whole_byte_seg(whole=whole, compressed=compressed)
    )
    assert_labels(read(tmp_path / "a", content), volume())


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("compressed", [False, True])
def test_a_label_map_is_read(tmp_path, bits, compressed):
    values = volume().astype(int)
    if bits == 16:
        values[values == values.max()] = 40_000
    made = files.whole_byte_seg(
        values=values, label_map=True, compressed=compressed, bits=bits
    )
    assert_labels(read(tmp_path / "a", files.dicom_bytes(made)), values)


@pytest.mark.parametrize("compressed", [False, True])
def test_fractions_are_refused_and_read_after_the_threshold(tmp_path, compressed):
    made = files.whole_byte_seg(compressed=False)
    stored = bytearray(made.PixelData)
    stored[stored.index(255)] = 100
    made.PixelData = bytes(stored)
    if compressed:
        made.SOPInstanceUID = "1.2.3.4"
        made.compress(RLELossless, encoding_plugin="pydicom")
    with pytest.raises(
        SegmentationError, match=r"apply a threshold, for example 127.5, and export it"
    ):
        read(tmp_path / "a", files.dicom_bytes(made))
    pixels = pydicom.dcmread(tmp_path / "a").pixel_array > 127.5
    made = files.whole_byte_seg()
    made.SegmentationType, made.BitsAllocated = "BINARY", 1
    made.PixelData = np.packbits(pixels.ravel(), bitorder="little").tobytes()
    made.PixelData += b"\0" * (len(made.PixelData) % 2)
    found = read(tmp_path / "b", files.dicom_bytes(made))
    count = sum(region.mask.sum() for region in found.regions)
    assert count == (volume() > 0).sum() - 1


def test_examples_of_both_kinds_hold_what_pydicom_sees(faults):
    for name in ("seg_frac.dcm", "seg_rle.dcm"):
        path = faults / "segmentation" / name
        source = pydicom.dcmread(path)
        numbers = [
            group.SegmentIdentificationSequence[0].ReferencedSegmentNumber
            for group in source.PerFrameFunctionalGroupsSequence
        ]
        found = read_segmentation(path)
        assert [region.name for region in found.regions] == ["node 1", "node 2"]
        for region in found.regions:
            frames = source.pixel_array[np.equal(numbers, region.value)]
            assert region.mask.sum() == (frames == 255).sum() > 0
        assert len(read_labels(path)) == 2


def test_every_cut_of_a_compressed_segmentation_is_refused(tmp_path):
    content = files.dicom_bytes(files.whole_byte_seg(compressed=True))
    for end in range(len(content) - 400, len(content) - 8, 3):
        with pytest.raises(SegmentationError, match="; "):
            read(tmp_path / "a", content[:end])


@pytest.mark.parametrize(
    "change",
    [
        (b"\x01\0\0\0\x40\0\0\0", b"\x02\0\0\0\x40\0\0\0"),  # two segments
        (b"\x01\0\0\0\x40\0\0\0", b"\x01\0\0\0\xff\xff\0\0"),  # beyond the frame
        (b"\xfe\xff\xdd\xe0", b"\xfe\xff\x00\xe0"),  # a frame more
    ],
)
def test_damaged_frames_are_refused(tmp_path, change):
    content = files.dicom_bytes(files.whole_byte_seg(compressed=True))
    at = content.rindex(change[0])
    damaged = content[:at] + change[1] + content[at + len(change[0]) :]
    with pytest.raises(SegmentationError, match="export it as Explicit VR"):
        read(tmp_path / "a", damaged)


def test_single_bits_in_rle_are_refused(tmp_path):
    made = files.seg_dataset()
    made.file_meta.TransferSyntaxUID = RLELossless
    with pytest.raises(SegmentationError, match="which the standard does not allow"):
        read(tmp_path / "a", files.dicom_bytes(_encapsulated(made)))


def _encapsulated(made):
    made.PixelData = pydicom.encaps.encapsulate([b"\0" * 70])
    made["PixelData"].VR = "OB"
    made["PixelData"].is_undefined_length = True
    return made
