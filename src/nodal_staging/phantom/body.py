"""The synthetic body: nine regions along z, each with the landmarks a reader uses.

Coordinates of a template are ``(x, y)`` in mm from the middle of the body, x to the
left, y to the back. Landmarks scale with the body; nodes do not. Regions are
extruded along z and faded into their neighbours over a few millimetres.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Plane = npt.NDArray[np.float32]

MARGIN_MM = 42.0
"""Body below the first and above the last region, so that patches stay inside."""

REFERENCE_HALF_WIDTH_MM = 110.0
FADE_MM = 4.0

AIR_HU = -1000.0
LUNG_HU = -850.0
MUSCLE_HU = 55.0
ORGAN_HU = 80.0
BONE_HU = 420.0
CORTEX_HU = 750.0

REGIONS = [
    "inguinal",
    "perirectal",
    "iliacal",
    "retroperitoneal",
    "mediastinal",
    "axillary",
    "infraclavicular",
    "supraclavicular",
    "cervical",
]
"""From the feet to the head."""

ANCHORS: dict[str, list[tuple[float, float]]] = {
    "inguinal": [(56, -48), (42, -45), (68, -40)],
    "perirectal": [(25, 14), (24, 30), (10, -6)],
    "iliacal": [(48, -4), (44, 16), (52, -18)],
    "retroperitoneal": [(27, 0), (25, 13), (-2, -17)],
    "mediastinal": [(15, -16), (13, 6), (4, -24)],
    "axillary": [(84, 2), (78, -16), (80, 18)],
    "infraclavicular": [(58, -20), (44, -24), (70, -14)],
    "supraclavicular": [(48, 2), (36, 8), (60, 10)],
    "cervical": [(34, 4), (28, 18), (36, -10)],
}
"""Where nodes of the left side lie, at reference size; the right side mirrors them."""


@dataclass(frozen=True, slots=True)
class Habitus:
    """What differs from patient to patient and says nothing about status.

    ``scale`` multiplies landmarks, ``fat_hu`` is the patient's fat, ``vessel_hu``
    the contrast phase, ``offset_mm`` shifts the body in the field of view (x, y).
    """

    half_width_mm: float
    half_depth_mm: float
    fat_hu: float
    vessel_hu: float
    offset_mm: tuple[float, float]

    @property
    def scale(self) -> float:
        """Size of landmarks relative to the reference."""
        return self.half_width_mm / REFERENCE_HALF_WIDTH_MM


def draw_habitus(
    width_mm: float, depth_mm: float, *, rng: np.random.Generator
) -> Habitus:
    """Draw a patient's body for a field of view of that size."""
    size = rng.uniform(0.86, 1.0)
    return Habitus(
        half_width_mm=0.46 * width_mm * size,
        half_depth_mm=0.44 * depth_mm * size * rng.uniform(0.95, 1.05),
        fat_hu=rng.uniform(-112, -92),
        vessel_hu=rng.uniform(120, 190),
        offset_mm=(rng.uniform(-4, 4), rng.uniform(-3, 3)),
    )


@dataclass
class Canvas:
    """One axial plane being painted; later shapes cover earlier ones."""

    x: Plane
    y: Plane
    habitus: Habitus
    hu: Plane

    def ellipse(
        self, x: float, y: float, a: float, b: float, hu: float, turn_deg: float = 0.0
    ) -> None:
        """Paint an ellipse given at reference size."""
        s = self.habitus.scale
        turn = np.deg2rad(turn_deg)
        dx, dy = self.x - x * s, self.y - y * s
        u = np.cos(turn) * dx + np.sin(turn) * dy
        v = np.cos(turn) * dy - np.sin(turn) * dx
        self.hu[(u / (a * s)) ** 2 + (v / (b * s)) ** 2 <= 1] = hu

    def both(
        self, x: float, y: float, a: float, b: float, hu: float, turn_deg: float = 0.0
    ) -> None:
        """Paint an ellipse on the left and its mirror image on the right."""
        self.ellipse(x, y, a, b, hu, turn_deg)
        self.ellipse(-x, y, a, b, hu, -turn_deg)

    def trunk(self, wall_mm: float = 10.0) -> None:
        """Paint skin, fat and a muscle wall that fill the body's outline."""
        a = self.habitus.half_width_mm / self.habitus.scale
        b = self.habitus.half_depth_mm / self.habitus.scale
        self.ellipse(0, 0, a, b, MUSCLE_HU - 40)
        self.ellipse(0, 0, a - 2, b - 2, self.habitus.fat_hu)
        if wall_mm:
            self.ellipse(0, 0, a - 10, b - 10, MUSCLE_HU)
            self.ellipse(0, 0, a - 10 - wall_mm, b - 10 - wall_mm, self.habitus.fat_hu)


