"""The page on the errors of the reference test."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from nodal_staging.paper.reference.assumptions import ReferenceTest
from nodal_staging.study.classifier_names import printed
from nodal_staging.tables.document import Document
from nodal_staging.tables.grid import Grid, lay_out, records_by
from nodal_staging.tables.grid_columns import decimals, percentages
from nodal_staging.tables.intervals import ci, interval, with_interval
from nodal_staging.tables.parts import Heading
from nodal_staging.tables.rounding import MISSING, number, percentage

SOURCES = {"paper": "Paper", "study": "This study"}
ASSUMED_WORDS = {
    "value": "as assumed",
    "lowest": "lowest limits",
    "highest": "highest limits",
}
INDEPENDENT = (
    "Corrected values assume that errors of the reference are independent of the "
    "classifier, given the true status. They are not where both depend on the same "
    "thing, such as the location or the size of the node; the bounds hold anyway."
)
PER_PATIENT = (
    "Sensitivity and specificity of the reference were counted of patients. Those of "
    "nodes differ: the corrected values are not valid for nodes."
)


def page(frame: pd.DataFrame, test: ReferenceTest, *, level: float) -> Document:
    """Lay out what a perfect classifier would show, and the corrected values.

    Parameters
    ----------
    frame
        ``REFERENCE``.
    test
        The errors that are assumed of PET.
    level
        Of the intervals.
    """
    return Document(
        "Errors of the reference test",
        (
            summary(frame, test),
            Heading("What a perfect classifier would show"),
            allowed_grid(frame),
            Heading("AUC"),
            auc_grid(frame, level),
            Heading("Sensitivity and specificity"),
            rates_grid(frame, level),
        ),
    )


def summary(frame: pd.DataFrame, test: ReferenceTest) -> str:
    """Say what is assumed, and where it is from.

    Parameters
    ----------
    frame, test
        As for ``page``.
    """
    sentences = [
        "The status of a node is that of PET, which has errors. PET is assumed to have "
        f"a sensitivity of {test.sensitivity.value:.2f} (limits "
        f"{interval(test.sensitivity.lower, test.sensitivity.upper, 2)}) and a "
        f"specificity of {test.specificity.value:.2f} (limits "
        f"{interval(test.specificity.lower, test.specificity.upper, 2)}): "
        f"{test.origin}.",
        highest_auc(frame),
        INDEPENDENT,
        *([PER_PATIENT] if test.unit == "patient" else []),
    ]
    return " ".join(sentences)


def highest_auc(frame: pd.DataFrame) -> str:
    """Say which AUC no classifier of the paper can exceed.

    Parameters
    ----------
    frame
        ``REFERENCE``.
    """
    first = _of(frame, "auc", "value").iloc[0]
    return (
        f"With a sensitivity of {first['reference_sensitivity']:.2f} and a specificity "
        f"of {first['reference_specificity']:.2f}, and "
        f"{percentage(first['called_positive'])}% positive nodes as in the "
        f"{first['source']}, no classifier can show an AUC above "
        f"{number(first['of_a_perfect_one'])} if errors are independent of it."
    )


def allowed_grid(frame: pd.DataFrame) -> Grid:
    """Lay out what a perfect classifier would show by each assumption.

    Parameters
    ----------
    frame
        ``REFERENCE``.
    """
    shown = frame[frame["assumed"].isin(list(ASSUMED_WORDS))]
    keys = ["source", "assumed"]
    wide = shown.drop_duplicates([*keys, "measure"]).pivot_table(
        index=keys, columns="measure", values="of_a_perfect_one"
    )
    rows = shown.drop_duplicates(keys).merge(
        wide.add_prefix("perfect_"), left_on=keys, right_index=True, how="left"
    )
    return lay_out(
        "reference-allowed",
        "What a classifier without any error would show against the reference. Shares "
        "in percent: positive by the reference where nothing is balanced, truly "
        "positive, and truly positive among those called positive and negative. The "
        "study of a synthetic cohort has the errors that were simulated.",
        [
            ("Reference", _named_assumption),
            decimals("Sensitivity", "reference_sensitivity"),
            decimals("Specificity", "reference_specificity"),
            percentages("Called positive", "called_positive"),
            percentages("Positive", "prevalence"),
            percentages("Among called positive", "in_positive"),
            percentages("Among called negative", "in_negative"),
            decimals("Highest AUC", "perfect_auc"),
            percentages("Its sensitivity", "perfect_sensitivity"),
            percentages("Its specificity", "perfect_specificity"),
        ],
        records_by(rows, "source"),
    )


def auc_grid(frame: pd.DataFrame, level: float) -> Grid:
    """Lay out the AUCs, corrected.

    Parameters
    ----------
    frame
        ``REFERENCE``.
    level
        Of the intervals.
    """
    rows = _of(frame, "auc", "value").merge(
        _ends(frame, "range"), on=["source", "classifier", "measure"], how="left"
    )
    columns = [
        ("Classifier", _named),
        ("AUC", lambda row: _estimate(row, "observed", "observed_")),
        decimals("Highest possible", "of_a_perfect_one"),
        ("Corrected", lambda row: _estimate(row, "corrected", "corrected_")),
        ("Reference within limits", lambda row: _interval(row, "range_")),
        ("Whatever errors depend on", lambda row: _interval(row, "bound_")),
        decimals("Specificity needed", "least_specificity"),
        ("Result", lambda row: str(row["status"])),
    ]
    if rows["true"].notna().any():
        columns.insert(4, decimals("Against the truth", "true"))
    return lay_out(
        "reference-auc",
        f"AUC against the reference and against the true status ({ci(level)}). The "
        "interval of the corrected AUC takes both rates of the reference as known; the "
        "next one lets them vary within their limits. Specificity needed: of the "
        "reference, from which on the lower end of the AUC’s interval is possible. "
        "outside: the corrected AUC is above 1, but its interval is not.",
        columns,
        records_by(rows, "source"),
    )


def rates_grid(frame: pd.DataFrame, level: float) -> Grid:
    """Lay out sensitivity and specificity, corrected.

    Parameters
    ----------
    frame
        ``REFERENCE``.
    level
        Of the intervals.
    """
    rows = frame[(frame["measure"] != "auc") & (frame["assumed"] == "value")]
    return lay_out(
        "reference-rates",
        f"Percent ({ci(level)} where there is one) against the reference and against "
        "the true status. The paper’s are as printed. outside: the corrected value is "
        "no share.",
        [
            ("Classifier", _named),
            ("Measure", lambda row: str(row["measure"])),
            ("Value", lambda row: _estimate(row, "observed", "observed_", 100)),
            percentages("Of a perfect one", "of_a_perfect_one"),
            ("Corrected", lambda row: _estimate(row, "corrected", "corrected_", 100)),
            ("Whatever errors depend on", lambda row: _interval(row, "bound_", 100)),
            ("Result", lambda row: str(row["status"])),
        ],
        records_by(rows, "source"),
    )


def _of(frame: pd.DataFrame, measure: str, assumed: str) -> pd.DataFrame:
    return frame[(frame["measure"] == measure) & (frame["assumed"] == assumed)]


def _ends(frame: pd.DataFrame, assumed: str) -> pd.DataFrame:
    """Return the intervals by an assumption, under names of their own."""
    names = {f"corrected_{end}": f"{assumed}_{end}" for end in ("lower", "upper")}
    rows = frame[frame["assumed"] == assumed].rename(columns=names)
    return rows[["source", "classifier", "measure", *names.values()]]


def _named(row: Mapping[Any, Any]) -> str:
    """Name a classifier and whose number it is."""
    return f"{printed(row['classifier'])} ({row['source']})"


def _named_assumption(row: Mapping[Any, Any]) -> str:
    return f"{SOURCES[row['source']]}, {ASSUMED_WORDS[row['assumed']]}"


def _estimate(row: Mapping[Any, Any], name: str, start: str, scale: float = 1) -> str:
    """Write a value, with its interval where it has one."""
    digits = 1 if scale > 1 else 3
    lower, upper = row[f"{start}lower"], row[f"{start}upper"]
    if pd.isna(lower):
        return number(scale * row[name], digits)
    return with_interval(row[name], lower, upper, digits, scale=scale)


def _interval(row: Mapping[Any, Any], start: str, scale: float = 1) -> str:
    """Write both ends of a range; a dash where it has none."""
    lower, upper = row[f"{start}lower"], row[f"{start}upper"]
    digits = 1 if scale > 1 else 3
    return MISSING if pd.isna(lower) else interval(lower, upper, digits, scale=scale)
