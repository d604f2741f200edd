"""Kinds of files that a sheet may name by mistake, and how their content begins.

References
----------
DICOM PS3.6, table A-1 (SOP classes).
"""

from dataclasses import dataclass
from typing import Literal

Column = Literal["ct", "pet", "segmentation"]
"""Column of a sheet that names the file."""

Format = Literal["nifti", "nrrd", "metaimage"]
"""Format of a volume that is read."""

UNPACK = "unpack it and name the folder or file in it"
CONVERT = "convert it to .nii.gz with 3D Slicer or SimpleITK"


@dataclass(frozen=True, slots=True)
class FileKind:
    """A kind of file.

    Attributes
    ----------
    name
        As messages call it, with its article.
    fix
        The way out, where it does not depend on the column.
    column
        The column in which such a file belongs, if any.
    """

    name: str
    fix: str = ""
    column: Column | None = None


EMPTY = FileKind("an empty file", "copy or export it again")
PICTURE_FIX = "export the series as DICOM, NIfTI or NRRD, which store its geometry"
PAIR = FileKind("one of the two files of a NIfTI pair (.hdr and .img)", CONVERT)
ANALYZE = FileKind(
    "one of the two files of an Analyze image (.hdr and .img), which does not store "
    "the orientation",
    "export the volume again as DICOM, NIfTI or NRRD",
)
TAR = FileKind("a tar archive", UNPACK)
WORKBOOK = FileKind("an Excel workbook")
SCENE = FileKind("a MITK scene", column="segmentation")
ZIP = FileKind("a ZIP archive", UNPACK)
OFFICE = FileKind("an Office document")
TEXT_16 = FileKind("a text file in UTF-16")
VOLUMES: dict[Format, FileKind] = {
    "nifti": FileKind("a NIfTI file", "name the NIfTI file itself"),
    "nrrd": FileKind("an NRRD file", "name the NRRD file itself"),
    "metaimage": FileKind("a MetaImage file", "name the MetaImage file itself"),
}
STARTS = (
    (b"%PDF", FileKind("a PDF document")),
    (b"\xff\xd8\xff", FileKind("a JPEG picture", PICTURE_FIX)),
    (b"\x89PNG", FileKind("a PNG picture", PICTURE_FIX)),
    (b"GIF8", FileKind("a GIF picture", PICTURE_FIX)),
    (b"BM", FileKind("a bitmap picture", PICTURE_FIX)),
    (b"II*\0", FileKind("a TIFF picture", PICTURE_FIX)),
    (b"MM\0*", FileKind("a TIFF picture", PICTURE_FIX)),
    (b"\0\0\0\x0cjP  ", FileKind("a JPEG 2000 picture", PICTURE_FIX)),
    (b"\xd0\xcf\x11\xe0", FileKind("an Excel workbook or another old Office file")),
    (b"7z\xbc\xaf", FileKind("a 7z archive", UNPACK)),
    (b"Rar!", FileKind("a RAR archive", UNPACK)),
    (b"BZh", FileKind("a file compressed with bzip2", UNPACK)),
    (b"\xfd7zXZ", FileKind("a file compressed with xz", UNPACK)),
    (b"\x89HDF", FileKind("an HDF5 file (such as MINC)", "export it as NIfTI or NRRD")),
    (b"MATLAB", FileKind("a MATLAB file", "export it as NIfTI or NRRD")),
    (b"\x93NUMPY", FileKind("a NumPy array", "write it as NIfTI or NRRD with place")),
    (
        b"version https://git-lfs",
        FileKind(
            "a Git LFS pointer instead of the file", "fetch the file with git lfs pull"
        ),
    ),
    (b"\xff\xfe", TEXT_16),
    (b"\xfe\xff", TEXT_16),
)
"""First bytes of kinds."""

ANNEX = FileKind(
    "a git-annex pointer instead of the file", "fetch the file with git annex get"
)
HTML = FileKind(
    "a web page, such as a login page that was saved instead of the file",
    "sign in and download the file again",
)
DICOMDIR = FileKind("the index of a DICOM disk", "name the folder of one series")

STORAGE = "1.2.840.10008.5.1.4.1.1."
SEG = f"{STORAGE}66.4"
LABEL_MAP = f"{STORAGE}66.7"
STRUCTURE_SET = f"{STORAGE}481.3"

DICOM_CLASSES = {
    f"{STORAGE}2": FileKind("one DICOM file of a CT", column="ct"),
    f"{STORAGE}2.1": FileKind("one DICOM file of a CT (enhanced)", column="ct"),
    f"{STORAGE}2.2": FileKind("one DICOM file of a CT (enhanced)", column="ct"),
    f"{STORAGE}128": FileKind("one DICOM file of a PET", column="pet"),
    f"{STORAGE}128.1": FileKind("one DICOM file of a PET (enhanced)", column="pet"),
    f"{STORAGE}130": FileKind("one DICOM file of a PET (enhanced)", column="pet"),
    SEG: FileKind("a DICOM segmentation", column="segmentation"),
    LABEL_MAP: FileKind("a DICOM segmentation", column="segmentation"),
    STRUCTURE_SET: FileKind("a DICOM RT structure set", column="segmentation"),
    f"{STORAGE}66.5": FileKind(
        "a DICOM surface segmentation", "export it as a DICOM segmentation of voxels"
    ),
    f"{STORAGE}66.1": FileKind("a DICOM registration"),
    f"{STORAGE}30": FileKind("a DICOM parametric map"),
    f"{STORAGE}4": FileKind("one DICOM file of an MR"),
    f"{STORAGE}4.1": FileKind("one DICOM file of an MR"),
    f"{STORAGE}1": FileKind("a DICOM radiograph"),
    f"{STORAGE}1.1": FileKind("a DICOM radiograph"),
    f"{STORAGE}6.1": FileKind("a DICOM ultrasound image"),
    f"{STORAGE}20": FileKind("one DICOM file of a scintigram"),
    f"{STORAGE}7": FileKind("a DICOM secondary capture"),
    f"{STORAGE}11.1": FileKind("a DICOM presentation state"),
    f"{STORAGE}88.11": FileKind("a DICOM structured report"),
    f"{STORAGE}88.22": FileKind("a DICOM structured report"),
    f"{STORAGE}88.33": FileKind("a DICOM structured report"),
    f"{STORAGE}88.59": FileKind("a DICOM key object selection"),
    f"{STORAGE}88.67": FileKind("a DICOM dose report"),
    f"{STORAGE}104.1": FileKind("a PDF document in a DICOM file"),
    f"{STORAGE}481.1": FileKind("a DICOM RT image"),
    f"{STORAGE}481.2": FileKind("a DICOM RT dose"),
    f"{STORAGE}481.5": FileKind("a DICOM RT plan"),
}
"""Objects that are exported together with CT and PET, by SOP class."""
