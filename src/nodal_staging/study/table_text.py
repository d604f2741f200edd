"""The file of a table that a person saved: its encoding, or what it is instead.

Light, since every run reads the sheets before it plans: no pandas.
"""

import codecs
import io
import re
import zipfile
from pathlib import Path

from nodal_staging.study.errors import InputError

ENCODINGS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Byte order marks; that of UTF-32 begins with that of UTF-16."""

KINDS = (
    (b"%PDF", "a PDF document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"\x89HDF", "an HDF5 file"),
    (b"NRRD", "an NRRD file"),
    (b"{\\rtf", "a text document (RTF)"),
)
"""What files of other kinds start with."""

LFS_POINTER = b"version https://git-lfs"
OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
WEB_PAGE = re.compile(rb"\s*(?:<!doctype html|<html|<\?xml)", re.IGNORECASE)
DICOM = slice(128, 132)
"""Where a DICOM file holds the letters DICM."""

ARCHIVES = (
    ("xl/", "a binary Excel workbook (.xlsb)"),
    ("content.xml", "an OpenDocument file (.ods)"),
    ("Index/", "an Apple Numbers document (.numbers)"),
    ("word/", "a Word document (.docx)"),
)
"""What ZIP archives of programs hold."""

SAVE_AS_TEXT = 'save it as "CSV UTF-8", or as text with tabs between the columns'
SAVE_AS_TABLE = 'save it as Excel workbook (.xlsx) or as "CSV UTF-8"'


class TableError(InputError):
    """A table does not have the form that its name promises."""

    reason = "unusable_table"


def read_content(path: str | Path) -> bytes:
    """Return the bytes of a table: of text or of an Excel workbook (.xlsx).

    Raises
    ------
    TableError
        If there is no such file or if it is of another kind, with the fix.
    """
    path = Path(path)
    if path.is_dir():
        raise TableError(f"{path.name}: a folder, expected a table; give its file")
    if not path.is_file():
        raise TableError(f"{path.name}: no such file; correct its path")
    content = path.read_bytes()
    found = _other_kind(content)
    if found:
        raise TableError(f"{path.name}: {found}")
    return content


def _other_kind(content: bytes) -> str | None:
    """Say what a file is that is no text, and the way out."""
    if content.startswith(b"PK\x03\x04"):
        return _archive(content)
    if content.startswith(OLD_OFFICE):
        return (
            "an Excel workbook of the old kind (.xls) or with a password, expected "
            f"text or .xlsx; {SAVE_AS_TABLE}, without a password"
        )
    if content.startswith(LFS_POINTER):
        return (
            "a pointer of Git LFS, whose content was not downloaded; run git lfs pull "
            "in its folder"
        )
    kind = next((name for start, name in KINDS if content.startswith(start)), None)
    if content[DICOM] == b"DICM":
        kind = "a DICOM file"
    if WEB_PAGE.match(content):
        kind = "a web page or XML file"
    if kind is None and b"\x00" in content and not _has_mark(content):
        kind = "a binary file, or text in UTF-16 without a byte order mark"
    if kind is None:
        return None
    return (
        f"{kind}, expected a table as text; give the path of the table, or open it in "
        f"a spreadsheet and {SAVE_AS_TEXT}"
    )


def _archive(content: bytes) -> str | None:
    """Say what kind of ZIP archive a file is; None of an Excel workbook (.xlsx)."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile:
        return (
            "an Excel workbook or ZIP archive that is damaged or incomplete; copy the "
            f"file again, or open it in a spreadsheet and {SAVE_AS_TABLE}"
        )
    if "xl/workbook.xml" in names:
        return None
    kind = next((kind for part, kind in ARCHIVES if _holds(names, part)), None)
    if kind is None:
        return (
            "a ZIP archive, expected text or an Excel workbook (.xlsx); unpack it and "
            "give the path of the table"
        )
    return (
        f"{kind}, expected text or an Excel workbook (.xlsx); open it in a "
        f"spreadsheet and {SAVE_AS_TABLE}"
    )


def _holds(names: list[str], part: str) -> bool:
    return any(name.startswith(part) for name in names)


def _has_mark(content: bytes) -> bool:
    return any(content.startswith(mark) for mark, _ in ENCODINGS)


def decoded(content: bytes, name: str) -> str:
    """Return the text of a table.

    A byte order mark states the encoding; a file without one is UTF-8.

    Parameters
    ----------
    content
        As read by ``read_content``.
    name
        Of the file, for messages.

    Raises
    ------
    TableError
        If the text is empty or in another encoding, naming the row and the fix.
    """
    encoding = "utf-8"
    for mark, marked in ENCODINGS:
        if content.startswith(mark):
            encoding = marked
            break
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        if not encoding.startswith("utf-8"):
            raise TableError(
                f"{name}: the text is damaged or was saved incompletely; open the "
                f"table in a spreadsheet and {SAVE_AS_TEXT} (UTF-8)"
            ) from None
        before = content[: error.start].decode(encoding, errors="ignore")
        row = len(re.findall(r"\r\n|\r|\n", before)) + 1
        raise TableError(
            f"{name}, row {row}: a letter that is not Unicode (UTF-8), as older "
            f"programs write umlauts; open the table in a spreadsheet and "
            f"{SAVE_AS_TEXT} (UTF-8)"
        ) from None
    if "\x00" in text:
        raise TableError(
            f"{name}: a binary file, expected a table as text; {SAVE_AS_TEXT}"
        )
    if not text.strip():
        raise TableError(
            f"{name}: the file is empty; add a header with the names of the "
            "columns, and one row below it for each entry"
        )
    return text
