"""Components of a mask, of which each is one lesion.

A component is a set of voxels that touch by faces, edges or corners (26 neighbours).
Two lesions that touch are one component. It narrows between them: the distance to
its surface has two maxima with a saddle between. Such components are named, not split.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from nodal_staging.exams.segmentation.regions import Region
from nodal_staging.geometry import slices_of
from nodal_staging.study.arrays import Mask

SADDLE = 0.8
"""Depth at the saddle, as a share of that of the smaller maximum, below which a
component narrows."""

LEVELS = 24
"""Depths at which a component is looked at."""


@dataclass(frozen=True, slots=True)
class Smallest:
    """Size below which a component is no lesion: both must be reached."""

    voxels: int = 2
    volume_ml: float = 0.1

    def reached_by(self, lesion: "Lesion") -> bool:
        """Tell whether a component is large enough."""
        enough = lesion.volume_ml >= self.volume_ml - 1e-9
        return lesion.voxels >= self.voxels and enough


@dataclass(frozen=True, slots=True)
class Lesion:
    """One component of a label.

    Attributes
    ----------
    region
        Its voxels; layer, value and name are those of the label.
    voxels, volume_ml
        Size.
    touching
        Whether it narrows, as of two lesions that touch.
    """

    region: Region
    voxels: int
    volume_ml: float
    touching: bool


def lesions_of(region: Region) -> Iterator[Lesion]:
    """Yield the components of a label, in the order of their first voxel."""
    from scipy import ndimage  # noqa: PLC0415 (many files leave little memory)

    parts, count = ndimage.label(region.mask, np.ones((3, 3, 3)))
    voxel_ml = region.lattice.voxel_volume_mm3 / 1000
    for number, box in enumerate(ndimage.find_objects(parts, count), start=1):
        mask: Mask = parts[box] == number
        offset = [side.start for side in box]
        z, y, x = (int(a + b) for a, b in zip(region.start, offset, strict=True))
        voxels = int(mask.sum())
        yield Lesion(
            replace(region, start=(z, y, x), mask=mask),
            voxels,
            round(voxels * voxel_ml, 6),
            narrows(mask, region.lattice.spacing_mm[::-1]),
        )


def narrows(mask: Mask, spacing_mm: tuple[float, ...]) -> bool:
    """Tell whether a component has two deep parts with a saddle between them.

    Parameters
    ----------
    mask
        Voxels of one component ``(z, y, x)``.
    spacing_mm
        Distance of voxels in the same order.
    """
    from scipy import ndimage  # noqa: PLC0415

    outside = ndimage.distance_transform_edt(np.pad(mask, 1), sampling=spacing_mm)
    # From the surface, not from the next voxel outside.
    depth = outside - min(spacing_mm) / 2
    least = min(spacing_mm) / 4  # less is the roughness of voxels
    deepest = float(depth.max())
    for level in np.linspace(0, deepest, LEVELS, endpoint=False):
        parts, count = ndimage.label(depth > level, np.ones((3, 3, 3)))
        if count < 2:
            continue
        maxima = ndimage.maximum(depth, parts, range(1, count + 1))
        deep = [x for x in maxima if level <= SADDLE * x and x - level > least]
        if len(deep) > 1:
            return True
    return False


def overlap_share(lesion: Region, other: Region) -> float:
    """Return the share of a lesion's voxels that another label of the grid has too."""
    low = np.maximum(lesion.start, other.start)
    high = np.minimum(
        np.add(lesion.start, lesion.mask.shape), np.add(other.start, other.mask.shape)
    )
    if (high <= low).any():
        return 0.0
    depth, height, width = (int(x) for x in high - low)
    parts = []
    for region in (lesion, other):
        z, y, x = (int(v) for v in low - region.start)
        box = slices_of(((z, y, x), (depth, height, width)))
        parts.append(region.mask[box])
    return float(np.logical_and(*parts).sum() / lesion.mask.sum())
