"""Holes of planes filled as SciPy fills those of each plane."""

import numpy as np
import pytest
from scipy import ndimage

from nodal_staging.exams.content.outlines import filled_planes


@pytest.mark.parametrize("share", [0.0, 0.4, 0.6, 1.0])
def test_holes_of_every_plane_are_filled(share):
    solid = np.random.default_rng(3).random((7, 23, 31)) < share
    solid[2, 4:20, 5:25] = True
    solid[2, 8:12, 8:20] = False  # a hole in its plane, open above and below
    expected = np.array([ndimage.binary_fill_holes(plane) for plane in solid])
    np.testing.assert_array_equal(filled_planes(solid), expected)
