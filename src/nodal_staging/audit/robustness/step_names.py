"""Perturbations in words, for figures and the report."""

from nodal_staging.tables.rounding import MINUS

WORDS = {
    "identity": "unchanged",
    "hu_shift": "HU {signed}",
    "hu_scale": "HU above air × {strength:g}",
    "noise": "noise of {strength:g} HU",
    "blur": "blur of {strength:g} mm",
    "thick": "slices of {strength:g} mm",
    "shift": "centre shifted {strength:g} mm",
    "dilate": "mask +{strength:g} mm",
    "erode": f"mask {MINUS}{{strength:g}} mm",
    "jitter": "outline varied by {strength:g}%",
    "rotate": "rotated by {strength:g}°",
    "mirror": "mirrored",
    "seed": "training {strength:g}",
}


def step_name(perturbation: str, strength: float) -> str:
    """Name a perturbation at a strength.

    Examples
    --------
    >>> step_name("dilate", 1.0), step_name("hu_shift", 20.0)
    ('mask +1 mm', 'HU +20')
    """
    sign = MINUS if strength < 0 else "+"
    signed = f"{sign}{abs(strength):g}"
    return WORDS[perturbation].format(strength=strength, signed=signed)
