"""Files that lie, break off, explode or are no files: one clear sentence each.

Whatever is done to one file of a series, the series is refused by an InputError that
begins with the name and quotes nothing that was planted in headers, file and folder
names; or, where the damage is harmless, it still reads as before. Warnings count as
failures throughout (see pyproject.toml).
"""

import os
import signal
import struct
import tempfile
import time
import zlib

import numpy as np
import pytest
from dicom_files import file_bytes, header, read_whole, with_value, without, written
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    JPEGLSLossless,
)

from nodal_staging.exams import raw_files, volumes
from nodal_staging.exams.dicom import decoding, index_ct, index_images, index_pet
from nodal_staging.exams.isolation import isolated
from nodal_staging.study.errors import InputError, naming

PLACE = "exam E0001, column ct"
SECRET = "Sekretowski"
LONGEST_S = 20
VOLUME = np.random.default_rng(7).integers(0, 2000, (4, 6, 5))
HURT = 2
"""The file of the series that is damaged."""

BODY = {
    "PatientName": f"{SECRET}^Jan",
    "PatientID": SECRET,
    "SeriesDescription": SECRET,
    "StudyDescription": SECRET,
    "PatientComments": SECRET,
}


def slice_dataset(place: int, **attributes) -> Dataset:
    position = (-10.0, -20.0, 100 + 3.0 * place)
    return header(position, InstanceNumber=place + 1, **(BODY | attributes))


@pytest.fixture
def folder(tmp_path):
    """A valid series in a folder, and files, named after the patient."""
    path = tmp_path / SECRET
    path.mkdir()
    for place, stored in enumerate(VOLUME):
        content = file_bytes(slice_dataset(place), stored)
        (path / f"{SECRET}_{place}.dcm").write_bytes(content)
    return path


@pytest.fixture
def hurt(folder):
    return folder / f"{SECRET}_{HURT}.dcm"


@pytest.fixture(scope="module")
def neighbour(tmp_path_factory):
    path = tmp_path_factory.mktemp("neighbour")
    for place, stored in enumerate(VOLUME):
        (path / f"{place}").write_bytes(file_bytes(slice_dataset(place), stored))
    return path


