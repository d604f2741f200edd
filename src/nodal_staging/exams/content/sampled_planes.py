"""A sample of a scan: some of its planes, thinned out in the plane.

The planes are read through the readers of boxes, so that a sample holds what a
measurement would. A volume file is read once for it, of a DICOM series only the files
of the planes.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nodal_staging.exams import scans
from nodal_staging.exams.scans import Scan
from nodal_staging.geometry import Box, Lattice
from nodal_staging.study.arrays import FloatArray, IntArray, Volume

PLANES = 24
"""Planes of a sample; enough for every region of a whole-body scan."""

MOST_A_SIDE = 256
"""Pixels along a side of a thinned plane, at most."""

MOST_PIXELS = 32 * 1024**2
"""Pixels that are read for one sample, at most."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Some planes of a scan.

    Attributes
    ----------
    lattice
        Of the whole scan.
    planes
        Their indices z, ascending ``(n,)``.
    steps
        Every how many rows and columns a value was kept ``(y, x)``.
    values
        Float32 ``(plane, y, x)``, in HU or SUV.
    """

    lattice: Lattice
    planes: IntArray
    steps: tuple[int, int]
    values: Volume

    def points_mm(self) -> FloatArray:
        """Return the LPS point of each value ``(plane, y, x, 3)``."""
        _, rows, columns = self.values.shape
        y, x = np.arange(rows) * self.steps[0], np.arange(columns) * self.steps[1]
        index = np.stack(np.meshgrid(self.planes, y, x, indexing="ij"), axis=-1)
        return self.lattice.to_points(index)

    def nearest(self, points_mm: FloatArray, *, reach_mm: float) -> IntArray:
        """Return which value of the sample lies next to each of ``(n, 3)`` points.

        Parameters
        ----------
        points_mm
            LPS points.
        reach_mm
            Largest distance of a point from the nearest plane.

        Returns
        -------
        Index in the flattened values, -1 where none is near.
        """
        z, y, x = self.lattice.to_index(points_mm).T
        middle = (self.planes[1:] + self.planes[:-1]) / 2
        plane = np.searchsorted(middle, z)
        near = np.abs(z - self.planes[plane]) * self.lattice.spacing_mm[2] <= reach_mm
        row, column = (
            np.rint(index / step).astype(np.int64)
            for index, step in zip((y, x), self.steps, strict=True)
        )
        _, rows, columns = self.values.shape
        inside = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
        place = (plane * rows + row) * columns + column
        return np.where(near & inside, place, -1)


def spread_planes(lattice: Lattice) -> IntArray:
    """Return the planes of a sample, evenly spread over a scan."""
    depth, rows, columns = lattice.shape
    count = max(1, min(depth, PLANES, MOST_PIXELS // (rows * columns)))
    return ((np.arange(count) + 0.5) * depth / count).astype(np.int64)


def planes_at(lattice: Lattice, other: Sample) -> IntArray:
    """Return the planes of a scan that lie next to those of a sample of another.

    Returns
    -------
    Ascending; empty where none does.
    """
    _, rows, columns = other.lattice.shape
    middle = [(z, (rows - 1) / 2, (columns - 1) / 2) for z in other.planes]
    places = np.rint(lattice.to_index(other.lattice.to_points(middle))[:, 0])
    inside = (places >= 0) & (places < lattice.shape[0])
    return np.unique(places[inside]).astype(np.int64)


def sample_scan(path: Path, scan: Scan, planes: IntArray) -> Sample:
    """Read planes of a scan.

    Parameters
    ----------
    path, scan
        The scan, and how it is read.
    planes
        Indices z, ascending.

    Raises
    ------
    InputError
        If one cannot be read.
    """
    _, rows, columns = scan.lattice.shape
    boxes: list[Box] = [((int(z), 0, 0), (1, rows, columns)) for z in planes]
    steps = -(-rows // MOST_A_SIDE), -(-columns // MOST_A_SIDE)
    read = scans.read_boxes(path, scan, boxes)
    values = np.concatenate([box[:, :: steps[0], :: steps[1]] for box in read])
    return Sample(scan.lattice, planes, steps, values)
