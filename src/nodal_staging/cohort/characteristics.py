"""The table that describes a cohort, overall and by partition."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from nodal_staging import tables
from nodal_staging.tables.rounding import MISSING, grouped, percent


def describe_cohort(
    *,
    cohort: str | Path,
    nodes: str | Path,
    datasets: dict[str, str | Path],
    output: str | Path,
) -> None:
    """Describe patients and nodes of the cohort and of each dataset.

    Parameters
    ----------
    cohort, nodes
        ``tables.EXAMS`` and ``tables.NODES``.
    datasets
        Partition to dataset (``tables.DATASET``).
    output
        ``tables.CHARACTERISTICS``: one row per partition and characteristic.
    """
    exams = tables.read(cohort, tables.EXAMS)
    exams = exams[exams["included"] == "yes"]
    measured = tables.read(nodes, tables.NODES)
    rows = list(_describe("cohort", exams, measured))
    for name, path in datasets.items():
        members = tables.read(path, tables.DATASET)
        rows += _describe(
            name,
            exams[exams["patient_id"].isin(members["patient_id"])],
            measured[measured["node_id"].isin(members["node_id"])],
        )
    tables.write(pd.DataFrame(rows), output, tables.CHARACTERISTICS)


def _describe(
    partition: str, exams: pd.DataFrame, nodes: pd.DataFrame
) -> Iterator[dict[str, str]]:
    """Yield the rows of one partition."""
    positive = nodes["status"].eq("positive")
    facts = {
        "patients": grouped(len(exams)),
        "nodes": grouped(len(nodes)),
        "positive nodes": f"{grouped(int(positive.sum()))} "
        f"({percent(int(positive.sum()), len(nodes), 1)} %)",
        "nodes per patient": _spread(nodes.groupby("patient_id").size(), 2),
    }
    for column, name, digits in (("age", "age (y)", 1), ("psa", "PSA (ng/ml)", 1)):
        if column in exams.columns:
            facts[name] = _spread(exams[column].dropna(), digits)
    for column, name in (
        ("volume_mm3", "volume (mm³)"),
        ("short_axis_mm", "short axis (mm)"),
        ("median_hu", "median attenuation (HU)"),
        ("suv_max", "SUVmax"),
    ):
        for status, chosen in (("positive", positive), ("negative", ~positive)):
            facts[f"{name}, {status}"] = _quartiles(nodes.loc[chosen, column].dropna())
    for name, value in facts.items():
        yield {"partition": partition, "characteristic": name, "value": value}


def _spread(values: pd.Series, digits: int) -> str:
    """Write mean, standard deviation and range."""
    if len(values) < 2:
        return MISSING
    numbers = (values.mean(), values.std(), values.min(), values.max())
    mean, deviation, low, high = (grouped(n, digits) for n in numbers)
    return f"{mean} ± {deviation} [{low} to {high}]"


def _quartiles(values: pd.Series) -> str:
    """Write median and quartiles."""
    if values.empty:
        return MISSING
    low, middle, high = (grouped(v, 1) for v in values.quantile([0.25, 0.5, 0.75]))
    return f"{middle} [{low} to {high}]"