@pytest.fixture(autouse=True)
def nothing_spreads(neighbour, capfd):
    """Bound the time, look at the terminal, and read another series afterwards."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < LONGEST_S
    assert SECRET not in "".join(capfd.readouterr())
    series = index_ct(neighbour).series
    np.testing.assert_array_equal(read_whole(neighbour, series), VOLUME - 1000.0)


def read_ct(folder):
    series = index_ct(folder).series
    return read_whole(folder, series)


def read_pet(folder):
    series = index_pet(folder).series
    return read_whole(folder, series)


def read_volume(path, unit="HU"):
    found = volumes.index_volume(path, unit=unit)
    box = ((0, 0, 0), found.lattice.shape)
    return volumes.read_boxes(path, found, [box])[0]


def refused(read, *arguments) -> str:
    """Return the sentence by which an input is refused."""
    with pytest.raises(InputError) as caught, naming(PLACE):
        read(*arguments)
    sentence = str(caught.value)
    assert sentence.startswith(PLACE)
    assert SECRET not in sentence
    assert "/" not in sentence.removeprefix(PLACE)
    assert "\n" not in sentence
    assert len(sentence) < 400
    return sentence


def u16(number: int) -> bytes:
    return struct.pack("<H", number)


HEADER_LIES = [
    ("Rows", u16(0)),
    ("Rows", u16(7)),
    ("Rows", u16(65535)),
    ("Rows", b"-6"),
    ("Rows", b"abcdef"),
    ("Columns", u16(0)),
    ("Columns", u16(6)),
    ("Columns", u16(65535)),
    ("Columns", b""),
    ("NumberOfFrames", b"0"),
    ("NumberOfFrames", b"-1"),
    ("NumberOfFrames", b"2"),
    ("NumberOfFrames", b"1.5"),
    ("NumberOfFrames", b"99999999999"),
    ("NumberOfFrames", b"1e300"),
    ("NumberOfFrames", b"many"),
    ("PixelSpacing", b""),
    ("PixelSpacing", b"0.8"),
    ("PixelSpacing", b"0\\0"),
    ("PixelSpacing", b"-0.8\\0.7"),
    ("PixelSpacing", b"0.8\\NaN"),
    ("PixelSpacing", b"0.8\\inf"),
    ("PixelSpacing", b"0,8\\0,7"),
    ("PixelSpacing", b"0_8\\0_7"),
    ("PixelSpacing", b"Sekretowski\\0.7"),
    ("PixelSpacing", b"1e-300\\1e-300"),
    ("PixelSpacing", b"1e6\\1e6"),
    ("PixelSpacing", b"0.8\\0.7\\0.7"),
    ("ImagePositionPatient", b"-10\\-20"),
    ("ImagePositionPatient", b"-10\\-20\\106\\0"),
    ("ImagePositionPatient", b"-10\\-20\\NaN"),
    ("ImagePositionPatient", b"-10\\-20\\-inf"),
    ("ImagePositionPatient", b"-10\\-20\\106,0"),
    ("ImagePositionPatient", b"-10\\-20\\here"),
    ("ImagePositionPatient", b"-10\\-20\\1e308"),
    ("ImagePositionPatient", b"-10\\-20\\1e12"),
    ("ImagePositionPatient", b"-10\\1e200\\106"),
    ("ImagePositionPatient", b"-10\\-20\\103"),
    ("ImagePositionPatient", b"-10\\-20\\"),
    ("ImageOrientationPatient", b"1\\0\\0\\0\\1"),
    ("ImageOrientationPatient", b"1\\0\\0\\1\\0\\0"),
    ("ImageOrientationPatient", b"0\\0\\0\\0\\0\\0"),
    ("ImageOrientationPatient", b"2\\0\\0\\0\\2\\0"),
    ("ImageOrientationPatient", b"1e200\\0\\0\\0\\1e200\\0"),
    ("ImageOrientationPatient", b"1\\0\\0\\0\\NaN\\0"),
    ("ImageOrientationPatient", b"0\\1\\0\\1\\0\\0"),
    ("ImageOrientationPatient", b"Sekretowski"),
    ("RescaleSlope", b"0"),
    ("RescaleSlope", b"NaN"),
    ("RescaleSlope", b"inf"),
    ("RescaleSlope", b"1e300"),
    ("RescaleSlope", b"1e-300"),
    ("RescaleSlope", b"-1"),
    ("RescaleSlope", b"1,0"),
    ("RescaleSlope", b"Sekretowski"),
    ("RescaleSlope", b""),
    ("RescaleIntercept", b""),
    ("RescaleIntercept", b"-1e300"),
    ("RescaleIntercept", b"NaN"),
    ("RescaleType", b"Z_EFF"),
    ("BitsAllocated", u16(0)),
    ("BitsAllocated", u16(12)),
    ("BitsAllocated", u16(64)),
    ("BitsAllocated", u16(65535)),
    ("BitsStored", u16(0)),
    ("BitsStored", u16(17)),
    ("HighBit", u16(3)),
    ("HighBit", u16(16)),
    ("HighBit", u16(65535)),
    ("PixelRepresentation", u16(2)),
    ("SOPInstanceUID", b"1.2.3.4.5.copy"),
    ("SeriesInstanceUID", b"1.2.3.99"),
    ("FrameOfReferenceUID", b"1.2.3.98"),
    ("PixelData", b""),
    ("PixelData", b"\0\0"),
    ("PixelData", b"\0" * 58),
    ("Modality", b"MR"),
    ("ImageType", b"ORIGINAL\\PRIMARY\\LOCALIZER"),
]


@pytest.mark.parametrize(("keyword", "value"), HEADER_LIES)
def test_a_header_that_lies_is_refused(folder, hurt, keyword, value):
    if keyword == "SOPInstanceUID":  # claimed by another slice, too
        other = folder / f"{SECRET}_0.dcm"
        other.write_bytes(with_value(other.read_bytes(), keyword, value))
    hurt.write_bytes(with_value(hurt.read_bytes(), keyword, value))
    refused(read_ct, folder)


NEEDED = (
    "Rows Columns PixelSpacing ImagePositionPatient ImageOrientationPatient "
    "RescaleSlope RescaleIntercept BitsAllocated PixelData Modality SeriesInstanceUID"
).split()


@pytest.mark.parametrize("keyword", NEEDED)
def test_a_header_that_lacks_what_is_needed_is_refused(folder, hurt, keyword):
    hurt.write_bytes(without(hurt.read_bytes(), keyword))
    refused(read_ct, folder)


KINDS = [
    ("Rows", "DS", b"6"),
    ("Rows", "SQ", b""),
    ("Rows", "LO", b"Sekretowski"),
    ("Rows", "FD", struct.pack("<d", 6)),
    ("PixelSpacing", "FD", struct.pack("<2d", 0.8, 0.7)),
    ("PixelSpacing", "SQ", b"\xfe\xff\x00\xe0\x00\x00\x00\x00"),
    ("ImagePositionPatient", "OB", b"\0" * 24),
    ("ImageOrientationPatient", "UT", b"Sekretowski"),
    ("BitsAllocated", "OW", b"\0" * 6),
    ("Modality", "US", u16(3)),
    ("PerFrameFunctionalGroupsSequence", "LO", b"Sekretowski"),
    ("PerFrameFunctionalGroupsSequence", "SQ", b"Sekretowski!"),
    ("PerFrameFunctionalGroupsSequence", "SQ", b"\xfe\xff\x00\xe0\x00\x00\x00\x00"),
    ("PerFrameFunctionalGroupsSequence", "UN", b"\xfe\xff\x00\xe0\x40\x00\x00\x00"),
]


@pytest.mark.parametrize(("keyword", "kind", "value"), KINDS)
def test_a_wrong_representation_is_refused_or_read_for_what_it_says(
    folder, hurt, keyword, kind, value
):
    hurt.write_bytes(with_value(hurt.read_bytes(), keyword, value, kind=kind))
    if keyword == "PerFrameFunctionalGroupsSequence" and kind != "LO":
        # one frame, whose position stands where that of a single frame does
        np.testing.assert_array_equal(read_ct(folder), VOLUME - 1000.0)
    elif (keyword, kind) == ("Rows", "DS"):
        np.testing.assert_array_equal(read_ct(folder), VOLUME - 1000.0)
    else:
        refused(read_ct, folder)


HARMLESS = [
    ("PatientName", "PN", b"\xff\xfe\xfd" * 7),
    ("SeriesDescription", "LO", bytes(range(128, 256))),
    ("SpecificCharacterSet", "CS", b"NO_SUCH_SET"),
    ("SpecificCharacterSet", "CS", b"ISO_IR 192\\\xff\xff"),
    ("PatientBirthDate", "DA", b"00000000"),
    ("PatientBirthDate", "DA", b"99999999"),
    ("PatientAge", "AS", b"-01Y"),
    ("AcquisitionDate", "DA", b"00000000"),
    ("AcquisitionDate", "DA", b"99991231"),
    ("AcquisitionTime", "TM", b"256199"),
    ("AcquisitionTime", "TM", b"235960.9999999999999"),
    ("StudyTime", "TM", b"Sekretowski"),
    ("Exposure", "IS", b"1e400"),
    ("Exposure", "IS", b"Sekretowski"),
    ("CTDIvol", "FD", b"\0" * 5),
    ("CTDIvol", "FD", struct.pack("<d", float("nan"))),
    ("CTDIvol", "FD", struct.pack("<2d", 1, 2)),
    ("ContrastBolusVolume", "DS", b"NaN"),
    ("ContrastBolusAgentSequence", "SQ", b"Sekretowski!"),
    ("PixelPaddingValue", "SS", b"abcdef"),
    ("PixelPaddingValue", "US", u16(500)),
    ("PixelPaddingRangeLimit", "LO", b"Sekretowski"),
    ("InstanceNumber", "IS", b"1.5"),
    ("SliceThickness", "DS", b"-3,0"),
    ("SpacingBetweenSlices", "DS", b"NaN"),
    ("WindowCenter", "DS", b"Sekretowski"),
    ("NumberOfFrames", "IS", b"1"),
    ("NumberOfFrames", "IS", b""),
    ("PixelSpacing", "DS", b" 8.0e-1 \\ +.7 "),
    ("SamplesPerPixel", "US", b""),
]


@pytest.mark.parametrize(("keyword", "kind", "value"), HARMLESS)
def test_lies_about_what_is_not_needed_are_harmless(folder, hurt, keyword, kind, value):
    hurt.write_bytes(with_value(hurt.read_bytes(), keyword, value, kind=kind))
    np.testing.assert_array_equal(read_ct(folder), VOLUME - 1000.0)


LENGTHS = [
    ("Modality", 0xFFFE),
    ("SeriesInstanceUID", 0xFFFF),
    ("ImagePositionPatient", 3),
    ("PixelData", 0xFFFFFFFF),
    ("PixelData", 0xFFFFFFFE),
    ("PixelData", 2),
    ("PixelData", 0),
    ("ContrastBolusAgentSequence", 0xFFFFFFFF),
    ("ContrastBolusAgentSequence", 0x7FFFFFFF),
    ("PerFrameFunctionalGroupsSequence", 0xFFFFFFFF),
]


@pytest.mark.parametrize(("keyword", "length"), LENGTHS)
def test_a_length_that_lies_is_refused(folder, hurt, keyword, length):
    value = {"PixelData": VOLUME[HURT].astype("<i2").tobytes()}.get(keyword, b"1.2.3.4")
    content = with_value(hurt.read_bytes(), keyword, value, length=length)
    hurt.write_bytes(content)
    if (keyword, length) == ("PixelData", 0xFFFFFFFE):  # all pixels are there
        np.testing.assert_array_equal(read_ct(folder), VOLUME - 1000.0)
    else:
        refused(read_ct, folder)


@pytest.mark.parametrize("share", np.linspace(0, 0.995, 24))
def test_a_cut_file_is_refused_wherever_it_is_cut(folder, hurt, share):
    content = hurt.read_bytes()
    hurt.write_bytes(content[: int(len(content) * share)])
    refused(read_ct, folder)


SYNTAXES = [
    "1.2.840.10008.1.2.4.100",  # MPEG-2
    "1.2.840.10008.1.2.9",
    "1.2.3.4.5.6",
    "Sekretowski",
    "",
    "1.2.840.10008.1.2.2",  # big endian, which it is not
    "1.2.840.10008.1.2.1.99",  # deflated, which it is not
    "1.2.840.10008.1.2.5",  # RLE and others, which the pixels are not
    "1.2.840.10008.1.2.4.70",
    "1.2.840.10008.1.2.4.80",
    "1.2.840.10008.1.2.4.90",
]


@pytest.mark.parametrize("uid", SYNTAXES)
def test_another_transfer_syntax_than_declared_is_refused(folder, hurt, uid):
    old = b"1.2.840.10008.1.2.1\0"
    new = uid.encode() + b"\0" * (len(uid) % 2)
    content = hurt.read_bytes()
    place = content.index(old)
    content = content[: place - 2] + u16(len(new)) + new + content[place + len(old) :]
    hurt.write_bytes(content)
    refused(read_ct, folder)


def encapsulated(place: int, fragments: bytes, syntax: str, **attributes) -> bytes:
    dataset = slice_dataset(place, **attributes)
    dataset.Rows, dataset.Columns = VOLUME.shape[1:]
    dataset.PixelData = encapsulate([fragments])
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    return written(dataset, syntax)


RUBBISH = {
    "zeros": b"\0" * 500,
    "noise": np.random.default_rng(3).bytes(3000),
    "J2K head": b"\xff\x4f\xff\x51" + np.random.default_rng(4).bytes(500),
    "JPEG head": b"\xff\xd8\xff\xc3" + np.random.default_rng(5).bytes(500),
    "RLE head": struct.pack("<16I", 2, 64, 0xFFFFFFF0, *[0] * 13) + b"\x81\0" * 99,
    "RLE of 2^32 segments": struct.pack("<16I", 0xFFFFFFFF, *[64] * 15),
    "nearly empty": b"\0\0",
}


@pytest.mark.parametrize("kind", RUBBISH)
@pytest.mark.parametrize("syntax", ["5", "4.70", "4.80", "4.90"])
def test_rubbish_for_compressed_pixels_is_refused(folder, hurt, kind, syntax):
    uid = f"1.2.840.10008.1.2.{syntax}"
    hurt.write_bytes(encapsulated(HURT, RUBBISH[kind], uid))
    assert "changed since" not in refused(read_ct, folder)


@pytest.fixture
def compressed(folder):
    """The series compressed, its values unchanged."""
    for place, stored in enumerate(VOLUME):
        dataset = slice_dataset(place)
        file_bytes(dataset, stored)
        dataset.compress(JPEGLSLossless, generate_instance_uid=False)
        (folder / f"{SECRET}_{place}.dcm").write_bytes(written(dataset, JPEGLSLossless))
    return folder


def test_one_process_decodes_all_slices(compressed, tmp_path, monkeypatch):
    decode, processes = decoding._decode, tmp_path / "processes"

    def noted(*arguments):
        with processes.open("a") as file:
            file.write(f"{os.getpid()}\n")
        return decode(*arguments)

    monkeypatch.setattr(decoding, "_decode", noted)
    np.testing.assert_array_equal(read_ct(compressed), VOLUME - 1000.0)
    calls = processes.read_text().split()
    assert len(calls) == len(VOLUME)
    assert set(calls) == {calls[0]} - {str(os.getpid())}


@pytest.mark.parametrize("end", ["crash", "hang"])
def test_a_decoder_that_ends_badly_names_its_slice(
    compressed, hurt, tmp_path, monkeypatch, end
):
    """The exam's own process lives, and nothing of the slice remains on the disk."""
    decode, scratch = decoding._decode, tmp_path / "scratch"
    scratch.mkdir()

    def ends_badly(folder, path, shape):
        if path == hurt:
            (folder / "slice.dcm").write_bytes(hurt.read_bytes())
            if end == "crash":
                os.kill(os.getpid(), signal.SIGSEGV)
            time.sleep(60)
        return decode(folder, path, shape)

    monkeypatch.setattr(decoding, "_decode", ends_badly)
    monkeypatch.setattr(decoding, "DECODER_S", 1)
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    sentence = refused(isolated, read_ct, compressed)
    assert sentence.startswith(f"{PLACE}, file {HURT + 1}: ")
    assert sentence.endswith("restore it from the archive")
    assert not list(scratch.iterdir())


