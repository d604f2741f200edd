"""Values of DICOM elements: one rule for images, SUV and segmentations.

Every case goes through the function by which each of the three reads a header. What
is damage to one is damage to all.
"""

import pickle
import struct
from io import BytesIO

import pytest
from pydicom.datadict import dictionary_VR
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.tag import Tag

from nodal_staging.exams.dicom.elements import (
    integer,
    items,
    numbers,
    readable_text,
    text,
    texts,
)
from nodal_staging.exams.dicom.pet_header import PHILIPS, pet_slice
from nodal_staging.exams.dicom.rescaling import rescaling
from nodal_staging.exams.segmentation.dicom_values import (
    BrokenSegError,
    length,
    whole_number,
)
from nodal_staging.study.errors import (
    DicomSeriesError,
    InputError,
    naming,
    naming_part,
)

LONG = {"OB", "OW", "SQ", "UN", "UT"}


def raw(name, value: bytes, kind: str | None = "usual", order: str = "<") -> Dataset:
    """Return a header of one element as pydicom reads it; no kind is Implicit VR."""
    tag = Tag(name)
    kind = dictionary_VR(tag) if kind == "usual" else kind
    head = struct.pack(f"{order}HH", tag.group, tag.element)
    if kind is None:
        head += struct.pack(f"{order}I", len(value))
    elif kind in LONG:
        head += kind.encode() + struct.pack(f"{order}HI", 0, len(value))
    else:
        head += kind.encode() + struct.pack(f"{order}H", len(value))
    return read_dataset(BytesIO(head + value), kind is None, order == "<")


def image_number(value: bytes, kind: str | None) -> float | None:
    """Read a slope; where there is none, 1 is returned."""
    try:
        return rescaling([raw("RescaleSlope", value, kind)], hounsfield=False)[0]
    except DicomSeriesError as error:
        assert str(error).startswith("RescaleSlope is not a number")
        return None


def suv_number(value: bytes, kind: str | None) -> float | None:
    return pet_slice(raw("PatientWeight", value, kind)).weight_kg


def segmentation_number(value: bytes, kind: str | None) -> float | None:
    try:
        return length(raw("SliceThickness", value, kind), "SliceThickness")
    except BrokenSegError as error:
        assert str(error).startswith("expected 1 finite numbers as SliceThickness")
        return None


NUMBER_READERS = [image_number, suv_number, segmentation_number]
EIGHTY = (
    b"80|80.|+80|80.0|080|8e1|8E1|8.0e+1|+.8e2|8000E-2| 80 |80\0|\t80\r\n| 80.000000"
)
DAMAGED = (
    b"80,0|8_0|NaN|nan|inf|-inf|Infinity|1e999|0x50|80 kg|kg|8 0|80\\81|80\\|\\80|80\\|"
    b"1e|e1|.|+|--80|8.0.0|8\xc2\xb2|\xef\xbc\x98\xef\xbc\x90|80\0\x0080"
)


@pytest.mark.parametrize("kind", ["DS", "UN", "LO", None])
@pytest.mark.parametrize("value", EIGHTY.split(b"|"))
@pytest.mark.parametrize("read", NUMBER_READERS)
def test_a_number_is_read_with_its_padding(read, value, kind):
    assert read(value, kind) == 80


@pytest.mark.parametrize("kind", ["DS", "UN", "LO", None])
@pytest.mark.parametrize("value", DAMAGED.split(b"|"))
@pytest.mark.parametrize("read", NUMBER_READERS)
def test_a_damaged_number_is_never_guessed(read, value, kind):
    assert read(value, kind) is None


@pytest.mark.parametrize("kind", ["FD", "FL", "US", "OB", "SQ", "XX"])
@pytest.mark.parametrize("read", NUMBER_READERS)
def test_a_number_is_text_where_the_standard_says_so(read, kind):
    assert read(b"80" if kind == "US" else struct.pack("<d", 80.0), kind) is None


@pytest.mark.parametrize("value", [b"", b"  ", b"\0\0"])
@pytest.mark.parametrize("read", NUMBER_READERS)
def test_an_empty_element_has_no_number(read, value):
    """A rescaling without a slope is one of slope 1."""
    assert read(value, "DS") == (1 if read is image_number else None)


@pytest.mark.parametrize("values", [b"1\\2", b"1\\2\\3", b"1"])
def test_several_numbers_come_in_order(values):
    expected = tuple(map(float, values.split(b"\\")))
    assert numbers(raw("ImagePositionPatient", values), "ImagePositionPatient") == (
        expected
    )


def image_integer(header: Dataset, name: str) -> int | None:
    try:
        return integer(header, name)
    except DicomSeriesError as error:
        assert str(error).startswith(f"{name} is not a whole number")
        return None


def segmentation_integer(header: Dataset, name: str) -> int | None:
    try:
        return whole_number(header, name, 4096)
    except BrokenSegError as error:
        assert str(error).startswith(f"expected {name} from 1 to 4096")
        return None


