"""``lineage.json``: which job made each file of a study, from what, and its sum."""

import ast
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nodal_staging.report.lineage.graph import (
    RECORD,
    Lineage,
    LineageError,
    OwnJob,
    files_of,
    places_of,
    read_lineage,
)
from nodal_staging.study.files import read_json, write_json
from nodal_staging.study.memory import sum_of
from nodal_staging.study.package_versions import CODE, versions_of

OUTSIDE = "outside/"
"""Stands before the name of an input that is not a result of the study."""
LONGEST_PARAMETER = 2000
ABSOLUTE = re.compile(r"(^|[\s'\"(\[{=])(/|~|[A-Za-z]:[\\/])")
"""A path of this machine in a parameter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What the workflow noted of one output when its job had ended.

    Attributes
    ----------
    path
        The output: a file, a folder, or a temporary file that is gone.
    made_by, log
        Rule of the job, and its log, whose path below ``logs/`` names the job.
    inputs
        Paths of its inputs, as those of the study are written.
    parameters
        Values of its parameters, as Python writes them, without their names.
    ended
        When the job ended, in seconds; compared with what is remembered, not recorded.
    names
        Name to value of the parameters; None where the job is not part of this run.
    roles
        Path of an input to the name that the rule gives it.
    sums
        Path of an input to its sum when the job started, ``sha256:...``.
    """

    path: str
    made_by: str
    log: str
    inputs: tuple[str, ...]
    parameters: tuple[str, ...]
    ended: float
    names: Mapping[str, str] | None = None
    roles: Mapping[str, str] = field(default_factory=dict)
    sums: Mapping[str, str] = field(default_factory=dict)


def record_lineage(
    results: str | Path, made: Iterable[Made], *, software: str, memory: str | Path
) -> None:
    """Write ``lineage.json`` of a study; equal runs give equal bytes.

    A file whose job has not run again since the last record keeps its sum, so that a
    change by hand stays visible after further runs.

    Parameters
    ----------
    results
        The folder of the results, as the paths of ``made`` are written.
    made
        One for each output.
    software
        Name and version of the software.
    memory
        File that keeps, from run to run, when the job of each file ended.
    """
    results = Path(results)
    outputs = {_inside(one.path, results): one for one in made}
    before = _before(results)
    ended = _remembered(memory) if before.jobs else {}
    jobs: dict[str, OwnJob] = {}
    outside: dict[str, str] = {}
    for number, those in _by_job(outputs, results).items():
        kept = before.jobs.get(number)
        same = all(ended.get(path) == outputs[path].ended for path in those)
        if outputs[those[-1]].names is None and kept is not None and same:
            jobs[number] = kept
            outside |= {k: v for k, v in before.outside.items() if k in kept.inputs}
        else:
            jobs[number] = _job(outputs, those, results)
            outside |= _outside(outputs[those[-1]], results)
    files = dict(_sums(results, outputs, ended, before))
    known = {"study": results.name, "software": software}
    parts = {"jobs": {k: v.as_json() for k, v in jobs.items()}, "files": files}
    write_json(results / RECORD, known | parts | {"outside": outside})
    write_json(memory, {path: one.ended for path, one in outputs.items()})


def possible_outputs(results: str | Path) -> list[str]:
    """Return the paths that jobs of a study may have made, sorted.

    They are those that the last record names, and every file and folder there is.

    Parameters
    ----------
    results
        The folder of the results; it stands before each path.
    """
    results = Path(results)
    found = {path for job in _before(results).jobs.values() for path in job.outputs}
    for path in files_of(results):
        found |= set(places_of(path))
    return sorted((results / path).as_posix() for path in found)


def _before(results: Path) -> Lineage:
    """Read the last record; an empty one where there is none that can be read."""
    try:
        return read_lineage(results)
    except LineageError:
        return Lineage()


def _remembered(memory: str | Path) -> dict[str, Any]:
    """Read what was remembered; nothing where there is none, or a damaged file."""
    try:
        return read_json(memory)
    except (OSError, ValueError):
        return {}


def _by_job(outputs: Mapping[str, Made], results: Path) -> dict[str, list[str]]:
    """Return the outputs of each job, those that were made last at the end."""
    found: dict[str, list[str]] = {}
    for path in sorted(outputs, key=lambda path: (outputs[path].ended, path)):
        log = Path(_inside(outputs[path].log, results)).with_suffix("")
        found.setdefault(log.as_posix().removeprefix("logs/"), []).append(path)
    return found


def _job(outputs: Mapping[str, Made], those: list[str], results: Path) -> OwnJob:
    made = outputs[those[-1]]
    versions = versions_of(made.log)
    code = versions.pop(CODE, "")
    return OwnJob(
        rule=made.made_by,
        code=code,
        packages=versions,
        parameters=dict(_parameters(made, code)),
        inputs=sorted(_input(path, made, results) for path in made.inputs),
        outputs=sorted(those),
    )


def _parameters(made: Made, code: str) -> Iterator[tuple[str, Any]]:
    """Yield the parameters that were recorded; those without a name by a number."""
    rest = list(made.parameters)
    for name, value in sorted((made.names or {}).items()):
        if value in rest:
            rest.remove(value)
            if name != CODE:
                yield name, _public(value)
    unnamed = [value for value in rest if value != repr(code)]
    yield from ((str(n), _public(one)) for n, one in enumerate(unnamed, 1))


def _public(written: str) -> Any:
    """Return the value of a parameter without paths of this machine."""
    if len(written) > LONGEST_PARAMETER:
        return "the whole configuration; see provenance.json"
    if ABSOLUTE.search(written):
        return "a path, not recorded"
    try:
        return json.loads(json.dumps(ast.literal_eval(written), allow_nan=False))
    except (ValueError, SyntaxError, TypeError):
        return written


def _input(path: str, made: Made, results: Path) -> str:
    if Path(path).is_relative_to(results):
        return _inside(path, results)
    return OUTSIDE + made.roles.get(path, "input")


def _outside(made: Made, results: Path) -> dict[str, str]:
    """Return the sums of inputs that are not results; empty for large files."""
    return {
        _input(path, made, results): made.sums.get(path, "").removeprefix("sha256:")
        for path in made.inputs
        if not Path(path).is_relative_to(results)
    }


def _inside(path: str, results: Path) -> str:
    return Path(path).relative_to(results).as_posix()


def _sums(
    results: Path,
    outputs: Mapping[str, Made],
    ended: Mapping[str, float],
    before: Lineage,
) -> Iterator[tuple[str, str]]:
    """Yield every file that a job made, with its sum when it was made."""
    present = set(files_of(results))
    for path in sorted(present | before.files.keys()):
        output = _output_of(path, outputs)
        if output is None or ended.get(output) == outputs[output].ended:
            if path in before.files:
                yield path, before.files[path]
        elif path in present:
            yield path, sum_of(results / path)


def _output_of(path: str, outputs: Mapping[str, Made]) -> str | None:
    """Return the output that a file is, or lies in."""
    return next((place for place in places_of(path) if place in outputs), None)
