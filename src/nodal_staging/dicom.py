"""CT and PET series from folders of DICOM files, strict about geometry.

A series is first indexed from its headers alone: which files, in which order, on
which lattice, with which rescaling. Pixels are read later, and only of the slices
that are needed. Nothing of a header leaves this module but numbers of an allow-list.
"""

from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pydicom
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError

from nodal_staging.geometry import Lattice, triple
from nodal_staging.problems import InputError
from nodal_staging.suv import PetSlice, pet_slice, suv_factors

GAP_TOLERANCE = 0.01
"""Largest departure of a slice gap from the median, as a share of it."""

GAP_TOLERANCE_MM = 0.01
SHEAR_TOLERANCE_DEG = 0.5
OUTSIDE_SCANNER_HU = -1024

NATIVE_SYNTAXES = frozenset(
    {"1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"}
)
"""Implicit little, explicit little and explicit big endian: no decoder needed."""

GEOMETRY_TAGS = [
    "SOPClassUID",
    "SOPInstanceUID",
    "Modality",
    "ImageType",
    "SeriesInstanceUID",
    "FrameOfReferenceUID",
    "SamplesPerPixel",
    "Rows",
    "Columns",
    "PixelSpacing",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "BitsAllocated",
    "PixelRepresentation",
    "PixelPaddingValue",
    "RescaleSlope",
    "RescaleIntercept",
    "NumberOfFrames",
]
ACQUISITION_TAGS = [
    "ContrastBolusAgent",
    "ContrastBolusVolume",
    "Exposure",
    "ExposureInuAs",
]
PET_TAGS = [
    "Units",
    "SUVType",
    "DecayCorrection",
    "CorrectedImage",
    "PatientWeight",
    "SeriesDate",
    "SeriesTime",
    "AcquisitionDate",
    "AcquisitionTime",
    "FrameReferenceTime",
    "ActualFrameDuration",
    "RadiopharmaceuticalInformationSequence",
    (0x7053, 0x0010),
]
PHILIPS_BLOCKS = [
    (0x7053, block << 8 | element)
    for block in range(0x10, 0x20)
    for element in (0x00, 0x09)
]


class DicomSeriesError(InputError):
    """A folder does not hold one regular series."""

    reason = "unusable_series"


@dataclass(frozen=True, slots=True)
class Slice:
    """One file of a series.

    ``file`` counts the files of the folder in the order of their names, from 0;
    a stored value v means ``v * slope + intercept`` (HU, or SUV for PET).
    """

    file: int
    slope: float
    intercept: float


