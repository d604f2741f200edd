"""What lies within the outline of a body."""

import numpy as np
from scipy import ndimage

from nodal_staging.study.arrays import BoolArray

ELSEWHERE = ((0, 0, 0), (0, 0, 0), (0, 0, 0))
IN_PLANE = np.array((ELSEWHERE, ((0, 1, 0), (1, 1, 1), (0, 1, 0)), ELSEWHERE), bool)
"""Neighbours share an edge and lie in one plane."""


def filled_planes(solid: BoolArray) -> BoolArray:
    """Fill the holes of every plane ``(z, y, x)``, all planes in one pass.

    A hole is what cannot be reached from the edge of its plane; a step goes along rows
    or columns, as in ``scipy.ndimage.binary_fill_holes``.
    """
    parts, count = ndimage.label(~solid, IN_PLANE)
    outside = np.zeros(count + 1, dtype=np.bool_)
    for edge in (parts[:, 0], parts[:, -1], parts[:, :, 0], parts[:, :, -1]):
        outside[edge] = True
    outside[0] = False
    filled: BoolArray = ~outside[parts]
    return filled
