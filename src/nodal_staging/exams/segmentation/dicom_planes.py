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
PARALLEL = 1e-3  # cosine by which a normal may differ from an axis of the CT
OFF_GRID = 0.05  # of the distance of planes: positions are rounded
SHIFTED = 1e-2  # of the distance of rows
NOT_ROTATED = 1e-3


def planes(header: SegHeader, ct: Lattice | None = None) -> tuple[Lattice, list[int]]:
    """Return the grid and the plane of every frame.

    Parameters
    ----------
    header
        Positions, orientation and spacings.
    ct
        Grid of the CT, which decides on the distance of planes where the header does
        not.

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
    of_ct = None if ct is None else _ct_distance(positions, normal, ct)
    gap = _gap(offsets, header, of_ct)
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


def spacing_remarks(header: SegHeader, lattice: Lattice) -> tuple[str, ...]:
    """Remark on a declared distance of planes that is not that of the frames."""
    declared, used = header.slice_spacing_mm, lattice.spacing_mm[2]
    if not declared or abs(declared / used - 1) <= OFF_GRID:
        return ()
    return (
        f"SpacingBetweenSlices of the segmentation is {declared:g} mm, but its frames "
        f"lie {used:g} mm apart, which was used: check that it is of this CT",
    )


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


def _ct_distance(
    positions: FloatArray, normal: FloatArray, ct: Lattice
) -> float | None:
    """Return the distance of a CT's planes, None unless all frames lie on them."""
    axes = np.reshape(ct.direction, (3, 3)).T
    along = np.abs(axes @ normal)
    axis = int(along.argmax())
    if along[axis] < 1 - PARALLEL:
        return None
    places = ct.to_index(positions)[:, 2 - axis]
    if np.abs(places - np.rint(places)).max() > OFF_GRID:
        return None
    return ct.spacing_mm[axis]


def _gap(offsets: FloatArray, header: SegHeader, of_ct: float | None) -> float:
    """Return the distance of planes.

    The declared one is taken if it fits, then a thickness that is also the smallest
    gap. With segments in every second slice, the smallest gap alone would double their
    volume, and the thickness of slices that overlap is not their distance: so the
    distance of the CT's planes follows, then the thickness, then the smallest gap.
    """
    heights = np.unique(offsets)
    steps = np.diff(heights)
    steps = steps[steps > SAME_PLANE_MM]
    thickness = header.slice_thickness_mm
    agreed = thickness if thickness and _is_smallest(steps, thickness) else None
    for gap in (header.slice_spacing_mm, agreed, of_ct, thickness):
        if gap and gap >= LEAST_SPACING_MM and _fits(heights, gap):
            return gap
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


def _is_smallest(steps: FloatArray, thickness: float) -> bool:
    return len(steps) > 0 and abs(steps.min() / thickness - 1) <= OFF_GRID


def _fits(heights: FloatArray, gap: float) -> bool:
    """Tell whether all planes lie at multiples of a distance."""
    places = heights / gap
    return bool(np.abs(places - np.rint(places)).max() <= OFF_GRID)


def _no_grid() -> SegmentationError:
    return SegmentationError(
        "the planes of the segmentation do not lie at multiples of one "
        "distance; export it on the grid of one CT"
    )
