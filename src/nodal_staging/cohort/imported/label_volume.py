"""Label volumes that an import writes: NIfTI of whole numbers, equal bytes each time.

References
----------
NIfTI-1.1 data format, nifti1.h.
"""

import gzip
import struct
from pathlib import Path

import numpy as np

from nodal_staging.cohort.imported.drafted_exam import LabelVolume
from nodal_staging.geometry import slices_of
from nodal_staging.study.files import replacing

HEADER_BYTES = 352
UINT16 = 512
MILLIMETRES = 2
SCANNER = 1
LPS_TO_RAS = (-1.0, -1.0, 1.0)


def write_label_volume(volume: LabelVolume, path: Path) -> None:
    """Write a segmentation as gzipped NIfTI of 16 bits; region k has the value k + 1.

    Parameters
    ----------
    volume
        Its regions lie on its lattice; where two overlap, the later one stays.
    path
        Ends in ``.nii.gz``.
    """
    values = np.zeros(volume.lattice.shape, "<u2")
    for number, region in enumerate(volume.regions, start=1):
        box = values[slices_of((region.start, region.mask.shape))]
        box[region.mask] = number
    with replacing(path) as part, part.open("wb") as file:
        # Neither name nor time, so that equal labels give equal bytes.
        with gzip.GzipFile("", "wb", 6, file, mtime=0) as stream:
            stream.write(_header(volume))
            stream.write(values.tobytes())


def _header(volume: LabelVolume) -> bytes:
    """Return the header of 352 bytes, the place of the voxels in ``sform``."""
    lattice = volume.lattice
    steps = lattice.axes_mm() * np.array(LPS_TO_RAS)[:, None]
    origin = np.multiply(lattice.origin_mm, LPS_TO_RAS)
    header = bytearray(HEADER_BYTES)
    struct.pack_into("<i", header, 0, 348)
    struct.pack_into("<8h", header, 40, 3, *lattice.shape[::-1], 1, 1, 1, 1)
    struct.pack_into("<2h", header, 70, UINT16, 16)
    struct.pack_into("<8f", header, 76, 1, *lattice.spacing_mm, 0, 0, 0, 0)
    struct.pack_into("<3f", header, 108, HEADER_BYTES, 1, 0)
    struct.pack_into("<B", header, 123, MILLIMETRES)
    struct.pack_into("<2h", header, 252, 0, SCANNER)
    for row in range(3):
        place = 280 + 16 * row
        struct.pack_into("<4f", header, place, *steps[row], origin[row])
    header[344:348] = b"n+1\0"
    return bytes(header)
