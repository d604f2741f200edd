"""The reference of reason codes, from the table in the package."""

from nodal_staging.study.reasons import CRITERIA, EXAMS, INPUTS, Reason
from reference_pages.markdown import code, prose, table

INTRODUCTION = """\
# Reason codes

Made from `nodal_staging.study.reasons`. The codes are in the column `reason` of
`check/exams.tsv`, `cohort/exams.tsv` and `predictions/<name>/exams.tsv`. The column
`problem` has the sentence for the exam, which names the file, the finding and the fix.
"""

PARTS = (
    ("Criteria of the study", CRITERIA),
    ("Exams that cannot be used", EXAMS),
    ("Inputs that are refused", INPUTS),
)


def reasons_page() -> str:
    """Return the page: a table for each kind of reason."""
    parts = [INTRODUCTION]
    for title, reasons in PARTS:
        parts += [f"## {title}", table(["Code", "Meaning", "Fix"], _rows(reasons))]
    return "\n\n".join(parts) + "\n"


def _rows(reasons: dict[str, Reason]) -> list[list[str]]:
    return [
        [code(name), prose(reason.meaning), prose(reason.fix)]
        for name, reason in reasons.items()
    ]
