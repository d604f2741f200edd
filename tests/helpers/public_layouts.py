"""Small trees of files in the layouts that ``nodal-staging import`` reads.

The trees are those of the public collections, the images those of the small exams.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import segmentation_files
from dicom_files import header, write_series, write_slice
from pet_headers import dataset
from small_exams import PET_GRID, Plan, plan

from nodal_staging.geometry import Lattice

PERSON = {"PatientID": "MRN0815", "StudyInstanceUID": "1.2.3.9"}
ORGANS = {1: "liver", 2: "iliac_vena_left", 3: "vertebrae_L5", 4: "hip_left"}


def write_dicom(folder: Path) -> None:
    """Write one CT as an archive exports it."""
    write_series(folder / "DICOM" / "IM1", np.zeros((20, 8, 8)), **PERSON)


def nifti(path: Path, values: np.ndarray, grid: Lattice, kind: str = "<i2") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    stored = values.astype(kind) if kind[1] == "f" else np.rint(values).astype(kind)
    path.write_bytes(segmentation_files.nifti(stored, grid, kind=kind))


def nrrd(path: Path, values: np.ndarray, grid: Lattice, kind: str = "<i2") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    stored = np.rint(values).astype(kind)
    path.write_bytes(segmentation_files.nrrd(stored, grid, kind=kind))


def binary(exam: Plan) -> np.ndarray:
    return (exam.labels > 0).astype(np.uint8)


def write_folders(folder: Path) -> None:
    """Write two patients, one of them with two exams, in folders by content."""
    exam = plan()
    for name in ("A-1_1", "A-1_2", "B_1"):
        nifti(folder / "ct" / f"{name}.nii.gz", exam.hu, exam.ct)
        nifti(folder / "pet" / f"{name}.nii.gz", exam.suv, exam.pet, "<f4")
        nifti(folder / "seg" / f"{name}.nii.gz", exam.labels, exam.seg, "<u2")


def write_autopet(folder: Path) -> None:
    """Write an nnU-Net tree: CT on the grid of the PET, one binary mask."""
    exam = plan(ct=PET_GRID)
    for case, mask in (
        ("psma_95b833d65be26d9b_2018-04-23", binary(exam)),
        ("psma_95b833d65be26d9b_2018-05-03", binary(exam)),
        ("psma_feedfacefeedface_2019-01-01", np.zeros_like(binary(exam))),
        ("fdg_0011f3deaf_03-23-2003-NA-PET-CT", binary(exam)),
    ):
        nifti(folder / "imagesTr" / f"{case}_0000.nii.gz", exam.hu, exam.ct)
        nifti(folder / "imagesTr" / f"{case}_0001.nii.gz", exam.suv, exam.pet, "<f4")
        nifti(folder / "labelsTr" / f"{case}.nii.gz", mask, exam.seg, "|u1")
    (folder / "dataset.json").write_text("{}")


def write_deep_psma(folder: Path) -> None:
    """Write patients with two tracers each, masks of organs on the grid of the CT."""
    exam = plan()
    points = np.stack(np.meshgrid(*map(np.arange, exam.ct.shape), indexing="ij"), -1)
    away = exam.ct.to_points(points) - (100.0, 0.0, 30.0)
    organs = np.zeros(exam.ct.shape, np.uint8)
    organs[np.abs(away[..., 0] - 30) < 8] = 2  # a sheet 30 mm to the left
    other = np.linalg.norm(away - (-160.0, 20.0, -72.0), axis=-1)
    organs[other < 25] = 4  # a bone around the other node
    for number in ("0001", "0002"):
        for tracer in ("PSMA", "FDG"):
            home = folder / f"train_{number}" / tracer
            nifti(home / "CT.nii.gz", exam.hu, exam.ct)
            nifti(home / "PET.nii.gz", exam.suv, exam.pet, "<f4")
            nifti(home / "TTB.nii.gz", binary(exam), exam.seg, "|u1")
            nifti(home / "totseg_24.nii.gz", organs, exam.ct, "|u1")
            (home / "threshold.json").write_text("{}")
    (folder.parent / "organs.tsv").write_text(
        "".join(f"{value}\t{name}\n" for value, name in ORGANS.items())
    )


def write_lnq(folder: Path) -> None:
    """Write CTs and masks as NRRD, of training and validation."""
    exam = plan()
    for part, number in (("train", "0001"), ("val", "0001")):
        name = f"{part}/lnq2023-{part}-{number}"
        nrrd(folder / f"{name}-ct.nrrd", exam.hu, exam.ct)
        nrrd(folder / f"{name}-seg.nrrd", binary(exam), exam.seg, "|u1")


def _scan(folder: Path, values, grid: Lattice, person: dict, **own) -> None:
    """Write a CT or PET series of DICOM files."""
    folder.mkdir(parents=True)
    modality = own.pop("modality", "CT")
    for z, plane in enumerate(values):
        item = header(
            grid.to_points((z, 0, 0)).tolist(),
            modality=modality,
            **{"PixelSpacing": [grid.spacing_mm[1], grid.spacing_mm[0]]} | person | own,
        )
        item.RescaleIntercept = 0
        if modality == "PT":
            item.update(dataset())
        item.SOPInstanceUID = f"{item.SeriesInstanceUID}.{z + 1}"
        write_slice(folder / f"1-{z:02}.dcm", item, np.rint(plane))


def _seg(path: Path, mask, grid: Lattice, person: dict, series: str) -> None:
    """Write a DICOM SEG of one segment, which refers to a series."""
    path.parent.mkdir(parents=True)
    drawn = segmentation_files.seg_dataset(mask.astype(np.uint16), grid)
    for name, value in (person | {"Modality": "SEG"}).items():
        setattr(drawn, name, value)
    drawn.ReferencedSeriesSequence = segmentation_files.sequence(
        SeriesInstanceUID=series
    )
    path.write_bytes(segmentation_files.dicom_bytes(drawn))


def write_tcia(folder: Path) -> None:
    """Write DICOM series with the mask of the PET as DICOM SEG, one per study."""
    exam = plan(seg=PET_GRID, ct=PET_GRID)
    for number in (1, 2):
        person = {
            "PatientID": f"PSMA_00{number}",
            "StudyInstanceUID": f"1.2.9.{number}",
            "FrameOfReferenceUID": f"1.2.8.{number}",
            "StudyDate": "20180423",
        }
        home = folder / f"PSMA_00{number}" / "04-23-2018-NA-PETCT"
        ct, pet = f"1.2.9.{number}.1", f"1.2.9.{number}.2"
        agent = {"ContrastBolusAgent": "x", "Exposure": 100}
        scan = {"SeriesInstanceUID": ct, **agent}
        _scan(home / "1-CT", exam.hu, exam.ct, person, **scan)
        scan = {"SeriesInstanceUID": pet, "modality": "PT"}
        _scan(home / "2-PET", exam.suv * 1000, exam.pet, person, **scan)
        _seg(home / "3-SEG" / "1-1.dcm", binary(exam), exam.seg, person, pet)


def write_tcia_lymph(folder: Path) -> None:
    """Write DICOM CTs of the chest and the abdomen, and masks as NIfTI."""
    exam = plan()
    for number, name in enumerate(("MED_LYMPH_001", "ABD_LYMPH_001"), start=1):
        # Two scans never have the same place.
        origin = (exam.ct.origin_mm[0] + number, *exam.ct.origin_mm[1:])
        grid = Lattice(exam.ct.shape, exam.ct.spacing_mm, origin)
        person = {
            "PatientID": name,
            "StudyInstanceUID": f"1.2.7.{number}",
            "FrameOfReferenceUID": f"1.2.6.{number}",
            "SeriesInstanceUID": f"1.2.5.{number}",
        }
        _scan(folder / "CT Lymph Nodes" / name, exam.hu, grid, person)
        place = folder / "masks" / name / f"{name}_mask.nii.gz"
        nifti(place, binary(exam), grid, "|u1")


LAYOUTS: dict[str, Callable[[Path], None]] = {
    "dicom": write_dicom,
    "folders": write_folders,
    "autopet": write_autopet,
    "tcia": write_tcia,
    "deep-psma": write_deep_psma,
    "lnq": write_lnq,
    "tcia-lymph": write_tcia_lymph,
}
"""By the kind that the command calls them."""
