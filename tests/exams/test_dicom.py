"""Series written here with known values, and real series that once misled readers."""

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from dicom_files import header, read_whole, write_series, write_slice

from nodal_staging.cohort.sheets import _chosen
from nodal_staging.exams import dicom
from nodal_staging.exams.dicom import DicomSeriesError, Series, index_ct, read_boxes
from nodal_staging.exams.dicom.frames import FRAME_TAGS
from nodal_staging.exams.dicom.headers import wanted_tags
from nodal_staging.exams.dicom.scanning import scan
from nodal_staging.study.errors import ChangedFileError


@pytest.fixture
def volume():
    return np.random.default_rng(1).integers(0, 2000, (6, 4, 5))


def test_order_and_values_do_not_depend_on_file_names(tmp_path, volume):
    write_series(tmp_path / "ct", volume, order=[3, 0, 5, 1, 4, 2])
    series = index_ct(tmp_path / "ct").series
    values = read_whole(tmp_path / "ct", series)
    np.testing.assert_array_equal(values, volume - 1000.0)
    assert series.lattice.shape == (6, 4, 5)
    assert series.lattice.spacing_mm == pytest.approx((0.7, 0.8, 3.0))
    assert series.lattice.origin_mm == (-10.0, -20.0, 100.0)


def test_a_part_is_the_part_of_the_whole(tmp_path, volume):
    write_series(tmp_path / "ct", volume)
    series = index_ct(tmp_path / "ct").series
    whole = read_whole(tmp_path / "ct", series)
    boxes = [((2, 0, 0), (3, 4, 5)), ((1, 1, 2), (4, 2, 3)), ((5, 3, 4), (1, 1, 1))]
    parts = read_boxes(tmp_path / "ct", series, boxes)
    for ((z, y, x), (depth, height, width)), part in zip(boxes, parts, strict=True):
        expected = whole[z : z + depth, y : y + height, x : x + width]
        np.testing.assert_array_equal(part, expected)


def test_index_survives_json(tmp_path, volume):
    write_series(tmp_path / "ct", volume)
    series = index_ct(tmp_path / "ct").series
    assert Series.from_json(series.to_json()) == series


def test_slope_of_every_slice_counts(tmp_path):
    (tmp_path / "ct").mkdir()
    stored = np.full((2, 2), 100)
    for place, slope in enumerate((1.0, 0.37, 10.0)):
        dataset = header((0, 0, 2.0 * place), RescaleSlope=slope, RescaleIntercept=0)
        write_slice(tmp_path / "ct" / f"{place}.dcm", dataset, stored)
    series = index_ct(tmp_path / "ct").series
    values = read_whole(tmp_path / "ct", series)
    np.testing.assert_allclose(values[:, 0, 0], [100, 37, 1000], rtol=1e-6)


def test_padding_is_air(tmp_path, volume):
    volume[:, 0, 0] = -2000
    write_series(tmp_path / "ct", volume, PixelPaddingValue=-2000)
    series = index_ct(tmp_path / "ct").series
    values = read_whole(tmp_path / "ct", series)
    assert (values[:, 0, 0] == dicom.OUTSIDE_SCANNER_HU).all()
    np.testing.assert_array_equal(values[:, 1:], volume[:, 1:] - 1000.0)


def test_missing_slice_is_named(tmp_path, volume):
    write_series(tmp_path / "ct", volume, order=[0, 1, 3, 4, 5])
    with pytest.raises(
        DicomSeriesError, match=r"3 mm, found 6 mm between slices 2 and"
    ):
        index_ct(tmp_path / "ct")


def test_a_copy_counts_once(tmp_path, volume):
    write_series(tmp_path / "ct", volume, order=[0, 1, 1, 2])
    assert len(index_ct(tmp_path / "ct").series.slices) == 3


def test_copies_that_contradict_each_other_are_refused(tmp_path, volume):
    write_series(tmp_path / "ct", volume)
    write_slice(tmp_path / "ct" / "copy.dcm", header((-10, -20, 103.0)), volume[0])
    with pytest.raises(DicomSeriesError, match=r"files 2 and 7 claim to be the same"):
        index_ct(tmp_path / "ct")