def bomb(megabytes: int, *, tail: bytes = b"") -> bytes:
    """Return a deflated file whose data set inflates to zeros without end."""
    content = file_bytes(
        slice_dataset(HURT), VOLUME[HURT], DeflatedExplicitVRLittleEndian
    )
    meta_length = struct.unpack("<I", content[140:144])[0]
    deflater = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    parts = [content[: 144 + meta_length]]
    block = struct.pack("<HH2sHI", 9, 0x11, b"OB", 0, 1 << 20) + b"\0" * (1 << 20)
    parts += [deflater.compress(block) for _ in range(megabytes)]
    return b"".join([*parts, deflater.flush(), tail])


@pytest.mark.fuzz
def test_a_deflated_bomb_is_refused_in_bounded_memory(folder, hurt):
    hurt.write_bytes(bomb(700))
    assert hurt.stat().st_size < 2_000_000
    sentence = refused(lambda: isolated(read_ct, folder, memory_mb=900, seconds=15))
    assert "file 3" in sentence


def test_a_deflated_file_without_its_end_is_refused(folder, hurt):
    content = file_bytes(
        slice_dataset(HURT), VOLUME[HURT], DeflatedExplicitVRLittleEndian
    )
    for cut in (2, 20, 200):  # the last byte may be there for an even length alone
        hurt.write_bytes(content[:-cut])
        refused(read_ct, folder)


