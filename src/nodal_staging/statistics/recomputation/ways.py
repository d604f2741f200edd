"""How numbers are computed a second time, in words for the report, and shared types."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
Block = Mapping[str, Any]

RANKS = "ranks (SciPy)"
LOOPS = "sums over patients (pandas), Student’s t (SciPy)"
COUNTS = "counts (pandas)"
WILSON = "binomtest, Wilson (SciPy)"
EXACT_SHARE = "binomtest, exact (SciPy)"
SCORE_EQUATIONS = "score equations solved by SciPy, sums over patients"
BY_PROC = "compared with pROC in the job that wrote it"
SMOOTH = 1e-5
