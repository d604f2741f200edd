"""Files that the sheets name twice, so that one patient would count twice."""

import os
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

FileKey = tuple[int, int] | str


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A path in a sheet: of which exam, in which column, and which series of a folder.

    Attributes
    ----------
    patient_id, exam_id, column
        Where it stands.
    path
        Absolute, or relative to the working directory.
    series
        What the sheet has behind ``#``; None where it has nothing.
    """

    patient_id: str
    exam_id: str
    column: str
    path: Path
    series: str | None = None


def shared_file(named: Iterable[NamedFile]) -> str | None:
    """Say which two cells lead to one file, and the fix; None if no two do.

    Links are followed. A DICOM folder may be the CT and the PET of one exam, since
    its series are told apart by modality, and several exams if each names a series of
    its own. A segmentation may be named by many nodes of one exam.

    Parameters
    ----------
    named
        All paths of the sheets.
    """
    seen: defaultdict[FileKey, list[NamedFile]] = defaultdict(list)
    for one in named:
        earlier = seen[_key(one.path)]
        for other in earlier:
            sentence = _clash(other, one)
            if sentence:
                return sentence
        if one not in earlier:
            earlier.append(one)
    return None


def _key(path: Path) -> FileKey:
    """Return what all paths and links to one file share."""
    try:
        found = os.stat(path)
    except OSError:
        return os.path.realpath(path)
    # Some network drives number no file.
    return (found.st_dev, found.st_ino) if found.st_ino else os.path.realpath(path)


def _clash(first: NamedFile, second: NamedFile) -> str | None:
    """Say what is wrong if two cells lead to one file, None if they may."""
    if first.exam_id == second.exam_id:
        return _within(first, second)
    folder = os.path.isdir(first.path)
    if folder and (first.column != second.column or _apart(first, second)):
        return None
    columns = " and ".join(dict.fromkeys([first.column, second.column]))
    return (
        f"column {columns}: exam {first.exam_id} of patient {first.patient_id} and "
        f"exam {second.exam_id} of patient {second.patient_id} name the same "
        f"{'folder' if folder else 'file'}, so one exam would count twice; correct "
        "the path in one of the two rows, or remove the row"
        + (", or leave pet empty in it" if columns == "pet" else "")
    )


def _apart(first: NamedFile, second: NamedFile) -> bool:
    """Say whether two exams name different series of their folder."""
    return None not in (first.series, second.series) and first.series != second.series


def _within(first: NamedFile, second: NamedFile) -> str | None:
    if first.column == second.column or os.path.isdir(first.path):
        return None
    return (
        f"patient {first.patient_id}, exam {first.exam_id}: the columns "
        f"{first.column} and {second.column} name the same file; correct the path in "
        "one of them"
    )
