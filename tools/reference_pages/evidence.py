"""Tables of measurements, from the files under docs/evidence."""

import csv
from collections.abc import Iterable, Mapping
from itertools import groupby
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import yaml

from nodal_staging.study.classifier_names import printed
from nodal_staging.tables.intervals import interval, with_interval
from nodal_staging.tables.rounding import MISSING, count, number, percentage
from reference_pages.markdown import code, table

FOLDER = "docs/evidence"
SEEDS = f"{FOLDER}/ceiling_seeds.tsv"
EARLIER = f"{FOLDER}/ceiling_earlier.tsv"
LEADERBOARD = f"{FOLDER}/leaderboard.tsv"
PUBLISHED = f"{FOLDER}/published_training/history.tsv"
DEMONSTRATION = f"{FOLDER}/demonstration"
FEW_PATIENTS = f"{FOLDER}/few_patients.tsv"
CANDIDATES = "config/unstated_options.yaml"

CNNS = ["status_balanced", "location_balanced", "xmask"]
RUN = ["times", "epochs", "tests"]
"""What the seeds of one mean share, besides the CNN."""

SUMMARY = [
    "CNN",
    "Cohorts",
    "Epochs",
    "Test cohorts",
    "Seeds",
    "Training nodes",
    "AUC",
    "Ceiling",
    "Distance",
    "Measured",
]
SINGLE = [
    "CNN",
    "Cohorts",
    "Epochs",
    "Seed",
    "Training nodes",
    "AUC (95% CI)",
    "Distance",
    "CPU time in s",
]
COURSE = [
    "Epoch",
    "Training loss",
    "Training accuracy",
    "Cross-entropy, test cohorts",
    "AUC, test cohorts",
]
MAPS = {
    "pattern_attribution": "PatternAttribution",
    "integrated_gradients": "integrated gradients",
    "gradient_x_input": "gradient x input",
    "gradient": "gradient",
    "edges": "edges of the image",
    "centre": "centre",
    "random": "random",
}
UNTRAINED = "PatternAttribution of an untrained network"
OPTIONS = ["Candidate", "Change", "Out-of-fold AUC (95% CI)", "Difference (95% CI)"]

Row = Mapping[str, str]


def ceiling_table(root: Path) -> str:
    """Return the mean AUC and distance to the ceiling of each CNN and run.

    An earlier measurement is left out once the file of seeds contains the same CNN with
    the same number of training cohorts.
    """
    seeds = _read_seeds(root)
    now = [_summary(list(rows)) for _, rows in groupby(seeds, key=_run_of)]
    known = {(row["cnn"], row["times"]) for row in seeds}
    earlier = [
        {name: _value(text) for name, text in row.items()} | {"measured": "earlier"}
        for row in read_rows(root / EARLIER)
        if (row["cnn"], row["times"]) not in known
    ]
    return table(SUMMARY, map(_summary_cells, now + earlier))


def seeds_table(root: Path) -> str:
    """Return the AUC and distance to the ceiling of each seed."""
    rows = _read_seeds(root)
    if not rows:
        return "No run has written single seeds yet.\n"
    return table(SINGLE, map(_seed_cells, rows))


def published_table(root: Path) -> str:
    """Return the course of the training with the published configuration."""
    names = ["loss", "accuracy", "held_out_loss", "held_out_auc"]
    rows = (
        [row["epoch"], *(number(float(row[name])) for name in names)]
        for row in read_rows(root / PUBLISHED)
        if row["held_out_auc"]
    )
    return table(COURSE, rows)


def heatmaps_table(root: Path) -> str:
    """Return the share of each map on the node, in the demonstration's CNNs."""
    shares = {
        (row["cnn"], row["method"]): [row["share"], row["lower"], row["upper"]]
        for row in read_rows(root / DEMONSTRATION / "localisation.tsv")
    }
    untrained = {
        row["cnn"]: 1 - float(row["outside_share"])
        for row in read_rows(root / DEMONSTRATION / "halo.tsv")
        if row["method"] == "pattern_attribution" and row["network"] == "untrained_1"
    }
    rows = [
        [words, *(with_interval(*map(float, shares[cnn, method])) for cnn in CNNS)]
        for method, words in MAPS.items()
    ]
    rows.append([UNTRAINED, *(number(untrained[cnn]) for cnn in CNNS)])
    share = "Share of the absolute relevance of the CT on the node (95% CI)"
    return table([share, *(printed(f"cnn_{cnn}") for cnn in CNNS)], rows)


