"""A tree as autoPET has it, its images and lesions those of the phantom."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from public_layouts import nifti
from small_cohort import draw_sheets, small_scanner

from nodal_staging import tables
from nodal_staging.geometry import Lattice, resample
from nodal_staging.phantom.scanner import Scanner
from nodal_staging.phantom.synthetic_cohort import Enrolment
from nodal_staging.study.seeds import stream

PATIENTS, NODES = 6, 30
TOUCHING = (0, 1, 2)
EMPTY = 5
RADIUS_MM, APART_MM = 8.0, 15.0
LEAST_VOXELS = 4
"""Of 27 mm³: the smallest number that is at least 0.1 ml."""


@dataclass(frozen=True, slots=True)
class Case:
    """A case: components of its mask, and whether two lesions were made to touch."""

    name: str
    components: int
    touching: bool


def write_tree(folder: Path, sheets: Path) -> list[Case]:
    """Write the tree; ``sheets`` gets the truth of the phantom."""
    scanner = small_scanner(noise_hu=8)
    scanner.ct["slice_mm"] = 3.0
    scanner.pet["voxel_mm"] = 3.0
    draw_sheets(sheets, Enrolment(PATIENTS, NODES, 0.0), scanner, seed=5)
    truth = tables.read(sheets / "truth.tsv", tables.TRUTH)
    exams = sorted(truth["exam_id"].unique())
    return [
        _write_case(folder, scanner, truth[truth["exam_id"] == exam], place)
        for place, exam in enumerate(exams)
    ]


def _write_case(folder: Path, scanner: Scanner, nodes, place: int) -> Case:
    rng = stream(5, "tests", "autopet", str(place))
    patient = scanner.draw_patient(nodes, contrast=True, rng=rng)
    grid = scanner.ct_grid()
    hu, labels = scanner.scan_ct(patient, grid, noise_hu=8, rng=rng)
    peaks = nodes["suv_peak"].to_numpy()
    suv = scanner.scan_pet(patient, grid, hu, peaks, rng=rng)
    corner = (0.0, -100.0, -900.0 + place)
    ct, pet = grid.lattice(corner), scanner.pet_grid().lattice(corner)
    positive = np.flatnonzero(nodes["status"] == "positive") + 1
    mask = np.isin(labels[nearest(ct, pet)], positive)
    if place == EMPTY:
        mask[:] = False
    if place in TOUCHING:
        mask |= two_balls(pet, mask)
    name = f"psma_{place // 2:016x}_20{10 + place}-03-01"
    values = np.rint(resample(hu, ct, pet, outside=-1024))
    nifti(folder / "imagesTr" / f"{name}_0000.nii.gz", values, pet)
    nifti(folder / "imagesTr" / f"{name}_0001.nii.gz", suv, pet, "<f4")
    nifti(folder / "labelsTr" / f"{name}.nii.gz", mask, pet, "|u1")
    return Case(name, components(mask), place in TOUCHING)


def nearest(ct: Lattice, pet: Lattice) -> tuple[np.ndarray, ...]:
    """Return the index in the CT of every voxel of the PET."""
    index = np.rint(ct.to_index(points(pet))).astype(int)
    return tuple(np.moveaxis(np.clip(index, 0, np.array(ct.shape) - 1), -1, 0))


def points(grid: Lattice) -> np.ndarray:
    index = np.meshgrid(*map(np.arange, grid.shape), indexing="ij")
    return grid.to_points(np.stack(index, axis=-1))


def two_balls(grid: Lattice, mask: np.ndarray) -> np.ndarray:
    """Return two balls that touch, where the mask is empty around them."""
    places = points(grid)
    for centre in places[8:-8:3, 8:-8:3, 6:-12:3].reshape(-1, 3):
        balls = [
            np.linalg.norm(places - centre - shift, axis=-1)
            for shift in ((0, 0, 0), (APART_MM, 0, 0))
        ]
        if not mask[np.minimum(*balls) < RADIUS_MM + 6].any():
            return np.minimum(*balls) <= RADIUS_MM
    raise AssertionError("no room for two lesions")


def components(mask: np.ndarray) -> int:
    """Count components of 0.1 ml or more by another program."""
    image = sitk.GetImageFromArray(mask.astype(np.uint8))
    found = sitk.GetArrayFromImage(sitk.ConnectedComponent(image, True))
    return int((np.bincount(found.ravel())[1:] >= LEAST_VOXELS).sum())
