"""A network against the mean of the readers.

With readers fixed, the conclusion is about these readers: the contrast AUC of the
network less the mean AUC of the readers has the variance that the covariance of all
areas gives it. Over patients, its interval and p are of Student's t, with
Satterthwaite's degrees of freedom. With readers random it is about readers like these:
Obuchowski and Rockette's analysis of the differences between the network and each
reader, with Hillis' degrees of freedom, (R - 1) ((MS + R max(Cov, 0)) / MS)^2 for R
readers: at least R - 1, and large where readers differ little. They are estimated from
few readers, so the random analysis is reported and never headlined.

References
----------
Obuchowski and Rockette, Commun Stat Simul Comput 1995;24:285. Hillis, Stat Med
2007;26:596. Hupse et al., Radiology 2013;266:123 (a machine against readers).
"""

from collections.abc import Iterator, Sequence
from math import inf, isfinite, sqrt

import numpy as np
import pandas as pd

from nodal_staging.classifiers.called_nodes import CalledNodes
from nodal_staging.estimates.delong import (
    NO_VARIANCE,
    Areas,
    clustered_areas,
    clustered_contrast,
    delong_areas,
)
from nodal_staging.estimates.wald import wald_interval, wald_p
from nodal_staging.statistics.reader_study.areas import (
    DICHOTOMISED,
    ORDINAL,
    on_basis,
)
from nodal_staging.statistics.reader_study.ratings import CommonNodes, in_common
from nodal_staging.study.arrays import FloatArray
from nodal_staging.tables.columns import (
    ColumnSchema,
    count,
    number,
    one_of,
    optional_number,
    table,
    text,
)

Row = dict[str, object]

PUBLISHED = "published"
BASES = (ORDINAL, DICHOTOMISED, PUBLISHED)
"""The network's whole curve against the readers' ordinal curves; calls of both, on
equal footing; as published, the network's whole curve against the readers' calls."""

KEYS: dict[str, ColumnSchema] = {
    "network": text(),
    "basis": one_of(list(BASES)),
    "covariance": one_of(["delong", "clustered"]),
    "readers": count(),
    "n_positive": count(),
    "n_negative": count(),
    "n_patients": count(),
    "auc_network": number(0, 1),
    "auc_readers": number(0, 1),
    "difference": number(-1, 1),
}
ENDS: dict[str, ColumnSchema] = {
    "standard_error": number(0),
    "lower": optional_number(),
    "upper": optional_number(),
    "p": optional_number(0, 1),
}

FIXED = table(
    {
        **KEYS,
        **ENDS,
        "degrees_of_freedom": optional_number(0),
        "variance": one_of(["obuchowski", "delong"]),
        "status": one_of(["ok", "no_variance"]),
    },
    unique=["network", "basis", "covariance"],
)
"""Readers fixed. ``variance`` is DeLong's where too few patients leave Obuchowski's
not positive; without any variance there is neither interval nor p. The degrees of
freedom are those of the patients of both classes; empty where the normal law is
used."""

RANDOM = table(
    {
        **KEYS,
        "mean_square_readers": number(0),
        "covariance_of_readers": number(),
        **ENDS,
        "degrees_of_freedom": optional_number(0),
        "status": one_of(["ok", "no_reader_variance", "no_variance"]),
    },
    unique=["network", "basis", "covariance"],
)
"""Readers random, for two readers or more. Without variance between readers the
degrees of freedom are infinite (empty here) and the normal distribution stands in."""


