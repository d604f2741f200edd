"""The section on calls and scores when HU, centre or mask change."""

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from nodal_staging import tables
from nodal_staging.audit.robustness.largest_changes import Example, read_examples
from nodal_staging.audit.robustness.robustness_tables import (
    COMPARED,
    IDENTITY,
    RETRAINED,
    ROBUSTNESS,
    STABILITY,
)
from nodal_staging.audit.robustness.step_names import step_name
from nodal_staging.report.artefacts import Artefacts, intervals
from nodal_staging.report.gallery import node_image
from nodal_staging.report.illustrations import picture
from nodal_staging.report.shared_columns import CLASSIFIER
from nodal_staging.study.classifier_names import in_order, printed
from nodal_staging.tables.grid import Grid, lay_out, records_by
from nodal_staging.tables.grid_columns import decimals, estimates
from nodal_staging.tables.intervals import ci, with_interval
from nodal_staging.tables.parts import Folded, Heading, Html, Items, Part
from nodal_staging.tables.rounding import count, number

Row = Mapping[Any, Any]

RETRAINED_CAPTION = (
    " Training 2 and higher: another training of the CNN scores the unchanged nodes, "
    "at the threshold of the first."
)


def robustness(study: Artefacts) -> list[Part]:
    """Return the parts of the section."""
    frame = tables.read(study.robustness, ROBUSTNESS)
    stability = tables.read(study.stability, STABILITY).set_index("classifier")
    level = intervals(study).level
    found = frame[frame["status"] == COMPARED]
    of_cnn = found["classifier"].str.startswith("cnn_")
    lines = [
        _headline(name, rows, stability.loc[name], level)
        for name, rows in found[of_cnn].groupby("classifier", sort=False)
    ]
    return [
        Heading("Robustness at the thresholds of the study", "robustness_of_calls"),
        "Attenuation, centre and mask of the test nodes are changed as another "
        "scanner or another reader would change them. The thresholds stay those of "
        "the study. Sensitivity and specificity come first: an AUC does not change if "
        "all scores move together, but the calls do.",
        Items(tuple(lines)),
        picture(study.figures["robustness"]),
        examples(study.examples),
        changes("robustness", found[of_cnn], ci(level)),
        Folded(
            "The other models",
            (changes("robustness_others", found[~of_cnn], ci(level)),),
        ),
    ]


def _headline(name: str, rows: pd.DataFrame, stable: Row, level: float) -> str:
    """Say what changes most calls of a CNN, and how many nodes keep theirs."""
    original = rows[rows["perturbation"] == IDENTITY].iloc[0]
    others = rows[~rows["perturbation"].isin([IDENTITY, RETRAINED])]
    kept = _stability(stable, level)
    if others.empty:
        return f"{printed(name)}: {kept}"
    worst = others.loc[others["calls_changed"].idxmax()]
    step = step_name(worst["perturbation"], worst["strength"])
    share = with_interval(
        worst["calls_changed"],
        worst["calls_changed_lower"],
        worst["calls_changed_upper"],
        0,
        scale=100,
        level=level,
    ).replace(" (", "% (", 1)
    moved = "; ".join(
        f"{title} {number(original[column])} to {number(worst[column])}"
        for title, column in (
            ("sensitivity", "sensitivity"),
            ("specificity", "specificity"),
            ("AUC", "auc"),
        )
    )
    return f"{printed(name)}: {step} changes {share} of the calls ({moved}). {kept}"


def _stability(row: Row, level: float) -> str:
    """Say how many nodes keep their call, and the accuracy of these and the others."""
    stable, others = (
        with_interval(
            row[f"{kind}_accuracy"],
            row[f"{kind}_accuracy_lower"],
            row[f"{kind}_accuracy_upper"],
            level=level,
        )
        for kind in ("stable", "unstable")
    )
    return (
        f"{count(row['stable'])} of {count(row['nodes'])} test nodes keep their call "
        f"under every plausible change; accuracy {stable} among these, {others} among "
        "the others."
    )


def examples(path: str | Path) -> Folded:
    """Show the nodes whose scores change most, before and after."""
    found = read_examples(path)
    cases = [_case(name, one) for name in in_order(found) for one in found[name]]
    shown = "\n".join(cases) or "<p>No plausible change was made.</p>"
    return Folded(
        "The nodes whose scores change most",
        (
            "Of each CNN, the test nodes whose logit a plausible change moves most: "
            "axial CT with the outline of the node before (left) and after (right), "
            "48 mm across, in the window of the network’s input. The outline is that "
            "of the mask: the CNN sees what the change does to both.",
            Html(f'<div class="cases pairs">\n{shown}\n</div>'),
        ),
    )


def _case(name: str, example: Example) -> str:
    """Show a node before and after."""
    step = step_name(example.perturbation, example.strength)
    before, after = (
        node_image(image, mask, alt=f"Axial CT of node {example.node_id}, {when}")
        for image, mask, when in zip(
            example.images, example.masks, ("unchanged", step), strict=True
        )
    )
    was, now = map(number, example.scores)
    words = f"{step}: score {was} to {now}"
    return (
        f'<figure class="case">{before}{after}<figcaption><strong>'
        f"{escape(example.node_id)}, {escape(printed(name))}</strong><br>"
        f"{escape(words)}</figcaption></figure>"
    )


def changes(name: str, frame: pd.DataFrame, of_ci: str) -> Grid:
    """Lay out the changes of some classifiers, a row a perturbation.

    Parameters
    ----------
    name
        Of the table.
    frame
        Rows of ``ROBUSTNESS`` that are compared.
    of_ci
        Name of the intervals.
    """
    return lay_out(
        name,
        f"Change and {of_ci} (bootstrap of patients; of changed calls: Wilson). Logit: "
        "mean change and its standard deviation between nodes."
        + (RETRAINED_CAPTION if frame["perturbation"].eq(RETRAINED).any() else ""),
        [
            CLASSIFIER,
            ("Change", lambda row: step_name(row["perturbation"], row["strength"])),
            decimals("Sensitivity", "sensitivity"),
            estimates("Its change", "sensitivity_change"),
            decimals("Specificity", "specificity"),
            estimates("Its change", "specificity_change"),
            estimates("Calls changed, %", "calls_changed", 1, 100),
            decimals("AUC", "auc"),
            estimates("Its change", "auc_change"),
            ("Logit", _logit),
            decimals("ICC", "icc"),
        ],
        records_by(frame, "classifier"),
    )


def _logit(row: Row) -> str:
    return f"{number(row['logit_shift'], 2)} ± {number(row['logit_sd'], 2)}"
