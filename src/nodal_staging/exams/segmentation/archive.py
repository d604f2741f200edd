"""Zip archives of strangers: flat, small, without doubles, never unpacked on a disk."""

import re
import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from nodal_staging.exams.voxel_stream import STREAM_ERRORS
from nodal_staging.study.errors import SegmentationError

MOST_MEMBERS = 1000
MOST_DIRECTORY_BYTES = 1024 * 1024
MOST_BYTES = 16 * 1024**3
MOST_TEXT_BYTES = 32 * 1024**2
MOST_RATIO = 1032  # what deflate can reach at all
MEMBER_NAME = re.compile(r"[A-Za-z0-9_.-]{1,255}")
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
END_RECORD = b"PK\x05\x06"
END_RECORD_BYTES = 22
LONGEST_COMMENT = 2**16 - 1
LOCATOR_64 = b"PK\x06\x07"


class Archive:
    """An archive whose directory has been checked.

    Members are read as streams; what they hold beyond their announced size is never
    inflated, and their checksum is compared at their end.
    """

    def __init__(self, file: zipfile.ZipFile) -> None:
        self._file = file
        self._text_left = MOST_TEXT_BYTES
        self._members = {member.filename: member for member in file.infolist()}

    def text(self, name: str) -> str:
        """Return the text of a member.

        Raises
        ------
        SegmentationError
            If there is no such member, it is damaged, or all texts that were read
            are too long together.
        """
        with self.stream(name) as stream:
            try:
                content = stream.read(self._text_left + 1)
            except STREAM_ERRORS:
                raise _damaged() from None
        self._text_left -= len(content)
        if self._text_left < 0:
            raise SegmentationError(
                "the descriptions within the archive are longer than "
                f"{MOST_TEXT_BYTES} bytes; save the scene of one exam alone"
            )
        try:
            return content.decode("utf-8")
        except UnicodeDecodeError:
            return content.decode("latin-1")

    @contextmanager
    def stream(self, name: str) -> Iterator[BinaryIO]:
        """Open a member for reading from front to back."""
        if name not in self._members:
            raise SegmentationError(
                "the index names a file that the archive does not "
                "hold; save the scene again with MITK"
            )
        try:
            member = self._file.open(self._members[name])
        except STREAM_ERRORS:
            raise _damaged() from None
        with member:
            yield cast(BinaryIO, member)


@contextmanager
def opened(path: Path) -> Iterator[Archive]:
    """Open an archive and check what its directory announces.

    Raises
    ------
    SegmentationError
        If it is damaged, encrypted, too large, or has names that are not plain.
    """
    with path.open("rb") as raw:
        _check_end(raw)
        try:
            file = zipfile.ZipFile(raw)
        except STREAM_ERRORS:
            raise _damaged() from None
        with file:
            _check_members(file.infolist(), path.stat().st_size)
            yield Archive(file)


def _check_end(raw: BinaryIO) -> None:
    """Bound the directory before the zip library reads all of it."""
    size = raw.seek(0, 2)
    raw.seek(max(0, size - END_RECORD_BYTES - LONGEST_COMMENT - 20))
    tail = raw.read()
    last = tail[-END_RECORD_BYTES:]
    at = len(tail) - END_RECORD_BYTES
    if not (last.startswith(END_RECORD) and last.endswith(b"\0\0")):
        at = tail.rfind(END_RECORD)
    if at < 0 or len(tail) - at < END_RECORD_BYTES:
        raise _damaged()
    members = int.from_bytes(tail[at + 10 : at + 12], "little")
    directory = int.from_bytes(tail[at + 12 : at + 16], "little")
    if members > MOST_MEMBERS or directory > MOST_DIRECTORY_BYTES:
        raise _too_large()
    if tail[max(0, at - 20) : at].startswith(LOCATOR_64):
        raise _too_large()
    raw.seek(0)


def _check_members(members: list[zipfile.ZipInfo], size: int) -> None:
    if len(members) > MOST_MEMBERS:
        raise _too_large()
    names = [member.filename for member in members]
    if not all(MEMBER_NAME.fullmatch(name) and name.strip(".") for name in names):
        raise SegmentationError(
            "the archive holds folders or names beyond letters, digits, dot, "
            "dash and underscore; save the scene again with MITK"
        )
    if len({name.casefold() for name in names}) < len(names):
        raise SegmentationError(
            "the archive holds two files of one name; save the scene again with MITK"
        )
    if any(x.flag_bits & 0x41 or x.compress_type not in METHODS for x in members):
        raise SegmentationError(
            "the archive is encrypted or compressed in an unusual way; save "
            "the scene again with MITK"
        )
    if any(stat.S_ISLNK(member.external_attr >> 16) for member in members):
        raise SegmentationError(
            "the archive holds a link; save the scene again with MITK"
        )
    total = sum(member.file_size for member in members)
    stored = sum(member.compress_size for member in members)
    if total > min(MOST_BYTES, MOST_RATIO * max(stored, 64)) or stored > size:
        raise _too_large()


def _too_large() -> SegmentationError:
    return SegmentationError(
        f"the archive announces more than {MOST_MEMBERS} files or "
        f"{MOST_BYTES} bytes, or more than it can hold; save the scene of one exam "
        "alone"
    )


def _damaged() -> SegmentationError:
    return SegmentationError("the archive is damaged; save the scene again with MITK")
