"""The page of two finished studies, side by side."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from nodal_staging import tables
from nodal_staging.report.shared_columns import CLASSIFIER
from nodal_staging.report.study_comparison import (
    COMPARED_CLASSIFIERS,
    SHARES,
    STUDY_FACTS,
    FinishedStudy,
    compared_classifiers,
    facts,
)
from nodal_staging.study.files import write_text
from nodal_staging.study.finished_studies import find_studies
from nodal_staging.tables.grid import Column, Grid, lay_out
from nodal_staging.tables.grid_columns import estimates
from nodal_staging.tables.html_page import render_page
from nodal_staging.tables.intervals import ci
from nodal_staging.tables.page_scripts import REPORT
from nodal_staging.tables.parts import (
    Banner,
    FileLink,
    Heading,
    NumberedTable,
    Part,
    contents,
    in_sections,
)
from nodal_staging.tables.rounding import MISSING, number

PAIRING_WORDS = {
    "paired": "paired",
    "unpaired": "unpaired",
    "one_study": "in one study only",
}
TITLES = {
    "verdict": ("Audit", "Verdicts of the audit", "CNN"),
    "cohort": ("Cohort", "Patients and nodes", "Quantity"),
    "location": ("Locations", "Nodes by location", "Location"),
    "configuration": ("Configuration", "Configuration keys that differ", "Key"),
    "version": ("Versions", "Versions of packages that differ", "Package"),
    "code": ("Code", "Versions of the code that differ, by rule", "Rule"),
}
"""Part of ``STUDY_FACTS`` to heading, title of the table and of its first column."""


def compare_studies(
    wanted: list[str],
    *,
    root: str | Path,
    page: str | Path,
    classifiers: str | Path,
    study_facts: str | Path,
) -> None:
    """Compare two finished studies.

    Parameters
    ----------
    wanted, root
        As for ``find_studies``.
    page
        Output, HTML.
    classifiers, study_facts
        Outputs: ``COMPARED_CLASSIFIERS`` and ``STUDY_FACTS``.

    Raises
    ------
    ComparisonError
        If a study is unknown or unfinished, or both are the same.
    """
    a, b = (FinishedStudy(*found) for found in find_studies(wanted, root).items())
    compared, listed = compared_classifiers(a, b), facts(a, b)
    tables.write(compared, classifiers, COMPARED_CLASSIFIERS)
    tables.write(listed, study_facts, STUDY_FACTS)
    home = Path(page).parent
    files = {
        name: FileLink(Path(path).name, Path(path).relative_to(home).as_posix())
        for name, path in (("numbers", classifiers), ("facts", study_facts))
    }
    parts = in_sections(
        (
            *_classifiers(a, b, compared, files["numbers"]),
            *_facts(a, b, listed, files["facts"]),
        )
    )
    opening = (
        Banner("For research use only;", "not a medical device."),
        f"A is the study {a.name}, B is the study {b.name}. Differences are A less B.",
    )
    text = render_page(
        f"{a.name} and {b.name} compared",
        (*opening, *parts),
        script=REPORT,
        navigation=contents(parts),
    )
    write_text(page, text)


def _classifiers(
    a: FinishedStudy, b: FinishedStudy, compared: pd.DataFrame, file: FileLink
) -> Iterator[Part]:
    """Yield how the AUCs were compared, and the numbers of each classifier."""
    yield Heading("Classifiers", "classifiers")
    yield _design(a, b, compared)
    of_level = ci(a.level)
    yield NumberedTable("Table 1", "AUCs", _areas(compared, of_level), (file,))
    shares = _shares(compared, of_level)
    yield NumberedTable("Table 2", "Sensitivity and specificity", shares, (file,))


def _areas(compared: pd.DataFrame, of_level: str) -> Grid:
    """Lay out the AUCs and their differences."""
    return lay_out(
        "compared_aucs",
        f"Test set of each study, {of_level} over patients. A paired interval is "
        "Obuchowski's for two scores of the same nodes (DeLong's where patients are "
        "too few). An unpaired one adds both variances and is valid only if the "
        "studies share no patient. A dash: no interval, or not in this study.",
        [
            CLASSIFIER,
            estimates("A", "auc_a"),
            estimates("B", "auc_b"),
            estimates("Difference", "auc_difference"),
            ("Interval", lambda row: PAIRING_WORDS[row["comparison"]]),
        ],
        [compared.to_dict("records")],
    )


def _shares(compared: pd.DataFrame, of_level: str) -> Grid:
    """Lay out sensitivity and specificity at the threshold of each study."""
    return lay_out(
        "compared_shares",
        f"Test set of each study at its own threshold, in percent with {of_level} "
        "over patients; differences in percentage points.",
        [
            CLASSIFIER,
            *(
                column
                for metric in SHARES
                for column in (
                    estimates(f"{metric.capitalize()}, A", f"{metric}_a", 1, 100),
                    estimates("B", f"{metric}_b", 1, 100),
                    _points("Difference", f"{metric}_difference"),
                )
            ),
        ],
        [compared.to_dict("records")],
    )


def _design(a: FinishedStudy, b: FinishedStudy, compared: pd.DataFrame) -> str:
    """Say whether AUCs were compared as pairs, and why."""
    kinds = set(compared["comparison"])
    if a.split != b.split:
        return (
            "Intervals of AUC differences are unpaired: the studies split their nodes "
            "in different ways (checksums of the split "
            f"{a.split[:12]} and {b.split[:12]})."
        )
    if "unpaired" not in kinds:
        return (
            "Intervals of AUC differences are paired: both studies scored the same "
            f"test nodes of the same split (checksum {a.split[:12]})."
        )
    return (
        f"The studies have the same split (checksum {a.split[:12]}). The interval of "
        "an AUC difference is paired where both studies scored the same nodes of the "
        "same patients and status, and unpaired elsewhere."
    )


def _points(title: str, name: str) -> Column:
    """Return a column of differences in percentage points."""
    return title, lambda row: number(100 * row[name], 1)


def _facts(
    a: FinishedStudy, b: FinishedStudy, listed: pd.DataFrame, file: FileLink
) -> Iterator[Part]:
    """Yield a table of each part that has rows."""
    place = 2
    for part, (heading, title, first) in TITLES.items():
        rows = listed[listed["part"] == part]
        yield Heading(heading, part)
        if rows.empty:
            yield f"{title}: none."
            continue
        place += 1
        cells = rows[["item", "a", "b"]].fillna(MISSING).astype(str)
        grid = Grid(
            f"compared_{part}",
            "A dash: the study does not have it.",
            (first, f"A: {a.name}", f"B: {b.name}"),
            (tuple(cells.itertuples(index=False, name=None)),),
        )
        yield NumberedTable(f"Table {place}", title, grid, (file,))
