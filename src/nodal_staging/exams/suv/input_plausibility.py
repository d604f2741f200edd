"""Plausibility of the inputs of SUV: dose, weight, height and uptake time.

A value outside its limits is refused if the SUV depends on it, and remarked if the
scanner computed the SUV itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

from nodal_staging.exams.suv.pet_slice import PetSlice
from nodal_staging.study.errors import InputError, SUVError

BQ_PER_MBQ = 1e6
CM_PER_M = 100
BODY_MASS_INDEX = 8, 110
"""In kg per square metre; children and the heaviest adults lie within."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Lowest and highest plausible value.

    Dose is in MBq, weight in kg, uptake time in min, height in cm.
    """

    dose_mbq: tuple[float, float] = (1, 2000)
    weight_kg: tuple[float, float] = (20, 300)
    uptake_min: tuple[float, float] = (5, 300)
    height_cm: tuple[float, float] = (50, 250)

    @classmethod
    def of(cls, limits: Mapping[str, Sequence[float]]) -> Self:
        """Build the limits from section ``cohort.pet_limits`` of the configuration.

        Raises
        ------
        InputError
            If the lowest value is not below the highest.
        """
        for name, (low, high) in limits.items():
            if not low < high:
                raise InputError(
                    f"cohort.pet_limits.{name} is {low:g} to {high:g}; write the "
                    "lowest value first"
                )
        return cls(**{name: (low, high) for name, (low, high) in limits.items()})


LIMITS = Limits()


class Finding(NamedTuple):
    """What is wrong with a header, and how it is corrected."""

    found: str
    fix: str


def tracer_finding(item: PetSlice) -> Finding | None:
    """Find more than one injection in a header, unless the sheet chose one."""
    if item.tracers <= 1 or item.chosen_tracer is not None:
        return None
    return Finding(
        f"RadiopharmaceuticalInformationSequence has {item.tracers} items, expected "
        "one injection",
        "write the number of the item of the injection that the series shows, 1 to "
        f"{item.tracers}, into the column injection of exams.tsv",
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


def height_finding(item: PetSlice, limits: Limits) -> Finding | None:
    """Find a height outside its limits; a missing one is not looked at."""
    if item.size_m is None or item.size_m <= 0:
        return None
    return _outside(
        f"PatientSize is {CM_PER_M * item.size_m:.6g} cm",
        CM_PER_M * item.size_m,
        limits.height_cm,
        "correct it in the header, where its unit is m",
    )


def body_remarks(item: PetSlice) -> tuple[str, ...]:
    """Remark on a weight that does not belong to the height, as of swapped values."""
    if not item.weight_kg or not item.size_m:
        return ()
    low, high = BODY_MASS_INDEX
    if low <= item.weight_kg / item.size_m**2 <= high:
        return ()
    return (
        f"PatientWeight is {item.weight_kg:.6g} kg and PatientSize "
        f"{CM_PER_M * item.size_m:.6g} cm, expected {low:g} to {high:g} kg per square "
        "metre: check that the two were not swapped",
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
