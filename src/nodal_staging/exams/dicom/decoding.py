"""Compressed slices, decoded by SimpleITK in a process whose death is survivable."""

import os
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pydicom
import SimpleITK as sitk
from pydicom.dataset import Dataset, FileMetaDataset

from nodal_staging.exams.dicom.headers import UNREADABLE
from nodal_staging.exams.isolation import isolated
from nodal_staging.study.arrays import IntegerArray
from nodal_staging.study.errors import DicomSeriesError

MOST_COMPRESSED_BYTES = 256 * 1024**2
DECODER_MB = 2000
DECODER_S = 60
STANDARD_ERROR = 2

NEEDED = [
    "SOPClassUID",
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "Rows",
    "Columns",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
]


def decode(path: Path, shape: tuple[int, int]) -> IntegerArray:
    """Return the stored values of a compressed single-frame file.

    Parameters
    ----------
    path, shape
        The file, and its rows and columns as the header has them.

    Raises
    ------
    DicomSeriesError
        If the pixels cannot be decoded, or are not of that shape.
    ReaderDiedError
        If the decoder died, took too long or too much memory.
    """
    if path.stat().st_size > MOST_COMPRESSED_BYTES:
        raise _undecodable()
    return isolated(
        _decode,
        path,
        shape,
        role="",  # who reads the series names the file
        memory_mb=DECODER_MB,
        seconds=DECODER_S,
    )


def _decode(path: Path, shape: tuple[int, int]) -> IntegerArray:
    """Decode in the child, without what native code prints."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), STANDARD_ERROR)
    with tempfile.TemporaryDirectory() as folder:
        bare = Path(folder, "slice.dcm")
        try:
            _write_bare(path, bare)
            sitk.ProcessObject.SetGlobalWarningDisplay(False)
            stored = sitk.GetArrayFromImage(sitk.ReadImage(str(bare)))
        except (*UNREADABLE, RuntimeError):
            raise _undecodable() from None
    if stored.shape != (1, *shape) or not np.issubdtype(stored.dtype, np.integer):
        raise _undecodable()
    return np.asarray(stored[0])


def _write_bare(path: Path, bare: Path) -> None:
    """Copy pixels and what decodes them; no rescaling, no identifier."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        source = pydicom.dcmread(path)
        target = Dataset()
        for name in NEEDED:
            if name in source:
                setattr(target, name, source[name].value)
        target.SOPInstanceUID = "2.25.1"
        target.add(source["PixelData"])
        target.file_meta = FileMetaDataset()
        target.file_meta.MediaStorageSOPClassUID = target.SOPClassUID
        target.file_meta.MediaStorageSOPInstanceUID = target.SOPInstanceUID
        target.file_meta.TransferSyntaxUID = source.file_meta.TransferSyntaxUID
        target.save_as(bare, enforce_file_format=True)


def _undecodable() -> DicomSeriesError:
    return DicomSeriesError(
        "the compressed pixels cannot be decoded; restore the file from the "
        "archive, or export the series uncompressed",
        "undecodable_pixels",
    )
