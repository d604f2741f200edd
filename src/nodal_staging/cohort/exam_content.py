"""Whether an exam contains what its sheet says: a CT in HU, a PET in SUV, and nodes."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from nodal_staging.cohort.exam_index import ExamIndex
from nodal_staging.cohort.sheets import Exam
from nodal_staging.exams.content.content_limits import ContentLimits, PetLimits
from nodal_staging.exams.content.ct_plausibility import check_air, check_hounsfield
from nodal_staging.exams.content.pet_plausibility import check_uptake
from nodal_staging.exams.content.remarks import ContentError, Remark
from nodal_staging.exams.content.sampled_planes import (
    Sample,
    planes_at,
    sample_scan,
    spread_planes,
)
from nodal_staging.exams.content.sizes import (
    LabelSize,
    check_ct_size,
    check_masks,
    check_pet_place,
    width_mm,
)
from nodal_staging.exams.scans import Scan
from nodal_staging.exams.segmentation.resampling import MisplacedError
from nodal_staging.geometry import Lattice
from nodal_staging.study.errors import InputError, naming


@dataclass(frozen=True, slots=True)
class Content:
    """What the content of an exam gave.

    Attributes
    ----------
    index
        The exam's, without its PET if that is not in SUV.
    remarks
        In the order of CT, segmentation and PET.
    """

    index: ExamIndex
    remarks: tuple[Remark, ...]


def check_size(ct: Lattice, limits: ContentLimits | None) -> tuple[Remark, ...]:
    """Return remarks on the voxels and the field of a CT."""
    if limits is None:
        return ()
    return tuple(_called("ct", check_ct_size(ct, limits.ct)))


@contextmanager
def blaming_ct(exam: Exam, sized: Sequence[Remark]) -> Iterator[None]:
    """Name the CT of an impossible size if labels do not fit it.

    Raises
    ------
    ContentError
        For labels that do not fit, where there are remarks on the size of the CT.
    """
    try:
        yield
    except MisplacedError as error:
        if not sized:
            raise
        words = "; ".join(one.words.removeprefix("column ct: ") for one in sized)
        with naming(exam.place("ct")):
            raise ContentError(
                f"{words}; hence the labels do not fit it ({error})", "unusable_volume"
            ) from error


def check_content(
    exam: Exam,
    index: ExamIndex,
    labels: Sequence[LabelSize],
    limits: ContentLimits,
) -> Content:
    """Compare the content of an exam with the limits of the configuration.

    Of CT and PET a few planes are read; :func:`check_size` comes before.

    Parameters
    ----------
    exam, index
        The exam, and how its files are read.
    labels
        Sizes of its labels on the grid of the CT.
    limits
        Of what the files may contain.

    Raises
    ------
    ContentError
        If the CT is not in HU, or the labels cover it.
    """
    lattice = index.ct.lattice
    remarks: list[Remark] = []
    try:
        with naming("column ct"):
            ct = sample_scan(exam.ct, index.ct, spread_planes(lattice))
    except InputError as error:
        return Content(index, (_unread("ct", error),))
    with naming(exam.place("ct")):
        remarks += _called("ct", check_hounsfield(ct.values, limits.ct))
        found = check_air(ct.values, width_mm(lattice), limits.ct)
        remarks += _called("ct", found)
    with naming(exam.place("segmentation")):
        found = check_masks(labels, lattice, limits.mask)
        remarks += _called("segmentation", found)
    if exam.pet is None or index.pet is None:
        return Content(index, tuple(remarks))
    try:
        remarks += _pet_remarks(exam.pet, index.pet, ct, limits.pet)
    except ContentError as error:
        words = f"column pet: {error} (SUV of this exam left empty)"
        remarks.append(Remark(error.reason, words))
        index = replace(index, pet=None)
    return Content(index, tuple(remarks))


def _pet_remarks(path: Path, pet: Scan, ct: Sample, limits: PetLimits) -> list[Remark]:
    """Return remarks on a PET; one that is not in SUV is refused."""
    remarks = _called("pet", check_pet_place(pet.lattice, ct.lattice, limits))
    planes = planes_at(pet.lattice, ct)
    if not len(planes):
        planes = spread_planes(pet.lattice)
    try:
        with naming("column pet"):
            sample = sample_scan(path, pet, planes)
    except InputError as error:
        return [*remarks, _unread("pet", error)]
    return remarks + _called("pet", check_uptake(sample, ct, limits))


def _called(column: str, remarks: Iterable[Remark]) -> list[Remark]:
    """Name the file that remarks concern by its column in the sheet."""
    return [replace(one, words=f"column {column}: {one.words}") for one in remarks]


def _unread(kind: str, error: InputError) -> Remark:
    """Return a remark on pixels that cannot be read.

    An exam is not lost for a slice without nodes; a node in it is reported later.
    """
    return Remark(f"{kind}_unread", f"{error} (content not checked)")
