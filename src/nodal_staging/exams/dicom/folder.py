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
from nodal_staging.exams.raw_files import files_below
from nodal_staging.study.errors import DicomSeriesError, naming_part


def naming_file(number: int) -> AbstractContextManager[None]:
    """Name the file, numbered from 0, that errors raised inside concern."""
    return naming_part(f"file {number + 1}")


def series_files(folder: Path) -> list[Path]:
    """List the files of a folder in the order in which they are numbered."""
    files = files_below(folder, role="")  # who reads the series names the folder
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
    found = list(_headers(files, wanted_tags(tags), foreign))
    if not found:
        raise DicomSeriesError(
            "no DICOM image in the folder; correct the path", "no_image"
        )
    _check_foreign(files, foreign, {files[item.file].suffix for item in found})
    return found


def _headers(
    files: list[Path], tags: Wanted, foreign: list[int]
) -> Iterator[FileHeader]:
    """Yield the headers; note the numbers of files that are not DICOM."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for number, path in enumerate(files):
            try:
                item = read_header(path, number, tags)
            except UNREADABLE:
                raise _unreadable(number) from None
            if item is None:
                foreign.append(number)
            else:
                yield item


def _check_foreign(files: list[Path], foreign: list[int], suffixes: set[str]) -> None:
    """Refuse a file that is named as the images are but is none: a damaged image.

    Disks bring notes such as README or VERSION, whose names have no suffix either.
    """
    for number in foreign:
        if files[number].suffix in suffixes and not _is_note(files[number]):
            raise _unreadable(number)


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


def _unreadable(number: int) -> DicomSeriesError:
    return DicomSeriesError(
        f"file {number + 1} in the order of names is not a readable DICOM file; "
        "remove or restore it",
        "unreadable_file",
    )
