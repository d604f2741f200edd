"""The inspection of a cohort before training, as a table and as a page."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd

from nodal_staging import tables
from nodal_staging.cohort.selection import CRITERIA, UNUSABLE, Limits, apply_criteria
from nodal_staging.study.files import read_json, write_text
from nodal_staging.tables.page import render_page
from nodal_staging.tables.parts import Html

NONE = "-"
VERDICTS = {
    "problem": "cannot be used until it is repaired",
    "excluded": "left out by a criterion of the study",
    "remark": "included, with a remark",
    "ok": "included",
}
"""In the order of the page: what needs work comes first."""
MEANINGS = {criterion.code: criterion.meaning for criterion in CRITERIA}


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
    counted = Counter(checked["verdict"])
    verdicts = [_count(name, words, counted[name]) for name, words in VERDICTS.items()]
    exams = checked.to_dict("records")
    return render_page(
        f"Check of {study}",
        [
            f"{len(exams)} exams. Nothing was trained or measured yet. This page shows "
            "what the files contain, and what to repair before training.",
            Html("\n".join(['<ul class="counts">', *verdicts, "</ul>"])),
            Html(
                '<p class="keys">Press the arrow keys to go from exam to exam; the '
                "boxes above show and hide exams.</p>"
            ),
            *(Html(_card(place, exam)) for place, exam in enumerate(exams, start=1)),
        ],
        script=SCRIPT,
    )


def _count(name: str, words: str, exams: int) -> str:
    """Render how many exams have a verdict, with the box that shows and hides them."""
    return (
        f'<li class="{name}"><label><input type="checkbox" value="{name}" checked>\n'
        f"<strong>{exams}</strong> {escape(words)}{_badge(name)}</label></li>"
    )


def _card(place: int, exam: Mapping[Any, Any]) -> str:
    """Render an exam: what is wrong with it, what is known of it, and its picture."""
    title = escape(f"{exam['exam_id']} of {exam['patient_id']}")
    facts = escape(
        f"contrast: {exam['contrast']} · low dose: {exam['low_dose']} · "
        f"SUV: {exam['pet']} · nodes: {exam['nodes']}"
    )
    return "\n".join(
        [
            f'<article class="{exam["verdict"]}" id="exam-{place}" tabindex="-1">',
            f"<h2>{title} {_badge(exam['verdict'])}</h2>",
            *(f"<p>{sentence}</p>" for sentence in _sentences(exam)),
            f'<p class="facts">{facts}</p>',
            *_picture(exam),
            "</article>",
        ]
    )


def _badge(verdict: str) -> str:
    return f'<span class="badge">{escape(verdict)}</span>'


def _sentences(exam: Mapping[Any, Any]) -> Iterator[str]:
    """Yield why an exam is excluded, its problem and its notes, where there are any."""
    reason = exam["reason"]
    if reason != "included":
        meaning = f" ({escape(MEANINGS[reason])})" if reason in MEANINGS else ""
        yield f"<strong>{escape(reason)}</strong>{meaning}"
    yield from (
        escape(exam[name]) for name in ("problem", "notes") if exam[name] != NONE
    )


def _picture(exam: Mapping[Any, Any]) -> Iterator[str]:
    """Yield the picture of an exam, linked to its file, where there is one."""
    if exam["picture"] != NONE:
        place = quote(exam["picture"])
        words = escape(f"Nodes of exam {exam['exam_id']} on CT and PET")
        yield (
            f'<a href="{place}"><img loading="lazy" src="{place}" alt="{words}"></a>'
        )


SCRIPT = """
const boxes = [...document.querySelectorAll("input")];
const cards = [...document.querySelectorAll("article")];
const shown = () => cards.filter((card) => !card.hidden);
let here = -1;
boxes.forEach((box) => box.addEventListener("change", () => {
  const kept = new Set(boxes.filter((b) => b.checked).map((b) => b.value));
  cards.forEach((card) => { card.hidden = !kept.has(card.classList[0]); });
}));
document.addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  const list = shown();
  if (!step || !list.length) return;
  event.preventDefault();
  cards.forEach((card) => card.classList.remove("here"));
  here = Math.min(Math.max(here + step, 0), list.length - 1);
  list[here].classList.add("here");
  list[here].scrollIntoView();
});
"""
"""Arrow keys, and the boxes that show and hide exams."""
