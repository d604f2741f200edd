"""Structures of a DICOM RT structure set: names, and contours as points in space.

References
----------
DICOM PS3.3, A.19 (RT Structure Set IOD), C.8.8.5 and C.8.8.6 (structures, contours).
"""

import io
import re
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.tag import Tag

from nodal_staging.exams.dicom.identity_digests import Identity, structures_identity
from nodal_staging.exams.dicom.scanning import (
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    is_whole,
)
from nodal_staging.exams.placed_grid import FARTHEST_MM
from nodal_staging.exams.segmentation.dicom_values import (
    BrokenSegError,
    items,
    text,
    transfer_syntax,
    whole_number,
)
from nodal_staging.exams.segmentation.regions import Label
from nodal_staging.study.arrays import FloatArray
from nodal_staging.study.errors import SegmentationError

MOST_STRUCTURE_SET_BYTES = 128 * 1024 * 1024
MOST_CONTOURS = 200_000
LARGEST_NUMBER = 2**31 - 1
SYNTAXES = frozenset({IMPLICIT_LITTLE, EXPLICIT_LITTLE})
ITEM_START = b"\xfe\xff\x00\xe0"
ATTRIBUTES = [
    Tag(name)
    for name in (
        *("SpecificCharacterSet", "SOPClassUID"),
        *("StructureSetROISequence", "ROIContourSequence"),
        *("PatientID", "StudyInstanceUID", "FrameOfReferenceUID"),
        "ReferencedFrameOfReferenceSequence",
    )
]
DECIMALS = re.compile(r"[0-9eE+\-. \\]*")
CLOSED = frozenset({"CLOSED_PLANAR", "CLOSEDPLANAR_XOR"})
POINT = "POINT"


@dataclass(frozen=True, slots=True)
class Structure:
    """A structure (ROI) and its closed contours.

    Attributes
    ----------
    number, name
        ROINumber and ROIName; the name may identify a patient.
    contours
        LPS points ``(n, 3)`` of each contour, in mm.
    """

    number: int
    name: str | None = field(repr=False)
    contours: list[FloatArray]

    @property
    def label(self) -> Label:
        """The label that the structure is."""
        return Label(0, self.number, self.name)


def read_structures(path: Path) -> tuple[list[Structure], Identity]:
    """Read the structures of a structure set, by number, and whose they are.

    Raises
    ------
    SegmentationError
        If it is damaged, too large, or has contours that are not closed.
    """
    if path.stat().st_size > MOST_STRUCTURE_SET_BYTES:
        raise SegmentationError(
            f"a structure set of more than {MOST_STRUCTURE_SET_BYTES} bytes; export "
            "the structures of the lymph nodes alone"
        )
    content = path.read_bytes()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _structures(content)
    except BrokenSegError as error:
        raise SegmentationError(str(error)) from None
    except Exception:  # pydicom lets through whatever a damaged value causes
        raise SegmentationError(
            "the DICOM RT structure set cannot be read; export it again"
        ) from None


def _structures(content: bytes) -> tuple[list[Structure], Identity]:
    if content.count(ITEM_START) > MOST_CONTOURS:
        raise BrokenSegError(
            f"a structure set of more than {MOST_CONTOURS} contours; export the "
            "structures of the lymph nodes alone"
        )
    syntax, first = transfer_syntax(content, SYNTAXES)
    dataset = read_dataset(
        io.BytesIO(content[first:]),
        is_implicit_VR=syntax == IMPLICIT_LITTLE,
        is_little_endian=True,
        specific_tags=ATTRIBUTES,
    )
    if not is_whole(content, first, syntax) or "ROIContourSequence" not in dataset:
        raise BrokenSegError(
            "the structure set ends early or has no contours; export it again"
        )
    names = _names(dataset)
    if not names:
        raise BrokenSegError(
            "no structure is described; export the structure set again"
        )
    found: dict[int, list[FloatArray]] = {number: [] for number in names}
    for item in items(dataset, "ROIContourSequence"):
        number = whole_number(item, "ReferencedROINumber", LARGEST_NUMBER)
        if number not in found:
            raise BrokenSegError(
                f"contours belong to structure {number}, which is not described; "
                "export the structure set again"
            )
        found[number] += _contours(item, number)
    structures = [Structure(n, names[n], found[n]) for n in sorted(names)]
    return structures, structures_identity(dataset)


def _names(dataset: Any) -> dict[int, str | None]:
    names: dict[int, str | None] = {}
    for item in items(dataset, "StructureSetROISequence"):
        number = whole_number(item, "ROINumber", LARGEST_NUMBER)
        if number in names:
            raise BrokenSegError(
                f"two structures have the ROINumber {number}; give each a number of "
                "its own"
            )
        name = item.get("ROIName")
        names[number] = None if name is None else str(name).strip()
    return names


def _contours(item: Dataset, number: int) -> list[FloatArray]:
    """Return the closed contours of a structure; single points enclose nothing."""
    contours = []
    for contour in items(item, "ContourSequence"):
        kind = text(contour, "ContourGeometricType")
        if kind == POINT:
            continue
        if kind not in CLOSED:
            raise BrokenSegError(
                f"structure {number} has a contour that is not CLOSED_PLANAR; close "
                "its contours or delete the structure"
            )
        contours.append(_points(contour, number))
    return contours


def _points(contour: Dataset, number: int) -> FloatArray:
    """Return the points ``(n, 3)`` of a contour."""
    element = contour.get_item("ContourData")
    value = b"" if element is None else element.value
    if isinstance(value, bytes):
        words = value.decode("ascii").strip(" \0")
    else:  # converted by pydicom already
        words = "\\".join(map(str, value or []))
    if not DECIMALS.fullmatch(words):
        raise _no_points(number)
    try:
        values = np.array([float(word) for word in words.split("\\")])
    except ValueError:
        raise _no_points(number) from None
    if len(values) % 3 or not (np.abs(values) <= FARTHEST_MM).all():
        raise _no_points(number)
    declared = contour.get("NumberOfContourPoints")
    if declared is not None and int(declared) != len(values) // 3:
        raise BrokenSegError(
            f"a contour of structure {number} has {len(values) // 3} points, "
            "NumberOfContourPoints is another; export the structure set again"
        )
    return values.reshape(-1, 3)


def _no_points(number: int) -> BrokenSegError:
    return BrokenSegError(
        f"ContourData of structure {number} is not made of points of three numbers; "
        "export the structure set again"
    )
