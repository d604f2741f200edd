"""Painting of one axial plane with shapes that have soft edges.

Positions and sizes are in mm at reference size, from the middle of the body, x to
the patient's left and y to the back. Positions scale with the body; the size of a
landmark scales with ``scale ** grow``: organs grow with the body, vessels hardly.
"""

from dataclasses import dataclass, field

import numpy as np

from nodal_staging.phantom.habitus import SWAYS, Habitus
from nodal_staging.phantom.shapes import Ellipse, Raster, Stroke, paint
from nodal_staging.study.arrays import Plane

AIR = -1000.0
GAS = -940.0
LUNG = -860.0
SKIN = 30.0
MUSCLE = 58.0
WATER = 10.0
BOWEL = 70.0
CHYME = 25.0
CARTILAGE = 130.0
MARROW = 210.0
CORTEX = 720.0

SKIN_MM = 2.0
SWAY_MM = 1.8
SWAY_LENGTH_MM = 80.0
VESSEL_GROWTH = 0.4


HU_LAYER, SKIN_LAYER, FAT_LAYER = range(3)


@dataclass
class Canvas:
    """One axial plane; later shapes cover earlier ones.

    Shapes are drawn as strokes, which ``paint`` paints.

    Attributes
    ----------
    raster
        Pixels of the plane, from the middle of the body.
    z_mm
        Height of the plane.
    into
        How far the plane lies into its region, from 0 at the feet to 1.
    habitus
        The patient.
    hu, skin, fat
        The plane ``(y, x)``, and which share of each pixel lies within the outlines of
        the body and of its fat.
    strokes
        What has been drawn.
    """

    raster: Raster
    z_mm: float
    into: float
    habitus: Habitus
    hu: Plane
    strokes: list[Stroke] = field(default_factory=list)
    skin: Plane = field(init=False)
    fat: Plane = field(init=False)

    def __post_init__(self) -> None:
        """Begin outside every outline."""
        self.skin, self.fat = np.zeros_like(self.hu), np.zeros_like(self.hu)
        self.raster.next_plane()

    def ellipse(
        self,
        x: float,
        y: float,
        a: float,
        b: float,
        hu: float,
        *,
        turn_deg: float = 0.0,
        grow: float = 1.0,
        power: float = 2.0,
    ) -> None:
        """Paint an ellipse, or with a power above 2 a rounded box."""
        sx, sy = self.habitus.scale_x, self.habitus.scale_y
        if turn_deg:
            a, b = a * (sx * sy) ** (grow / 2), b * (sx * sy) ** (grow / 2)
        else:
            a, b = a * sx**grow, b * sy**grow
        shape = Ellipse(x * sx, y * sy, a, b, np.deg2rad(turn_deg), power)
        self.strokes.append(Stroke(HU_LAYER, shape, hu))

    def both(
        self,
        x: float,
        y: float,
        a: float,
        b: float,
        hu: float,
        *,
        turn_deg: float = 0.0,
        **shape: float,
    ) -> None:
        """Paint an ellipse on the left and its mirror image on the right.

        ``shape`` are ``grow`` and ``power`` of ``ellipse``.
        """
        self.ellipse(x, y, a, b, hu, turn_deg=turn_deg, **shape)
        self.ellipse(-x, y, a, b, hu, turn_deg=-turn_deg, **shape)

    def vessel(self, x: float, y: float, a: float, b: float, hu: float) -> None:
        """Paint a vessel, which sways along z and hardly grows with the body."""
        dx, dy = self.sway(x), self.sway(y + 7)
        self.ellipse(x + dx, y + dy, a, b, hu, grow=VESSEL_GROWTH)

    def vessels(self, x: float, y: float, a: float, b: float, hu: float) -> None:
        """Paint a vessel on either side."""
        self.vessel(x, y, a, b, hu)
        self.vessel(-x, y, a, b, hu)

    def bone(
        self, x: float, y: float, a: float, b: float, *, turn_deg: float = 0.0
    ) -> None:
        """Paint a bone: cortex around marrow."""
        rim = min(2.6, 0.35 * min(a, b))
        self.ellipse(x, y, a, b, CORTEX, turn_deg=turn_deg)
        self.ellipse(x, y, a - rim, b - rim, MARROW, turn_deg=turn_deg)

    def bones(
        self, x: float, y: float, a: float, b: float, *, turn_deg: float = 0.0
    ) -> None:
        """Paint a bone on either side."""
        self.bone(x, y, a, b, turn_deg=turn_deg)
        self.bone(-x, y, a, b, turn_deg=-turn_deg)

    def vertebra(self, y: float, a: float, b: float) -> None:
        """Paint a vertebra around its canal, with its processes."""
        self.bones(0.75 * a, y + 1.15 * b, 0.75 * a, 4.5, turn_deg=18)
        self.bone(0, y + 2.35 * b, 3.5, 0.6 * b)
        self.ellipse(0, y + 1.35 * b, 0.62 * a, 0.55 * b, CORTEX)
        self.bone(0, y, a, b)
        self.ellipse(0, y + 1.3 * b, 0.42 * a, 0.36 * b, 35)

    def bowel(self, x: float, y: float, radius: float, key: int) -> None:
        """Paint a loop of bowel; its size and content change along z."""
        turn = self.phase(key) + 2 * np.pi * self.z_mm / 55
        r = radius * (0.8 + 0.2 * np.sin(turn))
        gas = np.sin(turn + 1) > 0.55
        dx, dy = 4 * np.sin(0.7 * turn), 4 * np.cos(0.7 * turn)
        self.ellipse(x + dx, y + dy, r, 0.85 * r, BOWEL)
        self.ellipse(x + dx, y + dy, r - 3, 0.85 * r - 3, CHYME)
        if gas:
            self.ellipse(x + dx, y + dy - 0.3 * r, 0.62 * r, 0.38 * r, GAS)

    def ribs(self, a: float, b: float, *, first: int = 15, last: int = 165) -> None:
        """Paint ribs, which descend around the chest, where the plane cuts them."""
        shift = (0.5 * self.z_mm) % 30
        for angle in np.arange(first - 30 + shift, last, 30.0):
            if angle < first:
                continue
            turn = np.deg2rad(angle - 90)
            x, y = a * np.cos(turn), b * np.sin(turn)
            tangent = np.rad2deg(np.arctan2(b * np.cos(turn), -a * np.sin(turn)))
            self.bones(x, y, 9, 4, turn_deg=tangent)

    def outline(
        self, x: float, y: float, a: float, b: float, *, power: float = 2.3
    ) -> None:
        """Fill an outline of the body with fat; ``dress`` puts its skin on."""
        sx, sy = self.habitus.scale_x, self.habitus.scale_y
        shape = Ellipse(x * sx, y * sy, a * sx, b * sy, 0.0, power)
        self.strokes += [
            Stroke(FAT_LAYER, shape.shrunk(SKIN_MM), 1.0),
            Stroke(SKIN_LAYER, shape, 1.0),
            Stroke(HU_LAYER, shape, self.habitus.fat_hu),
        ]

    def paint(self) -> None:
        """Paint what was drawn."""
        layers = (self.hu, self.skin, self.fat)
        paint(self.raster, layers, self.strokes)

    def dress(self, outside: Plane) -> None:
        """Cover the outlines with skin and put the surroundings around them."""
        self.hu *= self.fat
        self.hu += (self.skin - self.fat) * np.float32(SKIN)
        self.hu += (1 - self.skin) * outside

    def wall(self, a: float, b: float, thickness: float, *, power: float = 2.3) -> None:
        """Paint a wall of muscle under the fat of an outline of that size."""
        a, b = a - self.habitus.fat_mm, b - 0.8 * self.habitus.fat_mm
        self.ellipse(0, 0, a, b, MUSCLE, power=power)
        inner = (a - thickness, b - thickness)
        self.ellipse(0, 0, *inner, self.habitus.fat_hu, power=power)

    def sway(self, key: float) -> float:
        """Return how far a landmark lies off its place at this height, in mm."""
        turn = self.phase(int(abs(key))) + 2 * np.pi * self.z_mm / SWAY_LENGTH_MM
        return float(SWAY_MM * np.sin(turn))

    def phase(self, key: int) -> float:
        """Return the phase in which the landmark of that number sways."""
        return self.habitus.phases[key % SWAYS]
