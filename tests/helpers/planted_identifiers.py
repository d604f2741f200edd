"""Strings in every element of a file that may hold text, and the search for them."""

import gzip
import itertools
import re
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import h5py
import nibabel
import pydicom
from pydicom.datadict import DicomDictionary
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

MARK = "QX7"
UID_MARK = "2.25.7700700"
PLANTED = re.compile(
    rf"{MARK}|{re.escape(UID_MARK)}|MRN0815|MRN4711|Mustermann", re.IGNORECASE
)
"""Also the texts that the small exams of the tests have of their own."""

LENGTHS = {"AE": 16, "CS": 16, "SH": 16, "LO": 64, "PN": 64, "UI": 64}
LENGTHS |= {"ST": 1024, "LT": 1024, "UT": 1024, "UC": 1024, "UR": 1024}
"""Value representations that hold text, and how long a text is planted."""

LEFT = frozenset(
    "SpecificCharacterSet SUVType RescaleType TimezoneOffsetFromUTC "
    "TransferSyntaxUID".split()
)
"""Elements that decide how a file is read; a planted text makes it another file."""

NESTED = "OtherPatientIDsSequence"
counter = itertools.count()


def planted(kind: str) -> str:
    """Return a text of its own that a value representation allows."""
    number = next(counter)
    if kind == "UI":
        return f"{UID_MARK}{number:06}"
    word = f"{MARK}{number:06}"
    return word if LENGTHS[kind] <= 16 else f"{word}^Secret /home/{word}"


def text_elements() -> list[tuple[int, str]]:
    """Return tag and representation of all text elements of the standard's lists."""
    return [
        (tag, kind)
        for tag, (kind, _, _, _, keyword) in DicomDictionary.items()
        if kind in LENGTHS and keyword not in LEFT and 0x0008 <= tag >> 16 < 0x7FE0
    ]


def plant(dataset: Dataset, elements: Iterable[tuple[int, str]]) -> None:
    """Add elements that a header lacks, at its top, nested and in private blocks."""
    inner = Dataset()
    for tag, kind in elements:
        if tag not in dataset:
            dataset.add(DataElement(tag, kind, planted(kind)))
        inner.add(DataElement(tag, kind, planted(kind)))
    outer = Dataset()
    outer.add(DataElement(pydicom.tag.Tag("RequestAttributesSequence"), "SQ", [inner]))
    dataset.add(DataElement(pydicom.tag.Tag(NESTED), "SQ", [outer]))
    for group in (0x0009, 0x0071, 0x7053):
        if not any(tag.group == group for tag in dataset.keys()):
            _plant_private(dataset, group)
    dataset.file_meta.SourceApplicationEntityTitle = planted("AE")
    dataset.file_meta.PrivateInformationCreatorUID = planted("UI")
    dataset.file_meta.PrivateInformation = planted("LO").encode().ljust(64)
    dataset.preamble = planted("LO").encode().ljust(128)


def _plant_private(dataset: Dataset, group: int) -> None:
    block = dataset.private_block(group, planted("LO"), create=True)
    for place, kind in enumerate(LENGTHS, start=1):
        block.add_new(place, kind, planted(kind))
    item = Dataset()
    item.PatientName = planted("PN")
    block.add_new(0x70, "SQ", [item])
    block.add_new(0x71, "UN", planted("LO").encode())
    block.add_new(0x72, "OB", planted("LO").encode().ljust(64))


def plant_everywhere(paths: Iterable[Path]) -> None:
    """Plant all text elements in DICOM files, shared out among them."""
    files = sorted(paths)
    elements = text_elements()
    for place, path in enumerate(files):
        dataset = pydicom.dcmread(path)
        plant(dataset, elements[place :: len(files)])
        for sequence in list(_sequences(dataset)):
            for item in sequence:
                item.add(DataElement(0x00104000, "LT", planted("LT")))
                item.add(DataElement(0x00081140, "SQ", [Dataset()]))
                item[0x00081140].value[0].ImageComments = planted("LT")
        dataset.save_as(path)


def _sequences(dataset: Dataset) -> Iterator[list[Dataset]]:
    """Yield the sequences that say how a file is read, each with its items."""
    for element in list(dataset):
        if element.VR == "SQ" and element.keyword != NESTED:
            yield element.value
            for item in element.value:
                yield from _sequences(item)


def nifti_header(image: nibabel.Nifti1Image) -> None:
    """Plant in all fields of a NIfTI header that hold text."""
    header = image.header
    for name, length in (("descrip", 80), ("intent_name", 16), ("aux_file", 24)):
        header[name] = planted("LO")[: length - 1].encode()
    header["db_name"] = planted("SH").encode()
    comment = planted("LT").encode()
    header.extensions.append(nibabel.nifti1.Nifti1Extension("comment", comment))
    header.extensions.append(nibabel.nifti1.Nifti1Extension(2, comment))


NRRD_LINES = [
    f"# {planted('LO')}",
    f"content: {planted('LO')}",
    f"DICOM_0010_0010:={planted('PN')}",
    f"{planted('SH')}:={planted('LO')}",
    f"Segmentation_ReferenceImageGeometry:={planted('LO')}",
]


def leaks(folder: Path) -> list[str]:
    """Return the files of a folder that hold a planted string, in name or content."""
    found = []
    for path in sorted(folder.rglob("*")):
        if PLANTED.search(path.name):
            found.append(f"{path.name}, its name")
        if path.is_file() and any(map(_holds, _contents(path))):
            found.append(path.name)
    return found


def _holds(content: bytes) -> bool:
    return PLANTED.search(content.decode("latin-1")) is not None


def _contents(path: Path) -> Iterator[bytes]:
    """Yield the bytes of a file, and what is compressed in it."""
    content = path.read_bytes()
    yield content
    if content[:2] == b"\x1f\x8b":
        yield gzip.decompress(content)
    if path.suffix == ".h5":
        with h5py.File(path) as file:
            yield repr(dict(file.attrs)).encode()
            for name, values in file.items():
                yield name.encode() + values[()].tobytes()
                yield repr(dict(values.attrs)).encode()
    if path.suffix == ".png":
        yield from _png_texts(content)


def _png_texts(content: bytes) -> Iterator[bytes]:
    """Yield the compressed texts of a picture."""
    for match in re.finditer(rb"zTXt|iTXt|eXIf", content):
        start = content.find(b"\x78", match.end())
        try:
            yield zlib.decompressobj().decompress(content[start:])
        except zlib.error:
            continue