@dataclass(frozen=True, slots=True)
class Series:
    """Index of a series: where its voxels lie and how its files are read.

    Attributes
    ----------
    lattice
        Grid of the whole volume; index z rises along the slice normal.
    slices
        In the order of z.
    padding
        Stored value at and below which a pixel lies outside the scanner's field.
    """

    lattice: Lattice
    slices: tuple[Slice, ...]
    padding: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Return plain lists and numbers."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """Rebuild what ``to_json`` gave."""
        lattice = {key: tuple(value) for key, value in content["lattice"].items()}
        return cls(
            lattice=Lattice(**lattice),
            slices=tuple(Slice(**item) for item in content["slices"]),
            padding=content["padding"],
        )


@dataclass(frozen=True, slots=True)
class Acquisition:
    """What the headers of a CT say about how it was made.

    ``contrast_agent`` is True where an agent or a volume is named; its absence
    proves nothing. ``exposure_mas`` is the median over slices, None if unstated.
    """

    contrast_agent: bool
    exposure_mas: float | None


def index_ct(folder: Path, *, role: str) -> tuple[Series, Acquisition]:
    """Index the CT series of a folder.

    Parameters
    ----------
    folder
        Holds the files of one series, in any order and under any names.
    role
        How messages call the folder, for example ``exam E0001, column ct``.

    Raises
    ------
    DicomSeriesError
        If the files are not one regular, axis-orthogonal, uncompressed CT series.
    """
    headers = _headers(folder, "CT", [*GEOMETRY_TAGS, *ACQUISITION_TAGS], role)
    order, lattice = _stack(headers, role)
    slices = tuple(_slice(headers[place], 1.0) for place in order)
    series = Series(lattice, slices, _padding([header for _, header in headers]))
    return series, _acquisition([header for _, header in headers])


def index_pet(folder: Path, *, role: str) -> Series:
    """Index the PET series of a folder, its rescaling turned to body-weight SUV.

    Raises
    ------
    DicomSeriesError
        As ``index_ct``.
    SUVError
        If the headers do not tell how to get from stored values to SUV.
    """
    tags = [*GEOMETRY_TAGS, *PET_TAGS, *PHILIPS_BLOCKS]
    headers = _headers(folder, "PT", tags, role)
    order, lattice = _stack(headers, role)
    facts: list[PetSlice] = [pet_slice(headers[place][1]) for place in order]
    factors = suv_factors(facts, role=role)
    slices = tuple(
        _slice(headers[place], factor)
        for place, factor in zip(order, factors, strict=True)
    )
    return Series(lattice, slices)


def read_slices(
    folder: Path, series: Series, start: int, stop: int, *, role: str
) -> npt.NDArray[np.float32]:
    """Read slices ``start`` to ``stop`` (exclusive) of an indexed series.

    Returns
    -------
    HU or SUV, float32 ``(stop - start, y, x)``; outside the scanner's field -1024.

    Raises
    ------
    DicomSeriesError
        If a file has changed since the series was indexed, or has no pixels.
    """
    files = _files(folder)
    _, rows, columns = series.lattice.shape
    volume = np.empty((stop - start, rows, columns), dtype=np.float32)
    for place, item in enumerate(series.slices[start:stop]):
        stored = _stored_values(files, item, role)
        if stored.shape != (rows, columns):
            raise DicomSeriesError(
                f"{role}: file {item.file + 1} has changed since it was inspected; "
                "run the cohort's inspection again"
            )
        volume[place] = stored * np.float32(item.slope) + np.float32(item.intercept)
        if series.padding is not None:
            volume[place][stored <= series.padding] = OUTSIDE_SCANNER_HU
    return volume


def _stored_values(files: list[Path], item: Slice, role: str) -> npt.NDArray[Any]:
    """Return the stored pixels of one file ``(y, x)``."""
    try:
        pixels: npt.NDArray[Any] = pydicom.dcmread(files[item.file]).pixel_array
    except (IndexError, OSError, AttributeError, ValueError, InvalidDicomError):
        raise DicomSeriesError(
            f"{role}: the pixels of file {item.file + 1} in the order of names cannot "
            "be read; restore the file from the archive"
        ) from None
    return pixels


def _files(folder: Path) -> list[Path]:
    """List the files of a folder by name; links are not followed."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file()
        and not path.is_symlink()
        and not path.name.startswith(".")
        and path.name.upper() != "DICOMDIR"
    )


Header = tuple[int, Dataset]
"""The number of a file in the order of names, and its header."""


def _headers(folder: Path, modality: str, tags: list[Any], role: str) -> list[Header]:
    """Read the headers of the images of one series; drop scouts."""
    if not folder.is_dir():
        raise DicomSeriesError(f"{role}: no such folder; correct the path")
    headers = []
    for number, path in enumerate(_files(folder)):
        try:
            header = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=tags)
        except (InvalidDicomError, OSError, ValueError, RecursionError):
            raise DicomSeriesError(
                f"{role}: file {number + 1} in the order of names is not a readable "
                "DICOM file; remove or restore it"
            ) from None
        if "LOCALIZER" not in header.get("ImageType", []):
            headers.append((number, header))
    _check_one_series([header for _, header in headers], modality, role)
    return headers


