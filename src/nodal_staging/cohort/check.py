"""The dry inspection of a cohort, as a table and as a page to leaf through."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd

from nodal_staging import tables
from nodal_staging.cohort.check_page import PAGE
from nodal_staging.cohort.selection import CRITERIA, UNUSABLE, Limits, apply_criteria
from nodal_staging.study.files import read_json, write_text

NONE = "-"
VERDICTS = {
    "problem": "cannot be used until it is mended",
    "excluded": "left out by a criterion of the study",
    "remark": "included, with a remark",
    "ok": "included",
}
"""In the order of the page: what needs work comes first."""


def write_check(
    *,
    study: str,
    exams: str | Path,
    nodes: str | Path,
    inspections: Iterable[str | Path],
    pictures: Sequence[str | Path],
    limits: Limits,
    table: str | Path,
    page: str | Path,
) -> None:
    """Write what inspection found of every exam.

    Parameters
    ----------
    study
        Its name.
    exams, nodes
        The input sheets.
    inspections
        Of all shards (``tables.INSPECTIONS``).
    pictures
        Folders of pictures of all shards, below the folder of the page.
    limits
        What the study asks beyond the paper's criteria.
    table, page
        Outputs: ``tables.CHECKED``, and HTML that shows it with the pictures.
    """
    judged = _with_unread(apply_criteria(exams, inspections, limits), pictures)
    files = _files(pictures, Path(page).parent)
    counts = tables.read(nodes, tables.NODE_SHEET)["exam_id"].value_counts()
    checked = judged.assign(
        verdict=[_verdict(row) for row in judged.to_dict("records")],
        nodes=judged["exam_id"].map(counts).fillna(0).astype(int),
        picture=[files.get(exam_id, NONE) for exam_id in judged["exam_id"]],
    )[list(tables.CHECKED.columns)]
    checked = checked.sort_values(
        ["verdict", "exam_id"], key=_in_order, kind="stable", ignore_index=True
    )
    tables.write(checked, table, tables.CHECKED)
    write_text(page, _page(study, checked))


def _with_unread(judged: pd.DataFrame, pictures: Sequence[str | Path]) -> pd.DataFrame:
    """Count an exam whose headers are sound, but not its voxels, among the unusable.

    Inspection reads headers; damaged pixels show when the picture is drawn.
    """
    judged = judged.set_index("exam_id", drop=False)
    for shard in map(Path, pictures):
        for exam_id, found in read_json(shard / "unread.json").items():
            columns = ["criterion", "included", "reason", "problem"]
            judged.loc[exam_id, columns] = [
                *(UNUSABLE, "no"),
                *(found["reason"], found["problem"]),
            ]
    return judged.reset_index(drop=True)


def _verdict(exam: dict[str, Any]) -> str:
    """Tell what somebody has to do about an exam.

    A problem counts as one also where a criterion excludes the exam anyway: the
    criterion may be wrong because of it.
    """
    undetermined = exam["reason"].endswith("_undetermined")
    if exam["criterion"] == UNUSABLE or undetermined:
        return "problem"
    if exam["included"] == "no":
        return "excluded"
    return "ok" if exam["notes"] == NONE else "remark"


def _files(pictures: Sequence[str | Path], folder: Path) -> dict[str, str]:
    """Return the picture of each exam_id, relative to the page."""
    files: dict[str, str] = {}
    for shard in map(Path, pictures):
        below = shard.relative_to(folder)
        for exam_id, name in read_json(shard / "pictures.json").items():
            files[exam_id] = (below / name).as_posix()
    return files


def _in_order(column: pd.Series) -> pd.Series:
    """Sort verdicts by what needs work, everything else by itself."""
    if column.name != "verdict":
        return column
    return column.map({name: place for place, name in enumerate(VERDICTS)})


def _page(study: str, checked: pd.DataFrame) -> str:
    """Render the page."""
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    counted = Counter(checked["verdict"])
    text: str = environment.from_string(PAGE).render(
        study=study,
        verdicts=[(name, words, counted[name]) for name, words in VERDICTS.items()],
        exams=checked.to_dict("records"),
        meanings={criterion.code: criterion.meaning for criterion in CRITERIA},
    )
    return text