def nested(depth: int, *, wanted: bool) -> bytes:
    """Return a file with sequences of undefined length within each other."""
    content = without(file_bytes(slice_dataset(HURT), VOLUME[HURT]), "PixelData")
    tag = (0x5200, 0x9230) if wanted else (0x0040, 0x0275)
    item = struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF)
    opened = struct.pack("<HH2sHI", *tag, b"SQ", 0, 0xFFFFFFFF) + item
    closed = struct.pack("<HHIHHI", 0xFFFE, 0xE00D, 0, 0xFFFE, 0xE0DD, 0)
    pixels = VOLUME[HURT].astype("<i2").tobytes()
    last = struct.pack("<HH2sHI", 0x7FE0, 0x10, b"OW", 0, len(pixels)) + pixels
    whole = opened * depth + closed * depth
    if wanted:
        return content + whole + last
    early, late = content.partition(b"\x20\x00\x0d\x00")[0], content
    return early + whole + late[len(early) :] + last


@pytest.mark.parametrize("wanted", [False, True])
@pytest.mark.parametrize("depth", [2_000, 200_000])
def test_sequences_without_end_do_not_end_the_interpreter(folder, hurt, depth, wanted):
    hurt.write_bytes(nested(depth, wanted=wanted))
    refused(lambda: isolated(read_ct, folder, memory_mb=1500, seconds=15))


