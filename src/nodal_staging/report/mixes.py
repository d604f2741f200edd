"""The section on results under other mixes of locations."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from nodal_staging import tables
from nodal_staging.audit.mixes.reweighting import FEWEST_EFFECTIVE, REWEIGHTED
from nodal_staging.audit.mixes.target_mixes import AS_TESTED, BALANCED
from nodal_staging.report.artefacts import Artefacts, Intervals, intervals
from nodal_staging.report.illustrations import picture
from nodal_staging.report.shared_columns import CLASSIFIER
from nodal_staging.study.classifier_names import printed
from nodal_staging.tables.grid import Grid, lay_out, records_by
from nodal_staging.tables.grid_columns import decimals, estimates
from nodal_staging.tables.intervals import with_interval
from nodal_staging.tables.parts import Folded, Heading, Items, Part
from nodal_staging.tables.rounding import number

Row = Mapping[Any, Any]

WORDS = {
    "reversed": "reversed",
    BALANCED: "the same in both classes",
    "uniform": "all locations equally often",
    AS_TESTED: "as tested",
    "natural": "as in the cohort",
}
NOTES = {
    "ok": "",
    "too_few": "too few effective nodes for an interval",
    "not_covered": "not defined: locations without tested nodes",
}


def mixes(study: Artefacts) -> list[Part]:
    """Return the parts of the section."""
    frame = tables.read(study.reweighted, REWEIGHTED)
    of_cnn = frame["classifier"].str.startswith("cnn_")
    of = intervals(study)
    return [
        Heading("Audit: other mixes of locations", "other_mixes"),
        "The test set is weighted to other mixes of locations, as another hospital "
        "may have; scores and thresholds stay the same. With the same mix in both "
        "classes the location is no help; reversed, it misleads. Nodes of one status "
        "and location are taken to be alike everywhere.",
        Items(
            tuple(
                _headline(str(name), rows, of.level)
                for name, rows in frame[of_cnn].groupby("classifier", sort=False)
            )
        ),
        picture(study.figures["mixes"]),
        reweighted("mixes", frame[of_cnn], of),
        Folded(
            "The other classifiers", (reweighted("mixes_others", frame[~of_cnn], of),)
        ),
    ]


def _headline(name: str, rows: pd.DataFrame, level: float) -> str:
    """Say what a CNN loses if both classes have the same mix of locations."""
    by_mix = rows.set_index("mix")
    tested, balanced = by_mix.loc[AS_TESTED], by_mix.loc[BALANCED]
    start = f"{printed(name)}: AUC {number(tested['auc'])} as tested"
    if pd.isna(balanced["auc"]):
        return f"{start}; that of equal mixes is {NOTES[str(balanced['note'])]}."
    ends = balanced["auc_lower"], balanced["auc_upper"]
    equal = with_interval(balanced["auc"], *ends, level=level)
    ends = balanced["difference_lower"], balanced["difference_upper"]
    change = with_interval(balanced["difference"], *ends, level=level)
    return (
        f"{start}, {equal} if both classes had the same mix of locations; change "
        f"{change}."
    )


def reweighted(name: str, frame: pd.DataFrame, of: Intervals) -> Grid:
    """Lay out some classifiers, a row a mix.

    Parameters
    ----------
    name
        Of the table.
    frame
        Rows of ``REWEIGHTED``.
    of
        The intervals of the study.
    """
    return lay_out(
        name,
        "What would AUC, sensitivity and specificity be under other mixes of "
        f"locations? Each with its {of.ci} (bootstrap of patients, {of.replicates}). "
        "Effective nodes, positive and negative: how many equally weighted nodes are "
        f"worth as much; no interval below {FEWEST_EFFECTIVE}. The numbers of nodes at "
        "the locations are taken as fixed, unlike in Table 1.",
        [
            CLASSIFIER,
            ("Mix of locations", lambda row: WORDS.get(row["mix"], str(row["mix"]))),
            estimates("AUC", "auc"),
            estimates("Change of the AUC", "difference"),
            estimates("Sensitivity", "sensitivity"),
            estimates("Specificity", "specificity"),
            decimals("PPV", "ppv"),
            decimals("NPV", "npv"),
            ("Effective nodes", _effective),
            ("Remark", lambda row: NOTES[row["note"]]),
        ],
        records_by(frame, "classifier"),
    )


def _effective(row: Row) -> str:
    sides = row["effective_positive"], row["effective_negative"]
    return " + ".join(number(side, 0) for side in sides)
