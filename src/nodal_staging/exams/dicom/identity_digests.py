"""Digests of the patient, study, series and frame of reference of a DICOM file.

Identifiers are compared as keyed digests. The key is drawn anew in each process and
kept in memory only, so that a digest cannot be traced back and has no use elsewhere.

References
----------
DICOM PS3.3, C.7.1.1 (patient), C.7.4.1 (frame of reference), C.8.20.2 (segmentation);
PS3.15, E.1 (what de-identification removes or replaces).
"""

import contextlib
import hashlib
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

from pydicom.dataset import Dataset

from nodal_staging.exams.dicom.clock import joined
from nodal_staging.exams.dicom.elements import items, readable_text
from nodal_staging.exams.dicom.headers import UNREADABLE
from nodal_staging.geometry import Lattice

IDENTITY_TAGS = [
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "FrameOfReferenceUID",
    "ReferencedSeriesSequence",
]

PLACEHOLDER = re.compile(
    r"anon|anonym|anonyme|anonymous|anonymus|anonymi[sz]ed|anonymisiert"
    r"|de-?identified|unknown|unbekannt|none|null|nil|removed|deleted|entfernt"
    r"|no ?(?:name|id)|patient ?(?:id)?|n/?a|[x0*?.,_\- ]*",
    re.IGNORECASE,
)
"""What anonymisers and consoles write where there is no PatientID."""

UID = re.compile(r"\d+(?:\.\d+)+", re.ASCII)
KEY = os.urandom(32)


@dataclass(frozen=True, slots=True)
class Identity:
    """Digests of a header's identifiers, None where it states none.

    They are for comparisons within one process and must not be written.

    Attributes
    ----------
    patient, study, series, frame
        PatientID, StudyInstanceUID, SeriesInstanceUID and FrameOfReferenceUID.
    referenced
        SeriesInstanceUIDs to which the file refers.
    born, sex
        PatientBirthDate and PatientSex; a first of January is taken for a placeholder.
    """

    patient: str | None = None
    study: str | None = None
    series: str | None = None
    frame: str | None = None
    referenced: frozenset[str] = frozenset()
    born: str | None = None
    sex: str | None = None


UNSTATED = Identity()
"""That of a NIfTI or NRRD file."""


class Origin(NamedTuple):
    """Whose file it is, and where its voxels lie; None for contours."""

    identity: Identity
    lattice: Lattice | None


def identity_of(header: Dataset) -> Identity:
    """Return the identity that a header states; a damaged element states nothing."""
    return Identity(
        patient=patient_of(header),
        study=_uid(header, "StudyInstanceUID"),
        series=_uid(header, "SeriesInstanceUID"),
        frame=_uid(header, "FrameOfReferenceUID"),
        referenced=frozenset(_referenced(header)),
        born=_born(header),
        sex=_sex(header),
    )


def structures_identity(header: Dataset) -> Identity:
    """Return the identity that the header of an RT structure set states.

    Its frame of reference is that of its structures, or else the one to which it
    refers; one of several counts as none. Its series are those to which it refers.
    """
    own = identity_of(header)
    drawn: set[str | None] = set()
    frames: set[str | None] = set()
    series: set[str] = set()
    with contextlib.suppress(*UNREADABLE):
        for item in items(header, "StructureSetROISequence"):
            drawn.add(_uid(item, "ReferencedFrameOfReferenceUID"))
        for frame in items(header, "ReferencedFrameOfReferenceSequence"):
            frames.add(_uid(frame, "FrameOfReferenceUID"))
            for study in items(frame, "RTReferencedStudySequence"):
                series |= {
                    found
                    for item in items(study, "RTReferencedSeriesSequence")
                    if (found := _uid(item, "SeriesInstanceUID"))
                }
    stated = drawn - {None} or {own.frame} - {None} or frames - {None}
    frame_uid = stated.pop() if len(stated) == 1 else None
    return replace(own, frame=frame_uid, referenced=frozenset(series))


def patient_of(header: Dataset) -> str | None:
    """Return the digest of PatientID, None where it is absent or a placeholder.

    Case, surrounding blanks and leading zeros do not count, since systems differ in
    them.
    """
    stated = readable_text(header, "PatientID").casefold()
    if PLACEHOLDER.fullmatch(stated):
        return None
    return _digest(stated.lstrip("0"))


def _born(header: Dataset) -> str | None:
    """Return the digest of a date of birth; de-identification leaves 1 January."""
    stated = readable_text(header, "PatientBirthDate").replace(".", "")
    if joined(stated, "00") is None or stated.endswith("0101"):
        return None
    return _digest(stated)


def _sex(header: Dataset) -> str | None:
    stated = readable_text(header, "PatientSex").upper()
    return _digest(stated) if stated in {"M", "F"} else None


def _referenced(header: Dataset) -> Iterable[str]:
    """Yield the series to which a header refers, as far as they can be read."""
    with contextlib.suppress(*UNREADABLE):
        for item in items(header, "ReferencedSeriesSequence"):
            series = _uid(item, "SeriesInstanceUID")
            if series is not None:
                yield series


def _uid(header: Dataset, name: str) -> str | None:
    stated = readable_text(header, name)
    return _digest(stated) if UID.fullmatch(stated) else None


def _digest(words: str) -> str:
    return hashlib.blake2b(words.encode(), key=KEY, digest_size=16).hexdigest()
