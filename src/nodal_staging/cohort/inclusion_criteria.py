"""Inclusion criteria: the exams of the study, and the reason of every other exam.

Exams pass the criteria in the order of ``CRITERIA``; the first that an exam fails is
its reason. The criteria are the paper's: first exam of a patient, contrast-enhanced,
not low-dose, of good quality; and, of any study, usable.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pandas as pd

from nodal_staging import tables
from nodal_staging.cohort.sheets import exam_name
from nodal_staging.study import reasons
from nodal_staging.study.errors import InputError
from nodal_staging.study.files import write_json

UNUSABLE = "unusable"
NONE = "-"

ExamRow = Mapping[str, Any]
"""A row of the exam sheet joined with its inspection."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Requirements of a study on its exams beyond the paper's criteria.

    ``period`` are the first and the last ``day`` of the sheet that count, None for
    all; ``require_pet`` excludes exams whose SUV is not known; ``first_exam_only``
    all but the first exam of a patient.
    """

    period: tuple[float, float] | None = None
    require_pet: bool = False
    first_exam_only: bool = True

    @classmethod
    def of(cls, criteria: Mapping[str, Any]) -> Self:
        """Build the limits from section ``criteria`` of the configuration."""
        period = criteria["period"]
        bounds = None if period is None else (period[0], period[1])
        return cls(bounds, criteria["require_pet"], criteria["first_exam_only"])


@dataclass(frozen=True, slots=True)
class Criterion:
    """A named reason for exclusion: its code, and which exams fail it."""

    code: str
    fails: Callable[[ExamRow, Limits], bool]


def _outside(exam: ExamRow, limits: Limits) -> bool:
    """Return whether the date of an exam is outside the study's period or unknown."""
    if limits.period is None:
        return False
    first, last = limits.period
    day = exam.get("day")
    return day is None or not first <= day <= last


CRITERIA = (
    Criterion(
        "order_undetermined",
        lambda exam, limits: limits.first_exam_only and exam["turn"] == 0,
    ),
    Criterion(
        "follow_up",
        lambda exam, limits: limits.first_exam_only and exam["turn"] > 1,
    ),
    Criterion("outside_period", _outside),
    Criterion("non_contrast", lambda exam, _: exam["contrast"] == "no"),
    Criterion("low_dose", lambda exam, _: exam["low_dose"] == "yes"),
    Criterion("quality", lambda exam, _: exam.get("quality") == "poor"),
    Criterion("unusable", lambda exam, _: exam["reason"] != "ok"),
    Criterion(
        "missing_pet", lambda exam, limits: limits.require_pet and exam["pet"] == "no"
    ),
    Criterion(
        "contrast_undetermined", lambda exam, _: exam["contrast"] == "undetermined"
    ),
    Criterion(
        "low_dose_undetermined", lambda exam, _: exam["low_dose"] == "undetermined"
    ),
)
"""In the order in which they are applied."""

UNDETERMINED = {
    "contrast_undetermined": "contrast",
    "low_dose_undetermined": "low_dose",
}
"""Criteria that fail without evidence, and the column of each."""


class CohortError(InputError):
    """No cohort is left."""

    reason = "empty_cohort"


