"""What is known of an exam's contrast and dose, and from where.

A sheet, the DICOM header and the descriptions of a series may each say something.
Silence is not denial: a header without contrast agent proves nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from nodal_staging.exams.content.content_limits import ContentLimits
from nodal_staging.exams.dicom import Acquisition, Repairs, Wording
from nodal_staging.exams.suv.input_plausibility import LIMITS, Limits

Verdict = Literal["yes", "no", "undetermined"]


@dataclass(frozen=True, slots=True)
class Rules:
    """How an exam is inspected; sections of the cohort's configuration.

    Attributes
    ----------
    contrast_evidence
        Sources that count: ``sheet``, ``header``, ``description``.
    low_dose_mas, low_dose_mgy
        A CT below this median exposure, or CTDIvol, is a low-dose CT; None: not used.
    wording
        How the site's descriptions call contrast and low dose.
    repairs
        What may be repaired in a series instead of refused.
    content
        Limits of the values, sizes and places in the files; None compares nothing.
    pet_limits
        Plausible dose, weight, height and uptake time of a PET.
    """

    contrast_evidence: tuple[str, ...] = ("sheet", "header", "description")
    low_dose_mas: float | None = None
    low_dose_mgy: float | None = None
    wording: Wording = field(default_factory=Wording)
    repairs: Repairs = field(default_factory=Repairs)
    content: ContentLimits | None = None
    pet_limits: Limits = LIMITS

    @classmethod
    def of(
        cls,
        criteria: Mapping[str, Any],
        repairs: Mapping[str, bool],
        content: Mapping[str, Mapping[str, Any]],
        pet_limits: Mapping[str, Sequence[float]],
    ) -> Self:
        """Build the rules from the sections of the cohort's configuration."""
        return cls(
            contrast_evidence=tuple(criteria["contrast_evidence"]),
            low_dose_mas=criteria["low_dose_mas"],
            low_dose_mgy=criteria["low_dose_mgy"],
            wording=Wording(
                contrast=criteria["contrast_pattern"],
                native=criteria["native_pattern"],
                low_dose=criteria["low_dose_pattern"],
            ),
            repairs=Repairs(**repairs),
            content=ContentLimits.of(content),
            pet_limits=Limits.of(pet_limits),
        )


def contrast(stated: str | None, acquisition: Acquisition, rules: Rules) -> Verdict:
    """Judge whether contrast medium was given.

    Parameters
    ----------
    stated
        What the sheet says: ``yes``, ``no`` or None.

    Returns
    -------
    What all sources say that speak; ``undetermined`` where none does or they differ.
    """
    described = acquisition.contrast_described
    words = {
        "sheet": stated,
        "header": "yes" if acquisition.contrast_agent else None,
        "description": None if described is None else "yes" if described else "no",
    }
    said = {words[source] for source in rules.contrast_evidence} - {None}
    if said == {"yes"}:
        return "yes"
    return "no" if said == {"no"} else "undetermined"


def low_dose(stated: str | None, acquisition: Acquisition, rules: Rules) -> Verdict:
    """Judge whether a CT is a low-dose CT; the sheet decides where it speaks."""
    if stated is not None:
        return "yes" if stated == "yes" else "no"
    if acquisition.low_dose_described:
        return "yes"
    compared = [
        measured < limit
        for measured, limit in (
            (acquisition.exposure_mas, rules.low_dose_mas),
            (acquisition.ctdi_mgy, rules.low_dose_mgy),
        )
        if measured is not None and limit is not None
    ]
    if not compared:
        return "undetermined"
    return "yes" if any(compared) else "no"


def dose_remarks(
    stated: str | None, acquisition: Acquisition, rules: Rules
) -> tuple[str, ...]:
    """Remark on a sheet that denies the low dose of which the headers speak."""
    if stated != "no" or low_dose(None, acquisition, rules) != "yes":
        return ()
    return (
        "column low_dose is no, but the description, the exposure or CTDIvol is that "
        "of a low-dose CT: check the column and the path of the CT",
    )
