"""What differs between two finished studies: numbers, configuration and versions.

AUCs are compared as pairs where both studies scored the same test nodes after the same
split; elsewhere the two samples count as independent.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nodal_staging import tables
from nodal_staging.classifiers.labelled_scores import LabelledScores, read_partition
from nodal_staging.report.audit import verdict_in_words
from nodal_staging.statistics.auc_differences import Scored, compare_pairs
from nodal_staging.statistics.unpaired_aucs import unpaired_difference
from nodal_staging.study.classifier_names import in_order, printed
from nodal_staging.study.files import read_json
from nodal_staging.study.finished_studies import ComparisonError
from nodal_staging.tables.columns import estimated, one_of, optional_number, table, text
from nodal_staging.tables.rounding import count, percent

Row = dict[str, Any]

SHARES = ("sensitivity", "specificity")
FACT_PARTS = ["cohort", "location", "configuration", "version", "code", "verdict"]
PAIRINGS = ["paired", "unpaired", "one_study"]
LARGEST_ERROR = 1e-9
"""Between the AUC of the statistics and that of the scores."""

STUDY_FACTS = table(
    {
        "part": one_of(FACT_PARTS),
        "item": text(),
        "a": text(nullable=True),
        "b": text(nullable=True),
    },
    unique=["part", "item"],
)
"""What two studies are made of; ``configuration``, ``version`` and ``code`` list only
what differs. A cell is empty where a study does not have the item."""

COMPARED_CLASSIFIERS = table(
    {
        "classifier": text(unique=True),
        "comparison": one_of(PAIRINGS),
        **{
            name: column
            for metric in ("auc", *SHARES)
            for side in ("a", "b")
            for name, column in estimated(f"{metric}_{side}", 0, 1).items()
        },
        **estimated("auc_difference", None, None),
        **{f"{metric}_difference": optional_number(-1, 1) for metric in SHARES},
    }
)
"""Every classifier of either study, in the test set of each; differences are A less B.
Intervals are those over patients."""


@dataclass(frozen=True)
class FinishedStudy:
    """The results of a study.

    Attributes
    ----------
    name
        Under which it is compared.
    folder
        With its results.
    """

    name: str
    folder: Path

    def path(self, place: str) -> Path:
        """Return a file of the study.

        Raises
        ------
        ComparisonError
            If it is not there.
        """
        path = self.folder / place
        if not path.is_file():
            raise ComparisonError(
                f"config: compare: the study {self.name} has no {place}; run it to its "
                "end"
            )
        return path

    @cached_property
    def record(self) -> dict[str, Any]:
        """The record of provenance."""
        return read_json(self.path("provenance.json"))

    @cached_property
    def split(self) -> str:
        """The sum of the split."""
        found: str = read_json(self.path("datasets/certificate.json"))["split_sha256"]
        return found

    @cached_property
    def level(self) -> float:
        """The confidence level of its intervals."""
        return float(self.record["config"]["statistics"]["confidence_level"])

    @property
    def classifiers(self) -> list[str]:
        """The classifiers with statistics."""
        return [path.stem for path in self.folder.glob("statistics/*.json")]

    def statistics(self, classifier: str) -> dict[str, Any]:
        """Return the statistics of a classifier."""
        return read_json(self.path(f"statistics/{classifier}.json"))

    def scores(self, classifier: str) -> LabelledScores:
        """Return the scores of the test set."""
        path = self.path(f"scores/{classifier}.csv")
        return read_partition(path, "test", classifier=f"{classifier} of {self.name}")


def facts(a: FinishedStudy, b: FinishedStudy) -> pd.DataFrame:
    """Return ``STUDY_FACTS`` of two studies."""
    rows = [
        *_side_by_side("cohort", _cohort(a), _cohort(b)),
        *_side_by_side("location", _locations(a), _locations(b)),
        *_unequal("configuration", _settings(a), _settings(b)),
        *_unequal("version", _versions(a), _versions(b)),
        *_unequal("code", _code(a), _code(b)),
        *_side_by_side("verdict", _verdicts(a), _verdicts(b)),
    ]
    return pd.DataFrame(rows, columns=list(STUDY_FACTS.columns), dtype="str")


def compared_classifiers(a: FinishedStudy, b: FinishedStudy) -> pd.DataFrame:
    """Return ``COMPARED_CLASSIFIERS`` of two studies.

    Raises
    ------
    ComparisonError
        If the statistics of a study do not belong to its scores, or the studies have
        intervals of different levels.
    """
    if a.level != b.level:
        raise ComparisonError(
            f"config: compare: statistics.confidence_level is {a.level:g} in {a.name} "
            f"and {b.level:g} in {b.name}; finish one of them again with the other's "
            "level"
        )
    everyone = in_order(set(a.classifiers) | set(b.classifiers))
    rows = [_classifier(name, a, b) for name in everyone]
    return pd.DataFrame(rows, columns=list(COMPARED_CLASSIFIERS.columns))


def _classifier(name: str, a: FinishedStudy, b: FinishedStudy) -> Row:
    """Compare a classifier."""
    row: Row = {"classifier": name, "comparison": "one_study"}
    for side, study in (("a", a), ("b", b)):
        if name in study.classifiers:
            row |= _estimates(side, study.statistics(name))
    if not (name in a.classifiers and name in b.classifiers):
        return row
    row |= {
        f"{metric}_difference": _less(row[f"{metric}_a"], row[f"{metric}_b"])
        for metric in SHARES
    }
    of_a, of_b = (_own_scores(name, study) for study in (a, b))
    if a.split == b.split and _same_nodes(of_a, of_b):
        return row | {"comparison": "paired"} | _paired(name, of_a, of_b, a.level)
    found = unpaired_difference(of_a, of_b, level=a.level)
    return (
        row
        | {"comparison": "unpaired"}
        | _named(found.estimate, found.lower, found.upper)
    )


def _estimates(side: str, statistics: Mapping[str, Any]) -> Row:
    """Return AUC, sensitivity and specificity with their intervals over patients."""
    area = statistics["auc"]
    found = {"auc": (area["estimate"], area["intervals"]["obuchowski_logit"])}
    for metric in SHARES:
        share = statistics["metrics"][metric]
        found[metric] = (share["estimate"], share["patient_bootstrap"] or {})
    return {
        name: value
        for metric, (estimate, ends) in found.items()
        for name, value in (
            (f"{metric}_{side}", estimate),
            (f"{metric}_{side}_lower", ends.get("lower")),
            (f"{metric}_{side}_upper", ends.get("upper")),
        )
    }


def _own_scores(name: str, study: FinishedStudy) -> LabelledScores:
    """Return the scores that the statistics of a classifier are computed from."""
    scores = study.scores(name)
    printed_auc = float(study.statistics(name)["auc"]["estimate"])
    if abs(scores.area.estimate - printed_auc) > LARGEST_ERROR:
        raise ComparisonError(
            f"config: compare: in the study {study.name} the AUC of {name} is "
            f"{printed_auc:.6f} in statistics/{name}.json and "
            f"{scores.area.estimate:.6f} by scores/{name}.csv; run the study to its end"
        )
    return scores


def _same_nodes(a: LabelledScores, b: LabelledScores) -> bool:
    return all(
        np.array_equal(one, other)
        for one, other in (
            (a.node_id, b.node_id),
            (a.patient_id, b.patient_id),
            (a.positive, b.positive),
        )
    )


def _paired(name: str, a: LabelledScores, b: LabelledScores, level: float) -> Row:
    """Return the difference on the same nodes; over nodes if patients are too few."""
    pair = (Scored.of(name, a), Scored.of(name, b))
    row = compare_pairs([pair], level).iloc[0]
    method = "delong" if row["status"] == "delong_only" else "clustered"
    return _named(
        row["difference"], row.get(f"{method}_lower"), row.get(f"{method}_upper")
    )


def _named(estimate: float, lower: float | None, upper: float | None) -> Row:
    return {
        "auc_difference": estimate,
        "auc_difference_lower": lower,
        "auc_difference_upper": upper,
    }


def _less(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else a - b


def _side_by_side(
    part: str, a: Mapping[str, str], b: Mapping[str, str]
) -> Iterator[Row]:
    """Yield every item of either study, in the order of the first."""
    for item in dict.fromkeys([*a, *b]):
        yield {"part": part, "item": item, "a": a.get(item), "b": b.get(item)}


def _unequal(part: str, a: Mapping[str, str], b: Mapping[str, str]) -> Iterator[Row]:
    """Yield the items that differ, in alphabetical order."""
    for row in sorted(_side_by_side(part, a, b), key=lambda row: str(row["item"])):
        if row["a"] != row["b"]:
            yield row


def _cohort(study: FinishedStudy) -> dict[str, str]:
    """Describe the cohort and the test set."""
    nodes = tables.read(study.path("nodes.tsv"), tables.NODES)
    tested = tables.read(study.path("datasets/test.tsv"), tables.DATASET)
    return _counts("", nodes) | _counts("test set: ", tested)


def _counts(start: str, nodes: pd.DataFrame) -> dict[str, str]:
    positive = int(nodes["status"].eq("positive").sum())
    return {
        f"{start}patients": count(nodes["patient_id"].nunique()),
        f"{start}nodes": count(len(nodes)),
        f"{start}positive nodes": _share(positive, len(nodes)),
    }


def _locations(study: FinishedStudy) -> dict[str, str]:
    """Count the nodes of each location, and how many of them are positive."""
    nodes = tables.read(study.path("nodes.tsv"), tables.NODES)
    found = {}
    for location in tables.SHOWN_LOCATIONS:
        status = nodes.loc[nodes["location"] == location, "status"]
        if len(status):
            positive = int(status.eq("positive").sum())
            positives = f"{_share(positive, len(status))} positive"
            found[location] = f"{count(len(status))}, {positives}"
    return found


def _share(part: int, whole: int) -> str:
    return f"{count(part)} ({percent(part, whole)}%)"


def _settings(study: FinishedStudy) -> dict[str, str]:
    """Return every key of the configuration but the name of the study."""
    config = {k: v for k, v in study.record["config"].items() if k != "study"}
    return dict(_flat(config))


def _flat(content: Mapping[str, Any], start: str = "") -> Iterator[tuple[str, str]]:
    """Yield dotted names and values; lists are values."""
    for key, value in content.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{start}{key}.")
        else:
            yield f"{start}{key}", json.dumps(value, ensure_ascii=False)


def _versions(study: FinishedStudy) -> dict[str, str]:
    """Return versions of packages, and what else decides the last digits."""
    record = study.record
    return {
        "nodal-staging": record["software"],
        "Source files (SHA-256)": record["package_sha256_when_recorded"],
        "Statistics": record["statistics_engine"],
        "Python": record["python"],
        "Machine": record["machine"],
        **{f"CPU, {name}": used for name, used in record["cpu_instructions"].items()},
        **record["packages"],
    }


def _code(study: FinishedStudy) -> dict[str, str]:
    """Return the version of the code behind the results of each rule."""
    return {
        rule: ", ".join(sorted(versions))
        for rule, versions in study.record["code_versions"].items()
    }


def _verdicts(study: FinishedStudy) -> dict[str, str]:
    """Return the verdict of the audit on each CNN."""
    found = read_json(study.path("audit/verdict.json"))["cnns"]
    return {printed(cnn): verdict_in_words(found[cnn]) for cnn in in_order(found)}
