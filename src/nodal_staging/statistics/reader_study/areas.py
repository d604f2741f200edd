"""Each reader's area under the curve and operating points."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from nodal_staging.classifiers.called_nodes import CalledNodes
from nodal_staging.classifiers.scores import called_positive
from nodal_staging.estimates import implementation_agreement
from nodal_staging.estimates.auc_intervals import logit_interval, unit_interval
from nodal_staging.estimates.delong import (
    ClusteredArea,
    clustered_areas,
    clustered_contrast,
    delong_areas,
)
from nodal_staging.estimates.proportions import confusion, wilson_interval
from nodal_staging.statistics import proc
from nodal_staging.statistics.reader_study.ratings import (
    CALLED_FROM,
    LEVELS,
    CommonNodes,
)
from nodal_staging.study.arrays import FloatArray
from nodal_staging.tables.columns import count, number, one_of, table, text

Row = dict[str, object]

ORDINAL, DICHOTOMISED = "ordinal", "dichotomised"
MEAN = "mean"
"""Stands for a reader in the row of the readers' mean."""

AREAS = table(
    {
        "reader": text(),
        "basis": one_of([ORDINAL, DICHOTOMISED]),
        "n_positive": count(),
        "n_negative": count(),
        "n_patients": count(),
        "auc": number(0, 1),
        "delong_error": number(0),
        "delong_lower": number(0, 1),
        "delong_upper": number(0, 1),
        "clustered_error": number(0),
        "clustered_lower": number(0, 1),
        "clustered_upper": number(0, 1),
        "clustered_variance": one_of(["obuchowski", "delong"]),
    },
    unique=["reader", "basis"],
)
"""Intervals: DeLong's, from pROC for each reader; Obuchowski's on the logit scale.
The row ``mean`` is the mean of the readers, who are taken as fixed. Where too few
patients leave Obuchowski's variance not positive, DeLong's stands in."""

POINTS = table(
    {
        "reader": text(),
        "rating_from": number(2, LEVELS),
        "published": one_of(["yes", "no"]),
        **{name: count() for name in ("tp", "fn", "tn", "fp")},
        **{
            f"{share}{end}": number(0, 1)
            for share in ("sensitivity", "specificity")
            for end in ("", "_lower", "_upper")
        },
    },
    unique=["reader", "rating_from"],
)
"""All operating points; nodes rated ``rating_from`` or higher count as positive.
Intervals are Wilson's."""


def describe_areas(
    readers: Sequence[CalledNodes], common: CommonNodes, *, level: float
) -> pd.DataFrame:
    """Return ``AREAS``: each reader on all nodes read, and the mean on common ones.

    Parameters
    ----------
    readers
        In order.
    common
        The nodes that all of them rated.
    level
        Confidence level.
    """
    rows = [
        _row(reader, basis, level)
        for basis in (ORDINAL, DICHOTOMISED)
        for reader in readers
    ]
    rows += [_mean_row(common, basis, level) for basis in (ORDINAL, DICHOTOMISED)]
    return pd.DataFrame(rows)


def describe_points(readers: Sequence[CalledNodes], *, level: float) -> pd.DataFrame:
    """Return ``POINTS``: each reader's counts at each of the three cuts."""
    return pd.DataFrame([row for reader in readers for row in _points(reader, level)])


def on_basis(common: CommonNodes, basis: str) -> FloatArray:
    """Return scores ``(raters, n)``: ratings, or calls as 0 and 1."""
    return common.scores if basis == ORDINAL else common.called.astype(float)


def _row(reader: CalledNodes, basis: str, level: float) -> Row:
    """Describe one reader; DeLong's interval is pROC's, checked by our own."""
    scores = reader.scores
    if basis == DICHOTOMISED:
        scores = scores.dichotomised(reader.called)
    curve = proc.RocCurve(scores.score, scores.positive)
    interval = curve.delong_interval(level=level)
    error, lower, upper = unit_interval(scores.by_node, [1.0], level=level)
    implementation_agreement.compare_exact(
        f"DeLong interval of {reader.classifier}, {basis}",
        [interval.lower, interval.upper],
        [lower, upper],
    )
    implementation_agreement.compare_exact(
        f"AUC of {reader.classifier}, {basis}", curve.auc(), scores.area.estimate
    )
    delong = (error, interval.lower, interval.upper)
    return _filled(reader.classifier, basis, scores.sizes, delong, scores.area, level)


def _mean_row(common: CommonNodes, basis: str, level: float) -> Row:
    """Describe the mean of the readers."""
    scores = on_basis(common, basis)
    weights = np.full(len(scores), 1 / len(scores))
    by_node = delong_areas(scores, common.positive)
    by_patient = clustered_areas(scores, common.positive, common.patient_id)
    area = clustered_contrast(by_patient, by_node, weights)
    delong = unit_interval(by_node, weights, level=level)
    return _filled(MEAN, basis, common.sizes, delong, area, level)


def _filled(
    reader: str,
    basis: str,
    sizes: Mapping[str, object],
    delong: tuple[float, float, float],
    area: ClusteredArea,
    level: float,
) -> Row:
    lower, upper = logit_interval(area, level=level)
    names = ("delong_error", "delong_lower", "delong_upper")
    return {
        "reader": reader,
        "basis": basis,
        **sizes,
        "auc": area.estimate,
        **dict(zip(names, delong, strict=True)),
        "clustered_error": area.standard_error,
        "clustered_lower": lower,
        "clustered_upper": upper,
        "clustered_variance": area.variance,
    }


def _points(reader: CalledNodes, level: float) -> Iterator[Row]:
    """Count at each cut between two neighbouring ratings."""
    for cut in range(2, LEVELS + 1):
        called = called_positive(reader.scores.score, cut)
        counts = confusion(reader.scores.positive, called)
        row: Row = {
            "reader": reader.classifier,
            "rating_from": cut,
            "published": "yes" if cut == CALLED_FROM else "no",
            **{name: getattr(counts, name) for name in ("tp", "fn", "tn", "fp")},
        }
        for share in ("sensitivity", "specificity"):
            part, whole = counts.counts()[share]
            lower, upper = wilson_interval(part, whole, level=level) or (0.0, 1.0)
            row |= {share: part / whole}
            row |= {f"{share}_lower": lower, f"{share}_upper": upper}
        yield row
