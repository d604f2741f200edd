"""Patches of one whole-body CT: ours and a whole-volume resample of SimpleITK.

Five 80 mm patches with masks from a DICOM series of 512 x 512 x 900 at 1 mm. Each way
runs in a process of its own; processor seconds and peak memory are counted from the
files on disk to the arrays in memory, imports left out of the seconds.

    python benchmarks/extraction.py
"""

import argparse
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from rows import Row, publish

SHAPE = (900, 512, 512)
SPACING_MM = (0.7, 0.7, 1.0)
CENTRES = [(100, 150, 150), (250, 300, 200), (450, 256, 256), (600, 200, 350)]
CENTRES += [(800, 350, 300)]
SIZE = 80
RADIUS = 6


def write_exam(folder: Path) -> None:
    """Write the CT, a segmentation of five nodes, and the sheets."""
    from nodal_staging import tables
    from nodal_staging.geometry import Lattice
    from nodal_staging.phantom.dicom_writer import write_series
    from nodal_staging.phantom.mitk_writer import write_multilabel
    from nodal_staging.phantom.scan_headers import Protocol, ct_series

    lattice = Lattice(SHAPE, SPACING_MM, (-180.0, -180.0, -900.0))
    rng = np.random.default_rng(0)
    tile = rng.integers(-200, 300, (8, *SHAPE[1:]), dtype=np.int16)
    hu = np.broadcast_to(tile, (SHAPE[0] // 8 + 1, *tile.shape)).reshape(-1, *SHAPE[1:])
    protocol = Protocol(
        "E1", 0, contrast=True, exposure_mas=100, age=70, patient_id="P1"
    )
    write_series(folder / "ct", *ct_series(protocol, lattice, hu[: SHAPE[0]]))
    labels = np.zeros(SHAPE, np.uint16)
    ball = np.linalg.norm(np.indices((2 * RADIUS + 1,) * 3) - RADIUS, axis=0) <= RADIUS
    for number, centre in enumerate(CENTRES, start=1):
        z, y, x = (slice(c - RADIUS, c + RADIUS + 1) for c in centre)
        labels[z, y, x][ball] = number
    names = [f"node {number}" for number in range(1, 6)]
    write_multilabel(folder / "seg.nrrd", labels, lattice, names)
    exam = {"patient_id": "P1", "exam_id": "E1", "ct": "ct", "segmentation": "seg.nrrd"}
    tables.write(pd.DataFrame([exam]), folder / "exams.tsv", tables.EXAM_SHEET)
    nodes = pd.DataFrame({"node_id": [f"N{n}" for n in range(1, 6)]}).assign(
        patient_id="P1",
        exam_id="E1",
        label=[str(n) for n in range(1, 6)],
        location="iliac",
        status="negative",
    )
    order = [name for name in tables.NODE_SHEET.columns if name in nodes]
    tables.write(nodes[order], folder / "nodes.tsv", tables.NODE_SHEET)


def ours(folder: Path) -> Callable[[], object]:
    """Index the headers with every check, read the rows needed, resample regions."""
    from nodal_staging.cohort import inspection
    from nodal_staging.cohort.contrast_and_dose import Rules
    from nodal_staging.cohort.sheets import read_exams
    from nodal_staging.nodes import patches

    exam = read_exams(exams=folder / "exams.tsv", nodes=folder / "nodes.tsv")[0]
    cube = patches.Cube(SIZE, 1.0, "centroid")

    def run() -> object:
        looked = inspection._look(exam, folder, Rules())
        assert looked.index is not None, looked.error
        return patches.cut_patches(exam, looked.index, folder, cube)

    return run


def indexed(folder: Path) -> Callable[[], object]:
    """Cut the patches with headers that an earlier job has indexed."""
    from nodal_staging.cohort import inspection
    from nodal_staging.cohort.contrast_and_dose import Rules
    from nodal_staging.cohort.sheets import read_exams
    from nodal_staging.exams.isolation import isolated
    from nodal_staging.nodes import patches

    exam = read_exams(exams=folder / "exams.tsv", nodes=folder / "nodes.tsv")[0]
    looked = isolated(inspection._look, exam, folder, Rules())
    assert looked.index is not None, looked.error
    cube = patches.Cube(SIZE, 1.0, "centroid")
    return lambda: patches.cut_patches(exam, looked.index, folder, cube)


def simpleitk(folder: Path) -> Callable[[], object]:
    """Read the series and the labels, resample both whole, and crop."""
    import SimpleITK as sitk

    def run() -> object:
        reader = sitk.ImageSeriesReader()
        reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder / "ct")))
        image = reader.Execute()
        labels = sitk.ReadImage(str(folder / "seg.nrrd"))
        size = [round(n * s) for n, s in zip(image.GetSize(), SPACING_MM, strict=True)]
        grid = (size, sitk.Transform())
        place = (image.GetOrigin(), (1.0, 1.0, 1.0), image.GetDirection())
        whole = sitk.Resample(image, *grid, sitk.sitkLinear, *place, -1024.0)
        masks = sitk.Resample(labels, *grid, sitk.sitkNearestNeighbor, *place, 0)
        cubes = []
        for z, y, x in CENTRES:
            corner = [round(x * 0.7) - 40, round(y * 0.7) - 40, z - 40]
            box = [slice(c, c + SIZE) for c in corner]
            cubes.append(
                [
                    sitk.GetArrayFromImage(part[box[0], box[1], box[2]])
                    for part in (whole, masks)
                ]
            )
        return cubes

    return run


WAYS = {"ours": ours, "ours_indexed": indexed, "simpleitk_whole": simpleitk}


def measure(way: str, folder: Path) -> tuple[float, float]:
    """Return processor seconds and peak memory in GB of one way, in this process."""
    run = WAYS[way](folder)
    before = resource.getrusage(resource.RUSAGE_SELF)
    kept = run()
    after = resource.getrusage(resource.RUSAGE_SELF)
    assert kept is not None
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, after.ru_maxrss / 1024**2


def main() -> None:
    """Measure every way in a process of its own and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--write", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.write:
        write_exam(arguments.folder)
        return
    if arguments.way:
        print(*measure(arguments.way, arguments.folder))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = arguments.folder or Path(name)
        if not (folder / "exams.tsv").exists():
            # A process counts as its peak what its parent holds when it starts.
            _run("--write", "--folder", str(folder))
        best = {way: _best(way, folder, arguments.repeats) for way in WAYS}
    peer = best["simpleitk_whole"]
    print("way\tcpu_s\tpeak_gb\tcpu_ratio\tmemory_ratio")
    for way, (seconds, memory) in best.items():
        ratios = f"{seconds / peer[0]:.3f}\t{memory / peer[1]:.3f}"
        print(f"{way}\t{seconds:.2f}\t{memory:.2f}\t{ratios}")
    whole = "SimpleITK, whole volume"
    publish(
        [
            Row("five patches of a CT", best["ours"][0], "s", whole, peer[0], 0.15),
            Row("with indexed headers", best["ours_indexed"][0], "s", whole, peer[0]),
            Row("memory", best["ours"][1], "GB", whole, peer[1], 0.3),
        ]
    )


def _best(way: str, folder: Path, repeats: int) -> tuple[float, float]:
    """Return the least seconds of several runs, and the memory of that run."""
    runs = [_run("--way", way, "--folder", str(folder)) for _ in range(repeats)]
    return min((float(s), float(m)) for s, m in map(str.split, runs))


def _run(*options: str) -> str:
    """Run this file in a process of its own and return what it prints."""
    command = [sys.executable, __file__, *options]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    main()
