"""Types of arrays, declared once.

A name of an element type leaves the shape open, and the function that takes or returns
the array gives it; a name of a thing has one shape. Axes are ``(z, y, x)`` in memory,
points are LPS millimetres.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
Float32Array = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]
Int16Array = npt.NDArray[np.int16]
UInt8Array = npt.NDArray[np.uint8]
UInt16Array = npt.NDArray[np.uint16]
UInt64Array = npt.NDArray[np.uint64]
IntegerArray = npt.NDArray[np.integer[Any]]
BoolArray = npt.NDArray[np.bool_]
TextArray = npt.NDArray[np.str_]
GenericArray = npt.NDArray[np.generic]
AnyArray = npt.NDArray[Any]

Volume = npt.NDArray[np.float32]
"""Values on a grid ``(z, y, x)``, in HU or SUV."""

Plane = npt.NDArray[np.float32]
"""One slice of a volume ``(y, x)``."""

Mask = npt.NDArray[np.bool_]
"""Voxels of a label on a grid ``(z, y, x)``."""

Slabs = npt.NDArray[np.int16] | npt.NDArray[np.uint8] | npt.NDArray[np.float32]
"""The middle slices of n patches ``(n, z, y, x)``: HU, or masks of 0 and 1.

HU are whole numbers as stored, or floating-point numbers once they were changed."""
