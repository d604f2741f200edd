"""The mask of each lymph node on the grid of its CT."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nodal_staging.cohort.exam_index import ExamIndex
from nodal_staging.cohort.sheets import Exam
from nodal_staging.exams.segmentation.reading import read_segmentation
from nodal_staging.exams.segmentation.regions import Region
from nodal_staging.exams.segmentation.resampling import place
from nodal_staging.geometry import Lattice, box_around, resample, slices_of
from nodal_staging.study.arrays import FloatArray, Mask, Volume
from nodal_staging.study.errors import changed_file, naming


@dataclass(frozen=True, slots=True)
class NodeMask:
    """Voxels of one node in a box of its exam.

    Attributes
    ----------
    mask
        Boolean ``(z, y, x)`` of the box.
    start
        Index ``(z, y, x)`` of the box in the exam's lattice.
    lattice
        Lattice of the box.
    """

    mask: Mask
    start: tuple[int, int, int]
    lattice: Lattice

    def points_mm(self) -> FloatArray:
        """Return the LPS points ``(n, 3)`` of the voxel centres."""
        return self.lattice.to_points(np.argwhere(self.mask))

    def centroid_mm(self) -> FloatArray:
        """Return the mean of the voxel centres, an LPS point."""
        centroid: FloatArray = self.points_mm().mean(axis=0)
        return centroid

    def box_centre_mm(self) -> FloatArray:
        """Return the centre of the bounding box, an LPS point."""
        return self.lattice.to_points((np.array(self.mask.shape) - 1) / 2)

    def coverage(self, target: Lattice) -> Volume:
        """Return the share of each voxel of a lattice that the node covers."""
        padded = np.pad(self.mask, 1).astype(np.float32)
        lattice = self.lattice.crop((-1, -1, -1), padded.shape)
        box = box_around(lattice, target)
        share = np.zeros(target.shape, np.float32)
        near = resample(padded, lattice, target.crop(*box), outside=0)
        share[slices_of(box)] = near
        return share


def node_masks(exam: Exam, index: ExamIndex, folder: Path) -> dict[str, NodeMask]:
    """Return the mask of every node of an exam, on the grid of its CT.

    Parameters
    ----------
    exam, index
        The exam, and how its files are read.
    folder
        That of the node sheet.

    Raises
    ------
    ChangedFileError
        If a segmentation has changed since the exam was inspected.
    """
    masks = {}
    with naming(exam.place("segmentation")):
        for path, wanted in exam.segmentations(folder).items():
            regions = {
                (region.layer, region.value): region
                for region in read_segmentation(path, ct=index.ct.lattice).regions
            }
            for node_id in wanted:
                region = regions.get(index.labels[node_id])
                if region is None:
                    raise changed_file("segmentation")
                masks[node_id] = _on_ct(region, index.ct.lattice)
    return masks


def _on_ct(region: Region, lattice: Lattice) -> NodeMask:
    placed = place(region, lattice)
    box = lattice.crop(placed.start, placed.mask.shape)
    return NodeMask(placed.mask, placed.start, box)