def test_a_pipe_in_the_folder_is_left_aside(folder):
    os.mkfifo(folder / "pipe.dcm")
    np.testing.assert_array_equal(read_ct(folder), VOLUME - 1000.0)


def test_a_pipe_instead_of_a_folder_is_refused(tmp_path):
    os.mkfifo(tmp_path / SECRET)
    refused(read_ct, tmp_path / SECRET)
    os.mkfifo(tmp_path / f"{SECRET}.nii")
    refused(read_volume, tmp_path / f"{SECRET}.nii")


def test_links_out_of_the_folder_are_not_followed(folder, tmp_path):
    other = tmp_path / "other.dcm"
    dataset = slice_dataset(9)
    other.write_bytes(file_bytes(dataset, VOLUME[0]))
    (folder / "z.dcm").symlink_to(other)
    (folder / "zz").symlink_to(tmp_path)
    (folder / "zzz.dcm").symlink_to("/dev/zero")
    np.testing.assert_array_equal(read_ct(folder), VOLUME - 1000.0)


def test_links_in_a_circle_are_left_aside(folder):
    (folder / "a.dcm").symlink_to("b.dcm")
    (folder / "b.dcm").symlink_to("a.dcm")
    (folder / "round").symlink_to(folder)
    (folder / "nowhere.dcm").symlink_to(folder / "missing")
    np.testing.assert_array_equal(read_ct(folder), VOLUME - 1000.0)


