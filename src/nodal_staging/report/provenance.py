"""How the numbers were made: engine, versions, seeds, configuration, sums."""

import json
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from nodal_staging.report.artefacts import Artefacts, intervals
from nodal_staging.report.parts import Folded, Heading, Html, Part, scroller
from nodal_staging.study.classifier_names import in_order, printed
from nodal_staging.study.files import read_json
from nodal_staging.tables.grid import Grid, Row
from nodal_staging.tables.rounding import MISSING


def methods(study: Artefacts) -> list[Part]:
    """Say which engine and which intervals the statistics have."""
    of = intervals(study)
    first = read_json(next(iter(study.statistics.values())))
    bootstrap = first["auc"]["intervals"]["bootstrap"]
    return [
        Heading("methods", "How the numbers were made"),
        f"Engine of record: {bootstrap['engine']}. Bootstrap intervals: method "
        f"“{bootstrap['method']}” as reported by the engine, "
        f"{of.replicates}, stratified, level {of.level}. Obuchowski’s "
        "logit intervals account for several nodes of a patient. Proportions: Wilson "
        "intervals from integer counts; F1: a bootstrap of patients, "
        f"{of.replicates}. An independent implementation "
        "recomputed all of them and agreed.",
        Folded("Seeds of the bootstraps", (seeds(study),)),
    ]


def seeds(study: Artefacts) -> Grid:
    """List the seeds of every classifier’s bootstraps."""
    rows = tuple(
        _seeds(name, read_json(study.classifiers[name]))
        for name in in_order(study.classifiers)
    )
    header = (
        "Classifier",
        "Interval of the AUC",
        "Band of the curve",
        "Specificity at a sensitivity",
        "Draws of patients",
    )
    return Grid("seeds", "Each derived from the seed of the study.", header, (rows,))


def _seeds(name: str, found: Mapping[str, Any]) -> Row:
    of = (
        found["auc"]["intervals"]["bootstrap"],
        found["band"],
        found["at_target_sensitivity"]["interpolated"],
        found["metrics"]["f1"],
    )
    return (printed(name), *(str(one.get("seed") or MISSING) for one in of))


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
        Heading("provenance", "Provenance"),
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