def test_two_reconstructions_are_refused(tmp_path, volume):
    write_series(tmp_path / "ct", volume)
    second = header((-10, -20, 103.0), SOPInstanceUID="1.2.3.77")
    write_slice(tmp_path / "ct" / "second.dcm", second, volume[0])
    with pytest.raises(DicomSeriesError, match="same position"):
        index_ct(tmp_path / "ct")


def test_tilt_is_refused(tmp_path, volume):
    (tmp_path / "ct").mkdir()
    for place in range(6):
        dataset = header((0, 0.75 * place, 3.0 * place))
        write_slice(tmp_path / "ct" / f"{place}.dcm", dataset, volume[place])
    with pytest.raises(DicomSeriesError, match=r"tilted by 14\.0 degrees"):
        index_ct(tmp_path / "ct")


def test_mixed_series_are_refused(tmp_path, volume):
    write_series(tmp_path / "ct", volume)
    dataset = header((0, 0, 500.0), SeriesInstanceUID="9.9")
    write_slice(tmp_path / "ct" / "other.dcm", dataset, volume[0])
    with pytest.raises(
        DicomSeriesError,
        match=r"holds 2 series: #1 \(6 axial slices of 5 x 4 .*\), #2 \(1 axial",
    ):
        index_ct(tmp_path / "ct")


def test_a_sheet_names_a_series_behind_its_folder(tmp_path):
    (tmp_path / "odd#7").mkdir()
    assert _chosen(tmp_path / "ct#2") == (tmp_path / "ct", "2")
    chosen = "kernel=Br40d-3,thickness=1.5"
    assert _chosen(tmp_path / f"ct#{chosen}") == (tmp_path / "ct", chosen)
    assert _chosen(tmp_path / "odd#7") == (tmp_path / "odd#7", None)
    assert _chosen(tmp_path / "ct") == (tmp_path / "ct", None)
    assert _chosen(None) == (None, None)


def test_scouts_are_left_aside(tmp_path, volume):
    write_series(tmp_path / "ct", volume)
    scout = header(
        (0, 0, 0), ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"], SeriesInstanceUID="8"
    )
    write_slice(tmp_path / "ct" / "scout.dcm", scout, volume[0])
    series = index_ct(tmp_path / "ct").series
    assert len(series.slices) == len(volume)


def test_files_of_other_kinds_are_left_aside(tmp_path, volume):
    write_series(tmp_path / "ct", volume)
    (tmp_path / "ct" / "DICOMDIR").write_bytes(b"index")
    (tmp_path / "ct" / "readme.txt").write_text("no image")
    assert len(index_ct(tmp_path / "ct").series.slices) == len(volume)


def test_a_damaged_image_is_named_by_its_place(tmp_path, volume):
    write_series(tmp_path / "ct", volume)
    (tmp_path / "ct" / "Doe_John.dcm").write_bytes(b"\0" * 5000)
    with pytest.raises(DicomSeriesError, match="file 7") as caught:
        index_ct(tmp_path / "ct")
    assert "Doe" not in str(caught.value)


def test_a_file_exchanged_after_inspection_is_noticed(tmp_path, volume):
    write_series(tmp_path / "ct", volume)
    series = index_ct(tmp_path / "ct").series
    write_slice(tmp_path / "ct" / "002.dcm", header((0, 0, 0)), np.zeros((9, 9)))
    with pytest.raises(ChangedFileError, match="changed since it was inspected"):
        read_whole(tmp_path / "ct", series)


def test_contrast_and_exposure_come_from_the_header(tmp_path, volume):
    write_series(tmp_path / "a", volume, ContrastBolusAgent="Iomeprol", Exposure=90)
    write_series(tmp_path / "b", volume)
    with_agent, without = (index_ct(tmp_path / name).acquisition for name in "ab")
    assert (with_agent.contrast_agent, with_agent.exposure_mas) == (True, 90)
    assert (without.contrast_agent, without.exposure_mas) == (False, None)


def test_real_tilt_is_measured(real_files):
    with pytest.raises(DicomSeriesError, match=r"14\.0 degrees"):
        index_ct(real_files / "d2n_failing" / "gantrytilting" / "001")


