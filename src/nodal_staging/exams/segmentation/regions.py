"""What a segmentation says: labels, and the voxels of each.

Layer and value identify a label: two layers (groups, files) may hold the
same value for different nodes, and their voxels may overlap.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from nodal_staging.exams.dicom.identity_digests import Origin
from nodal_staging.geometry import Lattice
from nodal_staging.study.arrays import Mask
from nodal_staging.study.errors import SegmentationError

MOST_MASK_BYTES = 1024**3

Index = tuple[int, int, int]
"""Of a voxel, ``(z, y, x)``."""


@dataclass(frozen=True, slots=True)
class Label:
    """A label without its voxels.

    Attributes
    ----------
    layer
        Place of its layer, group or file, counted from 0.
    value
        Its value within the layer, from 1.
    name
        As the reader typed it; may identify a patient, so it stays in the process.
    """

    layer: int
    value: int
    name: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Region:
    """The voxels of one label.

    Attributes
    ----------
    lattice
        The whole grid on which the label was drawn; files of one segmentation may
        have different ones.
    layer, value, name
        As in ``Label``.
    start
        First index ``(z, y, x)`` of the bounding box on the grid.
    mask
        Voxels within the bounding box, bool ``(z, y, x)``.
    """

    lattice: Lattice
    layer: int
    value: int
    name: str | None = field(repr=False)
    start: Index
    mask: Mask

    @property
    def label(self) -> Label:
        """The label alone."""
        return Label(self.layer, self.value, self.name)


@dataclass(frozen=True, slots=True)
class Segmentation:
    """All labels of an exam.

    Attributes
    ----------
    regions
        Labels with voxels, ordered by layer and value.
    empty
        Labels that are described and have no voxel, in the same order.
    layers
        Number of layers, groups or files, with or without labels.
    notes
        Remarks on how the file was read.
    origins
        Whose the files are, as far as they state it.
    """

    regions: tuple[Region, ...]
    empty: tuple[Label, ...]
    layers: int
    notes: tuple[str, ...] = ()
    origins: tuple[Origin, ...] = ()

    @property
    def labels(self) -> tuple[Label, ...]:
        """Every label, with or without voxels, ordered by layer and value."""
        return in_order([*(region.label for region in self.regions), *self.empty])


def as_index(values: npt.ArrayLike) -> Index:
    """Return three whole numbers as plain integers."""
    z, y, x = (round(float(value)) for value in np.asarray(values))
    return z, y, x


def in_order(labels: Iterable[Label]) -> tuple[Label, ...]:
    """Return labels ordered by layer and value."""
    return tuple(sorted(labels, key=lambda label: (label.layer, label.value)))


def described(
    regions: Iterable[Region], labels: Iterable[Label], *, layers: int
) -> Segmentation:
    """Give regions the names of their labels and set labels without voxels aside."""
    by_place = {(label.layer, label.value): label for label in labels}
    found = [_named(region, by_place) for region in regions]
    drawn = {(region.layer, region.value) for region in found}
    empty = [label for place, label in by_place.items() if place not in drawn]
    found.sort(key=lambda region: (region.layer, region.value))
    return Segmentation(tuple(found), in_order(empty), layers)


def stacked(parts: Iterable[Segmentation]) -> Segmentation:
    """Lay segmentations on one another, each above the layers of those before.

    Raises
    ------
    SegmentationError
        If their masks take more memory together than is accepted.
    """
    regions: list[Region] = []
    empty: list[Label] = []
    notes: list[str] = []
    origins: list[Origin] = []
    layers = 0
    for part in parts:
        regions += [replace(r, layer=r.layer + layers) for r in part.regions]
        empty += [replace(label, layer=label.layer + layers) for label in part.empty]
        origins += part.origins
        layers += part.layers
        notes += [note for note in part.notes if note not in notes]
        check_masks(sum(region.mask.size for region in regions))
    return Segmentation(
        tuple(regions), tuple(empty), layers, tuple(notes), tuple(origins)
    )


def check_masks(count: int) -> None:
    """Refuse boxes of labels that hold too many voxels together."""
    if count > MOST_MASK_BYTES:
        raise SegmentationError(
            f"the boxes around its labels hold more than {MOST_MASK_BYTES} "
            "voxels; give a segmentation of lymph nodes alone"
        )


def check_distinct(labels: Iterable[Label], kind: str) -> None:
    """Refuse two labels of one layer and value.

    Parameters
    ----------
    labels
        As a file describes them.
    kind
        How the format calls labels of a layer, for example ``segments of layer``.

    Raises
    ------
    SegmentationError
        For the first layer and value that are there twice.
    """
    for (layer, value), count in Counter((x.layer, x.value) for x in labels).items():
        if count > 1:
            raise SegmentationError(
                f"{count} {kind} {layer} have the value {value}; give each a value "
                "of its own"
            )


def called(segmentation: Segmentation, name: str | None) -> Segmentation:
    """Name the only label of a file by its node or file, where it has no name."""
    if name is None or len(segmentation.regions) != 1 or segmentation.empty:
        return segmentation
    only = segmentation.regions[0]
    if only.name is not None:
        return segmentation
    return replace(segmentation, regions=(replace(only, name=name),))


def _named(region: Region, labels: Mapping[tuple[int, int], Label]) -> Region:
    label = labels.get((region.layer, region.value))
    return region if label is None else replace(region, name=label.name)
