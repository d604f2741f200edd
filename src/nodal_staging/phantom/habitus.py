"""What differs from patient to patient and says nothing about status."""

from dataclasses import dataclass

import numpy as np

REFERENCE_HALF_WIDTH_MM = 165.0
REFERENCE_HALF_DEPTH_MM = 110.0
UNENHANCED_HU = 42.0
SWAYS = 24


@dataclass(frozen=True, slots=True)
class Habitus:
    """A patient's body and contrast phase.

    Attributes
    ----------
    half_width_mm, half_depth_mm
        Of the trunk at its widest.
    fat_mm
        Thickness of the fat under the skin at reference size.
    fat_hu
        Attenuation of fat.
    artery_hu, vein_hu, kidney_hu, organ_hu
        The contrast phase.
    offset_mm
        Shift of the body in the field of view (x, y).
    phases
        Where along z each landmark sways, in radians.
    """

    half_width_mm: float
    half_depth_mm: float
    fat_mm: float
    fat_hu: float
    artery_hu: float
    vein_hu: float
    kidney_hu: float
    organ_hu: float
    offset_mm: tuple[float, float]
    phases: tuple[float, ...]

    @property
    def scale_x(self) -> float:
        """Width relative to the reference body."""
        return self.half_width_mm / REFERENCE_HALF_WIDTH_MM

    @property
    def scale_y(self) -> float:
        """Depth relative to the reference body."""
        return self.half_depth_mm / REFERENCE_HALF_DEPTH_MM


def draw_habitus(
    width_mm: float, depth_mm: float, *, contrast: bool, rng: np.random.Generator
) -> Habitus:
    """Draw a patient.

    Parameters
    ----------
    width_mm, depth_mm
        Of the largest body.
    contrast
        Whether the vessels are enhanced.
    rng
        The exam's stream.
    """
    size = rng.uniform(0.86, 1.0)
    arterial = rng.uniform(0, 1)
    enhanced = {
        "artery_hu": 145 + 110 * arterial + rng.uniform(-15, 15),
        "vein_hu": 150 - 25 * arterial + rng.uniform(-15, 15),
        "kidney_hu": 185 + rng.uniform(-20, 20),
        "organ_hu": 108 - 20 * arterial + rng.uniform(-8, 8),
    }
    native = dict.fromkeys(("artery_hu", "vein_hu", "kidney_hu"), UNENHANCED_HU)
    return Habitus(
        half_width_mm=0.5 * width_mm * size,
        half_depth_mm=0.5 * depth_mm * size * rng.uniform(0.93, 1.0),
        fat_mm=rng.uniform(9, 22),
        fat_hu=rng.uniform(-112, -95),
        **(enhanced if contrast else native | {"organ_hu": 55.0}),
        offset_mm=(rng.uniform(-4, 4), rng.uniform(-3, 3)),
        phases=tuple(rng.uniform(0, 2 * np.pi, SWAYS)),
    )
