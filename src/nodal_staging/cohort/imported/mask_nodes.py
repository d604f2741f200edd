"""Nodes from a mask of lesions: one row and one label for each of its components."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nodal_staging.cohort.imported.drafted_exam import (
    EXAM,
    DraftExam,
    DraftNode,
    LabelVolume,
    LesionRecord,
    Problem,
    Source,
)
from nodal_staging.cohort.imported.lesions import Lesion, Smallest, lesions_of
from nodal_staging.cohort.imported.organ_masks import Organs, Surroundings
from nodal_staging.exams.isolation import isolated
from nodal_staging.exams.segmentation.reading import read_segmentation
from nodal_staging.exams.segmentation.regions import Region
from nodal_staging.geometry import Lattice
from nodal_staging.study.errors import InputError, SegmentationError
from nodal_staging.tables import UNKNOWN

OUTSIDE = 0
TOO_SMALL = "too_small"
SPLIT = (
    "look at it on the check page; if it is several lesions, split it in the mask (3D "
    "Slicer: Segment Editor, Scissors, then Split islands to segments) and import again"
)


@dataclass(frozen=True, slots=True)
class Splitting:
    """How a mask becomes nodes.

    Attributes
    ----------
    status, location
        Of all lesions of the collection; the location where organs state none.
    smallest
        Size of a lesion.
    organs
        Masks that state which lesions are no nodes, and where the others lie.
    """

    status: str = UNKNOWN
    location: str = UNKNOWN
    smallest: Smallest = field(default_factory=Smallest)
    organs: Organs | None = None


@dataclass(frozen=True, slots=True)
class _Split:
    """Components of a mask with their surroundings; None where no organs are known."""

    lattice: Lattice | None
    found: list[tuple[Lesion, Surroundings | None]]
    empty: int


def split_mask(
    draft: DraftExam,
    splitting: Splitting,
    *,
    ct: Lattice | None = None,
    organs: Path | None = None,
) -> None:
    """Replace the mask of an exam by a segmentation with a label for each component.

    Parameters
    ----------
    draft
        With the mask in its cell; gets nodes, lesions and problems.
    splitting
        How.
    ct
        Grid of the CT, for contours.
    organs
        The organs of the exam.
    """
    source = draft.cells.pop("segmentation", None)
    if source is None:
        return
    try:
        split: _Split = isolated(_split, source, splitting, ct, organs)
    except InputError as error:
        draft.problems.append(
            Problem(error.reason, f"column segmentation: {error}", "see the sentence")
        )
        return
    kept: list[Region] = []
    for lesion, around in split.found:
        reason = _reason(lesion, around, splitting)
        if reason == "-":
            kept.append(lesion.region)
        value = len(kept) if reason == "-" else None
        draft.lesions.append(_record(lesion, around, reason, value))
        if value is None:
            continue
        stated = None if around is None else around.location
        location = stated or splitting.location
        draft.nodes.append(
            DraftNode(str(value), str(value), location, splitting.status)
        )
        if lesion.touching:
            draft.problems.append(_touching(value, lesion))
    if split.empty:
        draft.problems.append(_empty(split.empty))
    if kept and split.lattice is not None:
        draft.volume = LabelVolume(split.lattice, kept)
    else:
        draft.problems.append(_nothing(len(split.found)))


def _split(
    source: Source, splitting: Splitting, ct: Lattice | None, organs: Path | None
) -> _Split:
    """Read a mask and its components, in a child process."""
    regions: list[Region] = []
    empty = 0
    for path in source.paths:
        found = read_segmentation(path, ct=ct)
        regions += [region for region in found.regions if region.value != OUTSIDE]
        empty += len(found.empty)
    lattices = [region.lattice for region in regions]
    if any(one.difference(lattices[0]) is not None for one in lattices):
        raise SegmentationError(
            "labels lie on several grids, expected one; write all masks of an exam on "
            "the grid of its CT"
        )
    lesions = [one for region in regions for one in lesions_of(region)]
    known = splitting.organs
    if known is None or organs is None:
        around: Sequence[Surroundings | None] = [None] * len(lesions)
    else:
        around = known.around(organs, [one.region for one in lesions])
    pairs = list(zip(lesions, around, strict=True))
    return _Split(lattices[0] if lattices else None, pairs, empty)


def _reason(lesion: Lesion, around: Surroundings | None, splitting: Splitting) -> str:
    """Return why a component is no node; ``-`` if it is one."""
    if not splitting.smallest.reached_by(lesion):
        return TOO_SMALL
    if around is not None and around.within is not None:
        return f"not_a_node: {around.within}"
    return "-"


def _record(
    lesion: Lesion, around: Surroundings | None, reason: str, value: int | None
) -> LesionRecord:
    return LesionRecord(
        value=value,
        label=f"{lesion.region.layer}:{lesion.region.value}",
        voxels=lesion.voxels,
        volume_ml=lesion.volume_ml,
        touching=lesion.touching,
        why=reason,
        nearest="-" if around is None else around.nearest,
        distance_mm=None if around is None else around.distance_mm,
        confidence=None if around is None else around.confidence,
    )


def _touching(value: int, lesion: Lesion) -> Problem:
    return Problem(
        "touching_lesions",
        f"node {EXAM}-{value} ({lesion.volume_ml:.3g} ml) narrows like several lesions "
        "that touch",
        SPLIT,
    )


def _empty(count: int) -> Problem:
    return Problem(
        "empty_label",
        f"the mask of exam {EXAM} describes {count} labels without a voxel",
        "draw them, or delete them from the mask",
    )


def _nothing(components: int) -> Problem:
    found = (
        f"{components} components, none of them a node" if components else "no voxel"
    )
    return Problem(
        "no_lesion",
        f"the mask of exam {EXAM} has {found}, so the exam has no row in nodes.tsv",
        "nothing if the exam shows no lesion; else draw it and import again",
    )
