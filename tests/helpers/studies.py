"""Small measured studies, without images."""

from pathlib import Path

import numpy as np
import pandas as pd

from nodal_staging import tables


def measured_nodes(
    n: int, seed: int = 0, *, patients: int | None = None
) -> pd.DataFrame:
    """Return n nodes (``tables.NODES``), status independent of everything else."""
    rng = np.random.default_rng(seed)
    volume = rng.lognormal(6, 1, n)
    patient = rng.integers(0, patients or n, n)
    return pd.DataFrame(
        {
            "node_id": [f"N{i:04d}" for i in range(n)],
            "patient_id": [f"P{p:04d}" for p in patient],
            "location": rng.choice(tables.LOCATIONS, n),
            "status": rng.choice(tables.STATUS, n),
            "volume_mm3": volume,
            "short_axis_mm": np.cbrt(volume),
            "long_axis_mm": 1.5 * np.cbrt(volume),
            "median_hu": rng.normal(40, 25, n),
            "mean_hu": rng.normal(40, 25, n),
            "suv_max": np.nan,
            "suv_peak": np.nan,
            "centre_x_mm": 0.0,
            "centre_y_mm": 0.0,
            "centre_z_mm": 0.0,
            "n_voxels": 100,
            "components": 1,
            "second_voxels": 0,
            "apart_mm": 0.0,
            "slices": 5,
            "outlines": 5,
            "overlap_share": 0.0,
            "ct_share": 1e-5,
            "edge_voxels": 0,
            "hole_voxels": 0,
            "height_share": 0.5,
            "flags": "ok",
        }
    )


def write_study(folder: Path, nodes: pd.DataFrame, n_test: int) -> dict[str, Path]:
    """Write nodes, a test set of the first n, and a training set in three folds."""
    columns = ["node_id", "patient_id", "location", "status"]
    rest = len(nodes) - n_test
    datasets = {
        "test": nodes[columns][:n_test].assign(fold=0),
        "training": nodes[columns][n_test:].assign(fold=np.arange(rest) % 3 + 1),
    }
    paths = {name: folder / f"{name}.tsv" for name in ("nodes", *datasets)}
    tables.write(nodes, paths["nodes"], tables.NODES)
    for name, frame in datasets.items():
        tables.write(frame, paths[name], tables.DATASET)
    return paths
