"""Import of a collection of exams into the sheets of a study."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nodal_staging.cohort.contrast_and_dose import Rules
from nodal_staging.cohort.imported.dicom_tree import DicomExam, draft_dicom
from nodal_staging.cohort.imported.drafted_exam import DraftExam
from nodal_staging.cohort.imported.drafted_sheets import Drafted, write_drafts
from nodal_staging.cohort.imported.drawn_labels import add_nodes
from nodal_staging.cohort.imported.lesions import Smallest
from nodal_staging.cohort.imported.mask_nodes import Splitting, split_mask
from nodal_staging.cohort.imported.negative_candidates import Uptake, offer_negatives
from nodal_staging.cohort.imported.organ_masks import Organs
from nodal_staging.cohort.imported.pseudonyms import open_private
from nodal_staging.cohort.imported.volume_layouts import PUBLIC, Layout, read_layout
from nodal_staging.cohort.label_names import Naming
from nodal_staging.tables import UNKNOWN

CHEST, ABDOMEN = "med_lymph", "abd_lymph"
"""How PatientID begins in CT Lymph Nodes of TCIA."""


@dataclass(frozen=True, slots=True)
class Request:
    """What an import is asked for.

    Attributes
    ----------
    source
        Folder of the collection.
    study
        Folder of the study.
    salt
        File with the secret of another study; None for that of this one.
    cohort
        Section ``cohort`` of the configuration: evidence on contrast and dose.
    pattern
        How names of labels state location and status; None leaves them unknown.
    patterns
        Of file names, for ``folders``; those of organs and nodes for any volumes.
    tracer
        Of which scans are taken from a collection of several.
    split
        Whether ``folders`` splits masks into components.
    smallest
        Size of a component that is a node.
    organs
        Names of the values in masks of organs; None does not use them.
    contrast, low_dose
        What is stated of all exams; None leaves the columns to the headers.
    """

    source: Path
    study: Path
    salt: Path | None
    cohort: Mapping[str, Any]
    pattern: str | None = None
    patterns: Mapping[str, str] = field(default_factory=dict)
    tracer: str = "psma"
    split: bool = False
    smallest: Smallest = field(default_factory=Smallest)
    organs: Organs | None = None
    contrast: str | None = None
    low_dose: str | None = None

    def splitting(self, *, status: str = UNKNOWN, location: str = UNKNOWN) -> Splitting:
        """Return how masks of a collection become nodes."""
        return Splitting(status, location, self.smallest, self.organs)

    def naming(self) -> Naming | None:
        """Return how names of labels state location and status."""
        if self.pattern is None:
            return None
        return Naming.of({"pattern": self.pattern, "locations": {}, "statuses": {}})


Drafts = tuple[list[DraftExam], list[str]]


def import_collection(kind: str, request: Request) -> tuple[Drafted, list[str]]:
    """Draft the sheets of a study from a collection.

    Parameters
    ----------
    kind
        One of ``KINDS``.
    request
        What is asked for.

    Returns
    -------
    What was written, and remarks on files that belong to no exam.

    Raises
    ------
    InputError
        If there is no exam, or the private folder cannot be used.
    """
    pseudonyms = open_private(request.study / "private", salt=request.salt)
    drafts, remarks = KINDS[kind](request)
    for draft in drafts:
        draft.contrast, draft.low_dose = request.contrast, request.low_dose
    return write_drafts(drafts, request.study, pseudonyms), remarks


def _dicom(request: Request) -> Drafts:
    """Draft a tree of DICOM files, its labels as they are drawn."""
    exams, remarks = _dicom_exams(request)
    for exam in exams:
        add_nodes(exam.draft, exam.grid, request.naming())
    return [exam.draft for exam in exams], remarks


def _tcia(request: Request) -> Drafts:
    """Draft a collection of DICOM files whose masks hold lesions with uptake."""
    exams, remarks = _dicom_exams(request)
    for exam in exams:
        split_mask(exam.draft, request.splitting(status="positive"), ct=exam.grid)
    return [exam.draft for exam in exams], remarks


def _tcia_lymph(request: Request) -> Drafts:
    """Draft CT Lymph Nodes of TCIA, whose PatientID states a coarse location."""
    exams, remarks = _dicom_exams(request)
    for exam in exams:
        patient = exam.draft.patient
        location = "retroperitoneal" if patient.startswith(ABDOMEN) else UNKNOWN
        location = "mediastinal" if patient.startswith(CHEST) else location
        split_mask(exam.draft, request.splitting(location=location), ct=exam.grid)
    return [exam.draft for exam in exams], [*remarks, "locations are coarse: by region"]


def _dicom_exams(request: Request) -> tuple[list[DicomExam], list[str]]:
    rules = Rules.of(
        request.cohort["criteria"],
        request.cohort["repairs"],
        request.cohort["content"],
        request.cohort["pet_limits"],
    )
    return draft_dicom(request.source.resolve(), rules)


def _volumes(request: Request, layout: Layout, splitting: Splitting | None) -> Drafts:
    """Draft a collection of volume files; without a splitting, labels are as drawn."""
    exams, remarks = read_layout(request.source, layout, tracer=request.tracer)
    for exam in exams:
        draft, pet = exam.draft, exam.draft.cells.get("pet")
        if splitting is None:
            add_nodes(draft, None, request.naming())
            continue
        split_mask(draft, splitting, organs=exam.other.get("organs"))
        nodes = exam.other.get("nodes")
        if nodes is not None and pet is not None:
            uptake = Uptake(pet.paths[0], request.cohort["suv_cutoff"])
            offer_negatives(draft, nodes, uptake, request.smallest)
    return [exam.draft for exam in exams], remarks


def _folders(request: Request) -> Drafts:
    splitting = request.splitting() if request.split else None
    return _volumes(request, Layout(request.patterns), splitting)


def _public(
    request: Request, kind: str, *, status: str = UNKNOWN, location: str = UNKNOWN
) -> Drafts:
    """Draft a public collection of volume files, whose masks hold lesions."""
    layout = PUBLIC[kind]
    patterns = {**layout.patterns, **request.patterns}
    splitting = request.splitting(status=status, location=location)
    return _volumes(request, Layout(patterns, layout.remark), splitting)


def _autopet(request: Request) -> Drafts:
    return _public(request, "autopet", status="positive")


def _deep_psma(request: Request) -> Drafts:
    return _public(request, "deep-psma", status="positive")


def _lnq(request: Request) -> Drafts:
    return _public(request, "lnq", location="mediastinal")


KINDS: dict[str, Callable[[Request], Drafts]] = {
    "dicom": _dicom,
    "folders": _folders,
    "autopet": _autopet,
    "tcia": _tcia,
    "deep-psma": _deep_psma,
    "lnq": _lnq,
    "tcia-lymph": _tcia_lymph,
}
"""Layouts of collections, by the word of the command."""