def compare_networks(
    networks: Sequence[CalledNodes], readers: Sequence[CalledNodes], *, level: float
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return ``FIXED`` and ``RANDOM``, on the nodes that all of them scored.

    Parameters
    ----------
    networks, readers
        In order; at least one reader.
    level
        Confidence level.
    """
    fixed, random = [], []
    for network in networks:
        common = in_common([network, *readers])
        for basis in BASES:
            for covariance, areas, spare in _areas(common, basis):
                keys = _keys(common, basis, covariance, areas)
                freedom = _freedom(common, basis, covariance)
                fixed.append(
                    keys | fixed_readers(areas, spare, level=level, freedom=freedom)
                )
                if len(readers) > 1:
                    random.append(keys | random_readers(areas, level=level))
    return (
        pd.DataFrame(fixed, columns=list(FIXED.columns)),
        pd.DataFrame(random, columns=list(RANDOM.columns)),
    )


def fixed_readers(
    areas: Areas, spare: Areas, *, level: float, freedom: float = inf
) -> Row:
    """Test the first area against the mean of the others, which are fixed.

    Parameters
    ----------
    areas
        The network first, then the readers.
    spare
        The same areas with DeLong's covariance, for a variance that is not positive.
    level
        Confidence level.
    freedom
        Degrees of freedom of the variance over patients.

    Returns
    -------
    ``standard_error``, ``lower``, ``upper``, ``p``, ``degrees_of_freedom``,
    ``variance``, ``status``.
    """
    found = clustered_contrast(areas, spare, _weights(areas))
    error = found.standard_error
    name = "delong" if areas is spare else found.variance
    if error < sqrt(NO_VARIANCE):
        nothing = {"degrees_of_freedom": None, "variance": name}
        return _nothing() | nothing | {"status": "no_variance"}
    if name == "delong":
        freedom = inf
    lower, upper = wald_interval(found.estimate, error, level=level, freedom=freedom)
    return {
        "standard_error": error,
        "lower": lower,
        "upper": upper,
        "p": wald_p(found.estimate, error, freedom=freedom),
        "degrees_of_freedom": freedom if isfinite(freedom) else None,
        "variance": name,
        "status": "ok",
    }


def random_readers(areas: Areas, *, level: float) -> Row:
    """Test the first area against the mean of readers like the others.

    Parameters
    ----------
    areas
        The network first, then two readers or more.
    level
        Confidence level.

    Returns
    -------
    ``mean_square_readers``, ``covariance_of_readers`` (mean covariance of two
    readers' differences), ``standard_error``, ``degrees_of_freedom``, ``lower``,
    ``upper``, ``p``, ``status``.
    """
    readers = len(areas.estimates) - 1
    # Network less each reader, and the covariance of these differences.
    # Importing scipy.stats takes a second, which the figures do not need.
    from scipy.stats import t  # noqa: PLC0415

    against = np.hstack([np.ones((readers, 1)), -np.eye(readers)])
    differences = against @ areas.estimates
    covariance = against @ areas.covariance @ against.T
    shared = (covariance.sum() - np.trace(covariance)) / (readers * (readers - 1))
    mean_square = float(differences.var(ddof=1))
    common = readers * max(float(shared), 0.0)
    found: Row = {
        "mean_square_readers": mean_square,
        "covariance_of_readers": float(shared),
    }
    if mean_square + common < NO_VARIANCE:
        found |= {"degrees_of_freedom": None, "status": "no_variance"}
        return found | _nothing()
    ratio = 1 + common / mean_square if mean_square > NO_VARIANCE else np.inf
    freedom = (readers - 1) * ratio**2
    error = sqrt((mean_square + common) / readers)
    mean = float(differences.mean())
    half = float(t.isf((1 - level) / 2, freedom)) * error
    return found | {
        "standard_error": error,
        "lower": mean - half,
        "upper": mean + half,
        "p": float(2 * t.sf(abs(mean) / error, freedom)),
        "degrees_of_freedom": freedom if isfinite(freedom) else None,
        "status": "ok" if isfinite(freedom) else "no_reader_variance",
    }


def _scores(common: CommonNodes, basis: str) -> FloatArray:
    """Return the scores of network and readers ``(raters, n)``."""
    if basis == PUBLISHED:
        calls = common.called[1:].astype(float)
        return np.asarray(np.vstack([common.scores[:1], calls]), float)
    return on_basis(common, basis)


def _freedom(common: CommonNodes, basis: str, covariance: str) -> float:
    """Return the degrees of freedom of the contrast with the readers' mean."""
    if covariance == "delong":
        return inf
    readers = len(common.raters) - 1
    contrast = clustered_areas(
        _scores(common, basis),
        common.positive,
        common.patient_id,
        contrasts=np.array([[1.0, *[-1 / readers] * readers]]),
    )
    return inf if contrast.freedom is None else float(contrast.freedom[0])


def _areas(common: CommonNodes, basis: str) -> Iterator[tuple[str, Areas, Areas]]:
    """Yield the areas with either covariance, and those with DeLong's."""
    scores = _scores(common, basis)
    delong = delong_areas(scores, common.positive)
    yield "delong", delong, delong
    yield (
        "clustered",
        clustered_areas(scores, common.positive, common.patient_id),
        delong,
    )


def _weights(areas: Areas) -> FloatArray:
    readers = len(areas.estimates) - 1
    return np.array([1.0, *[-1 / readers] * readers])


def _keys(common: CommonNodes, basis: str, covariance: str, areas: Areas) -> Row:
    network, *readers = areas.estimates
    return {
        "network": common.raters[0],
        "basis": basis,
        "covariance": covariance,
        "readers": len(readers),
        **common.sizes,
        "auc_network": float(network),
        "auc_readers": float(np.mean(readers)),
        "difference": areas.contrast(_weights(areas))[0],
    }


def _nothing() -> Row:
    """Say that nothing varies."""
    return {"standard_error": 0.0, "lower": None, "upper": None, "p": None}
