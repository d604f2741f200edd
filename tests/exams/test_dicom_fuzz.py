"""Files damaged at random: read, or refused in the one way; never anything else."""

import tempfile
import warnings
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
import pytest
from dicom_files import file_bytes, header, read_whole, written
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)

from nodal_staging.exams.dicom import index_ct, index_pet
from nodal_staging.exams.dicom.frames import FRAME_TAGS
from nodal_staging.exams.dicom.headers import wanted_tags
from nodal_staging.exams.dicom.pet_header import pet_slice
from nodal_staging.exams.dicom.scanning import scan
from nodal_staging.exams.suv import SUVError, suv_factors
from nodal_staging.study.errors import InputError, naming

STORED = np.random.default_rng(11).integers(0, 2000, (3, 12, 10))
PLACE = "exam E0001, column ct"
SECRET = b"Sekretowski"
TAGS = wanted_tags(FRAME_TAGS)
FEW = settings(
    derandomize=True,
    deadline=None,
    max_examples=60,
    suppress_health_check=list(HealthCheck),
)


def single(place: int, **attributes) -> Dataset:
    attributes = {"PatientName": SECRET.decode()} | attributes
    return header((-10.0, -20.0, 100 + 3.0 * place), **attributes)


def rle(place: int) -> bytes:
    dataset = single(place)
    file_bytes(dataset, STORED[place])
    dataset.compress(RLELossless, generate_instance_uid=False)
    return written(dataset, RLELossless)


def pet(place: int) -> bytes:
    tracer = Dataset()
    tracer.RadiopharmaceuticalStartTime = "120000"
    tracer.RadionuclideTotalDose = "150000000"
    tracer.RadionuclideHalfLife = "4062.6"
    dataset = single(
        place,
        modality="PT",
        RescaleIntercept=0,
        Units="BQML",
        DecayCorrection="START",
        CorrectedImage=["ATTN", "DECY"],
        PatientWeight="80.0",
        AcquisitionDate="20200101",
        AcquisitionTime="130000",
        RadiopharmaceuticalInformationSequence=[tracer],
    )
    return file_bytes(dataset, STORED[place])


def enhanced(_: int) -> bytes:
    dataset = single(0, NumberOfFrames=3, ImagePositionPatient=None)
    groups = []
    for place in range(3):
        group, position, transformation = Dataset(), Dataset(), Dataset()
        position.ImagePositionPatient = [-10.0, -20.0, 100 + 3.0 * place]
        transformation.RescaleSlope, transformation.RescaleIntercept = 1, -1000
        group.PlanePositionSequence = [position]
        group.PixelValueTransformationSequence = [transformation]
        groups.append(group)
    dataset.PerFrameFunctionalGroupsSequence = groups
    return file_bytes(dataset, STORED)


def native(syntax):
    return lambda place: file_bytes(single(place), STORED[place], syntax)


KINDS = {
    "explicit": native(ExplicitVRLittleEndian),
    "implicit": native(ImplicitVRLittleEndian),
    "big endian": native(ExplicitVRBigEndian),
    "deflated": native(DeflatedExplicitVRLittleEndian),
    "rle": rle,
    "enhanced": enhanced,
    "pet": pet,
}

DAMAGES = st.lists(
    st.tuples(
        st.sampled_from(["flip", "set", "cut", "drop", "insert", "repeat"]),
        st.floats(0, 1, exclude_max=True),
        st.binary(min_size=1, max_size=12),
    ),
    min_size=1,
    max_size=4,
)


def damaged(content: bytes, damages, *, start: int = 0) -> bytes:
    """Apply damages to the part of a file from ``start`` on."""
    for kind, share, data in damages:
        place = start + int((len(content) - start) * share)
        head, tail = content[:place], content[place:]
        if kind == "flip" and tail:
            tail = bytes([tail[0] ^ (1 << (data[0] % 8))]) + tail[1:]
        elif kind == "set":
            tail = data + tail[len(data) :]
        elif kind == "cut":
            tail = b""
        elif kind == "drop":
            tail = tail[len(data) :]
        elif kind == "insert":
            tail = data + tail
        elif kind == "repeat":
            tail = tail[: 8 * len(data)] + tail
        content = head + tail
    return content


def read_or_refused(read) -> np.ndarray | None:
    """Return what is read, or None where it is refused as it should be."""
    try:
        with naming(PLACE):
            values = read()
    except InputError as error:
        assert str(error).startswith(PLACE)
        assert SECRET.decode() not in str(error)
        return None
    assert np.isfinite(values).all()
    return values


def read_folder(folder: Path, index) -> np.ndarray:
    series = index(folder).series
    return read_whole(folder, series)


@pytest.mark.parametrize("kind", KINDS)
def test_an_undamaged_file_reads(tmp_path, kind):
    """What is fuzzed is valid, so that damage is what the fuzzing tries."""
    for place in range(1 if kind == "enhanced" else 3):
        (tmp_path / f"{place}.dcm").write_bytes(KINDS[kind](place))
    index = index_pet if kind == "pet" else index_ct
    assert read_or_refused(lambda: read_folder(tmp_path, index)) is not None


