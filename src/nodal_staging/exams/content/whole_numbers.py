"""Scans whose values are whole numbers, as those of a segmentation are."""

import numpy as np

from nodal_staging.study.arrays import Float32Array

FEW_LABELS = 10
"""A file of fewer different whole numbers is a segmentation, with any share of 0."""

MOST_LABELS = 64
MOSTLY_EMPTY = 0.97
"""Else this share of a segmentation is 0; a PET of very few counts has less."""


def is_label_map(values: Float32Array, least_values: int = MOST_LABELS) -> bool:
    """Tell whether values are those of a segmentation: few labels, and mostly 0.

    Parameters
    ----------
    values
        A sample of a scan, any shape.
    least_values
        Number of different values from which a scan is no segmentation.

    Examples
    --------
    >>> is_label_map(np.array([0, 0, 2], np.float32))
    True
    """
    if values.min() < 0 or not np.array_equal(values, np.rint(values)):
        return False
    count = len(np.unique(values))
    empty = float(np.mean(values == 0)) >= MOSTLY_EMPTY
    return 1 < count < least_values and (count < FEW_LABELS or empty)
