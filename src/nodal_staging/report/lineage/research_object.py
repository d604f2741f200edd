"""The lineage of a study as an RO-Crate, which other programs read.

References
----------
Soiland-Reyes et al., Packaging research artefacts with RO-Crate, Data Science
2022;5:97-138, doi 10.3233/DS-210053; RO-Crate 1.1,
https://w3id.org/ro/crate/1.1; Process Run Crate 0.5,
https://w3id.org/ro/wfrun/process/0.5.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from nodal_staging.report.lineage.graph import CRATE, RECORD, Lineage, LineageError
from nodal_staging.report.lineage.verification import verify_files
from nodal_staging.study.files import write_json

CONTEXT = [
    "https://w3id.org/ro/crate/1.1/context",
    "https://w3id.org/ro/terms/workflow-run/context",
]
CRATE_FORM = "https://w3id.org/ro/crate/1.1"
PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
TYPES = {
    ".csv": "text/csv",
    ".h5": "application/x-hdf5",
    ".html": "text/html",
    ".json": "application/json",
    ".md": "text/markdown",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".tex": "text/x-tex",
    ".tsv": "text/tab-separated-values",
}

Entity = dict[str, Any]


def write_crate(
    results: str | Path, summaries: Mapping[str, str], *, date: str, terms: str = ""
) -> Path:
    """Write ``ro-crate-metadata.json`` of a study, and return its path.

    Each job is a ``CreateAction`` that a rule performs, with its inputs, parameters
    and results. Temporary files, and inputs that are not results, are named without
    being part of the crate.

    Parameters
    ----------
    results
        The folder of the results, which becomes the crate.
    summaries
        What each rule does.
    date
        Of publication, ``YYYY-MM-DD``.
    terms
        Address of the licence of the results; empty if there is none.

    Raises
    ------
    LineageError
        If a file differs from the record.
    """
    lineage, findings = verify_files(results)
    if findings:
        first = findings[0]
        raise LineageError(
            f"{first.path} is {first.kind}, so the crate would not describe the "
            f"results ({len(findings)} in all); list them with nodal-staging verify "
            "and make these files again"
        )
    output = Path(results, CRATE)
    graph = [
        {
            "@id": CRATE,
            "@type": "CreativeWork",
            "about": {"@id": "./"},
            "conformsTo": {"@id": CRATE_FORM},
        },
        _root(lineage, date, terms),
        {"@id": PROFILE, "@type": "CreativeWork", "name": "Process Run Crate 0.5"},
        *_files(lineage, Path(results)),
        *_rules(lineage, summaries),
        *_actions(lineage),
    ]
    write_json(output, {"@context": CONTEXT, "@graph": graph})
    return output


def _root(lineage: Lineage, date: str, terms: str) -> Entity:
    parts = sorted([*lineage.files, RECORD])
    root: Entity = {
        "@id": "./",
        "@type": "Dataset",
        "name": f"Results of the study {lineage.study}",
        "description": "Tables, figures, networks and audit of a study of lymph-node "
        f"staging, computed by {lineage.software}",
        "datePublished": date,
        "conformsTo": {"@id": PROFILE},
        "hasPart": [{"@id": quote(path)} for path in parts],
        "mentions": [{"@id": _job(name)} for name in sorted(lineage.jobs)],
    }
    return root | ({"license": {"@id": terms}} if terms else {})


def _files(lineage: Lineage, results: Path) -> Iterator[Entity]:
    """Yield what the crate contains, then what its jobs used besides."""
    for path, found in sorted(lineage.files.items()):
        yield _file(path, results) | {"sha256": found}
    yield _file(RECORD, results) | {"name": "Lineage of every file"}
    places = {
        path for job in lineage.jobs.values() for path in (*job.inputs, *job.outputs)
    }
    for path in sorted(places - lineage.files.keys()):
        entity: Entity = {"@id": _absent(path), "@type": "CreativeWork", "name": path}
        if path not in lineage.outside:
            entity["description"] = "Temporary file or folder, not part of the crate"
        elif found := lineage.outside[path]:
            entity["sha256"] = found
        yield entity


def _file(path: str, results: Path) -> Entity:
    form = TYPES.get(Path(path).suffix, "application/octet-stream")
    size = str((results / path).stat().st_size)
    return {
        "@id": quote(path),
        "@type": "File",
        "name": path,
        "contentSize": size,
        "encodingFormat": form,
    }


def _rules(lineage: Lineage, summaries: Mapping[str, str]) -> Iterator[Entity]:
    for rule, code in sorted({(job.rule, job.code) for job in lineage.jobs.values()}):
        yield {
            "@id": _rule(rule, code),
            "@type": "SoftwareApplication",
            "name": rule,
            "description": summaries.get(rule, rule),
            "softwareVersion": code,
            "isPartOf": {"@id": "#software"},
        }
    yield {"@id": "#software", "@type": "SoftwareApplication", "name": lineage.software}


def _actions(lineage: Lineage) -> Iterator[Entity]:
    for name, job in sorted(lineage.jobs.items()):
        values = [
            {
                "@id": f"{_job(name)}/{quote(key)}",
                "@type": "PropertyValue",
                "name": key,
                "value": one if isinstance(one, str) else json.dumps(one),
            }
            for key, one in job.parameters.items()
        ]
        yield from values
        used = [{"@id": _place(path, lineage)} for path in job.inputs]
        used += [{"@id": value["@id"]} for value in values]
        yield {
            "@id": _job(name),
            "@type": "CreateAction",
            "name": name,
            "description": ", ".join(f"{k} {v}" for k, v in job.packages.items()),
            "instrument": {"@id": _rule(job.rule, job.code)},
            "object": used,
            "result": [{"@id": _place(path, lineage)} for path in job.outputs],
        }


def _place(path: str, lineage: Lineage) -> str:
    return quote(path) if path in lineage.files else _absent(path)


def _absent(path: str) -> str:
    return f"#not-part-of-the-crate/{quote(path)}"


def _job(name: str) -> str:
    return f"#job/{quote(name)}"


def _rule(rule: str, code: str) -> str:
    return f"#rule/{rule}/{code}"
