"""What a command has made: counts, and the paths to open."""

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from nodal_staging_command.study import Study

VERDICTS = {"problem": "to correct"}
"""Verdicts that do not read as what a number of exams is."""


def made_by_check(study: Study) -> list[str]:
    """Return how many exams can be used, and the page that shows them."""
    folder = study.results / "check"
    verdicts = Counter(row["verdict"] for row in _rows(folder / "exams.tsv"))
    counts = ", ".join(
        f"{number} {VERDICTS.get(name, name)}" for name, number in verdicts.items()
    )
    files = [*_there(folder / "summary.txt"), *_there(folder / "index.html")]
    return [*([f"Exams: {counts}"] if counts else []), *files]


def made_by_run(study: Study, targets: Sequence[str]) -> list[str]:
    """Return the files of the named targets that people open, else the report.

    Where there is neither, it is the folder of the results.
    """
    named = [path for name in targets for path in _of_target(study, name)]
    if named or targets:
        return named or _there(study.results)
    return _there(study.results / "report.html") or _there(study.results)


def _of_target(study: Study, name: str) -> list[str]:
    """Return what a target made: a file of its name, else a folder."""
    if "/" in name:
        return _there(study.folder / name)
    places = [f"figures/{name}.pdf", f"tables/{name}.html", f"{name}.html"]
    for place in (*places, f"{name}/{name}.html", name):
        if found := _there(study.results / place):
            return found
    return []


def made_by_predict(study: Study, name: str) -> list[str]:
    """Return the scores of new nodes, and what has none."""
    folder = study.results / "predictions" / name
    files = [*sorted(folder.glob("cnn_*.tsv")), folder / "not_scored.tsv"]
    return [line for path in files for line in _counted(path, "rows")]


def made_by_split(study: Study) -> list[str]:
    """Return the nodes to score: the test set, and the folds of the training sets."""
    folder = study.results / "datasets"
    names = ("test", "status_balanced", "location_balanced")
    return [line for name in names for line in _described(folder / f"{name}.tsv")]


def _described(path: Path) -> Iterator[str]:
    """Count the nodes and patients of a dataset."""
    rows = _rows(path)
    if rows:
        patients = len({row["patient_id"] for row in rows})
        positive = sum(row["status"] == "positive" for row in rows)
        folds = len({row["fold"] for row in rows} - {"0"})
        within = f", {folds} folds" if folds else ""
        yield (
            f"{path}: {len(rows)} nodes of {patients} patients, {positive} "
            f"positive{within}"
        )


def _counted(path: Path, noun: str) -> Iterator[str]:
    if path.is_file():
        yield f"{path}: {len(_rows(path))} {noun}"


def _there(path: Path) -> list[str]:
    return [str(path)] if path.exists() else []


def _rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of a table; none of one that does not exist."""
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        lines = (line for line in file if not line.startswith("#"))
        return list(csv.DictReader(lines, delimiter="\t"))
