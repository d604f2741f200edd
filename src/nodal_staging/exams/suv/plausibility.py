"""Doses, weights and uptake times that can be true.

A value outside its limits is refused if the SUV depends on it, and remarked if the
scanner computed the SUV itself.
"""

from dataclasses import dataclass
from typing import NamedTuple

from nodal_staging.exams.suv.pet_slice import PetSlice
from nodal_staging.study.errors import SUVError

BQ_PER_MBQ = 1e6


@dataclass(frozen=True, slots=True)
class Limits:
    """Lowest and highest plausible value: dose in MBq, weight in kg, uptake in min."""

    dose_mbq: tuple[float, float] = (1, 2000)
    weight_kg: tuple[float, float] = (20, 300)
    uptake_min: tuple[float, float] = (5, 300)


LIMITS = Limits()


class Finding(NamedTuple):
    """What is wrong with a header, and how it is corrected."""

    found: str
    fix: str


def tracer_finding(item: PetSlice) -> Finding | None:
    """Find more than one injection in a header."""
    if item.tracers <= 1:
        return None
    return Finding(
        f"RadiopharmaceuticalInformationSequence has {item.tracers} items, expected "
        "one injection",
        "keep only the item of the injection that the series shows",
    )


def dose_finding(item: PetSlice, limits: Limits) -> Finding | None:
    """Find a dose outside its limits; a missing one is not looked at."""
    if item.dose_bq is None or item.dose_bq <= 0:
        return None
    return _outside(
        f"RadionuclideTotalDose is {item.dose_bq / BQ_PER_MBQ:.6g} MBq",
        item.dose_bq / BQ_PER_MBQ,
        limits.dose_mbq,
        "correct it in the header, where its unit is Bq",
    )


def weight_finding(item: PetSlice, limits: Limits) -> Finding | None:
    """Find a weight outside its limits; a missing one is not looked at."""
    if item.weight_kg is None or item.weight_kg <= 0:
        return None
    return _outside(
        f"PatientWeight is {item.weight_kg:.6g} kg",
        item.weight_kg,
        limits.weight_kg,
        "correct it in the header, where its unit is kg",
    )


def refuse(*findings: Finding | None) -> None:
    """Refuse the first finding, as it decides on the SUV.

    Raises
    ------
    SUVError
        If there is one, with its fix.
    """
    for finding in findings:
        if finding is not None:
            raise SUVError(
                f"{finding.found}; {finding.fix}, or leave the pet cell empty"
            )


def remarks(*findings: Finding | None) -> tuple[str, ...]:
    """Return remarks on findings in a header whose SUV the scanner computed."""
    return tuple(
        f"{finding.found}: check that the scanner computed the SUV from the right value"
        for finding in findings
        if finding is not None
    )


def _outside(
    found: str, value: float, limits: tuple[float, float], fix: str
) -> Finding | None:
    low, high = limits
    if low <= value <= high:
        return None
    return Finding(f"{found}, expected {low:g} to {high:,g}", fix)
