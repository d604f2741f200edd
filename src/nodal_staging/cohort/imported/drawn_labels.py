"""Which segmentation belongs to an exam, and its labels as rows of the node sheet."""

import os
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nodal_staging.cohort.exam_identity import on_grid
from nodal_staging.cohort.imported.drafted_exam import (
    EXAM,
    Candidate,
    DraftExam,
    DraftNode,
    Problem,
    Source,
)
from nodal_staging.cohort.label_names import Naming
from nodal_staging.exams.file_kinds import kind_of
from nodal_staging.exams.file_signatures import SCENE, VOLUMES
from nodal_staging.exams.isolation import isolated
from nodal_staging.exams.raw_files import checked_file
from nodal_staging.exams.segmentation.reading import read_segmentation
from nodal_staging.exams.segmentation.regions import Label
from nodal_staging.exams.volume_files import opened_volume
from nodal_staging.geometry import Lattice
from nodal_staging.study.arrays import FloatArray
from nodal_staging.study.errors import InputError
from nodal_staging.tables import UNKNOWN

STACK = ".mitklabel.json"
SAME_CENTRE_MM = 0.5
OUTSIDE = 0
"""Value of MITK's label Exterior."""


@dataclass(frozen=True, slots=True)
class DrawnFile:
    """A segmentation that is not DICOM, so that its grid alone says whose it is.

    Attributes
    ----------
    path
        The file.
    lattice
        Its grid.
    names
        Names of its labels; they stay in the process.
    """

    path: Path
    lattice: Lattice
    names: tuple[str | None, ...]


def drawn_files(paths: Sequence[Path]) -> tuple[list[DrawnFile], int]:
    """Read the files that are segmentations of voxels, and count those that are not.

    The layers of a ``.mitklabel.json`` stack lie next to it and are left out.
    """
    stacks = {path.parent for path in paths if path.name.lower().endswith(STACK)}
    found, refused = [], 0
    for path in paths:
        if path.parent in stacks and not path.name.lower().endswith(STACK):
            continue
        try:
            if path.parent in stacks or kind_of(path) in (*VOLUMES.values(), SCENE):
                found.append(isolated(_drawn_file, path))
        except (InputError, OSError):
            refused += 1
    return found, refused


def _drawn_file(path: Path) -> DrawnFile:
    """Read grid and labels of a file, in a child process."""
    segmentation = read_segmentation(path)
    if segmentation.regions:
        lattice = segmentation.regions[0].lattice
    else:
        with opened_volume(checked_file(path)) as opened:
            if opened is None:
                raise InputError("a segmentation without voxels")
            lattice = opened[0].lattice
    names = tuple(x.name for x in segmentation.labels if x.value != OUTSIDE)
    return DrawnFile(path, lattice, names)


class GridIndex:
    """Grids of scans by the place of their centre, to find that of a segmentation."""

    def __init__(self, grids: Sequence[tuple[int, Lattice, Path]]) -> None:
        """Take number of the exam, grid and folder of each scan."""
        self._grids = list(grids)
        centres = [_centre(grid) for _, grid, _ in self._grids]
        self._centres = np.array(centres).reshape(-1, 3)

    def exam_of(self, drawn: DrawnFile) -> int | None:
        """Return the one exam with a scan on the grid; None if none or several have.

        Of several, those in the folder of the segmentation, or in the closest folder
        above it that contains any, are asked.
        """
        away = np.abs(self._centres - _centre(drawn.lattice)).max(axis=1)
        same = [
            (exam, folder)
            for exam, grid, folder in (
                self._grids[place] for place in np.flatnonzero(away < SAME_CENTRE_MM)
            )
            if sorted(grid.shape) == sorted(drawn.lattice.shape)
            and on_grid(drawn.lattice, grid)
        ]
        exams = {exam for exam, _ in same}
        for above in drawn.path.parents:
            if len(exams) <= 1:
                break
            near = {exam for exam, folder in same if folder.is_relative_to(above)}
            exams = near or exams
            if near:
                break
        return exams.pop() if len(exams) == 1 else None


def _centre(lattice: Lattice) -> FloatArray:
    return lattice.to_points((np.array(lattice.shape) - 1) / 2)


