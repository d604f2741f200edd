"""Draft an exam sheet from any tree of DICOM files."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from nodal_staging.cohort.contrast_and_dose import Rules
from nodal_staging.cohort.imported.drafted_exam import (
    EXAM,
    DraftExam,
    Problem,
    Source,
    choose,
)
from nodal_staging.cohort.imported.drawn_labels import (
    DrawnFile,
    GridIndex,
    by_exam,
    drawn_candidates,
    drawn_files,
    drawn_sources,
    folder_of,
    structure_set_problem,
)
from nodal_staging.cohort.imported.exam_groups import ExamGroup, group_exams
from nodal_staging.cohort.imported.found_series import (
    FoundSegmentation,
    Tree,
    scan_tree,
)
from nodal_staging.cohort.imported.scan_choice import (
    MARGIN,
    ScanVolume,
    ct_candidates,
    pet_candidates,
    usable,
    volumes_of,
)
from nodal_staging.geometry import Lattice


@dataclass(slots=True)
class DicomExam:
    """An exam while it is put together.

    Attributes
    ----------
    group
        Its series and segmentations.
    cts, pets
        Volumes that may be its CT and PET.
    draft
        Its row, without nodes.
    ct
        The CT that was chosen.
    """

    group: ExamGroup
    cts: list[ScanVolume]
    pets: list[ScanVolume]
    draft: DraftExam
    ct: ScanVolume | None = None

    @property
    def grid(self) -> Lattice | None:
        """The grid of the CT, if it was chosen and has one."""
        return None if self.ct is None else self.ct.lattice


def draft_dicom(folder: Path, rules: Rules) -> tuple[list[DicomExam], list[str]]:
    """Draft the exams of a tree of DICOM files.

    Parameters
    ----------
    folder
        Files in any order and under any names; segmentations may be NRRD, NIfTI,
        MetaImage or MITK files, which belong to the CT or PET on whose grid they lie.
    rules
        What is evidence of contrast and of low dose.

    Returns
    -------
    The exams with a CT or PET, without nodes, and remarks on files that belong to none.
    """
    tree = scan_tree(folder)
    groups, strangers = group_exams(tree)
    exams = [_exam(group, tree, rules) for group in groups]
    files, refused = drawn_files([tree.files[number] for number in tree.foreign])
    grids = [
        (number, volume.lattice, folder_of(volume.source.paths))
        for number, exam in enumerate(exams)
        for volume in (*exam.cts, *exam.pets)
        if volume.lattice is not None
    ]
    shared, unplaced = by_exam(files, GridIndex(grids))
    for number, exam in enumerate(exams):
        _fill(exam, tree, shared.get(number, []), rules)
    _date(exams)
    remarks = [f"{count} files: {why}" for why, count in sorted(tree.left_out.items())]
    if strangers or unplaced:
        remarks.append(
            f"{len(strangers) + unplaced} segmentations belong to no exam: they refer "
            "to no series that was found, and lie on the grid of none or of several"
        )
    if refused:
        remarks.append(f"{refused} files: neither DICOM nor a segmentation")
    return exams, remarks


def _exam(group: ExamGroup, tree: Tree, rules: Rules) -> DicomExam:
    volumes: dict[str, list[ScanVolume]] = {"CT": [], "PT": []}
    for series in group.series:
        if series.frames:
            volumes[series.modality] += volumes_of(series, tree.files, rules)
    written = next((series.patient for series in group.series), "")
    draft = DraftExam(group.patient, group.exam, written)
    return DicomExam(group, usable(volumes["CT"]), usable(volumes["PT"]), draft)


def _fill(
    exam: DicomExam, tree: Tree, drawn: Sequence[DrawnFile], rules: Rules
) -> None:
    """Choose CT, PET and segmentation of an exam."""
    draft = exam.draft
    seg = [one for one in exam.group.segmentations if one.modality == "SEG"]
    contours = [one for one in exam.group.segmentations if one.modality != "SEG"]
    # What is drawn on a series that is not the CT points to no CT.
    drawn_on = _references(seg or contours) or _on(exam, drawn)
    choose(draft, "ct", ct_candidates(exam.cts, drawn_on, rules), margin=MARGIN)
    chosen = draft.cells.get("ct")
    exam.ct = next((one for one in exam.cts if one.source is chosen), None)
    if not exam.cts:
        draft.problems.append(_no_ct())
    near = [exam.ct] if exam.ct else exam.cts
    frames = [one.series.identity.frame for one in near if one.series.identity.frame]
    pets = pet_candidates(exam.pets, drawn_on, frames)
    choose(draft, "pet", pets, margin=MARGIN)
    if seg:
        candidates = drawn_candidates(_files(seg, tree), "DICOM segmentation")
    elif contours:
        candidates = drawn_candidates(_files(contours, tree), "RT structure set")
    else:
        candidates = drawn_candidates(drawn_sources(drawn), "on the grid of a scan")
    choose(draft, "segmentation", candidates, margin=MARGIN)
    if contours and not seg:
        draft.problems.append(structure_set_problem())


def _files(drawn: Sequence[FoundSegmentation], tree: Tree) -> list[Source]:
    return [Source((tree.files[one.file],), folder=False) for one in drawn]


def _references(drawn: Sequence[FoundSegmentation]) -> list[str]:
    """Return the series to which segmentations refer."""
    return [series for one in drawn for series in one.identity.referenced]


def _on(exam: DicomExam, drawn: Sequence[DrawnFile]) -> list[str]:
    """Return the series on whose grid segmentations lie, if not all do."""
    on = [
        volume.series.identity.series
        for volume in (*exam.cts, *exam.pets)
        if volume.lattice is not None
        and any(volume.lattice.difference(one.lattice) is None for one in drawn)
    ]
    return [series for series in on if series is not None]


def _no_ct() -> Problem:
    return Problem(
        "no_ct",
        f"exam {EXAM} has no axial CT that is long enough, so the cell is empty",
        "add the CT to the folder and import again, or remove the exam from exams.tsv",
    )


def _date(exams: Sequence[DicomExam]) -> None:
    """Fill in the day since the first exam of each patient, and the age."""
    first: dict[str, datetime] = {}
    moments = []
    for exam in exams:
        seen = [one.acquisition for one in (*exam.cts, *exam.pets)]
        known = [one.moment for one in seen if one.moment is not None]
        moment = min(known, default=None)
        ages = [one.age_years for one in seen if one.age_years is not None]
        exam.draft.age = min(ages, default=None)
        moments.append(moment)
        if moment is not None:
            patient = exam.draft.patient
            first[patient] = min(first.get(patient, moment), moment)
    for exam, moment in zip(exams, moments, strict=True):
        if moment is not None:
            start = first[exam.draft.patient].date()
            exam.draft.day = (moment.date() - start).days