def _check_one_series(headers: list[Dataset], modality: str, role: str) -> None:
    """Refuse what is not one uncompressed series of single-frame grey images."""
    if not headers:
        raise DicomSeriesError(
            f"{role}: no DICOM image in the folder; correct the path"
        )
    for name, expected in (("Modality", modality), ("SamplesPerPixel", 1)):
        found = {header.get(name) for header in headers}
        if found != {expected}:
            raise DicomSeriesError(
                f"{role}: expected {name} {expected} in every file, found "
                f"{_listed(found)}; move other images to a folder of their own"
            )
    if any(header.get("NumberOfFrames", 1) != 1 for header in headers):
        raise DicomSeriesError(
            f"{role}: enhanced multi-frame files are not supported; "
            "export the series as one file per slice"
        )
    syntaxes = {str(header.file_meta.TransferSyntaxUID) for header in headers}
    if not syntaxes <= NATIVE_SYNTAXES:
        raise DicomSeriesError(
            f"{role}: compressed pixels ({_listed(syntaxes - NATIVE_SYNTAXES)}); "
            "export the series uncompressed (explicit little endian)"
        )
    for name, words in (
        ("SeriesInstanceUID", "series"),
        ("FrameOfReferenceUID", "frames of reference"),
        ("Rows", "numbers of rows"),
        ("Columns", "numbers of columns"),
        ("PixelSpacing", "pixel spacings"),
    ):
        different = {str(header.get(name)) for header in headers}
        if len(different) > 1:
            raise DicomSeriesError(
                f"{role}: the folder mixes {len(different)} {words} ({name}); "
                "keep one series in a folder"
            )


def _stack(headers: list[Header], role: str) -> tuple[list[int], Lattice]:
    """Order the slices along their normal and prove that they are a regular grid."""
    first = headers[0][1]
    axes = _axes(first, role)
    positions = np.array([_position(header, role) for _, header in headers])
    for _, header in headers:
        if not np.allclose(_axes(header, role), axes, rtol=0, atol=1e-4):
            raise DicomSeriesError(
                f"{role}: slices of different orientation (ImageOrientationPatient); "
                "keep one orientation in a folder"
            )
    along = positions @ axes[2]
    order = [int(place) for place in np.argsort(along, kind="stable")]
    gap_mm = _regular_gap(along[order], role)
    _check_shear(positions[order], axes, role)
    row_mm, column_mm = _spacing(first, role)
    lattice = Lattice(
        shape=(len(headers), int(first.Rows), int(first.Columns)),
        spacing_mm=(column_mm, row_mm, gap_mm),
        origin_mm=triple(positions[order[0]]),
        direction=tuple(float(value) for value in axes.T.reshape(-1)),
    )
    return order, lattice


def _axes(header: Dataset, role: str) -> npt.NDArray[np.float64]:
    """Return the unit vectors of x, y and the slice normal as rows."""
    cosines = np.array(header.get("ImageOrientationPatient") or [], dtype=np.float64)
    if cosines.size != 6:
        raise DicomSeriesError(
            f"{role}: an image without ImageOrientationPatient; "
            "remove secondary captures from the folder"
        )
    across, down = cosines[:3], cosines[3:]
    gram = np.array([across @ across, down @ down, 1 + across @ down])
    if not np.allclose(gram, 1, rtol=0, atol=1e-3):
        raise DicomSeriesError(
            f"{role}: ImageOrientationPatient is not a pair of orthogonal unit "
            "vectors; export the series again"
        )
    return np.array([across, down, np.cross(across, down)])


def _position(header: Dataset, role: str) -> npt.NDArray[np.float64]:
    """Return the LPS point of the first pixel of a slice."""
    position = np.array(header.get("ImagePositionPatient") or [], dtype=np.float64)
    if position.size != 3 or not np.isfinite(position).all():
        raise DicomSeriesError(
            f"{role}: an image without ImagePositionPatient; "
            "remove secondary captures from the folder"
        )
    return position