def _inguinal(c: Canvas) -> None:
    """Paint two thighs: femoral vessels under the skin, femur and muscle behind."""
    fat, vessel = c.habitus.fat_hu, c.habitus.vessel_hu
    c.both(54, 0, 52, 66, MUSCLE_HU - 40)
    c.both(54, 0, 50, 64, fat)
    c.both(54, 24, 42, 34, MUSCLE_HU)
    c.both(62, 26, 15, 15, CORTEX_HU)
    c.both(62, 26, 10, 10, 150)
    c.both(50, -24, 7, 7, vessel)
    c.both(64, -22, 6, 6, vessel - 25)


def _perirectal(c: Canvas) -> None:
    """Paint rectum with gas in its fat, sacrum behind, bladder in front."""
    c.trunk(14)
    c.both(72, 12, 16, 34, MUSCLE_HU)
    c.both(58, -12, 10, 26, CORTEX_HU, 15)
    c.ellipse(0, -40, 34, 20, 15)
    c.ellipse(0, 56, 36, 11, CORTEX_HU)
    c.ellipse(0, 57, 32, 7, 220)
    c.ellipse(0, 18, 15, 14, MUSCLE_HU)
    c.ellipse(0, 17, 10, 9, -900)


def _iliacal(c: Canvas) -> None:
    """Paint iliac wing, psoas, and the pair of iliac vessels between them."""
    vessel = c.habitus.vessel_hu
    c.trunk(8)
    c.both(76, 6, 9, 46, CORTEX_HU, -18)
    c.both(76, 6, 5, 42, 250, -18)
    c.both(62, 12, 12, 26, MUSCLE_HU, -18)
    c.ellipse(0, 48, 26, 20, BONE_HU)
    c.both(26, 4, 8, 8, vessel)
    c.both(30, 22, 9, 7, vessel - 25)
    c.ellipse(4, -34, 26, 14, ORGAN_HU - 50)


def _retroperitoneal(c: Canvas) -> None:
    """Paint aorta and vena cava before the vertebra, psoas and kidneys beside."""
    vessel = c.habitus.vessel_hu
    c.trunk(8)
    c.ellipse(0, 36, 24, 20, BONE_HU)
    c.ellipse(0, 62, 8, 7, MUSCLE_HU)
    c.both(34, 34, 13, 15, MUSCLE_HU)
    c.both(70, 20, 17, 25, 150)
    c.ellipse(10, 2, 11, 11, vessel)
    c.ellipse(-16, 3, 12, 9, vessel - 25)
    c.ellipse(0, -52, 60, 12, ORGAN_HU - 30)


def _mediastinal(c: Canvas) -> None:
    """Paint lungs on both sides, trachea with its ring, aortic arch, sternum."""
    fat, vessel = c.habitus.fat_hu, c.habitus.vessel_hu
    c.trunk(8)
    c.both(54, 4, 42, 52, LUNG_HU)
    c.ellipse(0, -4, 26, 52, fat)
    c.ellipse(0, 46, 20, 17, BONE_HU)
    c.ellipse(0, -58, 20, 7, BONE_HU)
    c.ellipse(-1, -2, 10, 10, MUSCLE_HU)
    c.ellipse(-1, -2, 8, 8, AIR_HU)
    c.ellipse(20, 12, 10, 16, vessel, 10)
    c.ellipse(-17, -20, 8, 9, vessel - 25)


def _axillary(c: Canvas) -> None:
    """Paint fat of the axilla between ribs with lung and the muscles of the arm pit."""
    fat, vessel = c.habitus.fat_hu, c.habitus.vessel_hu
    c.trunk(0)
    c.ellipse(0, 0, 62, 58, MUSCLE_HU)
    c.ellipse(0, 0, 55, 52, LUNG_HU)
    c.ellipse(0, 0, 22, 52, fat + 130)
    for angle in range(-60, 61, 30):
        turn = np.deg2rad(angle)
        c.both(58 * np.cos(turn), 55 * np.sin(turn), 3.5, 9, CORTEX_HU, angle)
    c.both(76, -40, 22, 6, MUSCLE_HU, 25)
    c.both(78, 38, 20, 8, MUSCLE_HU, -25)
    c.both(92, -10, 3.5, 3.5, vessel)
    c.both(93, 8, 3.5, 3.5, vessel - 25)


