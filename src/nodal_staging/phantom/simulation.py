"""Exams of a synthetic cohort as files: DICOM CT and PET, MITK segmentations."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nodal_staging import tables
from nodal_staging.geometry import Lattice
from nodal_staging.phantom import scan_headers
from nodal_staging.phantom.dicom_writer import write_series
from nodal_staging.phantom.mitk_writer import write_json_labels, write_multilabel
from nodal_staging.phantom.scanner import FULL_DOSE_MAS, LOW_DOSE_MAS, Scanner
from nodal_staging.study import shards
from nodal_staging.study.arrays import UInt16Array
from nodal_staging.study.files import replacing_folder
from nodal_staging.study.seeds import stream
from nodal_staging.study.temporary_folders import seal

BEFORE_MIDNIGHT_SHARE = 0.1
UNUSED_SLICE_FACTOR = 4
"""Slices of exams that are sure to be excluded are so many times thicker."""


def simulate_exams(
    *,
    exams: str | Path,
    truth: str | Path,
    scanner: Scanner,
    shard: str,
    seed: int,
    output: str | Path,
) -> None:
    """Write the exams of a shard: DICOM CT and PET, MITK segmentation.

    The bytes of an exam depend on the seed and the exam alone.

    Parameters
    ----------
    exams, truth
        As ``draw_cohort`` wrote them.
    scanner
        Sizes and image quality.
    shard
        Name of the shard, for example ``3-of-8``.
    seed
        The study's seed.
    output
        Folder of the shard; appears whole or not at all.
    """
    sheet = tables.read(exams, tables.EXAM_SHEET)
    nodes = tables.read(truth, tables.TRUTH)
    with replacing_folder(output, inner=shard) as part:
        (part / shard).mkdir()
        for row in sheet.to_dict("records"):
            if shards.belongs(row["patient_id"], shard):
                own = nodes[nodes["exam_id"] == row["exam_id"]]
                simulate_exam(row, own, scanner, seed, part)
        seal(part / shard)


def simulate_exam(
    row: dict[str, Any], nodes: pd.DataFrame, scanner: Scanner, seed: int, raw: Path
) -> None:
    """Write one exam under the folder of the sheets."""
    rng = stream(seed, "phantom", "exam", row["exam_id"])
    fate, used = _fate(row, used=len(nodes) > 0), len(nodes) > 0
    contrast = row["contrast"] != "no"
    patient = scanner.draw_patient(nodes, contrast=contrast, rng=rng)
    corner = (rng.uniform(-20, 20), rng.uniform(-150, -100), rng.uniform(-1100, -900))
    protocol = scan_headers.Protocol(
        exam_id=row["exam_id"],
        day=int(row["day"]),
        contrast=contrast,
        exposure_mas=LOW_DOSE_MAS if fate == "low_dose" else FULL_DOSE_MAS,
        age=row["age"],
        patient_id=row["patient_id"],
    )
    ct_grid = scanner.ct_grid(1 if used else UNUSED_SLICE_FACTOR)
    noise_hu = scanner.noise_hu(fate)
    hu, labels = scanner.scan_ct(patient, ct_grid, noise_hu=noise_hu, rng=rng)
    lattice = ct_grid.lattice(corner)
    write_series(raw / row["ct"], *scan_headers.ct_series(protocol, lattice, hu))
    if not used:
        return
    as_json = bool(rng.random() < scanner.segmentation["json_share"])
    _write_segmentation(row, nodes, labels, lattice, raw, as_json=as_json)
    peaks = nodes["suv_peak"].to_numpy()
    suv = scanner.scan_pet(patient, ct_grid, hu, peaks, rng=rng)
    counts = bool(rng.random() >= scanner.pet["bqml_share"])
    lattice = scanner.pet_grid().lattice(corner)
    series = scan_headers.pet_series(
        protocol, lattice, suv, _injection(rng), counts=counts
    )
    write_series(raw / row["pet"], *series)


def _write_segmentation(
    row: dict[str, Any],
    nodes: pd.DataFrame,
    labels: UInt16Array,
    lattice: Lattice,
    raw: Path,
    *,
    as_json: bool,
) -> None:
    """Write the labels of an exam: one file, or one file per node."""
    write = write_json_labels if as_json else write_multilabel
    names = list(nodes["label_name"])
    if isinstance(row["segmentation"], str):
        write(raw / row["segmentation"], labels, lattice, names, exam=row["exam_id"])
        return
    for value, node in enumerate(nodes.to_dict("records"), start=1):
        own = (labels == value).astype(np.uint16)
        path = raw / node["segmentation"]
        path.parent.mkdir(exist_ok=True)
        write_multilabel(path, own, lattice, [node["label_name"]], exam=row["exam_id"])


def _fate(row: dict[str, Any], *, used: bool) -> str:
    """Tell a poor and a low-dose exam, also where the sheet is silent on dose.

    An exam without nodes that is silent on dose and has nothing else against it must
    be the low-dose one, unless it is a follow-up.
    """
    if row["low_dose"] == "yes":
        return "low_dose"
    if row["quality"] == "poor":
        return "poor"
    silent = not isinstance(row["low_dose"], str)
    unused = not used and row["contrast"] != "no"
    return "low_dose" if silent and unused else "other"


def _injection(rng: np.random.Generator) -> scan_headers.Injection:
    """Draw dose, weight and times; some patients are injected before midnight."""
    late = rng.random() < BEFORE_MIDNIGHT_SHARE
    return scan_headers.Injection(
        dose_bq=round(float(rng.uniform(100e6, 200e6)), -4),
        weight_kg=round(float(np.clip(rng.normal(83, 10), 55, 130)), 1),
        uptake_s=float(rng.integers(3000, 4500)),
        started_s=float(
            rng.integers(600, 2400) if late else rng.integers(30000, 60000)
        ),
    )
