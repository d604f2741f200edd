"""Jobs and files of a study, and which rest on which."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from nodal_staging.study.errors import InputError
from nodal_staging.study.files import read_json

RECORD = "lineage.json"
CRATE = "ro-crate-metadata.json"
LEFT_OUT = ("logs", "benchmarks")
"""Folders whose files contain times and hosts."""


class LineageError(InputError):
    """The record of a study is missing, or does not contain what was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnJob:
    """A job of the study.

    Attributes
    ----------
    rule, code
        Its rule, and the version of the code that it executed.
    packages
        Package to version.
    parameters
        Name to value.
    inputs, outputs
        Paths below the results; an input from elsewhere as ``outside/`` and its name
        in the rule. Temporary files are among them.
    """

    rule: str
    code: str
    packages: Mapping[str, str]
    parameters: Mapping[str, Any]
    inputs: Sequence[str]
    outputs: Sequence[str]

    def as_json(self) -> dict[str, Any]:
        """Return what the record contains."""
        return asdict(self)


@dataclass(frozen=True)
class Lineage:
    """The record of a study.

    Attributes
    ----------
    study, software
        Name of the study; name and version of the software.
    jobs
        By the path of their logs, such as ``train_cnn/xmask``.
    files
        Path below the results to SHA-256.
    outside
        Inputs that are not results, to SHA-256; empty for files of more than 1 MB.
    """

    study: str = ""
    software: str = ""
    jobs: Mapping[str, OwnJob] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    outside: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def _makers(self) -> dict[str, str]:
        return {path: name for name, job in self.jobs.items() for path in job.outputs}

    @cached_property
    def _users(self) -> dict[str, list[str]]:
        users: dict[str, list[str]] = {}
        for name, job in self.jobs.items():
            for path in job.inputs:
                users.setdefault(path, []).append(name)
        return users

    @cached_property
    def _parts(self) -> dict[str, list[str]]:
        """Return the files of each output, which may be a folder."""
        parts: dict[str, list[str]] = {}
        for path in self.files:
            for place in places_of(path):
                if place in self._makers:
                    parts.setdefault(place, []).append(path)
                    break
        return parts

    def maker(self, path: str) -> str | None:
        """Return the job that made a file; None for inputs from elsewhere."""
        return next(
            (self._makers[p] for p in places_of(path) if p in self._makers), None
        )

    def rest_on(self, path: str) -> list[str]:
        """Return every file that was computed from a file, directly or not, sorted."""
        found: set[str] = set()
        jobs: set[str] = set()
        reached = [path]
        while reached:
            for name in self._using(reached.pop()):
                if name not in jobs:
                    jobs.add(name)
                    outputs = self.jobs[name].outputs
                    reached += outputs
                    found |= {part for o in outputs for part in self._parts.get(o, ())}
        return sorted(found - {path})

    def _using(self, path: str) -> Iterator[str]:
        for place in places_of(path):
            yield from self._users.get(place, ())

    def origin(self, path: str, through: Iterable[str] | None = None) -> list[str]:
        """Return the jobs that a file comes from: its own first, then back to raw.

        ``through`` names the inputs of its own job to follow; all by default.
        """
        own = self.maker(path)
        if own is None:
            return []
        depth = {own: 0}
        inputs = self.jobs[own].inputs if through is None else through
        self._descend(inputs, 1, depth)
        return sorted(depth, key=lambda name: (depth[name], name))

    def _descend(self, paths: Iterable[str], level: int, depth: dict[str, int]) -> None:
        """Note each job with the length of the longest way to it."""
        for name in {self.maker(path) for path in paths} - {None}:
            if name is not None and depth.get(name, -1) < level:
                depth[name] = level
                self._descend(self.jobs[name].inputs, level + 1, depth)


def places_of(path: str) -> list[str]:
    """Return a path, and the folders that it lies in, the innermost first."""
    return [path, *(str(folder) for folder in Path(path).parents if folder.name)]


def read_lineage(results: str | Path) -> Lineage:
    """Read the record of a study.

    Parameters
    ----------
    results
        The folder of the results.

    Raises
    ------
    LineageError
        If there is none, or one that cannot be read.
    """
    path = Path(results, RECORD)
    if not path.is_file():
        raise LineageError(
            f"{path} does not exist; every run that makes a file writes it: delete "
            "report.html, if there is one, and run the study"
        )
    try:
        content = read_json(path)
        jobs = {name: OwnJob(**one) for name, one in content.pop("jobs").items()}
        return Lineage(jobs=jobs, **content)
    except (ValueError, TypeError, KeyError, AttributeError):
        raise LineageError(
            f"{path} is not a record of lineage; the next run that makes a file "
            "writes it: delete report.html and run the study"
        ) from None


def files_of(results: str | Path) -> Iterator[str]:
    """Yield the files of a study that have a lineage, by their paths below it.

    Logs, benchmarks, hidden files, the record and its export have none.
    """
    results = Path(results)
    for folder, folders, names in os.walk(results):
        place = Path(folder).relative_to(results)
        top = place == Path()
        folders[:] = [f for f in folders if not (top and f in LEFT_OUT)]
        for name in names:
            if not (name.startswith(".") or (top and name in {RECORD, CRATE})):
                yield (place / name).as_posix()
