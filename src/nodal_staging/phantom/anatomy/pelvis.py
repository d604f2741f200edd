"""Groin and pelvis: inguinal, perirectal and iliac regions."""

from nodal_staging.phantom.canvas import BOWEL, GAS, MUSCLE, WATER, Canvas


def inguinal(c: Canvas) -> None:
    """Paint two thighs: femoral vessels under the skin, muscles around the femur."""
    h = c.habitus
    for x in (80, -80):
        c.outline(x, 8, 79, 96, power=2.2)
    c.both(84, 30, 64, 64, MUSCLE)
    c.both(96, -14, 44, 34, MUSCLE)
    for x, y, a, turn in ((72, -2, 40, 30), (104, 8, 46, -40), (70, 56, 44, 60)):
        c.both(x, y, a, 1.6, h.fat_hu + 25, turn_deg=turn)
    c.ellipse(0, 4, 17, 30, MUSCLE)
    c.ellipse(0, 4, 5, 7, WATER + 20)
    c.bones(98, 18, 21, 20)
    if c.into > 0.5:
        c.bones(34, -6, 28, 9, turn_deg=24)
    c.vessels(61, -42, 5.2, 5.2, h.artery_hu)
    c.vessels(48, -37, 6.8, 6, h.vein_hu)
    c.vessels(42, -62, 2.6, 2.6, h.vein_hu)
    c.vessels(72, -30, 3.2, 3.2, h.artery_hu)


def perirectal(c: Canvas) -> None:
    """Paint the rectum in its fat, sacrum behind, bladder and prostate in front."""
    h = c.habitus
    c.outline(0, 2, 162, 106, power=2.6)
    c.wall(158, 98, 9)
    c.both(78, 76, 62, 22, MUSCLE, turn_deg=-24)
    c.both(78, 6, 12, 44, MUSCLE, turn_deg=4)
    c.bones(108, 2, 25, 24)
    c.bones(82, -22, 9, 26, turn_deg=24)
    c.both(120, -40, 26, 20, MUSCLE)
    c.both(74, -58, 5, 5, h.artery_hu, grow=0.4)
    c.both(62, -54, 6.5, 6, h.vein_hu, grow=0.4)
    c.ellipse(0, 84, 36, 8, MUSCLE)
    c.bone(0, 76, 24 + 12 * c.into, 8)
    c.ellipse(0, -38, 44, 30, MUSCLE)
    c.ellipse(0, -38, 40, 26, WATER)
    if c.into < 0.55:
        c.ellipse(0, -2, 25, 15, MUSCLE + 22)
    else:
        c.both(20, -3, 19, 6, MUSCLE, turn_deg=-12)
    c.ellipse(0, 34, 45, 33, MUSCLE)
    c.ellipse(0, 34, 43.5, 31.5, h.fat_hu)
    c.ellipse(c.sway(3), 30, 17, 16, BOWEL)
    c.ellipse(c.sway(3), 29, 12, 11, GAS if c.into < 0.8 else 30)
    c.vessel(7, 54, 2.2, 2.2, h.vein_hu)
    c.vessel(-9, 52, 1.8, 1.8, h.artery_hu)


def iliac(c: Canvas) -> None:
    """Paint iliac vessels between psoas and sacrum, wings aside, bowel in front."""
    h = c.habitus
    c.outline(0, 0, 160, 102)
    c.wall(160, 102, 11)
    c.both(104, 62, 44, 26, MUSCLE, turn_deg=-32)
    c.bones(112, 20, 8, 62, turn_deg=-26)
    c.both(98, 4, 14, 40, MUSCLE, turn_deg=-26)
    c.both(74, 2, 19, 26, MUSCLE, turn_deg=-14)
    c.bone(0, 56, 52, 24)
    c.both(24, 62, 5, 5, h.fat_hu)
    c.ellipse(0, 70, 12, 6, 35)
    c.both(28, 92, 26, 8, MUSCLE)
    c.both(20, -86, 18, 6, MUSCLE)
    for number, (x, y) in enumerate(((-44, -52), (-6, -60), (36, -48), (70, -52))):
        c.bowel(x, y, 19, number)
    c.bowel(6, -22, 15, 9)
    c.vessels(50, 2, 5.4, 5.4, h.artery_hu)
    c.vessels(51, 17, 7.2, 6.2, h.vein_hu)
    c.vessels(34, 24, 3.2, 3.2, h.artery_hu)
    c.vessels(37, 33, 3.8, 3.4, h.vein_hu)
    c.vessels(40, -8, 2.4, 2.4, WATER + 20)
