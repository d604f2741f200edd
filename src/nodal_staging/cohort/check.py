"""The dry inspection of a cohort, as a table and as a page to leaf through."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd

from nodal_staging import tables
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


PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Check of {{ study }}</title>
<style>
body { font: 15px/1.45 system-ui, sans-serif; margin: 0 auto; max-width: 62rem;
  padding: 0 1rem 4rem; color: #1a1a1a; }
h1 { font-size: 1.5rem; } .counts { padding: 0; list-style: none; }
.counts label { cursor: pointer; }
article { border-top: 1px solid #ccc; padding: .8rem 0; scroll-margin-top: 1rem; }
article.here { outline: 3px solid #0072b2; outline-offset: .4rem; }
h2 { font-size: 1.05rem; margin: 0 0 .3rem; }
.badge { border-radius: .3rem; color: #fff; font-size: .8rem; margin-left: .5rem;
  padding: .1rem .45rem; vertical-align: .1rem; }
.problem .badge { background: #b3261e; } .excluded .badge { background: #6b6b6b; }
.remark .badge { background: #9a6700; } .ok .badge { background: #1a7f37; }
.facts { color: #555; margin: .2rem 0; } .sentence { margin: .2rem 0; }
img { background: #000; height: auto; max-width: 100%; }
@media print { article { break-inside: avoid; } .keys { display: none; } }
</style>
</head>
<body>
<h1>Check of {{ study }}</h1>
<p>{{ exams | length }} exams. Nothing was trained or measured yet; this page says what
the files hold, and what to mend before any hour is spent on them.</p>
<ul class="counts">
{% for name, words, count in verdicts %}
<li class="{{ name }}"><label><input type="checkbox" value="{{ name }}" checked>
<strong>{{ count }}</strong> {{ words }}<span class="badge">{{ name }}</span></label>
</li>
{% endfor %}
</ul>
<p class="keys">Arrow keys go from exam to exam; the boxes above show and hide.</p>
{% for exam in exams %}
<article class="{{ exam.verdict }}" id="exam-{{ loop.index }}" tabindex="-1">
<h2>{{ exam.exam_id }} of {{ exam.patient_id }}
<span class="badge">{{ exam.verdict }}</span></h2>
{% if exam.reason != "included" %}<p class="sentence"><strong>{{ exam.reason }}</strong>
{% if exam.reason in meanings %}({{ meanings[exam.reason] }}){% endif %}</p>{% endif %}
{% if exam.problem != "-" %}<p class="sentence">{{ exam.problem }}</p>{% endif %}
{% if exam.notes != "-" %}<p class="sentence">{{ exam.notes }}</p>{% endif %}
<p class="facts">contrast: {{ exam.contrast }} · low dose: {{ exam.low_dose }} ·
SUV: {{ exam.pet }} · nodes: {{ exam.nodes }}</p>
{% if exam.picture != "-" %}<a href="{{ exam.picture | urlencode }}"><img loading="lazy"
src="{{ exam.picture | urlencode }}"
alt="Nodes of exam {{ exam.exam_id }} on CT and PET"></a>{% endif %}
</article>
{% endfor %}
<script>
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
</script>
</body>
</html>
"""