def drawn_sources(files: Sequence[DrawnFile]) -> list[Source]:
    """Return the segmentations of an exam; files of one named label each are one.

    A reader who draws each node into a file of its own names the labels differently;
    files of two readers have the same names, or several labels.
    """
    names = [name for file in files for name in file.names]
    one_each = all(len(file.names) == 1 for file in files)
    if len(files) > 1 and one_each and None not in names:
        if len(set(names)) == len(names):
            paths = tuple(sorted(file.path for file in files))
            return [Source(paths, folder=True)]
    return [Source((file.path,), folder=False) for file in files]


def structure_set_problem() -> Problem:
    """Return the remark on an exam whose only segmentation consists of contours."""
    return Problem(
        "rtstruct_only",
        f"exam {EXAM} has no segmentation but an RT structure set, whose contours are "
        "filled on the slices of the CT; structures that are not nodes are rows too",
        "if it has structures that are not nodes, export the nodes alone, as structure "
        "set or as DICOM segmentation, and import again",
    )


def add_nodes(draft: DraftExam, ct: Lattice | None, naming: Naming | None) -> None:
    """Add a row for each label of the exam's segmentation, and list what has none.

    Parameters
    ----------
    draft
        With the segmentation that was chosen.
    ct
        Grid of the CT, on which contours are filled.
    naming
        How names of labels state location and status; None leaves them unknown.
    """
    source = draft.cells.get("segmentation")
    if source is None:
        return
    try:
        found = isolated(_labels, source, ct)
    except InputError as error:
        draft.problems.append(
            Problem(error.reason, f"column segmentation: {error}", "see the sentence")
        )
        return
    unnamed = []
    for label, empty in found:
        place = f"{label.layer}:{label.value}"
        if empty:
            draft.problems.append(_empty(place))
            continue
        told = None if naming is None else naming.read(label.name or "")
        if naming is not None and told is None:
            unnamed.append(place)
        location, status = told or (UNKNOWN, UNKNOWN)
        draft.nodes.append(
            DraftNode(
                f"{label.layer}-{label.value}",
                place,
                location,
                status,
            )
        )
    if unnamed:
        draft.problems.append(
            Problem(
                "label_name",
                f"the names of {len(unnamed)} labels do not follow the pattern "
                f"({', '.join(unnamed)}; layer and value)",
                "fill in location and status in nodes.tsv, or rename the labels",
            )
        )
    if not draft.nodes:
        draft.problems.append(
            Problem(
                "no_labels",
                f"the segmentation of exam {EXAM} has no label with a voxel",
                "draw the nodes, or remove the exam from exams.tsv",
            )
        )


def _empty(place: str) -> Problem:
    return Problem(
        "empty_label",
        f"label {place} (layer and value) of exam {EXAM} has no voxel, so it has no "
        "row in nodes.tsv",
        "draw it, or delete it from the segmentation",
    )


def _labels(source: Source, ct: Lattice | None) -> list[tuple[Label, bool]]:
    """Return the labels of a segmentation, and whether they are empty."""
    if not source.folder:
        found = read_segmentation(source.paths[0], ct=ct)
        return _listed(found.labels, found.empty)
    labels: list[tuple[Label, bool]] = []
    layers = 0
    for path in source.paths:
        part = read_segmentation(path, ct=ct)
        for label, empty in _listed(part.labels, part.empty):
            moved = Label(label.layer + layers, label.value, label.name)
            labels.append((moved, empty))
        layers += part.layers
    return labels


def _listed(
    labels: Sequence[Label], empty: Sequence[Label]
) -> list[tuple[Label, bool]]:
    return [(label, label in empty) for label in labels if label.value != OUTSIDE]


def by_exam(
    files: Sequence[DrawnFile], index: GridIndex
) -> tuple[dict[int, list[DrawnFile]], int]:
    """Share out segmentations by exam; return the number of those of none, too."""
    shared: defaultdict[int, list[DrawnFile]] = defaultdict(list)
    left = 0
    for file in files:
        exam = index.exam_of(file)
        if exam is None:
            left += 1
        else:
            shared[exam].append(file)
    return dict(shared), left


def drawn_candidates(sources: Sequence[Source], words: str) -> list[Candidate]:
    """Return segmentations that nothing tells apart, as candidates."""
    return [Candidate(source, 0, (words,)) for source in sources]


def folder_of(paths: Sequence[Path]) -> Path:
    """Return the folder that contains all files of a scan."""
    return Path(os.path.commonpath([path.parent for path in paths]))
