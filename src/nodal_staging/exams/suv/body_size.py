"""Body measures by which other SUVs than that of body weight are scaled.

References
----------
DICOM PS3.16, codes 126401 to 126407; James 1976; Janmahasatian et al. 2005;
Du Bois & Du Bois 1916.
"""

from collections.abc import Callable

from nodal_staging.exams.suv.pet_slice import PetSlice, missing, required
from nodal_staging.study.errors import SUVError

CM2_PER_M2 = 10_000


def lean_mass_james_kg(weight_kg: float, size_m: float, sex: str) -> float:
    """Return lean body mass after James, multiplier 120 for men (SUVType LBM)."""
    return _james_kg(weight_kg, size_m, sex, 120)


def lean_mass_james_128_kg(weight_kg: float, size_m: float, sex: str) -> float:
    """Return lean body mass after James, multiplier 128 for men (LBMJAMES128)."""
    return _james_kg(weight_kg, size_m, sex, 128)


def _james_kg(weight_kg: float, size_m: float, sex: str, multiplier: float) -> float:
    ratio = weight_kg / (100 * size_m)
    if sex == "M":
        return 1.10 * weight_kg - multiplier * ratio**2
    return 1.07 * weight_kg - 148 * ratio**2


def lean_mass_janmahasatian_kg(weight_kg: float, size_m: float, sex: str) -> float:
    """Return lean body mass after Janmahasatian (SUVType LBMJANMA)."""
    index = weight_kg / size_m**2
    base, slope = (6680, 216) if sex == "M" else (8780, 244)
    return 9270 * weight_kg / (base + slope * index)


def ideal_weight_kg(weight_kg: float, size_m: float, sex: str) -> float:
    """Return ideal body weight (SUVType IBW); it does not depend on the weight."""
    beyond_cm = 100 * size_m - 152
    return 48.0 + 1.06 * beyond_cm if sex == "M" else 45.5 + 0.91 * beyond_cm


def surface_cm2(weight_kg: float, size_m: float) -> float:
    """Return body surface area after Du Bois."""
    return float(0.007184 * weight_kg**0.425 * (100 * size_m) ** 0.725 * CM2_PER_M2)


MASSES: dict[str, Callable[[float, float, str], float]] = {
    "LBM": lean_mass_james_kg,
    "LBMJAMES128": lean_mass_james_128_kg,
    "LBMJANMA": lean_mass_janmahasatian_kg,
    "IBW": ideal_weight_kg,
}


def weight_over_mass(item: PetSlice) -> float:
    """Return the factor from an SUV of another mass (GML) to that of body weight."""
    if item.suv_type in {"", "BW"}:
        return 1.0
    if item.suv_type not in MASSES:
        raise SUVError(
            f"SUVType is not BW or one of {', '.join(MASSES)}; ask for a series in "
            "BQML, or leave the pet cell empty"
        )
    weight_kg, size_m = _weight_and_size(item)
    if item.sex not in {"M", "F"}:
        raise missing(item, "PatientSex")
    mass_kg = MASSES[item.suv_type](weight_kg, size_m, item.sex)
    if mass_kg <= 0:
        raise SUVError(
            f"PatientSize and PatientWeight give no {item.suv_type}; "
            "correct them, or leave the pet cell empty"
        )
    return weight_kg / mass_kg


def weight_over_surface(item: PetSlice) -> float:
    """Return the factor from an SUV of body surface (CM2ML) to that of body weight."""
    weight_kg, size_m = _weight_and_size(item)
    return 1000 * weight_kg / surface_cm2(weight_kg, size_m)


def _weight_and_size(item: PetSlice) -> tuple[float, float]:
    """Return weight in kg and size in m, both required."""
    weight_kg = required(item, "PatientWeight", item.weight_kg)
    return weight_kg, required(item, "PatientSize", item.size_m)
