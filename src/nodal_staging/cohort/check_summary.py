"""The closing lines of the check of a cohort, for the terminal."""

from pathlib import Path

import pandas as pd

from nodal_staging.cohort.inclusion_criteria import UNDETERMINED
from nodal_staging.cohort.support import support_lines
from nodal_staging.study import reasons
from nodal_staging.tables.rounding import counted

FIXES = {
    code: reason.fix for code, reason in (reasons.CRITERIA | reasons.EXAMS).items()
}


def summarise_check(
    checked: pd.DataFrame,
    page: str | Path,
    support: pd.DataFrame,
    answers: pd.DataFrame,
) -> str:
    """Return what a check found: counts, first sentences, and the page to open.

    Parameters
    ----------
    checked
        Every exam (``tables.CHECKED``).
    page
        Path of the page that shows them.
    support
        What the cohort can support (``SUPPORT``).
    answers
        Of an earlier second look (``SECOND_LOOK``).
    """
    included = int(checked["verdict"].isin(["ok", "remark"]).sum())
    flagged = int(checked["flagged_nodes"].sum())
    lines = [
        f"{counted(len(checked), 'exam', 'exams')} checked, {included} included.",
        *_by_reason(checked, "excluded"),
        *_by_reason(checked, "problem"),
    ]
    if flagged:
        lines.append(f"  implausible masks: {counted(flagged, 'node', 'nodes')}")
    if len(answers):
        lines.append(f"  second look: {_answers(answers)}")
    if not included:
        lines += _no_exam(checked)
    lines += support_lines(support)
    return "\n".join([*lines, f"Open {page} to see every exam.", ""])


def _by_reason(checked: pd.DataFrame, verdict: str) -> list[str]:
    """Count the exams of each reason, with the sentence on the first of them."""
    lines = []
    exams = checked[checked["verdict"] == verdict]
    for reason, group in exams.groupby("reason", sort=True):
        number = counted(len(group), "exam", "exams")
        lines.append(f"  {verdict}, {reason}: {number}; {group['problem'].iloc[0]}")
    return lines


def _no_exam(checked: pd.DataFrame) -> list[str]:
    """Warn that no exam is left, with the fixes of all reasons at once."""
    lacking = [
        code
        for code, column in UNDETERMINED.items()
        if checked[column].eq("undetermined").any()
    ]
    codes = dict.fromkeys([*checked["reason"], *lacking])
    fixes = dict.fromkeys(FIXES[code] for code in codes if code in FIXES)
    return [
        "WARNING: no exam is included, so no CNN can be trained. To include exams:",
        *(f"  - {fix}" for fix in fixes),
    ]


def _answers(answers: pd.DataFrame) -> str:
    """Count what was accepted and doubted."""
    counts = answers["answer"].value_counts()
    return (
        f"{counted(int(counts.get('accept', 0)), 'answer accepts', 'answers accept')}, "
        f"{counted(int(counts.get('doubt', 0)), 'doubts', 'doubt')}"
    )
