"""What is known of an exam's contrast and dose, and from where.

A sheet, the DICOM header and the descriptions of a series may each say something.
Silence is not denial: a header without contrast agent proves nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from nodal_staging.exams.dicom import Acquisition, Repairs, Wording

Verdict = Literal["yes", "no", "undetermined"]


@dataclass(frozen=True, slots=True)
class Rules:
    """How an exam is inspected; sections ``criteria`` and ``repairs`` of the cohort.

    Attributes
    ----------
    contrast_evidence
        Sources that count: ``sheet``, ``header``, ``description``.
    low_dose_mas, low_dose_mgy
        A CT below this median exposure, or CTDIvol, is a low-dose CT; None asks not.
    wording
        How the site's descriptions call contrast and low dose.
    repairs
        What may be mended in a series instead of refused.
    """

    contrast_evidence: tuple[str, ...] = ("sheet", "header", "description")
    low_dose_mas: float | None = None
    low_dose_mgy: float | None = None
    wording: Wording = field(default_factory=Wording)
    repairs: Repairs = field(default_factory=Repairs)

    @classmethod
    def of(cls, criteria: Mapping[str, Any], repairs: Mapping[str, bool]) -> Self:
        """Build the rules from the configuration."""
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
