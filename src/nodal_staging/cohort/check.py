"""The inspection of a cohort before training, as a table and as a page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from nodal_staging import tables
from nodal_staging.cohort.check_page import Checked, check_page
from nodal_staging.cohort.check_summary import summarise_check
from nodal_staging.cohort.check_verdicts import NONE, VERDICTS
from nodal_staging.cohort.inclusion_criteria import UNUSABLE, Limits, apply_criteria
from nodal_staging.cohort.second_look import read_second_look
from nodal_staging.cohort.support import read_support
from nodal_staging.study.files import read_json, write_text
from nodal_staging.tables.loss_sentences import sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckFiles:
    """What is known of a cohort before training.

    Attributes
    ----------
    exams, nodes
        The input sheets.
    inspections
        Of all shards (``tables.INSPECTIONS``).
    lost
        What measuring the nodes lost, of all shards (``tables.LOSSES``).
    measured
        Measured nodes of all shards (``tables.NODES``).
    flags
        Nodes that are implausible (``tables.NODE_FLAGS``).
    pictures
        Folders with the voxels of all shards, below the folder of the page.
    readings
        Ratings of readers (``tables.READING_SHEET``); None without any.
    second_look
        Answers of an earlier look at the page (``SECOND_LOOK``); None without any.
    support
        What the cohort can support (``SUPPORT``); None if it was not assessed.
    """

    exams: str | Path
    nodes: str | Path
    inspections: Sequence[str | Path]
    lost: Sequence[str | Path]
    measured: Sequence[str | Path]
    flags: str | Path
    pictures: Sequence[str | Path]
    readings: str | Path | None = None
    second_look: str | Path | None = None
    support: str | Path | None = None


def write_check(
    *,
    study: str,
    files: CheckFiles,
    limits: Limits,
    table: str | Path,
    page: str | Path,
    summary: str | Path,
) -> None:
    """Write what inspection and measurement found of every exam.

    Parameters
    ----------
    study
        Its name.
    files
        What is known of the cohort.
    limits
        Requirements of the study beyond the paper's criteria.
    table, page
        Outputs: ``tables.CHECKED``, and HTML that shows it with the pictures.
    summary
        Output: the closing lines for the terminal.
    """
    judged = apply_criteria(files.exams, files.inspections, limits)
    sheet = tables.read(files.nodes, tables.NODE_SHEET)
    counts = sheet["exam_id"].value_counts()
    flags = tables.read(files.flags, tables.NODE_FLAGS).merge(
        sheet[["node_id", "exam_id"]], on="node_id"
    )
    judged["nodes"] = judged["exam_id"].map(counts).fillna(0).astype(int)
    losses = pd.concat([tables.read(path, tables.LOSSES) for path in files.lost])
    unread = _unread(files.pictures)
    offers = _offers(sheet)
    found = [
        _noted(
            _with_remarks(
                _with_losses(
                    exam, losses[losses["exam_id"] == exam["exam_id"]], unread
                ),
                flags[flags["exam_id"] == exam["exam_id"]],
            ),
            offers.get(exam["exam_id"], []),
        )
        for exam in judged.to_dict("records")
    ]
    judged = pd.DataFrame(
        found, columns=[*judged.columns, "lost_nodes", "flagged_nodes"]
    )
    drawn = _files(files.pictures, Path(page).parent)
    checked = judged.assign(
        verdict=[_verdict(row) for row in judged.to_dict("records")],
        picture=[drawn.get(exam_id, NONE) for exam_id in judged["exam_id"]],
    )[list(tables.CHECKED.columns)]
    checked = checked.sort_values(
        ["verdict", "exam_id"], key=_in_order, kind="stable", ignore_index=True
    )
    tables.write(checked, table, tables.CHECKED)
    support = read_support(files.support)
    answers = read_second_look(files.second_look, sheet)
    shown = Checked(
        study=study,
        exams=checked,
        nodes=_nodes(sheet, files, flags),
        flags=flags,
        support=support,
        answers=answers,
    )
    write_text(page, check_page(shown))
    write_text(summary, summarise_check(checked, page, support, answers))


def _nodes(sheet: pd.DataFrame, files: CheckFiles, flags: pd.DataFrame) -> pd.DataFrame:
    """Return every listed node with what was measured of it, remarks and readers."""
    measured = pd.concat([tables.read(path, tables.NODES) for path in files.measured])
    remarks: dict[str, list[tuple[str, str]]] = {}
    for flag in flags.to_dict("records"):
        remarks.setdefault(flag["node_id"], []).append((flag["flag"], sentence(flag)))
    named = sheet[["exam_id", "node_id", "location", "status"]]
    values = measured[["node_id", "suv_max", "short_axis_mm"]]
    nodes = named.merge(values, on="node_id", how="left")
    agreed = _agreement(files.readings)
    return nodes.assign(
        remarks=[remarks.get(name, []) for name in nodes["node_id"]],
        readers=[agreed.get(name, "") for name in nodes["node_id"]],
    )


def _agreement(readings: str | Path | None) -> dict[str, str]:
    """Say of each node that several readers rated whether they call it the same."""
    if readings is None:
        return {}
    sheet = tables.read(readings, tables.READING_SHEET)
    likely = {*tables.RATINGS[2:], "3", "4"}
    called = sheet.assign(positive=sheet["rating"].isin(likely))
    found = called.groupby("node_id")["positive"].agg(["nunique", "size"])
    several = found[found["size"] > 1]
    return {
        str(name): "disagree" if kinds > 1 else "agree"
        for name, kinds in several["nunique"].items()
    }


def _offers(sheet: pd.DataFrame) -> dict[str, list[str]]:
    """Return a sentence on each status that is suggested and not confirmed, by exam."""
    if "suggested" not in sheet:
        return {}
    open_rows = sheet[sheet["suggested"].notna() & sheet["status"].eq(tables.UNKNOWN)]
    offers: dict[str, list[str]] = {}
    for row in open_rows.to_dict("records"):
        offers.setdefault(row["exam_id"], []).append(
            f"node {row['node_id']}: {row['suggested']} is suggested; if CT and PET "
            f"agree, write {row['suggested']} into the column status of nodes.tsv"
        )
    return offers


def _unread(pictures: Sequence[str | Path]) -> dict[str, dict[str, str]]:
    """Return reason and problem of every exam_id whose picture cannot be drawn."""
    return {
        exam_id: found
        for shard in map(Path, pictures)
        for exam_id, found in read_json(shard / "unread.json").items()
    }


def _with_losses(
    exam: dict[Any, Any], losses: pd.DataFrame, unread: Mapping[str, dict[str, str]]
) -> dict[Any, Any]:
    """Return an exam with what was lost when its voxels were read.

    Inspection reads headers; damaged pixels show when nodes are measured, or, of an
    excluded exam, when its picture is drawn. An exam of which nothing could be
    measured counts among the unusable.
    """
    lost = losses[losses["stage"] == "measurement"]
    sentences = [
        sentence(loss) for loss in losses.drop_duplicates("problem").to_dict("records")
    ]
    exam = exam | {"lost_nodes": len(lost)}
    picture = unread.get(exam["exam_id"])
    if len(lost) and len(lost) == exam["nodes"]:
        return _unusable(exam, lost["reason"].iloc[0], sentences[0])
    if picture and exam["included"] == "no":
        return _unusable(exam, picture["reason"], picture["problem"])
    if picture and not sentences:
        sentences = [f"{picture['problem']} (no picture of this exam)"]
    return _noted(exam, sentences)


def _with_remarks(exam: dict[Any, Any], flags: pd.DataFrame) -> dict[Any, Any]:
    """Return an exam with what is implausible about its nodes."""
    exam = exam | {"flagged_nodes": flags["node_id"].nunique()}
    return _noted(exam, [sentence(flag) for flag in flags.to_dict("records")])


def _noted(exam: dict[Any, Any], sentences: list[str]) -> dict[Any, Any]:
    """Return an exam with more notes."""
    if not sentences:
        return exam
    notes = [] if exam["notes"] == NONE else [exam["notes"]]
    return exam | {"notes": " | ".join([*notes, *sentences])}


def _unusable(exam: dict[Any, Any], reason: str, problem: str) -> dict[Any, Any]:
    found = {"criterion": UNUSABLE, "included": "no"}
    return exam | found | {"reason": reason, "problem": problem}


def _verdict(exam: dict[str, Any]) -> str:
    """Return what has to be done about an exam.

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