def select_cohort(
    *,
    exams: str | Path,
    inspections: Iterable[str | Path],
    limits: Limits,
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
    limits
        Requirements of the study beyond the paper's criteria.
    cohort, flow
        Outputs: every exam with ``included`` or the reason (``tables.EXAMS``), and
        the counts of the flow chart (JSON).

    Raises
    ------
    CohortError
        If no exam is left, with the reasons counted.
    """
    joined = apply_criteria(exams, inspections, limits)
    if not joined["included"].eq("yes").any():
        counts = ", ".join(
            f"{reason} {n}" for reason, n in Counter(joined["reason"]).items()
        )
        raise CohortError(
            f"{Path(exams).name}: no exam can be included ({counts}); the first is "
            f"{joined['problem'].iloc[0]}"
        )
    columns = [column for column in tables.EXAMS.columns if column in joined.columns]
    tables.write(joined[columns], cohort, tables.EXAMS)
    write_json(flow, _flow(joined))


def apply_criteria(
    exams: str | Path, inspections: Iterable[str | Path], limits: Limits
) -> pd.DataFrame:
    """Return the judged exams, each with a sentence on why it is not included.

    Parameters
    ----------
    exams, inspections, limits
        As for :func:`judge_exams`.

    Returns
    -------
    The exams as judged; ``problem`` says what is wrong with an exam, and the fix.
    """
    judged = judge_exams(exams, inspections, limits)
    judged["problem"] = [_problem(row) for row in judged.to_dict("records")]
    return judged


def judge_exams(
    exams: str | Path, inspections: Iterable[str | Path], limits: Limits
) -> pd.DataFrame:
    """Return the inspected exams with ``included`` and the code of the reason.

    A patient's exams are inspected together, so a shard can be judged by itself.

    Parameters
    ----------
    exams
        The exam sheet.
    inspections
        Of all shards, or of one.
    limits
        Requirements of the study beyond the paper's criteria.

    Returns
    -------
    The sheet with contrast and dose as inspected, ``criterion`` (the code of the
    first that fails, or ``included``) and ``reason`` (the same, but an unusable
    exam's own).
    """
    seen = pd.concat([tables.read(path, tables.INSPECTIONS) for path in inspections])
    sheet = tables.read(exams, tables.EXAM_SHEET)
    sheet = sheet[sheet["exam_id"].isin(seen["exam_id"])].reset_index(drop=True)
    seen = seen.set_index("exam_id").loc[sheet["exam_id"]].reset_index()
    columns = ["contrast", "low_dose", "pet", "turn", "reason", "problem"]
    columns += ["flags", "notes"]
    joined = sheet.drop(columns=["contrast", "low_dose", "pet"], errors="ignore")
    joined = joined.assign(**{column: seen[column] for column in columns})
    joined["age"] = _ages(sheet, seen)
    rows = joined.to_dict("records")
    joined["criterion"] = [_first_failed(row, limits) for row in rows]
    unusable = joined["criterion"].eq(UNUSABLE)
    joined["reason"] = joined["reason"].where(unusable, joined["criterion"])
    # Nodes of an exam that is left out anyway need no segmentation.
    joined.loc[~unusable & seen["reason"].eq("no_nodes"), "problem"] = NONE
    joined["included"] = joined["reason"].eq("included").map({True: "yes", False: "no"})
    return joined


def _ages(sheet: pd.DataFrame, seen: pd.DataFrame) -> pd.Series:
    """Return the sheet's ages, where it is silent those of the headers."""
    return sheet["age"].fillna(seen["age"]) if "age" in sheet else seen["age"]


def _first_failed(exam: ExamRow, limits: Limits) -> str:
    """Return the code of the first criterion that an exam fails, else ``included``."""
    for criterion in CRITERIA:
        if criterion.fails(exam, limits):
            return criterion.code
    return "included"


def _problem(exam: ExamRow) -> str:
    """Return what is wrong with an exam and the fix; its own problem goes first."""
    if exam["problem"] != NONE or exam["criterion"] in ("included", UNUSABLE):
        return str(exam["problem"])
    codes = [str(exam["criterion"])]
    if codes[0] in UNDETERMINED:
        # What the exam lacks is filled in at one go.
        codes += [
            code
            for code, column in UNDETERMINED.items()
            if exam[column] == "undetermined"
        ]
    sentence = "; ".join(reasons.exclusion(code) for code in dict.fromkeys(codes))
    return f"{exam_name(exam['patient_id'], exam['exam_id'])}: {sentence}"


def _flow(exams: pd.DataFrame) -> dict[str, Any]:
    """Count patients and exams for the flow chart."""
    left_out = exams[exams["included"] == "no"]
    first = left_out[left_out["turn"] <= 1].drop_duplicates("patient_id")
    return {
        "screened": _counts(exams),
        "steps": _steps(exams),
        "included": _counts(exams[exams["included"] == "yes"]),
        "excluded_exams": dict(Counter(left_out["reason"])),
        "excluded_patients": dict(Counter(first["reason"])),
        "criteria": {
            criterion.code: _meaning(criterion.code) for criterion in CRITERIA
        },
    }


def _steps(exams: pd.DataFrame) -> list[dict[str, Any]]:
    """Count what each criterion excludes and what it leaves, in their order."""
    steps = []
    left = exams
    for criterion in CRITERIA:
        failed = left["criterion"] == criterion.code
        out, left = left[failed], left[~failed]
        steps.append(
            {
                "criterion": criterion.code,
                "meaning": _meaning(criterion.code),
                "excluded": _counts(out),
                "reasons": dict(Counter(out["reason"])),
                "left": _counts(left),
            }
        )
    return steps


def _meaning(code: str) -> str:
    """Return what a criterion means."""
    if code == UNUSABLE:
        return "parts are missing or cannot be used; the exam's own reason says why"
    return reasons.CRITERIA[code].meaning


def _counts(exams: pd.DataFrame) -> dict[str, int]:
    return {"patients": int(exams["patient_id"].nunique()), "exams": len(exams)}
