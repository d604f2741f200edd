"""AUC of resampled patients."""

import numpy as np

from nodal_staging.estimates.patient_bootstrap import PatientBootstrap
from nodal_staging.estimates.replicates import Classes
from nodal_staging.study.arrays import FloatArray, IntArray


def resampled_areas(score: FloatArray, drawn: PatientBootstrap) -> FloatArray:
    """Return the AUC of every replicate, ties at one half ``(replicates,)``.

    Parameters
    ----------
    score
        ``(n,)``, in the order of the nodes of ``drawn``; both classes present.
    drawn
        The draws: two scores of the same draws have paired replicates.
    """
    classes = Classes.of(score, drawn.positive)
    times = drawn.times[:, drawn.patient].astype(np.int64)
    return classes.areas(
        _by_score(times[:, drawn.positive], classes.case_place, len(classes.cases)),
        _by_score(
            times[:, ~drawn.positive], classes.control_place, len(classes.controls)
        ),
    )


def _by_score(times: IntArray, place: IntArray, values: int) -> IntArray:
    """Add up how often nodes ``(b, m)`` are drawn that have the same score."""
    order = np.argsort(place, kind="stable")
    first = np.searchsorted(place[order], np.arange(values))
    return np.asarray(np.add.reduceat(times[:, order], first, axis=1))
