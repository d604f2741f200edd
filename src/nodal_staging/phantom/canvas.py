"""Painting of one axial plane with shapes that have soft edges.

Positions and sizes are in mm at reference size, from the middle of the body, x to
the patient's left and y to the back. Positions scale with the body; the size of a
landmark scales with ``scale ** grow``: organs grow with the body, vessels hardly.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from nodal_staging.phantom.habitus import SWAYS, Habitus
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


@dataclass
class Canvas:
    """One axial plane; later shapes cover earlier ones.

    Attributes
    ----------
    x_mm, y_mm
        Coordinates of columns and rows from the middle of the body.
    z_mm
        Height of the plane.
    into
        How far the plane lies into its region, from 0 at the feet to 1.
    habitus
        The patient.
    hu
        The plane ``(y, x)``.
    """

    x_mm: Plane
    y_mm: Plane
    z_mm: float
    into: float
    habitus: Habitus
    hu: Plane
    skin: Plane = field(init=False)
    fat: Plane = field(init=False)

    def __post_init__(self) -> None:
        """Begin outside every outline."""
        self.skin, self.fat = np.zeros_like(self.hu), np.zeros_like(self.hu)

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
        shape.blend(self, self.hu, hu)

    @property
    def pixel_mm(self) -> float:
        """Width of a pixel."""
        return float(self.x_mm[1] - self.x_mm[0])

    def both(
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
        """Paint an ellipse on the left and its mirror image on the right."""
        self.ellipse(x, y, a, b, hu, turn_deg=turn_deg, grow=grow, power=power)
        self.ellipse(-x, y, a, b, hu, turn_deg=-turn_deg, grow=grow, power=power)

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
        shape.blend(self, self.skin, 1.0)
        shape.shrunk(SKIN_MM).blend(self, self.fat, 1.0)
        shape.blend(self, self.hu, self.habitus.fat_hu)

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


@dataclass(frozen=True, slots=True)
class Ellipse:
    """Middle, half axes (mm), turn (radians) and power of a rounded shape."""

    x: float
    y: float
    a: float
    b: float
    turn: float
    power: float

    def shrunk(self, by_mm: float) -> "Ellipse":
        """Return the shape with shorter half axes."""
        return replace(self, a=self.a - by_mm, b=self.b - by_mm)

    def blend(
        self, canvas: Canvas, plane: Plane, value: float, *, only_fat: bool = False
    ) -> None:
        """Blend a value into a plane; the edge of the shape is one pixel wide."""
        columns, rows = self._box(canvas)
        if columns.start >= columns.stop or rows.start >= rows.stop:
            return
        cos, sin = np.cos(self.turn), np.sin(self.turn)
        dx = canvas.x_mm[None, columns] - np.float32(self.x)
        dy = canvas.y_mm[rows, None] - np.float32(self.y)
        u = np.abs(dx * np.float32(cos / self.a) + dy * np.float32(sin / self.a))
        v = np.abs(dy * np.float32(cos / self.b) - dx * np.float32(sin / self.b))
        if self.power == 2:
            radius = np.sqrt(u * u + v * v)
        else:
            radius = (u**self.power + v**self.power) ** np.float32(1 / self.power)
        edge = np.float32(min(self.a, self.b) / canvas.pixel_mm)
        share = np.clip((1 - radius) * edge + np.float32(0.5), 0, 1)
        box = plane[rows, columns]
        if only_fat:
            share = share * ((box > -150) & (box < -50))
        box += share * (np.float32(value) - box)

    def _box(self, canvas: Canvas) -> tuple[slice, slice]:
        """Return columns and rows that the shape can touch."""
        cos, sin = abs(np.cos(self.turn)), abs(np.sin(self.turn))
        reach_x = self.a * cos + self.b * sin + canvas.pixel_mm
        reach_y = self.a * sin + self.b * cos + canvas.pixel_mm
        return (
            _between(canvas.x_mm, self.x - reach_x, self.x + reach_x),
            _between(canvas.y_mm, self.y - reach_y, self.y + reach_y),
        )


def _between(axis: Plane, low: float, high: float) -> slice:
    """Return the places of a rising axis that lie between two coordinates."""
    return slice(int(np.searchsorted(axis, low)), int(np.searchsorted(axis, high)))
