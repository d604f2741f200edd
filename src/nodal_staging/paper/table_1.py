"""Table 1: every classifier on the same test nodes, as data and for reading."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import pandas as pd

from nodal_staging.paper.predictive_values import share_with_interval
from nodal_staging.statistics.refits import TrainingSpread
from nodal_staging.study.classifier_names import is_published, printed
from nodal_staging.tables import columns
from nodal_staging.tables.columns import ColumnSchema, count, table, text
from nodal_staging.tables.grid import Column, Grid, lay_out
from nodal_staging.tables.intervals import ci, interval
from nodal_staging.tables.rounding import (
    MISSING,
    half_up,
    number,
    percent,
    setting_percent,
)
from nodal_staging.tables.rounding import count as count_of

Block = dict[str, Any]

METRICS = ("accuracy", "sensitivity", "specificity", "ppv", "npv", "f1")
SHOWN = {"accuracy": "Acc", "sensitivity": "Sens", "specificity": "Spec", "f1": "F1"}
INTERVALS = ("obuchowski_logit", "bootstrap", "delong")
ENDS = ("lower", "upper")
COUNTS = ("tp", "fn", "tn", "fp")
CEILING_CAPTION = (
    " Ideal ceiling: the best AUC of any classifier that may know of the same, from "
    "the truth of the synthetic cohort."
)
TRAININGS_CAPTION = (
    " AUC over trainings: lowest and highest of several trainings of the CNN on the "
    "same nodes; all other numbers are those of the first."
)
SOURCES = {"out_of_fold": "out of fold", "test": "test set", "given": "own"}


def _number() -> ColumnSchema:
    return columns.number(nullable=True)


TABLE_1 = table(
    {
        "classifier": text(unique=True),
        "n_positive": count(),
        "n_negative": count(),
        "n_patients": count(),
        "auc": _number(),
        **{f"auc_{how}_{end}": _number() for how in INTERVALS for end in ENDS},
        "binary_auc": _number(),
        **{name: count() for name in COUNTS},
        **{
            f"{metric}{end}": _number()
            for metric in METRICS
            for end in ("", "_lower", "_upper", "_patients_lower", "_patients_upper")
        },
        "threshold_source": text(),
        "threshold": _number(),
        "target_sensitivity": _number(),
        "sensitivity_at_target": _number(),
        "specificity_at_target": _number(),
        "specificity_at_target_interpolated": _number(),
        "prevalence": _number(),
        "ppv_at_prevalence": _number(),
        "npv_at_prevalence": _number(),
    }
)
"""One row per classifier; shares are fractions, empty where nothing divides them.
``_lower`` and ``_upper`` of a share are Wilson's limits over nodes (of F1 those over
patients), ``_patients_lower`` and ``_patients_upper`` those over patients."""


def table_1_frame(statistics: Sequence[Block]) -> pd.DataFrame:
    """Return ``TABLE_1`` from the JSON of each classifier, in their order."""
    return pd.DataFrame(
        [_full_row(one) for one in statistics], columns=list(TABLE_1.columns)
    )


def table_1_grid(
    statistics: Sequence[Block],
    *,
    ceilings: Mapping[str, float] | None = None,
    spreads: Mapping[str, TrainingSpread] | None = None,
) -> Grid:
    """Lay out Table 1 for reading; percentages without decimals, as published.

    PPV and NPV depend on the share of positive nodes, which in the test set is not that
    of patients: see ``predictive_values``.

    Parameters
    ----------
    statistics
        JSON of each classifier; the published ones stand above a rule.
    ceilings
        The best AUC possible by classifier, for a synthetic cohort with known truth.
    spreads
        Of the AUC over trainings, by classifier; none where each was trained once.
    """
    first = statistics[0]
    of_level = ci(first["auc"]["intervals"]["delong"]["level"])
    target = setting_percent(first["at_target_sensitivity"]["target"])
    best: list[Column] = [
        ("Ideal ceiling", lambda one: number((ceilings or {}).get(one["classifier"])))
    ]
    trained: list[Column] = [
        ("AUC over trainings", lambda one: _trained(one, spreads or {}))
    ]
    published = [one for one in statistics if is_published(one["classifier"])]
    others = [one for one in statistics if not is_published(one["classifier"])]
    return lay_out(
        "table_1",
        _caption(statistics)
        + (CEILING_CAPTION if ceilings else "")
        + (TRAININGS_CAPTION if spreads else ""),
        [
            ("Classifier", lambda one: printed(one["classifier"])),
            (f"AUC ({of_level})", _auc),
            *(trained if spreads else []),
            *(best if ceilings else []),
            ("Binary AUC", lambda one: half_up(exact_binary_auc(one), 3)),
            *(_count(name) for name in COUNTS),
            *(
                _share(metric, f"{title} ({of_level})")
                for metric, title in SHOWN.items()
            ),
            ("Threshold", _threshold),
            (f"Spec at sens ≥ {target}%", _at_target),
        ],
        (published, others),
    )


def _full_row(one: Block) -> Block:
    """Flatten the JSON of a classifier, nothing rounded."""
    target = one["at_target_sensitivity"]
    natural = one["natural_prevalence"] or dict.fromkeys(("prevalence", "ppv", "npv"))
    row = {f"n_{name}": count for name, count in one["n"].items()}
    for how in INTERVALS:
        for end in ENDS:
            row[f"auc_{how}_{end}"] = one["auc"]["intervals"][how][end]
    for metric in METRICS:
        row[metric] = one["metrics"][metric]["estimate"]
        for end in ENDS:
            row[f"{metric}_{end}"] = one["metrics"][metric][end]
            of_patients = one["metrics"][metric]["patient_bootstrap"]
            row[f"{metric}_patients_{end}"] = of_patients[end]
    flat: Block = (
        row
        | one["confusion"]
        | {
            "classifier": one["classifier"],
            "auc": one["auc"]["estimate"],
            "binary_auc": one["binary_auc"]["estimate"],
            "threshold_source": one["threshold"]["source"],
            "threshold": one["threshold"]["value"],
            "target_sensitivity": target["target"],
            "sensitivity_at_target": target["attained"]["sensitivity"],
            "specificity_at_target": target["attained"]["specificity"],
            "specificity_at_target_interpolated": target["interpolated"]["specificity"],
            "prevalence": natural["prevalence"],
            "ppv_at_prevalence": natural["ppv"],
            "npv_at_prevalence": natural["npv"],
        }
    )
    return flat


def _auc(one: Mapping[Any, Any]) -> str:
    return f"{half_up(_exact_auc(one), 3)} ({_interval(one, 'obuchowski_logit')})"


def _trained(one: Mapping[Any, Any], spreads: Mapping[str, TrainingSpread]) -> str:
    """Write the spread of the AUC over trainings."""
    spread = spreads.get(one["classifier"])
    return spread.words if spread else MISSING


def _interval(one: Mapping[Any, Any], how: str) -> str:
    """Write an interval of the AUC."""
    return interval(*(one["auc"]["intervals"][how][end] for end in ENDS))


def _share(metric: str, title: str) -> Column:
    """Return the column of a share."""
    return title, lambda one: share_with_interval(one["metrics"][metric])


def _count(name: str) -> Column:
    """Return the column of a cell of the two-by-two table."""
    return name.upper(), lambda one: count_of(one["confusion"][name])


def _threshold(one: Mapping[Any, Any]) -> str:
    """Say on which nodes the threshold was chosen, and whether it is to be trusted."""
    threshold = one["threshold"]
    weak = " (weak)" if threshold["weak_folds"] else ""
    return SOURCES[threshold["source"]] + weak


def _at_target(one: Mapping[Any, Any]) -> str:
    """Write the specificity at the target, and the sensitivity attained there."""
    attained = one["at_target_sensitivity"]["attained"]
    specificity = percent(attained["tn"], one["n"]["negative"])
    sensitivity = percent(attained["tp"], one["n"]["positive"])
    return f"{specificity} (at {sensitivity})"


def _exact_auc(one: Mapping[Any, Any]) -> Fraction:
    """Return the AUC as the count of half wins that it is."""
    pairs = one["n"]["positive"] * one["n"]["negative"]
    return Fraction(round(2 * pairs * one["auc"]["estimate"]), 2 * pairs)


def exact_binary_auc(one: Mapping[Any, Any]) -> Fraction:
    """Return the mean of sensitivity and specificity from their counts."""
    counts, n = one["confusion"], one["n"]
    return (
        Fraction(counts["tp"], n["positive"]) + Fraction(counts["tn"], n["negative"])
    ) / 2


def _words(statistics: Sequence[Block]) -> str:
    """Explain the words of the thresholds where they stand."""
    thresholds = [one["threshold"] for one in statistics]
    words = ""
    if any(one["source"] == "given" for one in thresholds):
        words += "; own: the classifier’s own call (a rating, a vote, a fixed cut-off)"
    weak = [one["chosen_on_auc"] for one in thresholds if one["weak_folds"]]
    if weak:
        areas = ", ".join(number(area) for area in weak)
        words += (
            "; weak: the models of the folds, which chose it, are much weaker than the "
            f"tested one (AUC out of fold {areas})"
        )
    return words


def _caption(statistics: Sequence[Block]) -> str:
    """Say on what and how the numbers were made."""
    sizes = {
        f"{n['positive'] + n['negative']} nodes ({n['positive']} positive) of "
        f"{n['patients']} patients"
        for n in (one["n"] for one in statistics)
    }
    bootstrap = statistics[0]["auc"]["intervals"]["bootstrap"]
    return (
        f"Test set: {' or '.join(sorted(sizes))}. All intervals take nodes as nested "
        "in patients: of the AUC Obuchowski's on the logit scale, of shares that of "
        f"resampled patients ({bootstrap['replicates']:,} replicates), or the exact "
        "bound where a share is 0 or 100. Binary AUC is the mean of sensitivity and "
        "specificity. TP, FN, TN and FP count nodes. Acc to F1 in percent, rounded "
        "half up from counts, at a threshold from the nodes named under Threshold"
        f"{_words(statistics)}. The specificity at a "
        "target stands with the sensitivity attained there; its threshold is always "
        "chosen on the test set, which flatters it."
    )