def test_real_stack_at_one_position_is_refused(real_files):
    with pytest.raises(DicomSeriesError, match="same position"):
        index_ct(real_files / "d2n_failing" / "notavolume" / "001")


def test_real_series_with_wrapped_padding_agrees_with_simpleitk(real_files):
    folder = real_files / "dcmqi" / "ct-3slice"
    series = index_ct(folder).series
    values = read_whole(folder, series)
    for place, item in enumerate(series.slices):
        path = sorted(folder.iterdir())[item.file]
        oracle = sitk.GetArrayFromImage(sitk.ReadImage(str(path)))[0]
        inside = pydicom.dcmread(path).pixel_array > item.padding[1]
        np.testing.assert_array_equal(values[place][inside], oracle[inside])
    assert values.min() == dicom.OUTSIDE_SCANNER_HU
    assert series.lattice.spacing_mm[2] == pytest.approx(1.0)


SAMPLES = [
    "dcmqi/ct-3slice/01.dcm",
    "dcmqi/23x38x3/image/IMG0001.dcm",
    "highdicom/ct_image.dcm",
    "pydicom/CT_small.dcm",
    "d2n_failing/gantrytilting/001/IM-0001-0001.dcm",
    "ibsi_suv/DRO/DRO_0_0/PT/pet_dro_0_0_slice_000.dcm",
    "dcmqi/23x38x3/multiframe/mf.dcm",
]
TAGS = wanted_tags(FRAME_TAGS)


@pytest.mark.parametrize("name", SAMPLES)
def test_the_quick_look_sees_what_pydicom_sees(real_files, name):
    content = (real_files / name).read_bytes()
    quick = scan(content, TAGS)
    full = pydicom.dcmread(real_files / name)
    wanted = {tag: element for tag, element in full.items() if tag in TAGS}
    assert quick is not None
    assert set(quick.header.keys()) == set(wanted)
    for tag in wanted:
        assert quick.header[tag].value == full[tag].value
    pixels = content[quick.offset : quick.offset + quick.length]
    assert pixels == full.PixelData


def test_the_quick_look_gives_up_where_a_header_is_not_simple(real_files):
    """Another order of bytes, cut files, no preamble."""
    simple = (real_files / SAMPLES[3]).read_bytes()
    assert scan(simple, TAGS) is not None
    assert scan(simple[128:], TAGS) is None
    assert scan(simple[:900], TAGS) is None
    assert scan(b"", TAGS) is None
    compressed = next((real_files / "d2n_compressed").rglob("*.dcm"))
    assert scan(compressed.read_bytes(), TAGS) is None


RADIOPHARMACEUTICAL = "RadiopharmaceuticalInformationSequence"


@pytest.mark.parametrize("undefined", [True, False])
def test_the_quick_look_parses_a_wanted_sequence_or_leaves_it(tmp_path, undefined):
    dose = pydicom.Dataset()
    dose.RadionuclideTotalDose = "150000000"
    dose.RadiopharmaceuticalStartTime = "101500"
    made = header((0, 0, 0))
    setattr(made, RADIOPHARMACEUTICAL, [dose])
    made[RADIOPHARMACEUTICAL].is_undefined_length = undefined
    path = tmp_path / "pet.dcm"
    write_slice(path, made, np.zeros((4, 5)))
    tags = wanted_tags([*FRAME_TAGS, RADIOPHARMACEUTICAL])
    quick = scan(path.read_bytes(), tags)
    assert quick is not None
    read = pydicom.dcmread(path)[RADIOPHARMACEUTICAL]
    assert read.is_undefined_length == undefined
    assert quick.header[RADIOPHARMACEUTICAL].value == read.value
    item = b"\xfe\xff\x00\xe0"
    assert path.read_bytes().count(item) == 1
    path.write_bytes(path.read_bytes().replace(item, bytes(4)))
    damaged = scan(path.read_bytes(), tags)
    assert (damaged is None) == undefined
    if damaged:
        read = pydicom.dcmread(path)[RADIOPHARMACEUTICAL]
        assert damaged.header[RADIOPHARMACEUTICAL].value == read.value
