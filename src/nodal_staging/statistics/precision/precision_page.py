"""The precision page."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from nodal_staging.study.classifier_names import printed
from nodal_staging.tables.document import Document
from nodal_staging.tables.grid import Grid, Row, lay_out
from nodal_staging.tables.grid_columns import decimals, percentages
from nodal_staging.tables.intervals import ci
from nodal_staging.tables.parts import Heading
from nodal_staging.tables.rounding import MISSING, half_up, number, setting_percent

TEST_WORDS = {"mid": "mid-p", "exact": "exact", "corrected": "corrected"}
LEVEL_WORDS = {
    "single": "one test",
    "published": "as published",
    "holm_first": "Holm’s first step",
}


def page(
    precision: pd.DataFrame,
    differences: pd.DataFrame,
    needed: pd.DataFrame,
    *,
    pairs: int,
    level: float,
) -> Document:
    """Lay out the three tables of the precision of a study.

    Parameters
    ----------
    precision, differences, needed
        ``PRECISION``, ``DETECTABLE`` and ``NEEDED``.
    pairs
        How many pairs Holm's first step divides 0.05 by.
    level
        Of the intervals.
    """
    reached = precision[precision["classifier"].notna()]
    expected = precision[precision["classifier"].isna()]
    of_level = ci(level)
    return Document(
        "Precision",
        (
            _summary(reached, differences, pairs),
            Heading("What this study reached"),
            reached_grid(reached, of_level),
            Heading("What to expect of the AUC"),
            _auc_grid(expected, of_level),
            Heading("What to expect of sensitivity and specificity"),
            _share_grid(expected, of_level),
            Heading("Smallest difference of accuracies at this study’s size"),
            own_grid(differences),
            Heading("Smallest difference at other sizes"),
            _sizes_grid(differences),
            Heading("Nodes needed"),
            _needed_grid(needed),
        ),
    )


def _summary(reached: pd.DataFrame, differences: pd.DataFrame, pairs: int) -> str:
    """Say the main point in words."""
    first = reached.iloc[0]
    effects = reached["design_effect"].dropna()
    effect = half_up(float(effects.median()), 2) if len(effects) else MISSING
    own = differences[differences["study"] == "yes"]
    power = setting_percent(own["power"].iloc[0])
    return (
        f"This study tests {first['n_positive']} positive and {first['n_negative']} "
        "negative nodes. Expected widths assume independent nodes; the median design "
        f"effect of its classifiers is {effect} (variance of the AUC with "
        "nodes nested in patients over that without), and widths grow with its square "
        f"root. Differences are those that McNemar’s test finds with {power}% power, "
        "by the share of nodes that one of two classifiers alone gets right. Holm’s "
        f"first step is 0.05 over {pairs} pairs."
    )


def reached_grid(reached: pd.DataFrame, of_level: str) -> Grid:
    """Lay out half the width of each classifier's intervals.

    Parameters
    ----------
    reached
        Rows of ``PRECISION`` that name a classifier.
    of_level
        Name of the intervals: ``95% CI``.
    """
    return lay_out(
        "precision-reached",
        f"Half the width of each {of_level}; of sensitivity and specificity in "
        "percentage points (Wilson).",
        [
            ("Classifier", lambda own: printed(own["classifier"])),
            decimals("AUC", "auc"),
            decimals("± clustered", "obuchowski_logit"),
            decimals("± bootstrap", "bootstrap"),
            decimals("± DeLong", "delong"),
            ("Design effect", lambda own: number(own["design_effect"], 2)),
            percentages("± Sens", "sensitivity"),
            percentages("± Spec", "specificity"),
        ],
        [[_reached(own) for _, own in reached.groupby("classifier", sort=False)]],
    )


def _reached(own: pd.DataFrame) -> dict[str, Any]:
    """Sum up the rows of a classifier: estimate, design effect and half-widths."""
    of_auc = own[own["measure"] == "auc"]
    others = own[own["measure"] != "auc"]
    return {
        "classifier": own["classifier"].iloc[0],
        "auc": of_auc["value"].iloc[0],
        "design_effect": own["design_effect"].iloc[0],
        **dict(zip(of_auc["method"], of_auc["half_width"], strict=True)),
        **dict(zip(others["measure"], others["half_width"], strict=True)),
    }


def _auc_grid(expected: pd.DataFrame, of_level: str) -> Grid:
    areas = expected[expected["measure"] == "auc"]
    values = sorted(areas["value"].unique())
    groups = tuple(
        tuple(
            (_size(size), *(half_up(own.loc[value], 3) for value in values))
            for size, own in _by_size(areas[areas["method"] == model])
        )
        for model in ("binormal", "hanley_mcneil")
    )
    return Grid(
        name="precision-auc",
        caption=(
            f"Expected half-width of the {of_level} of the AUC; above for normal "
            "scores of equal variance, as DeLong’s will be, below by Hanley and "
            "McNeil’s approximation. * is the study’s own "
            "size."
        ),
        header=("Nodes (+ and −)", *(f"AUC {value:g}" for value in values)),
        groups=groups,
    )


def _share_grid(expected: pd.DataFrame, of_level: str) -> Grid:
    shares = expected[expected["measure"] == "sensitivity"]
    values = sorted(shares["value"].unique())
    rows = tuple(
        (
            f"{size[0]}{_mark(size)}",
            *(half_up(100 * own.loc[value], 1) for value in values),
        )
        for size, own in _by_size(shares)
    )
    return Grid(
        name="precision-shares",
        caption=(
            f"Expected half-width of Wilson’s {of_level} in percentage points, by "
            "the number of nodes of the class. * is the study’s own."
        ),
        header=("Nodes of the class", *(f"{100 * value:g}%" for value in values)),
        groups=(rows,),
    )


def _by_size(
    frame: pd.DataFrame,
) -> list[tuple[tuple[int, int, str], "pd.Series[float]"]]:
    """Return half-widths by value for each size and whether it is the study's."""
    keys = ["n_positive", "n_negative", "study"]
    return [
        ((int(m), int(n), str(study)), own.set_index("value")["half_width"])
        for (m, n, study), own in frame.groupby(keys)
    ]


