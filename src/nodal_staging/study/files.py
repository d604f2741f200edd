"""Writing files so that no reader ever finds an incomplete one."""

import errno
import glob
import hashlib
import json
import os
import secrets
import shutil
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

LEAST_ROOM = 2**20
"""Bytes that must be free before a file is begun."""
ATTEMPTS = 10
"""How often a folder is put in its place while others put theirs there."""
HOST = hashlib.sha256(socket.gethostname().encode()).hexdigest()[:8]
"""This machine, in the names of what is not whole yet."""


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Yield a temporary name next to ``path`` and rename it to ``path`` on success.

    The bytes are on the disk before the name is, so that a machine that loses power
    leaves a whole file or the old one. The temporary name keeps the suffix of ``path``,
    so libraries that choose a format by suffix work. On failure it is removed and
    ``path`` stays as it was. The name is new each time: of two writers the last one
    wins, with a whole file.

    Raises
    ------
    OSError
        ``ENOSPC`` if the disk is full, before anything is written; some libraries do
        not survive it later.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = _new_part(path)
    need_room(path, LEAST_ROOM)
    try:
        yield part
        _store(part)
        part.replace(path)
        _store_names(path.parent)
    finally:
        part.unlink(missing_ok=True)


def _store(path: Path) -> None:
    """Wait until the bytes of a file are on the disk."""
    if path.is_symlink():
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _store_names(folder: Path) -> None:
    """Wait until the names in a folder are on the disk, where the disk can do that."""
    with suppress(OSError):
        _store(folder)


def _new_part(path: Path) -> Path:
    """Return a temporary name, and remove what killed writers of this machine left.

    What a process of another machine writes may still become whole.
    """
    for left in path.parent.glob(f".part.{HOST}-*.{glob.escape(path.name)}"):
        if not _lives(int(left.name.split("-")[1])):
            if left.is_file():
                left.unlink(missing_ok=True)
            else:
                shutil.rmtree(left, ignore_errors=True)
    token = f"{HOST}-{os.getpid()}-{secrets.token_hex(4)}"
    return path.with_name(f".part.{token}.{path.name}")


def _lives(process: int) -> bool:
    """Return whether a process of this machine runs, also of another user."""
    try:
        os.kill(process, 0)
    except OSError as error:
        return error.errno != errno.ESRCH
    return True


def need_room(path: str | Path, size: int) -> None:
    """Raise ``OSError`` (``ENOSPC``) if fewer than ``size`` bytes are free."""
    free = shutil.disk_usage(Path(path).parent).free
    if free < size:
        words = f"{os.strerror(errno.ENOSPC)} ({free} bytes free, {size} needed)"
        raise OSError(errno.ENOSPC, words, str(path))


@contextmanager
def replacing_folder(path: str | Path, *, inner: str = "") -> Iterator[Path]:
    """Yield an empty temporary folder next to ``path`` and rename it on success.

    On failure it is removed and ``path`` stays as it was. Of two writers the last one
    wins, with a whole folder.

    Parameters
    ----------
    path
        The folder to be.
    inner
        The folder within the temporary one that becomes ``path``, where files are
        named with it; else the temporary one itself.

    Raises
    ------
    OSError
        ``ENOSPC`` if the disk is full, before anything is written.
    """
    path = Path(path)
    part = _new_part(path)
    part.mkdir(parents=True)
    try:
        need_room(part, LEAST_ROOM)
        yield part
        for folder, _, names in os.walk(part):
            for name in names:
                _store(Path(folder, name))
            _store_names(Path(folder))
        _take_the_place_of(path, part / inner)
        _store_names(path.parent)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _take_the_place_of(path: Path, made: Path) -> None:
    """Rename a folder, whatever stands or meanwhile comes to stand there."""
    for _ in range(ATTEMPTS):
        shutil.rmtree(path, ignore_errors=True)
        try:
            made.rename(path)
        except OSError as error:
            if error.errno not in {errno.ENOTEMPTY, errno.EEXIST}:
                raise
        else:
            return
    raise OSError(errno.ENOTEMPTY, "another job keeps writing here", str(path))


def write_text(path: str | Path, text: str) -> None:
    """Write UTF-8 text with Unix line ends, whole or not at all."""
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: str | Path, content: Mapping[str, Any]) -> None:
    """Write JSON with sorted keys; refuse NaN and infinity, which JSON has not."""
    write_text(
        path,
        json.dumps(content, indent=2, sort_keys=True, allow_nan=False) + "\n",
    )


def read_json(path: str | Path) -> dict[str, Any]:
    """Read a JSON object."""
    content: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
    return content
