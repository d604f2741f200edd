"""A synthetic cohort as a hospital would hand it over: sheets, and folders of exams."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nodal_staging import shards, tables
from nodal_staging.files import write_json
from nodal_staging.phantom import body, exam, scans
from nodal_staging.phantom.ceilings import ceilings
from nodal_staging.phantom.dicom_writer import write_series
from nodal_staging.phantom.mitk_writer import write_multilabel
from nodal_staging.phantom.reading import read_nodes
from nodal_staging.phantom.truth import Dials, draw_nodes, location_counts
from nodal_staging.seeds import stream

EXCLUDED_MIX = {"non_contrast": 0.45, "low_dose": 0.25, "quality": 0.30}
FOLLOW_UP_SHARE = 0.05
SILENT_SHARE = 0.2
"""Share of exams whose sheet is silent on contrast and dose: the header must tell."""

LABEL_BY_VALUE_SHARE = 0.3
BQML_SHARE = 0.3
BEFORE_MIDNIGHT_SHARE = 0.1
LOW_DOSE_MAS, FULL_DOSE_MAS = 20, 120
PSA_LOG_MEAN, PSA_LOG_SD = 1.506, 1.752
"""Lognormal with the printed mean 20.9 and standard deviation 94.6 ng/ml."""

UNUSED_SLICE_FACTOR = 4
"""Slices of exams that are sure to be excluded are so many times thicker."""


@dataclass(frozen=True, slots=True)
class Scanner:
    """Sizes of the field of view and of the voxels; keys of the configuration."""

    body: dict[str, float]
    ct: dict[str, float]
    pet: dict[str, float]

    def ct_grid(self, factor: int = 1) -> exam.Grid:
        """Return the sampling of the CT, slices ``factor`` times as thick."""
        return self._grid(self.ct["pixel_mm"], self.ct["slice_mm"] * factor)

    def pet_grid(self) -> exam.Grid:
        """Return the sampling of the PET."""
        return self._grid(self.pet["voxel_mm"], self.pet["voxel_mm"])

    def _grid(self, pixel_mm: float, slice_mm: float) -> exam.Grid:
        height_mm = body.body_height_mm(self.body["region_height_mm"])
        return exam.Grid(
            self.body["width_mm"], self.body["depth_mm"], height_mm, pixel_mm, slice_mm
        )


def draw_cohort(
    *,
    patients: int,
    nodes: int,
    excluded_share: float,
    dials: Dials,
    reader_noise: list[float],
    reader_sees_location: bool,
    n_shards: int,
    seed: int,
    folder: str | Path,
) -> None:
    """Draw the truth and write the sheets.

    Parameters
    ----------
    patients, nodes
        Included patients, and their nodes.
    excluded_share
        Share of the screened patients that the criteria must exclude.
    dials
        The truth model.
    reader_noise, reader_sees_location
        Perception of the simulated readers.
    n_shards
        Into how many folders the exams go.
    seed
        The study's seed.
    folder
        Gets exams.tsv, nodes.tsv, readings.tsv (the hospital's sheets), truth.tsv
        and truth.json (what no hospital has).
    """
    folder = Path(folder)
    exams = _draw_exams(patients, excluded_share, n_shards, seed)
    included = exams[exams["fate"] == "included"]
    truth = draw_nodes(list(included["patient_id"]), nodes, dials, seed=seed)
    owners = dict(zip(included["patient_id"], included["exam_id"], strict=True))
    truth.insert(1, "exam_id", truth["patient_id"].map(owners))
    truth["suv_peak"] = exam.draw_peaks(
        list(truth["status"]), rng=stream(seed, "phantom", "uptake")
    )
    truth = _labelled(truth, seed)
    readings = read_nodes(
        truth,
        dials,
        noise=reader_noise,
        sees_location=reader_sees_location,
        seed=seed,
    )
    tables.write(exams.drop(columns="fate"), folder / "exams.tsv", tables.EXAM_SHEET)
    sheet = truth.assign(status=truth["recorded_status"])
    columns = ["patient_id", "exam_id", "node_id", "label", "location", "status"]
    tables.write(sheet[columns], folder / "nodes.tsv", tables.NODE_SHEET)
    tables.write(readings, folder / "readings.tsv", tables.READING_SHEET)
    tables.write(truth, folder / "truth.tsv", tables.TRUTH)
    write_json(folder / "truth.json", _truth(dials, nodes, seed))


def _truth(dials: Dials, n_nodes: int, seed: int) -> dict[str, Any]:
    """State the dials, the counts and what they allow at best."""
    counts = location_counts(dials, n_nodes)
    return {
        "dials": {name: getattr(dials, name) for name in Dials.__slots__},
        "counts": {
            location: {"negative": int(negative), "positive": int(positive)}
            for location, negative, positive in zip(
                tables.LOCATIONS, *counts, strict=True
            )
        },
        "ceilings": ceilings(counts, dials, seed=seed),
    }


def _draw_exams(
    n_included: int, excluded_share: float, n_shards: int, seed: int
) -> pd.DataFrame:
    """Draw screened patients and their exams, in random order of fates."""
    rng = stream(seed, "phantom", "exams")
    n_excluded = round(n_included * excluded_share / (1 - excluded_share))
    reasons = rng.choice(
        list(EXCLUDED_MIX), size=n_excluded, p=list(EXCLUDED_MIX.values())
    )
    fates = rng.permutation(["included"] * n_included + list(reasons))
    rows = []
    for number, fate in enumerate(fates, start=1):
        patient_id = f"P{number:04}"
        age = round(float(np.clip(rng.normal(68.7, 7.54), 45, 87)))
        psa = round(float(np.clip(rng.lognormal(PSA_LOG_MEAN, PSA_LOG_SD), 0, 1423)), 1)
        day = int(rng.integers(0, 1300))
        person = {"patient_id": patient_id, "age": age, "psa": psa}
        rows.append(person | {"day": day, "fate": str(fate)})
        if fate == "included" and rng.random() < FOLLOW_UP_SHARE:
            later = day + int(rng.integers(60, 400))
            rows.append(person | {"day": later, "fate": "follow_up"})
    for number, row in enumerate(rows, start=1):
        row["exam_id"] = f"E{number:04}"
        row.update(_cells(row, n_shards, rng))
    return pd.DataFrame(rows)


def _cells(
    row: dict[str, Any], n_shards: int, rng: np.random.Generator
) -> dict[str, Any]:
    """Fill in paths and criteria of one exam."""
    item = shards.item(shards.shard_of(row["patient_id"], n_shards), n_shards)
    folder, fate = f"{item}/{row['exam_id']}", row["fate"]
    silent = bool(rng.random() < SILENT_SHARE)
    used = fate == "included"
    return {
        "ct": f"{folder}/ct",
        "pet": f"{folder}/pet" if used else None,
        "segmentation": f"{folder}/segmentation.nrrd" if used else None,
        "contrast": "no" if fate == "non_contrast" else None if silent else "yes",
        "low_dose": None if silent else "yes" if fate == "low_dose" else "no",
        "quality": "poor" if fate == "quality" else "good",
    }


def _labelled(truth: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Give each node a label value in its exam, and what nodes.tsv says of it."""
    rng = stream(seed, "phantom", "labels")
    truth["label_value"] = truth.groupby("exam_id").cumcount() + 1
    names = [
        f"LN{value:02} {place}"
        for value, place in zip(truth["label_value"], truth["location"], strict=True)
    ]
    truth["label_name"] = names
    by_value = {
        exam_id: rng.random() < LABEL_BY_VALUE_SHARE
        for exam_id in truth["exam_id"].unique()
    }
    truth["label"] = np.where(
        truth["exam_id"].map(by_value), truth["label_value"].astype(str), names
    )
    return truth


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
    output = Path(output)
    part = output.with_name(f".part.{output.name}")
    for folder in (part, output):
        if folder.exists():
            shutil.rmtree(folder)
    part.mkdir(parents=True)
    for row in sheet.to_dict("records"):
        if shards.belongs(row["patient_id"], shard):
            own = nodes[nodes["exam_id"] == row["exam_id"]]
            _simulate_exam(row, own, scanner, seed, part / row["exam_id"])
    part.rename(output)


def _simulate_exam(
    row: dict[str, Any], nodes: pd.DataFrame, scanner: Scanner, seed: int, folder: Path
) -> None:
    """Write one exam."""
    rng = stream(seed, "phantom", "exam", row["exam_id"])
    fate = _fate(row)
    height = scanner.body["region_height_mm"]
    habitus = body.draw_habitus(
        scanner.body["width_mm"], scanner.body["depth_mm"], rng=rng
    )
    placed = exam.place_nodes(nodes, habitus, height, rng=rng)
    corner = (rng.uniform(-20, 20), rng.uniform(-150, -100), rng.uniform(-1100, -900))
    protocol = scans.Protocol(
        exam_id=row["exam_id"],
        day=int(row["day"]),
        contrast=row["contrast"] != "no",
        exposure_mas=LOW_DOSE_MAS if fate == "low_dose" else FULL_DOSE_MAS,
        age=row["age"],
    )
    grid = scanner.ct_grid(
        1 if isinstance(row["segmentation"], str) else UNUSED_SLICE_FACTOR
    )
    hu, labels = exam.render_ct(
        grid,
        habitus,
        placed,
        region_height_mm=height,
        blur_mm=scanner.ct["blur_mm"],
        noise_hu=scanner.ct["noise_hu"],
        rng=rng,
    )
    lattice = grid.lattice(corner)
    write_series(folder / "ct", *scans.ct_series(protocol, lattice, hu))
    if not isinstance(row["segmentation"], str):
        return
    write_multilabel(
        folder / "segmentation.nrrd", labels, lattice, list(nodes["label_name"])
    )
    grid = scanner.pet_grid()
    suv = exam.render_pet(
        grid,
        habitus,
        placed,
        nodes["suv_peak"].to_numpy(),
        region_height_mm=height,
        rng=rng,
    )
    counts = bool(rng.random() >= BQML_SHARE)
    series = scans.pet_series(
        protocol, grid.lattice(corner), suv, _injection(rng), counts=counts
    )
    write_series(folder / "pet", *series)


def _fate(row: dict[str, Any]) -> str:
    """Tell a low-dose exam, also where the sheet is silent.

    Excluded exams have no segmentation; of these, one that is silent on dose and has
    nothing else against it must be the low-dose one, unless it is a follow-up.
    """
    if row["low_dose"] == "yes":
        return "low_dose"
    silent = not isinstance(row["low_dose"], str)
    other = row["contrast"] == "no" or row["quality"] == "poor"
    unused = not isinstance(row["segmentation"], str)
    return "low_dose" if silent and unused and not other else "other"


def _injection(rng: np.random.Generator) -> scans.Injection:
    """Draw dose, weight and times; some patients are injected before midnight."""
    late = rng.random() < BEFORE_MIDNIGHT_SHARE
    return scans.Injection(
        dose_bq=round(float(rng.uniform(100e6, 200e6)), -4),
        weight_kg=round(float(np.clip(rng.normal(83, 10), 55, 130)), 1),
        uptake_s=float(rng.integers(3000, 4500)),
        started_s=float(
            rng.integers(600, 2400) if late else rng.integers(30000, 60000)
        ),
    )
