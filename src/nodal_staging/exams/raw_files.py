"""Files of a cohort before anything has looked into them.

A path may name a pipe that never ends, a link to another patient, or a file of
absurd size; native readers follow all of them.
"""

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from nodal_staging.study.errors import InputError

MOST_FILES = 100_000
MOST_BYTES = 16 * 1024**3


class RawFileError(InputError):
    """A path does not lead to a file or a folder that can be read."""

    reason = "unusable_file"


def checked_file(path: Path, *, most_bytes: int = MOST_BYTES) -> Path:
    """Return the path of a regular file of bearable size, links resolved.

    Parameters
    ----------
    path
        As a sheet names it. A link is followed.
    most_bytes
        Largest size that is accepted.

    Raises
    ------
    RawFileError
        If there is no such file, it is a folder, pipe or device, or it is too large.
    """
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


def files_below(folder: Path, *, most_files: int | None = None) -> list[Path]:
    """List the regular files of a folder and its subfolders, sorted by path.

    Hidden files, pipes and devices are left out. Links are followed to files of the
    folder; in a folder of links alone, as git-annex and scratch file systems make it,
    also to files and folders elsewhere. Any folder is entered once, so that loops end.

    Raises
    ------
    RawFileError
        If there is no such folder, or it holds more than ``most_files`` files,
        by default ``MOST_FILES``.
    """
    found = _listing(_folder(folder), most_files or MOST_FILES).files
    return sorted(found, key=lambda path: path.parts)  # as paths compare, but faster


def link_remarks(folder: Path) -> tuple[str, ...]:
    """Remark on links of a folder that ``files_below`` leaves out, with their number.

    Raises
    ------
    RawFileError
        As ``files_below``.
    """
    found = _listing(_folder(folder), MOST_FILES)
    remarks = []
    if found.broken:
        remarks.append(
            f"{found.broken} links of the folder lead to no file and were left out: "
            "fetch the files that they stand for, or remove the links"
        )
    if found.outside:
        remarks.append(
            f"{found.outside} links lead out of the folder, which has files of its "
            "own, and were left out: replace them by the files if they belong here"
        )
    return tuple(remarks)


def _folder(folder: Path) -> Path:
    root = _resolve(folder)
    if not os.path.isdir(root):  # False, too, for a name that is too long
        raise RawFileError("no such folder; correct the path")
    return root


@dataclass(slots=True)
class _Listing:
    """Regular files of a folder, links that lead elsewhere, and links left out."""

    root: Path
    most_files: int
    entered: set[str] = field(default_factory=set)
    files: list[Path] = field(default_factory=list)
    linked_files: list[Path] = field(default_factory=list)
    linked_folders: list[Path] = field(default_factory=list)
    broken: int = 0
    outside: int = 0


def _listing(root: Path, most_files: int) -> _Listing:
    """Walk through a folder, no further than ``most_files`` files."""
    found = _Listing(root, most_files)
    _walk(found, root)
    own = {path.suffix for path in found.files}
    annexed = [path for path in found.linked_files if _is_annexed(path, root)]
    followed = [path for path in found.linked_files if path.suffix not in own]
    taken = list(dict.fromkeys([*annexed, *followed]))
    found.outside = len(found.linked_files) - len(taken)
    while found.linked_folders and not own:
        linked, found.linked_folders = found.linked_folders, []
        for folder in linked:
            before = len(found.linked_files)
            _walk(found, folder)
            taken += found.linked_files[before:]
    found.outside += len(found.linked_folders)
    found.files += taken
    _check_count(found)
    return found


def _walk(found: _Listing, start: Path) -> None:
    """Add what lies below a folder to the listing."""
    for parent, folders, names in os.walk(start):
        real = os.path.realpath(parent)
        if real in found.entered:
            folders.clear()
            continue
        found.entered.add(real)
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in [*folders, *names]:
            if not name.startswith("."):
                _add(found, Path(parent, name))
        _check_count(found)


def _add(found: _Listing, path: Path) -> None:
    """Add a file or a link to the listing; folders are walked elsewhere."""
    try:
        mode = os.lstat(path).st_mode
    except OSError:  # removed since it was listed
        return
    if stat.S_ISREG(mode):
        found.files.append(path)
    if not stat.S_ISLNK(mode):
        return
    target = Path(os.path.realpath(path))
    inside = target.is_relative_to(found.root)
    if target.is_file():
        (found.files if inside else found.linked_files).append(path)
    elif target.is_dir():
        # A folder above holds this one, and exams that the sheet does not mean.
        if not inside and not found.root.is_relative_to(target):
            found.linked_folders.append(path)
    elif not os.path.exists(target):
        found.broken += 1


def _is_annexed(path: Path, root: Path) -> bool:
    """Tell whether a link leads to the store of the repository that has the folder."""
    target = Path(os.path.realpath(path))
    stores = (above / ".git" / "annex" / "objects" for above in (root, *root.parents))
    return any(target.is_relative_to(store) for store in stores)


def _check_count(found: _Listing) -> None:
    if len(found.files) + len(found.linked_files) > found.most_files:
        raise RawFileError(
            f"more than {found.most_files} files; give the folder of one series"
        )


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
