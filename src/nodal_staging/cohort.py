"""Who is in the study, and why the others are not.

Exams pass the criteria in the order of ``CRITERIA``; the first that an exam fails is
its reason. The criteria are the paper's: first exam of a patient, contrast-enhanced,
not low-dose, of good quality; and, of any study, usable.
"""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from nodal_staging import tables
from nodal_staging.files import write_json
from nodal_staging.problems import InputError

CRITERIA = {
    "follow_up": "not the first exam of the patient",
    "non_contrast": "CT without contrast medium",
    "contrast_undetermined": "sheet and header do not tell whether contrast was given",
    "low_dose": "low-dose CT",
    "low_dose_undetermined": "sheet and header do not tell the dose",
    "quality": "poor image quality",
}


class CohortError(InputError):
    """No cohort is left."""

    reason = "empty_cohort"


def select_cohort(
    *,
    exams: str | Path,
    inspections: Iterable[str | Path],
    cohort: str | Path,
    flow: str | Path,
) -> None:
    """Apply the criteria to every exam.

    Parameters
    ----------
    exams
        The exam sheet.
    inspections
        What the inspection of each shard found (``tables.INSPECTIONS``).
    cohort, flow
        Outputs: every exam with ``included`` or the reason (``tables.EXAMS``), and
        the counts of the flow chart (JSON).

    Raises
    ------
    CohortError
        If no exam is left, with the reasons counted.
    """
    joined = apply_criteria(exams, inspections)
    if not joined["included"].eq("yes").any():
        counts = ", ".join(
            f"{reason} {n}" for reason, n in Counter(joined["reason"]).items()
        )
        raise CohortError(
            f"{Path(exams).name}: no exam can be included ({counts}); "
            "correct the sheet or the exams"
        )
    columns = [column for column in tables.EXAMS.columns if column in joined.columns]
    tables.write(joined[columns], cohort, tables.EXAMS)
    write_json(flow, _flow(joined))


def apply_criteria(
    exams: str | Path, inspections: Iterable[str | Path]
) -> pd.DataFrame:
    """Return the inspected exams with ``included`` and the reason.

    A patient's exams are inspected together, so a shard can be judged by itself.

    Parameters
    ----------
    exams
        The exam sheet.
    inspections
        Of all shards, or of one.
    """
    seen = pd.concat([tables.read(path, tables.INSPECTIONS) for path in inspections])
    sheet = tables.read(exams, tables.EXAM_SHEET)
    sheet = sheet[sheet["exam_id"].isin(seen["exam_id"])].reset_index(drop=True)
    seen = seen.set_index("exam_id").loc[sheet["exam_id"]].reset_index()
    joined = sheet.drop(columns=["contrast", "low_dose"], errors="ignore").assign(
        **{
            column: seen[column]
            for column in ("contrast", "low_dose", "reason", "problem")
        }
    )
    joined["first"] = _is_first(joined)
    joined["reason"] = [_reason(row) for row in joined.to_dict("records")]
    joined["included"] = joined["reason"].eq("included").map({True: "yes", False: "no"})
    return joined


def _is_first(exams: pd.DataFrame) -> pd.Series:
    """Tell for each exam whether it is the patient's first."""
    if "day" not in exams.columns:
        return pd.Series(True, index=exams.index)
    first_day = exams.groupby("patient_id")["day"].transform("min")
    return exams["day"].eq(first_day) | first_day.isna()


def _reason(exam: dict[str, Any]) -> str:
    """Return the first criterion that an exam fails, else ``included``."""
    if not exam["first"]:
        return "follow_up"
    if exam["contrast"] == "no":
        return "non_contrast"
    if exam["low_dose"] == "yes":
        return "low_dose"
    if exam.get("quality") == "poor":
        return "quality"
    if exam["reason"] != "ok":
        return str(exam["reason"])
    if exam["contrast"] == "undetermined":
        return "contrast_undetermined"
    if exam["low_dose"] == "undetermined":
        return "low_dose_undetermined"
    return "included"


def _flow(exams: pd.DataFrame) -> dict[str, Any]:
    """Count patients and exams for the flow chart."""
    included = exams[exams["included"] == "yes"]
    first = exams[exams["first"]]
    return {
        "screened": {
            "patients": int(exams["patient_id"].nunique()),
            "exams": len(exams),
        },
        "included": {
            "patients": int(included["patient_id"].nunique()),
            "exams": len(included),
        },
        "excluded_exams": dict(Counter(exams.loc[exams["included"] == "no", "reason"])),
        "excluded_patients": dict(
            Counter(first.loc[first["included"] == "no", "reason"])
        ),
        "criteria": CRITERIA,
    }
