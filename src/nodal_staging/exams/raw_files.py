"""Files of a cohort before anything has looked into them.

A path may name a pipe that never ends, a link to another patient, or a file of
absurd size; native readers follow all of them.
"""

import os
import stat
from pathlib import Path

from nodal_staging.study.errors import InputError, naming

MOST_FILES = 100_000
MOST_BYTES = 16 * 1024**3


class RawFileError(InputError):
    """A path does not lead to a file or a folder that can be read."""

    reason = "unusable_file"


def checked_file(path: Path, *, role: str, most_bytes: int = MOST_BYTES) -> Path:
    """Return the path of a regular file of bearable size, links resolved.

    Parameters
    ----------
    path
        As a sheet names it. A link is followed: whoever wrote the sheet meant it.
    role
        How messages call it, for example ``exam E0001, column segmentation``.
    most_bytes
        Largest size that is accepted.

    Raises
    ------
    RawFileError
        If there is no such file, it is a folder, pipe or device, or it is too large.
    """
    with naming(role):
        resolved = _resolve(path)
        try:
            status = resolved.stat()
        except OSError:
            raise RawFileError("no such file; correct the path") from None
        if not stat.S_ISREG(status.st_mode):
            raise RawFileError(
                f"expected a file, found {_kind(status.st_mode)}; correct the path"
            )
        if status.st_size > most_bytes:
            raise RawFileError(
                f"{status.st_size} bytes, more than the {most_bytes} that are "
                "accepted; give the file of one exam alone"
            )
    return resolved


def files_below(folder: Path, *, role: str) -> list[Path]:
    """List the regular files of a folder and its subfolders, sorted by path.

    Hidden files, pipes, devices and links that lead out of the folder are left out.

    Raises
    ------
    RawFileError
        If there is no such folder, or it holds more than ``MOST_FILES`` files.
    """
    with naming(role):
        root = _resolve(folder)
        if not os.path.isdir(root):  # False, too, for a name that is too long
            raise RawFileError("no such folder; correct the path")
        found = _regular_files(root)
    return sorted(found, key=lambda path: path.parts)  # as paths compare, but faster


def _regular_files(root: Path) -> list[Path]:
    """Walk through a folder, no further than ``MOST_FILES`` files."""
    found: list[Path] = []
    for parent, folders, names in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [
            Path(parent, name)
            for name in names
            if not name.startswith(".") and _belongs(os.path.join(parent, name), root)
        ]
        if len(found) > MOST_FILES:
            raise RawFileError(
                f"more than {MOST_FILES} files; give the folder of one series"
            )
    return found


def _belongs(path: str, root: Path) -> bool:
    """Tell whether a path is a regular file, or a link to one inside the root."""
    try:
        mode = os.lstat(path).st_mode
    except OSError:  # removed since it was listed
        return False
    if not stat.S_ISLNK(mode):
        return stat.S_ISREG(mode)
    target = Path(os.path.realpath(path))
    return target.is_relative_to(root) and target.is_file()


def _resolve(path: Path) -> Path:
    """Follow links; a name that no file system can hold is no file either."""
    try:
        return Path(os.path.realpath(path, strict=False))
    except (OSError, ValueError):
        raise RawFileError("no such file; correct the path") from None


def _kind(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "a folder"
    if stat.S_ISFIFO(mode):
        return "a pipe"
    return "a device or socket"