def few_patients_table(root: Path) -> str:
    """Return level and coverage with few patients, in percent of cohorts."""
    shares = {
        "rejects_delong": "DeLong rejects",
        "rejects_normal": "clustered, normal law, rejects",
        "rejects_t": "clustered, t, rejects",
        "covers_delong": "DeLong covers",
        "covers_logit_normal": "Obuchowski logit, normal law, covers",
        "covers_logit_t": "Obuchowski logit, t, covers",
    }
    head = ["Positive nodes", "ICC", "Patients", "Cohorts", *shares.values()]
    rows = (
        [
            f"{percentage(float(row['prevalence']))}%",
            row["icc"],
            row["patients"],
            _whole(float(row["cohorts"])),
            *(f"{percentage(float(row[name]))}%" for name in shares),
        ]
        for row in read_rows(root / FEW_PATIENTS)
    )
    return table(head, rows)


def leaderboard_table(root: Path, cnn: str) -> str:
    """Return the candidates of a CNN, best first, with what each changes.

    The file has the columns of ``selection/leaderboard.tsv``. If it also has
    ``change``, that is what the candidate changed when it was measured. Otherwise, the
    changes are those of config/unstated_options.yaml.
    """
    text = (root / CANDIDATES).read_text(encoding="utf-8")
    options = yaml.safe_load(text)["selection"]["candidates"]
    rows = [row for row in read_rows(root / LEADERBOARD) if row["cnn"] == cnn]
    rows.sort(key=lambda row: -float(row["auc"]))
    return table(OPTIONS, (_candidate_cells(row, options) for row in rows))


def read_rows(path: Path) -> list[Row]:
    """Return the rows of a table with tabs, as text."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def _read_seeds(root: Path) -> list[Row]:
    """Return the rows of seeds, those of one mean next to each other."""

    def place(row: Row) -> list[int]:
        run = [int(row[name]) for name in RUN]
        return [*run, CNNS.index(row["cnn"]), int(row["seed"])]

    return sorted(read_rows(root / SEEDS), key=place)


def _run_of(row: Row) -> tuple[str, ...]:
    return (*(row[name] for name in RUN), row["cnn"])


def _value(text: str) -> Any:
    """Return a number, None of an empty cell, and text as it is."""
    try:
        return float(text) if text else None
    except ValueError:
        return text


def _summary(rows: list[Row]) -> dict[str, Any]:
    """Return means over the seeds of a CNN; the interval where there is one seed."""
    found = {name: _value(rows[0][name]) for name in (*RUN, "cnn", "ceiling")}
    for name in ("nodes", "auc", "distance"):
        found[name] = mean(float(row[name]) for row in rows)
    single = len(rows) == 1
    for end in ("lower", "upper"):
        found[end] = float(rows[0][end]) if single else None
    found["sd"] = None if single else stdev(float(row["auc"]) for row in rows)
    return found | {"seeds": len(rows), "measured": "seeds below"}


def _summary_cells(row: Mapping[str, Any]) -> list[str]:
    auc = number(row["auc"])
    if row["sd"] is not None:
        auc += f" (SD {number(row['sd'])})"
    elif row["lower"] is not None:
        auc += f" (95% CI {interval(row['lower'], row['upper'])})"
    whole = [_whole(row[name]) for name in (*RUN, "seeds", "nodes")]
    ends = [number(row["ceiling"]), number(row["distance"]), row["measured"]]
    return [printed(f"cnn_{row['cnn']}"), *whole, auc, *ends]


def _whole(value: float | None) -> str:
    return MISSING if value is None else count(round(value))


def _seed_cells(row: Row) -> list[str]:
    auc, lower, upper = (float(row[name]) for name in ("auc", "lower", "upper"))
    return [
        printed(f"cnn_{row['cnn']}"),
        row["times"],
        row["epochs"],
        row["seed"],
        _whole(_value(row["nodes"])),
        with_interval(auc, lower, upper),
        number(float(row["distance"])),
        _whole(_value(row["seconds"])),
    ]


def _candidate_cells(row: Row, options: Mapping[str, Any]) -> list[str]:
    measured = [
        with_interval(*(_value(row[name]) for name in names))
        for names in (
            ("auc", "lower", "upper"),
            ("difference", "difference_lower", "difference_upper"),
        )
    ]
    change = row.get("change", ", ".join(_changes(options.get(row["candidate"], {}))))
    return [code(row["candidate"]), code(change) if change else "none", *measured]


def _changes(options: Mapping[str, Any]) -> Iterable[str]:
    """Yield the keys that a candidate changes, with their values."""
    for section, keys in options.items():
        for key, value in keys.items():
            yield f"{section}.{key} {value}"