SIX = [
    ("Rows", struct.pack("<H", 6), "US", "<"),
    ("Rows", struct.pack(">H", 6), "US", ">"),
    ("Rows", struct.pack("<H", 6), "UN", "<"),
    ("Rows", struct.pack("<H", 6), None, "<"),
    ("Rows", struct.pack("<h", 6), "SS", "<"),
    ("Rows", struct.pack("<I", 6), "UL", "<"),
    ("Rows", b"6", "IS", "<"),
    ("Rows", b"6.0", "DS", "<"),
    ("NumberOfFrames", b"6 ", "IS", "<"),
    ("NumberOfFrames", b"6 ", "UN", "<"),
    ("NumberOfFrames", b"6 ", None, "<"),
]
NOT_SIX = [
    ("Rows", struct.pack("<2H", 6, 0), "US"),
    ("Rows", b"\x06", "US"),
    ("Rows", b"\x06\0\0", "US"),
    ("Rows", b"6\0\0\0\0\0", "US"),
    ("Rows", struct.pack("<d", 6), "FD"),
    ("Rows", b"\x06\0", "OB"),
    ("Rows", b"\x06\0", "LO"),
    ("Rows", b"", "SQ"),
    ("NumberOfFrames", struct.pack("<H", 6), "US"),
    ("NumberOfFrames", b"6.5", "IS"),
    ("NumberOfFrames", b"6\\6", "IS"),
    ("NumberOfFrames", b"99999999999", "IS"),
    ("NumberOfFrames", b"1e300", "IS"),
    ("NumberOfFrames", b"six", "IS"),
]


@pytest.mark.parametrize(("name", "value", "kind", "order"), SIX)
@pytest.mark.parametrize("read", [image_integer, segmentation_integer])
def test_a_whole_number_is_binary_or_text(read, name, value, kind, order):
    assert read(raw(name, value, kind, order), name) == 6


@pytest.mark.parametrize(("name", "value", "kind"), NOT_SIX)
@pytest.mark.parametrize("read", [image_integer, segmentation_integer])
def test_a_damaged_whole_number_is_never_guessed(read, name, value, kind):
    assert read(raw(name, value, kind), name) is None


def test_text_is_read_with_its_padding():
    header = raw("ImageType", b"ORIGINAL\\ PRIMARY \\AXIAL\0")
    assert texts(header, "ImageType") == ("ORIGINAL", "PRIMARY", "AXIAL")
    assert text(raw("SeriesDescription", "Becken venös".encode("latin-1")), (8, 0x103E))
    assert text(header, "Modality") == ""


@pytest.mark.parametrize("kind", ["US", "OB", "SQ", "XX"])
def test_text_that_is_stated_as_something_else_is_damage(kind):
    header = raw("Units", b"BQML", kind)
    with pytest.raises(DicomSeriesError, match=r"^Units is not text; export"):
        text(header, "Units")
    assert readable_text(header, "Units") == ""
    with pytest.raises(DicomSeriesError):
        pet_slice(header)


@pytest.mark.parametrize("kind", ["DS", "LO", "UN", "OB", None])
def test_a_private_factor_is_text_however_it_is_stated(kind):
    group, _, (place, _) = PHILIPS
    header = raw((group, 0x1000 | place), b"0.00123 ", kind)
    assert pet_slice(header).suv_scale == 0.00123


def test_values_that_pydicom_has_converted_are_the_same():
    header = raw("PixelSpacing", b"0.70\\0.8")
    assert header.PixelSpacing[0] == 0.7
    assert numbers(header, "PixelSpacing") == (0.7, 0.8)
    header = raw("Rows", struct.pack("<H", 6))
    assert header.Rows == integer(header, "Rows") == 6


def test_items_are_those_of_a_sequence():
    header = Dataset()
    header.SegmentSequence = [Dataset(), Dataset()]
    assert len(items(header, "SegmentSequence")) == 2
    assert items(header, "SharedFunctionalGroupsSequence") == []
    with pytest.raises(TypeError):
        items(raw("SegmentSequence", b"Sekretowski ", "LO"), "SegmentSequence")


def test_an_error_names_file_and_part_once_and_takes_both_along():
    with (
        pytest.raises(DicomSeriesError) as caught,
        naming("exam E0001"),
        naming("exam E0001, column ct"),
        naming_part("file 1"),
        naming_part("file 3"),
    ):
        raise DicomSeriesError("Rows is odd; export it again", "damaged_header")
    for error in (caught.value, pickle.loads(pickle.dumps(caught.value))):
        assert str(error) == (
            "exam E0001, column ct, file 3: Rows is odd; export it again"
        )
        assert error.reason == "damaged_header"


def test_an_error_without_a_name_is_its_message():
    assert str(InputError("no; do")) == "no; do"
