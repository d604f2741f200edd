"""Abdomen and chest: retroperitoneal, mediastinal and axillary regions."""

from nodal_staging.phantom.canvas import AIR, BOWEL, LUNG, MUSCLE, SKIN, WATER, Canvas

CARTILAGE_RING = 75.0


def retroperitoneal(c: Canvas) -> None:
    """Paint aorta and vena cava before the spine, kidneys aside, bowel in front."""
    h = c.habitus
    c.outline(0, 0, 148, 104)
    c.wall(148, 104, 12)
    c.both(34, 84, 26, 14, MUSCLE)
    c.both(92, 66, 34, 9, MUSCLE, turn_deg=-38)
    c.vertebra(44, 23, 17)
    c.both(40, 46, 15, 19, MUSCLE)
    _kidney(c, 82, 30, size=1.0 - 0.5 * abs(c.into - 0.6))
    _kidney(c, -84, 34, size=1.0 - 0.5 * abs(c.into - 0.4))
    c.ellipse(-88, -30, 44 * (0.4 + 0.8 * c.into), 48, h.organ_hu, turn_deg=18)
    for number, (x, y) in enumerate(((86, -30), (58, -52), (22, -62), (-18, -60))):
        c.bowel(x, y, 19, number + 4)
    c.ellipse(16, -30, 34, 8, BOWEL + 25, turn_deg=-14)
    c.ellipse(-26, -26, 13, 11, BOWEL)
    c.vessel(2, -22, 4, 4, h.artery_hu)
    c.vessel(-10, -22, 5, 5, h.vein_hu)
    c.vessel(9, 10, 10, 10, h.artery_hu)
    c.vessel(-20, 12, 12.5, 9, h.vein_hu)
    c.vessels(46, 18, 2.3, 2.3, WATER + 20)


def _kidney(c: Canvas, x: float, y: float, *, size: float) -> None:
    """Paint a kidney: enhanced cortex around the fat of its sinus."""
    turn = -22 if x > 0 else 22
    c.ellipse(x, y, 25 * size, 34 * size, c.habitus.kidney_hu, turn_deg=turn)
    inner = x - 6 if x > 0 else x + 6
    c.ellipse(inner, y - 2, 10 * size, 16 * size, c.habitus.fat_hu, turn_deg=turn)
    c.ellipse(inner, y - 2, 5 * size, 7 * size, WATER, turn_deg=turn)


def mediastinal(c: Canvas) -> None:
    """Paint great vessels and windpipe between the lungs, spine and breast bone."""
    h = c.habitus
    c.outline(0, 0, 150, 104)
    c.wall(150, 104, 14)
    c.ribs(128, 88)
    c.both(72, 2, 58, 80, LUNG, power=2.3)
    c.ellipse(0, -2, 46, 84, h.fat_hu, power=2.2)
    c.both(78, 4, 48, 70, LUNG)
    c.ellipse(0, -84, 19, 6, MUSCLE)
    c.bone(0, -82, 17, 6)
    c.vertebra(56, 20, 16)
    c.vessel(-30, -14, 9, 10, h.vein_hu)
    c.vessel(-6, -32, 16, 16, h.artery_hu)
    if c.into < 0.6:
        c.vessel(20, -16, 15, 13, h.vein_hu + 15)
    else:
        c.ellipse(14, -12, 32, 11, h.artery_hu, turn_deg=38)
    c.vessel(25, 38, 12, 12, h.artery_hu)
    c.ellipse(4, 27, 9, 6.5, BOWEL, grow=0.5)
    if c.into < 0.35:
        c.both(17, 12, 7.5, 7.5, MUSCLE, grow=0.5)
        c.both(17, 12, 5.8, 5.8, AIR, grow=0.5)
    else:
        c.ellipse(-4, 10, 11, 10, CARTILAGE_RING, grow=0.5)
        c.ellipse(-4, 10, 9, 8, AIR, grow=0.5)
    for number, (x, y) in enumerate(((58, -8), (66, 26), (88, -30), (94, 14))):
        c.vessels(x, y, 2.8 - 0.3 * number, 2.8 - 0.3 * number, h.vein_hu)


def axillary(c: Canvas) -> None:
    """Paint the fat of the arm pits between chest wall, pectoral and shoulder blade."""
    h = c.habitus
    c.outline(0, 0, 168, 98, power=2.5)
    c.ellipse(0, 0, 104, 84, MUSCLE, power=2.2)
    c.ribs(97, 78)
    c.ellipse(0, 0, 90, 71, LUNG, power=2.2)
    c.ellipse(0, 2, 30, 76, h.fat_hu)
    c.ellipse(0, -74, 17, 6, MUSCLE)
    c.bone(0, -74, 15, 5)
    c.vertebra(50, 19, 15)
    c.ellipse(-3, 12, 11, 10, CARTILAGE_RING, grow=0.5)
    c.ellipse(-3, 12, 9, 8, AIR, grow=0.5)
    c.vessel(-16, -18, 8, 7, h.vein_hu)
    c.vessel(-4, -12, 6, 6, h.artery_hu)
    c.vessel(14, -6, 5, 5, h.artery_hu)
    c.ellipse(6, 28, 8, 6, BOWEL, grow=0.5)
    c.both(92, -66, 50, 9, MUSCLE, turn_deg=26)
    c.both(104, -50, 26, 5, MUSCLE, turn_deg=34)
    c.both(112, 50, 40, 13, MUSCLE, turn_deg=-30)
    c.bones(108, 48, 26, 3.2, turn_deg=-32)
    c.both(142, 36, 15, 20, MUSCLE)
    c.vessels(139, -20, 4.4, 4.4, h.artery_hu)
    c.vessels(131, -29, 5.6, 5, h.vein_hu)
    c.both(116, 8, 1.8, 1.8, SKIN + 60, grow=0.4)