def test_a_folder_named_as_an_image_is_a_folder(folder, hurt):
    below = folder / "x.dcm"
    below.mkdir()
    hurt.rename(below / "y.dcm")
    np.testing.assert_array_equal(read_ct(folder), VOLUME - 1000.0)


def test_an_empty_image_is_refused(folder):
    (folder / f"{SECRET}.dcm").write_bytes(b"")
    assert "file 1 in the order of names" in refused(read_ct, folder)


def test_a_file_larger_than_any_image_is_refused(folder, hurt):
    """Nothing of it is written: the file is all holes behind its pixels."""
    os.truncate(hurt, 9 * 1024**3)
    assert "in the order of names" in refused(read_ct, folder)


def test_too_many_files_are_refused(folder, monkeypatch):
    monkeypatch.setattr(raw_files, "MOST_FILES", 3)
    assert "more than 3 files" in refused(read_ct, folder)


def test_an_index_of_a_disk_alone_is_no_series(tmp_path):
    (tmp_path / "DICOMDIR").write_bytes(file_bytes(slice_dataset(0), VOLUME[0]))
    assert "no DICOM image" in refused(read_ct, tmp_path)


@pytest.mark.parametrize("name", [SECRET, "x" * 300, "a\0b", "a/" * 3000])
def test_no_such_folder_or_file(tmp_path, name):
    refused(read_ct, tmp_path / name)
    refused(read_volume, tmp_path / f"{name}.nii")


def test_a_file_instead_of_a_folder_is_refused(hurt):
    assert "no such folder" in refused(read_ct, hurt)


def test_a_folder_of_other_things_is_refused(tmp_path):
    (tmp_path / "readme.txt").write_text(SECRET)
    (tmp_path / ".hidden.dcm").write_bytes(file_bytes(slice_dataset(0), VOLUME[0]))
    refused(read_ct, tmp_path)


PET = {
    "modality": "PT",
    "RescaleIntercept": 0,
    "Units": "BQML",
    "DecayCorrection": "START",
    "CorrectedImage": ["ATTN", "DECY"],
    "PatientWeight": "80.0",
    "SeriesDate": "20200101",
    "SeriesTime": "130000",
    "AcquisitionDate": "20200101",
    "AcquisitionTime": "130000",
}
FACTOR = 80_000 / (150_000_001 * 2 ** (-3600 / 4062.6))


