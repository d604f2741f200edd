"""Small exams of known content, and the files in which they may come.

An exam is planned as arrays on grids. ``exam_changes`` replaces parts of a plan, and
``write_exam`` writes its files and sheets.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import segmentation_files
from dicom_files import header, write_slice
from pet_headers import dataset

from nodal_staging import tables
from nodal_staging.geometry import Lattice
from nodal_staging.phantom import mitk_writer

CT_GRID = Lattice((18, 50, 80), (6.0, 6.0, 10.0), (-237.0, -147.0, -85.0))
PET_GRID = Lattice((18, 40, 60), (8.0, 8.0, 10.0), (-236.0, -156.0, -85.0))
NODES_MM = ((100.0, 0.0, 30.0), (-60.0, 20.0, -42.0))
"""LPS points of the centres of the nodes."""
RADIUS_MM = 14.0
LARGEST_STORED = 32767
BQ_PER_SUV = 150e6 * 2 ** (-3600 / 4062.6) / 80_000
"""Of the injection that ``pet_headers.BASE`` describes: 150 MBq, 80 kg, one hour."""


@dataclass(frozen=True, slots=True)
class Plan:
    """An exam before it is written.

    ``ct_form``, ``pet_form`` and ``seg_form`` are suffixes of files, ``dicom``,
    ``mitk``, ``mitk_json`` or ``seg``. ``ct_header`` and ``pet_header`` replace DICOM
    attributes; ``stored`` are slope and intercept with which HU are stored;
    ``per_suv`` is what the PET stores for an SUV of 1; ``listed`` are the values in
    nodes.tsv if they are not those that are drawn.
    """

    hu: np.ndarray
    suv: np.ndarray | None
    labels: np.ndarray
    ct: Lattice = CT_GRID
    pet: Lattice = PET_GRID
    seg: Lattice = CT_GRID
    ct_form: str = "nii.gz"
    pet_form: str = "nii.gz"
    seg_form: str = "nii.gz"
    ct_kind: str = "<i2"
    ct_header: dict[str, Any] = field(default_factory=dict)
    pet_header: dict[str, Any] = field(default_factory=dict)
    seg_header: dict[str, Any] = field(default_factory=dict)
    stored: tuple[float, float] = (1.0, -1024.0)
    per_suv: float = BQ_PER_SUV
    own_slopes: bool = True
    listed: tuple[int, ...] | None = None


def _ellipse(points, centre, half) -> np.ndarray:
    x, y = (points[..., axis] - centre[axis] for axis in (0, 1))
    return (x / half[0]) ** 2 + (y / half[1]) ** 2 <= 1


def trunk(points: np.ndarray, size: float = 1.0) -> np.ndarray:
    """Return the tissue at LPS points: a number of ``HU`` and ``SUV``."""
    scaled = points / size
    z = scaled[..., 2]
    tissue = np.zeros(points.shape[:-1], np.int64)
    tissue[(np.abs(scaled[..., 1] - 128) < 6) & (np.abs(scaled[..., 0]) < 200)] = 1
    tissue[_ellipse(scaled, (0, 0), (185, 115))] = 2
    tissue[_ellipse(scaled, (0, 0), (160, 92))] = 3
    for side in (-80, 80):
        tissue[_ellipse(scaled, (side, -10), (52, 60)) & (z > 50)] = 4
    for centre in NODES_MM:  # nodes lie in fat
        tissue[np.linalg.norm(scaled - centre, axis=-1) < 2 * RADIUS_MM] = 2
    tissue[_ellipse(scaled, (0, 60), (22, 20))] = 5
    tissue[_ellipse(scaled, (0, 60), (14, 12))] = 6
    tissue[_ellipse(scaled, (10, 28), (12, 12))] = 7
    tissue[_ellipse(scaled, (0, -40), (40, 30)) & (z < -60)] = 8
    return tissue


def head(points: np.ndarray, size: float = 1.0) -> np.ndarray:
    """Return the tissue at LPS points of a head."""
    tissue = np.zeros(points.shape[:-1], np.int64)
    for number, (a, b) in ((2, (84, 104)), (3, (78, 98)), (5, (74, 94)), (9, (66, 86))):
        tissue[_ellipse(points / size, (0, 0), (a, b))] = number
    return tissue


HU = np.array([-1000, -720, -100, 55, -850, 750, 240, 170, 5, 35])
"""Air, table, fat, muscle, lung, cortical bone, marrow, vessel, bladder, brain."""
PSMA = np.array([0, 0, 0.25, 0.6, 0.35, 0.5, 0.7, 1.3, 60, 0.4])
FDG = np.array([0, 0, 0.3, 0.8, 0.5, 0.7, 1.2, 1.6, 20, 8])


def _nodes(points: np.ndarray, size: float) -> np.ndarray:
    """Return the number of the node in which each point lies, 0 for none."""
    labels = np.zeros(points.shape[:-1], np.uint16)
    for number, centre in enumerate(NODES_MM, start=1):
        away = np.linalg.norm(points - np.multiply(centre, size), axis=-1)
        labels[away <= RADIUS_MM] = number
    return labels


def plan(
    *,
    ct: Lattice = CT_GRID,
    pet: Lattice = PET_GRID,
    body: Callable[..., np.ndarray] = trunk,
    size: float = 1.0,
    uptake: np.ndarray = PSMA,
    noise_hu: float = 12.0,
    counts: float = 60.0,
    **options: Any,
) -> Plan:
    """Plan an exam that contains what it should.

    ``counts`` are those of a voxel with an SUV of 1, whose noise is Poisson's.
    """
    rng = np.random.default_rng(7)
    points, places = _points(ct), _points(pet)
    labels = _nodes(points, size)
    hu = HU[body(points, size)] + noise_hu * rng.standard_normal(ct.shape)
    hu[labels > 0] = 45 + noise_hu * rng.standard_normal(int((labels > 0).sum()))
    mean = uptake[body(places, size)] + 0.02
    mean = np.where(_nodes(places, size) > 0, 8.0, mean)
    return Plan(
        hu=np.rint(np.maximum(hu, -1024)),
        suv=rng.poisson(mean * counts) / counts,
        labels=labels,
        **{"ct": ct, "pet": pet, "seg": ct} | options,
    )


def _points(lattice: Lattice) -> np.ndarray:
    index = np.meshgrid(*map(np.arange, lattice.shape), indexing="ij")
    return lattice.to_points(np.stack(index, axis=-1))


def write_exam(folder: Path, exam: Plan) -> None:
    """Write the files of an exam, and sheets that name them."""
    folder.mkdir(exist_ok=True)
    row = {"patient_id": "P1", "exam_id": "E1", "contrast": "yes", "low_dose": "no"}
    row |= {"ct": _ct(folder, exam), "segmentation": _segmentation(folder, exam)}
    if exam.suv is not None:
        row["pet"] = _pet(folder, exam, exam.suv)
    values = np.unique(exam.labels[exam.labels > 0]).astype(int)
    nodes = [
        {
            "patient_id": "P1",
            "exam_id": "E1",
            "node_id": f"N{value}",
            "label": str(value),
            "location": "iliac",
            "status": "positive",
        }
        for value in (values if exam.listed is None else exam.listed)
    ]
    tables.write(pd.DataFrame([row]), folder / "exams.tsv", tables.EXAM_SHEET)
    tables.write(pd.DataFrame(nodes), folder / "nodes.tsv", tables.NODE_SHEET)


def _ct(folder: Path, exam: Plan) -> str:
    if exam.ct_form != "dicom":
        return _volume(folder, f"ct.{exam.ct_form}", exam.hu, exam.ct, exam.ct_kind)
    slope, intercept = exam.stored
    stored = np.rint((exam.hu - intercept) / slope)
    common = {
        "RescaleSlope": slope,
        "RescaleIntercept": intercept,
        "PixelRepresentation": int(exam.ct_kind == "<i2"),
    }
    for place, plane in enumerate(stored):
        item = header(**_placed(exam.ct, place), **(common | exam.ct_header))
        values = plane.astype(np.int64).astype(np.uint16).view(np.int16)
        _write_slice(folder / "ct", place, item, values)
    return "ct"


def _pet(folder: Path, exam: Plan, suv: np.ndarray) -> str:
    if exam.pet_form != "dicom":
        return _volume(folder, f"pet.{exam.pet_form}", suv, exam.pet, "<f4")
    for place, plane in enumerate(suv):
        values = plane * exam.per_suv
        slope = float(f"{max(values.max(), 1e-6) / LARGEST_STORED:.8g}")
        stored = np.rint(values / slope)
        own = {"RescaleSlope": slope if exam.own_slopes else 1, "RescaleIntercept": 0}
        item = header(**_placed(exam.pet, place), modality="PT", **own)
        item.SeriesInstanceUID = "1.2.3.6"
        item.update(dataset(**exam.pet_header))
        _write_slice(folder / "pet", place, item, stored)
    return "pet"


def _placed(lattice: Lattice, place: int) -> dict[str, Any]:
    """Return the position of a slice, and attributes of its grid."""
    columns, rows = np.reshape(lattice.direction, (3, 3)).T[:2]
    return {
        "position": lattice.to_points((place, 0, 0)).round(6).tolist(),
        "ImageOrientationPatient": [*columns.round(9), *rows.round(9)],
        "PixelSpacing": [lattice.spacing_mm[1], lattice.spacing_mm[0]],
    }


def _write_slice(folder: Path, place: int, item, stored: np.ndarray) -> None:
    folder.mkdir(exist_ok=True)
    item.SOPInstanceUID = f"{item.SeriesInstanceUID}.{place + 1}"
    write_slice(folder / f"{place:03}.dcm", item, stored)


def _volume(folder: Path, name: str, values, lattice: Lattice, kind: str) -> str:
    stored = values.astype(kind) if kind[1] == "f" else np.rint(values).astype(kind)
    form = name.partition(".")[2]
    if form == "mha":
        content = segmentation_files.metaimage(stored, lattice)
    elif form == "nrrd":
        content = segmentation_files.nrrd(stored, lattice, kind=kind)
    else:
        zipped = form.endswith("gz")
        content = segmentation_files.nifti(stored, lattice, kind=kind, zipped=zipped)
    (folder / name).write_bytes(content)
    return name


def _segmentation(folder: Path, exam: Plan) -> str:
    values, form = exam.labels.astype(np.uint16), exam.seg_form
    names = [f"node {value}" for value in range(1, int(values.max()) + 1)]
    if form in {"seg", "rt"}:
        drawn = _structures(values, exam) if form == "rt" else None
        drawn = drawn or segmentation_files.seg_dataset(values, exam.seg)
        for name, value in exam.seg_header.items():
            setattr(drawn, name, value)
        (folder / "seg.dcm").write_bytes(segmentation_files.dicom_bytes(drawn))
        return "seg.dcm"
    if form == "mitk":
        mitk_writer.write_multilabel(folder / "seg.nrrd", values, exam.seg, names)
        return "seg.nrrd"
    if form == "mitk_json":
        mitk_writer.write_json_labels(folder / "seg.nrrd", values, exam.seg, names)
        return "seg.nrrd"
    return _volume(folder, f"seg.{form}", values, exam.seg, "<u2")


def _structures(values: np.ndarray, exam: Plan):
    """Return the labels as circles on the slices of the CT that they reach."""
    drawn: dict[str, list[np.ndarray]] = {}
    angles = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    for value in np.unique(values[values > 0]):
        inside = np.argwhere(values == value)
        for z in np.unique(inside[:, 0]):
            _, y, x = inside[inside[:, 0] == z].mean(axis=0)
            rim = 2.2 * np.array([np.zeros(60), np.sin(angles), np.cos(angles)]).T
            drawn.setdefault(str(value), []).append(
                exam.seg.to_points(rim + np.array([z, y, x]))
            )
    return segmentation_files.structure_set(drawn)
