"""How the numbers were made: engine, versions, seeds, configuration, sums."""

import json
from collections.abc import Iterable
from html import escape

from nodal_staging.files import read_json
from nodal_staging.grid import Grid
from nodal_staging.report.artefacts import Artefacts
from nodal_staging.report.parts import Folded, Heading, Html, Part, scroller


def methods(study: Artefacts) -> list[Part]:
    """Say which engine and which intervals the statistics have."""
    first = read_json(next(iter(study.statistics.values())))
    bootstrap = first["auc"]["intervals"]["bootstrap"]
    return [
        Heading("methods", "How the numbers were made"),
        f"Engine of record: {bootstrap['engine']}. Bootstrap intervals: method "
        f"“{bootstrap['method']}” as reported by the engine, "
        f"{bootstrap['replicates']:,} stratified replicates, level "
        f"{100 * bootstrap['level']:g} %, seeds in statistics/*.json. Obuchowski’s "
        "logit intervals account for several nodes of a patient. Proportions: Wilson "
        "intervals from integer counts; F1: a bootstrap of patients, "
        f"{bootstrap['replicates']:,} replicates. An independent implementation "
        "recomputed all of them and agreed.",
    ]


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
