"""The grid on which the frames of a DICOM segmentation lie.

Objects leave out planes without segments, so the planes that are there need not be
neighbours; missing ones are empty.
"""

import numpy as np

from nodal_staging.exams.placed_grid import FARTHEST_MM, placed_grid
from nodal_staging.exams.segmentation.dicom_header import SegHeader
from nodal_staging.geometry import Lattice
from nodal_staging.study.arrays import FloatArray
from nodal_staging.study.errors import SegmentationError

SAME_PLANE_MM = 1e-2
LEAST_SPACING_MM = 0.1  # of a declared distance that is believed
OFF_GRID = 0.05  # of the distance of planes: positions are rounded
SHIFTED = 1e-2  # of the distance of rows
NOT_ROTATED = 1e-3


def planes(header: SegHeader) -> tuple[Lattice, list[int]]:
    """Return the grid and the plane of every frame.

    Parameters
    ----------
    header
        Positions, orientation and spacings.

    Returns
    -------
    lattice
        From the first plane with a frame to the last, along the normal.
    places
        Index along z of every frame.

    Raises
    ------
    SegmentationError
        If frames are shifted within their planes, or planes have no common distance.
    """
    row, column = _directions(header)
    normal = np.cross(row, column)
    positions = np.array([frame.position_mm for frame in header.frames])
    if np.abs(positions).max() > FARTHEST_MM:
        raise _no_grid()
    heights = positions @ normal
    first = positions[heights.argmin()]
    _check_shift(positions - first, np.stack([row, column]), header)
    offsets = heights - heights.min()
    gap = _gap(offsets, header)
    places = np.rint(offsets / gap).astype(int)
    lattice = placed_grid(
        (header.columns, header.rows, int(places.max()) + 1),
        np.stack(
            [row * header.column_spacing_mm, column * header.row_spacing_mm, normal]
        )
        * np.array([[1.0], [1.0], [gap]]),
        first,
    )
    return lattice, places.tolist()


def _directions(header: SegHeader) -> tuple[FloatArray, FloatArray]:
    """Return unit vectors along a row and along a column."""
    row, column = np.reshape(header.orientation, (2, 3))
    with np.errstate(all="ignore"):
        lengths = np.array([np.linalg.norm(row), np.linalg.norm(column), 1.0])
        skew = abs(float(row @ column))
    if not (np.abs(lengths - 1).max() <= NOT_ROTATED and skew <= NOT_ROTATED):
        raise SegmentationError(
            "ImageOrientationPatient is not made of two unit vectors at right "
            "angles; export the segmentation again"
        )
    column = column - row * (row @ column) / (row @ row)
    return row / np.linalg.norm(row), column / np.linalg.norm(column)


def _check_shift(offsets: FloatArray, axes: FloatArray, header: SegHeader) -> None:
    """Refuse frames that do not lie above one another."""
    within = np.abs(offsets @ axes.T)
    spacing = np.array([header.column_spacing_mm, header.row_spacing_mm])
    if (within > SHIFTED * np.abs(spacing) + SAME_PLANE_MM).any():
        raise SegmentationError(
            f"frames are shifted by up to {within.max():.3g} mm within their "
            "planes; export the segmentation on the grid of one CT"
        )


def _gap(offsets: FloatArray, header: SegHeader) -> float:
    """Return the distance of planes.

    The declared one is taken where it fits: with segments in every second slice only,
    the smallest gap that occurs would double their volume.
    """
    heights = np.unique(offsets)
    steps = np.diff(heights)
    steps = steps[steps > SAME_PLANE_MM]
    declared = header.slice_spacing_mm
    if len(steps) == 0:
        declared = declared or header.slice_thickness_mm
    if declared and declared >= LEAST_SPACING_MM and _fits(heights, declared):
        return declared
    if len(steps) == 0:
        raise SegmentationError(
            "one plane without SpacingBetweenSlices or SliceThickness; export "
            "the segmentation with its volume"
        )
    # Errors of rounding must not add up: mean first, then the whole length.
    neighbours = float(steps[steps < 1.5 * steps.min()].mean())
    length = float(heights.max())
    gap = length / round(length / neighbours)
    if not _fits(heights, gap):
        raise _no_grid()
    return gap


def _fits(heights: FloatArray, gap: float) -> bool:
    """Tell whether all planes lie at multiples of a distance."""
    places = heights / gap
    return bool(np.abs(places - np.rint(places)).max() <= OFF_GRID)


def _no_grid() -> SegmentationError:
    return SegmentationError(
        "the planes of the segmentation do not lie at multiples of one "
        "distance; export it on the grid of one CT"
    )
