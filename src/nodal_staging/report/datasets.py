"""What was trained and tested on, and the weaknesses of the published protocol."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from nodal_staging import tables
from nodal_staging.datasets.balance import BALANCE, FEWEST
from nodal_staging.report.artefacts import Artefacts
from nodal_staging.report.facts import of_all, require
from nodal_staging.study.classifier_names import printed
from nodal_staging.study.files import read_json
from nodal_staging.tables.grid import Grid, lay_out
from nodal_staging.tables.grid_columns import counts, decimals, percentages
from nodal_staging.tables.parts import Banner, Heading, Items, Part
from nodal_staging.tables.rounding import count, number, percentage

NOTABLE = 0.1
"""Absolute standardised difference above which groups are commonly called unlike."""

MOST_CELLS = 10


def datasets(study: Artefacts) -> list[Part]:
    """Return the parts of the section."""
    certificate = read_json(study.certificate)
    test = certificate["test"]
    return [
        Heading("Datasets and leakage", "datasets"),
        f"Protocol: split by {certificate['protocol']}{origin(certificate)}. "
        f"The test set has {count(test['positive'])} positive and "
        f"{count(test['negative'])} negative nodes of {count(test['patients'])} "
        "patients. The network’s input is "
        f"normalised by a {certificate['normaliser_source']}. The split’s "
        f"checksum (SHA-256) begins with {certificate['split_sha256'][:12]}; studies "
        "with the same checksum tested and trained on the same nodes.",
        leakage(certificate),
        *balance(study.balance),
    ]


def origin(certificate: Mapping[str, Any]) -> str:
    """Say where a split comes from that was not drawn."""
    if certificate["given"]:
        return ", as a file gave it"
    by = certificate.get("by")
    if by is None:
        return ""
    column = f" (column {by['column']} of the exam sheet)"
    if by["kind"] == "time":
        return f", by time{column}: the test set is later than all training"
    noun = "centre" if len(by["test"]) == 1 else "centres"
    return f", by centre{column}: the test set is from {noun} {', '.join(by['test'])}"


def balance(path: str | Path) -> Iterator[Part]:
    """Yield how the mix of the test patients differs from that of the cohort."""
    cells = tables.read(path, BALANCE).dropna(subset="standardised_difference")
    if cells.empty:
        yield f"No combination of location, status and size has {FEWEST} nodes."
        return
    apart = cells["standardised_difference"].abs()
    yield (
        f"Of {count(len(cells))} combinations of location, status and short axis with "
        f"at least {FEWEST} nodes, {count(int(apart.gt(NOTABLE).sum()))} have a "
        f"standardised difference above {NOTABLE:g} between the test patients and the "
        f"cohort; the largest is {number(apart.max(), 2)}."
    )
    order = apart.sort_values(ascending=False, kind="stable").index[:MOST_CELLS]
    yield lay_out(
        "balance",
        "Nodes of the test patients and of the cohort, largest differences first.",
        [
            ("Location", lambda row: str(row["location"])),
            ("Status", lambda row: str(row["status"])),
            ("Short axis, mm", lambda row: str(row["short_axis_mm"])),
            counts("Cohort", "nodes"),
            percentages("Cohort, %", "share"),
            counts("Test patients", "test_nodes"),
            percentages("Test patients, %", "test_share"),
            decimals("Standardised difference", "standardised_difference"),
        ],
        [cells.loc[order].to_dict("records")],
    )


def leakage(certificate: Mapping[str, Any]) -> Grid:
    """Lay out what stands on both sides of the split."""
    records = [
        {"name": name.replace("_", " ")} | found
        for name, found in sorted(certificate["training"].items())
    ]
    return lay_out(
        "leakage",
        "What stands on both sides of the split.",
        [
            ("Training set", lambda row: str(row["name"])),
            counts("Nodes", "nodes"),
            counts("Positive", "positive"),
            counts("Patients", "patients"),
            counts("Shared patients", "shared_patients"),
            counts("Test nodes with a sibling", "test_nodes_with_sibling"),
            ("Identical patches", lambda row: count(len(row["identical_patches"]))),
        ],
        [records],
    )


REMAINS = (
    "One number is chosen on the test set in any protocol: the threshold of the "
    "specificity at a given sensitivity (last column of Table 1, dotted lines of "
    "Figure 5b). It is optimistic."
)


def weaknesses(study: Artefacts) -> list[Part]:
    """Say which weaknesses of the published protocol the study has, in numbers."""
    known = read_json(study.verdict)["weaknesses"]
    parts: list[Part] = [Heading("Weaknesses of the published protocol", "weaknesses")]
    if not known:
        return [*parts, without_weakness(study), REMAINS]
    parts += [Banner("Known weakness:", f"{words}.") for words in known]
    amounts = Items(tuple(_amounts(study)))
    return [*parts, "What they amount to here:", amounts, REMAINS]


WITHOUT = (
    "This study splits by patient and chooses the thresholds of its calls out of fold, "
    "so its calls have neither of the two known weaknesses of the published protocol."
)


def without_weakness(study: Artefacts) -> str:
    """Say that neither weakness applies, if the split and all thresholds agree.

    Raises
    ------
    FactError
        If patients are on both sides of the split, or a threshold was chosen on the
        test set.
    """
    certificate = read_json(study.certificate)
    both = sum(found["shared_patients"] for found in certificate["training"].values())
    by_patient = certificate["protocol"] == "patient" and not both
    require(
        by_patient,
        WITHOUT,
        f"datasets/certificate.json has a split by {certificate['protocol']} with "
        f"{count(both)} patients on both sides",
    )
    sources = of_all(study.classifiers, lambda one: str(one["threshold"]["source"]))
    on_test = [name for name, source in sources.items() if source == "test"]
    return require(
        not on_test,
        WITHOUT,
        f"the threshold of {' and '.join(map(printed, on_test))} was chosen on the "
        "test set",
    )


def _amounts(study: Artefacts) -> Iterator[str]:
    """Yield what siblings and thresholds on the test set amount to."""
    certificate = read_json(study.certificate)
    tested = certificate["test"]["positive"] + certificate["test"]["negative"]
    for name, found in sorted(certificate["training"].items()):
        siblings = found["test_nodes_with_sibling"]
        yield (
            f"{name.replace('_', ' ')}: {count(siblings)} of {count(tested)} test "
            "nodes have a sibling of the same patient in the training set."
        )
    for cnn, path in study.statistics.items():
        expected = read_json(path)["optimism"].get("expected")
        if expected is not None:
            yield (
                f"{printed(f'cnn_{cnn}')}: a threshold chosen on the test set is to be "
                f"expected to flatter balanced accuracy by "
                f"{percentage(expected['balanced_accuracy'])} percentage points."
            )
