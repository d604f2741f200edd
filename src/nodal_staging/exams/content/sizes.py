"""Whether voxels, scans and labels have sizes and places that can be true."""

import itertools
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from nodal_staging.exams.content.content_limits import (
    Bounds,
    CtLimits,
    MaskLimits,
    PetLimits,
)
from nodal_staging.exams.content.remarks import ContentError, Remark, beyond, key
from nodal_staging.exams.segmentation.resampling import PlacedRegion
from nodal_staging.geometry import Lattice
from nodal_staging.study.arrays import FloatArray

IN_MM = "check that lengths are in mm"


def check_ct_size(ct: Lattice, limits: CtLimits) -> Iterator[Remark]:
    """Remark on voxels or a field of view that no CT has."""
    yield from _voxels(ct, limits.voxel_mm, "ct")
    width, length = width_mm(ct), length_mm(ct)
    for found, most in ((width, limits.most_width_mm), (length, limits.most_length_mm)):
        if most is not None and found > most:
            yield Remark(
                "ct_field",
                f"the longest axes of the CT are {length:,.0f} and {width:,.0f} mm, "
                f"expected at most {most:,g} mm: check its spacing",
            )
            return
    if limits.least_width_mm is not None and width < limits.least_width_mm:
        yield Remark(
            "ct_field",
            f"the longest axes of the CT are {length:,.3g} and {width:,.3g} mm, "
            f"expected at least {limits.least_width_mm:g} mm: {IN_MM}",
        )


def check_pet_place(pet: Lattice, ct: Lattice, limits: PetLimits) -> Iterator[Remark]:
    """Remark on voxels that no PET has, and on a PET far from its CT."""
    yield from _voxels(pet, limits.voxel_mm, "pet")
    share = overlap_share(pet, ct)
    if limits.least_overlap is not None and share < limits.least_overlap:
        yield Remark(
            "pet_far",
            f"{share:.0%} of the smaller of CT and PET lies in the other, expected at "
            f"least {limits.least_overlap:.0%}: check that both are of one exam",
        )
    ratio = width_mm(pet) / width_mm(ct)
    if limits.least_width_ratio is not None and ratio < limits.least_width_ratio:
        yield Remark(
            "pet_field",
            f"the PET is {width_mm(pet):,.0f} mm wide, the CT {width_mm(ct):,.0f} mm: "
            f"{IN_MM}",
        )
    covered = length_share(pet, ct)
    if limits.least_length_share is not None and covered < limits.least_length_share:
        yield Remark(
            "pet_part",
            f"the PET covers {covered:.0%} of the slices of the CT, expected at least "
            f"{limits.least_length_share:.0%}; nodes beyond it have no SUV: check that "
            "the PET is complete",
        )


def length_share(pet: Lattice, ct: Lattice) -> float:
    """Return the share of a CT's length, across its slices, that lies in a PET.

    Examples
    --------
    >>> ct = Lattice((20, 10, 10), (1, 1, 5), (0, 0, 0))
    >>> length_share(Lattice((5, 10, 10), (1, 1, 10), (0, 0, 2.5)), ct)
    0.5
    """
    edges = [(-0.5, size - 0.5) for size in pet.shape]
    corners = pet.to_points(list(itertools.product(*edges)))
    z = ct.to_index(corners)[:, 0] + 0.5
    low, high = max(0.0, float(z.min())), min(float(ct.shape[0]), float(z.max()))
    return max(0.0, high - low) / ct.shape[0]


def width_mm(lattice: Lattice) -> float:
    """Return the extent along the second longest axis."""
    return _extents_mm(lattice)[1]


def length_mm(lattice: Lattice) -> float:
    """Return the extent along the longest axis."""
    return _extents_mm(lattice)[2]


def _extents_mm(lattice: Lattice) -> list[float]:
    """Return the extents along the three axes, ascending."""
    axes = zip(lattice.shape[::-1], lattice.spacing_mm, strict=True)
    return sorted(size * step for size, step in axes)


