"""Collections of volume files whose names tell exam and content.

A pattern is a path below the folder of the collection, in which ``{patient}`` and
``{exam}`` stand for parts of names, and ``*`` for anything within one name.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from nodal_staging.cohort.imported.drafted_exam import (
    EXAM,
    Candidate,
    DraftExam,
    Problem,
    Source,
    choose,
)
from nodal_staging.exams.raw_files import files_below
from nodal_staging.study.errors import InputError

MOST_FILES = 2_000_000
PART = re.compile(r"\{(\w+)\}|(\*)|([^{}*]+)")
NO_PATIENT = ("exam", "tracer")
"""Parts of names that do not belong to the patient."""
DATES = (
    (re.compile(r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)"), (1, 2, 3)),
    (re.compile(r"(?<!\d)(\d{2})-(\d{2})-(\d{4})(?!\d)"), (3, 1, 2)),
)
"""Dates in names, and which groups are year, month and day."""

OTHERS = ("organs", "nodes")
"""Contents that are no cell of the exam sheet: masks of organs, and of all nodes."""


class PatternError(InputError):
    """A pattern of file names cannot be used."""

    reason = "unusable_pattern"


@dataclass(frozen=True, slots=True)
class Layout:
    """How a collection names its files.

    Attributes
    ----------
    patterns
        Of ``ct``, ``pet``, ``segmentation``, ``organs`` and ``nodes``, as far as the
        collection has them.
    remark
        What a person should know of the collection; empty if nothing.
    """

    patterns: Mapping[str, str]
    remark: str = ""


@dataclass(slots=True)
class VolumeExam:
    """An exam of volume files; ``other`` are files of ``OTHERS``."""

    draft: DraftExam
    other: dict[str, Path] = field(default_factory=dict)


PUBLIC = {
    "autopet": Layout(
        {
            "ct": "imagesTr/{tracer}_{patient}_{exam}_0000.nii.gz",
            "pet": "imagesTr/{tracer}_{patient}_{exam}_0001.nii.gz",
            "segmentation": "labelsTr/{tracer}_{patient}_{exam}.nii.gz",
        },
        "the CT was resampled to the grid of the PET: patches of 1 mm are "
        "interpolated, and scores of a study trained on thin CT do not transfer; "
        "prefer the DICOM files of the collection (tcia)",
    ),
    "deep-psma": Layout(
        {
            "ct": "{patient}/{tracer}/CT.nii.gz",
            "pet": "{patient}/{tracer}/PET.nii.gz",
            "segmentation": "{patient}/{tracer}/TTB.nii.gz",
            "organs": "{patient}/{tracer}/totseg_24.nii.gz",
        }
    ),
    "lnq": Layout(
        {
            "ct": "{part}/lnq2023-{part}-{patient}-ct.nrrd",
            "segmentation": "{part}/lnq2023-{part}-{patient}-seg.nrrd",
        },
        "the training masks contain some of the nodes of each exam, not all",
    ),
}
"""Public collections, by the kind that the command calls them."""


def read_layout(
    folder: Path, layout: Layout, *, tracer: str = "psma"
) -> tuple[list[VolumeExam], list[str]]:
    """Draft the exams of a collection of volume files.

    Parameters
    ----------
    folder
        Of the collection.
    layout
        How it names its files; a group ``tracer`` must be the one that is asked for.
    tracer
        In lower case.

    Returns
    -------
    The exams in the order of their names, and remarks on other files.

    Raises
    ------
    PatternError
        If a pattern is wrong.
    RawFileError
        If there is no such folder.
    """
    patterns = {name: compiled(text) for name, text in layout.patterns.items()}
    found: defaultdict[tuple[str, str], defaultdict[str, list[Path]]]
    found = defaultdict(lambda: defaultdict(list))
    unused: Counter[str] = Counter()
    root = folder.resolve()
    for path in files_below(root, most_files=MOST_FILES):
        content = _content(path.relative_to(root).as_posix(), patterns)
        if content is None:
            unused["no pattern fits"] += 1
            continue
        name, groups = content
        if groups.get("tracer", tracer).lower() != tracer:
            unused["of another tracer"] += 1
            continue
        # A number may be that of another patient in another part of a collection.
        own = [groups[x] for x in sorted(groups) if x not in NO_PATIENT]
        found["/".join(own), groups.get("exam", "")][name].append(path)
    exams = [_exam(*key, files) for key, files in sorted(found.items())]
    _date([exam.draft for exam in exams])
    remarks = [f"{count} files: {why}" for why, count in sorted(unused.items())]
    return exams, [*remarks, *filter(None, [layout.remark])]


def compiled(pattern: str) -> re.Pattern[str]:
    """Return the regular expression of a pattern.

    Raises
    ------
    PatternError
        If it has no patient, an unpaired brace or an absolute path.

    Examples
    --------
    >>> found = compiled("ct/{patient}_{exam}.nii.gz").fullmatch("ct/P1_2.nii.gz")
    >>> found.groupdict()
    {'patient': 'P1', 'exam': '2'}
    """
    words, place, known = [], 0, set()
    for part in PART.finditer(pattern):
        if part.start() != place:
            break
        place = part.end()
        name, star, text = part.groups()
        if name is None:
            words.append("[^/]*" if star else re.escape(text))
        elif name in known:
            words.append(f"(?P={name})")
        else:
            known.add(name)
            words.append(f"(?P<{name}>[^/]+?)")
    if place != len(pattern) or pattern.startswith("/") or "patient" not in known:
        raise PatternError(
            f"the pattern {pattern} needs " + "{patient}, closed braces and a path "
            "below the folder, such as ct/{patient}_{exam}.nii.gz"
        )
    return re.compile("".join(words))


def _content(
    path: str, patterns: Mapping[str, re.Pattern[str]]
) -> tuple[str, dict[str, str]] | None:
    """Return what a file is, and the named parts of its path."""
    for name, pattern in patterns.items():
        if found := pattern.fullmatch(path):
            return name, found.groupdict()
    return None


def _exam(patient: str, exam: str, files: Mapping[str, list[Path]]) -> VolumeExam:
    draft = DraftExam(patient, f"{patient}/{exam}", patient)
    for column, paths in files.items():
        if column in OTHERS:
            continue
        candidates = [Candidate(Source((path,), folder=False), 0, ()) for path in paths]
        choose(draft, column, candidates, margin=1)
    if "ct" not in files:
        draft.problems.append(
            Problem(
                "no_ct",
                f"exam {EXAM} has no file that fits the pattern of the CT",
                "correct the pattern, or remove the exam from exams.tsv",
            )
        )
    other = {name: files[name][0] for name in OTHERS if name in files}
    return VolumeExam(draft, other)


def _date(drafts: list[DraftExam]) -> None:
    """Fill in the day since the first exam of each patient, from dates in names."""
    days = {draft.exam: _day(draft.exam) for draft in drafts}
    first: dict[str, date] = {}
    for draft in drafts:
        day = days[draft.exam]
        if day is not None:
            first[draft.patient] = min(day, first.get(draft.patient, day))
    for draft in drafts:
        day = days[draft.exam]
        if day is not None:
            draft.day = (day - first[draft.patient]).days


def _day(name: str) -> date | None:
    for pattern, order in DATES:
        if found := pattern.search(name):
            year, month, day = (int(found[group]) for group in order)
            try:
                return date(year, month, day)
            except ValueError:
                return None
    return None
