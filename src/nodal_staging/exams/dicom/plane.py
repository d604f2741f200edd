"""Where the pixels of a frame lie: shape, spacing, orientation and position."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from pydicom.dataset import Dataset

from nodal_staging.exams.dicom.elements import innermost_numbers, integer
from nodal_staging.geometry import triple
from nodal_staging.study.errors import DicomSeriesError

MOST_PIXELS_AN_EDGE = 8192
FINEST_PIXEL_MM = 1e-3
WIDEST_PIXEL_MM = 100
FARTHEST_MM = 1e5
"""Largest coordinate of a scanner's bore, with room for any origin of its table."""

COSINE_TOLERANCE = 1e-3


@dataclass(frozen=True, slots=True)
class Plane:
    """Where the pixels of a frame lie; equal for all frames of a stack but a shift.

    Attributes
    ----------
    rows, columns
        Numbers of pixels.
    spacing_mm
        Distance of rows and of columns.
    cosines
        LPS unit vectors along a row (x of the index) and down a column (y).
    """

    rows: int
    columns: int
    spacing_mm: tuple[float, float]
    cosines: tuple[float, ...]


def plane_of(header: Dataset, sources: Sequence[Dataset]) -> Plane:
    """Read shape, spacing and orientation of a frame.

    Parameters
    ----------
    header
        Of the file.
    sources
        The header and, where the file is enhanced, its functional groups; later ones
        go before earlier ones.

    Raises
    ------
    DicomSeriesError
        If one of them is missing, damaged or impossible.
    """
    return _checked_plane(
        _edge(header, "Rows"),
        _edge(header, "Columns"),
        innermost_numbers(sources, "PixelSpacing"),
        innermost_numbers(sources, "ImageOrientationPatient"),
    )


def position_of(sources: Sequence[Dataset]) -> tuple[float, float, float]:
    """Read the LPS point of the first pixel, in mm.

    Raises
    ------
    DicomSeriesError
        If it is missing, damaged or beyond any scanner.
    """
    position = innermost_numbers(sources, "ImagePositionPatient")
    if len(position) != 3 or max(map(abs, position)) > FARTHEST_MM:
        raise _misplaced("ImagePositionPatient must be three numbers of millimetres")
    return triple(position)


def _edge(header: Dataset, keyword: str) -> int:
    """Read a number of pixels."""
    size = integer(header, keyword)
    if size is None or not 1 <= size <= MOST_PIXELS_AN_EDGE:
        raise DicomSeriesError(
            f"{keyword} must be 1 to {MOST_PIXELS_AN_EDGE}, found {size}; "
            "export the series again",
            "damaged_header",
        )
    return size


@lru_cache(maxsize=64)
def _checked_plane(
    rows: int, columns: int, spacing: tuple[float, ...], cosines: tuple[float, ...]
) -> Plane:
    """Check spacing and orientation once for all frames that share them."""
    bearable = all(FINEST_PIXEL_MM < value < WIDEST_PIXEL_MM for value in spacing)
    if len(spacing) != 2 or not bearable:
        found = " and ".join(f"{value:g}" for value in spacing) or "none"
        raise _misplaced(
            f"PixelSpacing must be two positive numbers of millimetres, found {found}"
        )
    if len(cosines) != 6 or max(map(abs, cosines)) > 2 or not _orthonormal(cosines):
        raise _misplaced(
            "ImageOrientationPatient is not a pair of orthogonal unit vectors"
        )
    return Plane(rows, columns, (spacing[0], spacing[1]), cosines)


def _misplaced(problem: str) -> DicomSeriesError:
    return DicomSeriesError(f"{problem}; export the series again", "damaged_geometry")


def _orthonormal(cosines: tuple[float, ...]) -> bool:
    across, down = np.array(cosines[:3]), np.array(cosines[3:])
    gram = np.array([across @ across, down @ down, 1 + across @ down])
    return bool(np.allclose(gram, 1, rtol=0, atol=COSINE_TOLERANCE))
