"""Decompression of DICOM slices by SimpleITK, in a child process that may crash."""

import os
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pydicom
import SimpleITK as sitk
from pydicom.dataset import Dataset, FileMetaDataset

from nodal_staging.exams.dicom.headers import UNREADABLE
from nodal_staging.exams.isolation import IsolatedCalls
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


Decode: TypeAlias = Callable[[Path, tuple[int, int]], IntegerArray]
"""Returns the stored values of a compressed single-frame file.

Its rows and columns are given as the header has them. Pixels that cannot be decoded,
or are not of that shape, raise ``DicomSeriesError``; a decoder that died, took too long
or too much memory raises ``ReaderDiedError``.
"""


@contextmanager
def decoding() -> Iterator[Decode]:
    """Decode slices, all of them in one child process, since decoders may crash.

    Without a compressed slice, no process is started.
    """
    with tempfile.TemporaryDirectory() as folder:
        function = partial(_decode, Path(folder))
        decode = IsolatedCalls(function, memory_mb=DECODER_MB, seconds=DECODER_S)
        with closing(decode):
            yield decode


def _decode(folder: Path, path: Path, shape: tuple[int, int]) -> IntegerArray:
    """Decode in the child, without what native code prints."""
    if path.stat().st_size > MOST_COMPRESSED_BYTES:
        raise _undecodable()
    with open(os.devnull, "wb") as nothing:
        os.dup2(nothing.fileno(), STANDARD_ERROR)
    bare = folder / "slice.dcm"
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
