"""From single planes to one volume: order, distance, direction.

Only positions count. The number of an image may be random, and the thickness of a
slice is not the distance to the next one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nodal_staging.exams.dicom.frames import Frame
from nodal_staging.exams.placed_grid import (
    SHEAR_TOLERANCE_DEG,
    tilt_note,
    tilt_sentence,
)
from nodal_staging.geometry import Lattice, triple
from nodal_staging.study.arrays import FloatArray, IntArray
from nodal_staging.study.errors import DicomSeriesError

GAP_TOLERANCE = 0.01
"""Largest departure of a slice gap from the median, as a share of it."""

GAP_TOLERANCE_MM = 0.01
STRAIGHT_TOLERANCE_MM = 0.1
"""Largest distance of a slice from the line along which a sheared stack runs."""

UPRIGHT_TOLERANCE_MM = 0.01
"""A drift across the whole stack that is rounding, not tilt."""

WIDEST_BRIDGE = 3
"""Largest gap that may be interpolated, in medians."""


@dataclass(frozen=True, slots=True)
class Repairs:
    """What may be done to a series that is not a regular, upright volume.

    Attributes
    ----------
    resample_gaps
        Fill missing slices by interpolation of their neighbours.
    correct_tilt
        Read a tilted gantry's stack on its true, sheared lattice.
    """

    resample_gaps: bool = False
    correct_tilt: bool = False


Blend = tuple[int, int, float]
"""Two slices and the share of the second."""


@dataclass(frozen=True, slots=True)
class Stack:
    """Order of the frames and where their voxels lie.

    Attributes
    ----------
    order
        Indices of the frames, rising along the slice normal.
    lattice
        Of the volume.
    blends
        For each plane of the lattice the two places in ``order`` between which it
        lies; None where planes are the slices.
    notes
        What was repaired, in sentences for the inspection.
    """

    order: tuple[int, ...]
    lattice: Lattice
    blends: tuple[Blend, ...] | None = None
    notes: tuple[str, ...] = ()


def stack(frames: Sequence[Frame], *, repairs: Repairs) -> Stack:
    """Order frames along their normal and prove that they form a volume.

    Parameters
    ----------
    frames
        Of one group: equal orientation, shape and spacing.
    repairs
        What may be repaired instead of refused.

    Raises
    ------
    DicomSeriesError
        For a single slice, equal positions, a gap, or a tilt.
    """
    if len(frames) < 2:
        raise DicomSeriesError(
            "a single slice is not a volume; add the others", "single_slice"
        )
    axes = _axes(frames[0])
    positions = np.array([frame.position_mm for frame in frames])
    along = positions @ axes[2]
    order = [int(place) for place in np.argsort(along, kind="stable")]
    along, positions = along[order], positions[order]
    _check_positions(frames, order, along)
    shear, tilt_note = _shear(positions, along, axes, repairs)
    planes, blends, gap_note = _planes(along, repairs)
    step = (axes[2] + shear @ axes[:2]) * planes.step_mm
    lattice = _lattice(frames[0], axes, positions[0], step, planes.count)
    notes = tuple(note for note in (tilt_note, gap_note) if note)
    return Stack(tuple(order), lattice, blends, notes)


@dataclass(frozen=True, slots=True)
class _Planes:
    count: int
    step_mm: float


def _axes(frame: Frame) -> FloatArray:
    """Return unit vectors of x, y and the slice normal as rows, exactly orthogonal."""
    across, down = np.reshape(frame.plane.cosines, (2, 3))
    across = across / np.linalg.norm(across)
    down = down - (down @ across) * across
    down = down / np.linalg.norm(down)
    return np.array([across, down, np.cross(across, down)])


def _check_positions(
    frames: Sequence[Frame], order: list[int], along: FloatArray
) -> None:
    """Refuse two slices at one position, naming both."""
    place = int(np.argmin(np.diff(along)))
    if along[place + 1] - along[place] < GAP_TOLERANCE_MM:
        one, other = sorted(frames[order[place + step]].file + 1 for step in (0, 1))
        both = (
            f"two frames of file {one}" if one == other else f"files {one} and {other}"
        )
        raise DicomSeriesError(
            f"{both} lie at the same position; keep one reconstruction, or one time "
            "point, in a folder",
            "same_position",
        )


def _shear(
    positions: FloatArray,
    along: FloatArray,
    axes: FloatArray,
    repairs: Repairs,
) -> tuple[FloatArray, str]:
    """Return how far the stack runs along x and y for each mm along the normal."""
    across = (positions - positions[0]) @ axes[:2].T
    height = along - along[0]
    shear = (height @ across) / (height @ height)
    beside = float(np.abs(across - np.outer(height, shear)).max())
    if beside > STRAIGHT_TOLERANCE_MM:
        raise DicomSeriesError(
            f"a slice lies {beside:.2f} mm beside the line of the others "
            "(ImagePositionPatient); keep one series in a folder",
            "irregular_positions",
        )
    tilt_deg = float(np.degrees(np.arctan(np.linalg.norm(shear))))
    if np.abs(across).max() <= UPRIGHT_TOLERANCE_MM:
        return np.zeros(2), ""
    if tilt_deg <= SHEAR_TOLERANCE_DEG:
        return shear, ""
    if not repairs.correct_tilt:
        raise DicomSeriesError(tilt_sentence(tilt_deg), "gantry_tilt")
    return shear, tilt_note(tilt_deg)


def _planes(
    along: FloatArray, repairs: Repairs
) -> tuple[_Planes, tuple[Blend, ...] | None, str]:
    """Return number and distance of planes; blends where slices are missing."""
    gaps = np.diff(along)
    median = float(np.median(gaps))
    off = np.abs(gaps - median)
    if off.max() <= max(GAP_TOLERANCE_MM, GAP_TOLERANCE * median):
        return _Planes(len(along), float(np.mean(gaps))), None, ""
    place = int(np.argmax(off))
    if not repairs.resample_gaps:
        raise DicomSeriesError(
            f"slices do not form a regular volume: expected a distance of "
            f"{median:g} mm, found {gaps[place]:g} mm between slices {place + 1} and "
            f"{place + 2} (counted along the normal); restore the missing slice, or "
            "set cohort.repairs.resample_gaps to interpolate it",
            "slice_gap",
        )
    if gaps.max() > WIDEST_BRIDGE * median:
        raise DicomSeriesError(
            f"a gap of {gaps.max():g} mm between slices {median:g} mm apart is "
            "too wide to be interpolated; restore the missing slices",
            "slice_gap",
        )
    blends = _blends(along, median)
    filled = sum(share not in {0.0} for *_, share in blends)
    note = f"{filled} of {len(blends)} slices interpolated across irregular gaps"
    return _Planes(len(blends), median), blends, note


def _blends(along: FloatArray, step_mm: float) -> tuple[Blend, ...]:
    """Place planes at equal distances between the first and the last slice."""
    count = int(np.floor((along[-1] - along[0]) / step_mm + GAP_TOLERANCE)) + 1
    heights = along[0] + step_mm * np.arange(count)
    places = np.interp(heights, along, np.arange(len(along)))
    nearest = np.rint(places)
    near = np.abs(along[nearest.astype(int)] - heights) <= GAP_TOLERANCE_MM
    places = np.where(near, nearest, places)
    lower: IntArray = np.floor(places).astype(int)
    upper = np.minimum(lower + 1, len(along) - 1)
    return tuple(
        (int(one), int(other), float(share))
        for one, other, share in zip(lower, upper, places - lower, strict=True)
    )


def _lattice(
    frame: Frame, axes: FloatArray, origin: FloatArray, step: FloatArray, count: int
) -> Lattice:
    row_mm, column_mm = frame.plane.spacing_mm
    length = float(np.linalg.norm(step))
    directions = np.array([axes[0], axes[1], step / length])
    return Lattice(
        shape=(count, frame.plane.rows, frame.plane.columns),
        spacing_mm=(column_mm, row_mm, length),
        origin_mm=triple(origin),
        direction=tuple(float(value) for value in directions.T.reshape(-1)),
    )
