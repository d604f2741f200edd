"""Which files of a study are not those that its jobs made."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from nodal_staging.report.lineage.graph import Lineage, files_of, read_lineage
from nodal_staging.study.memory import sum_of

CHANGED, MISSING, NEW = "changed", "missing", "new"


@dataclass(frozen=True, slots=True)
class Finding:
    """A file that is not as recorded.

    Attributes
    ----------
    path
        Below the results.
    kind
        ``CHANGED``, ``MISSING`` or ``NEW``.
    resting
        Files that were computed from it, directly or not.
    """

    path: str
    kind: str
    resting: Sequence[str]


def verify_files(results: str | Path) -> tuple[Lineage, list[Finding]]:
    """Compare every file of a study with its record.

    Parameters
    ----------
    results
        The folder of the results.

    Returns
    -------
    The record, and the files that differ, sorted by path.

    Raises
    ------
    LineageError
        If there is no record.
    """
    lineage = read_lineage(results)
    return lineage, list(_findings(Path(results), lineage))


def _findings(results: Path, lineage: Lineage) -> Iterator[Finding]:
    present = set(files_of(results))
    for path in sorted(present | lineage.files.keys()):
        if path not in lineage.files:
            yield Finding(path, NEW, ())
        elif path not in present:
            yield Finding(path, MISSING, lineage.rest_on(path))
        elif sum_of(results / path) != lineage.files[path]:
            yield Finding(path, CHANGED, lineage.rest_on(path))
