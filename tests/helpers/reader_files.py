"""Simulated readers and networks on the same nodes, several of each patient."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from nodal_staging import tables
from nodal_staging.classifiers.scores import score_table

CUTS = (-0.3, 0.6, 1.5)


def nodes(patients: int, per_patient: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return nodes whose status resembles that of the patient's others."""
    n = patients * per_patient
    lean = np.repeat(rng.normal(size=patients), per_patient)
    status = np.where(lean + rng.normal(size=n) > 0, "positive", "negative")
    return pd.DataFrame(
        {
            "node_id": [f"N{i:04d}" for i in range(n)],
            "patient_id": [f"P{i // per_patient:04d}" for i in range(n)],
            "status": status,
        }
    )


def perceive(
    frame: pd.DataFrame, shift: float, rng: np.random.Generator, *, icc: float = 0.5
) -> np.ndarray:
    """Return what one rater perceives: binormal, with an error per patient."""
    patient = np.unique(frame["patient_id"], return_inverse=True)[1]
    shared = rng.normal(size=patient.max() + 1)[patient]
    noise = np.sqrt(icc) * shared + np.sqrt(1 - icc) * rng.normal(size=len(frame))
    return np.array(shift * (frame["status"] == "positive") + noise, float)


def write_reader(path: Path, frame: pd.DataFrame, perceived: np.ndarray) -> Path:
    """Write ratings from 1 to 4."""
    rating = 1 + np.searchsorted(CUTS, perceived)
    table = score_table(frame, rating, "test", positive=rating >= 3)
    tables.write(table, path, tables.SCORES)
    return path


def write_network(folder: Path, name: str, frame: pd.DataFrame, score: np.ndarray):
    """Write scores and the part of the statistics that a reader study needs."""
    probability = 1 / (1 + np.exp(-score))
    scores = folder / f"{name}.csv"
    tables.write(score_table(frame, probability, "test"), scores, tables.SCORES)
    statistics = folder / f"{name}.json"
    statistics.write_text(json.dumps({"threshold": {"value": 0.65}}))
    return scores, statistics
