"""Where a printed number comes from: the jobs before it, back to the raw exams."""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from nodal_staging.report.lineage.graph import Lineage, LineageError, read_lineage
from nodal_staging.study.memory import sum_of

SHOWN = 6
"""Inputs that are named; of more the rest is counted."""
TABLES = {".tsv": "\t", ".csv": ","}


def trace_file(
    results: str | Path, named: str, summaries: Mapping[str, str]
) -> list[str]:
    """Return in lines how a file of a study, or one number in it, came about.

    Parameters
    ----------
    results
        The folder of the results.
    named
        A path below it. In a table, ``:COLUMN=VALUE:COLUMN`` or ``:ROW:COLUMN``
        behind the path name a cell, rows count from 1; in JSON, keys do.
    summaries
        What each rule does.

    Raises
    ------
    LineageError
        If the record does not contain the file, or the file not the cell.
    """
    path, *cell = named.split(":")
    lineage = read_lineage(results)
    if lineage.maker(path) is None:
        raise LineageError(
            f"{path} is not in the lineage of {lineage.study}; give the path of a file "
            "below the folder of the results, such as tables/table_1.tsv"
        )
    return list(_lines(Path(results), lineage, path, cell, summaries))


def _lines(
    results: Path,
    lineage: Lineage,
    path: str,
    cell: Sequence[str],
    summaries: Mapping[str, str],
) -> Iterator[str]:
    yield _value(results / path, path, cell)
    yield _state(results / path, lineage.files.get(path))
    own = lineage.jobs[lineage.maker(path) or ""]
    through = _named_by(cell, own.inputs)
    if through:
        rest = len(own.inputs) - len(through)
        yield (
            f"Followed is {_listed(through)}, which the row names; without the cell, "
            f"the {rest} other inputs are followed, too."
        )
    steps = _steps(lineage, path, through or own.inputs)
    used = {path, *(through or own.inputs)}
    for number, names in enumerate(steps, 1):
        yield ""
        yield from _step(lineage, number, names, used, summaries)
        used |= {one for name in names for one in lineage.jobs[name].inputs}


def _named_by(cell: Sequence[str], inputs: Sequence[str]) -> list[str]:
    """Return the inputs whose name is the value that chooses the row."""
    wanted = cell[0].partition("=")[2] if cell else ""
    return [path for path in inputs if wanted and Path(path).stem == wanted]


def _step(
    lineage: Lineage,
    number: int,
    names: Sequence[str],
    used: set[str],
    summaries: Mapping[str, str],
) -> Iterator[str]:
    """Yield the lines of the jobs of a rule."""
    jobs = [lineage.jobs[name] for name in names]
    rule = jobs[0].rule
    yield f"{number}. {rule}: {summaries.get(rule, '')}".rstrip(": ")
    if len(jobs) > 1:
        parts = [name.removeprefix(f"{rule}/") for name in names]
        yield f"   jobs: {_listed(parts)}"
    outputs = [path for job in jobs for path in job.outputs]
    yield f"   makes: {_listed([path for path in outputs if path in used])}"
    inputs = {path for job in jobs for path in job.inputs}
    yield f"   from: {_listed(sorted(inputs)) or 'no file'}"
    for words in _parameters(lineage, names):
        yield f"   with: {words}"
    yield f"   code: {_shared([job.code for job in jobs])}"
    yield f"   packages: {_shared([_pairs(job.packages) for job in jobs])}"


def _steps(lineage: Lineage, path: str, through: Sequence[str]) -> list[list[str]]:
    """Return the jobs a file comes from, those of a rule together, the last first."""
    steps: dict[str, list[str]] = {}
    for name in lineage.origin(path, through):
        steps.setdefault(lineage.jobs[name].rule, []).append(name)
    return list(steps.values())


def _parameters(lineage: Lineage, names: Sequence[str]) -> Iterator[str]:
    """Yield the parameters that all jobs share, and those in which they differ."""
    values: dict[str, list[str]] = {}
    for name in names:
        for key, value in lineage.jobs[name].parameters.items():
            values.setdefault(key, []).append(json.dumps(value, ensure_ascii=False))
    for key, found in values.items():
        yield f"{_name(key)} = {_shared(found)}"


def _name(key: str) -> str:
    return f"parameter {key}, name not recorded" if key.isdigit() else key


def _shared(values: Sequence[str]) -> str:
    return "; ".join(dict.fromkeys(values))


def _pairs(values: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {one}" for name, one in values.items())


def _listed(paths: Sequence[str]) -> str:
    rest = len(paths) - SHOWN
    return ", ".join(paths[:SHOWN]) + (f" and {rest} more" if rest > 0 else "")


def _state(path: Path, recorded: str | None) -> str:
    if recorded is None:
        return "A temporary file, which was deleted after use."
    if not path.is_file():
        return "The file is missing."
    found = sum_of(path)
    if found == recorded:
        return f"SHA-256 {found}, as recorded when it was made."
    return f"SHA-256 {found}: changed since it was made ({recorded})."


def _value(path: Path, named: str, cell: Sequence[str]) -> str:
    """Return the file, and the value of the cell if one is named."""
    if not cell:
        return named
    if not path.is_file():
        raise LineageError(f"{named} is missing; name the file without a cell")
    if path.suffix == ".json":
        return f"{named}, {', '.join(cell)}: {_in_json(path, named, cell)}"
    if path.suffix not in TABLES or len(cell) != 2:
        raise LineageError(
            f"{':'.join((named, *cell))} names no cell; write FILE:COLUMN=VALUE:COLUMN "
            "or FILE:ROW:COLUMN for a table (.tsv, .csv), FILE:KEY:KEY for .json"
        )
    return f"{named}, row {cell[0]}, {cell[1]}: {_in_table(path, named, cell)}"


def _in_json(path: Path, named: str, keys: Sequence[str]) -> str:
    value = json.loads(path.read_text(encoding="utf-8"))
    for key in keys:
        if isinstance(value, list) and key.isdigit() and int(key) < len(value):
            value = value[int(key)]
        elif isinstance(value, dict) and key in value:
            value = value[key]
        else:
            known = list(value) if isinstance(value, dict) else []
            raise LineageError(f"{named} has no key {key}; {_known(known)}")
    return json.dumps(value, ensure_ascii=False)


def _in_table(path: Path, named: str, cell: Sequence[str]) -> str:
    row, column = cell
    with path.open(encoding="utf-8", newline="") as file:
        lines = (line for line in file if not line.startswith("#"))
        rows = list(csv.DictReader(lines, delimiter=TABLES[path.suffix]))
    columns = list(rows[0]) if rows else []
    key, equals, wanted = row.partition("=")
    for name in [column, *([key] if equals else [])]:
        if name not in columns:
            raise LineageError(f"{named} has no column {name}; {_known(columns)}")
    if equals:
        found = [one[column] for one in rows if one[key] == wanted]
    else:
        found = [one[column] for n, one in enumerate(rows, 1) if str(n) == row]
    if not found:
        present = dict.fromkeys(one[key] for one in rows) if equals else ()
        known = _known(list(present)) if equals else f"it has {len(rows)} rows"
        raise LineageError(f"{named} has no row {row}; {known}")
    return "; ".join(found)


def _known(names: Sequence[str]) -> str:
    return f"known: {_listed(names)}"