def _spacing(header: Dataset, role: str) -> tuple[float, float]:
    """Return the distance of rows and of columns."""
    spacing = [float(value) for value in header.get("PixelSpacing") or []]
    if len(spacing) != 2 or not all(0 < value < 100 for value in spacing):
        raise DicomSeriesError(
            f"{role}: PixelSpacing must be two positive numbers of millimetres, "
            f"found {spacing}; export the series again"
        )
    return spacing[0], spacing[1]


def _regular_gap(along_mm: npt.NDArray[np.float64], role: str) -> float:
    """Return the one distance of neighbouring slices, or say where it breaks."""
    if len(along_mm) < 2:
        raise DicomSeriesError(
            f"{role}: a single slice is not a volume; add the others"
        )
    gaps = np.diff(along_mm)
    median = float(np.median(gaps))
    if gaps.min() < GAP_TOLERANCE_MM:
        place = int(np.argmin(gaps))
        raise DicomSeriesError(
            f"{role}: slices {place + 1} and {place + 2} (counted along the normal) "
            "lie at the same position; keep one reconstruction in a folder"
        )
    off = np.abs(gaps - median)
    if off.max() > max(GAP_TOLERANCE_MM, GAP_TOLERANCE * median):
        place = int(np.argmax(off))
        raise DicomSeriesError(
            f"{role}: slices do not form a regular volume: expected a distance of "
            f"{median:g} mm, found {gaps[place]:g} mm between slices {place + 1} and "
            f"{place + 2} (counted along the normal); restore the missing slice"
        )
    return float(np.mean(gaps))


def _check_shear(
    positions: npt.NDArray[np.float64], axes: npt.NDArray[np.float64], role: str
) -> None:
    """Refuse a tilted gantry: the stack must run along the slice normal."""
    step = positions[-1] - positions[0]
    across = np.linalg.norm(axes[:2] @ step)
    tilt_deg = float(np.degrees(np.arctan2(across, axes[2] @ step)))
    if tilt_deg > SHEAR_TOLERANCE_DEG:
        raise DicomSeriesError(
            f"{role}: the stack is tilted by {tilt_deg:.1f} degrees against the slice "
            "normal (gantry tilt); reconstruct the series without tilt"
        )


def _slice(header: Header, factor: float) -> Slice:
    """Return how one file is read; ``factor`` turns rescaled values into SUV."""
    number, tags = header
    slope = float(tags.get("RescaleSlope", 1))
    intercept = float(tags.get("RescaleIntercept", 0))
    return Slice(number, slope * factor, intercept * factor)


def _padding(headers: list[Dataset]) -> int | None:
    """Return the padding value that most slices state."""
    stated = Counter(
        _signed(int(header.PixelPaddingValue), header)
        for header in headers
        if header.get("PixelPaddingValue") is not None
    )
    return stated.most_common(1)[0][0] if stated else None


def _signed(value: int, header: Dataset) -> int:
    """Read a padding value as the pixels are read, whatever its own type says."""
    bits = int(header.get("BitsAllocated", 16))
    if header.get("PixelRepresentation") == 1 and value >= 1 << (bits - 1):
        return value - (1 << bits)
    return value


def _acquisition(headers: list[Dataset]) -> Acquisition:
    """Read what the headers say about contrast and dose."""
    agent = any(
        str(header.get(name) or "").strip() not in {"", "0", "NONE", "None", "NO"}
        for header in headers
        for name in ("ContrastBolusAgent", "ContrastBolusVolume")
    )
    exposures = [
        float(header.Exposure)
        if header.get("Exposure") is not None
        else float(header.ExposureInuAs) / 1000
        for header in headers
        if header.get("Exposure") is not None or header.get("ExposureInuAs") is not None
    ]
    return Acquisition(agent, float(np.median(exposures)) if exposures else None)


def _listed(values: set[Any]) -> str:
    return ", ".join(sorted(map(str, values)))
