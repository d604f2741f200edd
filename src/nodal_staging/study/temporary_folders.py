"""Temporary folders of many files, whose deletion may be interrupted.

Snakemake deletes a temporary folder file by file. A run that is killed meanwhile leaves
a part of it, newer than what was made from the whole, from which the next run would
make these results again with fewer exams.
"""

import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

SEAL = ".files"
"""Name of the file that says how many others a whole folder holds."""
STAMP = ".snakemake_timestamp"


def seal(folder: str | Path) -> None:
    """Record in a folder how many files it holds, before it appears under its name."""
    Path(folder, SEAL).write_text(f"{_files(folder)}\n", encoding="ascii")


def finish_deletions(folders: Iterable[str | Path]) -> list[Path]:
    """Delete the sealed folders that have lost a file, or their seal.

    Call it while no run works with them.

    Parameters
    ----------
    folders
        Temporary folders; those that do not exist count as deleted.

    Returns
    -------
    list of Path
        The folders that were deleted.
    """
    broken = [Path(folder) for folder in folders if _has_lost_files(Path(folder))]
    for folder in broken:
        shutil.rmtree(folder, ignore_errors=True)
    return broken


def _has_lost_files(folder: Path) -> bool:
    """Tell whether a folder exists and is not whole."""
    if not folder.is_dir():
        return False
    sealed = None
    with suppress(OSError, ValueError):
        sealed = int((folder / SEAL).read_text(encoding="ascii"))
    return sealed is None or _files(folder) < sealed


def _files(folder: str | Path) -> int:
    """Count the files below a folder, without the marks of folders."""
    names = [name for _, _, names in os.walk(folder) for name in names]
    return sum(name not in {SEAL, STAMP} for name in names)
