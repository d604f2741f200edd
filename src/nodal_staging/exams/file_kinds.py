"""What a file is, by its content first and its name second.

A sheet may name any file. Before one is refused, the message says what it is and which
file to name instead.
"""

import io
import os
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from nodal_staging.exams.file_signatures import (
    ANALYZE,
    ANNEX,
    DICOM_CLASSES,
    DICOMDIR,
    EMPTY,
    HTML,
    OFFICE,
    PAIR,
    SCENE,
    STARTS,
    TAR,
    UNPACK,
    VOLUMES,
    WORKBOOK,
    ZIP,
    Column,
    FileKind,
    Format,
)
from nodal_staging.exams.voxel_stream import GZIP_MAGIC, STREAM_ERRORS, inflating
from nodal_staging.study.written_paths import path_fault

START_BYTES = 64 * 1024
END_BYTES = 256 * 1024
INFLATED_BYTES = 1024
MOST_LOOKED_AT = 200
META_CLASS = re.compile(rb"\x02\x00\x02\x00UI..([0-9.]{10,64})", re.DOTALL)
DATA_CLASS = re.compile(rb"\x08\x00\x16\x00....([0-9.]{10,64})", re.DOTALL)
PAIR_SUFFIXES = (".hdr", ".img", ".hdr.gz", ".img.gz")
METAIMAGE = re.compile(rb"\s*(?:Comment\s*=[^\n]*\n\s*)?(ObjectType|NDims)\s*=")
FORMAT_OF_SUFFIX: dict[str, Format] = {
    ".nii": "nifti",
    ".nii.gz": "nifti",
    ".nrrd": "nrrd",
    ".nhdr": "nrrd",
    ".mha": "metaimage",
    ".mhd": "metaimage",
}

WANTED = {"ct": "a CT", "pet": "a PET", "segmentation": "a segmentation"}
SCAN_FIX = "name the folder of the DICOM series, or one NIfTI, NRRD or MetaImage file"
USUAL_FIX = {
    "ct": SCAN_FIX,
    "pet": SCAN_FIX,
    "segmentation": "name an NRRD, NIfTI, MetaImage, DICOM SEG or RT structure set "
    "file, a .mitk scene or a .mitklabel.json stack",
}


def kind_of(path: Path) -> FileKind | None:
    """Return the kind of a regular file, None where it is unknown.

    Raises
    ------
    OSError
        If the file cannot be read.
    """
    with path.open("rb") as file:
        start = file.read(START_BYTES)
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - END_BYTES))
        end = file.read()
    name = path.name.lower()
    if not start:
        return EMPTY
    if start[:2] == GZIP_MAGIC:
        return _gzip_kind(start, name)
    return _content_kind(start, end, name)


def volume_format(path: Path) -> Format | None:
    """Return the format of a volume file, None for a file of another kind.

    A file of an unknown kind has the format that its name states, whose reader then
    says what is wrong with it.
    """
    kind = kind_of(path)
    for form, volume in VOLUMES.items():
        if kind is volume:
            return form
    named = _format_of_name(path.name.lower())
    return named if kind is None or (kind is PAIR and named) else None


def refusal(path: Path, column: Column) -> str:
    """Say that a file is of the wrong kind for its column, and which to name."""
    kind = kind_of(path) or FileKind("a file of an unknown kind")
    return f"expected {WANTED[column]}, found {kind.name}; {_fix(kind, column)}"


def folder_refusal(files: Sequence[Path]) -> str:
    """Say what the files of a folder without DICOM are, and what to name instead."""
    if not files:
        return "no DICOM image in the folder (it has no files); correct the path"
    kinds = [_kind_if_readable(path) for path in files[:MOST_LOOKED_AT]]
    (commonest, count), *_ = Counter(kinds).most_common()
    if commonest is None:
        return (
            f"no DICOM image in the folder (found {len(files)} files of other kinds); "
            "correct the path"
        )
    found = commonest.name if count == len(files) == 1 else f"{commonest.name} and "
    if len(files) > 1:
        found += f"{len(files) - 1} more"
    fix = _fix(commonest, "ct")
    return f"no DICOM image in the folder (found {found}); {fix}"


def _kind_if_readable(path: Path) -> FileKind | None:
    try:
        return kind_of(path)
    except OSError:
        return None


def missing(path: Path) -> str:
    """Say that there is nothing at a path, and what to do."""
    try:
        target = os.readlink(path) if os.path.islink(path) else ""
    except (OSError, ValueError):
        target = ""
    if "annex/objects" in target.replace(os.sep, "/"):
        return f"expected a file, found {ANNEX.name}; {ANNEX.fix}"
    return path_fault(path, "the folder of the sheet")


