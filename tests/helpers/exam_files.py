"""Exams of one small CT, PET and DICOM SEG, with the headers that a test wants."""

from pathlib import Path

import numpy as np
import pandas as pd
from dicom_files import header, write_slice
from pet_headers import dataset
from segmentation_files import dicom_bytes, seg_dataset

from nodal_staging import tables
from nodal_staging.cohort.contrast_and_dose import Rules
from nodal_staging.cohort.inspection import inspect_exams
from nodal_staging.geometry import Lattice

CT_GRID = Lattice((8, 24, 24), (2.0, 2.0, 2.0), (-24.0, -24.0, 0.0))
PET_GRID = Lattice((8, 16, 16), (4.0, 4.0, 4.0), (-32.0, -32.0, -8.0))
SAME = {
    "PatientID": "MRN0815",
    "StudyInstanceUID": "1.2.826.1",
    "FrameOfReferenceUID": "1.2.826.2",
}
OTHER = {
    "PatientID": "MRN4711",
    "StudyInstanceUID": "1.2.826.8",
    "FrameOfReferenceUID": "1.2.826.9",
}
CT_SERIES, PET_SERIES = "1.2.826.3", "1.2.826.4"


def write_scan(folder: Path, grid: Lattice, modality: str, **changes) -> None:
    folder.mkdir(parents=True)
    series = CT_SERIES if modality == "CT" else PET_SERIES
    for z in range(grid.shape[0]):
        point = grid.to_points((z, 0, 0)).tolist()
        own = header(
            point,
            modality=modality,
            PixelSpacing=[grid.spacing_mm[1], grid.spacing_mm[0]],
            **{"SeriesInstanceUID": series, "ContrastBolusAgent": "x"} | SAME | changes,
        )
        if modality == "PT":
            own.update(dataset())
            for name, value in changes.items():
                setattr(own, name, value)
            own.RescaleIntercept = 0
        write_slice(folder / f"{z}.dcm", own, np.full(grid.shape[1:], 40))


def write_exam(
    folder: Path, *, ct=(), pet=(), seg=(), pet_grid=PET_GRID, seg_grid=CT_GRID
) -> Path:
    """Write sheets and files of one exam; each kind of file may differ."""
    write_scan(folder / "ct", CT_GRID, "CT", **dict(ct))
    write_scan(folder / "pet", pet_grid, "PT", **dict(pet))
    values = np.zeros(seg_grid.shape, np.uint16)
    values[2:4, 10:14, 10:14] = 1
    drawn = seg_dataset(values, seg_grid)
    for name, value in (SAME | dict(seg)).items():
        setattr(drawn, name, value)
    (folder / "seg.dcm").write_bytes(dicom_bytes(drawn))
    return write_sheets(folder, [("P1", "E1", ".")])


def write_sheets(
    folder: Path, exams: list[tuple[str, str, str]], labels: str = "1"
) -> Path:
    rows = [
        {
            "patient_id": patient_id,
            "exam_id": exam_id,
            "ct": f"{place}/ct",
            "pet": f"{place}/pet",
            "segmentation": f"{place}/seg.dcm",
            "low_dose": "no",
        }
        for patient_id, exam_id, place in exams
    ]
    nodes = [
        {
            "patient_id": row["patient_id"],
            "exam_id": row["exam_id"],
            "node_id": f"N{row['exam_id']}{label}",
            "label": label,
            "location": "inguinal",
            "status": "positive",
        }
        for row in rows
        for label in labels
    ]
    pd.DataFrame(rows).to_csv(folder / "exams.tsv", sep="\t", index=False)
    pd.DataFrame(nodes).to_csv(folder / "nodes.tsv", sep="\t", index=False)
    return folder


def inspect(folder: Path, rules: Rules | None = None) -> pd.DataFrame:
    inspect_exams(
        exams=folder / "exams.tsv",
        nodes=folder / "nodes.tsv",
        shard="1-of-1",
        rules=rules or Rules(),
        on_bad_exam="exclude",
        inspections=folder / "inspections.tsv",
        index=folder / "index.json",
    )
    found = tables.read(folder / "inspections.tsv", tables.INSPECTIONS)
    return found.set_index("exam_id")


def inspect_one(folder: Path) -> pd.Series:
    return inspect(folder).loc["E1"]