def _infraclavicular(c: Canvas) -> None:
    """Paint pectoral muscle in front, subclavian vessels, the lung apex behind."""
    vessel = c.habitus.vessel_hu
    c.trunk(0)
    c.both(44, 16, 30, 26, LUNG_HU)
    c.ellipse(0, 10, 16, 40, MUSCLE_HU)
    c.ellipse(0, 44, 20, 16, BONE_HU)
    c.both(56, -44, 36, 8, MUSCLE_HU, 8)
    c.both(30, -40, 14, 6, CORTEX_HU, 20)
    c.both(84, 14, 8, 24, CORTEX_HU, -10)
    c.both(72, -28, 5.5, 5.5, vessel)
    c.both(50, -8, 6, 5, vessel - 25)


def _supraclavicular(c: Canvas) -> None:
    """Paint the clavicle as a bar in front, scalene muscles and thin vessels behind."""
    vessel = c.habitus.vessel_hu
    c.trunk(0)
    c.ellipse(0, 40, 20, 16, BONE_HU)
    c.both(52, -18, 34, 7, CORTEX_HU, -12)
    c.both(52, -18, 30, 3.5, 250, -12)
    c.both(26, 26, 11, 13, MUSCLE_HU)
    c.both(60, 32, 26, 10, MUSCLE_HU, -10)
    c.ellipse(0, -2, 9, 9, MUSCLE_HU)
    c.ellipse(0, -2, 7, 7, AIR_HU)
    c.both(24, 0, 5, 5, vessel)
    c.both(30, -8, 5, 4, vessel - 25)


def _cervical(c: Canvas) -> None:
    """Paint a slim neck in air: airway, vertebra, carotid, jugular, muscles."""
    vessel = c.habitus.vessel_hu
    c.ellipse(0, 8, 54, 58, MUSCLE_HU - 40)
    c.ellipse(0, 8, 52, 56, c.habitus.fat_hu)
    c.ellipse(0, 28, 15, 13, BONE_HU)
    c.both(18, 46, 15, 11, MUSCLE_HU)
    c.both(42, -12, 5, 13, MUSCLE_HU, 20)
    c.ellipse(0, -14, 13, 12, ORGAN_HU + 30)
    c.ellipse(0, -14, 7, 8, AIR_HU)
    c.both(20, -2, 4, 4, vessel)
    c.both(22, 8, 5.5, 5, vessel - 25)


PAINTERS: dict[str, Callable[[Canvas], None]] = {
    "inguinal": _inguinal,
    "perirectal": _perirectal,
    "iliacal": _iliacal,
    "retroperitoneal": _retroperitoneal,
    "mediastinal": _mediastinal,
    "axillary": _axillary,
    "infraclavicular": _infraclavicular,
    "supraclavicular": _supraclavicular,
    "cervical": _cervical,
}


def region_span_mm(location: str, region_height_mm: float) -> tuple[float, float]:
    """Return where a region begins and ends above the first slice."""
    bottom = MARGIN_MM + REGIONS.index(location) * region_height_mm
    return bottom, bottom + region_height_mm


def body_height_mm(region_height_mm: float) -> float:
    """Return the height of all regions with the margins."""
    return 2 * MARGIN_MM + len(REGIONS) * region_height_mm


def paint_body(
    x_mm: Plane, y_mm: Plane, z_mm: Plane, habitus: Habitus, region_height_mm: float
) -> Plane:
    """Paint the body without nodes.

    Parameters
    ----------
    x_mm, y_mm
        Coordinates of columns and rows from the middle of the field of view.
    z_mm
        Heights of the slices above the first.
    habitus
        The patient's body.
    region_height_mm
        Height of a region.

    Returns
    -------
    HU ``(z, y, x)``.
    """
    x, y = np.meshgrid(x_mm - habitus.offset_mm[0], y_mm - habitus.offset_mm[1])
    templates = np.stack([_template(x, y, habitus, name) for name in REGIONS])
    place = (z_mm - MARGIN_MM) / region_height_mm - 0.5
    lower = np.clip(np.floor(place), 0, len(REGIONS) - 1).astype(int)
    upper = np.minimum(lower + 1, len(REGIONS) - 1)
    into_upper = ((place - lower) - 0.5) * region_height_mm / FADE_MM + 0.5
    weight = np.clip(into_upper, 0, 1).astype(np.float32)[:, None, None]
    hu: Plane = templates[lower] * (1 - weight) + templates[upper] * weight
    return hu


def _template(x: Plane, y: Plane, habitus: Habitus, location: str) -> Plane:
    canvas = Canvas(x, y, habitus, np.full(x.shape, AIR_HU, dtype=np.float32))
    PAINTERS[location](canvas)
    return canvas.hu
