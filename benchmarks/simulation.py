"""Simulated series: ours and pydicom, which writes every slice by itself.

A CT of 256 x 187 x 118 with the headers of the phantom, about one exam of the
demonstration. Processor seconds of the least of several runs.

    python benchmarks/simulation.py
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian
from rows import Row, publish

from nodal_staging.geometry import Lattice
from nodal_staging.phantom.canaries import CANARY
from nodal_staging.phantom.dicom_writer import Slice, write_series
from nodal_staging.phantom.scan_headers import Protocol, ct_series

LATTICE = Lattice((118, 187, 256), (0.94, 0.94, 3.0), (-120.0, -88.0, -1000.0))
PROTOCOL = Protocol("E1", 0, contrast=True, exposure_mas=100, age=70, patient_id="P1")


def write_plainly(folder: Path, common: Dataset, slices: list[Slice]) -> None:
    """Write a series with pydicom, a whole data set per slice."""
    folder.mkdir()
    for number, (own, stored) in enumerate(slices, start=1):
        dataset = Dataset()
        dataset.update(common)
        for keyword, value in own.items():
            setattr(dataset, keyword, value)
        dataset.add_new("PixelData", "OW", stored.tobytes())
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        dataset.file_meta.SourceApplicationEntityTitle = CANARY
        path = folder / f"{CANARY}{number:05}"
        pydicom.dcmwrite(path, dataset, enforce_file_format=True)


def least_seconds(run: Callable[[Path], None], repeats: int) -> float:
    """Return the fewest processor seconds of several runs, each in a new folder."""
    taken = []
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as folder:
            start = time.process_time()
            run(Path(folder) / "ct")
            taken.append(time.process_time() - start)
    return min(taken)


def main() -> None:
    """Measure both and publish the row."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    repeats = parser.parse_args().repeats
    rng = np.random.default_rng(0)
    hu = rng.integers(-1000, 1000, LATTICE.shape, dtype=np.int16)
    common, drawn = ct_series(PROTOCOL, LATTICE, hu)
    slices = list(drawn)
    ours = least_seconds(lambda to: write_series(to, common, slices), repeats)
    plain = least_seconds(lambda to: write_plainly(to, common, slices), repeats)
    peer = "pydicom, slice by slice"
    publish([Row("a simulated CT of 118 slices", ours, "s", peer, plain, 0.25)])


if __name__ == "__main__":
    main()