@pytest.mark.fuzz
@pytest.mark.parametrize("kind", KINDS)
@FEW
@given(damages=DAMAGES, meta=st.booleans())
def test_a_damaged_series_is_read_or_refused(kind, damages, meta):
    """Half of the damage spares the preamble and the file meta information."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for place in range(1 if kind == "enhanced" else 3):
            content = KINDS[kind](place)
            if place == 1 or kind == "enhanced":
                content = damaged(content, damages, start=0 if meta else 300)
            (folder / f"{place}.dcm").write_bytes(content)
        index = index_pet if kind == "pet" else index_ct
        read_or_refused(lambda: read_folder(folder, index))


NUMBERS = st.one_of(
    st.sampled_from(
        "0 -1 1e-300 1e-30 0.001 1.75 80 175 600 4062.6 80000 1e8 1e20 1e300 NaN inf "
        "1e999 -1e300 1,5 x".split()
    ),
    st.floats().map(str),
    st.just(""),
)
TIMES = st.sampled_from(
    "000000 120000 130000.5 235959.9999999 240000 256199 12 x".split()
)
DATES = st.sampled_from("20200101 00010101 99991231 00000000 2020 x".split())
OFFSETS = st.sampled_from(["", "+0000", "+0100", "-0800", "+9999", "-1", "x"])


@pytest.mark.fuzz
@settings(FEW, max_examples=1500)
@given(data=st.data())
def test_any_pet_header_gives_a_bearable_factor_or_is_refused(data):
    """No number in a header is so odd that another error escapes."""
    slice_, tracer = Dataset(), Dataset()
    texts = {
        "Units": st.sampled_from(["BQML", "CNTS", "GML", "CM2ML", "CPS"]),
        "DecayCorrection": st.sampled_from(["START", "ADMIN", "NONE", "x"]),
        "SUVType": st.sampled_from(["", "BW", "LBM", "LBMJAMES128", "LBMJANMA", "IBW"]),
        "PatientSex": st.sampled_from("MFO"),
        "SeriesDate": DATES,
        "SeriesTime": TIMES,
        "AcquisitionDate": DATES,
        "AcquisitionTime": TIMES,
        "TimezoneOffsetFromUTC": OFFSETS,
        **dict.fromkeys(
            [
                "PatientWeight",
                "PatientSize",
                "FrameReferenceTime",
                "ActualFrameDuration",
            ],
            NUMBERS,
        ),
    }
    for name, strategy in texts.items():
        slice_.add(DataElement(name, "LO", data.draw(strategy)))
    tracer.add(
        DataElement("RadiopharmaceuticalStartTime", "LO", data.draw(TIMES)),
    )
    for name in ("RadionuclideTotalDose", "RadionuclideHalfLife"):
        tracer.add(DataElement(name, "LO", data.draw(NUMBERS)))
    moment = data.draw(DATES) + data.draw(TIMES) + data.draw(OFFSETS)
    if data.draw(st.booleans()):
        tracer.add(DataElement("RadiopharmaceuticalStartDateTime", "LO", moment))
    slice_.CorrectedImage = ["ATTN", "DECY"]
    slice_.RadiopharmaceuticalInformationSequence = [tracer]
    block = slice_.private_block(0x7053, "Philips PET Private Group", create=True)
    for element in (0x00, 0x09):
        block.add_new(element, "LO", data.draw(NUMBERS))
    try:
        with naming(PLACE):
            (factor,) = suv_factors([pet_slice(slice_)]).values
    except SUVError as error:
        assert str(error).startswith(PLACE)
    else:
        assert 1e-12 < factor < 1e6


@pytest.mark.fuzz
@pytest.mark.parametrize("kind", ["explicit", "implicit", "pet"])
@settings(FEW, max_examples=300)
@given(damages=DAMAGES)
def test_the_quick_look_never_sees_what_pydicom_does_not(kind, damages):
    """Where it does not give up, elements and the place of the pixels are equal."""
    content = damaged(KINDS[kind](1), damages, start=132)
    quick = scan(content, TAGS)
    if quick is None:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            source = BytesIO(content)
            full = pydicom.dcmread(source, stop_before_pixels=True)
        except Exception:
            return  # nothing to agree with; frames are checked after either reader
    wanted = {tag for tag in full.keys() if tag in TAGS}
    assert set(quick.header.keys()) == wanted
    for tag in wanted:
        ours, theirs = quick.header.get_item(tag), full.get_item(tag)
        assert (ours.VR, ours.value) == (theirs.VR, theirs.value)
    place = source.tell()
    vr = content[place + 4 : place + 6]
    stated = not full.is_implicit_VR and b"AA" <= vr <= b"ZZ"
    # An element without letters for its VR is read as implicit, in any file.
    assert quick.offset - place == (12 if stated else 8)


def test_the_quick_look_does_not_give_up_on_what_is_simple():
    for kind in ("explicit", "implicit", "pet"):
        assert scan(KINDS[kind](1), TAGS) is not None
