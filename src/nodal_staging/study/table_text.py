"""The text of a table that a person saved: its encoding, or what the file is instead.

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

OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
WEB_PAGE = re.compile(rb"\s*(?:<!doctype html|<html|<\?xml)", re.IGNORECASE)
DICOM = slice(128, 132)
"""Where a DICOM file holds the letters DICM."""

SAVE_AS_TEXT = 'save it as "CSV UTF-8", or as text with tabs between the columns'


class TableError(InputError):
    """A table does not have the form that its name promises."""

    reason = "unusable_table"


def read_text(path: str | Path) -> str:
    """Return the text of a table, whatever its suffix.

    A byte order mark says which Unicode encoding a file has; a file without one is
    UTF-8.

    Raises
    ------
    TableError
        If there is no such file, or if it is empty, of another kind, or in another
        encoding, with the way out.
    """
    path = Path(path)
    if path.is_dir():
        raise TableError(f"{path.name}: a folder, expected a table; give its file")
    if not path.is_file():
        raise TableError(f"{path.name}: no such file; give its path in the config")
    content = path.read_bytes()
    found = _other_kind(content)
    if found:
        raise TableError(f"{path.name}: {found}")
    text = _decoded(content, path.name)
    if not text.strip():
        raise TableError(
            f"{path.name}: the file is empty; add a header with the names of the "
            "columns, and one row below it for each entry"
        )
    return text


def _other_kind(content: bytes) -> str | None:
    """Say what a file is that is no text, and the way out."""
    if content.startswith(b"PK\x03\x04"):
        return _archive(content)
    if content.startswith(OLD_OFFICE):
        return f"an Excel workbook (.xls), expected a table as text; {SAVE_AS_TEXT}"
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


def _archive(content: bytes) -> str:
    """Say what kind of ZIP archive a file is."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile:
        names = []
    if any(name.startswith("xl/") for name in names):
        return f"an Excel workbook (.xlsx), expected a table as text; {SAVE_AS_TEXT}"
    if "content.xml" in names:
        return f"an OpenDocument file, expected a table as text; {SAVE_AS_TEXT}"
    return (
        "a ZIP archive, expected a table as text; unpack it and give the path of the "
        "table"
    )


def _has_mark(content: bytes) -> bool:
    return any(content.startswith(mark) for mark, _ in ENCODINGS)


def _decoded(content: bytes, name: str) -> str:
    """Decode a file by its byte order mark; say in which row that fails."""
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
    return text
