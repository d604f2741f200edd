"""Compressed exams: twelve boxes of a .nii.gz file, and slices of JPEG-LS.

The file is a whole-body CT of 512 x 512 x 900 voxels, whose floor is to inflate it
once and to keep nothing. The slices are 60 of 512 x 512, decoded in a child process
that may crash; the peer decodes them alike without that protection. Processor seconds
of all processes, the least of several runs in turn; imports and indexing are left out.

    python benchmarks/compressed_files.py
"""

import argparse
import resource
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from unittest.mock import patch

import nibabel
import numpy as np
from isal import igzip
from pydicom import dcmread
from pydicom.uid import JPEGLSLossless
from rows import Row, publish

from nodal_staging.exams import dicom, volumes
from nodal_staging.exams.dicom import Series, decoding, pixels
from nodal_staging.exams.dicom.decoding import Decode
from nodal_staging.geometry import Box, Lattice
from nodal_staging.phantom.dicom_writer import write_series
from nodal_staging.phantom.scan_headers import Protocol, ct_series

SHAPE = (900, 512, 512)
SPACING_MM = (0.7, 0.7, 1.0)
BOXES = 12
BOX = (81, 116, 116)
"""Of a cube of 80 mm, in voxels of the CT."""

SLICES = 60
TILE = 10
CHUNK = 512 * 1024


def noisy_body() -> np.ndarray:
    """Return some slices of a body with noise in air, int16 HU ``(z, y, x)``."""
    rng = np.random.default_rng(0)
    y, x = np.ogrid[-1 : 1 : SHAPE[1] * 1j, -1 : 1 : SHAPE[2] * 1j]
    body = (y / 0.65) ** 2 + (x / 0.9) ** 2 < 1
    tissue = rng.normal(40, 25, (TILE, *SHAPE[1:]))
    air = -1000 + np.abs(rng.normal(0, 8, tissue.shape))
    return np.where(body, tissue, air).astype(np.int16)


def write_nifti(path: Path, tile: np.ndarray) -> None:
    """Write the tile again and again, up to the length of a whole body."""
    header = nibabel.Nifti1Header()
    header.set_data_shape(SHAPE[::-1])
    header.set_data_dtype(np.int16)
    header.set_sform(np.diag([*SPACING_MM, 1.0]), code=1)
    header.set_xyzt_units("mm")
    header["vox_offset"] = 352
    header["magic"] = b"n+1"
    with igzip.open(path, "wb", compresslevel=1) as file:
        file.write(header.binaryblock + bytes(4))
        for _ in range(SHAPE[0] // TILE):
            file.write(tile.tobytes())


def write_slices(folder: Path, tile: np.ndarray) -> None:
    """Write a series of JPEG-LS slices."""
    hu = np.concatenate([tile] * (SLICES // TILE))
    lattice = Lattice(hu.shape, SPACING_MM, (-180.0, -180.0, -900.0))
    protocol = Protocol(
        "E1", 0, contrast=True, exposure_mas=100, age=70, patient_id="P1"
    )
    write_series(folder, *ct_series(protocol, lattice, hu))
    for path in folder.iterdir():
        dataset = dcmread(path)
        dataset.compress(JPEGLSLossless, generate_instance_uid=False)
        dataset.save_as(path)


def inflate(path: Path) -> None:
    """Inflate a file and keep nothing."""
    buffer = bytearray(CHUNK)
    with igzip.open(path) as file:
        while file.readinto(buffer):
            pass


@contextmanager
def unprotected() -> Iterator[Decode]:
    """Decode slices in this process, which a damaged one may end."""
    with tempfile.TemporaryDirectory() as folder:
        yield partial(decoding._decode, Path(folder))


def read_unprotected(folder: Path, series: Series, boxes: list[Box]) -> None:
    """Read boxes without the protection of another process."""
    with patch.object(pixels, "decoding", unprotected):
        pixels.read_boxes(folder, series, boxes)


def processor_s(runs: Sequence[Callable[[], object]], repeats: int) -> list[float]:
    """Return the least processor seconds of each, children included.

    They take turns, since the speed of a machine changes with what else it does.
    """
    seconds = np.empty((repeats, len(runs)))
    for repeat, number in np.ndindex(seconds.shape):
        before = spent_s()
        runs[number]()
        seconds[repeat, number] = spent_s() - before
    return [float(least) for least in seconds.min(axis=0)]


def spent_s() -> float:
    """Return the processor seconds of this process and its children so far."""
    both = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, both))


def main() -> None:
    """Measure both kinds of files and print the rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    tile, rng = noisy_body(), np.random.default_rng(1)
    starts = rng.integers(0, np.subtract(SHAPE, BOX), (BOXES, 3))
    boxes: list[Box] = [((int(z), int(y), int(x)), BOX) for z, y, x in starts]
    with tempfile.TemporaryDirectory() as name:
        file, folder = Path(name, "ct.nii.gz"), Path(name, "ct")
        write_nifti(file, tile)
        write_slices(folder, tile)
        volume = volumes.index_volume(file, unit="HU")
        series = dicom.index_ct(folder).series
        whole: list[Box] = [((0, 0, 0), series.lattice.shape)]
        runs = [
            lambda: volumes.read_boxes(file, volume, boxes),
            lambda: inflate(file),
            lambda: dicom.read_boxes(folder, series, whole),
            lambda: read_unprotected(folder, series, whole),
        ]
        boxes_s, inflate_s, *slices_s = processor_s(runs, repeats)
    ours, theirs = (1000 * seconds / SLICES for seconds in slices_s)
    peer = "decoding without isolation"
    publish(
        [
            Row("12 boxes of a .nii.gz", boxes_s, "s", "inflating it", inflate_s, 1.25),
            Row("12 boxes of a .nii.gz", boxes_s, "s", "limit for one core", 2, 1),
            Row("a slice of JPEG-LS", ours, "ms", peer, theirs, 1.25),
        ]
    )


if __name__ == "__main__":
    main()