def _size(size: tuple[int, int, str]) -> str:
    return f"{size[0]} + {size[1]}{_mark(size)}"


def _mark(size: tuple[int, int, str]) -> str:
    return " *" if size[2] == "yes" else ""


def own_grid(differences: pd.DataFrame) -> Grid:
    """Lay out the least difference that McNemar's test finds at the study's size.

    Parameters
    ----------
    differences
        ``DETECTABLE``.
    """
    own = differences[differences["study"] == "yes"]
    shares = sorted(own["discordance"].unique())
    groups = tuple(
        tuple(
            (
                f"{TEST_WORDS[str(test)]}, {LEVEL_WORDS[str(name)]} ({level:.2g})",
                *(_difference(rows, share) for share in shares),
            )
            for test, rows in group.groupby("test", sort=False)
        )
        for (name, level), group in own.groupby(["level_of", "level"], sort=False)
    )
    return Grid(
        name="precision-own",
        caption=(
            f"Percentage points (nodes) of {own['n'].iloc[0]} test nodes, by the share "
            "of discordant nodes. – : not even if all discordant nodes favour one "
            "classifier."
        ),
        header=("Test and level", *(f"{100 * s:g}% discordant" for s in shares)),
        groups=groups,
    )


def _sizes_grid(differences: pd.DataFrame) -> Grid:
    mid = differences[differences["test"] == "mid"]
    shares = sorted(mid["discordance"].unique())
    groups = tuple(
        tuple(
            (
                f"{n}{' *' if own == 'yes' else ''}, {LEVEL_WORDS[str(name)]}",
                *(_difference(rows, share) for share in shares),
            )
            for (n, own), rows in group.groupby(["n", "study"])
        )
        for name, group in mid.groupby("level_of", sort=False)
    )
    return Grid(
        name="precision-sizes",
        caption=(
            "Percentage points (nodes), mid-p, by the number of test nodes and the "
            "share of discordant ones. * is the study’s own."
        ),
        header=("Nodes and level", *(f"{100 * s:g}% discordant" for s in shares)),
        groups=groups,
    )


def _difference(rows: pd.DataFrame, share: float) -> str:
    row = rows[rows["discordance"] == share].iloc[0]
    if pd.isna(row["difference"]):
        return MISSING
    return f"{half_up(100 * row['difference'], 1)} ({half_up(row['nodes'], 1)})"


def _needed_grid(needed: pd.DataFrame) -> Grid:
    columns = list(dict.fromkeys(zip(needed["test"], needed["level_of"], strict=True)))
    groups: dict[float, list[Row]] = {}
    for (difference, share), rows in needed.groupby(["difference", "discordance"]):
        found: Mapping[tuple[str, str], float] = dict(
            zip(
                zip(rows["test"], rows["level_of"], strict=True), rows["n"], strict=True
            )
        )
        groups.setdefault(difference, []).append(
            (
                f"{100 * difference:g} points, {100 * share:g}% discordant",
                *(
                    "> 20000" if pd.isna(found[key]) else f"{found[key]:.0f}"
                    for key in columns
                ),
            )
        )
    return Grid(
        name="precision-needed",
        caption="Test nodes from which on the difference of accuracies is found.",
        header=(
            "Difference",
            *(f"{TEST_WORDS[test]}, {LEVEL_WORDS[name]}" for test, name in columns),
        ),
        groups=tuple(map(tuple, groups.values())),
    )
