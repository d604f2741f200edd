"""Status and location of nodes from what a reader typed as the name of a label.

The paper does not say where status and location were kept. Where they stand in the
names of MITK labels, a pattern reads them from there. Names may identify a patient:
they are matched here and never written down.
"""

import logging
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pandas as pd

from nodal_staging import tables
from nodal_staging.exams.isolation import isolated
from nodal_staging.exams.segmentation.reading import read_labels
from nodal_staging.exams.segmentation.regions import Label
from nodal_staging.study.errors import InputError
from nodal_staging.study.shards import belongs

logger = logging.getLogger(__name__)

COLUMNS = ["patient_id", "exam_id", "node_id", "label", "location", "status"]

OUTSIDE = 0
"""Value of MITK's label Exterior."""


class LabelNameError(InputError):
    """The name of a label does not tell status and location."""

    reason = "label_name"


@dataclass(frozen=True, slots=True)
class Naming:
    """How a site names its labels; section ``label_names`` of the cohort.

    Attributes
    ----------
    pattern
        Regular expression with the groups ``location`` and ``status``; case is
        ignored.
    locations, statuses
        What the site's words mean, in lower case; the study's own words need no entry.
    """

    pattern: re.Pattern[str]
    locations: Mapping[str, str]
    statuses: Mapping[str, str]

    @classmethod
    def of(cls, section: Mapping[str, Any]) -> Self:
        """Build the naming from the configuration.

        Raises
        ------
        LabelNameError
            If the pattern is no regular expression or lacks a group.
        """
        try:
            pattern = re.compile(section["pattern"], re.IGNORECASE)
        except re.error as error:
            raise LabelNameError(
                "config: cohort.label_names.pattern is no regular expression "
                f"({error}); correct it"
            ) from None
        missing = {"location", "status"} - set(pattern.groupindex)
        if missing:
            raise LabelNameError(
                "config: cohort.label_names.pattern has no group "
                f"(?P<{min(missing)}>...); add it"
            )
        return cls(
            pattern,
            _words(section["locations"], tables.LOCATIONS),
            _words(section["statuses"], tables.STATUS),
        )

    def read(self, name: str) -> tuple[str, str] | None:
        """Return location and status of a name, None where it does not tell."""
        found = self.pattern.search(name)
        if found is None:
            return None
        location = self.locations.get(str(found["location"]).strip().lower())
        status = self.statuses.get(str(found["status"]).strip().lower())
        return None if location is None or status is None else (location, status)


def _words(section: Mapping[str, str], own: list[str]) -> dict[str, str]:
    words = {word: word for word in own}
    return words | {str(word).lower(): meaning for word, meaning in section.items()}


def nodes_from_labels(
    *,
    exams: str | Path,
    shard: str,
    naming: Naming | None,
    on_bad_exam: str,
    output: str | Path,
) -> None:
    """Write the nodes of a shard from the labels of its exams' segmentations.

    Parameters
    ----------
    exams
        The exam sheet.
    shard
        Which patients, for example ``3-of-8``.
    naming
        How names tell location and status; None takes every label as a node of
        which they are unknown.
    on_bad_exam
        ``exclude`` leaves out the nodes of an exam whose labels cannot be read or do
        not follow the pattern, so that inspection lists it; ``fail`` raises.
    output
        ``tables.NEW_NODE_SHEET``; a node_id is exam, layer and value.

    Raises
    ------
    LabelNameError
        Naming exam and label (by layer and value), where ``on_bad_exam`` is ``fail``.
    """
    sheet = tables.read(exams, tables.EXAM_SHEET)
    rows: list[dict[str, str]] = []
    for exam in sheet.to_dict("records"):
        own = belongs(exam["patient_id"], shard)
        if not own or not isinstance(exam.get("segmentation"), str):
            continue
        role = (
            f"patient {exam['patient_id']}, exam {exam['exam_id']}, column segmentation"
        )
        path = Path(exams).parent / exam["segmentation"]
        try:
            labels = isolated(_labels, path, role, role=role)
            rows += [_node(exam, label, naming, role) for label in labels]
        except InputError as error:
            if on_bad_exam == "fail":
                raise
            logger.warning("%s (its nodes are left out)", error)
    frame = pd.DataFrame(rows, columns=COLUMNS)
    tables.write(frame, output, tables.NEW_NODE_SHEET)


def gather_label_names(
    *, shards: Iterable[str | Path], named: bool, output: str | Path
) -> None:
    """Join the nodes of all shards to one node sheet (``tables.NEW_NODE_SHEET``).

    Parameters
    ----------
    shards
        What ``nodes_from_labels`` wrote.
    named
        Whether names were to tell location and status.
    output
        The sheet.

    Raises
    ------
    LabelNameError
        If no exam of the cohort has a node.
    """
    read = [tables.read(path, tables.NEW_NODE_SHEET) for path in shards]
    frame = pd.concat(read, ignore_index=True)
    if frame.empty:
        wanted = (
            "tells location and status; correct cohort.label_names"
            if named
            else "can be read; correct column segmentation"
        )
        raise LabelNameError(
            f"exams.tsv: no label of any exam {wanted}, or write a nodes.tsv"
        )
    tables.write(frame, output, tables.NEW_NODE_SHEET)


def _labels(path: Path, role: str) -> list[Label]:
    """Read the labels of a file, in a child process."""
    return [label for label in read_labels(path, role=role) if label.value != OUTSIDE]


def _node(
    exam: Mapping[str, Any], label: Label, naming: Naming | None, role: str
) -> dict[str, str]:
    """Return the row of one label."""
    place = f"{label.layer}:{label.value}"
    unknown = (tables.UNKNOWN, tables.UNKNOWN)
    told = unknown if naming is None else naming.read(label.name or "")
    if told is None:
        raise LabelNameError(
            f"{role}: the name of label {place} does not tell location and status by "
            "cohort.label_names; rename it in MITK or extend the words"
        )
    location, status = told
    return {
        "patient_id": exam["patient_id"],
        "exam_id": exam["exam_id"],
        "node_id": f"{exam['exam_id']}-{label.layer}-{label.value}",
        "label": place,
        "location": location,
        "status": status,
    }
