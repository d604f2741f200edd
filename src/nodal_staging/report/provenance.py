"""How the numbers were made: engine, versions, seeds, configuration, sums."""

import json
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from nodal_staging.report.artefacts import Artefacts, intervals
from nodal_staging.study.classifier_names import in_order, printed
from nodal_staging.study.files import read_json
from nodal_staging.tables.grid import Grid, lay_out
from nodal_staging.tables.intervals import percent_of
from nodal_staging.tables.parts import Folded, Heading, Html, Part, scroller
from nodal_staging.tables.rounding import MISSING


def methods(study: Artefacts) -> list[Part]:
    """Say which engine and which intervals the statistics have."""
    of = intervals(study)
    first = read_json(next(iter(study.statistics.values())))
    bootstrap = first["auc"]["intervals"]["bootstrap"]
    return [
        Heading("How the numbers were made", "methods"),
        f"Engine of record: {bootstrap['engine']}. Bootstrap intervals: method "
        f"“{bootstrap['method']}” as reported by the engine, "
        f"{of.replicates}, stratified, level {percent_of(of.level)}. Obuchowski’s "
        "logit intervals account for several nodes of a patient. Proportions: Wilson "
        "intervals from integer counts; F1: a bootstrap of patients, "
        f"{of.replicates}. An independent implementation "
        "recomputed all of them and agreed.",
        Folded("Seeds of the bootstraps", (seeds(study),)),
    ]


def seeds(study: Artefacts) -> Grid:
    """List the seeds of every classifier’s bootstraps."""
    return lay_out(
        "seeds",
        "Each derived from the seed of the study.",
        [
            ("Classifier", lambda one: printed(one["classifier"])),
            (
                "Interval of the AUC",
                lambda one: _seed(one["auc"]["intervals"]["bootstrap"]),
            ),
            ("Band of the curve", lambda one: _seed(one["band"])),
            (
                "Specificity at a sensitivity",
                lambda one: _seed(one["at_target_sensitivity"]["interpolated"]),
            ),
            ("Draws of patients", lambda one: _seed(one["metrics"]["f1"])),
        ],
        [[read_json(study.classifiers[name]) for name in in_order(study.classifiers)]],
    )


def _seed(bootstrap: Mapping[str, Any]) -> str:
    return str(bootstrap.get("seed") or MISSING)


def provenance(study: Artefacts) -> list[Part]:
    """Return the parts of the section."""
    record = read_json(study.provenance)
    config = record["config"]
    made = [
        ("Study", config["study"]),
        ("Seed", str(config["seed"])),
        ("Code (SHA-256)", record["code_sha256"]),
        ("Statistics", record["statistics_engine"]),
        ("Python", record["python"]),
        ("Machine", record["machine"]),
    ]
    shown = scroller(
        f"<pre>{escape(json.dumps(config, indent=1, ensure_ascii=False))}</pre>",
        "Configuration",
    )
    return [
        Heading("Provenance", "provenance"),
        "Every random draw comes from a stream that is named after its purpose and "
        "starts from the seed; the same inputs give the same bytes.",
        _table("provenance", "What made this study.", "Value", made),
        Folded(
            "Versions of packages",
            (_table("versions", "Packages.", "Version", record["packages"].items()),),
        ),
        Folded(
            "Sums of the artefacts",
            (
                _table(
                    "sums", "Artefacts.", "SHA-256", record["artefacts_sha256"].items()
                ),
            ),
        ),
        Folded("The whole configuration", (Html(shown),)),
        "Method after Hartenstein et al., Sci Rep 2020;10:3398, "
        "doi 10.1038/s41598-020-60311-z.",
    ]


def _table(
    name: str, caption: str, value: str, rows: Iterable[tuple[str, str]]
) -> Grid:
    return Grid(name, caption, ("", value), (tuple(rows),))
