"""Table 1: every classifier on the same test nodes, as data and for reading."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import pandas as pd
import pandera.pandas as pa

from nodal_staging.study.classifier_names import is_published, printed
from nodal_staging.tables.columns import count, table, text
from nodal_staging.tables.grid import Column, Grid, lay_out
from nodal_staging.tables.intervals import ci, wide_interval
from nodal_staging.tables.rounding import half_up, number, percent, setting_percent

Block = dict[str, Any]

METRICS = {
    "accuracy": "Acc",
    "sensitivity": "Sens",
    "specificity": "Spec",
    "ppv": "PPV",
    "npv": "NPV",
    "f1": "F1",
}
INTERVALS = ("obuchowski_logit", "bootstrap", "delong")
ENDS = ("lower", "upper")
COUNTS = ("tp", "fn", "tn", "fp")
CEILING_CAPTION = (
    " Ideal ceiling: the best AUC of any classifier that may know of the same, from "
    "the truth of the synthetic cohort."
)
SOURCES = {"out_of_fold": "out of fold", "test": "test set", "given": "own"}


def _number() -> pa.Column:
    return pa.Column(float, nullable=True, coerce=True)


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
            for end in ("", "_lower", "_upper")
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
"""One row per classifier; shares are fractions, empty where nothing divides them."""


def table_1_frame(statistics: Sequence[Block]) -> pd.DataFrame:
    """Return ``TABLE_1`` from the JSON of each classifier, in their order."""
    return pd.DataFrame(
        [_full_row(one) for one in statistics], columns=list(TABLE_1.columns)
    )


def table_1_grid(
    statistics: Sequence[Block], *, ceilings: Mapping[str, float] | None = None
) -> Grid:
    """Lay out Table 1 for reading; percentages without decimals, as published.

    Parameters
    ----------
    statistics
        JSON of each classifier; the published ones stand above a rule.
    ceilings
        The best AUC possible by classifier, where a synthetic cohort's truth tells.
    """
    first = statistics[0]
    of_level = ci(first["auc"]["intervals"]["delong"]["level"])
    target = setting_percent(first["at_target_sensitivity"]["target"])
    best: list[Column] = [
        ("Ideal ceiling", lambda one: number((ceilings or {}).get(one["classifier"])))
    ]
    published = [one for one in statistics if is_published(one["classifier"])]
    others = [one for one in statistics if not is_published(one["classifier"])]
    return lay_out(
        "table_1",
        _caption(statistics) + (CEILING_CAPTION if ceilings else ""),
        [
            ("Classifier", lambda one: printed(one["classifier"])),
            (f"AUC ({of_level})", _auc),
            (f"Bootstrap {of_level}", lambda one: _interval(one, "bootstrap")),
            *(best if ceilings else []),
            ("Binary AUC", lambda one: half_up(exact_binary_auc(one), 3)),
            *(_share(metric, title) for metric, title in METRICS.items()),
            ("Threshold", lambda one: SOURCES[one["threshold"]["source"]]),
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


def _interval(one: Mapping[Any, Any], how: str) -> str:
    """Write an interval of the AUC."""
    return wide_interval(*(one["auc"]["intervals"][how][end] for end in ENDS))


def _share(metric: str, title: str) -> Column:
    """Return the column of a share, rounded once from its counts."""
    return title, lambda one: percent(
        one["metrics"][metric]["numerator"], one["metrics"][metric]["denominator"]
    )


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


def _own(statistics: Sequence[Block]) -> str:
    """Explain the word where it stands."""
    if all(one["threshold"]["source"] != "given" for one in statistics):
        return ""
    return "; own: the classifier’s own call (a rating, a vote, a fixed cut-off)"


def _caption(statistics: Sequence[Block]) -> str:
    """Say on what and how the numbers were made."""
    sizes = {
        f"{n['positive'] + n['negative']} nodes ({n['positive']} positive) of "
        f"{n['patients']} patients"
        for n in (one["n"] for one in statistics)
    }
    bootstrap = statistics[0]["auc"]["intervals"]["bootstrap"]
    return (
        f"Test set: {' or '.join(sorted(sizes))}. The interval of the AUC takes nodes "
        "as nested in patients (Obuchowski, logit scale); the bootstrap draws nodes "
        f"within each class ({bootstrap['replicates']:,} replicates, "
        f"{bootstrap['engine']}). Binary AUC is the mean of sensitivity and "
        "specificity. Acc to F1 in percent, rounded half up from counts, at a "
        "threshold from the nodes named under Threshold"
        f"{_own(statistics)}. The specificity at a "
        "target stands with the sensitivity attained there; its threshold is always "
        "chosen on the test set, which flatters it."
    )
