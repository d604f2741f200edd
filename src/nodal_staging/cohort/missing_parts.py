"""Parts that an exam needs and the sheets or the disk lack."""

import os
from pathlib import Path

from nodal_staging.cohort.sheets import Exam
from nodal_staging.exams.file_kinds import missing
from nodal_staging.study.errors import InputError


class MissingPartError(InputError):
    """An exam lacks its CT, its segmentation or its nodes; ``reason`` says which."""


def check_exists(path: Path, reason: str) -> None:
    """Refuse a path that leads to no file or folder.

    Raises
    ------
    MissingPartError
        With the reason.
    """
    if not os.path.exists(path):  # False, too, for a name that is too long
        raise MissingPartError(missing(path), reason)


def check_ct(exam: Exam) -> None:
    """Refuse an exam whose CT is not named, or not there.

    Raises
    ------
    MissingPartError
        With its reason.
    """
    if not exam.names_ct:
        raise MissingPartError(
            "the cell is empty; write the path of the CT into exams.tsv, or remove the "
            "exam",
            "missing_ct",
        )
    check_exists(exam.ct, "missing_ct")


def check_nodes(exam: Exam, folder: Path) -> None:
    """Refuse an exam whose nodes or segmentations are absent.

    Raises
    ------
    MissingPartError
        With its reason.
    """
    if exam.nodes.empty:
        raise MissingPartError(
            "nodes.tsv has no node of this exam; add its nodes or remove the exam",
            "no_nodes",
        )
    for path in exam.segmentations(folder):
        check_exists(path, "missing_segmentation")
