"""What made the study: versions, configuration, sums."""

import json
from collections.abc import Iterable, Iterator, Mapping
from html import escape

from nodal_staging.report.artefacts import Artefacts
from nodal_staging.study.files import read_json
from nodal_staging.tables.grid import Grid
from nodal_staging.tables.parts import Folded, Heading, Html, Part, scroller


def provenance(study: Artefacts) -> list[Part]:
    """Return the parts of the section."""
    record = read_json(study.provenance)
    config = record["config"]
    made = [
        ("Study", config["study"]),
        ("Seed", str(config["seed"])),
        ("Software", record["software"]),
        ("Package when recorded (SHA-256)", record["package_sha256_when_recorded"]),
        ("Statistics", record["statistics_engine"]),
        ("Python", record["python"]),
        ("Machine", record["machine"]),
        *(
            (f"CPU instructions, {library}", used)
            for library, used in record["cpu_instructions"].items()
        ),
    ]
    shown = scroller(
        f"<pre>{escape(json.dumps(config, indent=1, ensure_ascii=False))}</pre>",
        "Configuration",
    )
    return [
        Heading("Provenance", "provenance"),
        "Every random draw comes from a stream that is named after its purpose and "
        "starts from the seed; the same inputs give the same bytes on CPUs with which "
        "the libraries use the same instructions, and on the same GPU model.",
        _table("provenance", "What made this study.", "Value", made),
        _other_code(record["results_of_other_code"]),
        Folded(
            "Versions of the code",
            (
                _table(
                    "code",
                    "Rules and the version of the code that computed their results.",
                    "Version",
                    _versions(record["code_versions"]),
                ),
            ),
        ),
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


def _other_code(other: Mapping[str, Mapping[str, int]]) -> str:
    """Say which results another version of the code computed."""
    if not other:
        return (
            "Each recorded result was computed by the version of the code that was "
            "present when this record was written."
        )
    jobs = "; ".join(f"{rule}: {versions}" for rule, versions in _versions(other))
    return (
        "These results were computed by another version of the code than the one "
        f"that was present when this record was written: {jobs}. Run the rules again "
        "to compute them with the present code."
    )


def _versions(
    by_rule: Mapping[str, Mapping[str, int]],
) -> Iterator[tuple[str, str]]:
    """Yield each rule, and its versions with their number of jobs."""
    for rule, versions in sorted(by_rule.items()):
        counts = [
            f"{version} ({jobs} job{'s' * (jobs > 1)})"
            for version, jobs in sorted(versions.items())
        ]
        yield rule, ", ".join(counts)


def _table(
    name: str, caption: str, value: str, rows: Iterable[tuple[str, str]]
) -> Grid:
    return Grid(name, caption, ("", value), (tuple(rows),))
