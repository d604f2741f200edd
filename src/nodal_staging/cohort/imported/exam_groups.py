"""Exams from series: which CT, PET and segmentations were made of one patient at once.

A study is one exam. Studies of a patient that share a frame of reference and a date
are one exam too, since CT and PET may have accession numbers of their own.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from nodal_staging.cohort.imported.found_series import (
    FoundSegmentation,
    FoundSeries,
    Tree,
)


@dataclass(slots=True)
class ExamGroup:
    """Series and segmentations of one exam.

    ``patient`` and ``exam`` identify both, for pseudonyms: PatientID, without case and
    leading zeros, and StudyInstanceUID.
    """

    patient: str
    exam: str
    series: list[FoundSeries] = field(default_factory=list)
    segmentations: list[FoundSegmentation] = field(default_factory=list)


def group_exams(tree: Tree) -> tuple[list[ExamGroup], list[FoundSegmentation]]:
    """Return the exams of a tree, and the segmentations that belong to none.

    A segmentation belongs to the exam with a series to which it refers, else to that
    of its study, else to that of its frame of reference.
    """
    owner: dict[tuple[str, str], ExamGroup] = {}
    framed: dict[tuple[str, str, str], ExamGroup] = {}
    for series in sorted(tree.series.values(), key=_order):
        patient = _patient(series)
        frame = series.identity.frame
        place = (patient, frame or "", series.date)
        group = owner.get((patient, series.study))
        if group is None and frame:
            group = framed.get(place)
        if group is None:
            group = ExamGroup(patient, series.study)
        owner[patient, series.study] = group
        if frame:
            framed.setdefault(place, group)
        group.series.append(series)
    groups = list({id(group): group for group in owner.values()}.values())
    return groups, _share_out(tree.segmentations, groups)


def _order(series: FoundSeries) -> tuple[str, str, str, str]:
    """Sort a CT before its PET, so that the exam is called by the study of the CT."""
    return (series.patient, series.date, series.modality, series.study)


def _patient(series: FoundSeries) -> str:
    """Return what identifies a patient; without a PatientID each study is one."""
    if series.identity.patient is None:
        return series.study
    return series.patient.casefold().lstrip("0")


def _share_out(
    segmentations: Iterable[FoundSegmentation], groups: Iterable[ExamGroup]
) -> list[FoundSegmentation]:
    """Give segmentations to their exams; return those that belong to none."""
    evidence: dict[str, defaultdict[str, list[ExamGroup]]] = {
        name: defaultdict(list) for name in ("series", "study", "frame")
    }
    for group in groups:
        for series in group.series:
            for name, found in evidence.items():
                value = getattr(series.identity, name)
                if value is not None and group not in found[value]:
                    found[value].append(group)
    left = []
    for drawn in segmentations:
        identity = drawn.identity
        proved = (
            _only(evidence["series"], identity.referenced)
            or _only(evidence["study"], [identity.study])
            or _only(evidence["frame"], [identity.frame])
        )
        if proved is None:
            left.append(drawn)
        else:
            proved.segmentations.append(drawn)
    return left


def _only(
    found: defaultdict[str, list[ExamGroup]], values: Iterable[str | None]
) -> ExamGroup | None:
    """Return the one exam to which values lead."""
    groups = [group for value in values if value for group in found.get(value, [])]
    return groups[0] if len({id(group) for group in groups}) == 1 else None
