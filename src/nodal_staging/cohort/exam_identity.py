"""Identity of an exam: its files show one patient in one frame of reference.

A path in a sheet is easily one row off. The headers of CT, PET and segmentation state
redundantly whose they are. Files without such headers, and identifiers that were
removed, state nothing and are not compared.

A FrameOfReferenceUID that two files share proves that their positions can be compared;
then it does not matter that a program gave one of them a new StudyInstanceUID.
"""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from nodal_staging.cohort.sheets import Exam
from nodal_staging.exams.dicom.identity_digests import Identity, Origin
from nodal_staging.geometry import Lattice
from nodal_staging.study.errors import InputError, SegmentationError, naming

LEAST_COVERED = 0.9
"""Share of the CT within a PET whose frame of reference is another one."""

SAMPLES = 11
"""Points along each axis of a CT at which the PET must be."""

ON_GRID = 0.02
"""Share of a voxel by which voxels of one grid may lie off those of another."""


class OtherPatientError(InputError):
    """Two files of an exam show different patients."""

    reason = "other_patient"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Remarks on an exam, and whether its PET may be used."""

    notes: tuple[str, ...]
    pet_fits: bool = True


def compare_files(
    exam: Exam, ct: Origin, pet: Origin | None, segmentations: Sequence[Origin]
) -> Comparison:
    """Compare CT, PET and segmentations of an exam.

    Parameters
    ----------
    exam
        The exam, for messages and for whether it has a PET.
    ct, pet, segmentations
        Whose the files are and where they lie; ``pet`` is None where there is none or
        it does not lead to SUV.

    Raises
    ------
    OtherPatientError
        If two files state different patients.
    SegmentationError
        If a segmentation is of another frame of reference and not on the grid of the
        CT or of the PET.
    """
    if pet is not None:
        with naming(exam.place("pet")):
            _check_patient(ct.identity, pet.identity, ", or leave the pet cell empty")
    with naming(exam.place("segmentation")):
        for drawn in segmentations:
            for scan in filter(None, (ct, pet)):
                _check_patient(scan.identity, drawn.identity, "")
        notes, pet_fits = _pet_notes(ct, pet)
        notes += _person_notes(ct, pet, segmentations)
        for drawn in segmentations:
            notes += _segmentation_notes(drawn, ct, pet if pet_fits else None)
            notes += _reference_notes(drawn, ct, pet, exam)
    return Comparison(tuple(dict.fromkeys(notes)), pet_fits)


def _check_patient(scan: Identity, other: Identity, way_out: str) -> None:
    """Refuse two files that state different patients."""
    if None not in {scan.patient, other.patient} and scan.patient != other.patient:
        raise OtherPatientError(
            "PatientID is not that of the other files of the exam, expected one "
            "patient; correct the path of the wrong file, or, if all show this "
            f"patient, write one PatientID into all files or empty it{way_out}"
        )


def _person_notes(
    ct: Origin, pet: Origin | None, segmentations: Sequence[Origin]
) -> Iterable[str]:
    """Yield remarks on files with another date of birth or sex than the CT."""
    columns = [("pet", pet)] if pet is not None else []
    for column, other in [*columns, *(("segmentation", one) for one in segmentations)]:
        pairs = {
            "PatientBirthDate": {ct.identity.born, other.identity.born},
            "PatientSex": {ct.identity.sex, other.identity.sex},
        }
        names = [name for name, pair in pairs.items() if len(pair - {None}) > 1]
        if names:
            yield (
                f"column {column}: {_is_are(' and '.join(names))} from the CT: check "
                "that both show this patient"
            )


def _difference(one: Identity, other: Identity) -> str | None:
    """Name what differs, unless both files are known to share a frame of reference."""
    framed = None not in {one.frame, other.frame}
    if framed and one.frame == other.frame:
        return None
    studied = None not in {one.study, other.study} and one.study != other.study
    names = ["FrameOfReferenceUID"] * framed + ["StudyInstanceUID"] * studied
    return " and ".join(names) or None


def _is_are(names: str) -> str:
    return f"{names} differ{'' if ' and ' in names else 's'}"


def _pet_notes(ct: Origin, pet: Origin | None) -> tuple[list[str], bool]:
    """Return remarks on the PET, and whether it may be used."""
    different = None if pet is None else _difference(ct.identity, pet.identity)
    if pet is None or different is None:
        return [], True
    covered = _covered(ct.lattice, pet.lattice)
    found = f"column pet: {_is_are(different)} from the CT"
    if covered < LEAST_COVERED:
        return [
            f"{found}, and the PET covers {covered:.0%} of the CT, expected at least "
            f"{LEAST_COVERED:.0%}; give the PET of this exam, or leave the pet cell "
            "empty (SUV of this exam left empty)"
        ], False
    return [f"{found}: check that the PET is of this exam and lies on the CT"], True


def _covered(ct: Lattice | None, pet: Lattice | None) -> float:
    """Return the share of a CT's points that lie within a PET."""
    if ct is None or pet is None:
        return 0.0
    axes = [np.linspace(0, size - 1, SAMPLES) for size in ct.shape]
    points = ct.to_points(np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 3))
    index = pet.to_index(points)
    inside = (index >= -0.5) & (index <= np.array(pet.shape) - 0.5)
    return float(inside.all(axis=1).mean())


