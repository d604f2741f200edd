"""Identity of a patient: all exams of one patient, and only these, state one PatientID.

A patient who stands in the sheet twice, under two pseudonyms, may be in the training
set and in the test set.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

MOST_SHARING = 2
"""Pseudonyms of one person. A PatientID of more pseudonyms, or of most patients, does
not identify a person."""


class StatedPatient(NamedTuple):
    """An exam by its pseudonyms, and the digest of its PatientID, None if unstated."""

    patient_id: str
    exam_id: str
    patient: str | None


def compare_exams(exams: Iterable[StatedPatient]) -> Iterator[tuple[str, str]]:
    """Yield remarks on exams whose PatientIDs contradict the sheet, with exam_id.

    Parameters
    ----------
    exams
        Of one shard, in the order of the sheet; a shard has all exams of its patients.
    """
    stated = [exam for exam in exams if exam.patient is not None]
    by_pseudonym: dict[str, list[StatedPatient]] = defaultdict(list)
    sharing: dict[str | None, dict[str, None]] = defaultdict(dict)
    for exam in stated:
        by_pseudonym[exam.patient_id].append(exam)
        sharing[exam.patient].setdefault(exam.patient_id)
    for first, *others in by_pseudonym.values():
        for other in others:
            if other.patient != first.patient:
                yield (
                    other.exam_id,
                    f"PatientID is not that of exam {first.exam_id} of this patient: "
                    "check patient_id and the path of the CT",
                )
    for exam in stated:
        for name in _others(exam, sharing, len(by_pseudonym)):
            yield (
                exam.exam_id,
                f"PatientID is also that of patient {name}: if they are one person, "
                "give their exams one patient_id",
            )


def _others(
    exam: StatedPatient, sharing: Mapping[str | None, Iterable[str]], patients: int
) -> list[str]:
    """Return the other pseudonyms that share a PatientID, none if most do."""
    found = list(sharing[exam.patient])
    if len(found) > MOST_SHARING and 2 * len(found) > patients:
        return []
    return [patient_id for patient_id in found if patient_id != exam.patient_id]
