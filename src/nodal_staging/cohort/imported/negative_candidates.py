"""Nodes without uptake, from a segmentation of all nodes, offered as negative.

No uptake proves no status: the rows stay ``unknown`` until a person has confirmed them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nodal_staging.cohort.imported.drafted_exam import (
    DraftExam,
    DraftNode,
    LabelVolume,
    LesionRecord,
    Problem,
)
from nodal_staging.cohort.imported.lesions import (
    Lesion,
    Smallest,
    lesions_of,
    overlap_share,
)
from nodal_staging.exams.isolation import isolated
from nodal_staging.exams.segmentation.reading import read_segmentation
from nodal_staging.exams.segmentation.regions import Region
from nodal_staging.exams.volumes import index_volume, read_boxes
from nodal_staging.geometry import Lattice, box_of
from nodal_staging.study.errors import InputError, SegmentationError


@dataclass(frozen=True, slots=True)
class _Offered:
    """A node without uptake, and its SUVmax."""

    lesion: Lesion
    suv_max: float


@dataclass(frozen=True, slots=True)
class Uptake:
    """The PET of an exam, and the SUVmax from which a node has uptake."""

    path: Path
    cutoff_suv: float


def offer_negatives(
    draft: DraftExam, nodes: Path, uptake: Uptake, smallest: Smallest
) -> None:
    """Add the nodes of a segmentation that have no uptake and are no lesion.

    Parameters
    ----------
    draft
        With the lesions of the exam; gets rows of unknown status after them.
    nodes
        A segmentation of all nodes, on the grid of the lesions.
    uptake
        The PET, as a volume in SUV.
    smallest
        Size of a node.
    """
    known = draft.volume
    regions = () if known is None else tuple(known.regions)
    try:
        lattice, offered = isolated(_offered, nodes, regions, uptake, smallest)
        if known is not None and lattice.difference(known.lattice) is not None:
            raise SegmentationError(
                "the nodes lie on another grid than the lesions; write both on the "
                "grid of the CT"
            )
    except InputError as error:
        draft.problems.append(
            Problem(error.reason, f"nodes without uptake: {error}", "see the sentence")
        )
        return
    for number, one in enumerate(offered, start=len(regions) + 1):
        draft.nodes.append(DraftNode(str(number), str(number), suggested="negative"))
        draft.lesions.append(
            LesionRecord(
                value=number,
                label=f"{one.lesion.region.layer}:{one.lesion.region.value}",
                voxels=one.lesion.voxels,
                volume_ml=one.lesion.volume_ml,
                touching=one.lesion.touching,
                suv_max=round(one.suv_max, 3),
            )
        )
    if offered:
        joined = [*regions, *(one.lesion.region for one in offered)]
        draft.volume = LabelVolume(lattice, joined)


def _offered(
    nodes: Path, lesions: Sequence[Region], uptake: Uptake, smallest: Smallest
) -> tuple[Lattice, list[_Offered]]:
    """Return grid and nodes without uptake, in a child process."""
    found = [
        lesion
        for region in read_segmentation(nodes).regions
        for lesion in lesions_of(region)
        if smallest.reached_by(lesion)
        and not any(overlap_share(lesion.region, other) for other in lesions)
    ]
    if not found:
        raise SegmentationError("no node other than the lesions; leave out --nodes")
    pet = index_volume(uptake.path, unit="SUV")
    points = [
        one.region.lattice.to_points(
            np.argwhere(one.region.mask) + np.array(one.region.start)
        )
        for one in found
    ]
    boxes = [box_of(pet.lattice.to_index(own), pet.lattice) for own in points]
    values = read_boxes(uptake.path, pet, boxes)
    highest = [float(value.max()) for value in values]
    offered = [
        _Offered(lesion, suv)
        for lesion, suv in zip(found, highest, strict=True)
        if suv <= uptake.cutoff_suv
    ]
    return found[0].region.lattice, offered
