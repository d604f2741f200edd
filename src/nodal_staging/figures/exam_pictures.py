"""What a radiologist looks at before a cohort is trusted: nodes on CT, CT on PET."""

import logging
from pathlib import Path

from nodal_staging.cohort.inspection import ExamIndex, read_index
from nodal_staging.cohort.sheets import Exam, read_exams
from nodal_staging.exams.isolation import isolated
from nodal_staging.figures.exam_picture import draw_exam
from nodal_staging.nodes.measurements import node_masks
from nodal_staging.nodes.views import node_views
from nodal_staging.study.errors import InputError
from nodal_staging.study.files import replacing_folder, write_json

logger = logging.getLogger(__name__)


def picture_exams(
    *,
    exams: str | Path,
    nodes: str | Path,
    index: str | Path,
    shard: str,
    output: str | Path,
) -> None:
    """Draw the usable exams of a shard, each in a process of its own.

    Parameters
    ----------
    exams, nodes
        The input sheets.
    index
        How the files of each usable exam are read.
    shard
        Name of the shard.
    output
        Folder of the pictures; ``pictures.json`` gives the file of each exam_id,
        ``unread.json`` reason and sentence of those whose voxels cannot be read.
        Files are numbered, for an exam_id may hold what a file name may not.
    """
    indices = read_index(index)
    names: dict[str, str] = {}
    unread: dict[str, dict[str, str]] = {}
    with replacing_folder(output) as folder:
        for exam in read_exams(exams=exams, nodes=nodes, shard=shard):
            exam_index = indices.get(exam.exam_id)
            if exam_index is None:
                continue
            name = f"{len(names) + 1:05}.png"
            role = f"patient {exam.patient_id}, exam {exam.exam_id}"
            try:
                isolated(
                    _picture_exam,
                    exam,
                    exam_index,
                    Path(nodes).parent,
                    folder / name,
                    role=role,
                )
            except InputError as error:
                logger.warning("%s (no picture of this exam)", error)
                unread[exam.exam_id] = {"reason": error.reason, "problem": str(error)}
                continue
            names[exam.exam_id] = name
        write_json(folder / "pictures.json", names)
        write_json(folder / "unread.json", unread)


def _picture_exam(exam: Exam, index: ExamIndex, folder: Path, path: Path) -> None:
    """Draw one exam, in a child process."""
    masks = node_masks(exam, index, folder)
    draw_exam(node_views(exam, index, masks), total=len(masks), output=path)