def overlap_share(one: Lattice, other: Lattice) -> float:
    """Return the share of the smaller of two boxes that lies in the other.

    A box has the edges of the patient's axes, and holds the whole scan.

    Examples
    --------
    >>> long = Lattice((10, 10, 20), (1, 1, 1), (0, 0, 0))
    >>> overlap_share(long, Lattice((10, 10, 10), (1, 1, 1), (15, 0, 0)))
    0.5
    """
    low, high = zip(_ends_mm(one), _ends_mm(other), strict=True)
    common = np.minimum(*high) - np.maximum(*low)
    sizes = np.subtract(high, low).prod(axis=1)
    return float(np.maximum(common, 0).prod() / sizes.min())


def _ends_mm(lattice: Lattice) -> tuple[FloatArray, FloatArray]:
    """Return the least and largest LPS coordinates of a scan, voxel edges included."""
    edges = [(-0.5, size - 0.5) for size in lattice.shape]
    corners = lattice.to_points(list(itertools.product(*edges)))
    return corners.min(axis=0), corners.max(axis=0)


class LabelSize(NamedTuple):
    """Voxels of a label on the grid of the CT, and of the box around it.

    ``slices_apart`` is the distance of the label's own slices in slices of the CT.
    """

    voxels: int
    box: int
    slices_apart: float


def size_of(placed: PlacedRegion, own: Lattice, ct: Lattice) -> LabelSize:
    """Return the size of a label on the CT, and of the slices on which it is drawn."""
    steps = ct.to_index(own.to_points(np.vstack([np.zeros(3), np.eye(3)])))
    apart = float(np.abs(steps[1:, 0] - steps[0, 0]).max())
    return LabelSize(int(np.count_nonzero(placed.mask)), placed.mask.size, apart)


def check_masks(
    labels: Iterable[LabelSize], ct: Lattice, limits: MaskLimits
) -> Iterator[Remark]:
    """Compare labels with the CT on which they lie.

    Yields
    ------
    Remarks on labels that are larger than nodes are.

    Raises
    ------
    ContentError
        If they cover nearly the whole CT, as an inverted mask does.
    """
    whole, sizes = float(np.prod(ct.shape)), list(labels)
    covered = sum(label.voxels for label in sizes) / whole
    largest = max((label.box for label in sizes), default=0) / whole
    if limits.refused_share is not None and covered > limits.refused_share:
        way_out = f"or set {key('mask', 'refused_share')} to null"
        if len(sizes) == 1 and covered < 1:
            way_out = "the mask looks inverted: exchange 0 and the label"
        raise ContentError(
            f"the labels cover {covered:.1%} of the CT, expected at most "
            f"{limits.refused_share:.0%}; give a segmentation of lymph nodes, which is "
            f"0 elsewhere; {way_out}",
            "mask_covers_ct",
        )
    apart = max((label.slices_apart for label in sizes), default=0.0)
    if limits.most_slices_apart is not None and apart > limits.most_slices_apart:
        yield Remark(
            "mask_thick",
            f"the slices of a label are {apart:.3g} slices of the CT apart, expected "
            f"at most {limits.most_slices_apart:g}: each slice of the label fills as "
            "many; check the slice thickness of the segmentation, or draw the label on "
            "the CT's slices",
        )
    if limits.most_share is not None and covered > limits.most_share:
        yield Remark(
            "mask_volume",
            f"the labels cover {covered:.0%} of the CT, expected at most "
            f"{limits.most_share:.0%}: check that they are lymph nodes",
        )
    if limits.most_box_share is not None and largest > limits.most_box_share:
        yield Remark(
            "mask_extent",
            f"the box around a label holds {largest:.0%} of the CT, expected at most "
            f"{limits.most_box_share:.0%}: check that the label is one lymph node",
        )


def _voxels(lattice: Lattice, bounds: Bounds | None, kind: str) -> Iterator[Remark]:
    """Remark on a spacing out of bounds."""
    if bounds is not None and any(beyond(step, bounds) for step in lattice.spacing_mm):
        spacing = " x ".join(f"{step:.4g}" for step in lattice.spacing_mm)
        yield Remark(
            f"{kind}_voxel_size",
            f"voxels of {spacing} mm (x, y, z), expected {bounds[0]:g} to "
            f"{bounds[1]:g} mm: {IN_MM}",
        )