def pet_dataset(place: int, **attributes) -> Dataset:
    dataset = slice_dataset(place, **(PET | attributes))
    tracer = Dataset()
    tracer.RadiopharmaceuticalStartTime = "120000"
    tracer.RadionuclideTotalDose = "150000001"
    tracer.RadionuclideHalfLife = "4062.6"
    dataset.RadiopharmaceuticalInformationSequence = [tracer]
    return dataset


def write_pet(folder, change=lambda content: content, **attributes):
    folder.mkdir()
    for place, stored in enumerate(VOLUME):
        content = file_bytes(pet_dataset(place, **attributes), stored)
        (folder / f"{place}").write_bytes(change(content))
    return folder


def test_a_pet_without_lies_reads_as_computed_by_hand(tmp_path):
    values = read_pet(write_pet(tmp_path / SECRET))
    np.testing.assert_allclose(values, VOLUME * FACTOR, rtol=1e-6)


PET_LIES = [
    ("PatientWeight", b"80.0", b"0.00"),
    ("PatientWeight", b"80.0", b"-80 "),
    ("PatientWeight", b"80.0", b"NaN "),
    ("PatientWeight", b"80.0", b"inf "),
    ("PatientWeight", b"80.0", b"8 kg"),
    ("PatientWeight", b"80.0", b"    "),
    ("dose", b"150000001 ", b"0         "),
    ("dose", b"150000001 ", b"-150000001"),
    ("dose", b"150000001 ", b"NaN       "),
    ("dose", b"150000001 ", b"1e-300    "),
    ("dose", b"150000001 ", b"1e300     "),
    ("dose", b"150000001 ", b"          "),
    ("dose", b"150000001 ", b"Sekretowsk"),
    ("half-life", b"4062.6", b"0     "),
    ("half-life", b"4062.6", b"-4062 "),
    ("half-life", b"4062.6", b"NaN   "),
    ("half-life", b"4062.6", b"1e-300"),
    ("half-life", b"4062.6", b"      "),
    ("injection", b"120000", b"256199"),
    ("injection", b"120000", b"12 Uhr"),
    ("injection", b"120000", b"      "),
    ("injection", b"120000", b"140000"),
    ("acquisition", b"130000", b"256199"),
    ("date", b"20200101", b"00000000"),
    ("date", b"20200101", b"        "),
    ("units", b"BQML", b"PROP"),
    ("corrected", b"ATTN", b"NONE"),
    ("decay", b"START ", b"OTHER "),
    ("sequence", b"\x18\x00\x72\x10TM", b"\x18\x00\x72\x10SQ"),
]


ODD_PETS = [
    {"Units": "GML", "SUVType": "LBMJANMA", "PatientSize": "1e-300"},
    {"Units": "GML", "SUVType": "LBM", "PatientWeight": "1e300"},
    {"Units": "GML", "SUVType": "LBM", "PatientSize": "0,2"},
    {"Units": "CM2ML", "PatientSize": "1e-300"},
    {"Units": "CM2ML", "PatientSize": "NaN"},
    {"DecayCorrection": "NONE", "ActualFrameDuration": "1e-310"},
    {"DecayCorrection": "NONE", "ActualFrameDuration": "1e300"},
    {"DecayCorrection": "NONE", "AcquisitionDate": "00010101"},
    {"AcquisitionDate": "00010101", "SeriesDate": "00010101"},
    {"AcquisitionDate": "99991231", "SeriesDate": "99991231"},
]


@pytest.mark.parametrize("attributes", ODD_PETS, ids=str)
def test_pet_attributes_that_no_patient_has_are_refused(tmp_path, attributes):
    values = {"PatientSex": "F"} | attributes
    raw = {name: value for name, value in values.items() if name not in PET}

    def change(content):
        for name, value in raw.items():
            content = with_value(content, name, value.encode())
        return content

    usual = {name: value for name, value in values.items() if name in PET}
    refused(read_pet, write_pet(tmp_path / SECRET, change, **usual))


ODD_FRAMES = [
    {"ActualFrameDuration": "1e-310", "FrameReferenceTime": "1"},
    {"ActualFrameDuration": "1e300", "FrameReferenceTime": "1"},
    {"ActualFrameDuration": "120000", "FrameReferenceTime": "1e20"},
    {"ActualFrameDuration": "120000", "FrameReferenceTime": "-1e300"},
    {"ActualFrameDuration": "NaN", "FrameReferenceTime": "x"},
]


