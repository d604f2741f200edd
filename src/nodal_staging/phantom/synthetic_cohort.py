"""The truth of a synthetic cohort, and its sheets as a hospital would write them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nodal_staging import tables
from nodal_staging.phantom.canaries import CANARY
from nodal_staging.phantom.ceilings import ceilings, location_tables
from nodal_staging.phantom.legibility import realistic_ceilings, render_nodes
from nodal_staging.phantom.pet import draw_peaks
from nodal_staging.phantom.truth import Dials, draw_nodes, location_counts
from nodal_staging.study import shards
from nodal_staging.study.files import write_json
from nodal_staging.study.seeds import stream

EXCLUDED_MIX = {"non_contrast": 0.45, "low_dose": 0.25, "quality": 0.30}
FOLLOW_UP_SHARE = 0.05
SILENT_SHARE = 0.2
"""Share of exams whose sheet is silent on contrast and dose: the header must tell."""

LABEL_BY_VALUE_SHARE = 0.3
PSA_LOG_MEAN, PSA_LOG_SD = 1.506, 1.752
"""Lognormal with the printed mean 20.9 and standard deviation 94.6 ng/ml."""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """Included patients and their nodes.

    ``excluded_share`` is the share of the screened patients that the criteria must
    exclude.
    """

    patients: int
    nodes: int
    excluded_share: float


def draw_cohort(
    *,
    enrolment: Enrolment,
    dials: Dials,
    per_node_share: float,
    ct: Mapping[str, Any],
    n_shards: int,
    seed: int,
    folder: str | Path,
) -> None:
    """Draw the truth and write the sheets.

    Parameters
    ----------
    enrolment
        How many patients and nodes.
    dials
        The truth model.
    per_node_share
        Share of the exams that were segmented with one file per node.
    ct
        The scan, on which the realistic ceilings depend.
    n_shards
        Into how many folders the exams go.
    seed
        The study's seed.
    folder
        Gets exams.tsv and nodes.tsv (the hospital's sheets), truth.tsv and truth.json
        (what no hospital has).
    """
    folder = Path(folder)
    exams = _draw_exams(enrolment, n_shards, seed)
    included = exams[exams["fate"] == "included"]
    patients = list(included["patient_id"])
    truth = draw_nodes(patients, enrolment.nodes, dials, seed=seed)
    owners = dict(zip(included["patient_id"], included["exam_id"], strict=True))
    truth.insert(1, "exam_id", truth["patient_id"].map(owners))
    truth["suv_peak"] = draw_peaks(
        list(truth["status"]), rng=stream(seed, "phantom", "uptake")
    )
    truth = _labelled(truth, seed)
    exams, truth = _segmented(exams, truth, per_node_share, seed)
    tables.write(exams.drop(columns="fate"), folder / "exams.tsv", tables.EXAM_SHEET)
    sheet = truth.assign(status=truth["recorded_status"])
    columns = ["patient_id", "exam_id", "node_id", "segmentation", "label"]
    columns += ["location", "status"]
    tables.write(sheet[columns], folder / "nodes.tsv", tables.NODE_SHEET)
    tables.write(truth, folder / "truth.tsv", tables.TRUTH)
    write_json(folder / "truth.json", _truth(dials, enrolment.nodes, ct, seed))


def _truth(
    dials: Dials, n_nodes: int, ct: Mapping[str, Any], seed: int
) -> dict[str, Any]:
    """State the dials, the counts and what they allow at best."""
    counts = location_counts(dials, n_nodes)
    ideal = ceilings(counts, dials, seed=seed)
    rendered = render_nodes(ct, dials, seed=seed)
    return {
        "dials": {name: getattr(dials, name) for name in Dials.__slots__},
        "counts": {
            location: {"negative": int(negative), "positive": int(positive)}
            for location, negative, positive in zip(
                tables.LOCATIONS, *counts, strict=True
            )
        },
        "ceilings": ideal,
        "legibility": rendered.legibility(),
        "realistic_ceilings": realistic_ceilings(
            ideal, rendered, location_tables(counts), dials, seed=seed
        ),
    }


def _draw_exams(enrolment: Enrolment, n_shards: int, seed: int) -> pd.DataFrame:
    """Draw screened patients and their exams, in random order of fates."""
    rng = stream(seed, "phantom", "exams")
    n_included, excluded_share = enrolment.patients, enrolment.excluded_share
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
    # Folders carry the patient's name, as they do in many an archive.
    folder, fate = f"{item}/{row['exam_id']}_{CANARY}", row["fate"]
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


def _segmented(
    exams: pd.DataFrame, truth: pd.DataFrame, per_node_share: float, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Turn the segmentation of some exams to one file per node, each with label 1."""
    rng = stream(seed, "phantom", "segmentations")
    used = exams["segmentation"].notna()
    per_node = used & (rng.random(len(exams)) < per_node_share)
    folders = exams.loc[per_node].set_index("exam_id")["segmentation"]
    exams = exams.assign(segmentation=exams["segmentation"].mask(per_node))
    own = truth["exam_id"].isin(folders.index)
    truth["segmentation"] = [
        f"{folders[exam_id].removesuffix('.nrrd')}/{node_id}.nrrd"
        if exam_id in folders.index
        else None
        for exam_id, node_id in zip(truth["exam_id"], truth["node_id"], strict=True)
    ]
    truth.loc[own, "label_value"] = 1
    truth.loc[own & truth["label"].str.isdigit(), "label"] = "1"
    return exams, truth
