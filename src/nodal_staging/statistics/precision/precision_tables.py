"""The precision of a study: what it reached, what to expect, what it could tell."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nodal_staging import tables
from nodal_staging.estimates.proportions import normal_quantile, score_interval
from nodal_staging.statistics.precision.area import MODELS, expected_error
from nodal_staging.statistics.precision.power import TESTS, detectable, nodes_needed
from nodal_staging.statistics.precision.precision_page import page
from nodal_staging.study.classifier_names import in_order
from nodal_staging.study.files import read_json
from nodal_staging.tables.columns import (
    count,
    number,
    one_of,
    optional_number,
    optional_text,
    table,
)
from nodal_staging.tables.document import write_document

Row = dict[str, object]

MEASURES = ["auc", "sensitivity", "specificity"]
AUC_METHODS = ["obuchowski_logit", "bootstrap", "delong"]

PRECISION = table(
    {
        "classifier": optional_text(),
        "measure": one_of(MEASURES),
        "method": one_of([*AUC_METHODS, *MODELS, "wilson"]),
        "n_positive": count(),
        "n_negative": count(),
        "study": one_of(["yes", "no"]),
        "value": number(0, 1),
        "lower": number(0, 1),
        "upper": number(0, 1),
        "half_width": number(0, 1),
        "design_effect": optional_number(0),
    },
)
"""With a classifier: what the study reached; ``design_effect`` is Obuchowski's
variance of its AUC over DeLong's. Without: what to expect of a value at a size, nodes
independent. ``study`` says whether the size is the study's."""

LEVELS = ("single", "published", "holm_first")
"""0.05 for one test; the published level; Holm's first step among all pairs."""

DETECTABLE = table(
    {
        "n": count(),
        "study": one_of(["yes", "no"]),
        "discordance": number(0, 1),
        "test": one_of(list(TESTS)),
        "level_of": one_of(list(LEVELS)),
        "level": number(0, 1),
        "power": number(0, 1),
        "difference": optional_number(0, 1),
        "nodes": optional_number(0),
    },
)
"""Smallest difference of accuracies that McNemar's test finds with the power, as a
share and in nodes; empty where none is found."""

NEEDED = table(
    {
        "difference": number(0, 1),
        "discordance": number(0, 1),
        "test": one_of(list(TESTS)),
        "level_of": one_of(list(LEVELS)),
        "level": number(0, 1),
        "power": number(0, 1),
        "n": optional_number(0),
    },
)
"""Nodes from which on the difference is found; empty where more than 20,000 are."""


@dataclass(frozen=True, slots=True)
class PrecisionFiles:
    """Outputs: ``PRECISION``, ``DETECTABLE``, ``NEEDED``; pages in Markdown or HTML."""

    precision: str | Path
    differences: str | Path
    needed: str | Path
    pages: Sequence[str | Path]


def compute_precision(
    *,
    statistics: Sequence[str | Path],
    pairs: int,
    confidence_level: float,
    significance: float,
    options: Mapping[str, Any],
    outputs: PrecisionFiles,
) -> None:
    """Say how precise a study of this size is, and of other sizes.

    Parameters
    ----------
    statistics
        JSON of each classifier on the same test nodes.
    pairs
        How many pairs McNemar's test compares.
    confidence_level, significance
        Of the intervals; the published level of McNemar's test.
    options
        ``sizes`` (nodes per class), ``areas`` and ``shares`` (values to expect),
        ``discordance`` (shares), ``differences`` (of accuracies), ``power``.
    outputs
        Files to write.
    """
    found = {one["classifier"]: one for one in map(read_json, statistics)}
    reached = [found[name] for name in in_order(found)]
    size = (reached[0]["n"]["positive"], reached[0]["n"]["negative"])
    sizes = sorted({size, *((n, n) for n in options["sizes"])})
    levels = dict(zip(LEVELS, (0.05, significance, 0.05 / pairs), strict=True))
    frames = {
        outputs.precision: (
            [
                *(row for one in reached for row in _reached(one, size)),
                *_expected(sizes, size, options, confidence_level),
            ],
            PRECISION,
        ),
        outputs.differences: (
            list(_detectable(sizes, size, options, levels)),
            DETECTABLE,
        ),
        outputs.needed: (list(_needed(options, levels)), NEEDED),
    }
    written = []
    for path, (rows, schema) in frames.items():
        frame = pd.DataFrame(rows, columns=list(schema.columns))
        tables.write(frame, path, schema)
        written.append(tables.read(path, schema))
    write_document(page(*written, pairs=pairs, level=confidence_level), outputs.pages)


