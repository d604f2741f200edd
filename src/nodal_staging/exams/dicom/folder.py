"""The DICOM files of a folder: which they are, and their headers."""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from nodal_staging.exams.dicom.headers import (
    UNREADABLE,
    FileHeader,
    read_header,
    wanted_tags,
)
from nodal_staging.exams.dicom.scanning import BEGINNING_BYTES, Wanted
from nodal_staging.exams.file_kinds import folder_refusal
from nodal_staging.exams.raw_files import files_below, link_remarks
from nodal_staging.study.errors import DicomSeriesError, naming_part

MOST_LISTED = 5
"""Numbers of files that a message lists."""


def naming_file(number: int) -> AbstractContextManager[None]:
    """Name the file, numbered from 0, that errors raised inside concern."""
    return naming_part(f"file {number + 1}")


def series_files(folder: Path, *, most_files: int | None = None) -> list[Path]:
    """List the files of a folder in the order in which they are numbered."""
    files = files_below(folder, most_files=most_files)
    return [path for path in files if path.name.upper() != "DICOMDIR"]


def read_headers(folder: Path, tags: Sequence[Any]) -> list[FileHeader]:
    """Read the headers of all DICOM files below a folder.

    Parameters
    ----------
    folder
        Its files may have any name and order. A DICOMDIR, and files that are not
        DICOM and do not look as if they had been, are left out.
    tags
        Keywords or tags to keep; everything else is skipped in the file.

    Raises
    ------
    DicomSeriesError
        If a DICOM file cannot be read, or there is none.
    """
    files = series_files(folder)
    foreign: list[int] = []
    damaged: list[int] = []
    found = list(_headers(files, wanted_tags(tags), foreign, damaged))
    if not found and not damaged:
        links = link_remarks(folder)
        reason = f"no DICOM image: {links[0]}" if links else folder_refusal(files)
        raise DicomSeriesError(reason, "no_image")
    suffixes = {files[item.file].suffix for item in found}
    damaged += _damaged_images(files, foreign, suffixes)
    if damaged:
        raise _unreadable(sorted(damaged), len(files))
    return found


def _headers(
    files: list[Path], tags: Wanted, foreign: list[int], damaged: list[int]
) -> Iterator[FileHeader]:
    """Yield the headers; note the numbers of files that are not DICOM, or damaged."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for number, path in enumerate(files):
            try:
                item = read_header(path, number, tags)
            except UNREADABLE:
                damaged.append(number)
                continue
            if item is None:
                foreign.append(number)
            else:
                yield item


def _damaged_images(
    files: list[Path], foreign: list[int], suffixes: set[str]
) -> list[int]:
    """Return the files that are named as the images are but are none.

    Disks bring notes such as README or VERSION, whose names have no suffix either.
    """
    return [
        number
        for number in foreign
        if files[number].suffix in suffixes and not _is_note(files[number])
    ]


def _is_note(path: Path) -> bool:
    """Tell a note from an image: it is text, and its name does not count anything."""
    if any(letter.isdigit() for letter in path.name):
        return False
    with path.open("rb") as file:
        beginning = file.read(BEGINNING_BYTES)
    try:
        words = beginning.decode("ascii")
    except UnicodeDecodeError:
        return False
    return bool(words) and all(
        letter.isprintable() or letter in "\t\r\n" for letter in words
    )


def listed_files(numbers: Sequence[int]) -> str:
    """Return the numbers of files, from 0, for messages: the first few, from 1."""
    shown = ", ".join(str(number + 1) for number in numbers[:MOST_LISTED])
    more = len(numbers) - MOST_LISTED
    words = "file" if len(numbers) == 1 else "files"
    return f"{words} {shown}{f' and {more} more' if more > 0 else ''}"


def _unreadable(numbers: Sequence[int], files: int) -> DicomSeriesError:
    state = (
        "is no readable DICOM file"
        if len(numbers) == 1
        else ("are no readable DICOM files")
    )
    return DicomSeriesError(
        f"{listed_files(numbers)} in the order of names {state} ({len(numbers)} of "
        f"{files}); restore from the archive what is damaged, or export the series "
        "again",
        "unreadable_file",
    )
