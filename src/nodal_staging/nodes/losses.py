"""Nodes that are lost after the inspection of their exams: where, why, and the fix."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from nodal_staging import tables
from nodal_staging.cohort.sheets import Exam
from nodal_staging.study.errors import InputError
from nodal_staging.study.files import write_json
from nodal_staging.tables.loss_sentences import parted, sentence

logger = logging.getLogger(__name__)

Loss = dict[str, str]
"""A row of ``tables.LOSSES``."""


class LostNodeError(InputError):
    """A node was lost after the inspection of its exam."""

    reason = "lost_node"


def losses_of(
    exam: Exam, node_ids: Iterable[str], *, stage: str, error: InputError
) -> list[Loss]:
    """Return the losses of nodes that an error costs.

    Parameters
    ----------
    exam
        The exam of the nodes.
    node_ids
        The nodes that are lost.
    stage
        One of ``tables.LOSS_STAGES``.
    error
        Why. The sentence ends with the fix, after a semicolon.

    Returns
    -------
    One loss per node.
    """
    problem, fix = parted(str(error))
    return [
        {
            "patient_id": exam.patient_id,
            "exam_id": exam.exam_id,
            "node_id": node_id,
            "stage": stage,
            "reason": error.reason,
            "problem": problem,
            "fix": fix,
        }
        for node_id in node_ids
    ]


def report_losses(losses: Sequence[Loss], *, on_bad_exam: str) -> None:
    """Log the losses of an exam, each reason once, or raise the first.

    Parameters
    ----------
    losses
        Of one exam.
    on_bad_exam
        ``exclude`` logs them, ``fail`` raises.

    Raises
    ------
    LostNodeError
        The first loss, where ``on_bad_exam`` is ``fail``.
    """
    if losses and on_bad_exam == "fail":
        raise _lost_node(losses[0])
    counts = pd.Series([sentence(loss) for loss in losses], dtype=str).value_counts()
    for words, count in counts.sort_index().items():
        logger.warning("%s (%d of its nodes)", words, count)


def write_losses(losses: Sequence[Loss], output: str | Path) -> None:
    """Write losses (``tables.LOSSES``) in the order of node_id."""
    frame = pd.DataFrame(losses, columns=list(tables.LOSSES.columns))
    tables.write(frame.sort_values(["node_id", "stage"]), output, tables.LOSSES)


def gather_losses(*, parts: Iterable[str | Path], output: str | Path) -> None:
    """Join the losses of all shards and stages, in the order of node_id.

    Parameters
    ----------
    parts
        The losses of each shard, of measurement and of patches (``tables.LOSSES``).
    output
        ``tables.LOSSES``.
    """
    frame = pd.concat([tables.read(path, tables.LOSSES) for path in parts])
    tables.write(frame.sort_values(["node_id", "stage"]), output, tables.LOSSES)


def accept_nodes(*, lost: str | Path, on_bad_exam: str, output: str | Path) -> None:
    """Count the lost nodes of a study, or end it at the first.

    Nodes that were lost under another setting are judged too.

    Parameters
    ----------
    lost
        The losses of the cohort (``tables.LOSSES``).
    on_bad_exam
        ``exclude`` counts, ``fail`` raises.
    output
        JSON: ``lost``, the number of nodes by stage.

    Raises
    ------
    LostNodeError
        The first loss, where ``on_bad_exam`` is ``fail``.
    """
    frame = tables.read(lost, tables.LOSSES)
    if on_bad_exam == "fail" and len(frame):
        raise _lost_node(frame.iloc[0].to_dict())
    counts = frame["stage"].value_counts()
    found = {stage: int(counts.get(stage, 0)) for stage in tables.LOSS_STAGES}
    write_json(output, {"lost": found})


def _lost_node(loss: Mapping[Any, Any]) -> LostNodeError:
    return LostNodeError(
        f"{sentence(loss)} (or set cohort.on_bad_exam: exclude to go on without it)"
    )