def _reached(one: Mapping[str, Any], size: tuple[int, int]) -> Iterator[Row]:
    """Yield the intervals of a classifier."""
    own = (one["n"]["positive"], one["n"]["negative"])
    errors = one["auc"]["standard_error"]
    effect = (
        (errors["obuchowski"] / errors["delong"]) ** 2 if errors["delong"] else None
    )
    for method in AUC_METHODS:
        interval = one["auc"]["intervals"][method]
        ends = (interval["lower"], interval["upper"])
        row = _row("auc", method, own, size, one["auc"]["estimate"], ends)
        yield row | {"classifier": one["classifier"], "design_effect": effect}
    for measure in MEASURES[1:]:
        share = one["metrics"][measure]
        ends = (share["lower"], share["upper"])
        row = _row(measure, "wilson", own, size, share["estimate"], ends)
        yield row | {"classifier": one["classifier"]}


def _expected(
    sizes: Sequence[tuple[int, int]],
    size: tuple[int, int],
    options: Mapping[str, Any],
    level: float,
) -> Iterator[Row]:
    """Yield the intervals to be expected of values at sizes."""
    errors = normal_quantile(level)
    for (m, n), area, model in product(sizes, options["areas"], MODELS):
        half = errors * expected_error(area, m, n, model=model)
        ends = (max(area - half, 0.0), min(area + half, 1.0))
        yield _row("auc", model, (m, n), size, area, ends) | {"half_width": half}
    for own, share in product(sizes, options["shares"]):
        for measure, cases in zip(MEASURES[1:], own, strict=True):
            low, high = score_interval(share, cases, errors)
            # A share of 0 or 1 ends there but for the last bit.
            ends = (max(low, 0.0), min(high, 1.0))
            yield _row(measure, "wilson", own, size, share, ends)


def _row(
    measure: str,
    method: str,
    own: tuple[int, int],
    size: tuple[int, int],
    value: float,
    ends: tuple[float, float],
) -> Row:
    return {
        "classifier": None,
        "measure": measure,
        "method": method,
        "n_positive": own[0],
        "n_negative": own[1],
        "study": "yes" if own == size else "no",
        "value": value,
        "lower": ends[0],
        "upper": ends[1],
        "half_width": (ends[1] - ends[0]) / 2,
        "design_effect": None,
    }


def _detectable(
    sizes: Sequence[tuple[int, int]],
    size: tuple[int, int],
    options: Mapping[str, Any],
    levels: Mapping[str, float],
) -> Iterator[Row]:
    """Yield the smallest differences at each size."""
    for own, share, test, name in product(sizes, options["discordance"], TESTS, levels):
        n = sum(own)
        found = detectable(n, share, test, levels[name], target=options["power"])
        yield {
            "n": n,
            "study": "yes" if own == size else "no",
            "discordance": share,
            "test": test,
            "level_of": name,
            "level": levels[name],
            "power": options["power"],
            "difference": found,
            "nodes": None if found is None else found * n,
        }


def _needed(options: Mapping[str, Any], levels: Mapping[str, float]) -> Iterator[Row]:
    """Yield the numbers of nodes that differences need."""
    for difference, share, test, name in product(
        options["differences"], options["discordance"], TESTS, levels
    ):
        if difference > share + np.finfo(float).eps:
            continue
        n = nodes_needed(difference, share, test, levels[name], target=options["power"])
        yield {
            "difference": difference,
            "discordance": share,
            "test": test,
            "level_of": name,
            "level": levels[name],
            "power": options["power"],
            "n": n,
        }
