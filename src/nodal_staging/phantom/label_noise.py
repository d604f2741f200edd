"""Errors of the recorded status, by status and by location.

Recorded is what PET says, or a reader of it. Errors that depend on the location are not
independent of a classifier that uses the location.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from nodal_staging.estimates.imperfect_reference import Reference
from nodal_staging.study.arrays import FloatArray
from nodal_staging.tables import LOCATIONS

LabelNoise = float | Mapping[str, Any]
"""One probability for both kinds of errors, or ``false_positive`` and
``false_negative``, and ``by_location`` with the same two keys for some locations."""

KINDS = ("false_positive", "false_negative")
"""Errors in negative and in positive nodes."""


def error_rates(noise: LabelNoise) -> FloatArray:
    """Return how often a recorded status is wrong ``(status, location)``.

    Parameters
    ----------
    noise
        As in the configuration; a kind or a location that it does not name has no
        errors, or those of the whole.

    Examples
    --------
    >>> error_rates({"false_negative": 0.2})[:, 0].tolist()
    [0.0, 0.2]
    """
    if not isinstance(noise, Mapping):
        return np.full((len(KINDS), len(LOCATIONS)), float(noise))
    own = noise.get("by_location", {})
    return np.array(
        [
            [
                own.get(location, {}).get(kind, noise.get(kind, 0.0))
                for location in LOCATIONS
            ]
            for kind in KINDS
        ],
        dtype=float,
    )


def label_separation(rates: FloatArray, shares: FloatArray, prevalence: float) -> float:
    """Return what errors leave of the distance of an AUC from a half.

    Parameters
    ----------
    rates
        ``error_rates``.
    shares
        How likely each location is, given the true status ``(status, location)``.
    prevalence
        Share of truly positive nodes.
    """
    if not rates.any():
        return 1.0
    false_positive, false_negative = (rates * shares).sum(axis=1)
    if false_positive + false_negative >= 1:
        return 0.0
    hit, passed = 1 - false_negative, 1 - false_positive
    share = prevalence * hit + (1 - prevalence) * false_positive
    return float(Reference.of(hit, passed, share).separation)
