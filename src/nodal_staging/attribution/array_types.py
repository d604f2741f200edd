"""Types of arrays in this package, declared once; functions give the shapes."""

from typing import Any

import numpy as np
import numpy.typing as npt

Float64Array = npt.NDArray[np.float64]
FloatArray = npt.NDArray[np.floating[Any]]
BoolArray = npt.NDArray[np.bool_]
NumberArray = npt.NDArray[np.number[Any]]
AnyArray = npt.NDArray[Any]
