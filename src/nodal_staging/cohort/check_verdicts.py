"""Words of the check for what has to be done about an exam."""

from nodal_staging.study import reasons

NONE = "-"
VERDICTS = {
    "problem": "cannot be used until it is repaired",
    "excluded": "left out by a criterion of the study",
    "remark": "included, with a remark",
    "ok": "included",
}
"""In the order of the page: what needs work comes first."""
MEANINGS = {
    code: reason.meaning for code, reason in (reasons.CRITERIA | reasons.EXAMS).items()
}
