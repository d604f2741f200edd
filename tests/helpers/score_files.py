"""Simulated score files with known properties."""

from pathlib import Path

import numpy as np
import pandas as pd

from nodal_staging.classifiers.scores import score_table


def dataset(positives: int, negatives: int, prefix: str = "N") -> pd.DataFrame:
    """Return nodes, two of each patient."""
    n = positives + negatives
    return pd.DataFrame(
        {
            "node_id": [f"{prefix}{i:04d}" for i in range(n)],
            "patient_id": [f"P{prefix}{i // 2:04d}" for i in range(n)],
            "status": ["positive", "negative"] * min(positives, negatives)
            + ["positive"] * (positives - negatives)
            + ["negative"] * (negatives - positives),
        }
    )


def normal_scores(
    nodes: pd.DataFrame, shift: float, rng: np.random.Generator
) -> np.ndarray:
    """Return binormal scores in (0, 1)."""
    latent = rng.normal(size=len(nodes)) + shift * (nodes["status"] == "positive")
    return np.array(1 / (1 + np.exp(-latent)))


def write_scores(path: Path, *parts: pd.DataFrame) -> Path:
    """Write score rows as one file."""
    pd.concat(parts).to_csv(path, index=False)
    return path


def simulate(
    path: Path, *, shift: float = 1.5, seed: int = 1, decided: bool = False
) -> Path:
    """Write 60 test nodes and 100 out-of-fold nodes of a binormal classifier."""
    rng = np.random.default_rng(seed)
    parts = []
    for nodes, partition in (
        (dataset(30, 30), "test"),
        (dataset(50, 50, "T"), "out_of_fold"),
    ):
        score = normal_scores(nodes, shift, rng)
        positive = score >= 0.5 if decided else None
        parts.append(score_table(nodes, score, partition, positive=positive))
    return write_scores(path, *parts)