def _segmentation_notes(drawn: Origin, ct: Origin, pet: Origin | None) -> Iterable[str]:
    """Yield a remark on the frame of reference of a segmentation, or refuse it."""
    different = _difference(ct.identity, drawn.identity)
    if different is None:
        return
    if pet is not None and _difference(pet.identity, drawn.identity) is None:
        return
    on_ct = on_grid(drawn.lattice, ct.lattice)
    on_pet = pet is not None and on_grid(drawn.lattice, pet.lattice)
    found = f"{_is_are(different)} from the CT"
    if "FrameOfReferenceUID" in different and not (on_ct or on_pet):
        unproved = (
            "contours alone do not prove that they were drawn on it"
            if drawn.lattice is None
            else "the grid is neither that of the CT nor that of the PET"
        )
        raise SegmentationError(
            f"{found}, and {unproved}; "
            "give the segmentation that was drawn on them, or the CT on which it was "
            "drawn"
        )
    grid = "CT" if on_ct else "PET" if on_pet else None
    fits = "" if grid is None else f", but the grid is that of the {grid}"
    yield f"column segmentation: {found}{fits}: check that it is of this exam"


def _reference_notes(
    drawn: Origin, ct: Origin, pet: Origin | None, exam: Exam
) -> Iterable[str]:
    """Yield a remark on a segmentation that refers to other series alone."""
    scans = {ct.identity.series, None if pet is None else pet.identity.series}
    unread = exam.pet is not None and (pet is None or pet.identity.series is None)
    if ct.identity.series is None or unread or not drawn.identity.referenced:
        return
    if not drawn.identity.referenced & scans:
        named = "the CT" if pet is None else "the CT or the PET"
        yield (
            f"column segmentation: ReferencedSeriesSequence does not name {named}: "
            "check that it was drawn on this series"
        )


def on_grid(one: Lattice | None, other: Lattice | None) -> bool:
    """Tell whether voxels of one grid fall on those of another, axes in any order.

    Contours have no grid, which is None.
    """
    if one is None or other is None:  # contours have no grid
        return False
    offset = other.to_index(one.to_points((0, 0, 0)))
    steps = other.to_index(one.to_points(np.eye(3))) - offset
    turned = np.abs(np.rint(steps))
    if not (turned.sum(axis=0) == 1).all() or not (turned.sum(axis=1) == 1).all():
        return False
    corners = list(itertools.product(*((0, size - 1) for size in one.shape)))
    index = other.to_index(one.to_points(corners))
    return bool(np.abs(index - np.rint(index)).max() <= ON_GRID)
