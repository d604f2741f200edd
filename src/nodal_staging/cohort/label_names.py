"""Status and location of nodes from what a reader typed as the name of a label.

The paper does not say where status and location were kept. Where they stand in the
names of MITK labels, a pattern reads them from there. Names may identify a patient:
they are matched here and never written down.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pandas as pd

from nodal_staging import tables
from nodal_staging.cohort.sheets import exam_name
from nodal_staging.exams.isolation import isolated
from nodal_staging.exams.segmentation.reading import read_labels
from nodal_staging.exams.segmentation.regions import Label
from nodal_staging.study import errors
from nodal_staging.study.files import write_json
from nodal_staging.study.normalised_text import plain
from nodal_staging.study.shards import belongs
from nodal_staging.tables.sheet_cells import words_of

COLUMNS = ["patient_id", "exam_id", "node_id", "label", "location", "status"]

OUTSIDE = 0
"""Value of MITK's label Exterior."""


class LabelNameError(errors.InputError):
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
        What the site's words mean, in lower case; the study's own words and their
        German forms need no entry.
    """

    pattern: re.Pattern[str]
    locations: Mapping[str, str]
    statuses: Mapping[str, str]

    @classmethod
    def of(cls, section: Mapping[str, Any]) -> Self:
        """Build the naming from the configuration, which has been checked."""
        return cls(
            re.compile(section["pattern"], re.IGNORECASE),
            _meanings(section["locations"], tables.LOCATIONS),
            _meanings(section["statuses"], tables.STATUS),
        )

    def read(self, name: str) -> tuple[str, str] | None:
        """Return location and status of a name, None where it does not tell."""
        found = self.pattern.search(name)
        if found is None:
            return None
        location = self.locations.get(plain(str(found["location"])))
        status = self.statuses.get(plain(str(found["status"])))
        return None if location is None or status is None else (location, status)


def _meanings(section: Mapping[str, str], own: list[str]) -> dict[str, str]:
    """Return the study's word for each word of the site."""
    words = words_of(own)
    site = {plain(str(word)): meaning for word, meaning in section.items()}
    return words | {word: words[plain(meaning)] for word, meaning in site.items()}


def nodes_from_labels(
    *,
    exams: str | Path,
    shard: str,
    naming: Naming | None,
    on_bad_exam: str,
    output: str | Path,
    unread: str | Path,
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
    output, unread
        Outputs: ``tables.NEW_NODE_SHEET``, whose node_id is exam, layer and value;
        JSON: reason and problem of every exam_id whose nodes are left out.

    Raises
    ------
    LabelNameError
        Naming exam and label (by layer and value), where ``on_bad_exam`` is ``fail``.
    """
    sheet = tables.read(exams, tables.EXAM_SHEET)
    rows: list[dict[str, str]] = []
    left_out: dict[str, dict[str, str]] = {}
    for exam in sheet.to_dict("records"):
        own = belongs(exam["patient_id"], shard)
        if not own or not isinstance(exam.get("segmentation"), str):
            continue
        name = exam_name(exam["patient_id"], exam["exam_id"])
        path = Path(exams).parent / exam["segmentation"]
        try:
            with errors.naming(f"{name}, column segmentation"):
                labels = isolated(_labels, path)
                rows += [_node(exam, label, naming) for label in labels]
        except errors.InputError as error:
            if on_bad_exam == "fail":
                raise
            left_out[exam["exam_id"]] = {"reason": error.reason, "problem": str(error)}
    write_json(unread, left_out)
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


def _labels(path: Path) -> list[Label]:
    """Read the labels of a file, in a child process."""
    return [label for label in read_labels(path) if label.value != OUTSIDE]


def _node(
    exam: Mapping[str, Any], label: Label, naming: Naming | None
) -> dict[str, str]:
    """Return the row of one label."""
    place = f"{label.layer}:{label.value}"
    unknown = (tables.UNKNOWN, tables.UNKNOWN)
    told = unknown if naming is None else naming.read(label.name or "")
    if told is None:
        raise LabelNameError(
            f"the name of label {place} does not state location and status as "
            "cohort.label_names expects; rename the label, or extend cohort.label_names"
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