@pytest.mark.parametrize("attributes", ODD_FRAMES, ids=str)
def test_frame_times_that_no_scan_has_count_as_unstated(tmp_path, attributes):
    """Then the earliest acquisition is the moment of reference."""

    def change(content):
        for name, value in attributes.items():
            content = with_value(content, name, value.encode())
        return content

    folder = write_pet(tmp_path / SECRET, change, SeriesTime="150000")
    np.testing.assert_allclose(read_pet(folder), VOLUME * FACTOR, rtol=1e-6)


@pytest.mark.parametrize(("name", "old", "new"), PET_LIES)
def test_a_pet_header_that_lies_is_refused(tmp_path, name, old, new):
    def change(content):
        assert old in content
        return content.replace(old, new)

    refused(read_pet, write_pet(tmp_path / SECRET, change))


def test_a_private_block_of_another_maker_is_not_philips_factor(tmp_path):
    folder = tmp_path / SECRET
    folder.mkdir()
    for place, stored in enumerate(VOLUME):
        dataset = pet_dataset(place, Units="CNTS")
        block = dataset.private_block(0x7053, "Another Group", create=True)
        block.add_new(0x00, "DS", "0.5")
        block.add_new(0x09, "DS", "0.5")
        (folder / f"{place}").write_bytes(file_bytes(dataset, stored))
    assert "7053" in refused(read_pet, folder)


def test_philips_block_is_found_behind_another_makers(tmp_path):
    folder = tmp_path / SECRET
    folder.mkdir()
    for place, stored in enumerate(VOLUME):
        dataset = pet_dataset(place, Units="CNTS")
        for creator, factor in (("Another", "9"), ("Philips PET Private Group", "0.5")):
            block = dataset.private_block(0x7053, creator, create=True)
            block.add_new(0x00, "DS", factor)
        (folder / f"{place}").write_bytes(file_bytes(dataset, stored))
    np.testing.assert_allclose(read_pet(folder), VOLUME * 0.5, rtol=1e-6)


@pytest.mark.parametrize("block", [0x10, 0x1F, 0x20, 0xE1, 0xFF])
def test_philips_factor_stands_in_any_block(tmp_path, block):
    for place, stored in enumerate(VOLUME):
        dataset = pet_dataset(place, Units="CNTS")
        dataset.add_new((0x7053, block), "LO", "Philips PET Private Group")
        dataset.add_new((0x7053, block << 8), "DS", "0.25")
        (tmp_path / f"{place}").write_bytes(file_bytes(dataset, stored))
    np.testing.assert_allclose(read_pet(tmp_path), VOLUME * 0.25, rtol=1e-6)


@pytest.mark.parametrize("value", ["0", "-1", "NaN", "1e300"])
def test_philips_factors_that_lie_are_refused(tmp_path, value):
    folder = tmp_path / SECRET
    folder.mkdir()
    for place, stored in enumerate(VOLUME):
        dataset = pet_dataset(place, Units="CNTS")
        block = dataset.private_block(0x7053, "Philips PET Private Group", create=True)
        block.add_new(0x00, "LO", value)
        (folder / f"{place}").write_bytes(file_bytes(dataset, stored))
    refused(read_pet, folder)


def test_an_unknown_character_set_of_a_pet_is_harmless(tmp_path):
    def change(content):
        return with_value(content, "SpecificCharacterSet", b"NO_SUCH_SET")

    values = read_pet(write_pet(tmp_path / SECRET, change))
    np.testing.assert_allclose(values, VOLUME * FACTOR, rtol=1e-6)


def test_a_series_of_any_modality_is_bounded_too(folder, hurt):
    for path in folder.iterdir():
        path.write_bytes(with_value(path.read_bytes(), "Modality", b"MR"))
    hurt.write_bytes(with_value(hurt.read_bytes(), "RescaleSlope", b"1e300"))
    refused(lambda: index_images(folder, modality="MR"))


def test_a_valid_file_stays_as_it_is_when_a_value_is_put_back(hurt):
    """The tool of this module changes what it should and nothing else."""
    content = hurt.read_bytes()
    assert with_value(content, "Modality", b"CT") == content
    assert ExplicitVRLittleEndian.encode() in content
