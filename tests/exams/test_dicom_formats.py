"""Every form in which scanners and archives write a series, against known truth.

Truths are a linear function of space sampled at the points where pixels lie, stored
values that an encoder was given, and real files read by other libraries.
"""

import tempfile
from pathlib import Path

import nibabel as nib
import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from dicom_files import (
    file_bytes,
    header,
    read_whole,
    with_value,
    write_series,
    written,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from nodal_staging.exams import scans
from nodal_staging.exams.dicom import (
    DicomSeriesError,
    Repairs,
    Series,
    index_ct,
    index_images,
    index_pet,
    read_boxes,
)
from nodal_staging.exams.dicom.clock import moment, time_of_day
from nodal_staging.geometry import Lattice, resample

SHAPE = (4, 16, 18)
VOLUME = np.random.default_rng(5).integers(-1000, 3000, SHAPE)
NATIVE = [
    ImplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    DeflatedExplicitVRLittleEndian,
]


def write(folder: Path, slices, syntax=ExplicitVRLittleEndian) -> Path:
    """Write pairs of a header and its stored values."""
    folder.mkdir(parents=True, exist_ok=True)
    begun = len(list(folder.iterdir()))
    for number, (dataset, stored) in enumerate(slices, begun):
        (folder / f"{number:03}.dcm").write_bytes(file_bytes(dataset, stored, syntax))
    return folder


def upright(place: float, **attributes) -> Dataset:
    return header((-10.0, -20.0, 100 + 3.0 * place), **attributes)


def read(folder: Path, **options) -> np.ndarray:
    return read_whole(folder, index_ct(folder, **options).series)


def refused(folder: Path, reason: str, **options) -> str:
    with pytest.raises(DicomSeriesError) as caught:
        index_ct(folder, **options)
    assert caught.value.reason == reason
    return str(caught.value)


# Transfer syntaxes


@pytest.mark.parametrize("bits", [16, 32])
@pytest.mark.parametrize("signed", [0, 1])
@pytest.mark.parametrize("syntax", NATIVE)
def test_native_pixels_come_back(tmp_path, syntax, signed, bits):
    stored = VOLUME + (0 if signed else 1000)
    form = {
        "PixelRepresentation": signed,
        "BitsAllocated": bits,
        "BitsStored": bits,
        "HighBit": bits - 1,
    }
    slices = [(upright(z, **form), plane) for z, plane in enumerate(stored)]
    values = read(write(tmp_path / "ct", slices, syntax))
    np.testing.assert_array_equal(values, np.maximum(stored - 1000, -1024))


def by_simpleitk(stored: np.ndarray, compressor: str) -> bytes:
    """Return the stream that GDCM's encoder makes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "slice.dcm")
        image = sitk.GetImageFromArray(stored[None])
        image.SetMetaData("0008|0060", "CT")
        writer = sitk.ImageFileWriter()
        writer.SetImageIO("GDCMImageIO")
        writer.UseCompressionOn()
        writer.SetCompressor(compressor)
        writer.SetFileName(str(path))
        writer.Execute(image)
        source = pydicom.dcmread(path)
        (stream,) = pydicom.encaps.generate_frames(source.PixelData, number_of_frames=1)
        return stream


def compressed(dataset: Dataset, stored: np.ndarray, syntax: str) -> bytes:
    kind = np.int16 if dataset.PixelRepresentation else np.uint16
    encoders = {JPEG2000Lossless: "JPEG2000", JPEGLosslessSV1: "JPEG"}
    encoders |= {"1.2.840.10008.1.2.4.91": "JPEG2000", "1.2.840.10008.1.2.4.57": "JPEG"}
    file_bytes(dataset, stored)
    if syntax in encoders:
        stream = by_simpleitk(stored.astype(kind), encoders[syntax])
        dataset.PixelData = encapsulate([stream])
        dataset["PixelData"].VR = "OB"
        dataset["PixelData"].is_undefined_length = True
    else:
        dataset.compress(syntax, generate_instance_uid=False)
    return written(dataset, syntax)


COMPRESSED = [
    RLELossless,
    JPEGLSLossless,
    JPEGLSNearLossless,
    JPEG2000Lossless,
    "1.2.840.10008.1.2.4.91",
    JPEGLosslessSV1,
    "1.2.840.10008.1.2.4.57",
]
"""JPEG baseline holds 8 bits, which no CT has; nothing here encodes JPEG extended."""


@pytest.mark.parametrize("signed", [0, 1])
@pytest.mark.parametrize("syntax", COMPRESSED)
def test_compressed_pixels_come_back(tmp_path, syntax, signed):
    stored = VOLUME + (0 if signed else 1000)
    (tmp_path / "ct").mkdir()
    for z, plane in enumerate(stored):
        dataset = upright(z, PixelRepresentation=signed)
        content = compressed(dataset, plane, syntax)
        (tmp_path / "ct" / f"{z}.dcm").write_bytes(content)
    values = read(tmp_path / "ct")
    np.testing.assert_array_equal(values, np.maximum(stored - 1000, -1024))


@pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless, JPEG2000Lossless])
@pytest.mark.parametrize("unused", ["the sign", "zeros", "rubbish"])
def test_unused_bits_of_compressed_pixels_are_dropped(tmp_path, syntax, unused):
    """Decoders differ in what they do with the bits above 12 that a stream holds."""
    pixels = np.tile([-2048, -2000, -1024, -1, 0, 1, 1000, 2047] * 2, (16, 1))
    stored = {
        "the sign": pixels,
        "zeros": pixels & 0xFFF,
        "rubbish": (pixels & 0xFFF) | 0x5000,
    }[unused].astype(np.int16)
    for z in range(2):
        content = compressed(upright(z, RescaleIntercept=0), stored, syntax)
        for keyword, value in (("BitsStored", b"\x0c\0"), ("HighBit", b"\x0b\0")):
            content = with_value(content, keyword, value)
        (tmp_path / f"{z}").write_bytes(content)
    values = read(tmp_path)
    np.testing.assert_array_equal(values[1], np.maximum(pixels, -1024))


def test_compressed_pixels_in_the_upper_bits_are_refused(tmp_path):
    for z in range(2):
        content = compressed(upright(z), VOLUME[z] << 1, RLELossless)
        content = with_value(content, "BitsStored", b"\x0f\0")
        (tmp_path / f"{z}").write_bytes(content)
    assert "HighBit" in refused(tmp_path, "damaged_header")


@pytest.mark.fuzz
def test_one_compressed_value_throughout_comes_back(tmp_path):
    stored = np.full((64, 64), -1000)
    for z in range(2):
        for number, syntax in enumerate(COMPRESSED):
            name = tmp_path / str(number) / f"{z}"
            name.parent.mkdir(exist_ok=True)
            name.write_bytes(compressed(upright(z, RescaleIntercept=0), stored, syntax))
    for number in range(len(COMPRESSED)):
        assert (read(tmp_path / str(number)) == -1000).all()


def test_padding_and_slopes_hold_for_compressed_pixels_too(tmp_path):
    stored = VOLUME.copy()
    stored[:, :3] = -2000
    (tmp_path / "ct").mkdir()
    for z, plane in enumerate(stored):
        dataset = upright(z, PixelPaddingValue=-2000, RescaleSlope=1 + z)
        content = compressed(dataset, plane, RLELossless)
        (tmp_path / "ct" / f"{z}.dcm").write_bytes(content)
    values = read(tmp_path / "ct")
    assert (values[:, :3] == -1024).all()
    for z, plane in enumerate(values):
        expected = np.maximum(stored[z, 3:] * (1 + z) - 1000, -1024)
        np.testing.assert_array_equal(plane[3:], expected)


def test_encapsulated_pixels_declared_native_are_refused(tmp_path):
    folder = write(tmp_path / "ct", ((upright(z), VOLUME[z]) for z in range(4)))
    dataset = upright(1)
    content = compressed(dataset, np.tile(VOLUME[1], (1, 1)), JPEGLSLossless)
    content = content.replace(
        JPEGLSLossless.encode(), ExplicitVRLittleEndian.encode() + b"\0\0\0", 1
    )
    (folder / "001.dcm").write_bytes(content)
    with pytest.raises(DicomSeriesError, match=r"^file 2"):
        read(folder)


def test_real_j2k_equals_its_nifti_truth(real_files):
    """The converter that made the truth is dicom2nifti, another implementation."""
    folder = real_files / "d2n_compressed" / "compressed_j2k" / "001"
    series = index_images(folder, modality="MR").series
    values = read_whole(folder, series)
    truth = nib.load(folder.parent / "001_ground_truth.nii.gz")
    index = np.stack(np.indices(values.shape), axis=-1).reshape(-1, 3)
    ras = series.lattice.to_points(index) * [-1, -1, 1]
    voxels = nib.affines.apply_affine(np.linalg.inv(truth.affine), ras)
    assert np.abs(voxels - np.rint(voxels)).max() < 0.01
    there = tuple(np.rint(voxels).astype(int).T)
    expected = np.asarray(truth.dataobj)[there]
    np.testing.assert_allclose(values.ravel(), expected, rtol=1e-6)


@pytest.mark.parametrize(
    "syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian]
)
def test_files_without_preamble_and_meta_are_read_as_they_are(tmp_path, syntax):
    for z, plane in enumerate(VOLUME):
        content = file_bytes(upright(z), plane, syntax)
        first = b"\0\x08\0\x08" if syntax == ExplicitVRBigEndian else b"\x08\0\x08\0"
        (tmp_path / f"{z}.dcm").write_bytes(content[content.index(first) :])
    if syntax == ExplicitVRBigEndian:  # nothing tells such a file from any other
        refused(tmp_path, "no_image")
    else:
        np.testing.assert_array_equal(read(tmp_path), np.maximum(VOLUME - 1000, -1024))


@pytest.mark.parametrize(
    ("written_as", "declared"),
    [
        (ImplicitVRLittleEndian, ExplicitVRLittleEndian),
        (ExplicitVRLittleEndian, ImplicitVRLittleEndian),
    ],
)
def test_a_file_that_declares_the_other_native_encoding_is_read_as_it_is(
    tmp_path, written_as, declared
):
    old = written_as.encode() + b"\0" * (len(written_as) % 2)
    new = declared.encode() + b"\0" * (len(declared) % 2)
    for z, plane in enumerate(VOLUME):
        content = file_bytes(upright(z), plane, written_as)
        place = content.index(b"\x02\0\x10\0UI") + 6
        tail = content[place + 2 + len(old) :]
        content = content[:place] + len(new).to_bytes(2, "little") + new + tail
        (tmp_path / f"{z}.dcm").write_bytes(content)
    np.testing.assert_array_equal(read(tmp_path), np.maximum(VOLUME - 1000, -1024))


# Stored values


@pytest.mark.parametrize("signed", [False, True])
def test_rubbish_in_unused_bits_is_dropped(tmp_path, signed):
    """12 bits of 16, as old scanners wrote overlays above them."""
    low = -2048 if signed else 0
    pixels = np.random.default_rng(1).integers(low, low + 4096, SHAPE)
    rubbish = np.random.default_rng(2).integers(0, 16, SHAPE) << 12
    stored = ((pixels & 0xFFF) | rubbish).astype(np.uint16)
    form = {"BitsStored": 12, "HighBit": 11, "PixelRepresentation": int(signed)}
    slices = [
        (upright(z, **form, RescaleIntercept=0), plane.view(np.int16))
        for z, plane in enumerate(stored)
    ]
    values = read(write(tmp_path / "ct", slices))
    np.testing.assert_array_equal(values, np.maximum(pixels, -1024))


def test_pixels_in_the_upper_bits_are_shifted_down(tmp_path):
    pixels = np.random.default_rng(1).integers(0, 4096, SHAPE)
    stored = ((pixels << 4) | 5).astype(np.uint16).view(np.int16)
    form = {"BitsStored": 12, "HighBit": 15, "PixelRepresentation": 0}
    slices = [(upright(z, **form), plane) for z, plane in enumerate(stored)]
    values = read(write(tmp_path / "ct", slices))
    np.testing.assert_array_equal(values, pixels - 1000.0)


def test_unsigned_pixels_with_a_signed_padding_value(tmp_path):
    """The representation of the pixels counts; -2000 means 63536."""
    stored = (VOLUME + 1000).astype(np.uint16)
    stored[:, :2] = 63536
    dataset = [upright(z, PixelRepresentation=0) for z in range(4)]
    folder = write(tmp_path / "ct", zip(dataset, stored, strict=True))
    for path in folder.iterdir():
        value = (-2000).to_bytes(2, "little", signed=True)
        content = with_value(path.read_bytes(), "PixelPaddingValue", value, kind="SS")
        path.write_bytes(content)
    values = read(folder)
    assert (values[:, :2] == -1024).all()
    expected = np.maximum(stored[:, 2:].astype(float) - 1000, -1024)
    np.testing.assert_array_equal(values[:, 2:], expected)


@pytest.mark.parametrize(
    ("padding", "limit", "outside"),
    [
        (-2000, None, [-3000, -2001, -2000]),
        (-1500, -1200, [-3000, -1500, -1300, -1200]),
        (-1200, -1500, [-1500, -1300, -1200]),
        (30000, None, [30000]),
        (30000, 31000, [30000, 30500, 31000]),
        (50, None, []),
        (-50, 1500, []),
        (None, -2000, []),
    ],
)
def test_padding_is_what_no_tissue_can_be(tmp_path, padding, limit, outside):
    """Stored values are HU + 0; what is not outside keeps its value or is clipped."""
    probes = [-3000, -2001, -2000, -1500, -1300, -1200, -50, 50, 1500]
    probes += [30000, 30500, 31000]
    stored = np.tile(probes, (2, 1))
    attributes = {
        "RescaleIntercept": 100,
        "PixelPaddingValue": padding,
        "PixelPaddingRangeLimit": limit,
    }
    slices = [(upright(z, **attributes), stored) for z in range(3)]
    values = read(write(tmp_path / "ct", slices))[1, 0]
    for probe, value in zip(probes, values, strict=True):
        expected = -1024 if probe in outside else max(probe + 100, -1024)
        assert value == expected, probe


PET = {
    "modality": "PT",
    "RescaleIntercept": 0,
    "Units": "BQML",
    "DecayCorrection": "ADMIN",
    "CorrectedImage": ["ATTN", "DECY"],
    "PatientWeight": "75",
}


def pet(place: int, **attributes) -> Dataset:
    dataset = upright(place, **(PET | attributes))
    tracer = Dataset()
    tracer.RadionuclideTotalDose = "150e6"
    dataset.RadiopharmaceuticalInformationSequence = [tracer]
    return dataset


def test_slopes_that_wrap_other_readers_around_do_not(tmp_path):
    """1, 0.37 and 10: 16 bits of the first slice's type read 12928 for 144000."""
    slopes = [1.0, 0.37, 10.0]
    stored = np.full((16, 16), 14400)
    slices = [(pet(z, RescaleSlope=slope), stored) for z, slope in enumerate(slopes)]
    folder = write(tmp_path / "pet", slices)
    values = read_whole(folder, index_pet(folder).series)
    expected = 14400 * np.array(slopes) * 75_000 / 150e6
    np.testing.assert_allclose(values[:, 0, 0], expected, rtol=1e-6)


# Enhanced multi-frame files


def test_the_real_multi_frame_file_equals_its_single_frames(real_files):
    folder = real_files / "dcmqi" / "23x38x3"
    single = index_ct(folder / "image").series
    multi = index_ct(folder / "multiframe").series
    assert multi.lattice.difference(single.lattice) is None
    np.testing.assert_array_equal(
        read_whole(folder / "multiframe", multi), read_whole(folder / "image", single)
    )
    assert Series.from_json(multi.to_json()) == multi


def group_of(**macros) -> Dataset:
    """Return an item of functional groups, one macro for each named sequence."""
    group = Dataset()
    for name, values in macros.items():
        macro = Dataset()
        for keyword, value in values.items():
            setattr(macro, keyword, value)
        setattr(group, name, [macro])
    return group


def enhanced(order, slopes, stored, **attributes) -> tuple[Dataset, np.ndarray]:
    """Return an enhanced CT of frames in any order, each with its own slope."""
    geometry = dict.fromkeys(
        [
            "PixelSpacing",
            "ImagePositionPatient",
            "ImageOrientationPatient",
            "RescaleSlope",
            "RescaleIntercept",
        ]
    )
    dataset = upright(0, NumberOfFrames=len(order), **(geometry | attributes))
    dataset.SharedFunctionalGroupsSequence = [
        group_of(
            PixelMeasuresSequence={"PixelSpacing": [0.8, 0.7], "SliceThickness": 9},
            PlaneOrientationSequence={"ImageOrientationPatient": [1, 0, 0, 0, 1, 0]},
        )
    ]
    dataset.PerFrameFunctionalGroupsSequence = [
        group_of(
            PlanePositionSequence={"ImagePositionPatient": [-10, -20, 100 + 3 * z]},
            PixelValueTransformationSequence={
                "RescaleSlope": slopes[z],
                "RescaleIntercept": -1000,
                "RescaleType": "HU",
            },
        )
        for z in order
    ]
    return dataset, stored[list(order)]


@pytest.mark.parametrize("syntax", NATIVE)
def test_frames_in_any_order_with_slopes_of_their_own(tmp_path, syntax):
    slopes = [1, 2, 0.5, 3]
    stored = np.abs(VOLUME)
    folder = write(tmp_path, [enhanced([2, 0, 3, 1], slopes, stored)], syntax)
    series = index_ct(folder).series
    expected = stored * np.array(slopes)[:, None, None] - 1000
    np.testing.assert_array_equal(read_whole(folder, series), expected)
    assert series.lattice.spacing_mm == pytest.approx((0.7, 0.8, 3.0))
    assert Series.from_json(series.to_json()) == series


def test_a_volume_may_be_spread_over_enhanced_files(tmp_path):
    slopes, stored = [1] * 4, np.abs(VOLUME)
    first = enhanced([3, 1], slopes, stored, SOPInstanceUID="1.2.3.1")
    second = enhanced([0, 2], slopes, stored, SOPInstanceUID="1.2.3.2")
    folder = write(tmp_path, [first, second])
    np.testing.assert_array_equal(read(folder), stored - 1000.0)


def test_frames_at_one_position_are_refused(tmp_path):
    folder = write(tmp_path, [enhanced([0, 1, 1, 2], [1] * 4, VOLUME)])
    assert "two frames of file 1 lie" in refused(folder, "same_position")


def test_frames_without_their_positions_are_refused(tmp_path):
    dataset = upright(0, NumberOfFrames=4)
    refused(write(tmp_path, [(dataset, VOLUME)]), "multi_frame")


def test_functional_groups_that_are_none_are_refused(tmp_path):
    dataset, stored = enhanced([0, 1, 2, 3], [1] * 4, VOLUME)
    groups = dataset.PerFrameFunctionalGroupsSequence
    del groups[1].PlanePositionSequence
    groups[1].add_new("PlanePositionSequence", "LO", "none")
    refused(write(tmp_path, [(dataset, stored)]), "multi_frame")


def test_fewer_groups_than_frames_are_refused(tmp_path):
    dataset, stored = enhanced([0, 1, 2, 3], [1] * 4, VOLUME)
    del dataset.PerFrameFunctionalGroupsSequence[3]
    refused(write(tmp_path, [(dataset, stored)]), "multi_frame")


# Geometry: HU are a linear function of space, exact in the stored integers


def hu(points: np.ndarray) -> np.ndarray:
    """A ramp in LPS, different along every axis."""
    return points @ np.array([2.0, 3.0, 5.0])


def ramp(folder: Path, positions, cosines, *, shape=(6, 7), **attributes) -> Path:
    """Write planes whose pixels hold the ramp, in thousandths of HU."""
    across, down = np.reshape(cosines, (2, 3))
    rows, columns = np.indices(shape)
    slices = []
    for number, position in enumerate(positions):
        points = (
            np.asarray(position, float)
            + columns[..., None] * 2.0 * across
            + rows[..., None] * 1.5 * down
        )
        dataset = header(
            position,
            SOPInstanceUID=f"1.2.3.{number}",
            ImageOrientationPatient=[float(f"{value:.10g}") for value in cosines],
            PixelSpacing=[1.5, 2.0],
            BitsAllocated=32,
            BitsStored=32,
            HighBit=31,
            RescaleSlope=0.001,
            RescaleIntercept=0,
            **attributes,
        )
        dataset.ImagePositionPatient = [f"{value:.10g}" for value in position]
        slices.append((dataset, np.rint(1000 * hu(points))))
    return write(folder, slices)


def assert_ramp(folder: Path, series: Series) -> None:
    """Check each voxel where the lattice says that it lies."""
    index = np.stack(np.indices(series.lattice.shape), axis=-1)
    expected = hu(series.lattice.to_points(index))
    np.testing.assert_allclose(read_whole(folder, series), expected, atol=0.02)


def turned(degrees: float, axis: int) -> np.ndarray:
    """Return the rows of a rotation."""
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    matrix = np.eye(3)
    one, other = [place for place in range(3) if place != axis]
    matrix[[one, other], [one, other]] = cosine
    matrix[one, other], matrix[other, one] = -sine, sine
    return matrix


ORIENTATIONS = {
    "axial": (1, 0, 0, 0, 1, 0),
    "feet first": (-1, 0, 0, 0, 1, 0),
    "prone": (-1, 0, 0, 0, -1, 0),
    "sagittal": (0, 1, 0, 0, 0, -1),
    "coronal": (1, 0, 0, 0, 0, -1),
    "oblique": tuple((turned(17, 0) @ turned(-23, 2) @ turned(8, 1))[:2].ravel()),
}


@pytest.mark.parametrize("name", ORIENTATIONS)
def test_every_orientation_lies_where_it_says(tmp_path, name):
    cosines = ORIENTATIONS[name]
    normal = np.cross(cosines[:3], cosines[3:])
    positions = [np.array([5.0, -40, 12]) + 2.5 * z * normal for z in (4, 0, 2, 1, 3)]
    folder = ramp(tmp_path / "ct", positions, cosines)
    series = index_ct(folder).series
    assert series.lattice.shape == (5, 6, 7)
    assert series.lattice.voxel_volume_mm3 == pytest.approx(2 * 1.5 * 2.5)
    assert_ramp(folder, series)


def tilted(folder: Path, degrees: float) -> Path:
    drift = 4 * np.tan(np.radians(degrees))
    positions = [(0, drift * z, 4.0 * z) for z in range(12)]
    return ramp(folder, positions, ORIENTATIONS["axial"], shape=(30, 8))


def test_a_tilted_volume_is_read_where_it_truly_lies(tmp_path):
    """18.5 degrees, as in a real series: the ramp comes back on an upright grid."""
    folder = tilted(tmp_path / "ct", 18.5)
    assert "18.5 degrees" in refused(folder, "gantry_tilt")
    found = index_ct(folder, repairs=Repairs(correct_tilt=True))
    assert found.notes == ("gantry tilt of 18.5 degrees corrected",)
    lattice = found.series.lattice
    assert lattice.voxel_volume_mm3 == pytest.approx(2 * 1.5 * 4)
    assert_ramp(folder, found.series)
    target = Lattice((9, 8, 6), (2.0, 2.0, 4.0), (1.0, 16.0, 3.0))
    values = read_whole(folder, found.series)
    placed = resample(values, lattice, target, outside=-9999)
    index = np.stack(np.indices(target.shape), axis=-1)
    np.testing.assert_allclose(placed, hu(target.to_points(index)), atol=0.02)


def test_the_real_tilt_is_refused_or_read_at_its_true_positions(real_files):
    folder = real_files / "d2n_failing" / "gantrytilting" / "001"
    assert "14.0 degrees" in refused(folder, "gantry_tilt")
    repairs = Repairs(correct_tilt=True)
    series = index_ct(folder, repairs=repairs).series
    for place, item in enumerate(series.slices):
        dataset = pydicom.dcmread(sorted(folder.iterdir())[item.file])
        expected = np.array(dataset.ImagePositionPatient, float)
        found = series.lattice.to_points((place, 0, 0))
        np.testing.assert_allclose(found, expected, atol=0.02)
    straight = series.lattice.voxel_volume_mm3 / np.prod(series.lattice.spacing_mm[:2])
    assert straight == pytest.approx(4.8515, abs=0.001)


@pytest.mark.parametrize("degrees", [0.2, -0.4])
def test_a_tilt_within_tolerance_is_read_at_its_true_positions(tmp_path, degrees):
    folder = tilted(tmp_path / "ct", degrees)
    assert_ramp(folder, index_ct(folder).series)


def heights(folder: Path, zs) -> Path:
    return ramp(folder, [(0, 0, z) for z in zs], ORIENTATIONS["axial"])


def test_a_missing_slice_of_a_ramp_is_recovered_exactly(tmp_path):
    folder = heights(tmp_path / "ct", [0, 3, 6, 12, 15, 18, 24, 27])
    assert "found 6 mm" in refused(folder, "slice_gap")
    repairs = Repairs(resample_gaps=True)
    found = index_ct(folder, repairs=repairs)
    assert found.series.lattice.shape[0] == 10
    assert found.notes == ("2 of 10 slices interpolated across irregular gaps",)
    assert_ramp(folder, found.series)
    assert Series.from_json(found.series.to_json()) == found.series


def test_irregular_gaps_of_a_ramp_are_recovered_exactly(tmp_path):
    folder = heights(tmp_path / "ct", [0, 2, 4.5, 6.5, 9, 11, 12, 14, 17])
    refused(folder, "slice_gap")
    series = index_ct(folder, repairs=Repairs(resample_gaps=True)).series
    assert_ramp(folder, series)


def test_gap_and_tilt_together_are_recovered(tmp_path):
    drift = 4 * np.tan(np.radians(10))
    positions = [(0, drift * z, 4.0 * z) for z in (0, 1, 2, 4, 5, 6)]
    folder = ramp(tmp_path / "ct", positions, ORIENTATIONS["axial"])
    repairs = Repairs(resample_gaps=True, correct_tilt=True)
    refused(folder, "slice_gap", repairs=Repairs(correct_tilt=True))
    refused(folder, "gantry_tilt", repairs=Repairs(resample_gaps=True))
    assert_ramp(folder, index_ct(folder, repairs=repairs).series)


def test_a_wide_gap_is_refused_even_if_gaps_may_be_filled(tmp_path):
    folder = heights(tmp_path / "ct", [0, 3, 6, 206, 209])
    repairs = Repairs(resample_gaps=True)
    assert "gap of 200 mm" in refused(folder, "slice_gap", repairs=repairs)


def test_jitter_below_tolerance_is_accepted(tmp_path):
    zs = [0, 3.009, 5.995, 9.004, 12.001, 14.996]
    folder = heights(tmp_path / "ct", zs)
    series = index_ct(folder).series
    assert series.blends is None
    assert series.lattice.spacing_mm[2] == pytest.approx(3, abs=0.01)
    found = [series.lattice.to_points((z, 0, 0))[2] for z in range(len(zs))]
    np.testing.assert_allclose(found, zs, atol=0.02)


def test_jitter_beyond_tolerance_is_refused(tmp_path):
    refused(heights(tmp_path / "ct", [0, 3, 6, 9.04, 12, 15]), "slice_gap")


def test_a_slice_beside_the_others_is_refused(tmp_path):
    positions = [(0, 0, 0), (0, 0, 3), (0.5, 0, 6), (0, 0, 9)]
    folder = ramp(tmp_path / "ct", positions, ORIENTATIONS["axial"])
    refused(folder, "irregular_positions", repairs=Repairs(True, True))


def test_distances_come_from_positions_alone(tmp_path):
    """Lying thickness, spacing, and random numbers of the images."""
    zs = np.arange(6) * 1.25
    folder = heights(tmp_path / "ct", zs)
    numbers = [55, 2, 2, 1000, -7, 3]
    for path, number in zip(sorted(folder.iterdir()), numbers, strict=True):
        content = path.read_bytes()
        for keyword, value in (
            ("SliceThickness", b"5.0"),
            ("SpacingBetweenSlices", b"-4.0"),
            ("SliceLocation", str(number).encode()),
            ("InstanceNumber", str(number).encode()),
        ):
            content = with_value(content, keyword, value)
        path.write_bytes(content)
    series = index_ct(folder).series
    assert series.lattice.spacing_mm[2] == pytest.approx(1.25)
    assert_ramp(folder, series)


# Other files next to a series


def test_time_points_at_the_same_positions_are_refused(tmp_path):
    for time in (1, 2):
        slices = [
            (
                upright(
                    z, SOPInstanceUID=f"1.{time}.{z}", TemporalPositionIdentifier=time
                ),
                VOLUME[z],
            )
            for z in range(4)
        ]
        write(tmp_path, slices)
    assert "holds 2 series: #1 (4 axial slices" in refused(tmp_path, "several_series")


def test_two_acquisitions_at_the_same_positions_are_refused(tmp_path):
    for number in (1, 2):
        slices = [
            (upright(z, SOPInstanceUID=f"1.{number}.{z}", AcquisitionNumber=number), p)
            for z, p in enumerate(VOLUME)
        ]
        write(tmp_path, slices)
    refused(tmp_path, "several_series")


def test_acquisitions_that_follow_each_other_are_one_volume(tmp_path):
    slices = [(upright(z, AcquisitionNumber=1 + z // 2), VOLUME[z]) for z in range(4)]
    assert read(write(tmp_path, slices)).shape == SHAPE


def test_two_orientations_are_two_series(tmp_path):
    folder = heights(tmp_path / "ct", [0, 3, 6])
    positions = [(0, y, 0) for y in (100, 103, 106)]
    ramp(folder, positions, ORIENTATIONS["coronal"])
    for number, path in enumerate(sorted(folder.iterdir())):
        value = f"1.2.3.4.{number}".encode()
        path.write_bytes(with_value(path.read_bytes(), "SOPInstanceUID", value))
    refused(folder, "several_series")


def test_ct_and_pet_in_one_folder_are_told_apart(tmp_path):
    write(tmp_path, [(upright(z), VOLUME[z]) for z in range(4)])
    write(tmp_path, [(pet(z), np.abs(VOLUME[z])) for z in range(3)])
    ct, pt = index_ct(tmp_path).series, index_pet(tmp_path).series
    assert (len(ct.slices), len(pt.slices)) == (4, 3)
    np.testing.assert_array_equal(
        read_whole(tmp_path, ct), np.maximum(VOLUME - 1000, -1024)
    )
    expected = np.abs(VOLUME[:3]) * 75_000 / 150e6
    np.testing.assert_allclose(read_whole(tmp_path, pt), expected, rtol=1e-6)


def test_pages_pictures_and_documents_beside_a_series_are_left_aside(tmp_path):
    folder = write(tmp_path, [(upright(z), VOLUME[z]) for z in range(4)])
    scout = upright(0, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    page = upright(
        0,
        ImageType=["DERIVED", "SECONDARY"],
        BitsAllocated=8,
        BitsStored=8,
        HighBit=7,
        PixelRepresentation=0,
        ImagePositionPatient=None,
        ImageOrientationPatient=None,
    )
    picture = upright(0, SamplesPerPixel=3, PhotometricInterpretation="RGB")
    capture = upright(
        0,
        ImageType=["DERIVED", "SECONDARY"],
        ImagePositionPatient=None,
        ImageOrientationPatient=None,
    )
    for number, dataset in enumerate((scout, page, picture, capture)):
        dataset.SOPInstanceUID = f"1.2.9.{number}"
        dataset.SeriesInstanceUID = "1.2.9"
        write(folder, [(dataset, np.ones((4, 4)))])
    for kind in ("RTSTRUCT", "SR", "PR"):
        document = Dataset()
        document.SOPClassUID, document.SOPInstanceUID = "1.2.840.10008.9", "1.2.9.9"
        document.Modality = kind
        (folder / f"{kind}.dcm").write_bytes(written(document, ImplicitVRLittleEndian))
    np.testing.assert_array_equal(read(folder), np.maximum(VOLUME - 1000, -1024))


def test_nested_folders_and_names_without_suffix(tmp_path):
    names = ["a/b/c/IM1", "a/IM2", "z/1.2.3", "IM4"]
    for z, name in enumerate(names):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(file_bytes(upright(z), VOLUME[z]))
    np.testing.assert_array_equal(read(tmp_path), np.maximum(VOLUME - 1000, -1024))


@pytest.mark.parametrize("name", ["VERSION", "README"])
def test_a_note_beside_images_without_suffix_is_left_aside(tmp_path, name):
    for z, plane in enumerate(VOLUME):
        (tmp_path / f"IM{z}").write_bytes(file_bytes(upright(z), plane))
    (tmp_path / name).write_text("CD 1.0\r\n\tviewer\n")
    np.testing.assert_array_equal(read(tmp_path), np.maximum(VOLUME - 1000, -1024))


@pytest.mark.parametrize(
    ("name", "content"),
    [("IM4", b"<html>404</html>"), ("LAST", bytes(200)), ("LAST", b"")],
)
def test_what_may_have_been_an_image_is_not_left_aside(tmp_path, name, content):
    """A server's apology under an image's name, and files that are empty."""
    for z, plane in enumerate(VOLUME):
        (tmp_path / f"IM{z}").write_bytes(file_bytes(upright(z), plane))
    (tmp_path / name).write_bytes(content)
    refused(tmp_path, "unreadable_file")


@pytest.mark.parametrize(("spacing", "series"), [("0.7000004", 1), ("0.7004", 2)])
def test_spacings_that_differ_in_the_last_digit_are_one(tmp_path, spacing, series):
    spacings = ["0.7", spacing, "0.7", spacing]
    slices = [
        (upright(z, PixelSpacing=["0.8", text]), VOLUME[z])
        for z, text in enumerate(spacings)
    ]
    folder = write(tmp_path, slices)
    if series == 1:
        assert read(folder).shape == SHAPE
    else:
        refused(folder, "several_series")


def test_a_copied_subfolder_counts_once(tmp_path):
    slices = [(upright(z), VOLUME[z]) for z in range(4)]
    write(tmp_path / "ct", slices)
    write(tmp_path / "ct (2)", slices)
    assert read(tmp_path).shape == SHAPE


@pytest.mark.parametrize("syntax", NATIVE)
@pytest.mark.parametrize("length", [10, 40_000, 200_000])
def test_long_private_elements_and_sequences_are_passed_over(tmp_path, syntax, length):
    """Headers of a kilobyte and of more than the quick look takes in."""
    slices = []
    for z, plane in enumerate(VOLUME):
        dataset = upright(z)
        inner = group_of(ReferencedImageSequence={"Rows": 1, "RescaleSlope": 9})
        inner.ReferencedImageSequence[0].PixelData = b"\0\0"
        inner.ReferencedImageSequence[0].BitsAllocated = 16
        dataset.ReferencedStudySequence = [inner, inner]
        dataset["ReferencedStudySequence"].is_undefined_length = z % 2 == 0
        block = dataset.private_block(0x0029, "MAKER", create=True)
        block.add_new(0x10, "OB", b"\xfe\xff\x00\xe0" * (length // 4))
        slices.append((dataset, plane))
    values = read(write(tmp_path, slices, syntax))
    np.testing.assert_array_equal(values, np.maximum(VOLUME - 1000, -1024))


def test_compressed_enhanced_files_are_refused(tmp_path):
    dataset, stored = enhanced([0, 1, 2, 3], [1] * 4, VOLUME)
    file_bytes(dataset, stored)
    dataset.compress(RLELossless, generate_instance_uid=False)
    (tmp_path / "one.dcm").write_bytes(written(dataset, RLELossless))
    assert "compressed enhanced" in refused(tmp_path, "multi_frame")


def test_a_frame_of_reference_may_be_absent(tmp_path):
    slices = [(upright(z, FrameOfReferenceUID=None), p) for z, p in enumerate(VOLUME)]
    assert read(write(tmp_path, slices)).shape == SHAPE


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, *NATIVE[1:]])
def test_copies_count_once_and_contradicting_ones_are_refused(tmp_path, syntax):
    slices = [(upright(z), VOLUME[z]) for z in range(4)]
    folder = write(tmp_path, [*slices, slices[1]], syntax)
    assert read(folder).shape == SHAPE
    other = VOLUME[1].copy()
    other[3, 4] += 1
    write(folder, [(upright(1), other)], syntax)
    refused(folder, "contradicting_copies")


def test_deflated_copies_are_compared_by_what_they_inflate_to(tmp_path):
    """Their pixels begin further on than the deflated file is long."""
    for number, change in enumerate([0, 0, 0, 0, 1]):
        place = min(number, 3)
        dataset = upright(place)
        dataset.ImageComments = "x" * 9000
        content = file_bytes(
            dataset, VOLUME[place] + change, DeflatedExplicitVRLittleEndian
        )
        assert len(content) < 9000
        (tmp_path / f"{number}.dcm").write_bytes(content)
    refused(tmp_path, "contradicting_copies")


def test_a_copy_of_another_signedness_contradicts(tmp_path):
    slices = [(upright(z), VOLUME[z]) for z in range(4)]
    write(tmp_path, slices)
    unsigned = VOLUME[1].astype(np.int16).view(np.uint16)
    write(tmp_path, [(upright(1, PixelRepresentation=0), unsigned)])
    refused(tmp_path, "contradicting_copies")


def test_dose_of_an_implicit_header_is_read(tmp_path):
    slices = [(upright(z, CTDIvol=7.5), VOLUME[z]) for z in range(4)]
    for name, syntax in (("a", NATIVE[0]), ("b", NATIVE[1]), ("c", NATIVE[2])):
        folder = write(tmp_path / name, slices, syntax)
        found = index_ct(folder).acquisition
        assert found is not None
        assert found.ctdi_mgy == 7.5


# Boxes, indices, times


@settings(derandomize=True, deadline=None, max_examples=40)
@given(data=st.data())
def test_any_box_is_a_crop_of_the_whole(data):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "ct")
        gaps = data.draw(st.sampled_from([(0, 1, 2, 3), (0, 1, 3, 4)]))
        syntax = data.draw(st.sampled_from(NATIVE))
        write(
            folder, ((upright(z), p) for z, p in zip(gaps, VOLUME, strict=True)), syntax
        )
        repairs = Repairs(resample_gaps=True)
        series = index_ct(folder, repairs=repairs).series
        whole = read_whole(folder, series)
        boxes = []
        for _ in range(data.draw(st.integers(1, 4))):
            start = [data.draw(st.integers(0, size - 1)) for size in whole.shape]
            shape = [
                data.draw(st.integers(1, size - first))
                for first, size in zip(start, whole.shape, strict=True)
            ]
            boxes.append((tuple(start), tuple(shape)))
        parts = read_boxes(folder, series, boxes)
        for (start, shape), part in zip(boxes, parts, strict=True):
            z, y, x = (slice(a, a + n) for a, n in zip(start, shape, strict=True))
            np.testing.assert_array_equal(part, whole[z, y, x])


@pytest.mark.parametrize("kind", ["ct", "pet", "images", "padded", "compressed"])
def test_an_index_survives_json(tmp_path, kind):
    if kind == "compressed":
        for z, plane in enumerate(VOLUME):
            content = compressed(upright(z), plane, RLELossless)
            (tmp_path / f"{z}").write_bytes(content)
    else:
        make = pet if kind == "pet" else upright
        extra = {"PixelPaddingValue": -2000} if kind == "padded" else {}
        pixels = np.abs(VOLUME)
        slices = [
            (make(z, RescaleSlope=1 + z / 7, **extra), p) for z, p in enumerate(pixels)
        ]
        write(tmp_path, slices)
    if kind == "pet":
        series = index_pet(tmp_path).series
    elif kind == "images":
        series = index_images(tmp_path, modality="CT").series
    else:
        series = index_ct(tmp_path).series
    assert scans.from_json(scans.to_json(series)) == series


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("20200102030405", "2020-01-02 03:04:05"),
        ("20200102030405.250000", "2020-01-02 03:04:05.250000"),
        ("20200102030405.25+0100", "2020-01-02 03:04:05.250000"),
        ("20200102030405-0500", "2020-01-02 03:04:05"),
        ("202001020304", "2020-01-02 03:04:00"),
        ("2020010203", "2020-01-02 03:00:00"),  # was guessed to be 0:03
        ("20200102", "None"),
        ("2020010203040", "None"),
        ("20201301000000", "None"),
        ("99991231235959.99999999", "None"),
        ("", "None"),
        (None, "None"),
    ],
)
def test_moments_are_read_or_unknown_but_never_guessed(value, expected):
    assert str(moment(value)) == expected


@pytest.mark.parametrize("value", ["256199", "246000", "1", "12345", "-10000", "ab"])
def test_times_that_no_clock_shows_are_unknown(value):
    assert time_of_day(value) is None


def test_the_series_writer_of_other_tests_agrees(tmp_path):
    write_series(tmp_path / "ct", VOLUME)
    np.testing.assert_array_equal(
        read(tmp_path / "ct"), np.maximum(VOLUME - 1000, -1024)
    )