def _fix(kind: FileKind, column: Column) -> str:
    """Return the way out for a file in a column."""
    if kind.fix:
        return kind.fix
    if kind.column == column:  # a slice of the right modality
        return "name the folder that holds all files of the series"
    usual = USUAL_FIX[column]
    if kind.column is not None:
        return f"name it in the column {kind.column}, and in this column {usual[5:]}"
    return usual


def _content_kind(start: bytes, end: bytes, name: str) -> FileKind | None:
    """Return the kind of a file that is not compressed, from its first and last part.

    The order matters: what a signature proves goes before what a name suggests.
    """
    if start[128:132] == b"DICM" or start[:4] in (b"\x08\0\5\0", b"\x08\0\x16\0"):
        return _dicom_kind(start)
    if start.startswith(b"NRRD"):
        return VOLUMES["nrrd"]
    if METAIMAGE.match(start):
        return VOLUMES["metaimage"]
    nifti = _nifti_kind(start, name)
    if nifti is not None:
        return nifti
    if start.startswith(b"PK"):
        return _zip_kind(start + end)
    if start[257:262] == b"ustar":
        return TAR
    for magic, kind in STARTS:
        if start.startswith(magic):
            return kind
    if name.endswith(PAIR_SUFFIXES):
        return PAIR
    return _text_kind(start)


def _gzip_kind(start: bytes, name: str) -> FileKind:
    """Return the kind of a gzip stream; one that cannot be inflated is a NIfTI file.

    The reader of NIfTI then says what is wrong with it.
    """
    try:
        inner = inflating(io.BytesIO(start)).read(INFLATED_BYTES)
    except STREAM_ERRORS:
        return VOLUMES["nifti"]
    kind = _content_kind(inner, b"", name.removesuffix(".gz")) if inner else EMPTY
    if kind is None or kind in (VOLUMES["nifti"], PAIR, ANALYZE):
        return kind or VOLUMES["nifti"]
    return FileKind(f"{kind.name} in a gzip archive", UNPACK)


def _nifti_kind(start: bytes, name: str) -> FileKind | None:
    """Tell NIfTI, one of a pair, and its forerunner by length and magic of a header."""
    orders: tuple[Literal["little", "big"], ...] = ("little", "big")
    lengths = [int.from_bytes(start[:4], order) for order in orders]
    if 540 in lengths:
        return PAIR if start[4:7] == b"ni2" else VOLUMES["nifti"]
    if 348 not in lengths:
        return None
    if start[344:347] == b"ni1":
        return PAIR
    if start[344:347] != b"n+1" and name.endswith(PAIR_SUFFIXES):
        return ANALYZE
    return VOLUMES["nifti"]


def _dicom_kind(start: bytes) -> FileKind:
    """Tell DICOM objects by their SOP class, first that of the data set."""
    found = DATA_CLASS.search(start[:4096]) or META_CLASS.search(start[:2048])
    uid = found[1].decode() if found else ""
    if uid == "1.2.840.10008.1.3.10":
        return DICOMDIR
    return DICOM_CLASSES.get(uid, FileKind("a DICOM file of another kind"))


def _zip_kind(ends: bytes) -> FileKind | None:
    """Tell archives by the names in their directory, unknown where that is absent."""
    if b"PK\x05\x06" not in ends:
        return None
    if b"index.xml" in ends:
        return SCENE
    if b"[Content_Types].xml" not in ends:
        return ZIP
    return WORKBOOK if b"xl/" in ends else OFFICE


def _text_kind(start: bytes) -> FileKind | None:
    """Tell texts, of which the beginning is looked at."""
    words = start[:INFLATED_BYTES].removeprefix(b"\xef\xbb\xbf").lstrip()
    if b"/annex/objects/" in words[:200]:
        return ANNEX
    if re.search(rb"<!doctype html|<html", words, re.IGNORECASE):
        return HTML
    try:
        text = words.decode("utf-8", "strict" if len(start) < 1000 else "ignore")
    except UnicodeDecodeError:
        return None
    if not text or not all(x.isprintable() or x in "\t\r\n" for x in text):
        return None
    if text.startswith("{"):
        return FileKind("a JSON file")
    return FileKind("an XML file" if text.startswith("<?xml") else "a text file")


def _format_of_name(name: str) -> Format | None:
    for suffix, form in FORMAT_OF_SUFFIX.items():
        if name.endswith(suffix):
            return form
    return None
