"""The page of the check: every exam with its nodes, for a second look."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import quote

import pandas as pd

from nodal_staging.cohort.check_script import SCRIPT
from nodal_staging.cohort.check_style import STYLE
from nodal_staging.cohort.check_verdicts import MEANINGS, NONE, VERDICTS
from nodal_staging.cohort.support import SUPPORT_TITLE, support_parts
from nodal_staging.tables.categories import SHOWN_LOCATIONS
from nodal_staging.tables.html_page import render_page
from nodal_staging.tables.page_scripts import BASICS
from nodal_staging.tables.parts import Folded, Html, Part
from nodal_staging.tables.rounding import counted, number
from nodal_staging.tables.volume_viewer import viewer_script

LOADS = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
    "script-src 'unsafe-inline' 'self' file:"
)
"""The page loads nothing but the scripts with the voxels of the exams next to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What the page shows.

    Attributes
    ----------
    study
        Its name.
    exams
        ``tables.CHECKED``.
    nodes
        Every listed node with ``exam_id``, ``location``, ``status``, the measured
        columns where it was measured, its ``remarks`` as flag and sentence, and
        ``readers``: ``agree``, ``disagree`` or empty.
    flags
        ``tables.NODE_FLAGS``.
    support
        What the cohort can support.
    answers
        Of an earlier second look (``SECOND_LOOK``).
    """

    study: str
    exams: pd.DataFrame
    nodes: pd.DataFrame
    flags: pd.DataFrame
    support: pd.DataFrame
    answers: pd.DataFrame


def check_page(checked: Checked) -> str:
    """Render the page."""
    nodes = {
        str(exam_id): rows.to_dict("records")
        for exam_id, rows in checked.nodes.groupby("exam_id", sort=False)
    }
    exams = checked.exams.to_dict("records")
    parts: list[Part] = [
        f"{len(exams)} exams. Nothing was trained yet. This page shows what the files "
        "contain, and what to repair before training.",
        *_lost_nodes(checked.exams),
        *_flagged_nodes(checked.flags),
        *_support(checked.support),
        Html(_counts(checked.exams)),
        Html(_tools(checked.nodes)),
        Html('<div id="exams">'),
        *(
            Html(_card(place, exam, nodes.get(exam["exam_id"], [])))
            for place, exam in enumerate(exams, start=1)
        ),
        Html('</div>\n<ul id="grid" class="nodes" hidden></ul>'),
    ]
    return render_page(
        f"Check of {checked.study}",
        parts,
        script=_script(checked),
        loads=LOADS,
        style=STYLE,
    )


def _script(checked: Checked) -> str:
    """Return everything that runs on the page."""
    kept = checked.answers.to_dict("records")
    given = pd.Series(kept).to_json(orient="values", force_ascii=True)
    name = pd.Series([checked.study]).to_json(orient="values")
    # In HTML a script ends at the first "</", whatever stands around it.
    data = f"const STUDY = {name}[0];\nconst GIVEN = {given};\n".replace("</", "<\\/")
    return "\n".join([viewer_script(), BASICS, data, SCRIPT])


def _support(support: pd.DataFrame) -> Iterator[Part]:
    """Fold what the cohort can support, with the number of remarks on it."""
    parts = tuple(support_parts(support))
    if parts:
        remarks = int(support["remark"].eq("yes").sum())
        title = f"{SUPPORT_TITLE} ({counted(remarks, 'remark', 'remarks')})"
        yield Folded(title, parts[1:])


def _lost_nodes(checked: pd.DataFrame) -> Iterator[str]:
    """Yield how many nodes were lost when they were measured, if any were."""
    lost = checked.loc[checked["lost_nodes"] > 0, "lost_nodes"]
    if len(lost):
        yield (
            f"{counted(int(lost.sum()), 'node', 'nodes')} of "
            f"{counted(len(lost), 'exam', 'exams')} could not be measured and would "
            "be left out."
        )


def _flagged_nodes(flags: pd.DataFrame) -> Iterator[str]:
    """Yield how many nodes are implausible, by flag, if any are."""
    if len(flags):
        counts = flags["flag"].value_counts().sort_index()
        parts = [f"{flag.replace('_', ' ')} {n}" for flag, n in counts.items()]
        yield (
            f"{counted(flags['node_id'].nunique(), 'node is', 'nodes are')} "
            f"implausible ({', '.join(parts)}). See the remarks."
        )


def _counts(exams: pd.DataFrame) -> str:
    """Count the exams by verdict, each with the box that shows and hides them."""
    found = Counter(exams["verdict"])
    items = [
        f'<li class="{name}"><label><input type="checkbox" name="verdict" '
        f'value="{name}" checked>\n<strong>{found[name]}</strong> {escape(words)}'
        f"{_badge(name)}</label></li>"
        for name, words in VERDICTS.items()
    ]
    return "\n".join(['<ul class="counts">', *items, "</ul>"])


def _tools(nodes: pd.DataFrame) -> str:
    """Render the fields by which nodes are found and sorted; scripts fill them."""
    flags = sorted({flag for remarks in nodes["remarks"] for flag, _ in remarks})
    present = set(nodes["location"])
    locations = [name for name in SHOWN_LOCATIONS if name in present]
    return "\n".join(
        [
            '<form class="finder" role="search" hidden>',
            '<label>Search <input type="search" name="words"></label>',
            _choice("flag", "Flag", {name: name.replace("_", " ") for name in flags}),
            _choice("location", "Location", {name: name for name in locations}),
            _choice("status", "Status", {n: n for n in ("positive", "negative")}),
            _choice("readers", "Readers", {"disagree": "disagree", "agree": "agree"}),
            _choice(
                "answer",
                "Second look",
                {"open": "open", "accept": "accepted", "doubt": "doubted"},
            ),
            _choice(
                "sort",
                "Sort nodes",
                {
                    "suv": "SUVmax, highest first",
                    "axis": "short axis, largest first",
                    "location": "location",
                    "flags": "flags, most first",
                },
                none="as listed",
            ),
            _choice("view", "Show", {"grid": "all nodes in a grid"}, none="by exam"),
            '<p class="tally" role="status"></p>',
            '<p class="export"></p>',
            "</form>",
        ]
    )


def _choice(
    name: str, title: str, options: Mapping[str, str], *, none: str = "all"
) -> str:
    choices = "".join(
        f'<option value="{escape(value)}">{escape(words)}</option>'
        for value, words in {"": none, **options}.items()
    )
    return (
        f'<label>{escape(title)} <select name="{name}" autocomplete="off">{choices}'
        "</select></label>"
    )


def _card(
    place: int, exam: Mapping[Any, Any], nodes: Sequence[Mapping[Any, Any]]
) -> str:
    """Render an exam: what is wrong with it, what is known of it, and its nodes."""
    # Each identifier is isolated: letters from right to left stay in their place.
    title = " of ".join(
        f"<bdi>{escape(exam[name])}</bdi>" for name in ("exam_id", "patient_id")
    )
    facts = escape(
        f"contrast: {exam['contrast']} · low dose: {exam['low_dose']} · "
        f"SUV: {exam['pet']} · nodes: {exam['nodes']}{_of_them(exam)}"
        + (f" · flags: {exam['flags']}" if exam["flags"] != NONE else "")
    )
    drawn = exam["picture"] != NONE
    source = f' data-source="{quote(exam["picture"])}"' if drawn else ""
    return "\n".join(
        [
            f'<article class="{exam["verdict"]}" id="exam-{place}" '
            f'data-exam="{escape(exam["exam_id"])}"{source}>',
            f"<h2>{title} {_badge(exam['verdict'])}</h2>",
            *(f"<p>{sentence}</p>" for sentence in _sentences(exam)),
            f'<p class="facts">{facts}</p>',
            *(_nodes(exam["exam_id"], nodes, drawn=drawn) if nodes else []),
            "</article>",
        ]
    )


def _nodes(
    exam_id: str, nodes: Sequence[Mapping[Any, Any]], *, drawn: bool
) -> Iterator[str]:
    yield '<ul class="nodes">'
    for node in nodes:
        yield _tile(exam_id, node, drawn=drawn)
    yield "</ul>"


def _tile(exam_id: str, node: Mapping[Any, Any], *, drawn: bool) -> str:
    """Render a node: its picture, which scripts draw, and what is known of it."""
    flags = " ".join(flag for flag, _ in node["remarks"])
    values = {
        "node": node["node_id"],
        "of": exam_id,
        "location": node["location"],
        "status": node["status"],
        "flags": flags,
        "readers": node["readers"],
        "suv": _plain(node["suv_max"]),
        "axis": _plain(node["short_axis_mm"]),
    }
    data = " ".join(f'data-{key}="{escape(value)}"' for key, value in values.items())
    image = '<button type="button" class="look" hidden></button>' if drawn else ""
    measured = (
        f"SUVmax {number(node['suv_max'], 1)} · short axis "
        f"{number(node['short_axis_mm'], 1)} mm"
    )
    remarks = "".join(
        f'<span class="flag">{escape(sentence)}</span>'
        for _, sentence in node["remarks"]
    )
    return (
        f'<li class="node" {data}>{image}<div class="known">'
        f"<strong><bdi>{escape(node['node_id'])}</bdi></strong>"
        f"<span>{escape(node['status'])}, {escape(node['location'])}</span>"
        f"<span>{escape(measured)}</span>{remarks}</div></li>"
    )


def _plain(value: float) -> str:
    return "" if pd.isna(value) else f"{value:.2f}"


def _of_them(exam: Mapping[Any, Any]) -> str:
    lost, flagged = exam["lost_nodes"], exam["flagged_nodes"]
    words = f", {lost} of them lost" if lost else ""
    return words + (f", {flagged} of them implausible" if flagged else "")


def _badge(verdict: str) -> str:
    return f'<span class="badge">{escape(verdict)}</span>'


def _sentences(exam: Mapping[Any, Any]) -> Iterator[str]:
    """Yield why an exam is excluded, its problem and its notes, where there are any."""
    reason = exam["reason"]
    if reason != "included":
        meaning = MEANINGS.get(reason, "")
        # The sentence on a criterion begins with its meaning.
        said = not meaning or meaning in exam["problem"]
        yield f"<strong>{escape(reason)}</strong>{'' if said else f' ({meaning})'}"
    yield from (
        escape(exam[name]) for name in ("problem", "notes") if exam[name] != NONE
    )
