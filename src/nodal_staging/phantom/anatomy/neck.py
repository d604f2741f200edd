"""Shoulder girdle and neck: infra- and supraclavicular and cervical regions."""

from nodal_staging.phantom.canvas import (
    AIR,
    BOWEL,
    CARTILAGE,
    LUNG,
    MUSCLE,
    Canvas,
)

GLAND = 95.0
THYROID = 150.0


def infraclavicular(c: Canvas) -> None:
    """Paint pectoral muscle over the subclavian vessels, lung apex, shoulder joint."""
    h = c.habitus
    c.outline(0, 0, 168, 86, power=2.6)
    c.ellipse(0, 6, 78, 62, MUSCLE)
    c.ribs(70, 54, first=60)
    c.both(42, 10, 30, 36, LUNG)
    c.ellipse(0, 0, 22, 46, h.fat_hu)
    c.vertebra(40, 18, 14)
    c.both(44, 72, 50, 10, MUSCLE, turn_deg=-8)
    c.both(104, 44, 44, 12, MUSCLE, turn_deg=-18)
    c.bones(106, 42, 30, 3.4, turn_deg=-20)
    c.both(146, 0, 17, 34, MUSCLE)
    c.bones(136, 4, 21, 20)
    c.both(84, -60, 58, 11, MUSCLE, turn_deg=14)
    c.both(98, -42, 22, 5, MUSCLE, turn_deg=22)
    c.bones(24, -58, 17, 8, turn_deg=22)
    c.ellipse(0, 6, 10, 9, CARTILAGE, grow=0.5)
    c.ellipse(0, 6, 8, 7, AIR, grow=0.5)
    c.ellipse(4, 20, 7, 5, BOWEL, grow=0.5)
    c.vessel(-14, -20, 7, 6, h.vein_hu)
    c.vessel(12, -22, 8, 5, h.vein_hu)
    c.vessels(14, 0, 4.5, 4.5, h.artery_hu)
    c.vessels(92, -24, 4.6, 4.6, h.artery_hu)
    c.vessels(78, -34, 6.4, 5.4, h.vein_hu)


def supraclavicular(c: Canvas) -> None:
    """Paint clavicles as bars in front, scalene muscles and carotid sheath behind."""
    h = c.habitus
    c.outline(0, 4, 158, 78, power=2.6)
    c.both(96, 42, 48, 17, MUSCLE, turn_deg=-20)
    c.both(34, 56, 36, 20, MUSCLE)
    c.bones(130, 12, 20, 19)
    c.both(124, -14, 30, 12, MUSCLE, turn_deg=18)
    c.bones(82, -34 + 6 * c.into, 46, 6.5, turn_deg=12)
    c.vertebra(34, 16, 13)
    c.both(36, 24, 12, 16, MUSCLE, turn_deg=-20)
    c.both(29, -36, 7, 15, MUSCLE, turn_deg=-38)
    c.ellipse(0, -4, 17, 13, MUSCLE)
    c.both(15, -8, 8, 11, THYROID, turn_deg=-12)
    c.ellipse(0, -4, 10, 9, CARTILAGE, grow=0.5)
    c.ellipse(0, -4, 8, 7, AIR, grow=0.5)
    c.ellipse(4, 11, 7, 4.5, BOWEL, grow=0.5)
    c.vessels(30, -2, 4, 4, h.artery_hu)
    c.vessels(38, -13, 6.4, 5.4, h.vein_hu)
    c.vessels(60, 22, 3.6, 3.6, h.artery_hu)


def cervical(c: Canvas) -> None:
    """Paint a slim neck in air: airway, thyroid, carotid sheath under its muscle."""
    h = c.habitus
    c.outline(0, 4, 66, 74, power=2.2)
    c.both(26, 46, 26, 22, MUSCLE)
    c.both(40, 38, 12, 24, MUSCLE, turn_deg=34)
    c.ellipse(0, 62, 1.5, 18, h.fat_hu)
    c.vertebra(18, 15, 12)
    c.both(21, 14, 9, 9, MUSCLE)
    c.both(49, -8, 7, 18, MUSCLE, turn_deg=-26)
    if c.into < 0.45:
        c.both(16, -26, 9, 14, THYROID, turn_deg=-16)
        c.ellipse(0, -30, 11, 11, CARTILAGE, grow=0.5)
        c.ellipse(0, -30, 9, 9, AIR, grow=0.5)
    else:
        c.ellipse(0, -36, 22, 15, MUSCLE)
        c.both(9, -40, 13, 2.6, CARTILAGE + 90, turn_deg=58)
        c.ellipse(0, -24, 11, 9, MUSCLE + 15)
        c.ellipse(0, -26, 7, 7, AIR)
        c.both(34, -38, 12, 9, GLAND, turn_deg=30)
    c.vessels(29, -6, 3.9, 3.9, h.artery_hu)
    c.vessels(37, -2, 5.6, 4.8, h.vein_hu)
    c.vessels(22, 18, 1.9, 1.9, h.artery_hu)
